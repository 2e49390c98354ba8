//! The second factor, and the roles that need one.

use palisade_base::{Caller, Error, Kind, PlainToken, Scope, SecretString, Span, UserId, auth::SessionState};
use palisade_identity::{
    model::{GrantState, NewSession},
    policy,
    settings::{Profile, SessionPolicy, Settings as _},
};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{Client, GOOD, OTHER, READ, UPDATE, World, host, origin, secret},
};

/// Somebody who has given the password and owes the code.
async fn challenged(w: &World, name: &str) -> (Client, Caller) {
    challenged_from(w, name, "192.0.2.1", None).await
}

async fn challenged_from(w: &World, name: &str, address: &str, device: Option<&PlainToken>) -> (Client, Caller) {
    let session = w.try_from(name, GOOD, address, device).await.unwrap();
    assert_eq!(session.facts.state, SessionState::OwesFactor);
    let client = Client::of(session);
    let mut caller = w.caller(&client).await;
    caller.origin = origin(address);
    (client, caller)
}

async fn give(w: &World, who: &(Client, Caller), code: &SecretString) -> Result<NewSession, Error> {
    w.identity.give_factor(&who.1, &who.0.session.facts, code, None).await
}

async fn grants(w: &World, user: UserId) -> Vec<(String, GrantState)> {
    let permit = policy::permit_read_users(&host()).unwrap();
    let row = w.identity.user_detail(&permit, user).await.unwrap().row;
    row.grants.into_iter().map(|grant| (grant.role_name, grant.state)).collect()
}

