//! Names for those whom trail and settings know by their ids.

use std::collections::HashMap;

use palisade_base::{ApiKeyId, Error, Permit, PersonId, UserId};

use super::Identity;
use crate::{
    policy::CreateUsers,
    store::{keys, users},
};

/// The names of users and keys, by their ids. Who is gone is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Given and family name.
    pub users: HashMap<UserId, String>,
    /// The owner's name for the key.
    pub keys: HashMap<ApiKeyId, String>,
}

impl Identity {
    /// People of the directory who have no user yet, by name; at most `limit`.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn people_without_user(
        &self,
        _permit: &Permit<CreateUsers>,
        search: &str,
        limit: i64,
    ) -> Result<Vec<(PersonId, String)>, Error> {
        Ok(users::people_without(&mut *self.read().await?, search, limit).await?)
    }

    /// The names of these users and keys. Decides nothing about who may see them: they go with an entry of the trail, or
    /// a setting's history, that the asker may read.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn names(&self, of_users: &[UserId], of_keys: &[ApiKeyId]) -> Result<Names, Error> {
        let mut conn = self.read().await?;
        let mut names = Names::default();
        if !of_users.is_empty() {
            names.users = users::names(&mut conn, of_users).await?.into_iter().collect();
        }
        if !of_keys.is_empty() {
            names.keys = keys::names(&mut conn, of_keys).await?.into_iter().collect();
        }
        Ok(names)
    }
}
