//! What goes over the socket: requests and replies, each one line of JSON.

use palisade_base::{Error, Kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest request, in bytes: seals of a day, one a second, to verify the trail against.
pub(crate) const REQUEST_LIMIT: u64 = 32 * 1024 * 1024;
/// The longest line of a reply, in bytes: a leaf of the trail with its detail is far shorter.
pub(crate) const REPLY_LIMIT: u64 = 64 * 1024 * 1024;

/// What a command asks of the running server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// How the server is.
    Status,
    /// Reads the configuration again and puts it into force.
    Reload,
    /// The sites, an item for each.
    SiteList,
    /// A link with which the first administrator is made.
    SetUpLink,
    /// Users whose name, mail address or person's name holds this; all for an empty text.
    UserList {
        /// What to look for.
        search: String,
        /// Only these (`true`), or only those who may sign in (`false`).
        disabled: Option<bool>,
    },
    /// A new user, who chooses a password by a link.
    UserAdd {
        /// The name to sign in with.
        user_name: String,
        /// The person's given name.
        given_name: String,
        /// The person's family name.
        family_name: String,
        /// A second name to sign in with.
        email: Option<String>,
        /// Roles to give.
        roles: Vec<RoleName>,
    },
    /// Forgets failed tries.
    UserUnlock {
        /// User name or mail address.
        login: String,
    },
    /// Keeps a user out, everywhere, at once.
    UserDisable {
        /// User name or mail address.
        login: String,
    },
    /// Lets a disabled user in again.
    UserEnable {
        /// User name or mail address.
        login: String,
    },
    /// Makes a user choose a new password, by a link.
    UserResetPassword {
        /// User name or mail address.
        login: String,
    },
    /// Makes everybody choose a new password at the next sign-in.
    UserResetAllPasswords,
    /// Removes a user's second factor.
    UserResetFactor {
        /// User name or mail address.
        login: String,
    },
    /// Who is signed in.
    SessionList,
    /// Signs people out.
    SessionRevoke(Revoke),
    /// Who is banned.
    BanList {
        /// Those that hold (`Some(true)`), those that are over, or all.
        live: Option<bool>,
        /// Those that have to do with this address or network.
        network: Option<String>,
        /// Of this jail.
        jail: Option<String>,
    },
    /// Shuts an address or a network out.
    BanAdd {
        /// Which.
        network: String,
        /// For how long, such as `1h`; not given: until it is lifted.
        length: Option<String>,
        /// Why.
        reason: String,
    },
    /// Lifts the bans of exactly this address or network.
    BanRemove {
        /// Which.
        network: String,
    },
    /// How the jails are.
    JailStatus {
        /// Only this one.
        name: Option<String>,
    },
    /// The newest entries of the trail, and what comes.
    TrailTail {
        /// Which.
        filter: TrailQuery,
        /// How many.
        lines: usize,
        /// Whether to go on with new ones until the client hangs up.
        follow: bool,
    },
    /// Entries of the trail, newest first.
    TrailSearch {
        /// Which.
        filter: TrailQuery,
        /// How many at the most.
        limit: u64,
    },
    /// The whole trail, a line of the export for each item.
    TrailExport,
    /// Recomputes the whole trail.
    TrailVerify {
        /// Seals that were kept outside: the text of one or of many.
        against: String,
        /// The trail's public key, as it was noted down outside.
        key: Option<String>,
    },
    /// How the vault is.
    KeyStatus,
    /// A new data key, and every value encrypted anew.
    KeyRotate,
    /// A new key file, and every data key wrapped by it.
    KeyRewrap,
    /// Has every check look, an item for each.
    Verify,
    /// What could be mended, an item for each plan.
    HardenPlan,
    /// Carries out a plan that was shown.
    HardenApply {
        /// Whose it is.
        mender: String,
        /// Which one was shown, by its digest.
        plan: String,
    },
    /// What was applied for a time is to stay.
    HardenConfirm {
        /// Whose it is.
        mender: String,
    },
    /// How the certificate of each host stands.
    CertList,
    /// The root of our own CA.
    CertRoot,
    /// Certificates that are missing.
    CertIssue {
        /// Of this site alone.
        site: Option<String>,
    },
    /// New certificates: what is due, or a site's, due or not.
    CertRenew {
        /// Of this site alone.
        site: Option<String>,
        /// Only a try: what is issued is thrown away.
        dry_run: bool,
    },
}

