//! What stands above the facts of a goal, and of a qualification.

use askama::{Template, filters::HtmlSafe};
use async_trait::async_trait;
use palisade_base::{Caller, Kind, RecordId};
use palisade_records::{Record, pages::Companion};
use palisade_store::Value;
use palisade_web::{
    Failure, Html, Visitor,
    component::{Badge, Tabs},
};

use crate::{
    development::{Aim, Validity},
    standing::Standings,
};

/// How far a goal is.
pub(in crate::routes) struct GoalProgress(pub(in crate::routes) Standings);

/// How long a qualification is valid.
pub(in crate::routes) struct QualificationValidity;

#[derive(Template)]
#[template(
    source = r#"<p>{{ badge }}{% if let Some(path) = path %} <a href="{{ path }}">Where they stand</a>{% endif %}</p>"#,
    ext = "html"
)]
struct Line {
    badge: Badge,
    path: Option<String>,
}

impl HtmlSafe for Line {}

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
        let progress = aim.progress(&self.0.catalogue(&visitor.caller).await?, &standing);
        let badge = if progress.is_met() { Badge::ok(progress.words()) } else { Badge::note(progress.words()) };
        Html::of(&Line { badge, path: Some(format!("/employees/{employee}/skills")) })
    }
}

#[async_trait]
impl Companion for QualificationValidity {
    fn tabs(&self, _caller: &Caller, _record: &Record) -> Tabs {
        Tabs::new()
    }

    async fn above(&self, visitor: &Visitor, record: &Record) -> Result<Html, Failure> {
        let today = visitor.now.date_in(&visitor.navigation.zone);
        Html::of(&Line { badge: Validity::of(record, today).badge(), path: None })
    }
}
