//! Writing the guide's values into a bench's files, by the helper.

use async_trait::async_trait;
use palisade_base::{Error, Kind};
use palisade_helper::{
    bench::{BenchDigests, BenchSight, FileSight, GuideKey, Hardened, Restart},
    client::HelperError,
};

use super::{Bench, facts::not_looked_at};
use crate::{Mender, Plan, Step};

/// Mends one site's bench.
pub(super) struct BenchMender {
    name: String,
    site: String,
    bench: Bench,
}

impl BenchMender {
    pub(super) fn new(site: &str, bench: Bench) -> Self {
        Self { name: format!("frappe.{site}"), site: site.to_owned(), bench }
    }

    async fn look(&self) -> Result<BenchSight, Error> {
        let Some(helper) = &self.bench.helper else {
            let what = "There is no helper to look at the bench's files. Set it up as docs/helper.md says.";
            return Err(Error::new(Kind::Unavailable, what));
        };
        helper.look_at_bench(&self.bench.name).await.map_err(|error| unavailable(&error))
    }

    fn plan_of(&self, sight: &BenchSight) -> Result<Plan, Error> {
        let mut steps = Vec::new();
        for file in [&sight.site, &sight.common] {
            if let Some(why) = file.unreadable.as_ref().or(file.unchangeable.as_ref()) {
                let what = format!("{}: {why} Nothing is changed in either file.", file.path.display());
                return Err(Error::new(Kind::Conflict, what));
            }
            steps.extend(step(file));
        }
        if !steps.is_empty() {
            steps.push(restart_step(sight.restart.as_deref()));
        }
        let title = format!("The configuration files of the Frappe site {}", self.site);
        Ok(Plan { mender: self.name.clone(), title, steps })
    }
}

#[async_trait]
impl Mender for BenchMender {
    fn name(&self) -> &str {
        &self.name
    }

    async fn plan(&self) -> Result<Plan, Error> {
        self.plan_of(&self.look().await?)
    }

    async fn apply(&self, plan: &Plan) -> Result<Vec<String>, Error> {
        let sight = self.look().await?;
        if self.plan_of(&sight)? != *plan {
            return Err(Error::new(Kind::Conflict, "The files have changed meanwhile. Look at the plan again."));
        }
        let seen = BenchDigests { site: sight.site.digest, common: sight.common.digest };
        let Some(helper) = &self.bench.helper else { return Ok(Vec::new()) };
        let hardened = helper.harden_bench(&self.bench.name, seen).await.map_err(|error| unavailable(&error))?;
        told(&hardened)
    }
}

fn unavailable(error: &HelperError) -> Error {
    let unseen = not_looked_at(error);
    let fix = unseen.mend.what();
    match error {
        HelperError::Failed(failure) => Error::new(Kind::Conflict, failure.message.clone()),
        HelperError::Unreachable(_) => Error::new(Kind::Unavailable, format!("{} {fix}", unseen.why)),
    }
}

/// One file; `None` where there is nothing to do in it.
fn step(file: &FileSight) -> Option<Step> {
    if file.changes.is_empty() {
        return None;
    }
    let keys: Vec<&str> = file.changes.iter().map(|change| change.key.as_str()).collect();
    let idle: Vec<&str> = keys.iter().copied().filter(|key| is_without_effect(key)).collect();
    let idle = match idle.is_empty() {
        true => String::new(),
        false => format!(" Frappe does not heed {} there: they are set as the guide has them.", idle.join(", ")),
    };
    let what = format!("Set {} in {}, and keep the old file beside it.{idle}", keys.join(", "), file.path.display());
    Some(Step { what, difference: file.difference.clone() })
}

fn is_without_effect(key: &str) -> bool {
    GuideKey::find(key).is_some_and(|key| key.decides.is_without_effect())
}

fn restart_step(command: Option<&str>) -> Step {
    let what = match command {
        Some(command) => format!("Restart the bench, by the command {command:?} of the helper's file."),
        None => {
            "Nothing restarts the bench, for the helper's file names no command for it: run `bench restart` yourself."
                .to_owned()
        }
    };
    Step { what, difference: String::new() }
}

/// What was done, a sentence for each step.
fn told(hardened: &Hardened) -> Result<Vec<String>, Error> {
    let sentence = |written: &palisade_helper::bench::Written| {
        let (path, kept) = (written.path.display(), written.kept.display());
        format!("Set {} in {path}. What it was is in {kept}.", written.keys.join(", "))
    };
    let mut done: Vec<String> = hardened.written.iter().map(sentence).collect();
    match &hardened.restart {
        Restart::Done => done.push("Restarted the bench.".to_owned()),
        Restart::NotNeeded => {}
        Restart::NotConfigured => done.push("The bench was not restarted. Run: bench restart".to_owned()),
        Restart::Failed(why) => {
            let what = format!("{} The bench could not be restarted: {why}. Run: bench restart", done.join(" "));
            return Err(Error::new(Kind::Unavailable, what));
        }
    }
    Ok(done)
}
