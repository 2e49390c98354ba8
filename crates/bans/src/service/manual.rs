//! Bans by hand, and lifting them; each commits with its trail entry.

use palisade_base::{Caller, Category, Error, FieldError, Kind, Permit, Resource, Span, TrailEntry};
use uuid::Uuid;

use super::Bans;
use crate::{
    Target,
    model::{Ban, BanFilter, MANUAL, Measure, NewBan},
    policy::{self, ManageBans, ReadBans},
    store,
};

/// The longest reason, in characters.
const REASON: usize = 500;
/// The longest ban that ends by itself.
const LONGEST: Span = Span::days(3_650);

impl Bans {
    /// Bans somebody by hand, in the place of any ban of exactly the same address or network. In force when this returns.
    ///
    /// # Errors
    /// It would hit somebody who is never banned (field `network`), is no length of time (field `length`), or the
    /// reason is too long (field `reason`).
    pub async fn add(&self, caller: &Caller, permit: &Permit<ManageBans>, new: NewBan) -> Result<Ban, Error> {
        check_permit(caller, permit.actor())?;
        self.check(&new)?;
        let now = self.now();
        let ban = Ban {
            id: self.0.env.uuid(),
            target: new.target,
            measure: Measure::Ban,
            jail: MANUAL.to_owned(),
            made_by: caller.actor.to_string(),
            began_at: now,
            ends_at: new.length.map(|length| now + length),
            reason: new.reason.trim().to_owned(),
            evidence: Vec::new(),
            failures: 0,
            offences: 1,
            lifted: None,
        };
        self.flush().await;
        let mut tx = self.0.store.write().await?;
        let change = store::next_change(&mut tx).await?;
        let replaced = store::lift(&mut tx, ban.target, now, &ban.made_by, change).await?;
        store::insert(&mut tx, &ban, change).await?;
        let entry = TrailEntry::new(Category::Security, caller, "ban.add", Resource::new("ban", ban.target))
            .note("reason", ban.reason.as_str())
            .note("until", ban.ends_at.map(|end| end.to_string()))
            .note("replaced", replaced);
        tx.commit(entry).await?;
        self.0.live.set(ban.facts());
        Ok(ban)
    }

    fn check(&self, new: &NewBan) -> Result<(), Error> {
        let mut wrong = Vec::new();
        let mut say = |field: &'static str, message: String| wrong.push(FieldError { field: field.into(), message });
        if let Err(message) = policy::decide_manual(&self.0.rules.load().exemptions, new.target) {
            say("network", message);
        } else if !self.0.live.has_room_for(new.target) {
            say("network", "Too many networks are banned already. Lift some first.".to_owned());
        }
        if new.length.is_some_and(|length| length <= Span::ZERO || length > LONGEST) {
            say("length", "A ban lasts up to ten years, or until it is lifted.".to_owned());
        }
        if new.reason.trim().chars().count() > REASON || new.reason.contains('\0') {
            say("reason", format!("Use at most {REASON} characters."));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::invalid(wrong)) }
    }

    /// Lifts every ban of exactly this address or network; tells how many there were.
    ///
    /// # Errors
    /// There is none.
    pub async fn lift(&self, caller: &Caller, permit: &Permit<ManageBans>, target: Target) -> Result<u64, Error> {
        check_permit(caller, permit.actor())?;
        let now = self.now();
        self.flush().await;
        let mut tx = self.0.store.write().await?;
        let change = store::next_change(&mut tx).await?;
        let lifted = store::lift(&mut tx, target, now, &caller.actor.to_string(), change).await?;
        if lifted == 0 {
            return Err(self.not_banned(target));
        }
        let entry =
            TrailEntry::new(Category::Security, caller, "ban.lift", Resource::new("ban", target)).note("bans", lifted);
        tx.commit(entry).await?;
        self.0.live.remove(target);
        self.0.slowed.remove(target);
        if let Some(client) = target.client() {
            self.forgive(client, now);
        }
        Ok(lifted)
    }

    fn not_banned(&self, target: Target) -> Error {
        let message = match self.0.live.find(target.net().addr(), self.now()) {
            Some(wider) if wider.target != target => {
                format!("{target} is not banned by itself: {} is. Lift that one.", wider.target)
            }
            _ => format!("{target} is not banned."),
        };
        Error::new(Kind::NotFound, message)
    }

    /// One ban.
    ///
    /// # Errors
    /// There is none of this id, or the database can't be read.
    pub async fn one(&self, _permit: &Permit<ReadBans>, id: Uuid) -> Result<Ban, Error> {
        self.flush().await;
        let mut conn = self.0.store.read().await?;
        store::find(&mut conn, id).await?.ok_or_else(Error::not_found)
    }

    /// The bans that fit, in their order, and how many fit in all.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn list(&self, _permit: &Permit<ReadBans>, filter: &BanFilter) -> Result<(Vec<Ban>, u64), Error> {
        self.flush().await;
        let now = self.now();
        let mut conn = self.0.store.read().await?;
        let rows = store::list(&mut conn, filter, now).await?;
        let total = store::count(&mut conn, filter, now).await?;
        Ok((rows, total))
    }
}

/// A permit is for who it was issued to.
fn check_permit(caller: &Caller, permitted: &palisade_base::Actor) -> Result<(), Error> {
    if *permitted == caller.actor { Ok(()) } else { Err(Error::denied()) }
}
