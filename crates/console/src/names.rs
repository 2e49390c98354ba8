//! The names of those whom the trail and the settings know by their ids.

use std::collections::BTreeMap;

use palisade_base::UserId;
use palisade_identity::policy::permit_read_users;
use palisade_web::Visitor;

use crate::ConsoleState;

/// The most users that one page looks up.
const MOST: usize = 60;

/// Names by the way the trail writes actors: `user:<id>`.
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// Looks up the actors of a page. Who may not see users sees the ids instead.
    pub(crate) async fn of(state: &ConsoleState, visitor: &Visitor, actors: &[&str]) -> Self {
        let mut names = BTreeMap::new();
        let Ok(permit) = permit_read_users(&visitor.caller) else { return Self(names) };
        for &actor in actors {
            let Some(id) = actor.strip_prefix("user:").and_then(|id| id.parse::<UserId>().ok()) else { continue };
            if names.len() >= MOST || names.contains_key(actor) {
                continue;
            }
            // A user who is gone keeps the id: the trail outlives them.
            if let Ok(user) = state.identity.user_detail(&permit, id).await {
                names.insert(actor.to_owned(), user.row.display_name);
            }
        }
        Self(names)
    }

    /// What people call an actor.
    pub(crate) fn say(&self, actor: &str) -> String {
        if let Some(name) = self.0.get(actor) {
            return name.clone();
        }
        match actor.split_once(':') {
            None if actor == "anonymous" => "Nobody known".to_owned(),
            Some(("operator", name)) => format!("{name}, at the host"),
            Some(("job", name)) => format!("Palisade ({name})"),
            Some(("api", id)) => format!("A program (key {id})"),
            _ => actor.to_owned(),
        }
    }
}
