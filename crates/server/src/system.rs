//! The parts below the doors, opened in the order that they need each other.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, anyhow, bail};
use palisade_bans::Bans;
use palisade_base::Env;
use palisade_certificates::Certificates;
use palisade_config::{App, Config};
use palisade_counters::LimitBoard;
use palisade_helper::client::HelperClient;
use palisade_identity::{Identity, IdentityConfig, password::HashingConfig, permissions::CONSOLE, settings::Profile};
use palisade_keys::Vault;
use palisade_posture::Posture;
use palisade_records::{RecordType, Records, check_schema, directory::PERSON};
use palisade_store::{DatabaseUrl, MigrationSet, Migrator, STORE_MIGRATIONS, Store};
use palisade_trail::{FileSink, Sink, SyslogAddress, SyslogSink, Trail, TrailConfig};

use crate::{
    certificates::DnsRecords,
    check::refuse_broken_jails,
    declaration::{KPI, declarations},
    helper,
    key_file::KeyDir,
    live::Live,
    posture::Everything,
    site::site_name,
};

/// Every table of the program, in the order that they depend on each other.
pub const MIGRATIONS: &[MigrationSet] = &[
    STORE_MIGRATIONS,
    palisade_keys::MIGRATIONS,
    palisade_trail::MIGRATIONS,
    palisade_records::MIGRATIONS,
    palisade_identity::MIGRATIONS,
    palisade_bans::MIGRATIONS,
    palisade_posture::MIGRATIONS,
    palisade_kpi::MIGRATIONS,
];

/// All migrations of the program.
pub const MIGRATOR: Migrator = Migrator(MIGRATIONS);

/// The key file's directory, below the data directory.
const KEYS: &str = "keys";

/// What the doors, the commands and the jobs work with.
#[derive(Clone)]
pub struct System {
    /// What `palisade.toml` said when this was opened.
    pub config: Arc<Config>,
    /// What is in force at the moment: what `palisade.toml` said when it was last read.
    pub live: Arc<Live>,
    /// Clock and randomness.
    pub env: Env,
    /// The database.
    pub store: Store,
    /// Encrypts and decrypts.
    pub vault: Vault,
    /// The record layer.
    pub records: Records,
    /// Users, sessions, roles, keys.
    pub identity: Identity,
    /// Who is shut out, and the jails.
    pub bans: Bans,
    /// The way to the helper, where there is one.
    pub helper: Option<HelperClient>,
    /// The certificates of the sites.
    pub certificates: Certificates,
    /// What the limits have refused lately.
    pub limits: LimitBoard,
    /// The trail; numbers and seals once it is started.
    pub trail: Trail,
    /// What is in force.
    pub posture: Posture,
}

/// Where things are kept below the data directory.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The data directory of this configuration; made, mode 0700, where it is not there yet.
    ///
    /// # Errors
    /// It can't be made, or other users may write to it.
    pub fn prepare(config: &Config) -> anyhow::Result<Self> {
        let dir = Self(config.data_dir.clone());
        make_private(&dir.0)?;
        make_private(&dir.0.join(KEYS))?;
        Ok(dir)
    }
}

/// The directory of the key file: apart from the database, so that a copy of the one is not a copy of the other.
pub(crate) fn key_dir(config: &Config) -> KeyDir {
    KeyDir::new(config.data_dir.join(KEYS))
}

fn make_private(path: &Path) -> anyhow::Result<()> {
    if !path.exists() {
        return fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("the directory {} can't be made", path.display()));
    }
    let mode =
        fs::metadata(path).with_context(|| format!("{} can't be looked at", path.display()))?.permissions().mode();
    if mode & 0o022 != 0 {
        bail!(
            "other users may write to {} (mode {:04o})\n  Run: chmod 700 '{}'",
            path.display(),
            mode & 0o7777,
            path.display()
        );
    }
    Ok(())
}

/// The database that the configuration means.
///
/// # Errors
/// The URL can't be read.
pub fn database_url(config: &Config) -> anyhow::Result<DatabaseUrl> {
    match &config.database.url {
        Some(text) => Ok(text.to_url()?),
        None => Ok(DatabaseUrl::Sqlite(config.data_dir.join("palisade.db"))),
    }
}

