//! A check that reads files of the machine and judges them.

use std::sync::Arc;

use crate::{About, Check, Mend, Sight, check_by};

/// A check whose look may wait for a disk, so it does not run where requests do.
pub(super) fn reading<F: Fn() -> Sight + Send + Sync + 'static>(about: About, look: F) -> Arc<dyn Check> {
    let look = Arc::new(look);
    check_by(about, move || {
        let look = Arc::clone(&look);
        async move {
            tokio::task::spawn_blocking(move || look()).await.unwrap_or_else(|error| {
                tracing::error!(%error, "a look at the machine broke down");
                let mend = Mend::new("This is a fault of the program. The log says more: please report it.");
                Sight::unseen("The check broke down.", mend)
            })
        }
    })
}
