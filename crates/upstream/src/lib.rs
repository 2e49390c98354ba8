#![doc = include_str!("../README.md")]

mod address;
mod body;
mod connect;
mod cookies;
mod cors;
mod error;
mod exchange;
mod facts;
mod h1;
mod headers;
mod health;
mod history;
mod location;
mod settings;
mod stream;
mod target;
mod tls;
mod tunnel;
mod upstream;
mod websocket;

pub use address::AddressHealth;
pub use error::{SetupError, UpstreamError};
pub use facts::ForwardFacts;
pub use headers::strip_named_by_connection;
pub use settings::{Balance, CookieRules, HealthCheck, UpstreamSettings, UpstreamTimeouts};
pub use tunnel::{Tunnel, TunnelSlot};
pub use upstream::Upstream;
