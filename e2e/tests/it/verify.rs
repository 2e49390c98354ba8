//! `palisade verify`: what the guides ask for, looked at by the running program at its own sites.

use std::{
    collections::BTreeSet,
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Output},
};

use palisade_e2e::{Client, Palisade, echo};
use palisade_posture::guide_points;
use serde_json::Value;

/// The exit code of a look that found something.
const NOT_IN_FORCE: i32 = 6;
/// What only root's helper does, which does not run beside these tests; the helper's and the posture's own tests have it done.
const ROOTS: &str = "palisade harden confirm";
/// Of each page that an administrator may open.
const MATRIX: &str = include_str!("../../matrix.tsv");

/// A company with a guarded Frappe-shaped site, as somebody would have it who has read nothing of the guides yet.
async fn guarded() -> Palisade {
    let app = echo::start().await;
    let site = format!(
        "\n[[site]]\nname = \"tems\"\nhosts = [\"tems.localhost\"]\nupstream = \"http://{app}\"\npreset = \"frappe\"\n\
         certificate = \"local-ca\"\n\n[console]\nhost = \"localhost\"\n"
    );
    tokio::task::spawn_blocking(move || Palisade::served_with(&site)).await.unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The checks that a look gave, by their ids.
fn checks(output: &Output) -> Vec<Value> {
    let lines = printed(output);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.into_iter().filter(|line| !line["check"].is_null()).collect()
}

fn verdict(checks: &[Value], id: &str) -> String {
    let check = checks.iter().find(|check| check["check"] == id).unwrap_or_else(|| panic!("no check {id}"));
    check["verdict"].as_str().unwrap().to_owned()
}

/// covers T14.1 (part), T0.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_command_says_of_each_point_whether_it_is_in_force_why_and_what_to_do() {
    let palisade = guarded().await;
    let words = palisade.run(&["verify"]);
    assert_eq!(words.status.code(), Some(NOT_IN_FORCE), "{words:?}");
    let text = printed(&words);
    assert!(text.starts_with("The guide's eight checks (TEMS, section 14)\n"), "{text}");
    for line in [
        "✓ 1. HTTPS enabled, HTTP/2 and HTTP/1.1 [tems]: HTTP/2 200 over TLS 1.3; HTTP/1.1 too.",
        "✓ 2. X-Content-Type-Options on every answer [tems]",
        "✓ 3. X-Frame-Options on every answer [tems]",
        "✓ 4. Content-Security-Policy on every answer [tems]",
        "✓ 5. Strict-Transport-Security over TLS [tems]",
        " 6. Developer mode",
        " 7. ",
        "✓ 8. Brute-force protection running: 1 jail works; 0 clients are shut out.",
        "Site tems\n",
        "✗ The log holds no more than it should",
        "→ Write level = \"info\" under [log] in palisade.toml, and start again.",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    let json = palisade.run(&["verify", "--json"]);
    let all = checks(&json);
    for id in ["site.tems.https", "site.tems.answers", "site.tems.certificate", "site.kpi.hsts", "program.jail"] {
        assert_eq!(verdict(&all, id), "in_force", "{id}");
    }
    assert_eq!(verdict(&all, "program.log_level"), "finding");
    for check in all.iter().filter(|check| ["finding", "unseen"].contains(&check["verdict"].as_str().unwrap())) {
        assert!(check["mend"].as_str().is_some_and(|mend| !mend.is_empty()), "{check}");
    }
    let one = palisade.run(&["verify", "--point", "t1.2", "--site", "tems"]);
    assert_eq!(one.status.code(), Some(0), "{}", printed(&one));
    let none = palisade.run(&["verify", "--point", "T99.9"]);
    assert_eq!(none.status.code(), Some(1), "a point that nothing looks at is not in force");
}

/// covers T15.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_of_the_way_from_the_guides_to_the_program_works() {
    let palisade = guarded().await;
    let commands: BTreeSet<&str> = guide_points().iter().filter_map(|point| point.command).collect();
    assert!(commands.len() > 40, "{commands:?}");
    assert!(commands.contains(ROOTS));
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!(words[0], "palisade");
        let done = palisade.run(&words[1..]);
        let code = done.status.code().unwrap();
        if command == ROOTS {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(code == 1 && said.contains("docs/helper.md"), "it says what it needs: {done:?}");
            continue;
        }
        assert!(code == 0 || words[1] == "verify" && code == NOT_IN_FORCE, "{command}: {done:?}");
    }
}

/// covers T15.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_the_way_from_the_guides_to_the_program_opens() {
    let palisade = Palisade::demo();
    let client = Client::signed_in(&palisade, palisade.account("Admin")).await;
    let pages: BTreeSet<&str> = guide_points().iter().filter_map(|point| point.page).collect();
    assert!(pages.len() > 10, "{pages:?}");
    for page in pages {
        assert!(MATRIX.lines().any(|line| line.starts_with(&format!("GET\t{page}\t"))), "{page} is in no row");
        assert_eq!(client.get(page).await.status, 200, "{page}");
    }
}

/// The guide's script as the documentation corrects it, with programs that answer as a machine in this state does.
fn corrected_script(url: &str, root: &str, developer_mode: &str, firewall: &str, fail2ban: i32) -> Output {
    let programs = tempfile::tempdir().unwrap();
    let program = |name: &str, script: &str| {
        let path = programs.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    };
    program("bench", &format!("echo '{developer_mode}'"));
    program("ufw", &format!("echo 'Status: {firewall}'"));
    program("systemctl", &format!("exit {fail2ban}"));
    let ca = programs.path().join("root.pem");
    std::fs::write(&ca, root).unwrap();
    let path = format!("{}:{}", programs.path().display(), std::env::var("PATH").unwrap());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/verify.sh");
    Command::new(script).args([url, "tems.local"]).env("PATH", path).env("CURL_CA_BUNDLE", ca).output().unwrap()
}

/// covers T14.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guides_script_as_corrected_passes_and_fails_where_it_should() {
    let palisade = guarded().await;
    let url = palisade.url.replace("localhost", "tems.localhost");
    let root = printed(&palisade.run(&["cert", "root"]));
    let good = corrected_script(&url, &root, "0", "active", 0);
    assert_eq!(good.status.code(), Some(0), "{}{}", printed(&good), String::from_utf8_lossy(&good.stderr));
    assert_eq!(printed(&good).matches('✓').count(), 8);
    let bad = corrected_script(&url, &root, "10", "inactive", 3);
    assert_eq!(bad.status.code(), Some(3));
    for line in ["6. Developer mode disabled: ✗", "7. UFW enabled: ✗", "8. Fail2ban running: ✗"] {
        assert!(printed(&bad).contains(line), "{}", printed(&bad));
    }
    // Nobody is there.
    let gone = corrected_script("https://127.0.0.1:1", &root, "", "active", 0);
    assert_eq!((gone.status.code(), printed(&gone).matches('✗').count()), (Some(5), 5));
}
