//! The way to the helper, where the configuration names one. Every use of it stands in the trail.

use std::time::Duration;

use palisade_base::{Actor, Category, Origin, Outcome, Resource, TrailEntry};
use palisade_config::Config;
use palisade_helper::client::{HelperClient, HelperError, HelperState, Used};
use palisade_store::{Store, StoreError};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::sleep};

/// So many uses may wait for the database.
const WAITING: usize = 8_192;
/// So many are written in one transaction.
const TOGETHER: usize = 128;
/// How long the database is left alone after it could not be written to.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the client; `None` where no helper is configured.
pub(crate) fn start(config: &Config, store: &Store) -> Option<HelperClient> {
    let socket = config.helper.socket.as_ref()?;
    let (uses, waiting) = mpsc::channel(WAITING);
    tokio::spawn(write(store.clone(), waiting));
    Some(HelperClient::start(socket, store.env().clone(), move |used| {
        if let Err(error) = uses.try_send(used) {
            tracing::error!(%error, "a use of the helper could not be queued for the trail; its own log has it");
        }
    }))
}

async fn write(store: Store, mut waiting: mpsc::Receiver<Used>) {
    let mut uses = Vec::new();
    while waiting.recv_many(&mut uses, TOGETHER).await > 0 {
        while let Err(error) = write_once(&store, &uses).await {
            tracing::warn!(%error, uses = uses.len(), "uses of the helper could not be written into the trail");
            if !matches!(error, StoreError::Unavailable(_) | StoreError::Uncertain(_) | StoreError::Contended) {
                break;
            }
            sleep(PAUSE).await;
        }
        uses.clear();
    }
}

async fn write_once(store: &Store, uses: &[Used]) -> Result<(), StoreError> {
    let Some((first, rest)) = uses.split_first() else { return Ok(()) };
    let tx = store.write().await?;
    tx.commit_all(entry(first), rest.iter().map(entry).collect()).await
}

fn entry(used: &Used) -> TrailEntry {
    let (outcome, why) = match &used.outcome {
        Ok(()) => (Outcome::Success, None),
        Err(HelperError::Failed(failure)) => (Outcome::Failure(failure.kind.word()), Some(failure.message.clone())),
        Err(HelperError::Unreachable(why)) => (Outcome::Failure("unreachable"), Some(why.clone())),
    };
    TrailEntry {
        category: Category::Security,
        actor: Actor::Job("helper"),
        action: action(used.operation),
        resource: Resource::new("helper", &used.subject),
        outcome,
        origin: Origin::default(),
        changes: Vec::new(),
        notes: why.map(|why| ("why", why.into())).into_iter().collect(),
    }
}

fn action(operation: &str) -> &'static str {
    match operation {
        "ban_set" => "helper.ban",
        "ban_lift" => "helper.lift",
        "ban_replace_all" => "helper.replace_bans",
        "follow_logs" => "helper.follow",
        "run_command" => "helper.run",
        "bench_look" => "helper.look_at_bench",
        "bench_harden" => "helper.harden_bench",
        "mariadb_look" => "helper.look_at_database",
        "mariadb_mend" => "helper.mend_database",
        "firewall_status" => "helper.read_firewall",
        "firewall_try" => "helper.try_firewall",
        "firewall_confirm" => "helper.confirm_firewall",
        "pending_updates" => "helper.read_updates",
        "docker" => "helper.read_docker",
        _ => "helper.use",
    }
}

/// How the helper is, for `palisade status`.
pub(crate) fn describe(helper: Option<&HelperClient>) -> Value {
    let Some(helper) = helper else {
        return json!({
            "state": "none",
            "without": "bans hold at the gate alone; only logs that the server may read are followed; no DNS-01",
        });
    };
    match helper.state() {
        HelperState::Unknown => json!({ "state": "not reached yet", "socket": helper.socket() }),
        HelperState::Unreachable(why) => json!({ "state": "unreachable", "socket": helper.socket(), "why": why }),
        HelperState::Connected(status) => json!({ "state": "connected", "socket": helper.socket(), "status": status }),
    }
}
