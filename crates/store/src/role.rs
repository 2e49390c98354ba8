//! What the role in DATABASE_URL may do on PostgreSQL: the facts by which it is judged.

use crate::{Conn, Engine, Row, StoreError, statements};

/// So many names of one kind are told.
const TOLD: usize = 50;
/// Filled by the business transaction and emptied by a function of the owner's; nobody else may change what waits there.
const WAITING_LEAVES: &str = "trail_pending";

statements! {
    /// The role itself. The embedded database knows no roles, and is never asked.
    ROLE = {
        sqlite: "SELECT 1 WHERE 0",
        postgres: "SELECT current_user::text AS name, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, \
                   has_schema_privilege(current_schema(), 'CREATE') AS creates_tables, \
                   has_database_privilege(current_database(), 'CREATE') AS creates_schemas, \
                   (SELECT pg_has_role(datdba, 'MEMBER') FROM pg_database WHERE datname = current_database()) \
                   AS owns_database, \
                   coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted, \
                   current_setting('log_statement') AS log_statement, \
                   current_setting('log_connections') AS log_connections, \
                   coalesce(current_setting('pgaudit.log', true), '') AS pgaudit \
                   FROM pg_roles WHERE rolname = current_user",
    };
    /// Other roles whose rights it has, or can take.
    MEMBER_OF = {
        sqlite: "SELECT '' AS name WHERE 0",
        postgres: "SELECT rolname::text AS name FROM pg_roles \
                   WHERE rolname <> current_user AND pg_has_role(oid, 'MEMBER') ORDER BY 1",
    };
    /// Tables that it could alter or drop.
    OWNED = {
        sqlite: "SELECT '' AS name WHERE 0",
        postgres: "SELECT relname::text AS name FROM pg_class WHERE relkind IN ('r', 'p') \
                   AND relnamespace = current_schema()::regnamespace AND pg_has_role(relowner, 'MEMBER') ORDER BY 1",
    };
    /// What it may do to a table beside reading and adding.
    REWRITES = {
        sqlite: "SELECT $1 AS name WHERE 0",
        postgres: "SELECT right_name AS name FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS right_name \
                   WHERE to_regclass($1) IS NOT NULL AND has_table_privilege(to_regclass($1), right_name)",
    };
}

/// What a role may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleFacts {
    /// Its name.
    pub name: String,
    /// No grant binds it.
    pub is_superuser: bool,
    /// It may make databases.
    pub creates_databases: bool,
    /// It may make roles, and give itself others.
    pub creates_roles: bool,
    /// It may read the whole server's data as a stream.
    pub replicates: bool,
    /// Row security does not bind it.
    pub bypasses_row_security: bool,
    /// It may make tables in the schema.
    pub creates_tables: bool,
    /// It may make schemas in the database.
    pub creates_schemas: bool,
    /// The database is its own.
    pub owns_database: bool,
    /// Roles whose rights it has, or can take.
    pub member_of: Vec<String>,
    /// Tables that it could alter or drop.
    pub owns: Vec<String>,
    /// What it may do to tables that may only be added to: `UPDATE on trail_leaf`.
    pub rewrites: Vec<String>,
    /// Whether this connection is encrypted.
    pub is_encrypted: bool,
    /// What the server logs of statements: `none`, `ddl`, `mod`, `all`.
    pub log_statement: String,
    /// Whether it logs who connects, in its own words.
    pub log_connections: String,
    /// What its extension pgaudit logs, where there is one.
    pub pgaudit: String,
}

impl RoleFacts {
    /// Reads what the role of this connection may do; `None` on the embedded database. `append_only` are the tables that
    /// must not be rewritten.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn read(
        conn: &mut Conn,
        append_only: impl IntoIterator<Item = &'static str>,
    ) -> Result<Option<Self>, StoreError> {
        if conn.engine() == Engine::Sqlite {
            return Ok(None);
        }
        let mut facts = Self::of(&conn.fetch_one(ROLE.sql()).await?)?;
        facts.member_of = names(&conn.fetch_all(MEMBER_OF.sql()).await?)?;
        facts.owns = names(&conn.fetch_all(OWNED.sql()).await?)?;
        for table in append_only.into_iter().chain([WAITING_LEAVES]) {
            let rights = names(&conn.fetch_all(REWRITES.bind(table)).await?)?;
            facts.rewrites.extend(rights.iter().map(|right| format!("{right} on {table}")));
        }
        Ok(Some(facts))
    }

    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            name: row.get("name")?,
            is_superuser: row.get("rolsuper")?,
            creates_databases: row.get("rolcreatedb")?,
            creates_roles: row.get("rolcreaterole")?,
            replicates: row.get("rolreplication")?,
            bypasses_row_security: row.get("rolbypassrls")?,
            creates_tables: row.get("creates_tables")?,
            creates_schemas: row.get("creates_schemas")?,
            owns_database: row.get("owns_database")?,
            is_encrypted: row.get("encrypted")?,
            log_statement: row.get("log_statement")?,
            log_connections: row.get("log_connections")?,
            pgaudit: row.get("pgaudit")?,
            ..Self::default()
        })
    }
}

fn names(rows: &[Row]) -> Result<Vec<String>, StoreError> {
    rows.iter().take(TOLD).map(|row| row.get("name")).collect()
}
