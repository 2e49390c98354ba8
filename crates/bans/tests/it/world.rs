//! A company with its bans.

use std::{
    fs,
    io::Write as _,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use palisade_bans::{Ban, BanFilter, Bans, FailedTry, JailFigures, MANAGE_BANS, NewBan, READ_BANS, Target, Which};
use palisade_bans::{may_manage_bans, may_read_bans};
use palisade_base::{Authority, Caller, Clock as _, Error, Instant, Scope, Span};
use palisade_config::Config;
use palisade_store::{Engine, Statement};
use palisade_testkit::TestStore;

pub(crate) struct World {
    pub(crate) db: TestStore,
    pub(crate) bans: Bans,
    config: Config,
}

pub(crate) fn config(jails: &str) -> Config {
    let text = format!("[[site]]\nname = \"kpi\"\nhosts = [\"kpi.example\"]\n[jails]\n{jails}\n");
    Config::parse(Path::new("palisade.toml"), &text).unwrap()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn target(text: &str) -> Target {
    Target::parse(text).unwrap()
}

pub(crate) fn operator() -> Caller {
    Caller::operator("root", Authority::from_iter([(MANAGE_BANS, Scope::All), (READ_BANS, Scope::All)]))
}

impl World {
    pub(crate) async fn new(db: TestStore, jails: &str) -> Self {
        let config = config(jails);
        Self { bans: Bans::open(db.store.clone(), &config).await.unwrap(), db, config }
    }

    /// The program ends, and starts again.
    pub(crate) async fn restart(&mut self) {
        self.bans.close().await;
        self.start().await;
    }

    /// The program starts, whatever became of the one before.
    pub(crate) async fn start(&mut self) {
        self.bans = Bans::open(self.db.reopen().await, &self.config).await.unwrap();
    }

    /// What a jail has seen since the start.
    pub(crate) async fn seen(&self, jail: &str) -> JailFigures {
        let report = self.bans.report(&may_read_bans(&operator()).unwrap()).await.unwrap();
        report.jails.iter().find(|found| found.name == jail).unwrap().figures
    }

    pub(crate) fn now(&self) -> Instant {
        self.db.clock.now()
    }

    pub(crate) fn pass(&self, span: Span) {
        self.db.clock.advance(span);
    }

    pub(crate) fn fail(&self, address: &str, times: usize) {
        for _ in 0..times {
            self.bans.failed(FailedTry {
                address: ip(address),
                at: self.now(),
                site: "kpi",
                way: "/sign-in",
                account: Some("bob"),
                status: 401,
                forwarded: false,
            });
        }
    }

    /// What is banned, where this address is.
    pub(crate) fn found(&self, address: &str) -> Option<String> {
        self.bans.find(ip(address), self.now()).map(|facts| facts.target.to_string())
    }

    pub(crate) async fn add(&self, text: &str, length: Option<Span>) -> Result<Ban, Error> {
        let caller = operator();
        let new = NewBan { target: target(text), length, reason: "scans".to_owned() };
        self.bans.add(&caller, &may_manage_bans(&caller)?, new).await
    }

    pub(crate) async fn lift(&self, text: &str) -> Result<u64, Error> {
        let caller = operator();
        self.bans.lift(&caller, &may_manage_bans(&caller)?, target(text)).await
    }

    pub(crate) async fn list(&self, which: Which) -> Vec<Ban> {
        let filter = BanFilter { which, limit: 100, ..BanFilter::default() };
        self.bans.list(&may_read_bans(&operator()).unwrap(), &filter).await.unwrap().0
    }

    /// The trail as `actor action resource`, oldest first.
    pub(crate) async fn trail(&self) -> Vec<String> {
        let sql = Statement {
            name: "TRAIL",
            sqlite: "SELECT actor, action, resource FROM trail_leaf ORDER BY seq",
            postgres: "SELECT actor, action, resource FROM trail_pending ORDER BY arrival",
        };
        assert!(matches!(self.db.store.engine(), Engine::Sqlite | Engine::Postgres));
        let rows = self.db.store.read().await.unwrap().fetch_all(sql.sql()).await.unwrap();
        let text = |row: &palisade_store::Row, column| row.get::<String>(column).unwrap();
        rows.iter().map(|row| ["actor", "action", "resource"].map(|column| text(row, column)).join(" ")).collect()
    }
}

/// Log files of the test's own.
pub(crate) struct LogDir(pub(crate) tempfile::TempDir);

impl LogDir {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
}

/// Waits until it is so; a test that waits in vain fails.
pub(crate) async fn until(mut what: impl AsyncFnMut() -> bool) {
    for _ in 0..12_000 {
        if what().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come to be within two minutes");
}
