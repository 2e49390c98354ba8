//! fail2ban's own filters and jails, unchanged, on lines written by hand. The files are read from Debian's package,
//! which `cargo xtask setup` unpacks under `target/fail2ban`; they are not ours to copy. fail2ban's own sample lines
//! are judged by `cargo xtask fail2ban`.

use std::sync::Arc;

use jiff::tz::TimeZone;
use palisade_jail::{ConfigFiles, Filter, Folder, JailFiles, Judge};

use crate::{accused, frappe, root};

fn package() -> Folder {
    let folder = root().join("target/fail2ban/etc/fail2ban");
    assert!(folder.is_dir(), "{} is not there: run `cargo xtask setup`", folder.display());
    Folder::new(folder)
}

fn check(call: &str, lines: &[(&str, &str)]) {
    let filter = Filter::read(&package(), call).unwrap();
    let mut judge = Judge::new(Arc::new(filter), TimeZone::UTC);
    for (line, expected) in lines {
        assert_eq!(accused(&mut judge, line), *expected, "{call}: {line}");
    }
}

/// covers T5.3 (part)
#[test]
fn the_sshd_filter_works_unchanged() {
    check(
        "sshd",
        &[
            ("Mar  1 09:59:01 web sshd[71]: Failed password for root from 203.0.113.57 port 4711 ssh2", "203.0.113.57"),
            ("Mar  1 09:59:02 web sshd[72]: Invalid user admin from 2001:db8::57 port 4711", "2001:db8::57"),
            ("Mar  1 09:59:03 web sshd[73]: Accepted publickey for bob from 203.0.113.58 port 4711 ssh2", "Pending"),
            ("Mar  1 09:59:04 web sshd[74]: Server listening on 0.0.0.0 port 22.", "Pass"),
            ("Mar  1 09:59:05 web CRON[75]: Failed password for root from 203.0.113.57 port 4711 ssh2", "Pass"),
            ("Mar  1 09:59:06 web sshd[76]: Bad protocol version identification 'x' from 203.0.113.57", "Pass"),
        ],
    );
    let line = "Mar  1 09:59:06 web sshd[76]: Bad protocol version identification 'x' from 203.0.113.57";
    check("sshd[mode=aggressive]", &[(line, "203.0.113.57")]);
}

/// covers T5.3 (part)
#[test]
fn the_nginx_filters_work_unchanged() {
    check(
        "nginx-http-auth",
        &[
            (
                "2026/03/01 09:59:00 [error] 7#7: *3 user \"bob\": password mismatch, client: 203.0.113.57, server: a, \
                 request: \"GET / HTTP/1.1\", host: \"a\"",
                "203.0.113.57",
            ),
            (
                "2026/03/01 09:59:00 [error] 7#7: *3 open() \"/favicon.ico\" failed, client: 203.0.113.57, server: a",
                "Pass",
            ),
        ],
    );
    let limited = "2026/03/01 09:59:00 [error] 7#7: *3 limiting requests, excess: 1.8 by zone \"one\", client: \
                   203.0.113.57, server: a, request: \"GET / HTTP/1.1\", host: \"a\"";
    check("nginx-limit-req", &[(limited, "203.0.113.57")]);
}

/// covers T5.3 (part)
#[test]
fn the_apache_postfix_and_dovecot_filters_work_unchanged() {
    let apache = "[Sun Mar 01 09:59:00.000000 2026] [auth_basic:error] [pid 7] [client 203.0.113.57:4711] AH01617: user \
                  bob: authentication failure for \"/\": Password Mismatch";
    check("apache-auth", &[(apache, "203.0.113.57")]);
    let postfix =
        "Mar  1 09:59:00 mx postfix/smtpd[7]: warning: unknown[203.0.113.57]: SASL LOGIN authentication failed: no";
    check("postfix[mode=auth]", &[(postfix, "203.0.113.57")]);
    let dovecot = "Mar  1 09:59:00 mx dovecot: imap-login: Disconnected (auth failed, 3 attempts in 9 secs): user=<bob>, \
                   method=PLAIN, rip=203.0.113.57, lip=192.0.2.1, TLS";
    check("dovecot", &[(dovecot, "203.0.113.57")]);
}

/// covers T5.3 (part)
#[test]
fn debians_jails_are_read_as_they_are() {
    let found = JailFiles::read(&package()).unwrap();
    assert!(found.broken.is_empty(), "{:?}", found.broken);
    let [jail] = found.jails.as_slice() else { panic!("Debian enables sshd alone: {:?}", found.jails) };
    assert_eq!((jail.name.as_str(), jail.policy.max_retry), ("sshd", 5));
    assert_eq!(jail.log_paths[0].path, "/var/log/auth.log");
}

/// covers T5.3
#[test]
fn the_guides_own_and_the_stock_filters_of_its_stack_work_unchanged() {
    frappe::the_guides_filter_and_jail_are_read_as_they_are();
    frappe::a_greedy_expression_reads_the_whole_address();
    frappe::five_failures_in_ten_minutes_ban_for_an_hour();
    the_sshd_filter_works_unchanged();
    the_nginx_filters_work_unchanged();
    the_apache_postfix_and_dovecot_filters_work_unchanged();
    every_stock_jail_is_read_with_its_filter();
}

/// Warnings are for people: a filter that reads its address soundly is not warned of.
#[test]
fn the_filters_of_the_guides_stack_are_not_warned_of() {
    for name in ["sshd", "nginx-http-auth", "nginx-limit-req", "apache-auth", "postfix", "dovecot"] {
        let filter = Filter::read(&package(), name).unwrap();
        assert_eq!(filter.warnings(), [], "{name}");
    }
}

/// The package's folder, with every jail enabled.
struct AllEnabled(Folder);

impl ConfigFiles for AllEnabled {
    fn read(&self, name: &str) -> std::io::Result<Option<String>> {
        match name {
            "jail.local" => Ok(Some("[DEFAULT]\nenabled = true\n".to_owned())),
            _ => self.0.read(name),
        }
    }

    fn list(&self, folder: &str) -> std::io::Result<Vec<String>> {
        self.0.list(folder)
    }
}

/// covers T5.3 (part)
#[test]
fn every_stock_jail_is_read_with_its_filter() {
    let found = JailFiles::read(&AllEnabled(package())).unwrap();
    assert!(found.broken.is_empty(), "{:#?}", found.broken);
    assert!(found.jails.len() > 80, "{}", found.jails.len());
}
