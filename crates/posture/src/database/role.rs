//! The role that the program works as on PostgreSQL: facts in, sights out.

use palisade_store::RoleFacts;

use super::store;
use crate::{Mend, Sight};

/// The command that gives the runtime user its grants anew.
const MIGRATE: &str = "PALISADE_OWNER_DATABASE_URL=postgresql://… palisade migrate";

/// What it may do beside reading and writing rows.
pub(super) fn rights(facts: &RoleFacts) -> Sight {
    let attributes = attributes(facts);
    let sight = if !attributes.is_empty() {
        let mend = Mend::new("Take it away, as an administrator of the server.").by(store::plain_role(&facts.name));
        Sight::finding(format!("The role {} {}.", facts.name, attributes.join(", ")), mend)
    } else if facts.owns_database || !facts.owns.is_empty() {
        let what =
            "Take two roles: the owner in PALISADE_OWNER_DATABASE_URL, another one in DATABASE_URL; then migrate.";
        let seen = format!("The role {} owns the schema: no grant could keep it from rewriting the trail.", facts.name);
        Sight::finding(seen, Mend::new(what).by(MIGRATE)).with_evidence(facts.owns.clone())
    } else if !facts.member_of.is_empty() {
        let mend = Mend::new("Take these roles from it.").by(store::leave_roles(&facts.name, &facts.member_of));
        Sight::finding(format!("The role {} has the rights of {}.", facts.name, facts.member_of.join(", ")), mend)
    } else {
        grants(facts)
    };
    let shown = format!("connected as {}, {}encrypted", facts.name, if facts.is_encrypted { "" } else { "not " });
    let evidence: Vec<String> = [shown].into_iter().chain(sight.evidence().to_vec()).collect();
    sight.with_evidence(evidence)
}

fn attributes(facts: &RoleFacts) -> Vec<&'static str> {
    let told = [
        (facts.is_superuser, "is a superuser"),
        (facts.creates_roles, "may make roles"),
        (facts.creates_databases, "may make databases"),
        (facts.replicates, "may read the whole server's data as a stream"),
        (facts.bypasses_row_security, "is not bound by row security"),
    ];
    told.into_iter().filter_map(|(is, what)| is.then_some(what)).collect()
}

fn grants(facts: &RoleFacts) -> Sight {
    let mut too_much = facts.rewrites.clone();
    if facts.creates_tables {
        too_much.push("the right to make tables in the schema".to_owned());
    }
    if facts.creates_schemas {
        too_much.push("the right to make schemas".to_owned());
    }
    if too_much.is_empty() {
        let seen = format!("The role {} reads and writes rows; the trail it only adds to.", facts.name);
        return Sight::in_force(seen);
    }
    let mend = Mend::new("Have its grants made anew: migrating takes what it does not need.").by(MIGRATE);
    Sight::finding(format!("The role {} has {}.", facts.name, too_much.join(", ")), mend)
}

/// Whether the server writes down who changes its schema and roles.
pub(super) fn audit_log(facts: &RoleFacts) -> Sight {
    let evidence = [
        format!("log_statement = {}", facts.log_statement),
        format!("log_connections = {}", facts.log_connections),
        format!("pgaudit.log = {}", if facts.pgaudit.is_empty() { "(no pgaudit)" } else { &facts.pgaudit }),
    ];
    let by_pgaudit = !facts.pgaudit.is_empty() && facts.pgaudit != "none";
    let sight = if by_pgaudit || facts.log_statement != "none" {
        Sight::in_force("The server logs statements that change its schema and roles.")
    } else {
        let mend = Mend::new("Have the server log them, as its administrator.").by(store::LOG_CHANGES);
        Sight::finding("The server logs no statements, not even those that change roles and tables.", mend)
    };
    sight.with_evidence(evidence)
}
