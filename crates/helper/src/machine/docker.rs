//! What Docker tells over its socket. Whoever may talk to that socket may do everything; so the helper does, asks three
//! questions of its own, and nobody else's words ever get there.

use std::{io, path::Path, time::Duration};

use serde::{Deserialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::timeout,
};

use crate::protocol::{ContainerFacts, DockerFacts, Failure, FailureKind, MAX_NAMED};

/// How long an answer may take.
const TIME: Duration = Duration::from_secs(5);
/// The longest answer.
const MAX_ANSWER: u64 = 4 << 20;
/// What is kept of a name.
const MAX_TEXT: usize = 200;
/// So many capabilities are told.
const MAX_CAPABILITIES: usize = 40;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    version: String,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Component {
    name: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    name: String,
    config: Settings,
    host_config: HostSettings,
    #[serde(default)]
    mounts: Vec<Mounted>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    #[serde(default)]
    image: String,
    #[serde(default)]
    user: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostSettings {
    #[serde(default)]
    privileged: bool,
    #[serde(default)]
    pid_mode: String,
    /// Go writes an empty list as null.
    #[serde(default)]
    cap_add: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Mounted {
    #[serde(default)]
    source: String,
}

/// Asks Docker behind this socket which it is, and what its running containers may do.
///
/// # Errors
/// It does not answer, or not as Docker does.
pub async fn ask(socket: &Path) -> Result<DockerFacts, Failure> {
    let version: Version = get(socket, "/version").await?;
    let listed: Vec<Listed> = get(socket, "/containers/json").await?;
    let is_cut = listed.len() > MAX_NAMED;
    let mut containers = Vec::new();
    for Listed { id } in listed.into_iter().take(MAX_NAMED) {
        if !is_id(&id) {
            return Err(failed(socket, "it names a container that has no id"));
        }
        match get::<Inspected>(socket, &format!("/containers/{id}/json")).await {
            Ok(inspected) => containers.push(facts(inspected)),
            // It has ended since.
            Err(Failure { kind: FailureKind::Unknown, .. }) => {}
            Err(failure) => return Err(failure),
        }
    }
    let runc = version.components.into_iter().find(|component| component.name == "runc");
    Ok(DockerFacts { version: short(version.version), runc: runc.map(|runc| short(runc.version)), containers, is_cut })
}

/// What becomes part of a path.
fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn facts(inspected: Inspected) -> ContainerFacts {
    let Inspected { name, config, host_config, mounts } = inspected;
    let user = config.user.split(':').next().unwrap_or_default();
    let has_socket = |mount: &Mounted| mount.source.ends_with("/docker.sock") || mount.source == "/";
    ContainerFacts {
        name: short(name.trim_start_matches('/').to_owned()),
        image: short(config.image),
        is_privileged: host_config.privileged,
        sees_processes: host_config.pid_mode == "host",
        has_docker_socket: mounts.iter().any(has_socket),
        is_root: ["", "0", "root"].contains(&user),
        capabilities: host_config.cap_add.unwrap_or_default().into_iter().take(MAX_CAPABILITIES).map(short).collect(),
    }
}

fn short(text: String) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect()
}

fn failed(socket: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Failed, format!("Docker behind {}: {why}", socket.display()))
}

async fn get<T: DeserializeOwned>(socket: &Path, path: &str) -> Result<T, Failure> {
    let answer = match timeout(TIME, exchange(socket, path)).await {
        Ok(answer) => answer.map_err(|error| failed(socket, error))?,
        Err(_) => return Err(failed(socket, format!("no answer within {} seconds", TIME.as_secs()))),
    };
    let (head, body) = split(&answer).ok_or_else(|| failed(socket, "the answer is no answer of HTTP"))?;
    match head.split(' ').nth(1) {
        Some("200") => {}
        Some("404") => return Err(Failure::new(FailureKind::Unknown, format!("Docker has no {path}"))),
        status => return Err(failed(socket, format!("{path} is answered with {status:?}"))),
    }
    serde_json::from_slice(body).map_err(|error| failed(socket, format!("{path} is answered in another form: {error}")))
}

/// One question. By HTTP/1.0, so that the answer comes in one piece and ends with the connection.
async fn exchange(socket: &Path, path: &str) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER + 1).read_to_end(&mut answer).await?;
    if answer.len() as u64 > MAX_ANSWER {
        return Err(io::Error::other(format!("an answer is longer than {MAX_ANSWER} bytes")));
    }
    Ok(answer)
}

/// The first line of an answer, and its body.
fn split(answer: &[u8]) -> Option<(&str, &[u8])> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    Some((head.lines().next()?, &answer[end + 4..]))
}
