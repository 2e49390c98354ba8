//! The block of what somebody should look at.

use askama::Template;
use palisade_records::Records;
use palisade_web::{Failure, Html, Visitor};

use crate::development::{Attention, attention};

/// How many are shown before the rest is only counted.
const MOST: usize = 6;

#[derive(Template)]
#[template(path = "attention.html")]
struct Block {
    items: Vec<Attention>,
    more: usize,
}

/// What needs this visitor's attention today; empty where nothing does.
///
/// # Errors
/// The database can't be used.
pub(in crate::routes) async fn needs_attention(records: &Records, visitor: &Visitor) -> Result<Html, Failure> {
    let today = visitor.now.date_in(&visitor.navigation.zone);
    let mut all = attention(records, &visitor.caller, today).await?;
    if all.is_empty() {
        return Ok(Html::empty());
    }
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    Html::of(&Block { items: all, more })
}
