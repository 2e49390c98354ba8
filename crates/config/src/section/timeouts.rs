//! `[timeouts]`

use std::time::Duration;

use crate::reference::section;

section! {
    /// How long anything may take, in milliseconds.
    "[timeouts]" TimeoutsConfig {
        /// The TLS handshake.
        handshake_ms: u64 = 10_000,
        /// From the first to the last byte of a request's headers (408 beyond).
        headers_ms: u64 = 10_000,
        /// The longest pause within a request's body (408 beyond).
        body_pause_ms: u64 = 15_000,
        /// The whole of a request until its answer begins (503 beyond).
        request_ms: u64 = 120_000,
        /// How long a connection may rest between requests.
        idle_ms: u64 = 75_000,
        /// How long a client may take nothing of an answer that is ready for it, before the connection is closed. On HTTP/2 an answer of one piece counts as rest.
        stalled_ms: u64 = 60_000,
        /// How long requests under way may take to finish when the program stops.
        stop_ms: u64 = 20_000,
    }
}

macro_rules! durations {
    ($($(#[$doc:meta])* $name:ident = $field:ident;)*) => {
        impl TimeoutsConfig {
            $($(#[$doc])* #[must_use] pub const fn $name(&self) -> Duration { Duration::from_millis(self.$field) })*
        }
    };
}

durations! {
    /// The longest TLS handshake.
    handshake = handshake_ms;
    /// The longest time for a request's headers.
    headers = headers_ms;
    /// The longest pause within a body.
    body_pause = body_pause_ms;
    /// The longest time until an answer begins.
    request = request_ms;
    /// The longest rest between requests.
    idle = idle_ms;
    /// The longest time that a client may take nothing.
    stalled = stalled_ms;
    /// The longest time to finish when stopping.
    stop = stop_ms;
}
