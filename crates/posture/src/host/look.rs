//! A check that reads files of the machine and judges them.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{About, Check, Mend, Sight};

struct Reading<F> {
    about: About,
    look: Arc<F>,
}

/// A check whose look may wait for a disk, so it does not run where requests do.
pub(super) fn reading<F: Fn() -> Sight + Send + Sync + 'static>(about: About, look: F) -> Arc<dyn Check> {
    Arc::new(Reading { about, look: Arc::new(look) })
}

#[async_trait]
impl<F: Fn() -> Sight + Send + Sync + 'static> Check for Reading<F> {
    fn about(&self) -> &About {
        &self.about
    }

    async fn look(&self) -> Sight {
        let look = Arc::clone(&self.look);
        tokio::task::spawn_blocking(move || look()).await.unwrap_or_else(|error| {
            tracing::error!(check = self.about.id, %error, "a look at the machine broke down");
            let mend = Mend::new("This is a fault of the program. The log says more: please report it.");
            Sight::unseen("The check broke down.", mend)
        })
    }
}