impl System {
    /// Opens everything, and starts numbering and sealing. The embedded database is migrated on the way; PostgreSQL's
    /// schema belongs to its owner, so there it is only checked.
    ///
    /// # Errors
    /// What is wrong, where, and what to do.
    pub async fn open(config: Config, env: Env) -> anyhow::Result<Self> {
        refuse_broken_jails(&config)?;
        DataDir::prepare(&config)?;
        let certificates = Certificates::load(&config, &env)?;
        let url = database_url(&config)?;
        if matches!(url, DatabaseUrl::Sqlite(_)) {
            MIGRATOR.run(&url, None, env.now()).await?;
        }
        let store = Store::open(&url, &config.database.pool(), env.clone()).await?;
        MIGRATOR.check(&store).await?;
        check_schema(&mut *store.read().await?, &record_types()).await?;
        let vault = open_vault(&config, &store).await?;
        let identity = Identity::new(store.clone(), vault.clone(), identity_config(&config));
        identity.declare(declarations(&config)).await.map_err(plain)?;
        let bans = Bans::open(store.clone(), &config).await.map_err(plain)?;
        let helper = helper::start(&config, &store);
        if let Some(helper) = &helper {
            bans.enforce_with(Arc::new(helper.clone()));
            bans.read_logs_with(helper.clone());
            certificates.set_dns(Arc::new(DnsRecords::new(helper.clone())));
        }
        let trail = Trail::start(store.clone(), &vault, trail_config(&config)).await?;
        let records = Records::new(store.clone()).in_zone(config.company.time_zone.zone().clone());
        let (config, limits) = (Arc::new(config), LimitBoard::default());
        let live = Arc::new(Live::new(Arc::clone(&config), certificates.clone(), limits.clone(), env.clone()));
        let posture = Posture::new(
            store.clone(),
            Arc::new(Everything {
                live: Arc::clone(&live),
                env: env.clone(),
                store: store.clone(),
                identity: identity.clone(),
                bans: bans.clone(),
                certificates: certificates.clone(),
                trail: trail.clone(),
                vault: vault.clone(),
                helper: helper.clone(),
            }),
        );
        Ok(Self {
            config,
            live,
            env,
            store,
            vault,
            records,
            identity,
            bans,
            helper,
            certificates,
            limits,
            trail,
            posture,
        })
    }

    /// Seals what is left and closes the database.
    ///
    /// # Errors
    /// The last leaves could not be sealed; they will be at the next start.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Err(error) = self.identity.close().await {
            tracing::warn!(
                cause = error.cause_for_log(),
                "how many sign-ins failed could not be written into the trail"
            );
        }
        self.bans.close().await;
        let sealed = self.trail.stop().await;
        self.store.close().await;
        Ok(sealed?)
    }
}

/// Every record type of the program: the directory's, and the apps'.
pub(crate) fn record_types() -> Vec<&'static RecordType> {
    std::iter::once(&PERSON).chain(palisade_kpi::TYPES.iter().copied()).collect()
}

/// The public side of an error that reaches the command line, with its fields, and its cause for who runs the program.
pub(crate) fn plain(error: palisade_base::Error) -> anyhow::Error {
    let mut text = error.message().to_owned();
    for wrong in error.fields() {
        text.push_str(&format!("\n  {}: {}", wrong.field, wrong.message));
    }
    if let Some(cause) = error.cause_for_log() {
        text.push_str(&format!("\n  {cause}"));
    }
    anyhow!(text)
}

fn identity_config(config: &Config) -> IdentityConfig {
    IdentityConfig {
        console_on: config.console_site().map_or(CONSOLE, site_name).to_owned(),
        company: config.company.name.clone(),
        profile: Profile::Guide,
        first_administrator_gets: if config.serves(App::Kpi) { vec![(KPI, "Admin")] } else { Vec::new() },
        hashing: HashingConfig::PRODUCTION,
    }
}

fn trail_config(config: &Config) -> TrailConfig {
    let files = config.seal.files.iter().map(|path| Arc::new(FileSink::new(path.clone())) as Arc<dyn Sink>);
    let host = config.console_host().map(ToString::to_string).unwrap_or_default();
    let syslog =
        config.seal.syslog.iter().map(|address| Arc::new(SyslogSink::new(syslog(address), &host)) as Arc<dyn Sink>);
    TrailConfig { sinks: files.chain(syslog).collect(), ..TrailConfig::default() }
}

fn syslog(address: &palisade_config::SyslogAddress) -> SyslogAddress {
    let authority = address.authority.clone();
    if address.tcp { SyslogAddress::Tcp(authority) } else { SyslogAddress::Udp(authority) }
}

/// The vault of this database, with its key file.
pub(crate) async fn open_vault(config: &Config, store: &Store) -> anyhow::Result<Vault> {
    DataDir::prepare(config)?;
    let key_file = key_dir(config).find(store, store.env()).await?;
    Ok(Vault::open(store.clone(), key_file, palisade_identity::ENCRYPTED_COLUMNS.iter().copied()).await?)
}