on_both_engines! {
    /// covers K1.2, K1.3 (part), T11.2 (part)
    async fn each_roles_sign_in_asks_for_what_the_role_requires(db: TestStore) {
        let w = World::new(db).await;
        w.user("admin", &["admin"]).await;
        w.user("manager", &["manager"]).await;
        w.user("employee", &["employee"]).await;
        let state = async |name| {
            let session = w.try_password(name, GOOD).await.unwrap();
            (session.facts.state, session.factor_recommended)
        };
        assert_eq!(state("admin").await, (SessionState::OwesEnrolment, false));
        assert_eq!(state("manager").await, (SessionState::Full, true));
        assert_eq!(state("employee").await, (SessionState::Full, false));
    }

    /// covers T11.2, K1.3 (part)
    async fn a_privileged_grant_waits_until_its_holder_has_enrolled_a_factor(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &["employee"]).await;
        let before = Client::of(w.try_password("ada", GOOD).await.unwrap());
        let permit = policy::permit_give_roles(&host()).unwrap();
        let state = w.identity.grant_role(&host(), &permit, ada, w.role("kpi", "admin").await).await.unwrap();
        assert_eq!(state, GrantState::Pending);
        // Nothing that the role would allow is allowed, in the session that lives.
        let caller = w.caller(&before).await;
        assert_eq!((caller.authority.scope(&READ), caller.authority.scope(&UPDATE)), (Some(Scope::Own), None));

        // The next sign-in is led to enrolment, and allows nothing else.
        let client = Client::of(w.try_password("ada", GOOD).await.unwrap());
        assert_eq!(client.session.facts.state, SessionState::OwesEnrolment);
        let caller = w.caller(&client).await;
        assert_eq!(caller.authority.iter().count(), 0);
        let shown = w.identity.begin_totp(&caller, &client.session.facts).await.unwrap();
        let again = w.identity.begin_totp(&caller, &client.session.facts).await.unwrap();
        assert_eq!(shown.secret.expose(), again.secret.expose(), "a reloaded page shows the same seed");
        assert!(shown.qr_svg.starts_with("<svg"));
        let confirm = async |code: &SecretString| w.identity.confirm_totp(&caller, &client.session.facts, code, None, None).await;
        assert_eq!(confirm(&secret("000000")).await.err().unwrap().fields()[0].field, "code");
        assert_eq!(grants(&w, ada).await, [("Admin".into(), GrantState::Pending), ("Employee".into(), GrantState::Active)]);
        let code = w.code(shown.secret.expose());
        let enrolled = confirm(&code).await.unwrap();
        assert_eq!(enrolled.recovery_codes.len(), 10);
        assert_eq!(enrolled.session.facts.state, SessionState::Full);
        assert!(!w.is_live(&client.session.token).await);

        assert_eq!(grants(&w, ada).await, [("Admin".into(), GrantState::Active), ("Employee".into(), GrantState::Active)]);
        let caller = w.identify(&enrolled.session.token).await.caller;
        assert_eq!(caller.authority.scope(&UPDATE), Some(Scope::All));
        assert_eq!(w.traced("grant.activate success").await, 1);
        // The first code was spent by confirming.
        let who = challenged(&w, "ada").await;
        assert!(give(&w, &who, &code).await.is_err());
    }

    /// Whoever knows just the password could otherwise look at a seed first, and wait until the owner enrols it.
    ///
    /// covers T11.2 (part)
    async fn a_seed_that_was_shown_to_somebody_else_is_never_enrolled(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &["admin"]).await;
        let sign_in = async || {
            let client = Client::of(w.try_password("ada", GOOD).await.unwrap());
            assert_eq!(client.session.facts.state, SessionState::OwesEnrolment);
            let caller = w.caller(&client).await;
            (client.session.facts, caller)
        };
        let begin = async |(facts, caller): &(_, _)| w.identity.begin_totp(caller, facts).await.unwrap().secret;
        let confirm = async |(facts, caller): &(_, _), seed: &SecretString| {
            w.identity.confirm_totp(caller, facts, &w.code(seed.expose()), None, None).await
        };
        let (thief, owner) = (sign_in().await, sign_in().await);
        let planted = begin(&thief).await;
        let own = begin(&owner).await;
        assert_ne!(own.expose(), planted.expose());

        // Shown again later, the thief's still is not what the owner's session takes.
        let planted = begin(&thief).await;
        for seed in [&planted, &own] {
            assert_eq!(confirm(&owner, seed).await.err().unwrap().kind(), Kind::Conflict);
        }
        let own = begin(&owner).await;
        assert_eq!(confirm(&thief, &planted).await.err().unwrap().kind(), Kind::Conflict);
        assert_eq!(confirm(&owner, &own).await.unwrap().session.facts.state, SessionState::Full);
    }

    /// covers K1.3 (part)
    async fn one_step_either_side_is_taken_two_are_not_and_no_step_twice(db: TestStore) {
        let w = World::new(db).await;
        let (_, seed) = w.user_with_factor("ada", &[]).await;
        let who = challenged(&w, "ada").await;
        assert!(give(&w, &who, &w.code_at(&seed, -2)).await.is_err());
        assert!(give(&w, &who, &w.code_at(&seed, 2)).await.is_err());
        give(&w, &who, &w.code_at(&seed, 1)).await.unwrap();
        // At or below the step that was taken last: refused.
        let who = challenged(&w, "ada").await;
        for steps in [1, 0, -1] {
            assert!(give(&w, &who, &w.code_at(&seed, steps)).await.is_err(), "{steps}");
        }
        w.advance(Span::seconds(60));
        give(&w, &who, &w.code_at(&seed, -1)).await.err().expect("still the step that was taken");
        let who = challenged(&w, "ada").await;
        w.identity.unlock_user(&host(), &policy::permit_change_users(&host()).unwrap(), who.0.session.facts.user).await.unwrap();
        give(&w, &who, &w.code(&seed)).await.unwrap();
    }

    /// covers K1.3 (part)
    async fn two_at_once_cannot_take_the_same_code(db: TestStore) {
        let w = World::new(db).await;
        let (_, seed) = w.user_with_factor("ada", &[]).await;
        let (one, two) = (challenged(&w, "ada").await, challenged(&w, "ada").await);
        let code = w.code(&seed);
        let (first, second) = tokio::join!(give(&w, &one, &code), give(&w, &two, &code));
        assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
    }

    /// covers K1.3 (part)
    async fn five_wrong_codes_end_the_challenge_from_however_many_addresses(db: TestStore) {
        let w = World::new(db).await;
        let (_, seed) = w.user_with_factor("ada", &[]).await;
        let mut waiting = Vec::new();
        for n in 1..=5 {
            waiting.push(challenged_from(&w, "ada", &format!("198.51.100.{n}"), None).await);
        }
        for who in &waiting[..4] {
            assert_eq!(give(&w, who, &secret("000000")).await.err().unwrap().kind(), Kind::Invalid);
        }
        let last = give(&w, &waiting[4], &secret("000000")).await.err().unwrap();
        assert_eq!(last.kind(), Kind::Unauthenticated);
        for who in &waiting {
            assert!(!w.is_live(&who.0.session.token).await);
        }
        // A new challenge takes no code either, right or not, until the time is over.
        let who = challenged(&w, "ada").await;
        assert_eq!(give(&w, &who, &w.code(&seed)).await.err().unwrap().kind(), Kind::Unauthenticated);
        assert!(!w.is_live(&who.0.session.token).await);
        w.advance(Span::minutes(15));
        let who = challenged(&w, "ada").await;
        give(&w, &who, &w.code(&seed)).await.unwrap();
        assert_eq!(w.traced("factor.stop failure:wrong_codes").await, 2);
    }

    /// covers K1.3 (part)
    async fn a_session_that_owes_its_factor_reaches_nothing_else(db: TestStore) {
        let w = World::new(db).await;
        let (_, _) = w.user_with_factor("ada", &["admin"]).await;
        let (client, caller) = challenged(&w, "ada").await;
        let facts = &client.session.facts;
        assert_eq!(caller.authority.iter().count(), 0);
        assert!(policy::permit_own_account(&caller, facts).is_err());
        assert!(w.identity.begin_totp(&caller, facts).await.is_err());
        assert!(w.identity.confirm_totp(&caller, facts, &secret("000000"), None, None).await.is_err());
        assert!(w.identity.choose_password(&caller, facts, &secret(OTHER), None).await.is_err());
        // It also does not wait for ever.
        w.advance(Span::minutes(15));
        assert!(!w.is_live(&client.session.token).await);
    }

    /// covers K1.3 (part)
    async fn a_recovery_code_works_once_and_new_ones_replace_the_old(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &[]).await;
        let client = Client::of(w.try_password("ada", GOOD).await.unwrap());
        let caller = w.caller(&client).await;
        let shown = w.identity.begin_totp(&caller, &client.session.facts).await.unwrap();
        let code = w.code(shown.secret.expose());
        let enrolled = w.identity.confirm_totp(&caller, &client.session.facts, &code, None, None).await.unwrap();
        let codes: Vec<String> = enrolled.recovery_codes.iter().map(|code| code.expose().clone()).collect();
        assert_eq!(codes.iter().collect::<std::collections::HashSet<_>>().len(), 10);
        assert_eq!(codes[0].len(), 19);

        let who = challenged(&w, "ada").await;
        give(&w, &who, &secret(&codes[0].to_uppercase().replace('-', " "))).await.unwrap();
        let who = challenged(&w, "ada").await;
        assert!(give(&w, &who, &secret(&codes[0])).await.is_err());
        assert_eq!(w.identity.factor_status(ada).await.unwrap().recovery_codes_left, 9);

        let client = Client::of(give(&w, &who, &secret(&codes[1])).await.unwrap());
        let caller = w.caller(&client).await;
        let permit = policy::permit_own_account(&caller, &client.session.facts).unwrap();
        w.advance(Span::minutes(1));
        let present = w.code(shown.secret.expose());
        let facts = &client.session.facts;
        assert!(w.identity.renew_recovery_codes(&caller, facts, &permit, &secret("000000")).await.is_err());
        let renewed = w.identity.renew_recovery_codes(&caller, facts, &permit, &present).await.unwrap();
        assert_eq!(w.identity.factor_status(ada).await.unwrap().recovery_codes_left, 10);
        let who = challenged(&w, "ada").await;
        assert!(give(&w, &who, &secret(&codes[2])).await.is_err());
        give(&w, &who, &renewed[0]).await.unwrap();
    }

    /// covers K1.3 (part)
    async fn a_password_reset_does_not_skip_the_second_factor(db: TestStore) {
        let w = World::new(db).await;
        let (ada, seed) = w.user_with_factor("ada", &[]).await;
        let permit = policy::permit_change_users(&host()).unwrap();
        let link = w.identity.issue_password_link(&host(), &permit, ada).await.unwrap();
        assert_eq!(w.identity.check_password_link(&link.token).await.unwrap().as_str(), "ada");
        w.identity.open_password_link(&link.token, &secret(OTHER), origin("192.0.2.1")).await.unwrap();
        assert_eq!(w.identity.check_password_link(&link.token).await.unwrap_err().kind(), Kind::NotFound);
        let session = w.try_password("ada", OTHER).await.unwrap();
        assert_eq!(session.facts.state, SessionState::OwesFactor);
        let client = Client::of(session);
        let caller = w.caller(&client).await;
        w.identity.give_factor(&caller, &client.session.facts, &w.code(&seed), None).await.unwrap();

        w.identity.set_temporary_password(&host(), &permit, ada, &secret("Gravel;plum 77 tide")).await.unwrap();
        assert_eq!(w.try_password("ada", "Gravel;plum 77 tide").await.unwrap().facts.state, SessionState::OwesFactor);
    }

    /// covers T13.3 (part)
    async fn a_reset_factor_makes_privileged_grants_wait_again(db: TestStore) {
        let w = World::new(db).await;
        let (ada, seed) = w.user_with_factor("ada", &["admin"]).await;
        let client = w.signed_in("ada", Some(&seed)).await;
        assert_eq!(w.caller(&client).await.authority.scope(&UPDATE), Some(Scope::All));
        let permit = policy::permit_change_users(&host()).unwrap();
        w.identity.reset_factor(&host(), &permit, ada).await.unwrap();
        assert!(!w.is_live(&client.session.token).await);
        assert_eq!(grants(&w, ada).await, [("Admin".into(), GrantState::Pending)]);
        assert_eq!(w.try_password("ada", GOOD).await.unwrap().facts.state, SessionState::OwesEnrolment);
    }

    async fn a_factor_that_a_role_requires_is_replaced_but_not_removed(db: TestStore) {
        let w = World::new(db).await;
        let (ada, seed) = w.user_with_factor("ada", &["admin"]).await;
        let client = w.signed_in("ada", Some(&seed)).await;
        let (caller, facts) = (w.caller(&client).await, client.session.facts.clone());
        let permit = policy::permit_own_account(&caller, &facts).unwrap();
        w.advance(Span::minutes(1));
        let refused = w.identity.remove_totp(&caller, &facts, &permit, &w.code(&seed)).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Denied);

        let shown = w.identity.begin_totp(&caller, &facts).await.unwrap();
        assert_ne!(shown.secret.expose(), &seed);
        let code = w.code(shown.secret.expose());
        let refused = w.identity.confirm_totp(&caller, &facts, &code, None, None).await.err().unwrap();
        assert_eq!(refused.fields()[0].field, "present");
        let present = w.code(&seed);
        let enrolled = w.identity.confirm_totp(&caller, &facts, &code, Some(&present), None).await.unwrap();
        assert!(!w.is_live(&client.session.token).await, "the session has another token");
        assert!(w.is_live(&enrolled.session.token).await);
        w.advance(Span::minutes(1));
        let who = challenged(&w, "ada").await;
        assert!(give(&w, &who, &w.code(&seed)).await.is_err(), "the old app's codes are void");
        give(&w, &who, &w.code(shown.secret.expose())).await.unwrap();
        assert!(w.identity.factor_status(ada).await.unwrap().totp_since.is_some());
    }

    async fn presence_is_proved_by_a_code_or_else_by_the_password(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        let (_, seed) = w.user_with_factor("bob", &[]).await;
        let prove = async |client: &Client, proof: SecretString| {
            let caller = w.caller(client).await;
            let permit = policy::permit_own_account(&caller, &client.session.facts).unwrap();
            w.identity.prove_presence(&caller, &client.session.facts, &permit, &proof).await
        };
        let ada = w.signed_in("ada", None).await;
        prove(&ada, secret(GOOD)).await.unwrap();
        assert_eq!(prove(&ada, secret(OTHER)).await.unwrap_err().fields()[0].field, "proof");
        let bob = w.signed_in("bob", Some(&seed)).await;
        assert!(prove(&bob, secret(GOOD)).await.is_err());
        w.advance(Span::minutes(1));
        let code = w.code(&seed);
        prove(&bob, code.clone()).await.unwrap();
        assert!(prove(&bob, code).await.is_err(), "a code works once");
    }

    /// covers T11.2 (part)
    async fn a_session_from_before_the_factor_does_not_become_privileged_by_it(db: TestStore) {
        let w = World::new(db).await;
        let mut several = SessionPolicy::of(Profile::Guide);
        several.browser.single = false;
        let permit = policy::permit_change_policy(&host()).unwrap();
        w.identity.change_settings(&host(), &permit, 0, several).await.unwrap();
        let ada = w.user("ada", &["employee"]).await;
        let before = w.signed_in("ada", None).await;
        w.grant(ada, "kpi", "admin").await;
        let client = Client::of(w.try_password("ada", GOOD).await.unwrap());
        let caller = w.caller(&client).await;
        let shown = w.identity.begin_totp(&caller, &client.session.facts).await.unwrap();
        let code = w.code(shown.secret.expose());
        let enrolled = w.identity.confirm_totp(&caller, &client.session.facts, &code, None, None).await.unwrap();
        assert_eq!(w.identify(&enrolled.session.token).await.caller.authority.scope(&UPDATE), Some(Scope::All));
        assert!(!w.is_live(&before.session.token).await);
        assert_eq!(w.caller(&before).await.authority.scope(&UPDATE), None);
    }
}
