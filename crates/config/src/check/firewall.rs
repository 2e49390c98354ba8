//! The proposed firewall, and what is looked at on this machine.

use super::Checker;
use crate::{Network, OpenPort, Transport};

/// More entries of a list are no plan.
const MOST: usize = 64;
/// A statement is a line.
const STATEMENT: usize = 200;

pub(super) fn check(checker: &mut Checker<'_>) {
    check_ssh(checker);
    check_ports(checker);
    check_machine(checker);
}

fn check_ssh(checker: &mut Checker<'_>) {
    let firewall = &checker.config.firewall;
    if firewall.ssh_from_everywhere && !firewall.ssh_from.is_empty() {
        let what = "ssh_from names networks, and ssh_from_everywhere lets everybody in";
        checker.report("firewall.ssh_from_everywhere", what, "Leave one of them out.");
    }
    if firewall.ssh_from.iter().any(Network::is_nearly_everybody) {
        let what = "ssh_from names (almost) everybody";
        checker.report("firewall.ssh_from", what, "If that is meant, write ssh_from_everywhere = true instead.");
    }
    if firewall.ssh_from.len() > MOST {
        let what = format!("ssh_from names more than {MOST} networks");
        checker.report("firewall.ssh_from", what, "Name wider networks.");
    }
}

fn check_ports(checker: &mut Checker<'_>) {
    let firewall = &checker.config.firewall;
    if firewall.open.len() > MOST || firewall.local_only.len() > MOST {
        checker.report("firewall", format!("a list of ports has more than {MOST}"), "Name fewer.");
    }
    if firewall.local_only.contains(&0) {
        checker.report("firewall.local_only", "0 is no port", "Leave it out.");
    }
    let closed = |open: &&OpenPort| open.transport == Transport::Tcp && firewall.local_only.contains(&open.port);
    if let Some(open) = firewall.open.iter().find(closed) {
        let what = format!("{open} is open, and local_only says that nobody but this machine may reach it");
        checker.report(
            "firewall.open",
            what,
            "Leave it out of one of the two. Databases and Redis belong to local_only.",
        );
    }
    if firewall.ssh_port != 0 && firewall.local_only.contains(&firewall.ssh_port) {
        let what = format!("sshd's port {} is in local_only: nobody could sign in from elsewhere", firewall.ssh_port);
        checker.report("firewall.local_only", what, "Leave it out, or write ssh_port = 0 if there is no sshd.");
    }
}

fn check_machine(checker: &mut Checker<'_>) {
    let host = &checker.config.host;
    if let Some((number, path)) = host.guarded_files.iter().enumerate().find(|(_, path)| !path.is_absolute()) {
        let what = format!("{} is no whole path", path.display());
        checker.report(&format!("host.guarded_files.{number}"), what, "Begin it with /.");
    }
    if host.guarded_files.len() > MOST {
        checker.report("host.guarded_files", format!("there are more than {MOST} folders"), "Name the folders above.");
    }
    let statements = [
        ("host.database_encrypted_by", &host.database_encrypted_by),
        ("host.volume_encrypted_by", &host.volume_encrypted_by),
    ];
    for (at, statement) in statements {
        let is_fit = |text: &String| {
            !text.trim().is_empty() && text.chars().count() <= STATEMENT && !text.contains(char::is_control)
        };
        if statement.as_ref().is_some_and(|text| !is_fit(text)) {
            let hint = format!("Say in one line of up to {STATEMENT} characters who encrypts it, and with which key.");
            checker.report(at, "this says nothing that could be shown to an auditor", hint);
        }
    }
}
