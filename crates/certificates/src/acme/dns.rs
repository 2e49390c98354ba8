//! Proof by a record in the DNS, which somebody else sets: the helper, by a command of the operator's.

use async_trait::async_trait;

/// Sets and removes the record by which a CA sees that a name is ours.
#[async_trait]
pub trait DnsChallenge: Send + Sync {
    /// Runs the command named `command` to add the TXT record `record` with this value. Done when it can be seen.
    ///
    /// # Errors
    /// Why it could not be set.
    async fn set(&self, command: &str, record: &str, value: &str) -> Result<(), String>;

    /// Takes it back.
    ///
    /// # Errors
    /// Why it could not be removed.
    async fn remove(&self, command: &str, record: &str, value: &str) -> Result<(), String>;
}
