//! All that one look at a site shows.

use palisade_helper::{bench::BenchSight, client::HelperError};

use super::{
    Bench, FrappeSite,
    interface::{Asker, Unseen, not_answering},
    running::{self, Running},
    settings::{self, Settings},
};
use crate::Mend;

/// What was seen, each part by itself.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// The two files.
    pub(super) files: Result<BenchSight, Unseen>,
    /// What the running site shows to a stranger.
    pub(super) running: Result<Running, Unseen>,
    /// Whether it shows a traceback to somebody who is signed in; `None`: nobody could ask as such.
    pub(super) shows_people_tracebacks: Option<bool>,
    /// What its System Settings say.
    pub(super) settings: Result<Settings, Unseen>,
}

/// Looks at everything.
pub(super) async fn gather(site: &FrappeSite) -> Facts {
    let asker = Asker::of(site);
    let (files, stranger, person, settings) = tokio::join!(
        files(site.bench.as_ref()),
        asker.as_stranger(running::MISSING),
        asker.any_as_manager(running::MISSING),
        settings::ask(&asker),
    );
    let person = person.and_then(Result::ok).and_then(|answer| running::read(&answer).ok());
    Facts {
        files,
        running: stranger.and_then(|answer| running::read(&answer)).map_err(not_answering),
        shows_people_tracebacks: person.map(|seen| seen.traceback),
        settings,
    }
}

async fn files(bench: Option<&Bench>) -> Result<BenchSight, Unseen> {
    let Some(bench) = bench else {
        let what = "Name the bench in the helper's file ([[bench]]), and add [site.bench] to the site in palisade.toml; \
                    docs/helper.md says how.";
        return Err(Unseen::new(
            "No bench is configured for this site, so nobody looks at its files.",
            Mend::new(what),
        ));
    };
    let Some(helper) = &bench.helper else {
        let what = "Set the helper up as docs/helper.md says, and name its socket in palisade.toml: [helper] socket.";
        return Err(Unseen::new(
            "The bench's files are another user's, and there is no helper to look at them.",
            Mend::new(what),
        ));
    };
    helper.look_at_bench(&bench.name).await.map_err(|error| not_looked_at(&error))
}

pub(super) fn not_looked_at(error: &HelperError) -> Unseen {
    let words = error.to_string();
    let (what, fix) = words.split_once("\n  ").unwrap_or((&words, "Look at the helper's log."));
    Unseen::new(
        format!("The helper could not look at the bench's files: {what}."),
        Mend::new(fix).by("palisade status"),
    )
}
