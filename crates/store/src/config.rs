//! Which database: the URL as people write it.

use std::{path::PathBuf, time::Duration};

use sqlx::postgres::PgConnectOptions;
use thiserror::Error as ThisError;

/// The parameters that a PostgreSQL URL may carry; anything else is a typing error, and silence would hide it.
const POSTGRES_PARAMETERS: [&str; 8] =
    ["sslmode", "ssl-mode", "sslrootcert", "sslcert", "sslkey", "application_name", "host", "port"];

/// Where the data is. Holds the password, so it has no `Debug`.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// The embedded database in this file.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(Box<PgConnectOptions>),
}

/// The URL can't be used. Never repeats the URL, which may hold a password.
#[derive(Debug, ThisError, PartialEq, Eq)]
#[error("DATABASE_URL: {problem}\n  {hint}")]
pub struct DatabaseUrlError {
    problem: String,
    hint: &'static str,
}

impl DatabaseUrl {
    /// Reads `postgresql://user:password@host/db?sslmode=require` (also `postgres://`; sslmode: `disable`, `prefer`,
    /// `require`, `verify-ca`, `verify-full`, the last two with `sslrootcert=PATH`) or `sqlite:///path/to/file`.
    ///
    /// # Errors
    /// What is wrong and how to write it.
    pub fn parse(url: &str) -> Result<Self, DatabaseUrlError> {
        let problem = |problem: String, hint| DatabaseUrlError { problem, hint };
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => {
                check_parameters(url)?;
                let options = url.parse::<PgConnectOptions>().map_err(|e| {
                    problem(e.to_string(), "Write it as postgresql://user:password@host/database?sslmode=verify-full")
                })?;
                Ok(Self::Postgres(Box::new(options.application_name("palisade"))))
            }
            Some("sqlite") => {
                let path = url.strip_prefix("sqlite:").unwrap_or(url);
                let path = path.strip_prefix("//").unwrap_or(path);
                let hint = "Write it as sqlite:///var/lib/palisade/palisade.db";
                if path.is_empty() || path.ends_with('/') || path == ":memory:" {
                    return Err(problem("no file is named".into(), hint));
                }
                if path.contains('?') {
                    return Err(problem("the embedded database takes no parameters".into(), hint));
                }
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            Some(scheme) => Err(problem(
                format!("{scheme}: is not a database that Palisade knows"),
                "Use postgresql://… for PostgreSQL, or sqlite:///… for the embedded database.",
            )),
            None => Err(problem(
                "it is not a URL".into(),
                "Use postgresql://… for PostgreSQL, or sqlite:///… for the embedded database.",
            )),
        }
    }
}

fn check_parameters(url: &str) -> Result<(), DatabaseUrlError> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        if !POSTGRES_PARAMETERS.contains(&name.as_ref()) {
            return Err(DatabaseUrlError {
                problem: format!("the parameter {name} is not known"),
                hint: "Known are sslmode, sslrootcert, sslcert, sslkey and application_name.",
            });
        }
    }
    Ok(())
}

/// How many connections, and how long to wait for one.
#[derive(Clone, Debug)]
pub struct PoolConfig {
    /// The most connections in all.
    pub max_connections: u32,
    /// How long a request waits for a free one before it is told to try again.
    pub acquire_timeout: Duration,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self { max_connections: 16, acquire_timeout: Duration::from_secs(5) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedded_database_is_named_by_its_file() {
        for (url, file) in
            [("sqlite:///var/lib/p.db", "/var/lib/p.db"), ("sqlite:p.db", "p.db"), ("sqlite://d/p.db", "d/p.db")]
        {
            let DatabaseUrl::Sqlite(path) = DatabaseUrl::parse(url).unwrap() else { panic!("not SQLite") };
            assert_eq!(path, PathBuf::from(file));
        }
        for url in ["sqlite:", "sqlite::memory:", "sqlite:///var/lib/"] {
            assert_eq!(problem(url), "no file is named");
        }
        assert_eq!(problem("sqlite:///p.db?mode=ro"), "the embedded database takes no parameters");
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for url in ["", "palisade.db", "mysql://h/d", "postgresql://u@h:notaport/d"] {
            assert!(DatabaseUrl::parse(url).is_err(), "{url}");
        }
    }

    fn problem(url: &str) -> String {
        DatabaseUrl::parse(url).err().unwrap().problem
    }

    /// covers K3.1 (part)
    #[test]
    fn the_guides_url_is_read_as_written() {
        let url = "postgresql://user:password@localhost/kpi_system?sslmode=require";
        let DatabaseUrl::Postgres(options) = DatabaseUrl::parse(url).unwrap() else { panic!("not PostgreSQL") };
        assert_eq!(options.get_username(), "user");
        assert_eq!(options.get_database(), Some("kpi_system"));
        assert!(matches!(options.get_ssl_mode(), sqlx::postgres::PgSslMode::Require));
    }

    #[test]
    fn errors_never_repeat_the_password() {
        assert!(!problem("postgresql://user:hunter2@host/db?sslmod=require").contains("hunter2"));
        assert!(!problem("mysql://user:hunter2@host/db").contains("hunter2"));
        assert!(!problem("postgresql://user:hunter2@host/db?sslmode=maybe").contains("hunter2"));
    }

    #[test]
    fn a_misspelt_parameter_is_an_error() {
        assert_eq!(problem("postgresql://u@h/d?sslmod=require"), "the parameter sslmod is not known");
    }
}
