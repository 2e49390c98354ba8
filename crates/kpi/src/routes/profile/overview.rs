//! What stands above the facts of an employee: where they stand, in figures.

use askama::{Template, filters::HtmlSafe};
use async_trait::async_trait;
use palisade_base::{Caller, Kind, Permission};
use palisade_records::{Record, pages::Companion};
use palisade_web::{
    Failure, Html, Visitor,
    component::{Stats, Tabs},
};

use super::{OWN_PLACE, Profile, Tab, is_own, sees_details, tabs};
use crate::{
    dashboard::{Asked, Period, Range},
    routes::{dashboard::View, development::attention_of},
    standing::{Filter, READ_STANDING},
};

#[derive(Template)]
#[template(path = "profile_overview.html")]
struct Above {
    attention: Html,
    cards: Stats,
    panels: Vec<Html>,
}

impl HtmlSafe for Above {}

#[async_trait]
impl Companion for Profile {
    fn tabs(&self, caller: &Caller, record: &Record) -> Tabs {
        tabs(caller, record, Tab::Overview)
    }

    fn place(&self, caller: &Caller, record: &Record) -> Option<(&'static str, &'static str)> {
        is_own(caller, record).then_some(OWN_PLACE)
    }

    async fn above(&self, visitor: &Visitor, record: &Record) -> Result<Html, Failure> {
        let caller = &visitor.caller;
        if caller.authority.scope(&Permission::new(READ_STANDING)).is_none() {
            return Ok(Html::empty());
        }
        let filter = Filter { employee: Some(record.id), ..Filter::default() };
        let asked = Asked { filter, period: Period { range: Range::All, from: None, to: None } };
        let dashboard = match self.dashboards.gather(caller, &asked).await {
            Ok(dashboard) => dashboard,
            // Their record may be seen from further away than where they stand.
            Err(error) if error.kind() == Kind::NotFound => return Ok(Html::empty()),
            Err(error) => return Err(error.into()),
        };
        let view = View { caller, asked: &asked, dashboard: &dashboard };
        let is_led = sees_details(record);
        // That this record is seen is in the trail; so is what is due of the same person.
        let attention = attention_of(&self.records, visitor, record.id).await?;
        Html::of(&Above { attention, cards: view.cards_of_one(is_led), panels: view.panels_of_one(is_led) })
    }
}
