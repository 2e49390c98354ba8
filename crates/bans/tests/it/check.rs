//! What is told about jails before they are used.

use std::{fs, path::Path, process::Command};

use palisade_bans::{broken_jails, check_jails};
use palisade_config::{Config, ConfigError, Finding, Severity};

use crate::world::LogDir;

/// As `palisade config check` shows them.
fn told(jails: &str) -> (Vec<Finding>, String) {
    let text = format!("[[site]]\nname = \"kpi\"\nhosts = [\"kpi.example\"]\n{jails}");
    let findings = check_jails(&Config::parse(Path::new("palisade.toml"), &text).unwrap());
    let shown = ConfigError::new("palisade.toml".into(), findings.clone()).to_string();
    (findings, shown)
}

#[test]
fn warnings_of_filters_and_broken_jails_are_told_with_their_own_file_and_line() {
    let logs = LogDir::new();
    let folder = logs.path("fail2ban");
    fs::create_dir_all(folder.join("filter.d")).unwrap();
    fs::create_dir_all(folder.join("jail.d")).unwrap();
    logs.write("app.log", "");
    let jails = format!(
        "[app]\nenabled = true\nlogpath = {}\n[bad]\nenabled = true\nfilter = nothing\n",
        logs.path("app.log").display()
    );
    fs::write(folder.join("jail.d/app.conf"), jails).unwrap();
    fs::write(folder.join("filter.d/app.conf"), "[Definition]\nfailregex = ^.*failed.*<HOST>\n").unwrap();
    let (findings, shown) = told(&format!("[jails]\nfail2ban = \"{}\"\n", folder.display()));
    let folder = folder.display();
    assert!(findings.iter().all(|found| found.severity == Severity::Warning), "{shown}");
    assert!(
        shown.contains(&format!("palisade.toml:5:12: warning: {folder}/filter.d/app.conf:2: in `^.*failed.*<HOST>`")),
        "{shown}"
    );
    assert!(
        shown.contains(&format!(
            "{folder}/jail.d/app.conf:6: this jail can't be used, so it bans nobody: there is no filter `nothing`"
        )),
        "{shown}"
    );
    assert_eq!(findings.len(), 2, "{shown}");
}

#[test]
fn a_mistake_in_a_jail_of_the_file_itself_is_an_error_at_its_line() {
    let logs = LogDir::new();
    logs.write("app.log", "");
    let (filter, pipe) = (logs.path("app.conf"), logs.path("pipe.conf"));
    fs::write(&filter, "[Definition]\nfailregex = failed without an address\n").unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let log = logs.path("app.log").display().to_string();
    let (filter, pipe) = (filter.display(), pipe.display());
    for (text, expected) in [
        (
            "failregex = ['from <HOST>$',\n'(from <HOST>']".to_owned(),
            "8:1: jail \"app\": the failregex `(from <HOST>` is not understood".to_owned(),
        ),
        (
            "failregex = ['failed']".to_owned(),
            "7:14: jail \"app\": the failregex `failed` does not say whose failure it is".to_owned(),
        ),
        (
            "failregex = ['from <HOST>$']\nignoreregex = ['[']".to_owned(),
            "8:16: jail \"app\": the ignoreregex `[` is not understood".to_owned(),
        ),
        (
            format!("filter = \"{filter}\""),
            format!("7:10: jail \"app\": {filter}:2: the failregex `failed without an address`"),
        ),
        (
            format!("filter = \"{pipe}\""),
            format!("7:10: jail \"app\": {pipe}: it cannot be read (it is no regular file)"),
        ),
        (
            "filter = \"/nowhere/app.conf\"".to_owned(),
            "7:10: jail \"app\": /nowhere/app.conf: there is no filter `app`".to_owned(),
        ),
        ("filter = \"sshd\"".to_owned(), "7:10: jail \"app\": sshd: `sshd` is no path to a filter's file".to_owned()),
    ] {
        let jail =
            format!("[[jail]]\nname = \"app\"\nlogs = [\"{log}\"]\n{text}\n").replacen("[[jail]]\n", "[[jail]]\n", 1);
        let (findings, shown) = told(&jail);
        assert!(shown.contains(&format!("palisade.toml:{expected}")), "{expected}\n{shown}");
        assert!(findings.iter().any(|found| found.severity == Severity::Error), "{shown}");
    }
    let (_, shown) = told("[[jail]]\nname = \"app\"\nlogs = [\"app.log\"]\nfailregex = ['from <HOST>$']\n");
    assert!(
        shown.contains("palisade.toml:6:9: \"app.log\" is no path to a log file: write it whole, from / on"),
        "{shown}"
    );
}

#[test]
fn a_log_file_that_is_not_there_yet_is_a_warning() {
    let logs = LogDir::new();
    let jail = format!(
        "[[jail]]\nname = \"app\"\nlogs = [\"{}/*.log\"]\nfailregex = ['from <HOST>$']\n",
        logs.0.path().display()
    );
    let (findings, shown) = told(&jail);
    assert!(shown.contains("palisade.toml:6:8: warning: jail \"app\": no file matches "), "{shown}");
    assert_eq!((findings.len(), findings[0].severity), (1, Severity::Warning));
    let text = format!("[[site]]\nname = \"kpi\"\nhosts = [\"kpi.example\"]\n{jail}");
    assert_eq!(broken_jails(&Config::parse(Path::new("palisade.toml"), &text).unwrap()), []);
    logs.write("app.log", "");
    assert_eq!(told(&jail).0, []);
}
