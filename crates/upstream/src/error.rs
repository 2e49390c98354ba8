//! Why a request got no answer of the upstream.

use http::StatusCode;
use palisade_base::Kind;
use thiserror::Error as ThisError;

/// The upstream can't be set up as configured.
#[derive(Debug, ThisError)]
pub enum SetupError {
    /// There is nobody to forward to.
    #[error("the upstream has no address. Name one: upstream = \"http://127.0.0.1:8000\"")]
    NoAddress,
    /// There are more addresses than one upstream can have.
    #[error("the upstream has more than 64 addresses")]
    TooManyAddresses,
    /// The file of trusted certificates is of no use.
    #[error("the certificates in {path} can't be used: {cause}. It has to be a PEM file with the CA's certificate")]
    Ca {
        /// The file.
        path: String,
        /// What is wrong.
        cause: String,
    },
    /// The system has no trusted certificates.
    #[error(
        "this system trusts no certificate authority: {0}. Install the package ca-certificates, or name a file as `ca`"
    )]
    NoSystemCa(String),
    /// The name that is to be proved is none.
    #[error("{0:?} is no name that a certificate can be for")]
    ServerName(String),
    /// Health is checked by a task, which needs a runtime.
    #[error("an upstream is made within a Tokio runtime")]
    NoRuntime,
}

/// A request got no answer of the upstream. `Display` is for the log; people are told [`UpstreamError::message`].
#[derive(Debug, ThisError)]
pub enum UpstreamError {
    /// No address is well.
    #[error("no address of the upstream is well")]
    NoneHealthy,
    /// As many connections are in use as may be, and as many requests wait as may, or one has waited for too long.
    #[error("{address} has as many connections in use as `connections` allows, and none became free in time")]
    Full {
        /// The address.
        address: String,
    },
    /// As many WebSockets and streams of events are open as may be.
    #[error("{address} has as many WebSockets and streams of events open as `open_streams` allows")]
    StreamsFull {
        /// The address.
        address: String,
    },
    /// The address took no connection.
    #[error("{address} can't be reached: {cause}")]
    Unreachable {
        /// The address.
        address: String,
        /// The system's words.
        cause: String,
    },
    /// The address did not take the connection in time.
    #[error("{address} took no connection in time")]
    ConnectTooSlow {
        /// The address.
        address: String,
    },
    /// The connection ended before there was an answer.
    #[error("{address} broke off: {cause}")]
    Broken {
        /// The address.
        address: String,
        /// What happened.
        cause: String,
    },
    /// There was an answer, and it can't be passed on.
    #[error("{address} sent an answer that can't be passed on: {what}")]
    BadAnswer {
        /// The address.
        address: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// There was no answer in time.
    #[error("{address} did not answer in time")]
    AnswerTooSlow {
        /// The address.
        address: String,
    },
    /// The client's own body broke off.
    #[error("the body of the request broke off")]
    RequestBody,
    /// A page of somebody else wants to open a WebSocket.
    #[error("a WebSocket was asked for by a page of another site")]
    ForeignOrigin,
    /// WebSockets are switched off.
    #[error("WebSockets are switched off for this site")]
    NoWebSockets,
}

impl UpstreamError {
    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NoneHealthy | Self::Full { .. } | Self::StreamsFull { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unreachable { .. } | Self::Broken { .. } | Self::BadAnswer { .. } => StatusCode::BAD_GATEWAY,
            Self::ConnectTooSlow { .. } | Self::AnswerTooSlow { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::RequestBody => StatusCode::BAD_REQUEST,
            Self::ForeignOrigin | Self::NoWebSockets => StatusCode::FORBIDDEN,
        }
    }

    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::RequestBody => Kind::Invalid,
            Self::ForeignOrigin | Self::NoWebSockets => Kind::Denied,
            _ => Kind::Unavailable,
        }
    }

    /// What people are told: what happened and what they can do, and nothing about what is inside.
    #[must_use]
    pub const fn message(&self) -> &'static str {
        match self {
            Self::NoneHealthy => "The application of this site is not running at the moment. Try again in a while.",
            Self::Unreachable { .. } => {
                "The application of this site can't be reached at the moment. Try again in a while."
            }
            Self::Broken { .. } => {
                "The application of this site broke off without an answer. What you did may not have been saved. Try again."
            }
            Self::BadAnswer { .. } => "The application of this site gave an answer that can't be passed on.",
            Self::Full { .. } | Self::StreamsFull { .. } | Self::ConnectTooSlow { .. } => {
                "The application of this site is too busy to take your request. Try again in a while."
            }
            Self::AnswerTooSlow { .. } => {
                "The application of this site took too long to answer. What you did may still be under way: look before you try again."
            }
            Self::RequestBody => "What you sent arrived broken. Try again.",
            Self::ForeignOrigin => "A page of another site may not open a connection here.",
            Self::NoWebSockets => "This site takes no WebSockets.",
        }
    }

    /// Whether the address itself is to blame, so that the next request better goes elsewhere.
    pub(crate) const fn blames_address(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::ConnectTooSlow { .. } | Self::Broken { .. })
    }
}
