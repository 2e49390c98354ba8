//! The one data path: record types are declared once, and everything that reaches a record goes through the declaration.
#![doc = include_str!("../README.md")]

pub mod api;
mod batch;
mod check;
mod children;
mod declare;
pub mod directory;
mod hold;
mod lifecycle;
mod model;
pub mod pages;
pub mod policy;
mod query;
mod reading;
mod schema;
mod service;
mod store;
mod text;
pub mod transfer;
mod transition;
mod value;

use palisade_store::MigrationSet;

pub use batch::Batch;
pub use children::{Child, ChildRow, Merged, add_row_changes, add_rows, drop_empty_rows, read_rows};
pub use declare::{Base, Check, Field, Hold, Kind, PermissionInfo, Privacy, RecordType, RowRules, Values, Verb, Verbs};
pub use lifecycle::{Effect, Effecting, Guard, Lifecycle, Moving, Stamp, Transition};
pub use model::{Archived, Cell, Draft, ListRequest, Page, Record};
pub use policy::{RowFilter, View};
pub use schema::{SchemaError, check_schema};
pub use service::{Permitted, Records};
pub use value::{Given, parse_id, read_date};

/// The tables of this crate.
pub const MIGRATIONS: MigrationSet = palisade_store::migrations!("records", [1 => "0001_person", 2 => "0002_import"]);
