//! Docker, played by a socket that answers as its own does, and apt.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixListener,
    path::Path,
};

use palisade_helper::{
    HelperFile,
    machine::ask_docker,
    process::confine,
    protocol::{ContainerFacts, DockerFacts, Failure, FailureKind, UpdateFacts},
};
use tempfile::TempDir;

const VERSION: &str = r#"{"Version":"28.2.2","ApiVersion":"1.50","Components":[
    {"Name":"Engine","Version":"28.2.2"},{"Name":"containerd","Version":"1.7.27"},{"Name":"runc","Version":"1.2.5"}]}"#;
const LISTED: &str = r#"[{"Id":"aa11","Names":["/db"]},{"Id":"bb22","Names":["/ci"]},{"Id":"cc33","Names":["/gone"]}]"#;
const DB: &str = r#"{"Id":"aa11","Name":"/db","Config":{"Image":"mariadb:11","User":"999:999"},
    "HostConfig":{"Privileged":false,"PidMode":"","CapAdd":null},"Mounts":[{"Type":"volume","Source":"/var/lib/docker/volumes/db"}]}"#;
const CI: &str = r#"{"Id":"bb22","Name":"/ci","Config":{"Image":"runner:latest","User":""},
    "HostConfig":{"Privileged":true,"PidMode":"host","CapAdd":["SYS_ADMIN"]},
    "Mounts":[{"Type":"bind","Source":"/var/run/docker.sock","Destination":"/var/run/docker.sock"}]}"#;

/// Answers each question with what is said for its path, and 404 otherwise.
fn docker(folder: &TempDir, answers: &'static [(&'static str, &'static str)]) -> std::path::PathBuf {
    let path = folder.path().join("docker.sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            let wanted = line.split(' ').nth(1).unwrap();
            let answer = match answers.iter().find(|(path, _)| *path == wanted) {
                Some((_, body)) if body.starts_with("HTTP/") => (*body).to_owned(),
                Some((_, body)) => format!("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{body}"),
                None => "HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"No such container\"}".to_owned(),
            };
            // Who asked may have had enough.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    path
}

/// covers K5.4 (part)
#[tokio::test]
async fn docker_is_asked_for_its_version_and_what_its_containers_may_do() {
    let folder = TempDir::new().unwrap();
    let answers: &[_] = &[
        ("/version", VERSION),
        ("/containers/json", LISTED),
        ("/containers/aa11/json", DB),
        ("/containers/bb22/json", CI),
    ];
    let facts = ask_docker(&docker(&folder, answers)).await.unwrap();
    let db = ContainerFacts { name: "db".to_owned(), image: "mariadb:11".to_owned(), ..ContainerFacts::default() };
    let ci = ContainerFacts {
        name: "ci".to_owned(),
        image: "runner:latest".to_owned(),
        is_privileged: true,
        sees_processes: true,
        has_docker_socket: true,
        is_root: true,
        capabilities: vec!["SYS_ADMIN".to_owned()],
    };
    let wanted = DockerFacts {
        version: "28.2.2".to_owned(),
        runc: Some("1.2.5".to_owned()),
        containers: vec![db, ci],
        is_cut: false,
    };
    assert_eq!(facts, wanted, "the third one has ended between the two questions");
}

async fn refused(answers: &'static [(&'static str, &'static str)]) -> Failure {
    let folder = TempDir::new().unwrap();
    ask_docker(&docker(&folder, answers)).await.unwrap_err()
}

#[tokio::test]
async fn what_answers_otherwise_than_docker_is_told() {
    for answer in
        ["", "[]", "{\"Version\":1}", "\u{0}", "HTTP/1.0 500 Oops\r\n\r\n{}", "HTTP/1.1", "HTTP/1.0 200 OK\r\n"]
    {
        let answers: &'static [_] = Box::leak(Box::new([("/version", answer)]));
        assert_eq!(refused(answers).await.kind, FailureKind::Failed, "{answer}");
    }
    let named = refused(&[("/version", VERSION), ("/containers/json", "[{\"Id\":\"../../version?\"}]")]).await;
    assert!(named.message.contains("no id"), "{named}");
    let endless: &'static str = Box::leak("x".repeat(5 << 20).into_boxed_str());
    let answers: &'static [_] = Box::leak(Box::new([("/version", endless)]));
    assert!(refused(answers).await.message.contains("longer than"));
    let missing = ask_docker(Path::new("/nonexistent/docker.sock")).await.unwrap_err();
    assert_eq!(missing.kind, FailureKind::Failed);
}

/// The helper as it runs: confined, over its socket.
#[test]
fn a_confined_helper_can_still_ask_apt() {
    use palisade_helper::{
        process::{Helper, HelperSocket},
        protocol::{Reply, Request},
    };

    let folder = TempDir::new().unwrap();
    let text = format!("user = \"0\"\nsocket = \"{}/run/helper.sock\"\n", folder.path().display());
    let file = HelperFile::parse(Path::new("helper.toml"), &text).unwrap();
    let path = file.socket.clone();
    let socket = HelperSocket::bind(&file).unwrap();
    file.make_folders().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let helper = std::thread::spawn(move || {
        let words = confine(&file);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Helper::new(file, words, Vec::new()).serve(socket, async { _ = stopped.await })).unwrap();
    });
    let mut stream = std::os::unix::net::UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(120))).unwrap();
    let request = serde_json::to_string(&Request::PendingUpdates).unwrap();
    stream.write_all(format!("{request}\n").as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    let _ = stop.send(());
    helper.join().unwrap();
    let reply: Reply = serde_json::from_str(&line).unwrap();
    // How many there are is this machine's matter; that they could be counted is ours.
    assert!(
        matches!(&reply, Reply::Updates(UpdateFacts { security, security_count, .. }) if security.len() <= *security_count),
        "{reply:?}"
    );
}
