//! A bench's files, through the helper: looked at, hardened, and left alone where they can't be trusted.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
    path::{Path, PathBuf},
};

use palisade_helper::{
    HelperFile,
    bench::{BenchDigests, BenchSight, Found, Restart},
    client::{HelperClient, HelperError},
    protocol::FailureKind,
};
use tempfile::TempDir;

use crate::helper::{Running, client, helper_file};

const SITE: &str =
    "{\n \"db_name\": \"_1bd3e0294da19198\",\n \"db_password\": \"hunter2\",\n \"developer_mode\": 1\n}\n";
const COMMON: &str = "{\n    \"background_workers\": 4,\n    \"redis_cache\": \"redis://:pw@10.0.0.7:13000\",\n\
                      \x20   \"logging\": 2,\n    \"webserver_port\": 8000\n}";

/// A bench in a folder of its own, a helper that knows it, and what the restart wrote.
struct World {
    folder: TempDir,
    _running: Running,
    client: HelperClient,
}

impl World {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let site = folder.path().join("bench/sites/tems.local");
        fs::create_dir_all(&site).unwrap();
        let file = Self::file(folder.path());
        let running = Running::start(&file, None);
        let (client, _) = client(&file);
        let world = Self { folder, _running: running, client };
        world.write("tems.local/site_config.json", SITE);
        world.write("common_site_config.json", COMMON);
        world
    }

    fn file(folder: &Path) -> HelperFile {
        let more = format!(
            "[[bench]]\nname = \"tems\"\npath = \"{0}/bench\"\nsite = \"tems.local\"\nrestart = \"restart-bench\"\n\
             [[command]]\nname = \"restart-bench\"\nprogram = \"/bin/sh\"\narguments = [\"-c\", \"echo again >> {0}/restarts\"]\n",
            folder.display()
        );
        helper_file(folder, &more)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join("bench/sites").join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.at(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    fn restarts(&self) -> String {
        fs::read_to_string(self.folder.path().join("restarts")).unwrap_or_default()
    }

    async fn look(&self) -> BenchSight {
        self.client.look_at_bench("tems").await.unwrap()
    }

    async fn harden(&self, sight: &BenchSight) -> Result<palisade_helper::bench::Hardened, HelperError> {
        let seen = BenchDigests { site: sight.site.digest.clone(), common: sight.common.digest.clone() };
        self.client.harden_bench("tems", seen).await
    }

    /// The files of the site's folder and of `sites`.
    fn names(&self) -> Vec<String> {
        let names = |folder: &str| {
            let entries = fs::read_dir(self.at(folder)).unwrap().map(|entry| entry.unwrap().file_name());
            entries.map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
        };
        let mut names = [names("."), names("tems.local")].concat();
        names.sort();
        names
    }
}

fn refusal(result: Result<palisade_helper::bench::Hardened, HelperError>) -> String {
    match result {
        Err(HelperError::Failed(failure)) if failure.kind == FailureKind::Refused => failure.message,
        other => panic!("{other:?}"),
    }
}

/// covers T3.3 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bench_is_hardened_once_with_its_old_files_kept_and_then_there_is_nothing_to_do() {
    let world = World::new();
    fs::set_permissions(world.at("tems.local/site_config.json"), Permissions::from_mode(0o640)).unwrap();
    chown(world.at("tems.local/site_config.json"), Some(4_242), Some(4_243)).unwrap();
    let sight = world.look().await;
    assert_eq!(sight.site.values["developer_mode"], Found { line: 4, text: "1".to_owned() });
    assert_eq!(sight.common.values["redis_cache"].text, "\"redis://…@10.0.0.7:13000\"", "a password is not told");
    assert!(!format!("{sight:?}").contains("hunter2") && !format!("{sight:?}").contains(":pw@"), "{sight:?}");
    assert!(sight.site.difference.contains("- \"developer_mode\": 1\n+ \"developer_mode\": 0,\n"), "{sight:?}");

    let hardened = world.harden(&sight).await.unwrap();
    assert_eq!(hardened.restart, Restart::Done);
    assert_eq!(world.restarts(), "again\n");
    let expected = "{\n \"db_name\": \"_1bd3e0294da19198\",\n \"db_password\": \"hunter2\",\n \"developer_mode\": 0,\n\
                    \x20\"allow_error_traceback\": 0,\n \"disable_error_mail\": 0,\n \"server_script_enabled\": 0,\n\
                    \x20\"deny_multiple_sessions\": 1\n}\n";
    assert_eq!(world.read("tems.local/site_config.json"), expected);
    let common = world.read("common_site_config.json");
    let start = "{\n    \"background_workers\": 4,\n    \"redis_cache\": \"redis://:pw@10.0.0.7:13000\",\n    \"logging\": 0,\n\
                 \x20   \"webserver_port\": 8000,\n    \"developer_mode\": 0,\n";
    assert!(common.starts_with(start), "{common}");
    assert!(common.ends_with("    \"file_watcher_port\": 6787\n}"), "{common}");
    let about = fs::metadata(world.at("tems.local/site_config.json")).unwrap();
    assert_eq!((about.uid(), about.gid(), about.mode() & 0o7777), (4_242, 4_243, 0o640));
    assert_eq!(fs::read_to_string(&hardened.written[0].kept).unwrap(), SITE);
    assert_eq!(fs::metadata(&hardened.written[0].kept).unwrap().uid(), 4_242, "what is kept is as closed as it was");
    assert_eq!(fs::read_to_string(&hardened.written[1].kept).unwrap(), COMMON);

    let sight = world.look().await;
    assert!(sight.site.changes.is_empty() && sight.common.changes.is_empty() && sight.site.difference.is_empty());
    let again = world.harden(&sight).await.unwrap();
    assert!(again.written.is_empty() && again.restart == Restart::NotNeeded && world.restarts() == "again\n");
    assert_eq!(world.names().len(), 5, "two files, what they were, and the site's folder: {:?}", world.names());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_changed_after_it_was_looked_at_is_left_alone() {
    let world = World::new();
    let sight = world.look().await;
    world.write("common_site_config.json", "{\"logging\": 2}");
    assert!(refusal(world.harden(&sight).await).contains("it is another than the one that was looked at"));
    assert_eq!(world.read("tems.local/site_config.json"), SITE, "neither of the two is written");
    assert_eq!(world.read("common_site_config.json"), "{\"logging\": 2}");
    assert_eq!((world.names().len(), world.restarts()), (3, String::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_frappe_could_not_read_or_a_program_should_not_change_is_named_and_left_alone() {
    let world = World::new();
    let long = [b"{\"a\": \"".as_slice(), &vec![b'x'; 1 << 20], b"\"}"].concat();
    for (content, word) in [
        (b"\xef\xbb\xbf{}".as_slice(), "byte order mark"),
        (b"{ // production\n}", "no JSON"),
        (b"{\"logging\": 0", "not closed"),
        (b"{\"logging\": \"\xfe\"}", "not UTF-8"),
        (b"[]", "no object"),
        (&long, "larger than 1 MiB"),
    ] {
        world.write("common_site_config.json", content);
        let sight = world.look().await;
        let why = sight.common.unreadable.clone().unwrap_or_default();
        assert!(why.contains(word), "{word}: {why}");
        assert!(sight.site.changes.is_empty(), "the two work together");
        assert!(refusal(world.harden(&sight).await).contains(word));
        assert_eq!(fs::read(world.at("common_site_config.json")).unwrap(), content);
    }
    world.write("common_site_config.json", "{\"logging\": 0,\n\"logging\": 2}");
    let sight = world.look().await;
    assert_eq!(sight.common.values["logging"], Found { line: 2, text: "2".to_owned() }, "the last one counts");
    assert!(sight.common.unchangeable.clone().unwrap().contains("twice"), "{sight:?}");
    assert!(refusal(world.harden(&sight).await).contains("twice"));
    assert_eq!((world.read("tems.local/site_config.json"), world.names().len()), (SITE.to_owned(), 3));
}

/// Whoever owns the bench must not choose what root reads and writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_link_leads_root_to_another_file() {
    let world = World::new();
    let elsewhere = world.folder.path().join("elsewhere.json");
    fs::write(&elsewhere, "{\"developer_mode\": 1}").unwrap();
    let site = world.at("tems.local/site_config.json");
    fs::remove_file(&site).unwrap();
    symlink(&elsewhere, &site).unwrap();
    let sight = world.look().await;
    assert!(sight.site.unreadable.clone().unwrap().contains("a link leads to"), "{sight:?}");
    assert!(refusal(world.harden(&sight).await).contains("a link leads to"));
    // A folder on the way, likewise.
    fs::rename(world.at("tems.local"), world.folder.path().join("moved")).unwrap();
    symlink(world.folder.path().join("moved"), world.at("tems.local")).unwrap();
    assert!(world.look().await.site.unreadable.unwrap().contains("a link leads to"));
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "{\"developer_mode\": 1}");
    // What is no file is not waited for.
    fs::remove_file(world.at("tems.local")).unwrap();
    fs::create_dir(world.at("tems.local")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&site).status().unwrap().success());
    assert!(world.look().await.site.unreadable.unwrap().contains("it is no file"));
    fs::remove_file(&site).unwrap();
    assert!(world.look().await.site.unreadable.unwrap().starts_with("there is no "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_bench_of_the_file_is_known_and_a_restart_that_fails_is_told() {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("bench/sites/tems.local")).unwrap();
    let sites = folder.path().join("bench/sites");
    fs::write(sites.join("tems.local/site_config.json"), "{}").unwrap();
    fs::write(sites.join("common_site_config.json"), "{}").unwrap();
    let more = format!(
        "[[bench]]\nname = \"tems\"\npath = \"{0}/bench\"\nsite = \"tems.local\"\nrestart = \"fail\"\n\
         [[command]]\nname = \"fail\"\nprogram = \"/bin/sh\"\narguments = [\"-c\", \"echo no such group >&2; exit 2\"]\n",
        folder.path().display()
    );
    let file = helper_file(folder.path(), &more);
    let _running = Running::start(&file, None);
    let (client, uses) = client(&file);
    let unknown = client.look_at_bench("/etc").await.unwrap_err();
    assert!(matches!(&unknown, HelperError::Failed(failure) if failure.kind == FailureKind::Unknown), "{unknown:?}");
    let sight = client.look_at_bench("tems").await.unwrap();
    let seen = BenchDigests { site: sight.site.digest, common: sight.common.digest };
    let hardened = client.harden_bench("tems", seen).await.unwrap();
    assert_eq!(hardened.restart, Restart::Failed("the command \"fail\" ended with 2: no such group".to_owned()));
    let told: Vec<_> = uses.lock().unwrap().iter().map(|used| (used.operation, used.outcome.is_ok())).collect();
    assert_eq!(told, [("bench_look", false), ("bench_look", true), ("bench_harden", true)]);
}
