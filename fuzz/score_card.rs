//! The reading part of the KPI app's score card, for the target `filled_sheet`: its files alone, and not their crate, which
//! would bring two database engines into every build of the targets.
#![allow(dead_code, unused_imports, reason = "the crate uses the rest")]

#[path = "../crates/kpi/src/score_card/error.rs"]
mod error;
#[path = "../crates/kpi/src/score_card/filled/mod.rs"]
mod filled;
#[path = "../crates/kpi/src/score_card/layout.rs"]
mod layout;
#[path = "../crates/kpi/src/score_card/read.rs"]
mod read;

pub use error::ScoreCardError;
pub use filled::read_filled_sheets;
pub use read::{LIMITS, Note, read_sheets};

// As in the crate.
const ADDITIONAL_TOOLS: &str = "Additional tools needed:";
const TOOL_LIST: &str = "TOOL LIST";
const LIST_ANY: &str = "List any";
