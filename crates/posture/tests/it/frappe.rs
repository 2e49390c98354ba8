//! A bench in a folder, the helper that may look at it, and a running Frappe site: found, planned, mended, clean.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use palisade_helper::{
    HelperFile,
    client::HelperClient,
    process::{Helper, HelperSocket},
};
use palisade_posture::{
    Mender, Plan, Sight, Verdict,
    frappe::{self, Answer, Bench, FrappeSite, Interface, Question},
};
use palisade_testkit::{
    TestEnv,
    upstream::{FRAPPE_TOKEN, FrappeSite as RunningSite},
};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// As a developer left it.
const SITE: &str = "{\n \"db_name\": \"_1bd3e0294da19198\",\n \"db_password\": \"hunter2\",\n \"developer_mode\": 1,\n \
                    \"disable_error_mail\": 1\n}\n";
const COMMON: &str = "{\n \"background_workers\": 1,\n \"developer_mode\": 1,\n \"logging\": 2,\n \
                      \"redis_cache\": \"redis://127.0.0.1:13000\",\n \"redis_queue\": \"redis://127.0.0.1:11000\",\n \
                      \"server_script_enabled\": true\n}\n";

/// The site over plain HTTP, as the gate would ask it for a client that came over TLS.
struct Http(String);

#[async_trait]
impl Interface for Http {
    async fn ask(&self, question: Question) -> Result<Answer, String> {
        let mut request = reqwest::Client::new().get(format!("{}{}", self.0, question.path));
        request = request.header("x-forwarded-proto", "https");
        if let Some(authorization) = question.authorization {
            request = request.header("authorization", authorization);
        }
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok(Answer { status, headers, body: answer.bytes().await.unwrap().to_vec() })
    }
}

struct World {
    folder: TempDir,
    running: RunningSite,
    site: FrappeSite,
    stop: Option<oneshot::Sender<()>>,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
    }
}

