//! The names of those whom the trail and the settings know by their ids.

use palisade_base::Error;
use palisade_identity::Names as Known;
use palisade_trail::NamedActor;

use crate::ConsoleState;

/// What people call the actors of a page.
pub(crate) struct Names(Known);

impl Names {
    /// Looks up actors, as the trail writes them, all at once.
    ///
    /// # Errors
    /// The database can't be used.
    pub(crate) async fn of(state: &ConsoleState, actors: &[&str]) -> Result<Self, Error> {
        let (mut users, mut keys) = (Vec::new(), Vec::new());
        for actor in actors.iter().filter_map(|actor| NamedActor::parse(actor)) {
            match actor {
                NamedActor::User(id) if !users.contains(&id) => users.push(id),
                NamedActor::ApiKey(id) if !keys.contains(&id) => keys.push(id),
                NamedActor::User(_) | NamedActor::ApiKey(_) => {}
            }
        }
        Ok(Self(state.identity.names(&users, &keys).await?))
    }

    /// What people call an actor.
    pub(crate) fn say(&self, actor: &str) -> String {
        match NamedActor::parse(actor) {
            Some(NamedActor::User(id)) => {
                self.0.users.get(&id).cloned().unwrap_or_else(|| "a user who is gone".to_owned())
            }
            Some(NamedActor::ApiKey(id)) => match self.0.keys.get(&id) {
                Some(name) => format!("the program “{name}”"),
                None => "a program whose key is gone".to_owned(),
            },
            None => say_nameless(actor),
        }
    }
}

fn say_nameless(actor: &str) -> String {
    match actor.split_once(':') {
        Some(("operator", name)) => format!("{name}, at the host"),
        Some(("job", name)) => format!("Palisade ({name})"),
        _ if actor == "anonymous" => "nobody signed in".to_owned(),
        _ => actor.to_owned(),
    }
}
