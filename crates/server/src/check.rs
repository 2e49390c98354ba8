//! `palisade config check`: reads the configuration and tries all that it names, without serving.

use std::{net::SocketAddr, time::Duration};

use palisade_config::{Config, ConfigError, Finding, UpstreamAddress};
use palisade_gate::check_addresses;
use palisade_upstream::{SetupError, Upstream, UpstreamSettings};
use tokio::{
    net::{TcpStream, UnixStream, lookup_host},
    time::timeout,
};

use crate::control::{self, Request};

/// How long an application may take to be there.
const PATIENCE: Duration = Duration::from_secs(2);

/// A look at what a part of the configuration names. Each part of the program brings its own.
type Look = fn(&Config) -> Vec<Finding>;

/// The looks that need nothing but the configuration.
const LOOKS: [Look; 3] = [look_at_certificates, palisade_bans::check_jails, look_at_helper];

/// All that is wrong, and all that somebody should know, in the order of the file.
pub async fn check_everything(config: &Config) -> Vec<Finding> {
    let mut findings = config.findings();
    findings.extend(LOOKS.iter().flat_map(|look| look(config)));
    let held = addresses_of_running_server(config).await;
    findings.extend(check_addresses(config, &held));
    for (number, site) in config.sites.iter().enumerate() {
        if let Some(settings) = UpstreamSettings::of(site) {
            let at = format!("site.{number}.upstream");
            findings.extend(check_settings(config, &at, &settings));
            findings.extend(look_at_addresses(config, &at, &settings.addresses).await);
        }
    }
    ConfigError::new(config.path().to_owned(), findings).findings
}

/// Refuses jails of `[[jail]]` that can't be used: who wrote one counts on it.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn refuse_broken_jails(config: &Config) -> Result<(), ConfigError> {
    let findings = palisade_bans::broken_jails(config);
    if findings.is_empty() { Ok(()) } else { Err(ConfigError::new(config.path().to_owned(), findings)) }
}

fn look_at_certificates(config: &Config) -> Vec<Finding> {
    palisade_certificates::check_certificates(config).err().map(|error| error.findings).unwrap_or_default()
}

fn look_at_helper(config: &Config) -> Vec<Finding> {
    let Some(socket) = config.helper.socket.as_ref().filter(|socket| !socket.exists()) else { return Vec::new() };
    let what = format!("no helper answers at {}", socket.display());
    let hint = "Start it: systemctl start palisade-helper. Until then bans hold at the gate alone.";
    vec![Finding::warning(config.place("helper.socket"), what, hint)]
}

/// What a server of this configuration listens on just now: those addresses are ours.
async fn addresses_of_running_server(config: &Config) -> Vec<SocketAddr> {
    let socket = control::socket_path(&config.data_dir);
    let Ok(status) = control::call(&socket, &Request::Status, |_| {}).await else { return Vec::new() };
    let listed = status["addresses"].as_array().cloned().unwrap_or_default();
    listed.iter().filter_map(|address| address.as_str()?.parse().ok()).collect()
}

/// Whether requests could be sent at all: the CA's file, the name to be proved.
fn check_settings(config: &Config, at: &str, settings: &UpstreamSettings) -> Option<Finding> {
    let error = Upstream::new(settings.clone()).err()?;
    let key = match &error {
        SetupError::Ca { .. } => "ca",
        SetupError::ServerName(_) => "server_name",
        _ => "to",
    };
    let text = error.to_string();
    let (what, hint) =
        text.split_once(". ").unwrap_or((text.as_str(), "docs/guarding-a-site.md shows how it is written."));
    Some(Finding::error(config.place(&format!("{at}.{key}")), what, hint))
}

/// An application that is not there now may be there later, so it is a warning.
async fn look_at_addresses(config: &Config, at: &str, addresses: &[UpstreamAddress]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, address) in addresses.iter().enumerate() {
        if let Err(why) = reach(address).await {
            let what = format!("{address} can't be reached: {why}");
            let hint =
                "Start the application, or correct the address. Until then people are told that it is not there (502).";
            findings.push(Finding::warning(config.place(&format!("{at}.to.{number}")), what, hint));
        }
    }
    findings
}

async fn reach(address: &UpstreamAddress) -> Result<(), String> {
    let attempt = async {
        match address {
            UpstreamAddress::Unix(path) => UnixStream::connect(path).await.map(drop),
            UpstreamAddress::Tcp { host, port, .. } => {
                let name = host.address().map_or_else(|| host.to_string(), |ip| ip.to_string());
                let found: Vec<SocketAddr> = lookup_host((name, *port)).await?.collect();
                TcpStream::connect(found.as_slice()).await.map(drop)
            }
        }
    };
    match timeout(PATIENCE, attempt).await {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} seconds", PATIENCE.as_secs())),
    }
}
