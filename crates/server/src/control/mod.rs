//! The control socket: how commands at the host reach the running server.
//!
//! A unix socket in the data directory, which only the server's own user and root can open. Who asks is taken from the
//! kernel, not from what the client says, and stands in the trail as `operator:<name>`. One connection carries one
//! request: a line of JSON ([`Request`]), answered by lines of JSON ([`Reply`]), the last of which is the result.

mod answer;
mod client;
mod handler;
mod listener;
mod peer;
mod protocol;

pub use client::{ClientError, call};
pub(crate) use handler::verify_options;
pub use handler::{Control, findings_as_json};
pub use listener::{ControlSocket, SocketError};
pub use protocol::{Failure, FailureKind, Reply, Request, Revoke, RoleName, TrailQuery};

pub(crate) use peer::local_operator;

/// Where the socket of a server with this data directory is.
#[must_use]
pub fn socket_path(data_dir: &std::path::Path) -> std::path::PathBuf {
    data_dir.join("control.sock")
}
