//! The background work.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::{CertificateTrail, Certificates};

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The running background work.
pub struct Upkeep {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Certificates {
    /// Looks after the certificates from now on; what becomes of them is written to the trail.
    #[must_use]
    pub fn start(&self, trail: Arc<dyn CertificateTrail>) -> Upkeep {
        self.set_trail(trail);
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let this = self.clone();
        tasks.spawn(repeat(stop.subscribe(), move || {
            let this = this.clone();
            async move { this.order_due().await }
        }));
        let this = self.clone();
        tasks.spawn(repeat(stopped, move || {
            let this = this.clone();
            async move { this.look().await }
        }));
        Upkeep { tasks, stop }
    }
}

impl Upkeep {
    /// Ends the work. An order under way is given up; the CA forgets it.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn repeat<F: Future<Output = ()> + Send>(mut stopped: watch::Receiver<bool>, work: impl Fn() -> F) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = told(&mut stopped) => return,
        }
        tokio::select! {
            () = work() => {}
            () = told(&mut stopped) => return,
        }
    }
}

async fn told(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}
