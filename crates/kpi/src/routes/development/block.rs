//! The block of what somebody should look at.

use std::collections::{HashMap, HashSet};

use askama::Template;
use palisade_base::{Date, RecordId};
use palisade_records::Records;
use palisade_store::LastChange;
use palisade_web::{Failure, Html, Visitor};

use super::trace;
use crate::{
    development::{self, Attention, attention},
    kept::Kept,
};

/// How many are shown before the rest is only counted.
const MOST: usize = 6;

/// How many lines one other person gets among those of several, so that nobody fills the block alone.
const MOST_OF_ONE: usize = 2;

#[derive(Template)]
#[template(path = "attention.html")]
struct Block {
    items: Vec<Attention>,
    more: usize,
    /// The page on which all of one person's stands; none where it is about several.
    all: Option<String>,
}

/// What people should look at on a day, kept until something changes.
pub(in crate::routes) type KeptAttention = Kept<Date, Vec<Attention>>;

/// What needs this visitor's attention today; empty where nothing does. `seen` are the employees whom the trail names
/// already for this view; for others who are shown it gets a leaf.
///
/// # Errors
/// The database can't be used, or the trail can't be written.
pub(in crate::routes) async fn needs_attention(
    (records, kept): (&Records, &KeptAttention),
    visitor: &Visitor,
    (as_of, seen): (LastChange, &[RecordId]),
) -> Result<Html, Failure> {
    let (caller, today) = (&visitor.caller, today(visitor));
    let all = kept.get(as_of, caller, today, attention(records, caller, today)).await?;
    let (items, more) = shown(&all);
    let others = items.iter().filter(|item| !item.is_own).filter_map(|item| item.employee);
    let unseen: HashSet<_> = others.filter(|employee| !seen.contains(employee)).collect();
    trace(records, &visitor.caller, "attention.view", unseen.len()).await?;
    block(Block { items, more, all: None })
}

/// The same of one employee, for their own page.
///
/// # Errors
/// The database can't be used.
pub(in crate::routes) async fn attention_of(
    records: &Records,
    visitor: &Visitor,
    employee: RecordId,
) -> Result<Html, Failure> {
    let mut items = development::attention_of(records, &visitor.caller, employee, today(visitor)).await?;
    let more = items.len().saturating_sub(MOST);
    items.truncate(MOST);
    block(Block { items, more, all: Some(format!("/employees/{employee}/development")) })
}

fn today(visitor: &Visitor) -> Date {
    visitor.now.date_in(&visitor.navigation.zone)
}

/// The first of them, and how many more there are.
fn shown(all: &[Attention]) -> (Vec<Attention>, usize) {
    let count = all.len();
    let mut lines: HashMap<Option<RecordId>, usize> = HashMap::new();
    let mut is_shown = |item: &&Attention| {
        let lines = lines.entry(item.employee).or_default();
        *lines += 1;
        item.is_own || *lines <= MOST_OF_ONE
    };
    let shown: Vec<_> = all.iter().filter(|item| is_shown(item)).take(MOST).cloned().collect();
    let more = count - shown.len();
    (shown, more)
}

fn block(block: Block) -> Result<Html, Failure> {
    if block.items.is_empty() { Ok(Html::empty()) } else { Html::of(&block) }
}
