//! A real application, Jupyter Server, behind the real binary: signing in, cookies, an upload, a terminal's WebSocket.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use palisade_e2e::{Palisade, target_dir, until};
use palisade_testkit::{free_port, scratch};
use serde_json::Value;

const TOKEN: &str = "quiet-lantern";

/// A running Jupyter Server with a directory of its own. Ends when dropped.
struct Jupyter {
    address: String,
    child: Child,
    _dir: tempfile::TempDir,
}

fn python(program: &str) -> PathBuf {
    target_dir().join("venv/bin").join(program)
}

impl Jupyter {
    async fn start() -> Self {
        let dir = scratch::folder("palisade-lab-");
        let port = free_port();
        let mut command = Command::new(python("jupyter"));
        command.args(["server", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--ServerApp.port_retries=0"]);
        // It believes the gate about the client, and leaves the origin of WebSockets to it.
        command.args(["--ServerApp.trust_xheaders=True", "--ServerApp.allow_remote_access=True"]);
        command.args(["--ServerApp.allow_origin=*", &format!("--IdentityProvider.token={TOKEN}")]);
        command.arg(format!("--port={port}")).current_dir(&dir).env("HOME", dir.path()).env_remove("JUPYTER_PATH");
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("cargo xtask setup installs Jupyter Server");
        let jupyter = Self { address: format!("127.0.0.1:{port}"), child, _dir: dir };
        until("Jupyter Server to listen", async || std::net::TcpStream::connect(&jupyter.address).ok()).await;
        jupyter
    }
}

impl Drop for Jupyter {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What the client saw at this address.
fn visit(url: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/guarded_site_client.py");
    let output = Command::new(python("python")).arg(script).args([url, TOKEN]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// covers T1.8, T0.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_application_works_behind_the_gate() {
    let jupyter = Jupyter::start().await;
    let site = format!(
        "\n[[site]]\nname = \"lab\"\nhosts = [\"lab.localhost\"]\nupstream = \"http://{}\"\n\n[console]\nhost = \"localhost\"\n",
        jupyter.address
    );
    let palisade = tokio::task::spawn_blocking(move || Palisade::served_with(&site)).await.unwrap();
    let url = palisade.url.replace("localhost", "lab.localhost");
    let seen = tokio::task::spawn_blocking(move || visit(&url)).await.unwrap();

    assert_eq!((&seen["stranger"], &seen["signed_in"], &seen["location"]), (&403.into(), &302.into(), &"/api".into()));
    for cookie in seen["set_cookies"].as_array().unwrap().iter().map(|cookie| cookie.as_str().unwrap()) {
        assert!(cookie.contains("; Secure") && cookie.contains("; SameSite=Lax"), "{cookie}");
        assert_eq!(cookie.contains("; HttpOnly"), !cookie.starts_with("_xsrf="), "its scripts read that one: {cookie}");
    }
    assert_eq!((&seen["uploaded"], &seen["downloaded"]), (&201.into(), &3_000_000.into()));
    assert!(seen["headers"].get("Server").is_none(), "{}", seen["headers"]);
    assert_eq!(seen["headers"]["X-Content-Type-Options"], "nosniff");
    assert!(seen["heard"].as_str().unwrap().contains("sum=42"), "{}", seen["heard"]);
    assert_eq!(seen["foreign_origin"], 403);
}
