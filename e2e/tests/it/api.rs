//! The API as its description says it, tried by a tool that reads the description and thinks of bad input.

use std::process::Command;

use palisade_e2e::{Client, Palisade, TotpSecret, target_dir};

/// Answers that the description does not name, bodies that do not fit it, and answers of 500 and more.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// covers K4.3 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_sent_to_the_api_is_answered_as_its_description_says() {
    let palisade = Palisade::demo();
    let admin = palisade.account("Admin");
    let key = Client::signed_in(&palisade, admin).await.make_key(&TotpSecret::new(&admin.totp_secret)).await;
    let folder = target_dir().join("e2e");
    std::fs::create_dir_all(&folder).unwrap();
    // One worker: two at once run into a fault of CPython 3.11 (a recursion counter that threads share in `ast`).
    let output = Command::new(target_dir().join("venv/bin/st"))
        .arg("run")
        .arg(format!("{}/api/v1/openapi.json", palisade.url))
        .args(["--tls-verify", "false", "--header", &format!("X-API-Key: {key}"), "--checks", CHECKS])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "5", "--workers", "1", "--seed", "7"])
        .args(["--request-timeout", "300", "--no-shrink", "--continue-on-failure", "--warnings", "off"])
        .current_dir(&folder)
        .output()
        .expect("schemathesis is needed: run `cargo xtask setup`");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(folder.join("schemathesis.txt"), report.as_bytes()).unwrap();
    // It must really have tried: every call of the API that the matrix has, the description itself apart.
    let calls = crate::matrix::paths().filter(|path| path.starts_with("/api/v1/")).count() - 1;
    assert!(report.contains(&format!("Tested: {calls}\n")), "not {calls} calls:\n{report}");
}
