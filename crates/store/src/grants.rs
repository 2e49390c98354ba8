//! What the runtime user may do on PostgreSQL: rows, never the schema; the trail only to add to.

use sqlx::{AssertSqlSafe, Executor as _, PgConnection, SqlSafeStr as _};

use crate::{MigrateError, StoreError};

/// Gives the user what it needs and no more, and checks that no other way is left open to it.
pub(crate) async fn give(
    conn: &mut PgConnection,
    user: &str,
    append_only: impl Iterator<Item = &'static str>,
) -> Result<(), MigrateError> {
    let tables: Vec<&str> = append_only.collect();
    check_role(conn, user).await?;
    let database: String =
        sqlx::query_scalar("SELECT current_database()").fetch_one(&mut *conn).await.map_err(StoreError::from)?;
    for statement in statements(&quote_ident(user), &quote_ident(&database), &tables) {
        // Only identifiers vary, and they are quoted.
        conn.execute(AssertSqlSafe(statement).into_sql_str()).await.map_err(StoreError::from)?;
    }
    let kept = tables.iter().copied().chain(["trail_pending"]).collect::<Vec<_>>();
    check_tables(conn, user, &kept).await
}

fn statements(user: &str, database: &str, append_only: &[&str]) -> Vec<String> {
    let mut statements = vec![
        format!("GRANT CONNECT ON DATABASE {database} TO {user}"),
        format!("REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM PUBLIC, {user}"),
        format!("GRANT USAGE ON SCHEMA public TO {user}"),
        // Databases that were made before PostgreSQL 15 let everybody create tables.
        format!("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {user}"),
        format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {user}"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {user}"),
        format!("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {user}"),
        format!("REVOKE INSERT, UPDATE, DELETE ON schema_migration FROM {user}"),
        // Leaves are added to wait for their number; only the function moves them on, with its owner's rights.
        format!("REVOKE UPDATE, DELETE ON trail_pending FROM {user}"),
        format!("REVOKE INSERT ON trail_leaf FROM {user}"),
        format!("GRANT EXECUTE ON FUNCTION trail_sequence(BIGINT) TO {user}"),
    ];
    for table in append_only {
        statements.push(format!("REVOKE UPDATE, DELETE ON {} FROM {user}", quote_ident(table)));
    }
    statements
}

/// Grants bind neither a superuser nor a member of the owner's role.
async fn check_role(conn: &mut PgConnection, user: &str) -> Result<(), MigrateError> {
    let facts: Option<(bool, bool)> = sqlx::query_as(
        "SELECT rolsuper, pg_has_role(rolname, current_user, 'MEMBER') FROM pg_roles WHERE rolname = $1",
    )
    .bind(user)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::from)?;
    let refuse = |problem: &str, hint| {
        Err(MigrateError::RuntimeUser { user: user.to_owned(), problem: problem.to_owned(), hint })
    };
    match facts {
        None => refuse(
            "does not exist on this server",
            "Make it, as a user that may: CREATE ROLE name LOGIN PASSWORD '…'; and put the same name into DATABASE_URL.",
        ),
        Some((true, _)) => refuse(
            "is a superuser: no grant could keep it from rewriting the trail",
            "Take a user of its own for DATABASE_URL, without SUPERUSER.",
        ),
        Some((_, true)) => refuse(
            "is the schema's owner or a member of its role: no grant could keep it from rewriting the trail",
            "Take two users: the owner in PALISADE_OWNER_DATABASE_URL, another one in DATABASE_URL.",
        ),
        Some((false, false)) => Ok(()),
    }
}

/// Asks the server what is left, whichever role or grant it may come from.
async fn check_tables(conn: &mut PgConnection, user: &str, append_only: &[&str]) -> Result<(), MigrateError> {
    for table in append_only {
        let left: Vec<String> = sqlx::query_scalar(
            "SELECT right_name FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS right_name \
             WHERE has_table_privilege($1, $2::regclass, right_name)",
        )
        .bind(user)
        .bind(quote_ident(table))
        .fetch_all(&mut *conn)
        .await
        .map_err(StoreError::from)?;
        if !left.is_empty() {
            return Err(MigrateError::RuntimeUser {
                user: user.to_owned(),
                problem: format!("still has {} on {table}, by a role that it is a member of", left.join(", ")),
                hint: "Take that role from it: REVOKE role FROM user.",
            });
        }
    }
    let creates: bool = sqlx::query_scalar("SELECT has_schema_privilege($1, 'public', 'CREATE')")
        .bind(user)
        .fetch_one(conn)
        .await
        .map_err(StoreError::from)?;
    if creates {
        return Err(MigrateError::RuntimeUser {
            user: user.to_owned(),
            problem: "may still create tables in the schema public".to_owned(),
            hint: "Make the schema's owner the owner of the database too: ALTER DATABASE name OWNER TO owner.",
        });
    }
    Ok(())
}

fn quote_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
