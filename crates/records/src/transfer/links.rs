//! Links in files: people write the title of a record, its number or mail address, hardly ever its id.

use std::collections::HashMap;

use palisade_base::{Caller, Error, RecordId};
use palisade_store::Conn;

use crate::{ListRequest, RecordType, View, parse_id, store};

/// The most records of one type that are looked through.
const MOST: u64 = 20_000;

/// The records of one type by what they are called, in small letters; `None` where two are called the same.
pub(super) struct Names {
    to: &'static RecordType,
    known: HashMap<String, Option<RecordId>>,
}

impl Names {
    /// Reads the names of the records that the caller sees and that are in use.
    pub(super) async fn load(conn: &mut Conn, caller: &Caller, to: &'static RecordType) -> Result<Self, Error> {
        let request = ListRequest { limit: MOST, ..ListRequest::default() };
        let mut known: HashMap<String, Option<RecordId>> = HashMap::new();
        for record in store::list(conn, to, &View::new(to, caller), &request).await? {
            let keys = to.key.iter().filter(|set| set.len() == 1).filter_map(|set| record.text(set[0]));
            let mut names: Vec<String> =
                std::iter::once(record.title()).chain(keys).map(|n| n.to_lowercase()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                known.entry(name).and_modify(|id| *id = None).or_insert(Some(record.id));
            }
        }
        Ok(Self { to, known })
    }

    /// The id of the record that this text means, as text; an id stands for itself, nothing for nothing.
    pub(super) fn resolve(&self, text: &str) -> Result<String, String> {
        let text = text.trim();
        if text.is_empty() || parse_id(text).is_some() {
            return Ok(text.to_owned());
        }
        let short: String = text.chars().take(60).collect();
        match self.known.get(&text.to_lowercase()) {
            Some(Some(id)) => Ok(id.to_string()),
            Some(None) => Err(format!("More than one {} is called “{short}”. Write the id instead.", self.to.singular)),
            None => Err(format!("There is no {} called “{short}”.", self.to.singular)),
        }
    }
}
