//! Reading the configuration again while serving, and sites that are guarded.

use std::{
    fs,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::program::{Place, run};

const GUARDED: &str = "[[site]]\nname = \"tems\"\nhosts = [\"tems.localhost\"]\nupstream = \"http://127.0.0.1:9\"\n";

fn text_of(place: &Place) -> String {
    fs::read_to_string(place.config()).unwrap()
}

fn sites_of(place: &Place) -> Vec<String> {
    let said = place.run(&["site", "list", "--json"]);
    let site = |line: &str| serde_json::from_str::<Value>(line).unwrap()["name"].as_str().map(str::to_owned);
    said.out.lines().filter_map(site).collect()
}

fn wait_for(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// covers T1.10 (part)
#[test]
fn a_changed_file_comes_into_force_by_command_and_by_signal() {
    let place = Place::embedded();
    let server = place.serve();
    let before = text_of(&place);
    assert_eq!(place.run(&["reload"]).out, "The configuration is as before.\n");

    fs::write(place.config(), format!("{before}{GUARDED}")).unwrap();
    let said = place.run(&["reload"]);
    assert_eq!((said.code, said.out.as_str()), (0, "In force now:\n  site.tems: added\n"), "{said:?}");
    assert_eq!(sites_of(&place), ["kpi", "tems"]);
    let listed = place.run(&["site", "list"]).out;
    assert!(listed.contains("http://127.0.0.1:9 (") && listed.contains("self-signed, "), "{listed}");

    fs::write(place.config(), &before).unwrap();
    run(Command::new("kill").arg("-HUP").arg(server.child.id().to_string()));
    wait_for("the signal takes the site out", || sites_of(&place) == ["kpi"]);
    let trail = place.run(&["trail", "search", "--action", "configuration.reload", "--json"]).out;
    assert!(trail.contains("site.tems: taken out") && trail.contains("site.tems: added"), "{trail}");
}

/// Requests to the sign-in page without a pause, over both versions of HTTP, on connections that stay open.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    running: std::thread::JoinHandle<Vec<String>>,
}

impl Load {
    fn start(https: u16) -> Self {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (told, count) = (Arc::clone(&stop), Arc::clone(&answered));
        let running = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let (one, two) = (ask_on(https, true, &told, &count), ask_on(https, false, &told, &count));
            let (one, two) = runtime.block_on(async { tokio::join!(one, two) });
            [one, two].concat()
        });
        Self { stop, answered, running }
    }

    /// Waits until so many more are answered.
    fn goes_on(&self, more: usize) {
        let from = self.answered.load(Ordering::SeqCst);
        wait_for("requests are answered", || self.answered.load(Ordering::SeqCst) >= from + more);
    }

    /// What went wrong.
    fn stop(self) -> Vec<String> {
        self.stop.store(true, Ordering::SeqCst);
        self.running.join().unwrap()
    }
}

async fn ask_on(https: u16, http1: bool, stop: &AtomicBool, answered: &AtomicUsize) -> Vec<String> {
    let builder = reqwest::Client::builder().danger_accept_invalid_certs(true).no_proxy();
    let client = if http1 { builder.http1_only() } else { builder }.build().unwrap();
    let mut wrong = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        match client.get(format!("https://localhost:{https}/sign-in")).send().await {
            Ok(answer) if answer.status() == 200 => drop(answered.fetch_add(1, Ordering::SeqCst)),
            other => wrong.push(format!("{other:?}")),
        }
    }
    wrong
}

/// covers T1.10
#[test]
fn a_configuration_is_tried_first_and_a_signal_exchanges_it_without_losing_a_request() {
    let place = Place::embedded();
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let https = held.local_addr().unwrap().port();
    drop(held);
    let sound = text_of(&place).replace("https = [\"127.0.0.1:0\"]", &format!("https = [\"127.0.0.1:{https}\"]"));
    fs::write(place.config(), &sound).unwrap();
    let server = place.serve();
    let load = Load::start(https);
    load.goes_on(10);

    // Tried before it is used: what is wrong, where, and what to do.
    fs::write(place.config(), format!("{sound}{}", GUARDED.replace("upstream", "upstraem"))).unwrap();
    let said = place.run(&["config", "check"]);
    let line = sound.lines().count() + 4;
    assert_eq!(said.code, 2, "{said:?}");
    let place_of_mistake = format!("{}:{line}:1: unknown field `upstraem`", place.config().display());
    assert!(said.err.contains(&place_of_mistake) && said.err.contains("Correct the spelling"), "{}", said.err);

    // Used all the same, it changes nothing.
    let hang_up = || run(Command::new("kill").arg("-HUP").arg(server.child.id().to_string()));
    let log = || fs::read_to_string(place.dir().join("log")).unwrap();
    hang_up();
    wait_for("the refusal", || log().contains("the old configuration stays in force"));
    load.goes_on(10);

    for round in 1..=6 {
        let (text, sites) = if round % 2 == 1 {
            (format!("{sound}{GUARDED}"), &["kpi", "tems"][..])
        } else {
            (sound.clone(), &["kpi"][..])
        };
        fs::write(place.config(), text).unwrap();
        hang_up();
        wait_for("the signal exchanges the sites", || sites_of(&place) == sites);
        load.goes_on(5);
    }
    assert_eq!(load.stop(), Vec::<String>::new());
    let trail = place.run(&["trail", "search", "--action", "configuration.reload", "--json"]).out;
    assert_eq!((trail.matches("not_usable").count(), trail.matches("configuration.reload").count()), (1, 7), "{trail}");
}

