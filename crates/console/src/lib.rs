#![doc = include_str!("../README.md")]

mod names;
mod navigation;
mod parts;
mod points;
mod routes;
mod session_cookies;
mod state;
mod step_up;
mod words;

pub use navigation::navigation;
pub use routes::routes;
pub use state::{
    At, CertificateReport, ConsoleConfig, ConsoleState, GuardedSite, SiteLabel, SiteReport, SiteReports,
    UpstreamReport, UpstreamState, UpstreamTrouble,
};
