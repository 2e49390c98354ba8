//! Waiting for something to become true, with a bound.

use std::time::{Duration, Instant};

/// How long a test waits for something before it gives up: generous, since a busy machine is no mistake.
const LIMIT: Duration = Duration::from_secs(30);
/// How often it looks.
const INTERVAL: Duration = Duration::from_millis(50);

/// Asks again and again until there is an answer; gives it.
///
/// # Panics
/// There is none within 30 seconds.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < give_up, "waited {} s in vain for {what}", LIMIT.as_secs());
        tokio::time::sleep(INTERVAL).await;
    }
}

/// As [`until`], where nothing else runs meanwhile.
pub(crate) fn until_blocking<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < give_up, "waited {} s in vain for {what}", LIMIT.as_secs());
        std::thread::sleep(INTERVAL);
    }
}