/// covers T1.10 (part)
#[test]
fn a_file_that_cant_be_used_leaves_the_old_one_in_force() {
    let place = Place::embedded();
    let _server = place.serve();
    let before = text_of(&place);
    let refused = |text: String, why: &str| {
        fs::write(place.config(), text).unwrap();
        // The command reads the file as well, to find the server; by the data directory it does not have to.
        let said = run(place.by_data_dir().arg("reload"));
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains("the old configuration stays in force"), "{}", said.err);
        assert!(said.err.contains(why), "{}", said.err);
    };
    refused(before.replace("localhost", "local host"), "a host name has letters a-z");
    refused(format!("{before}{}", GUARDED.replace("127.0.0.1:9", "127.0.0.1:9/app")), "has a path");
    refused(
        before.replace("data_dir = ", "data_dir = \"/srv/other\" # "),
        "data_dir can't be changed while the server runs",
    );
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(before.replace("http = []", &format!("http = [{address:?}]")), "can't be listened on");
    let status = run(place.by_data_dir().args(["status", "--json"])).json();
    assert_eq!(status["problems"], Value::Array(Vec::new()));
    fs::write(place.config(), before).unwrap();
    let trail = place.run(&["trail", "search", "--action", "configuration.reload", "--json"]).out;
    assert_eq!(trail.matches("not_usable").count(), 4, "{trail}");
}

#[test]
fn a_guarded_site_alone_works_and_says_that_there_is_no_console() {
    let place = Place::embedded();
    let guarded = text_of(&place).replace("[[site]]\nname = \"kpi\"\nhosts = [\"localhost\"]\n", GUARDED);
    fs::write(place.config(), &guarded).unwrap();
    let said = place.run(&["config", "check", "--json"]);
    let checked: Value = serde_json::from_str(said.out.trim()).unwrap();
    let whats: Vec<&str> = checked["findings"].as_array().unwrap().iter().filter_map(|f| f["what"].as_str()).collect();
    assert!(whats.iter().any(|what| what.starts_with("no console is served")), "{whats:?}");
    let said = place.run(&["setup"]);
    assert!(said.err.contains("No console is served"), "{said:?}");
    let _server = place.start();
    let status = place.run(&["status", "--json"]);
    let status: Value = serde_json::from_str(status.out.lines().next().unwrap()).unwrap();
    assert_eq!(status["console"], "none: [console] has no host");

    fs::write(place.config(), format!("{guarded}[console]\nhost = \"guard.localhost\"\n")).unwrap();
    let said = place.run(&["reload"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("console can't be changed while the server runs"), "{}", said.err);
}

/// covers T1.10 (part)
#[test]
fn config_check_tries_what_the_file_names() {
    let place = Place::embedded();
    place.run(&["setup"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ca = place.dir().join("ca.pem");
    fs::write(&ca, "no certificate").unwrap();
    let upstream = format!("{{ to = [\"https://127.0.0.1:9\"], ca = {:?} }}", ca.display().to_string());
    let text = text_of(&place).replace("http = []", &format!("http = [{address:?}]"))
        + &GUARDED.replace("\"http://127.0.0.1:9\"", &upstream)
        + "[helper]\nsocket = \"/nowhere/helper.sock\"\n";
    fs::write(place.config(), &text).unwrap();
    let said = place.run(&["config", "check", "--json"]);
    assert_eq!(said.code, 2, "{said:?}");
    let checked: Value = serde_json::from_str(said.out.trim()).unwrap();
    let findings: Vec<(String, u64, String)> = checked["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["severity"].as_str().unwrap().to_owned(), f["line"].as_u64().unwrap_or(0), f["what"].to_string()))
        .collect();
    let found = |severity: &str, line: u64, what: &str| {
        let fits = findings.iter().any(|f| f.0 == severity && f.1 == line && f.2.contains(what));
        assert!(fits, "{severity} {line} {what}: {findings:#?}");
    };
    found("error", 5, &format!("{address} can't be listened on"));
    found("error", 14, "ca.pem can't be used");
    found("warning", 14, "https://127.0.0.1:9 can't be reached");
    found("warning", 16, "no helper answers at /nowhere/helper.sock");
}
