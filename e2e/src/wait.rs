//! Waiting for something to become true, with a bound.

use std::time::{Duration, Instant};

/// How long a test waits for something before it gives up: generous, since a busy machine is no mistake.
const LIMIT: Duration = Duration::from_secs(120);
/// How often it looks.
const INTERVAL: Duration = Duration::from_millis(50);

/// Asks again and again until there is an answer; gives it.
///
/// # Panics
/// There is none within two minutes.
pub async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    within_limit(ask).await.unwrap_or_else(|| panic!("{}", in_vain(what)))
}

/// As [`until`], but gives nothing where there was no answer in time.
pub(crate) async fn within_limit<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let give_up = Instant::now() + LIMIT;
    loop {
        let answer = ask().await;
        if answer.is_some() || Instant::now() >= give_up {
            return answer;
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// The complaint of somebody who waited for it.
pub(crate) fn in_vain(what: &str) -> String {
    format!("waited {} s in vain for {what}", LIMIT.as_secs())
}

/// As [`until`], where nothing else runs meanwhile.
pub(crate) fn until_blocking<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < give_up, "{}", in_vain(what));
        std::thread::sleep(INTERVAL);
    }
}
