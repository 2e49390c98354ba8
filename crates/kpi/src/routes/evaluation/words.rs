//! How evaluations are spoken of on pages.

use palisade_base::RecordId;
use palisade_web::component::{Badge, date_words};

use crate::evaluation::{Evaluation, EvaluationKind, State};

/// A step of the scale.
pub(super) struct Degree {
    /// 1 to 5.
    pub(super) rating: u8,
    /// As it stands on a button.
    pub(super) short: &'static str,
    /// As it is explained.
    pub(super) full: &'static str,
}

/// The scale, as on the paper score card.
pub(super) const SCALE: [Degree; 5] = [
    Degree { rating: 1, short: "Never", full: "Never done it." },
    Degree { rating: 2, short: "Tried it", full: "Done it once or twice." },
    Degree { rating: 3, short: "With help", full: "Can do it with help; needs more training." },
    Degree { rating: 4, short: "Alone", full: "Can do it alone, but is no expert." },
    Degree { rating: 5, short: "Expert", full: "An expert, who can teach it." },
];

/// What the wizard and the pages about a draft are called.
pub(super) fn title(evaluation: &Evaluation) -> String {
    match evaluation.kind {
        EvaluationKind::SelfRated => format!("Self-evaluation of {}", evaluation.employee_name),
        EvaluationKind::Manager => format!("Evaluation of {}", evaluation.employee_name),
    }
}

/// The same in a sentence or list: "Self-evaluation, 12 Mar 2026", "By Nora North, 12 Mar 2026".
pub(super) fn label(evaluation: &Evaluation) -> String {
    let who = match evaluation.kind {
        EvaluationKind::SelfRated => "Self-evaluation".to_owned(),
        EvaluationKind::Manager => format!("By {}", evaluation.evaluator_name),
    };
    format!("{who}, {}", date_words(evaluation.evaluated_on))
}

pub(super) const fn kind_words(kind: EvaluationKind) -> &'static str {
    match kind {
        EvaluationKind::SelfRated => "Self-evaluation",
        EvaluationKind::Manager => "By a manager",
    }
}

/// A state as a badge, the same on every page.
pub(in crate::routes) fn state_badge(state: State) -> Badge {
    match state {
        State::Draft => Badge::plain("Draft"),
        State::Completed => Badge::note("Handed in"),
        State::Reviewed => Badge::ok("Reviewed"),
    }
}

pub(super) fn yes_or_no(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    }
}

pub(super) fn path(id: RecordId) -> String {
    format!("/evaluations/{id}")
}

pub(super) fn path_to(id: RecordId, act: &str) -> String {
    format!("/evaluations/{id}/{act}")
}