impl World {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let bench = folder.path().join("bench");
        fs::create_dir_all(bench.join("sites/tems.local")).unwrap();
        fs::write(bench.join("sites/tems.local/site_config.json"), SITE).unwrap();
        fs::write(bench.join("sites/common_site_config.json"), COMMON).unwrap();
        let file = helper_file(folder.path());
        let (stop, stopped) = oneshot::channel();
        let (socket, helper) = (HelperSocket::bind(&file).unwrap(), Helper::new(file.clone(), Vec::new(), Vec::new()));
        tokio::spawn(async move { helper.serve(socket, async { _ = stopped.await }).await });
        let running = RunningSite::start(&bench).await;
        let env = TestEnv::default();
        let bench = Bench {
            name: "tems".to_owned(),
            helper: Some(HelperClient::start(&file.socket, env.env.clone(), |_| ())),
            token_file: Some(folder.path().join("tems.token")),
        };
        let interface = Arc::new(Http(running.upstream.address.clone()));
        let site = FrappeSite { name: "tems".to_owned(), bench: Some(bench), interface };
        let world = Self { folder, running, site, stop: Some(stop) };
        world.write_token(FRAPPE_TOKEN);
        world
    }

    fn write_token(&self, token: &str) {
        let path = self.folder.path().join("tems.token");
        fs::write(&path, format!("{token}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }

    /// What a run of all checks sees.
    async fn look(&self) -> Vec<(String, Sight)> {
        let mut seen = Vec::new();
        for check in frappe::checks(&self.site) {
            let name = check.about().id.rsplit('.').next().unwrap().to_owned();
            seen.push((name, check.look().await));
        }
        seen
    }

    /// The checks that saw this.
    async fn with(&self, verdict: Verdict) -> Vec<String> {
        let seen = self.look().await.into_iter().filter(|(_, sight)| sight.verdict() == verdict);
        seen.map(|(name, _)| name).collect()
    }

    async fn second_factor(&self) -> Sight {
        self.look().await.pop().unwrap().1
    }

    fn mender(&self) -> Arc<dyn Mender> {
        frappe::mender(&self.site).unwrap()
    }

    fn set(&self, key: &str, value: impl Into<serde_json::Value>) {
        self.running.state().settings[key] = value.into();
    }

    fn restarts(&self) -> String {
        fs::read_to_string(self.folder.path().join("restarts")).unwrap_or_default()
    }
}

fn helper_file(folder: &Path) -> HelperFile {
    let user = fs::metadata(folder).map(|about| std::os::unix::fs::MetadataExt::uid(&about)).unwrap();
    let text = format!(
        "user = \"{user}\"\nsocket = \"{0}/helper.sock\"\n\
         [[bench]]\nname = \"tems\"\npath = \"{0}/bench\"\nsite = \"tems.local\"\nrestart = \"restart-bench\"\n\
         [[command]]\nname = \"restart-bench\"\nprogram = \"/bin/sh\"\narguments = [\"-c\", \"echo again >> {0}/restarts\"]\n",
        folder.display()
    );
    HelperFile::parse(Path::new("helper.toml"), &text).unwrap()
}

fn text(plan: &Plan) -> String {
    plan.steps.iter().map(|step| format!("{}\n{}", step.what, step.difference)).collect()
}

/// covers T3.3
/// covers T14.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bench_as_a_developer_left_it_is_found_mended_once_and_then_clean() {
    let world = World::new().await;
    world.set("allow_error_traceback", 1);
    world.set("session_expiry", "240:00");
    let wrong = [
        "developer_mode",
        "allow_error_traceback",
        "disable_error_mail",
        "server_script_enabled",
        "deny_multiple_sessions",
        "enable_frappe_logger",
        "rate_limit",
        "session_expiry",
        "logging",
    ];
    assert_eq!(world.with(Verdict::Finding).await, wrong);
    let mute = [
        "log_queries",
        "background_workers",
        "shallow_clone",
        "rate_limit_whitelist",
        "session_expiry_mobile",
        "file_watcher_port",
    ];
    assert_eq!(world.with(Verdict::NotApplicable).await[..6], mute, "what changes nothing is named as such");
    let sixth = frappe::checks(&world.site).into_iter().find(|check| check.about().guide_number == Some(6)).unwrap();
    assert_eq!(sixth.about().title, "Developer mode disabled");
    assert_eq!(sixth.look().await.seen(), "developer_mode is 1 (site_config.json, line 4).");

    let plan = world.mender().plan().await.unwrap();
    assert_eq!((plan.mender.as_str(), plan.steps.len()), ("frappe.tems", 3));
    let shown = text(&plan);
    let lines: Vec<&str> = shown.lines().collect();
    for line in ["- \"developer_mode\": 1,", "+ \"developer_mode\": 0,", "- \"logging\": 2,", "+ \"logging\": 0,"] {
        assert!(lines.contains(&line), "{line} in {shown}");
    }
    assert!(lines.contains(&"  \"db_password\": …,"), "{shown}");
    assert!(
        !shown.contains("hunter2")
            && shown.contains("Frappe does not heed allow_error_traceback, disable_error_mail there")
    );
    assert_eq!(world.mender().plan().await.unwrap().digest(), plan.digest(), "a plan changes nothing");
    let done = world.mender().apply(&plan).await.unwrap();
    assert_eq!((done.len(), done[2].as_str()), (3, "Restarted the bench."));
    assert_eq!(world.restarts(), "again\n");
    let kept = done[0].rsplit(' ').next().unwrap().trim_end_matches('.');
    assert_eq!(fs::read_to_string(kept).unwrap(), SITE);

    // The files are right now; what Frappe keeps elsewhere is not, and that counts.
    assert_eq!(world.with(Verdict::Finding).await, ["allow_error_traceback", "session_expiry"]);
    world.set("allow_error_traceback", 0);
    world.set("session_expiry", "06:00");
    assert_eq!(world.with(Verdict::Finding).await, Vec::<String>::new());
    assert_eq!(world.with(Verdict::Unseen).await, Vec::<String>::new());
    let right = [
        "developer_mode",
        "allow_error_traceback",
        "server_script_enabled",
        "deny_multiple_sessions",
        "enable_frappe_logger",
        "redis_cache",
        "redis_queue",
        "rate_limit",
        "session_expiry",
        "cookie_secure",
        "cookie_httponly",
        "cookie_samesite",
        "logging",
    ];
    assert_eq!(world.with(Verdict::InForce).await, right);
    let again = world.mender().plan().await.unwrap();
    assert!(again.is_empty(), "{}", text(&again));
    assert_eq!(world.mender().apply(&again).await.unwrap(), Vec::<String>::new());
    assert_eq!(world.restarts(), "again\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_is_not_the_present_one_is_not_carried_out_and_what_no_program_should_change_is_named() {
    let world = World::new().await;
    let common = world.folder.path().join("bench/sites/common_site_config.json");
    let plan = world.mender().plan().await.unwrap();
    fs::write(&common, "{\"logging\": 1}").unwrap();
    let error = world.mender().apply(&plan).await.unwrap_err();
    assert_eq!(error.message(), "The files have changed meanwhile. Look at the plan again.");
    fs::write(&common, "{\n // for now\n \"logging\": 1}").unwrap();
    let error = world.mender().plan().await.unwrap_err();
    let words =
        "it is no JSON from line 2, column 2 on. JSON has no comments: take it out. Nothing is changed in either file.";
    assert_eq!(error.message(), format!("{}: {words}", common.display()));
    assert!(world.with(Verdict::Unseen).await.contains(&"developer_mode".to_owned()));
    assert_eq!(fs::read_to_string(world.folder.path().join("bench/sites/tems.local/site_config.json")).unwrap(), SITE);
    assert_eq!(world.restarts(), "");
}

/// covers T11.3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holders_of_privileged_roles_without_a_second_factor_are_listed() {
    let world = World::new().await;
    assert_eq!(world.second_factor().await.verdict(), Verdict::NotApplicable, "nobody holds one");
    world.running.state().users = vec![
        ("fleet@tems.local", vec!["Fleet Manager", "Employee"]),
        ("safety@tems.local", vec!["Safety Manager", "System Manager"]),
        ("driver@tems.local", vec!["Driver"]),
    ];
    world.running.state().two_factor_roles = vec!["System Manager"];
    let both = ["fleet@tems.local: Fleet Manager", "safety@tems.local: Safety Manager, System Manager"];
    let sight = world.second_factor().await;
    assert_eq!(
        (sight.verdict(), sight.evidence()),
        (Verdict::Finding, both.map(str::to_owned).as_slice()),
        "it is switched off"
    );
    world.set("enable_two_factor_auth", 1);
    let sight = world.second_factor().await;
    assert_eq!(sight.evidence(), ["fleet@tems.local: Fleet Manager"]);
    assert_eq!(sight.seen(), "1 of 2 holders of privileged roles have no second factor there.");
    world.running.state().two_factor_roles = vec!["System Manager", "Fleet Manager"];
    let sight = world.second_factor().await;
    assert_eq!(sight.seen(), "All 2 holders of privileged roles are asked for a second factor.");
    assert_eq!(sight.verdict(), Verdict::InForce);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_the_site_knows_is_unseen_without_a_token_that_it_takes() {
    let mut world = World::new().await;
    world.running.state().users = vec![("fleet@tems.local", vec!["Fleet Manager"])];
    let needs_token = ["allow_error_traceback", "second_factor"];
    world.write_token("0000:1111");
    assert_eq!(world.with(Verdict::Unseen).await, needs_token);
    assert!(world.second_factor().await.seen().contains("refuses the token"));
    world.write_token("two\nlines");
    assert!(world.second_factor().await.seen().ends_with("can't be used: it holds no token."));
    world.site.bench.as_mut().unwrap().token_file = None;
    assert_eq!(world.with(Verdict::Unseen).await, needs_token);
    assert!(world.second_factor().await.seen().contains("no API token is configured"));
    // A site that is down: what it would show is unseen, and its files are still judged.
    world.site.interface = Arc::new(Http("http://127.0.0.1:1".to_owned()));
    let unseen = world.with(Verdict::Unseen).await;
    assert!(
        unseen.contains(&"cookie_secure".to_owned()) && !unseen.contains(&"developer_mode".to_owned()),
        "{unseen:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_helper_or_a_bench_the_files_are_unseen_and_nothing_is_written() {
    let mut world = World::new().await;
    world.site.bench.as_mut().unwrap().helper = None;
    let seen = world.look().await;
    assert!(seen[0].1.verdict() == Verdict::Unseen && seen[0].1.seen().contains("there is no helper"), "{seen:?}");
    assert!(world.mender().plan().await.unwrap_err().message().starts_with("There is no helper"));
    world.site.bench = None;
    assert!(frappe::mender(&world.site).is_none());
    let (_, sight) = &world.look().await[0];
    assert!(sight.seen().starts_with("No bench is configured") && sight.mend().is_some(), "{sight:?}");
}
