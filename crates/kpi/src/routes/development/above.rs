//! What stands above the facts of a goal, and of a qualification.

use askama::{Template, filters::HtmlSafe};
use async_trait::async_trait;
use palisade_base::{Caller, Kind, Permission, RecordId};
use palisade_records::{Record, pages::Companion};
use palisade_store::Value;
use palisade_web::{
    Failure, Html, Icon, Visitor,
    component::{Badge, ButtonLink, Tabs},
};

use crate::{
    development::{Aim, Validity, request_path},
    standing::Standings,
    types::TRAINING_REQUEST,
};

/// How far a goal is.
pub(in crate::routes) struct GoalProgress(pub(in crate::routes) Standings);

/// How long a qualification is valid.
pub(in crate::routes) struct QualificationValidity;

#[derive(Template)]
#[template(
    source = r#"<p>{{ badge }}{% for (label, path) in links %} · <a href="{{ path }}">{{ label }}</a>{% endfor %}</p>"#,
    ext = "html"
)]
struct Line {
    badge: Badge,
    links: Vec<(&'static str, String)>,
}

impl HtmlSafe for Line {}

fn may_ask(caller: &Caller) -> bool {
    caller.authority.scope(&Permission::new(TRAINING_REQUEST.verbs.create.permission)).is_some()
}

/// The employee whom a record is about.
pub(super) fn employee_of(record: &Record) -> Option<RecordId> {
    match record.value("employee_id") {
        Some(Value::Id(id)) => Some(RecordId(*id)),
        _ => None,
    }
}

#[async_trait]
impl Companion for GoalProgress {
    fn tabs(&self, _caller: &Caller, _record: &Record) -> Tabs {
        Tabs::new()
    }

    async fn above(&self, visitor: &Visitor, record: &Record) -> Result<Html, Failure> {
        let (Some(employee), Some(aim)) = (employee_of(record), Aim::of(record)) else { return Ok(Html::empty()) };
        let standing = match self.0.of(&visitor.caller, employee).await {
            Ok(standing) => standing,
            // The goal may be seen from further away than where its owner stands.
            Err(error) if error.kind() == Kind::NotFound => return Ok(Html::empty()),
            Err(error) => return Err(error.into()),
        };
        let catalogue = self.0.catalogue(&visitor.caller).await?;
        let progress = aim.progress(&catalogue, &standing);
        let badge = if progress.is_met() { Badge::ok(progress.words()) } else { Badge::note(progress.words()) };
        let mut links = vec![("Where they stand", format!("/employees/{employee}/skills"))];
        let is_open = record.text("state").is_some_and(|state| state == "Open");
        if is_open && !progress.is_met() && may_ask(&visitor.caller) {
            links.push(("Ask for training", request_path(employee, aim.about, &record.title())));
        }
        Html::of(&Line { badge, links })
    }
}

#[async_trait]
impl Companion for QualificationValidity {
    fn beside_list(&self, _caller: &Caller) -> Vec<ButtonLink> {
        vec![ButtonLink::second("To renew", super::due::PATH).icon(Icon::Note)]
    }

    fn tabs(&self, _caller: &Caller, _record: &Record) -> Tabs {
        Tabs::new()
    }

    async fn above(&self, visitor: &Visitor, record: &Record) -> Result<Html, Failure> {
        let today = visitor.now.date_in(&visitor.navigation.zone);
        Html::of(&Line { badge: Validity::of(record, today).badge(), links: Vec::new() })
    }
}
