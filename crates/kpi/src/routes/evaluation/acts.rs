//! What is done with an evaluation as a whole: taken back, given back, reviewed, corrected, thrown away.

use axum::extract::State;
use palisade_base::{Error, Kind, RecordId};
use palisade_web::{
    FormView, Html, Notice, Outcome, Page, PathId, ProtectedForm, Visitor, Width,
    component::{Confirm, Field},
    see_other, see_other_with,
};
use serde::Deserialize;

use super::{
    LIST, Pages, crumbs_below,
    words::{path, path_to, title},
};
use crate::evaluation::{Evaluation, EvaluationKind, State as Stage};

/// The version that a button was shown with.
#[derive(Deserialize)]
pub(super) struct Seen {
    version: i64,
}

#[derive(Deserialize)]
pub(super) struct Returned {
    version: i64,
    return_reason: Option<String>,
}

pub(super) async fn take_back(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(seen): ProtectedForm<Seen>,
) -> Outcome {
    pages.evaluations.take_back(&visitor.caller, (id, seen.version)).await?;
    Ok(see_other_with(
        path_to(id, "fill"),
        &Notice::ok("It is your draft again, and does not count until you hand it in."),
    ))
}

pub(super) async fn review(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(seen): ProtectedForm<Seen>,
) -> Outcome {
    pages.evaluations.review(&visitor.caller, (id, seen.version)).await?;
    Ok(see_other_with(path(id), &Notice::ok("Reviewed. It stays as it is from now on.")))
}

pub(super) async fn ask_reason(State(pages): State<Pages>, visitor: Visitor, PathId(id): PathId<RecordId>) -> Outcome {
    ask_reason_with(&pages, &visitor, id, &FormView::new()).await
}

async fn ask_reason_with(pages: &Pages, visitor: &Visitor, id: RecordId, form: &FormView) -> Outcome {
    let evaluation = pages.peek(&visitor.caller, id).await?;
    if evaluation.state != Stage::Completed {
        return Ok(see_other(path(id)));
    }
    let reason = Field::area("return_reason", "Why", 4)
        .hint(format!("{} reads this.", evaluation.evaluator_name))
        .max_length(2_000)
        .required();
    let confirm = confirm(visitor, &evaluation, "return", "Give it back")
        .effect(format!(
            "It becomes a draft of {} again, who can change it and hand it in once more.",
            evaluation.evaluator_name
        ))
        .effect("Until then it does not count.")
        .field(form.fill(reason))
        .harmless();
    page(visitor, &evaluation, "Give it back?", &confirm, form)
}

pub(super) async fn give_back(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(given): ProtectedForm<Returned>,
) -> Outcome {
    let reason = given.return_reason.unwrap_or_default();
    match pages.evaluations.give_back(&visitor.caller, (id, given.version), reason.trim()).await {
        Ok(()) => Ok(see_other_with(LIST, &Notice::ok("Given back, with your reason."))),
        Err(error) if error.kind() == Kind::Invalid => {
            let form = FormView::new().value("return_reason", reason).failed(&error);
            ask_reason_with(&pages, &visitor, id, &form).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn confirm_amend(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
) -> Outcome {
    let evaluation = pages.peek(&visitor.caller, id).await?;
    if evaluation.state != Stage::Reviewed {
        return Ok(see_other(path(id)));
    }
    let confirm = confirm(&visitor, &evaluation, "amend", "Make a corrected copy")
        .effect(match evaluation.kind {
            EvaluationKind::SelfRated => {
                format!("{} gets a draft with the same marks, to correct them.", evaluation.evaluator_name)
            }
            EvaluationKind::Manager => "You get a draft with the same marks, to correct them.".to_owned(),
        })
        .effect("Once somebody else has reviewed it, it stands in the place of this one.")
        .effect("This one stays to be read, as it is.")
        .harmless();
    page(&visitor, &evaluation, "Correct it?", &confirm, &FormView::new())
}

pub(super) async fn amend(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(seen): ProtectedForm<Seen>,
) -> Outcome {
    let copy = pages.evaluations.amend(&visitor.caller, (id, seen.version)).await?;
    let notice = Notice::ok("A copy is made. It takes the place of the old one once it is handed in and reviewed.");
    Ok(see_other_with(path_to(copy, "fill"), &notice))
}

pub(super) async fn confirm_discard(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
) -> Outcome {
    let evaluation = pages.peek(&visitor.caller, id).await?;
    if evaluation.state != Stage::Draft {
        return Ok(see_other(path(id)));
    }
    if visitor.caller.person != Some(evaluation.evaluator) {
        return Err(Error::denied().into());
    }
    let confirm = confirm(&visitor, &evaluation, "discard", "Throw the draft away")
        .effect(format!(
            "Your draft about {} goes away with everything that you have tapped in it.",
            evaluation.employee_name
        ))
        .effect("Nobody but you has seen it, and it never counted.");
    page(&visitor, &evaluation, "Throw this draft away?", &confirm, &FormView::new())
}

pub(super) async fn discard(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(seen): ProtectedForm<Seen>,
) -> Outcome {
    pages.evaluations.discard(&visitor.caller, (id, seen.version)).await?;
    Ok(see_other_with(LIST, &Notice::ok("The draft is gone.")))
}

fn confirm(visitor: &Visitor, evaluation: &Evaluation, act: &str, verb: &str) -> Confirm {
    let id = evaluation.id();
    Confirm::new(path_to(id, act), &visitor.csrf, verb, path(id)).with("version", evaluation.version.to_string())
}

fn page(visitor: &Visitor, evaluation: &Evaluation, question: &str, confirm: &Confirm, form: &FormView) -> Outcome {
    Page::new(visitor, question)
        .crumbs(crumbs_below(evaluation))
        .lead(format!("{}, {}.", title(evaluation), palisade_web::component::date_words(evaluation.evaluated_on)))
        .width(Width::Reading)
        .errors(form.summary())
        .body_html(&Html::from_component(confirm))
}
