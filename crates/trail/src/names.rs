//! The trail knows people by their ids only, so that it can outlive them; pages show names.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use palisade_base::{ApiKeyId, Error, UserId};

use crate::Entry;

/// An actor whose name stands in another table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamedActor {
    /// A user.
    User(UserId),
    /// An API key.
    ApiKey(ApiKeyId),
}

/// Who knows the names: identity, for the console's pages.
#[async_trait]
pub trait ActorNames: Send + Sync {
    /// The names of those that are known; who was erased has none.
    ///
    /// # Errors
    /// The names can't be looked up at the moment.
    async fn names(&self, actors: &[NamedActor]) -> Result<HashMap<NamedActor, String>, Error>;
}

impl NamedActor {
    /// From an entry's actor; `None` for jobs, operators and strangers, whose names need no table.
    #[must_use]
    pub fn parse(actor: &str) -> Option<Self> {
        match actor.split_once(':')? {
            ("user", id) => id.parse().ok().map(Self::User),
            ("api", id) => id.parse().ok().map(Self::ApiKey),
            _ => None,
        }
    }
}

/// What to show for each actor of these entries, by the actor as stored. One look-up for all of them.
///
/// # Errors
/// The names can't be looked up.
pub async fn name_actors(entries: &[Entry], names: &dyn ActorNames) -> Result<HashMap<String, String>, Error> {
    let actors: BTreeSet<&str> = entries.iter().map(|entry| entry.actor.as_str()).collect();
    let wanted: Vec<NamedActor> = actors.iter().filter_map(|actor| NamedActor::parse(actor)).collect();
    let known = if wanted.is_empty() { HashMap::new() } else { names.names(&wanted).await? };
    Ok(actors.into_iter().map(|actor| (actor.to_owned(), describe(actor, &known))).collect())
}

fn describe(actor: &str, known: &HashMap<NamedActor, String>) -> String {
    if let Some(named) = NamedActor::parse(actor) {
        let unknown = || match named {
            NamedActor::User(_) => "a user who is gone".to_owned(),
            NamedActor::ApiKey(_) => "an API key that is gone".to_owned(),
        };
        return known.get(&named).cloned().unwrap_or_else(unknown);
    }
    match actor.split_once(':') {
        Some(("job", job)) => format!("Palisade ({job})"),
        Some(("operator", name)) => format!("{name}, at the host"),
        _ if actor == "anonymous" => "nobody signed in".to_owned(),
        _ => actor.to_owned(),
    }
}
