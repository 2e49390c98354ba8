//! Looking at a MariaDB server, and mending what is loose in it, through its own client program.
//!
//! The questions are fixed, and what mends is a closed list: nobody can have a statement of their own said to the server.
//! What is answered holds names and rights, never a password's hash.

mod least;
mod loaded;
mod mend;
mod model;
mod output;
mod read;
mod sign_in;
mod statement;
mod store;
mod talk;

use std::path::PathBuf;

use serde::Deserialize;

pub use least::Difference;
pub use model::{
    Account, AccountFacts, Application, ApplicationFacts, Grant, MariadbFacts, MariadbMend, On, TestGrant, WayIn,
};
pub use store::{GRANT_OPTION, NEEDED};

/// Reads what a server may answer to the questions about itself, and to those about one account: for fuzzing.
///
/// # Errors
/// It is no answer.
#[doc(hidden)]
pub fn read_answers(answers: &str, statement: &str) -> Result<MariadbFacts, crate::protocol::Failure> {
    let _ = (statement::without_secrets(statement), sign_in::SignIn::running(statement).map(|found| found.ways_in()));
    read::facts(answers)
}

/// The most applications that are asked about at once, and the most mends.
pub const MAX_AT_ONCE: usize = 64;
/// A longer name is none of MariaDB's.
const MAX_NAME: usize = 255;
/// Databases that are the server's own.
const OWN_DATABASES: [&str; 4] = ["mysql", "sys", "information_schema", "performance_schema"];

/// `[mariadb]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MariadbConfig {
    /// The client program.
    pub client: PathBuf,
    /// The server's socket.
    pub socket: PathBuf,
    /// A file with user and password, for a server that does not let root in by the socket alone.
    pub defaults_file: Option<PathBuf>,
    /// Applications whose accounts may be given the guide's list of rights.
    #[serde(rename = "application")]
    pub applications: Vec<Application>,
}

impl Default for MariadbConfig {
    fn default() -> Self {
        Self {
            client: PathBuf::from("/usr/bin/mariadb"),
            socket: PathBuf::from("/run/mysqld/mysqld.sock"),
            defaults_file: None,
            applications: Vec::new(),
        }
    }
}

impl MariadbConfig {
    /// What is wrong with the section, and the way out.
    pub(crate) fn check(&self) -> Result<(), (String, String)> {
        for path in [&self.client, &self.socket].into_iter().chain(&self.defaults_file) {
            if !path.is_absolute() {
                return Err((
                    format!("[mariadb] names {}, which is no whole path", path.display()),
                    "Begin it with /.".into(),
                ));
            }
        }
        if self.applications.len() > MAX_AT_ONCE {
            return Err((format!("there are more than {MAX_AT_ONCE} [[mariadb.application]]"), "Name fewer.".into()));
        }
        for application in &self.applications {
            application.objection().map_or(Ok(()), |what| {
                Err((what, "Write user, host and database as the application's own settings have them.".to_owned()))
            })?;
        }
        Ok(())
    }
}

impl Application {
    /// Why it can't be an application's; `None` where it can.
    #[must_use]
    pub fn objection(&self) -> Option<String> {
        let names = [("user", &self.user), ("host", &self.host), ("database", &self.database)];
        for (what, name) in names {
            if name.is_empty() || !is_writable(name) {
                return Some(format!("{name:?} can't be the {what} of an application"));
            }
        }
        if self.user == "root" {
            return Some("root is no application's user".to_owned());
        }
        let own = OWN_DATABASES.iter().any(|own| own.eq_ignore_ascii_case(&self.database));
        own.then(|| format!("the database {} is the server's own", self.database))
    }
}

/// Whether a name can stand in a statement of ours.
fn is_writable(name: &str) -> bool {
    name.len() <= MAX_NAME && !name.contains(char::is_control)
}
