//! The WebDriver protocol, as far as it is needed: JSON over HTTP to `chromedriver`.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

use palisade_testkit::scratch;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The key under which the protocol hides an element's id.
const ELEMENT_KEY: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One browser with one window. Ends when dropped.
pub(crate) struct Session {
    http: reqwest::Client,
    driver: Child,
    port: u16,
    id: String,
    /// Removed with the session.
    profile: TempDir,
}

/// An element of the page that is shown.
#[derive(Clone, Debug)]
pub(crate) struct Element(String);

impl Session {
    /// Starts a browser. `emulation` is chromedriver's `mobileEmulation`, `window` its size in pixels.
    pub(crate) async fn start(window: (u32, u32), emulation: Option<Value>) -> Self {
        let profile = scratch::folder("palisade-chromium-");
        let (driver, port) = start_driver();
        let mut session = Self { http: reqwest::Client::new(), driver, port, id: String::new(), profile };
        let capabilities = session.capabilities(window, emulation);
        let started = session.post("/session", &json!({ "capabilities": { "alwaysMatch": capabilities } })).await;
        session.id = started["sessionId"].as_str().expect("chromedriver names its session").to_owned();
        session
    }

    fn capabilities(&self, (width, height): (u32, u32), emulation: Option<Value>) -> Value {
        let profile = format!("--user-data-dir={}", self.profile.path().display());
        let window = format!("--window-size={width},{height}");
        let mut options = json!({ "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            profile, window,
        ] });
        if let Some(emulation) = emulation {
            options["mobileEmulation"] = emulation;
        }
        json!({
            "browserName": "chrome",
            "acceptInsecureCerts": true,
            "goog:loggingPrefs": { "browser": "ALL" },
            // A script is given up after 30 seconds otherwise, and the accessibility checker needs some on a busy machine.
            "timeouts": { "script": 300_000, "pageLoad": 300_000 },
            "goog:chromeOptions": options,
        })
    }

    /// Sends a command of this session.
    pub(crate) async fn command(&self, path: &str, body: &Value) -> Value {
        self.post(&format!("/session/{}{path}", self.id), body).await
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        value_of(&url, self.http.post(&url).json(body).send().await).await
    }

    /// Runs a script in the page; its arguments are `arguments`, its answer is what it returns, promises awaited.
    pub(crate) async fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.command("/execute/sync", &json!({ "script": script, "args": arguments })).await
    }

    /// As [`Session::run`], for a script that returns an element or `null`.
    pub(crate) async fn run_for_element(&self, script: &str, arguments: &[Value]) -> Option<Element> {
        let found = self.run(script, arguments).await;
        found[ELEMENT_KEY].as_str().map(|id| Element(id.to_owned()))
    }

    /// Clicks it, as a person would, who scrolls to it first: it must be visible and nothing may lie over it.
    pub(crate) async fn click(&self, element: &Element) {
        self.run("arguments[0].scrollIntoView({ block: 'center' })", &[Self::argument(element)]).await;
        self.command(&format!("/element/{}/click", element.0), &json!({})).await;
    }

    /// Types into it.
    pub(crate) async fn type_into(&self, element: &Element, text: &str) {
        self.command(&format!("/element/{}/value", element.0), &json!({ "text": text })).await;
    }

    /// Empties it.
    pub(crate) async fn clear(&self, element: &Element) {
        self.command(&format!("/element/{}/clear", element.0), &json!({})).await;
    }

    /// The element as an argument for a script.
    pub(crate) fn argument(element: &Element) -> Value {
        json!({ ELEMENT_KEY: element.0 })
    }
}

impl Drop for Session {
    /// Ends the browser through its driver, since it does not end with it. Dropping can't wait for async code.
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let request =
                format!("DELETE /session/{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", self.id);
            let _ = stream.write_all(request.as_bytes());
            let _ = stream.read(&mut [0; 512]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The `value` of the answer.
async fn value_of(url: &str, answer: reqwest::Result<reqwest::Response>) -> Value {
    let answer: Value = answer.expect("chromedriver answers").json().await.expect("chromedriver speaks JSON");
    let value = answer["value"].clone();
    assert!(
        value.get("error").is_none_or(|error| !error.is_string()),
        "{url}: {}: {}",
        value["error"],
        value["message"]
    );
    value
}

/// So often a driver may end before it listens.
const STARTS: usize = 5;

/// Starts `chromedriver` on a port that it chooses. It takes the same one of IPv4 and IPv6, and ends where somebody else has
/// one of the two: then another is started.
fn start_driver() -> (Child, u16) {
    let mut said = Vec::new();
    for _ in 0..STARTS {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is needed: run `cargo xtask setup`");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        if let Some(port) = lines.by_ref().find_map(|line| port_in(line, &mut said)) {
            std::thread::spawn(move || lines.for_each(drop));
            return (driver, port);
        }
        let _ = driver.wait();
    }
    panic!("chromedriver does not start: {said:?}")
}

/// The port in a line of chromedriver's; other lines are kept, for when it has none.
fn port_in(line: String, said: &mut Vec<String>) -> Option<u16> {
    let port = line.strip_prefix("ChromeDriver was started successfully on port ");
    let port = port.and_then(|port| port.trim_end_matches('.').parse().ok());
    if port.is_none() {
        said.push(line);
    }
    port
}
