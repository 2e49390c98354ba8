//! `palisade verify` and `palisade harden` at a guarded Frappe site: the real server, its confined helper, a running site.

use std::{
    fs::{self, File},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use palisade_testkit::upstream::{FRAPPE_TOKEN, FrappeSite};
use serde_json::Value;

use crate::program::Place;

const SITE: &str =
    "{\n \"db_name\": \"_1bd3e0294da19198\",\n \"db_password\": \"hunter2\",\n \"developer_mode\": 1\n}\n";
const COMMON: &str = "{\n \"background_workers\": 1,\n \"logging\": 2,\n \"redis_cache\": \"redis://127.0.0.1:13000\",\n \
                      \"redis_queue\": \"redis://127.0.0.1:11000\"\n}\n";

/// The helper; killed when dropped.
pub(crate) struct Helper(Child);

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A bench as a developer left it, named in both configurations.
fn prepare(place: &Place, address: &str) {
    let at = place.dir().display();
    let sites = place.dir().join("bench/sites");
    fs::create_dir_all(sites.join("tems.local")).unwrap();
    fs::write(sites.join("tems.local/site_config.json"), SITE).unwrap();
    fs::write(sites.join("common_site_config.json"), COMMON).unwrap();
    fs::create_dir(place.dir().join("restarted")).unwrap();
    fs::write(place.dir().join("tems.token"), FRAPPE_TOKEN).unwrap();
    Command::new("chmod").arg("0600").arg(place.dir().join("tems.token")).status().unwrap();
    let config = fs::read_to_string(place.config()).unwrap();
    let site = format!(
        "\n[[site]]\nname = \"tems\"\nhosts = [\"tems.localhost\"]\nupstream = \"{address}\"\npreset = \"frappe\"\n\
         [site.bench]\ntoken_file = \"{at}/tems.token\"\n[helper]\nsocket = \"{at}/helper.sock\"\n"
    );
    fs::write(place.config(), config + &site).unwrap();
    let helper = format!(
        "user = \"root\"\nsocket = \"{at}/helper.sock\"\n\
         [[bench]]\nname = \"tems\"\npath = \"{at}/bench\"\nsite = \"tems.local\"\nrestart = \"restart-bench\"\n\
         [[command]]\nname = \"restart-bench\"\nprogram = \"/usr/bin/touch\"\narguments = [\"{at}/restarted/once\"]\n\
         writable = [\"{at}/restarted\"]\n"
    );
    fs::write(place.dir().join("helper.toml"), helper).unwrap();
}

/// Starts the helper, and waits until it listens.
pub(crate) fn start_helper(place: &Place) -> Helper {
    let log = File::create(place.dir().join("helper.log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("--config").arg(place.dir().join("helper.toml")).arg("helper");
    let helper = Helper(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap());
    let deadline = Instant::now() + Duration::from_secs(60);
    while !place.dir().join("helper.sock").exists() {
        let log = || fs::read_to_string(place.dir().join("helper.log")).unwrap();
        assert!(Instant::now() < deadline, "the helper did not come up: {}", log());
        std::thread::sleep(Duration::from_millis(50));
    }
    helper
}

/// What the checks of the site's files and roles see, by name.
fn verified(place: &Place) -> Vec<(String, Value)> {
    let said = place.run(&["verify", "--site", "tems", "--json"]);
    let entries = said.out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let own = entries.filter_map(|entry| {
        let name = entry["check"].as_str()?.strip_prefix("frappe.tems.")?.to_owned();
        Some((name, entry))
    });
    own.collect()
}

fn with(place: &Place, verdict: &str) -> Vec<String> {
    verified(place).into_iter().filter(|(_, entry)| entry["verdict"] == verdict).map(|(name, _)| name).collect()
}

/// covers T3.3 (part), T11.3 (part), T14.1 (part)
#[test]
fn a_guarded_frappe_site_is_verified_hardened_once_and_then_clean() {
    let place = Place::embedded();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let site = runtime.block_on(FrappeSite::start(&place.dir().join("bench")));
    site.state().users = vec![("safety@tems.local", vec!["Safety Manager"])];
    prepare(&place, &site.upstream.address);
    let _helper = start_helper(&place);
    let server = place.serve();

    let wrong =
        ["deny_multiple_sessions", "developer_mode", "enable_frappe_logger", "logging", "rate_limit", "second_factor"];
    let found = || {
        let mut found = with(&place, "finding");
        found.sort();
        found
    };
    assert_eq!(found(), wrong);
    let said = place.run(&["verify", "--site", "tems"]).out;
    let sixth = "✗ 6. Developer mode disabled [tems]: developer_mode is 1 (site_config.json, line 4).\n";
    assert!(said.contains(sixth), "{said}");
    assert!(said.contains("      safety@tems.local: Safety Manager\n"), "{said}");

    let plans = place.run(&["harden", "plan", "--json"]).out;
    let plans: Vec<Value> = plans.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let plan = plans.iter().find(|plan| plan["mender"] == "frappe.tems").unwrap();
    assert!(!plan.to_string().contains("hunter2"), "{plan}");
    let digest = plan["plan"].as_str().unwrap();
    assert_ne!(place.run(&["harden", "apply", "frappe.tems", "--plan", "0000000000000000"]).code, 0);
    assert_eq!(fs::read_to_string(place.dir().join("bench/sites/tems.local/site_config.json")).unwrap(), SITE);
    let applied = place.run(&["harden", "apply", "frappe.tems", "--plan", digest]);
    assert!(applied.code == 0 && applied.out.ends_with("Restarted the bench.\n"), "{applied:?}");
    assert!(place.dir().join("restarted/once").exists());

    assert_eq!(found(), ["second_factor"], "who has no second factor is for the site to mend");
    site.state().settings["enable_two_factor_auth"] = 1.into();
    site.state().two_factor_roles = vec!["Safety Manager"];
    assert_eq!(found(), Vec::<String>::new());
    assert_eq!(with(&place, "unseen"), Vec::<String>::new());
    assert!(!place.run(&["harden", "plan"]).out.contains("frappe.tems"));
    let trail = place.run(&["trail", "search", "--action", "helper", "--json"]).out;
    assert_eq!(trail.matches("\"helper.harden_bench\"").count(), 1, "{trail}");
    let mended = place.run(&["trail", "search", "--action", "posture", "--json"]).out;
    assert_eq!(mended.matches("\"posture.mended\"").count(), 1, "{mended}");
    drop(server);
}
