//! The company's paper score card: read into a catalogue, compared with what is there, and written again.
//!
//! The sheet is one column of categories. A category begins with a row that has its name in A and the digits 1 to 5 in B
//! to F; its skills stand below in A, and beside them, in H, its tools, until "Additional tools needed:". At the end
//! stands the "TOOL LIST" of general tools, twice side by side, and two boxes for free text.

mod apply;
mod difference;
mod error;
mod filled;
mod layout;
mod read;
mod store;
mod taking;
mod write;

pub use apply::{apply, current, plan};
pub use difference::{Difference, Inventory, Item, ItemKind};
pub use error::ScoreCardError;
pub use filled::{
    DateOnCard, FilledCard, MarkedSkill, MarkedTool, OwnTool, read_date, read_filled, read_filled_sheets,
};
pub use read::{LIMITS, MAX_NAMES, Note, ScoreCard, read, read_sheets};
pub use store::Subject;
pub use taking::{Chosen, Differs, FilledSheets, Proposal};
pub use write::{Cardholder, write};

/// What stands in H where the list of a category's tools ends.
const ADDITIONAL_TOOLS: &str = "Additional tools needed:";
/// What stands in A where the general list begins.
const TOOL_LIST: &str = "TOOL LIST";
/// How the headings of the two boxes for free text begin.
const LIST_ANY: &str = "List any";
