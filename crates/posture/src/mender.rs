//! What the program can mend by itself, once somebody has seen how.

use async_trait::async_trait;
use palisade_base::{Error, Kind};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does, in a sentence.
    pub what: String,
    /// Exactly what will be changed: a unified difference, statements, rules.
    pub difference: String,
}

/// What would be done. Empty where there is nothing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Whose it is, by [`Mender::name`].
    pub mender: String,
    /// What it is for, in a few words.
    pub title: String,
    /// In their order.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Names exactly this plan: who has it carried out says which one they saw. 16 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for text in self.steps.iter().flat_map(|step| [&step.what, &step.difference]).chain([&self.mender]) {
            hash.update(text.len().to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// Mends one kind of thing.
#[async_trait]
pub trait Mender: Send + Sync {
    /// By which commands name it: `firewall`, `frappe.tems`.
    fn name(&self) -> &str;

    /// What would be done now. Changes nothing.
    ///
    /// # Errors
    /// What is there can't be read: what, where, and what to do.
    async fn plan(&self) -> Result<Plan, Error>;

    /// Does it, and says what was done, a sentence for each step. The plan is the one that [`Mender::plan`] has just
    /// given; what was there before is kept.
    ///
    /// # Errors
    /// A step failed: what, and how things stand now.
    async fn apply(&self, plan: &Plan) -> Result<Vec<String>, Error>;

    /// Makes what was applied stay, where it goes by itself otherwise. Says what was done.
    ///
    /// # Errors
    /// Nothing waits to be confirmed (any more).
    async fn confirm(&self) -> Result<Vec<String>, Error> {
        Err(Error::new(
            Kind::Conflict,
            format!("What {} mends stays by itself: there is nothing to confirm.", self.name()),
        ))
    }
}