/// Whose sessions end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum Revoke {
    /// One session.
    Session {
        /// Its id.
        id: String,
    },
    /// All of one user.
    User {
        /// User name or mail address.
        login: String,
    },
    /// Everybody's.
    All,
}

/// Which entries of the trail; everything that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrailQuery {
    /// The category's name.
    pub category: Option<String>,
    /// Done by this user (user name or mail address).
    pub user: Option<String>,
    /// Done by this actor, as stored.
    pub actor: Option<String>,
    /// The action, or how it starts.
    pub action: Option<String>,
    /// The resource, or its kind.
    pub resource: Option<String>,
    /// Only what failed.
    pub failed: bool,
    /// The client's address.
    pub address: Option<String>,
    /// Not before this instant (RFC 3339).
    pub from: Option<String>,
    /// Before this instant (RFC 3339).
    pub until: Option<String>,
    /// Some text in the entry.
    pub text: Option<String>,
}

/// A role on a site: `kpi/Manager`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleName {
    /// The site.
    pub site: String,
    /// The role's name, or its fixed name in the program.
    pub role: String,
}

impl std::str::FromStr for RoleName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((site, role)) if !site.is_empty() && !role.is_empty() => {
                Ok(Self { site: site.to_owned(), role: role.to_owned() })
            }
            _ => Err("write SITE/ROLE, for example kpi/Manager or console/system-administrator".to_owned()),
        }
    }
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Nothing new; the client is still there if it takes this.
    Waiting,
    /// Something is still being done.
    Progress(String),
    /// One of many results.
    Item(Value),
    /// It is done; nothing follows.
    Done(Value),
    /// It was not done; nothing follows.
    Failed(Failure),
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of reason.
    pub kind: FailureKind,
    /// What people are told.
    pub message: String,
}

/// Kinds of reason, as scripts tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// What was asked breaks a rule.
    Invalid,
    /// It may not be done.
    Denied,
    /// There is no such thing.
    NotFound,
    /// It is so already, or something stands against it.
    Conflict,
    /// It can't be done at the moment.
    Unavailable,
    /// A fault of Palisade's.
    Internal,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let kind = match error.kind() {
            Kind::Invalid | Kind::TooLarge => FailureKind::Invalid,
            Kind::Unauthenticated | Kind::Denied => FailureKind::Denied,
            Kind::NotFound => FailureKind::NotFound,
            Kind::Conflict => FailureKind::Conflict,
            Kind::TooMany | Kind::Unavailable => FailureKind::Unavailable,
            Kind::Internal => FailureKind::Internal,
        };
        let fields: Vec<&str> = error.fields().iter().map(|field| field.message.as_str()).collect();
        let message = if fields.is_empty() { error.message().to_owned() } else { fields.join(" ") };
        // At the host the cause is no secret: it stands in the log beside it.
        let message = match error.cause_for_log() {
            Some(cause) if kind == FailureKind::Internal => format!("{message}\n  Cause: {cause}"),
            _ => message,
        };
        Self { kind, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_line_of_json_that_reads_well() {
        let request = Request::SessionRevoke(Revoke::User { login: "ada".to_owned() });
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(text, r#"{"command":"session_revoke","of":"user","login":"ada"}"#);
        assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), request);
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for text in [r#"{"command":"drop_tables"}"#, r#"{"command":"user_unlock","login":"a","and":1}"#, "[]", "{}"] {
            assert!(serde_json::from_str::<Request>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_role_is_named_with_its_site() {
        assert_eq!("kpi/Manager".parse(), Ok(RoleName { site: "kpi".to_owned(), role: "Manager".to_owned() }));
        for text in ["Manager", "/Manager", "kpi/", ""] {
            assert!(text.parse::<RoleName>().is_err(), "{text}");
        }
    }
}
