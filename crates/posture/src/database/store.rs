//! Statements that mend the program's own database, for whoever may say them. The program itself may not: that is the point.

/// Takes from a role what lies beside rows. It is said by an administrator of the server.
pub(super) fn plain_role(role: &str) -> String {
    format!("ALTER ROLE {} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;", name(role))
}

/// Takes other roles from a role.
pub(super) fn leave_roles(role: &str, others: &[String]) -> String {
    let others: Vec<String> = others.iter().map(|other| name(other)).collect();
    format!("REVOKE {} FROM {};", others.join(", "), name(role))
}

/// Has the server log who changes its schema and roles.
pub(super) const LOG_CHANGES: &str = "ALTER SYSTEM SET log_statement = 'ddl'; SELECT pg_reload_conf();";

fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
