//! `palisade config check`, and what the command line itself refuses.

use std::{fs, process::Command};

use serde_json::Value;

use crate::program::{Place, run};

#[test]
fn a_sound_configuration_is_said_to_be_sound() {
    let place = Place::embedded();
    place.run(&["setup"]);
    let said = place.run(&["config", "check"]);
    let file = place.config().display().to_string();
    assert_eq!((said.code, said.out), (0, format!("{file} is sound: one site and everything it names is there.\n")));
    let said = place.run(&["config", "check", "--json"]).json();
    assert_eq!((&said["ok"], &said["sites"][0]), (&Value::from(true), &Value::from("kpi")));
}

#[test]
fn a_mistake_is_told_with_file_line_and_what_to_do() {
    let place = Place::embedded();
    fs::write(place.config(), "[[site]]\nname = \"kpi\"\nhost = [\"localhost\"]\n").unwrap();
    let file = place.config().display().to_string();
    let said = place.run(&["config", "check"]);
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with(&format!("palisade: {file}:3:1: unknown field `host`")), "{}", said.err);
    assert!(said.err.contains("Correct the spelling or take the key out"), "{}", said.err);
    let said = place.run(&["config", "check", "--json"]);
    let finding: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &finding["findings"][0]["line"]), (2, &Value::from(3)));
}

#[test]
fn a_missing_configuration_is_told_with_the_command_that_makes_one() {
    let said = run(Command::new(env!("CARGO_BIN_EXE_palisade")).args(["--config", "/nowhere/palisade.toml", "status"]));
    assert_eq!(said.code, 2);
    assert_eq!(
        said.err,
        "palisade: /nowhere/palisade.toml: the file can't be read: No such file or directory (os error 2)\n  \
         Name another with --config, or make one with `palisade setup`.\n"
    );
}

/// Attack: a name that never ends.
#[test]
fn what_is_no_file_is_refused_at_once() {
    let said = run(Command::new(env!("CARGO_BIN_EXE_palisade")).args(["--config", "/dev/zero", "config", "check"]));
    assert_eq!(said.code, 2);
    assert!(
        said.err.starts_with("palisade: /dev/zero: the file can't be read: it is a device, not a file\n"),
        "{}",
        said.err
    );
}

#[test]
fn what_is_to_be_known_of_jails_is_told_with_file_and_line() {
    let place = Place::embedded();
    place.run(&["setup"]);
    let before = fs::read_to_string(place.config()).unwrap();
    let line = before.lines().count() + 4;
    let with_jail = |regex: &str| {
        let jail = format!("[[jail]]\nname = \"app\"\nlogs = [\"/nowhere/*.log\"]\nfailregex = ['{regex}']\n");
        fs::write(place.config(), format!("{before}{jail}")).unwrap();
        place.run(&["config", "check"])
    };
    let file = place.config().display().to_string();
    let said = with_jail("from <HOST>$");
    let warning = format!("{file}:{}:8: warning: jail \"app\": no file matches /nowhere/*.log", line - 1);
    assert_eq!((said.code, said.err.contains(&warning)), (0, true), "{}", said.err);
    let said = with_jail("(from <HOST>$");
    let error = format!("{file}:{line}:14: jail \"app\": the failregex `(from <HOST>$` is not understood");
    assert_eq!((said.code, said.err.contains(&error)), (2, true), "{}", said.err);
    let said = place.run(&["serve"]);
    assert_eq!(
        (said.code != 0, said.err.contains(&error)),
        (true, true),
        "who wrote a jail counts on it: {}",
        said.err
    );
}

#[test]
fn a_password_in_a_url_is_never_repeated() {
    let place = Place::embedded();
    for url in ["postgresql://u:hunter2@h/d?sslmod=require", "mysql://u:hunter2@h/d", "postgresql://u:hunter2@h:x/d"] {
        let said = run(place.program().env("DATABASE_URL", url).args(["config", "check"]));
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains("DATABASE_URL") && !said.err.contains("hunter2"), "{}", said.err);
    }
}

#[test]
fn help_names_every_command_and_every_exit_code() {
    let said = run(Command::new(env!("CARGO_BIN_EXE_palisade")).arg("--help"));
    assert_eq!(said.code, 0);
    for word in [
        "demo",
        "setup",
        "serve",
        "migrate",
        "status",
        "config",
        "user",
        "session",
        "trail",
        "key",
        "0  done",
        "5  the trail",
    ] {
        assert!(said.out.contains(word), "{word}: {}", said.out);
    }
    assert_eq!(run(Command::new(env!("CARGO_BIN_EXE_palisade")).arg("frobnicate")).code, 2);
}
