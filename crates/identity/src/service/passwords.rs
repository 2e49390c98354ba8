//! New passwords, wherever they come from: the rules, the history, the hash.

use palisade_base::{Error, SecretString};
use palisade_store::WriteTx;

use super::Identity;
use crate::{
    password::{Broken, context_words, rules},
    settings::PasswordPolicy,
    store::{
        links::{self, LinkKind},
        users::{self, Account},
    },
};

/// The most that the history can ever be set to; so many are kept, whatever it is set to now.
const HISTORY_KEPT: i64 = 24;

/// Proof that a new password was checked, hashed and stored.
pub(super) struct PasswordSet(());

/// Whose password it is: what it must not hold.
pub(super) struct Names<'a> {
    pub(super) user_name: &'a str,
    pub(super) email: &'a str,
    /// Given and family name.
    pub(super) person: &'a str,
}

impl Identity {
    /// Checks a new password by the rules and hashes it. No transaction is open meanwhile: hashing takes its time.
    ///
    /// # Errors
    /// It breaks rules; each is a message of `field`.
    pub(super) async fn hash_new(
        &self,
        field: &'static str,
        names: &Names<'_>,
        new: &SecretString,
    ) -> Result<String, Error> {
        let policy = self.settings::<PasswordPolicy>().await?.value;
        let company = self.0.config.company.as_str();
        let words = [names.user_name, names.email, names.person, company, "Palisade"];
        rules::require(&policy, field, new, &context_words(words))?;
        self.0.hasher.hash(new).await
    }

    /// The same for somebody who has a password, or had some: none of the last ones may come back.
    ///
    /// # Errors
    /// As [`Identity::hash_new`].
    pub(super) async fn hash_replacement(
        &self,
        field: &'static str,
        account: &Account,
        new: &SecretString,
    ) -> Result<String, Error> {
        let policy = self.settings::<PasswordPolicy>().await?.value;
        let (person, user) = (account.display_name(), &account.user);
        let email = user.email.as_ref().map_or("", |email| email.as_str());
        let names = Names { user_name: user.user_name.as_str(), email, person: &person };
        let hash = self.hash_new(field, &names, new).await?;
        // The present one counts as the last of them; and where there is no history it still may not be "changed" to itself.
        let history = policy.history.max(1);
        let mut conn = self.read().await?;
        let older = users::history(&mut conn, account.user.id, i64::from(history) - 1).await?;
        drop(conn);
        for used in account.password_hash.iter().chain(&older) {
            if self.0.hasher.verify(new, Some(used)).await?.matches {
                return Err(rules::refused(field, &[Broken::Used(history)]));
            }
        }
        Ok(hash)
    }

    /// Stores a hash that [`Identity::hash_replacement`] or [`Identity::hash_new`] made.
    pub(super) async fn store_password(
        &self,
        tx: &mut WriteTx,
        account: &Account,
        hash: &str,
        must_change: bool,
    ) -> Result<PasswordSet, Error> {
        users::set_password(tx, &self.0.env, account, hash, must_change, HISTORY_KEPT).await?;
        // A link that was sent to replace the password before is not to replace this one.
        links::void(tx, LinkKind::Password, account.user.id, self.now()).await?;
        Ok(PasswordSet(()))
    }
}
