//! What commands at the host do without a server: they open the database themselves, under its lock.

use std::{fs::File, io::BufReader};

use anyhow::{Context as _, bail};
use palisade_base::Caller;
use palisade_config::Config;
use palisade_identity::permissions::operator_authority;
use palisade_store::{DatabaseUrl, Store};
use palisade_trail::{Trail, TrailConfig, VerifierKey};
use serde_json::{Value, json};

use crate::{
    MIGRATOR, System,
    control::{local_operator, verify_options},
    database_url,
    serve::real_env,
    site::base_url,
    system::{open_vault, plain},
};

/// Brings the schema up to this release; gives how many steps that took. On PostgreSQL this works as the schema's owner,
/// who then gives the runtime user its grants.
///
/// # Errors
/// What is wrong, where, and what to do.
pub async fn migrate(config: &Config) -> anyhow::Result<usize> {
    let now = real_env().now();
    Ok(match database_url(config)? {
        DatabaseUrl::Postgres(options) => {
            let owner = config.database.owner_url.as_ref().context(
                "the schema owner's URL is not known\n  Set PALISADE_OWNER_DATABASE_URL to a PostgreSQL URL of the user \
                 that owns the tables; DATABASE_URL names the one that only uses them.",
            )?;
            MIGRATOR.run(&owner.to_url()?, Some(options.get_username()), now).await?
        }
        sqlite @ DatabaseUrl::Sqlite(_) => {
            crate::DataDir::prepare(config)?;
            MIGRATOR.run(&sqlite, None, now).await?
        }
    })
}

/// A link with which the first administrator is made, and until when it works.
///
/// # Errors
/// There is an administrator already, or what is wrong with the system.
pub async fn set_up_link(config: Config) -> anyhow::Result<Value> {
    let system = System::open(config, real_env()).await?;
    let caller = Caller::operator(local_operator(), operator_authority());
    let link = system.identity.issue_set_up_link(&caller).await;
    let base = base_url(&system.config);
    system.close().await?;
    let link = link.map_err(plain)?;
    Ok(json!({
        "link": format!("{base}/set-up/{}", link.token.reveal()),
        "expires_at": link.expires_at.to_string(),
    }))
}

/// Verifies the trail of a database that no server uses. With a key from outside, the key file is not needed.
///
/// # Errors
/// The database or the key can't be used. What is wrong with the trail stands in the report.
pub async fn verify_trail(config: Config, key: Option<&str>, against: &str) -> anyhow::Result<Value> {
    let url = database_url(&config)?;
    if let DatabaseUrl::Sqlite(path) = &url
        && !path.exists()
    {
        bail!("there is no database at {}\n  Name its configuration with --config.", path.display());
    }
    let options = verify_options(against, key).map_err(plain)?;
    let store = Store::open(&url, &config.database.pool(), real_env()).await?;
    let report = match &options.vkey {
        Some(key) => {
            let key: VerifierKey = key.clone();
            palisade_trail::verify(&store, &key, options).await
        }
        None => {
            let vault = open_vault(&config, &store).await?;
            Trail::open(store.clone(), &vault, TrailConfig::default()).await?.verify(options).await
        }
    };
    store.close().await;
    Ok(serde_json::to_value(report?)?)
}

/// Verifies an export of the trail: needs neither database nor configuration.
///
/// # Errors
/// It can't be read, or is no export at all. What is wrong with the trail stands in the report.
pub fn verify_export(export: File, key: Option<&str>, against: &str) -> anyhow::Result<Value> {
    let options = verify_options(against, key).map_err(plain)?;
    let report = palisade_trail::verify_export(BufReader::new(export), &options, &real_env())?;
    Ok(serde_json::to_value(report)?)
}

/// Makes the data directory, where it is not there yet.
///
/// # Errors
/// It can't be made, or other users may write to it.
pub fn prepare_data_dir(config: &Config) -> anyhow::Result<()> {
    crate::DataDir::prepare(config).map(drop)
}
