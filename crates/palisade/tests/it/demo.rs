//! `palisade demo`, and looking after it by commands while people are signed in.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::program::{Said, Server, run};

/// A demo that says that it is ready, and what it said.
fn demo(data: &Path) -> (Server, Value) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["demo", "--json", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (Server { child }, serde_json::from_str(&line).unwrap())
}

/// A command to the server with this data directory.
fn command(data: &Path, args: &[&str]) -> Said {
    run(Command::new(env!("CARGO_BIN_EXE_palisade")).arg("--config").arg(data).args(args))
}

fn browser() -> reqwest::Client {
    // The certificate is one that the demo has just made for itself.
    reqwest::Client::builder().cookie_store(true).danger_accept_invalid_certs(true).build().unwrap()
}

/// The path that a browser ends up at.
async fn path_of(browser: &reqwest::Client, url: &str) -> String {
    browser.get(url).send().await.unwrap().url().path().to_owned()
}

/// covers K1.4 (part)
#[tokio::test]
async fn whoever_is_signed_in_is_listed_and_signed_out_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("demo");
    let (server, welcome) = demo(&data);
    let accounts = welcome["accounts"].as_array().unwrap();
    let roles: Vec<&str> = accounts.iter().map(|account| account["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["admin", "manager", "employee"]);
    let home = welcome["url"].as_str().unwrap();
    let employees = format!("{home}/employees");

    let (manager, employee) = (browser(), browser());
    manager.get(accounts[1]["link"].as_str().unwrap()).send().await.unwrap();
    employee.get(accounts[2]["link"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(path_of(&manager, &employees).await, "/employees");
    let listed = command(&data, &["session", "list", "--json"]);
    let users: Vec<Value> = listed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut names: Vec<&str> = users.iter().map(|session| session["user"].as_str().unwrap()).collect();
    let mut expected: Vec<&str> = accounts[1..].iter().map(|account| account["user"].as_str().unwrap()).collect();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);

    // Who signed in is found by user name, and shown by name.
    let user = accounts[1]["user"].as_str().unwrap();
    let said =
        command(&data, &["trail", "search", "--user", user, "--category", "authentication", "--limit", "1", "--json"]);
    let entry: Value = serde_json::from_str(said.out.lines().next().unwrap()).unwrap();
    let name = entry["actor_name"].as_str().unwrap().to_lowercase().replace(' ', ".");
    assert_eq!((entry["category"].as_str(), name.as_str()), (Some("authentication"), user));

    let said = command(&data, &["session", "revoke", "--user", accounts[1]["user"].as_str().unwrap()]);
    assert_eq!((said.code, said.out.as_str()), (0, "Sessions ended: 1\n"));
    assert_eq!(path_of(&manager, &employees).await, "/sign-in");
    assert_eq!(path_of(&employee, home).await, "/");
    assert_eq!(command(&data, &["session", "revoke", "--all"]).out, "Sessions ended: 1\n");
    assert_eq!(path_of(&employee, &employees).await, "/sign-in");
    assert_eq!(command(&data, &["session", "list"]).out, "Nobody is signed in.\n");
    assert_eq!(command(&data, &["trail", "verify"]).code, 0);
    assert!(server.stop());
}
