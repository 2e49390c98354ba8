//! The program's log: structured events on standard error.

use palisade_config::{LogConfig, LogFormat};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Libraries that log connection chatter, or statements, at levels that people turn on to see our own events.
const QUIET: &str = "hyper=warn,h2=warn,rustls=warn,tokio_rustls=warn,sqlx=warn,tower=warn,mio=warn";

/// Starts the log. Called once, by the binary; a second call changes nothing.
pub fn start(config: &LogConfig) {
    let filter = EnvFilter::new(format!("{},{QUIET}", config.level.as_str()));
    let base = tracing_subscriber::registry().with(filter);
    let _ = match config.format {
        LogFormat::Json => base.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).try_init(),
        LogFormat::Text => base.with(fmt::layer().with_target(false).with_writer(std::io::stderr)).try_init(),
    };
}
