//! What an app adds to the page of a record, without the record layer knowing what it is.

use std::sync::Arc;

use async_trait::async_trait;
use palisade_base::{Caller, Error};
use palisade_web::{
    Failure, Html, Visitor,
    component::{ButtonLink, Tabs},
};

use crate::{Record, RecordType};

/// What an app shows beside and above the facts of its records.
#[async_trait]
pub trait Companion: Send + Sync {
    /// The pages beside the record's own, as far as this caller may open them; the record's own is among them, as the
    /// current one.
    fn tabs(&self, caller: &Caller, record: &Record) -> Tabs;

    /// Where the list of the type leads besides, as far as this caller may go there.
    fn beside_list(&self, _caller: &Caller) -> Vec<ButtonLink> {
        Vec::new()
    }

    /// What the list calls these records, in their order, and the head of that column: where their own titles say too
    /// little.
    ///
    /// # Errors
    /// What it needs can't be read.
    async fn list_titles(
        &self,
        _caller: &Caller,
        _records: &[Record],
    ) -> Result<Option<(&'static str, Vec<String>)>, Error> {
        Ok(None)
    }

    /// The entry of the rail that the record's page stands under, with its address, where that is not its list.
    fn place(&self, _caller: &Caller, _record: &Record) -> Option<(&'static str, &'static str)> {
        None
    }

    /// What stands above the facts. The record was found for this visitor, and that they see it is in the trail.
    ///
    /// # Errors
    /// What it needs can't be read.
    async fn above(&self, visitor: &Visitor, record: &Record) -> Result<Html, Failure>;
}

/// The companions of some types, by type.
#[derive(Clone, Default)]
pub struct Companions(Vec<(&'static RecordType, Arc<dyn Companion>)>);

impl Companions {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one to the pages of a type.
    #[must_use]
    pub fn with(mut self, ty: &'static RecordType, companion: impl Companion + 'static) -> Self {
        self.0.push((ty, Arc::new(companion)));
        self
    }

    pub(super) fn of(&self, ty: &RecordType) -> Option<Arc<dyn Companion>> {
        self.0.iter().find(|(known, _)| known.name == ty.name).map(|(_, companion)| Arc::clone(companion))
    }
}
