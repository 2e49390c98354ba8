//! A decision, as a value.

use std::marker::PhantomData;

use crate::Actor;

/// Something that needs permission. The crate whose policy decides about it owns the marker type.
pub trait Action {
    /// A type that only the deciding `policy.rs` can build; it keeps everybody else from issuing permits.
    type Key;
    /// The name that trail and messages use.
    const NAME: &'static str;
}

/// The policy's decision that an actor may do `A`. Services that change state take one as an argument,
/// so a missing check does not compile.
#[derive(Clone, Debug)]
pub struct Permit<A: Action> {
    actor: Actor,
    action: PhantomData<fn() -> A>,
}

impl<A: Action> Permit<A> {
    /// Issues a permit. Only who can build `A::Key` can call this.
    pub fn issue(_key: A::Key, actor: &Actor) -> Self {
        Self { actor: actor.clone(), action: PhantomData }
    }

    /// Who was permitted.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }
}
