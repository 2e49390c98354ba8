#![doc = include_str!("../README.md")]

mod access;
mod calls;
mod connection;
mod denials;
mod doors;
mod forwarded;
mod gate;
mod host_header;
mod late_commands;
mod layer;
mod limits;
mod listener;
mod metrics;
mod on_site;
mod own_paths;
mod path;
mod pipeline;
mod proxy_protocol;
mod readiness;
mod request;
mod shared;
mod sites;
mod standing;
mod tls;
mod ways_in;
mod wire;

pub use denials::SecurityTrail;
pub use gate::{BoundAddresses, BoundGate, Gate, GateError, GateHandle, GateParts, check_addresses};
pub use layer::response_headers::header_values;
pub use metrics::{Metrics, MetricsSource};
pub use pipeline::layers;
pub use readiness::Readiness;
pub use sites::{Guarded, Site, SiteApp};
pub use tls::TlsError;
pub use ways_in::WaysIn;
