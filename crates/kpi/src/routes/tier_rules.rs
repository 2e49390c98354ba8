//! What the list of tier rules says of each, and what stands above the facts of one: the rule in words, and how many
//! people its tier would let through now.

use askama::Template;
use async_trait::async_trait;
use palisade_base::{Caller, Error, RecordId};
use palisade_records::{Record, pages::Companion};
use palisade_store::Value;
use palisade_web::{
    Failure, Html, Visitor,
    component::{Cell, Head, Row, Table, Tabs},
};

use crate::{
    tiers::{Tiers, TryOut},
    types::TIER_RULE,
};

/// Adds words and the try-out to the pages of tier rules.
pub(super) struct RuleCompanion(pub(super) Tiers);

#[derive(Template)]
#[template(path = "tier_rule_above.html")]
struct Above {
    words: String,
    answer: String,
    table: Table,
}

#[async_trait]
impl Companion for RuleCompanion {
    fn tabs(&self, _caller: &Caller, _record: &Record) -> Tabs {
        Tabs::new()
    }

    async fn list_titles(
        &self,
        caller: &Caller,
        records: &[Record],
    ) -> Result<Option<(&'static str, Vec<String>)>, Error> {
        Ok(Some(("Rule", self.0.words(caller, records).await?)))
    }

    async fn above(&self, visitor: &Visitor, record: &Record) -> Result<Html, Failure> {
        let Some(Value::Id(tier)) = record.value("tier_id") else { return Ok(Html::empty()) };
        let tried = self.0.try_out(&visitor.caller, RecordId(*tier)).await?;
        let tier = record.text("tier_id").unwrap_or_default();
        let words = tried.rules.iter().find(|(rule, ..)| *rule == record.id).map(|(_, words, _)| words.clone());
        // A rule that is out of use is not tried.
        let words = words.unwrap_or_else(|| format!("Out of use, so {tier} does not ask for it"));
        let answer = answer(&tried, &tier);
        Html::of(&Above { words, answer, table: table(&tried, record.id) })
    }
}

fn answer(tried: &TryOut, tier: &str) -> String {
    let people = if tried.people == 1 { "1 person".to_owned() } else { format!("{} people", tried.people) };
    let meet = if tried.ready == 1 { "meets" } else { "meet" };
    format!("{} of {people} {meet} everything that {tier} asks for now", tried.ready)
}

fn table(tried: &TryOut, current: RecordId) -> Table {
    let heads = [Head::new("Rule"), Head::new("Met by").number()];
    let rows = tried.rules.iter().map(|(rule, words, met)| {
        let cells = [Cell::text(words), Cell::number(met)];
        if *rule == current { Row::new(cells) } else { Row::link(format!("/{}/{rule}", TIER_RULE.path), cells) }
    });
    Table::new("The rules of this tier", heads).rows(rows)
}
