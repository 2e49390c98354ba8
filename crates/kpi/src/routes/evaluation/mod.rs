//! The pages of evaluations: what is to be done, the wizard, the check before handing in, the result, the comparison.

mod acts;
mod check;
mod compare;
mod fill;
mod list;
mod marks;
mod show;
mod start;
mod steps;
mod words;

pub(super) use words::state_badge;

use std::sync::Arc;

use palisade_base::{Caller, Error, Permission, RecordId, Scope};
use palisade_records::Records;
use palisade_web::{Access, Icon, NavItem, Routes, component::Breadcrumbs};

use crate::{
    evaluation::{Evaluation, Evaluations},
    scoring::CatalogueView,
    standing::Standings,
    types::{AMEND, EVALUATE, EVALUATION, REVIEW},
};

const LIST: &str = "/evaluations";
const READ: Permission = Permission::new("kpi.evaluation.read");

/// What these pages work with.
#[derive(Clone)]
pub(super) struct Pages {
    records: Records,
    evaluations: Evaluations,
    standings: Standings,
}

impl Pages {
    /// One evaluation, without leaving a trace: for forms and for deciding what to offer.
    async fn peek(&self, caller: &Caller, id: RecordId) -> Result<Evaluation, Error> {
        Evaluation::from_record(self.records.get(caller, &EVALUATION, id).await?)
    }

    async fn catalogue(&self, caller: &Caller) -> Result<Arc<CatalogueView>, Error> {
        self.standings.catalogue(caller).await
    }
}

/// The entry in the site's rail.
pub(super) fn nav_item() -> NavItem {
    NavItem {
        section: "",
        label: "Evaluations",
        path: LIST,
        icon: Icon::Sheet,
        permission: Some((READ, Scope::Own)),
        phone_rank: Some(1),
    }
}

/// The routes. How far a permission reaches, and what state an evaluation must be in, is for the service to say.
pub(super) fn routes(records: &Records, standings: &Standings) -> Routes {
    let may = |permission: &'static str| Access::Permission(Permission::new(permission), Scope::Own);
    let read = || Access::Permission(READ, Scope::Own);
    let pages = Pages {
        records: records.clone(),
        evaluations: Evaluations::new(records.clone()),
        standings: standings.clone(),
    };
    Routes::new(pages)
        .get(LIST, read(), list::show)
        .get("/evaluations/new", may(EVALUATE), start::show)
        .post("/evaluations/new", may(EVALUATE), start::start)
        .get("/evaluations/{id}", read(), show::show)
        .get("/evaluations/{id}/fill", may(EVALUATE), fill::show)
        .post("/evaluations/{id}/fill", may(EVALUATE), fill::save)
        .post("/evaluations/{id}/marks", may(EVALUATE), marks::save)
        .get("/evaluations/{id}/check", may(EVALUATE), check::show)
        .post("/evaluations/{id}/check", may(EVALUATE), check::save)
        .post("/evaluations/{id}/complete", may(EVALUATE), check::complete)
        .post("/evaluations/{id}/take-back", may(EVALUATE), acts::take_back)
        .get("/evaluations/{id}/return", may(REVIEW), acts::ask_reason)
        .post("/evaluations/{id}/return", may(REVIEW), acts::give_back)
        .post("/evaluations/{id}/review", may(REVIEW), acts::review)
        .get("/evaluations/{id}/amend", may(AMEND), acts::confirm_amend)
        .post("/evaluations/{id}/amend", may(AMEND), acts::amend)
        .get("/evaluations/{id}/discard", may(EVALUATE), acts::confirm_discard)
        .post("/evaluations/{id}/discard", may(EVALUATE), acts::discard)
        .get("/evaluations/{id}/compare", read(), compare::show)
        .finish()
}

fn crumbs() -> Breadcrumbs {
    Breadcrumbs::new().link("Evaluations", LIST)
}

/// The way to a page below one evaluation's own.
fn crumbs_below(evaluation: &Evaluation) -> Breadcrumbs {
    crumbs().link(words::title(evaluation), words::path(evaluation.id()))
}
