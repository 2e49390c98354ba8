//! What becomes of a command that is found in a body when the application has been asked already.
//!
//! The layers have let the request pass for what its head and the beginning of its body showed. Limits and rules hold for
//! the command all the same: they are asked again, and what one of them refuses does not reach the application.

use std::sync::{Arc, OnceLock};

use axum::response::Response;
use http::Method;
use palisade_base::{Actor, Caller, Origin, auth::SiteUser};
use palisade_config::LimitBy;
use palisade_counters::LimitKey;

use crate::{
    layer::{
        address_limits::{refuse, refused_by_own},
        session::finish,
        site_access::{nobody_is_here, refusal},
        user_limits::Counted,
        way_in,
    },
    limits::Refusal,
    request::Facts,
    shared::Shared,
    ways_in::{Findings, Judge, Judgement},
};

/// Who asks: what the layers further in find out before the rest of the body is read.
#[derive(Default)]
pub(crate) struct Asker {
    counted: OnceLock<Counted>,
    admitted: OnceLock<Admitted>,
}

/// Who was let in.
pub(crate) struct Admitted {
    pub(crate) caller: Caller,
    pub(crate) there: Option<Arc<SiteUser>>,
    /// By a token of the application's own, whose worth only that knows.
    pub(crate) by_token: bool,
}

impl Asker {
    /// Whom limits by user count.
    pub(crate) fn note_counted(&self, counted: &Counted) {
        self.counted.get_or_init(|| counted.clone());
    }

    pub(crate) fn note_admitted(&self, admitted: Admitted) {
        self.admitted.get_or_init(|| admitted);
    }
}

/// Who judges what is found in the rest of this request's body, after what was `found` in its beginning.
pub(crate) fn judge(
    shared: &Arc<Shared>,
    mut facts: Facts,
    found: &Findings,
    (method, by_foreign_page): (&Method, bool),
    asker: &Arc<Asker>,
) -> Judge {
    facts.note_fields(found.clone());
    let (shared, method, asker) = (Arc::clone(shared), method.clone(), Arc::clone(asker));
    let mut late = LateCommands { shared, facts, method, by_foreign_page, asker };
    Box::new(move |found| late.judge(found))
}

struct LateCommands {
    shared: Arc<Shared>,
    /// With what has been found since.
    facts: Facts,
    method: Method,
    /// A page elsewhere has its reader's browser ask.
    by_foreign_page: bool,
    asker: Arc<Asker>,
}

impl LateCommands {
    fn judge(&mut self, found: &Findings) -> Judgement {
        let before = self.facts.clone();
        self.facts.now = self.shared.env.now();
        self.facts.note_fields(found.clone());
        let is_try = self.facts.kind.is_sign_in() && !before.kind.is_sign_in();
        let foreign = (is_try && self.by_foreign_page).then(way_in::foreign);
        let limited = || self.refused_by_limit(&before, is_try);
        Judgement { is_try, answer: foreign.or_else(limited).or_else(|| self.refused_by_rule()) }
    }

    /// Limits count a request once: those that held for it before have counted it.
    fn refused_by_limit(&self, before: &Facts, is_try: bool) -> Option<Response> {
        let Self { shared, facts, method, asker, .. } = self;
        if shared.is_exempt(facts) {
            return None;
        }
        let address = LimitKey::Address(facts.client.key());
        let login = is_try.then(|| shared.limits.login.refuses(address, facts.now)).flatten();
        let counted = asker.counted.get();
        let own = refused_by_own(shared, (facts, method), Some(before), |by| match by {
            LimitBy::Address | LimitBy::Network => Some(Some(address)),
            LimitBy::User | LimitBy::Key => counted.and_then(|counted| counted.key_for(by)),
        });
        let refusal: Refusal = login.or(own)?;
        let actor = counted.map_or(Actor::Anonymous, |counted| counted.actor.clone());
        Some(refuse(shared, facts, &refusal, actor))
    }

    fn refused_by_rule(&self) -> Option<Response> {
        let Self { shared, facts, asker, .. } = self;
        let site = facts.site()?;
        let need = site.access.as_ref()?.judge_commands(&facts.fields.commands, facts.client.address);
        let admitted = asker.admitted.get();
        let there = admitted.and_then(|admitted| admitted.there.as_deref());
        // A made-up token must not carry a session past the sign-in.
        let carried = admitted.is_some_and(|admitted| admitted.by_token) && facts.fields.session;
        let refusal = if carried { Some(nobody_is_here(shared)) } else { refusal(shared, site, facts, &need, there) }?;
        let caller = admitted.map_or_else(|| Caller::anonymous(self.origin()), |admitted| admitted.caller.clone());
        Some(finish(shared, facts, caller, refusal))
    }

    fn origin(&self) -> Origin {
        let facts = &self.facts;
        Origin { address: Some(facts.client.address), session: None, request: Some(facts.id), agent: None }
    }
}
