//! `[site.database]`: the database of a guarded application.

use crate::reference::section;

section! {
    /// The MariaDB database of a guarded application, so that the posture can look at who may do what in it. It is looked at through the helper, whose own file names the server (`[mariadb]`).
    "[site.database]" SiteDatabaseConfig {
        /// The user that the application signs in as: `"erpnext_user"`.
        user: String = String::new(),
        /// The host that this user comes from, as the server has it.
        host: String = "localhost".to_owned(),
        /// The database: `"erpnext_db"`.
        name: String = String::new(),
    }
}
