//! What is asked about a MariaDB server, and what is seen.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::store;

/// Where the server runs, for an account.
const HERE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// An account: a user, at a host that it comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The user; empty where anybody is meant.
    pub user: String,
    /// The host, or a pattern of hosts.
    pub host: String,
}

impl Account {
    /// This user at this host.
    pub fn new(user: impl Into<String>, host: impl Into<String>) -> Self {
        Self { user: user.into(), host: host.into() }
    }

    /// Whether anybody may use it, under any name.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.user.is_empty()
    }

    /// Whether it is root's.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.user == "root"
    }

    /// Whether nobody should have it: an anonymous one, or root's from elsewhere.
    #[must_use]
    pub fn may_go(&self) -> bool {
        self.is_anonymous() || (self.is_root() && !self.is_local())
    }

    /// Whether it is for this machine alone.
    #[must_use]
    pub fn is_local(&self) -> bool {
        HERE.contains(&self.host.as_str())
    }
}

impl fmt::Display for Account {
    /// As the server writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&store::account(self))
    }
}

/// An application's account and its own database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The user that it signs in as.
    pub user: String,
    /// The host that it comes from.
    #[serde(default = "localhost")]
    pub host: String,
    /// Its database.
    pub database: String,
}

fn localhost() -> String {
    HERE[0].to_owned()
}

impl Application {
    /// Its account.
    #[must_use]
    pub fn account(&self) -> Account {
        Account::new(&self.user, &self.host)
    }
}

/// A way by which an account gets in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayIn {
    /// Without a password.
    NoPassword,
    /// With a password.
    Password,
    /// As the operating system's user of the same name, by the socket.
    Socket,
    /// Not at all: what stands in place of the password's hash fits no password.
    Never,
    /// As a plug-in of the server decides.
    Plugin(String),
}

/// An account, as the running server has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// Which.
    pub account: Account,
    /// Nobody gets in by it for now.
    pub is_locked: bool,
    /// Any of these is enough.
    pub ways_in: Vec<WayIn>,
}

/// What privileges are held on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// The whole server.
    Everything,
    /// Every database that fits: `_` is any character, `%` any number of them, unless a backslash stands before.
    Databases(String),
    /// One table.
    Table {
        /// Its database.
        database: String,
        /// Its name.
        table: String,
    },
    /// One column.
    Column {
        /// The database.
        database: String,
        /// The table.
        table: String,
        /// The column's name.
        column: String,
    },
    /// A procedure or function.
    Routine {
        /// `PROCEDURE`, `FUNCTION` …
        kind: String,
        /// Its database.
        database: String,
        /// Its name.
        name: String,
    },
}

/// Privileges that are held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// On what.
    pub on: On,
    /// Which; [`GRANT_OPTION`] among them.
    pub privileges: BTreeSet<String>,
}

/// What an application's account may do, as the running server has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationFacts {
    /// Which.
    pub application: Application,
    /// Whether the helper's own file lets its rights be changed.
    pub is_mendable: bool,
    /// Whether there is such an account.
    pub exists: bool,
    /// What it was granted.
    pub grants: Vec<Grant>,
    /// Roles that it may take.
    pub roles: Vec<String>,
    /// Accounts that it may pass for.
    pub proxies: Vec<Account>,
    /// What the server says to SHOW GRANTS, without passwords.
    pub shown: Vec<String>,
}

/// Rights on databases called `test` or `test_…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestGrant {
    /// Whose.
    pub account: Account,
    /// On which.
    pub database: String,
}

/// What was seen of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MariadbFacts {
    /// Its release.
    pub version: String,
    /// Who can sign in.
    pub accounts: Vec<AccountFacts>,
    /// Its databases.
    pub databases: Vec<String>,
    /// How many tables the database `test` has; `None` where there is no such database.
    pub test_tables: Option<u64>,
    /// Who may use databases for tests.
    pub test_grants: Vec<TestGrant>,
    /// Where the running server and its privilege tables differ.
    pub differences: Vec<String>,
    /// Whether accounts can sign in as users of the operating system.
    pub knows_socket_sign_in: bool,
    /// What everybody may do, whoever they are: granted to PUBLIC. Databases for tests, and the server's own, aside.
    pub everybody: Vec<Grant>,
    /// The applications that were asked for, in their order.
    pub applications: Vec<ApplicationFacts>,
}

/// What can be mended at a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "mend", deny_unknown_fields)]
pub enum MariadbMend {
    /// Takes an account away: an anonymous one, or root's from elsewhere.
    DropAccount {
        /// Which.
        account: Account,
    },
    /// Lets root in as the operating system's root, by the socket, and by nothing else.
    SocketSignIn {
        /// Which of root's accounts.
        account: Account,
    },
    /// Takes the database `test` away. It must be empty.
    DropTestDatabase,
    /// Takes away what anybody may do with databases for tests.
    RevokeTestGrants,
    /// Has the server read its privilege tables again.
    Reload,
    /// Gives an application's account what the guide's list has, and takes everything else.
    LeastPrivilege {
        /// Which. The helper's own file must have the same.
        application: Application,
    },
}

impl MariadbMend {
    /// The application that it is about.
    pub(super) const fn application(&self) -> Option<&Application> {
        match self {
            Self::LeastPrivilege { application } => Some(application),
            _ => None,
        }
    }
}
