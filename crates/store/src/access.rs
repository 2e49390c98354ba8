//! What a database's URL says of the way to its server, for whoever judges it.

use std::path::PathBuf;

use palisade_base::{Secret, SecretString};
use percent_encoding::percent_decode_str;
use sqlx::postgres::PgSslMode;

use crate::{DatabaseUrl, DatabaseUrlError};

/// How a server is reached, and as whom. Holds the password, so it does not print.
#[derive(Clone)]
pub struct ServerAccess {
    /// The user.
    pub user: String,
    /// The password, where it stands in the URL.
    pub password: Option<SecretString>,
    /// The database, where one is named.
    pub database: Option<String>,
    /// Where the server is.
    pub server: ServerPlace,
    /// What the connection asks of TLS.
    pub encryption: Encryption,
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerPlace {
    /// On this machine, by a socket in this folder.
    Socket(PathBuf),
    /// At this host and port.
    Network(String, u16),
}

/// What a connection asks of TLS, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encryption {
    /// It goes in the clear, or may (`disable`, `allow`, `prefer`).
    Optional,
    /// It is encrypted, to whoever answers (`require`).
    Required,
    /// The certificate must be the authority's (`verify-ca`).
    Authority,
    /// It must be the authority's for this host (`verify-full`).
    Full,
}

impl ServerAccess {
    /// What the URL says; `None` where it names the embedded database.
    ///
    /// # Errors
    /// As [`DatabaseUrl::parse`].
    pub fn of(url: &str) -> Result<Option<Self>, DatabaseUrlError> {
        let DatabaseUrl::Postgres(options) = DatabaseUrl::parse(url)? else { return Ok(None) };
        let server = match options.get_socket() {
            Some(socket) => ServerPlace::Socket(socket.clone()),
            // A host that is a folder is one of sockets, too.
            None if options.get_host().starts_with('/') => ServerPlace::Socket(options.get_host().into()),
            None => ServerPlace::Network(options.get_host().to_owned(), options.get_port()),
        };
        Ok(Some(Self {
            user: options.get_username().to_owned(),
            password: password_of(url),
            database: options.get_database().map(str::to_owned),
            server,
            encryption: match options.get_ssl_mode() {
                PgSslMode::Require => Encryption::Required,
                PgSslMode::VerifyCa => Encryption::Authority,
                PgSslMode::VerifyFull => Encryption::Full,
                PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => Encryption::Optional,
            },
        }))
    }
}

/// The driver's own options do not give it back.
fn password_of(url: &str) -> Option<SecretString> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user_info, _) = authority.rsplit_once('@')?;
    let (_, password) = user_info.split_once(':')?;
    let password = percent_decode_str(password).decode_utf8_lossy().into_owned();
    (!password.is_empty()).then(|| Secret::new(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(url: &str) -> ServerAccess {
        ServerAccess::of(url).unwrap().unwrap()
    }

    #[test]
    fn the_guides_url_is_taken_apart() {
        let access = access("postgresql://user:password@localhost/kpi_system?sslmode=require");
        assert_eq!((access.user.as_str(), access.database.as_deref()), ("user", Some("kpi_system")));
        assert_eq!(access.password.unwrap().expose(), "password");
        assert_eq!(access.server, ServerPlace::Network("localhost".into(), 5432));
        assert_eq!(access.encryption, Encryption::Required);
    }

    #[test]
    fn a_password_is_found_however_it_is_written() {
        let password = |url: &str| access(url).password.map(|password| password.expose().clone());
        assert_eq!(password("postgres://u:p%40ss%2Fw%3Ard@h/d").as_deref(), Some("p@ss/w:rd"));
        assert_eq!(password("postgres://u:a:b@h/d").as_deref(), Some("a:b"));
        assert_eq!(password("postgres://u@h/d"), None);
        assert_eq!(password("postgres://u:@h/d"), None);
        assert_eq!(password("postgres:///d?host=/run/postgresql&application_name=a:b@c"), None);
    }

    #[test]
    fn a_socket_is_no_network() {
        for url in ["postgres://u@localhost/d?host=/run/postgresql", "postgres://u@%2Frun%2Fpostgresql/d"] {
            assert_eq!(access(url).server, ServerPlace::Socket("/run/postgresql".into()), "{url}");
        }
        assert!(ServerAccess::of("sqlite:///a.db").unwrap().is_none());
    }
}
