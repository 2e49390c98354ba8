//! Posture: what is in force, what is not, and what mends it; and the way from each line of the guides to the program.

mod guide;
mod list;

use axum::extract::State;
use palisade_base::Scope;
use palisade_identity::permissions::POSTURE_READ;
use palisade_posture::{Place, Verdict, may_read_posture};
use palisade_web::{Access, Notice, Outcome, ProtectedForm, Routes, Visitor, component::Badge, see_other_with};
use serde::Deserialize;

use crate::ConsoleState;

const PATH: &str = "/admin/security/posture";
const GUIDE: &str = "/admin/security/posture/guide";

pub(super) fn routes(state: ConsoleState) -> Routes {
    let may = || Access::Permission(POSTURE_READ, Scope::All);
    Routes::new(state)
        .get(PATH, may(), list::show)
        .post("/admin/security/posture/look", may(), look)
        .get(GUIDE, may(), guide::show)
        .finish()
}

#[derive(Deserialize)]
struct LookForm {}

/// Looking changes nothing but what is known.
async fn look(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(LookForm {}): ProtectedForm<LookForm>,
) -> Outcome {
    let permit = may_read_posture(&visitor.caller)?;
    let report = state.posture.look(&visitor.caller, &permit).await?;
    let words = format!("Looked at {} things just now.", report.entries.len());
    Ok(see_other_with(PATH, &Notice::ok(words)))
}

fn badge(verdict: Verdict) -> Badge {
    match verdict {
        Verdict::InForce => Badge::ok("In force"),
        Verdict::Finding => Badge::stop("Not in force"),
        Verdict::Unseen => Badge::warn("Could not be looked at"),
        Verdict::NotApplicable => Badge::note("Does not apply"),
    }
}

fn place(place: &Place) -> String {
    match place {
        Place::Site(name) => format!("Site {name}"),
        Place::Program => "This program".to_owned(),
        Place::Database => "Database".to_owned(),
        Place::Host => "This machine".to_owned(),
    }
}
