//! Sessions: how they begin, change and end.

use palisade_base::{
    Scope, Span,
    auth::{Authenticator as _, ClientClass, Presented, SessionState},
};
use palisade_identity::{
    model::{EndReason, SignInAttempt},
    policy,
    settings::{Profile, SessionPolicy, Settings as _},
};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{Client, GOOD, OTHER, UPDATE, World, host, open, origin, quick, secret},
};

async fn reason(w: &World, client: &Client) -> Option<EndReason> {
    w.identity.why_ended(&client.session.token).await.unwrap().map(|ended| ended.reason)
}

on_both_engines! {
    /// covers K1.4 (part), T8.1 (part)
    async fn an_idle_session_ends_after_thirty_minutes_and_polling_does_not_keep_it(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        let client = w.signed_in("ada", None).await;
        w.advance(Span::minutes(29));
        assert!(w.is_live(&client.session.token).await);
        w.advance(Span::minutes(29));
        let polled = Presented { session: Some(client.session.token.clone()), background: true, api_key: None };
        assert!(w.identity.identify("kpi", polled, origin("192.0.2.1")).await.unwrap().session.is_some());
        w.advance(Span::minutes(1));
        assert!(!w.is_live(&client.session.token).await);
        assert_eq!(reason(&w, &client).await, Some(EndReason::Idle));
    }

    /// covers T8.1 (part)
    async fn a_browser_session_ends_after_six_hours_however_busy_it_is(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        let client = w.signed_in("ada", None).await;
        for _ in 0..23 {
            w.advance(Span::minutes(15));
            assert!(w.is_live(&client.session.token).await);
        }
        w.advance(Span::seconds(15 * 60 - 1));
        assert!(w.is_live(&client.session.token).await);
        w.advance(Span::seconds(1));
        assert!(!w.is_live(&client.session.token).await);
        assert_eq!(reason(&w, &client).await, Some(EndReason::Expired));
    }

    /// covers T8.1
    async fn only_a_device_that_its_owner_named_after_a_second_factor_lives_a_week(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        let client = w.signed_in("ada", None).await;
        let caller = w.caller(&client).await;
        let permit = policy::permit_own_account(&caller, &client.session.facts).unwrap();
        let refused = w.identity.name_mobile_device(&caller, &client.session.facts, &permit, "Phone").await;
        assert!(refused.is_err(), "no factor was given in this session");

        let (_, seed) = w.user_with_factor("bob", &[]).await;
        let client = w.signed_in("bob", Some(&seed)).await;
        let device = client.session.device.clone().unwrap();
        assert_eq!(client.session.facts.class, ClientClass::Browser);
        let caller = w.caller(&client).await;
        let permit = policy::permit_own_account(&caller, &client.session.facts).unwrap();
        let named = w.identity.name_mobile_device(&caller, &client.session.facts, &permit, "Bob's phone").await.unwrap();
        assert_eq!(named.facts.class, ClientClass::Mobile);
        assert!(!w.is_live(&client.session.token).await, "it has another token");
        let phone = Client::of(named);
        w.advance(Span::seconds(167 * 3600));
        assert!(w.is_live(&phone.session.token).await);
        w.advance(Span::hours(1));
        assert!(!w.is_live(&phone.session.token).await);

        // The device is known by its cookie at the next sign-in; without it the strict times count.
        let again = w.signed_in_on("bob", Some(&seed), Some(&device)).await;
        assert_eq!(again.session.facts.class, ClientClass::Mobile);
        assert_eq!(again.session.expires_at, w.now() + Span::hours(168));
        w.advance(Span::minutes(1));
        let elsewhere = w.signed_in("bob", Some(&seed)).await;
        assert_eq!(elsewhere.session.facts.class, ClientClass::Browser);
        assert_eq!(elsewhere.session.expires_at, w.now() + Span::hours(6));
    }

    /// covers T8.2, K1.4 (part)
    async fn a_new_sign_in_ends_the_older_session_and_the_old_client_is_told_why(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        let first = w.signed_in("ada", None).await;
        assert!(w.is_live(&first.session.token).await);
        let second = w.signed_in("ada", None).await;
        assert!(!w.is_live(&first.session.token).await);
        assert!(w.is_live(&second.session.token).await);
        assert_eq!(reason(&w, &first).await, Some(EndReason::SignedInElsewhere));
        assert_eq!(reason(&w, &second).await, None);
    }

    /// covers T8.2 (part)
    async fn whoever_knows_the_password_alone_does_not_sign_the_owner_out(db: TestStore) {
        let w = World::new(db).await;
        let (_, seed) = w.user_with_factor("ada", &[]).await;
        let owner = w.signed_in("ada", Some(&seed)).await;
        assert_eq!(w.try_password("ada", GOOD).await.unwrap().facts.state, SessionState::OwesFactor);
        assert!(w.is_live(&owner.session.token).await);
    }

    async fn several_sessions_live_where_the_setting_allows_them(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        let mut policy = SessionPolicy::of(Profile::Guide);
        policy.browser.single = false;
        let permit = policy::permit_change_policy(&host()).unwrap();
        w.identity.change_settings(&host(), &permit, 0, policy).await.unwrap();
        let (first, second) = (w.signed_in("ada", None).await, w.signed_in("ada", None).await);
        assert!(w.is_live(&first.session.token).await && w.is_live(&second.session.token).await);
    }

    /// covers K1.4 (part)
    async fn each_step_of_signing_in_has_a_session_and_token_of_its_own(db: TestStore) {
        let w = World::new(db).await;
        let (_, seed) = w.user_with_factor("ada", &[]).await;
        let before = Client::of(w.try_password("ada", GOOD).await.unwrap());
        let caller = w.caller(&before).await;
        let after = w.identity.give_factor(&caller, &before.session.facts, &w.code(&seed), None).await.unwrap();
        assert_ne!(before.session.facts.id, after.facts.id);
        assert!(!w.is_live(&before.session.token).await);
        assert_eq!(reason(&w, &before).await, Some(EndReason::Replaced));
        assert!(w.identity.give_factor(&caller, &before.session.facts, &w.code(&seed), None).await.is_err());

        // A browser that signs in again lets go of the session it had, whoever it was.
        let attempt = SignInAttempt {
            login: "ada".into(),
            password: secret(GOOD),
            device: None,
            previous: Some(after.token.clone()),
            origin: origin("192.0.2.1"),
        };
        w.identity.sign_in(attempt).await.unwrap();
        assert!(!w.is_live(&after.token).await);
    }

    /// covers K1.4 (part)
    async fn a_change_of_roles_gives_the_session_a_new_token(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &["employee"]).await;
        let client = w.signed_in("ada", None).await;
        assert!(w.identify(&client.session.token).await.renewed.is_none());
        w.grant(ada, "kpi", "manager").await;
        let found = w.identify(&client.session.token).await;
        assert_eq!(found.caller.authority.scope(&UPDATE), Some(Scope::Team), "the change is in force at once");
        let renewed = found.renewed.expect("a new token");
        assert!(w.identify(&renewed).await.renewed.is_none());
        // Requests that were under way with the old token are answered, for a moment.
        w.advance(Span::seconds(29));
        assert!(w.is_live(&client.session.token).await);
        w.advance(Span::seconds(1));
        assert!(!w.is_live(&client.session.token).await);
        assert!(w.is_live(&renewed).await);
        assert_eq!(w.traced("session.renew success").await, 1);
    }

    /// covers K1.4 (part)
    async fn of_many_requests_at_once_one_gets_the_new_token(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &["employee"]).await;
        let client = w.signed_in("ada", None).await;
        w.grant(ada, "kpi", "manager").await;
        let token = &client.session.token;
        let (a, b, c) = tokio::join!(w.identify(token), w.identify(token), w.identify(token));
        assert!(a.session.is_some() && b.session.is_some() && c.session.is_some());
        assert_eq!([a, b, c].iter().filter(|found| found.renewed.is_some()).count(), 1);
    }

    /// covers T13.3 (part), K2.2 (part)
    async fn ending_sessions_is_in_force_at_once_here_and_within_a_second_on_another_node(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        w.user("bob", &[]).await;
        let other = World { identity: open(&w.db, w.db.store.clone(), quick()).await, db: w.db };
        let w = World { identity: w.identity, db: other.db };
        let node = other.identity;
        let (ada, bob) = (w.signed_in("ada", None).await, w.signed_in("bob", None).await);
        let on_node = async |client: &Client| {
            let presented = Presented { session: Some(client.session.token.clone()), ..Presented::default() };
            node.identify("kpi", presented, origin("192.0.2.1")).await.unwrap().session.is_some()
        };
        assert!(on_node(&ada).await && on_node(&bob).await);
        assert!(w.is_live(&ada.session.token).await && w.is_live(&bob.session.token).await);
        let permit = policy::permit_end_sessions(&host()).unwrap();
        assert_eq!(w.identity.end_all_sessions(&host(), &permit).await.unwrap(), 2);
        assert!(!w.is_live(&ada.session.token).await && !w.is_live(&bob.session.token).await);
        w.advance(Span::millis(999));
        assert!(!on_node(&ada).await && !on_node(&bob).await);
        assert_eq!(reason(&w, &ada).await, Some(EndReason::EndedForAll));
    }

    /// covers T13.3 (part)
    async fn after_a_reset_of_all_passwords_everybody_must_choose_a_new_one(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        w.user("bob", &[]).await;
        let ada = w.signed_in("ada", None).await;
        let permit = policy::permit_change_users(&host()).unwrap();
        assert_eq!(w.identity.require_password_change_of_all(&host(), &permit).await.unwrap(), 2);
        assert!(!w.is_live(&ada.session.token).await);
        for name in ["ada", "bob"] {
            assert_eq!(w.try_password(name, GOOD).await.unwrap().facts.state, SessionState::OwesPassword);
        }
    }

    async fn people_see_and_end_their_own_sessions_only(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        w.user("bob", &[]).await;
        let (ada, bob) = (w.signed_in("ada", None).await, w.signed_in("bob", None).await);
        let caller = w.caller(&ada).await;
        let permit = policy::permit_own_account(&caller, &ada.session.facts).unwrap();
        let own = w.identity.own_sessions(&permit).await.unwrap();
        assert_eq!(own.len(), 1);
        assert_eq!((own[0].address.as_deref(), own[0].agent.as_deref()), (Some("192.0.2.1"), Some("Test/1.0")));
        assert!(w.identity.end_own_session(&caller, &permit, bob.session.facts.id).await.is_err());
        w.identity.end_own_session(&caller, &permit, ada.session.facts.id).await.unwrap();
        assert!(!w.is_live(&ada.session.token).await && w.is_live(&bob.session.token).await);
    }

    async fn signing_out_ends_the_session_and_a_password_change_ends_the_others(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        let client = w.signed_in("ada", None).await;
        let caller = w.caller(&client).await;
        w.identity.sign_out(&caller, &client.session.facts).await.unwrap();
        assert!(!w.is_live(&client.session.token).await);
        assert_eq!(w.traced("session.end success").await, 1);

        let mut policy = SessionPolicy::of(Profile::Guide);
        policy.browser.single = false;
        let permit = policy::permit_change_policy(&host()).unwrap();
        w.identity.change_settings(&host(), &permit, 0, policy).await.unwrap();
        let (one, two) = (w.signed_in("ada", None).await, w.signed_in("ada", None).await);
        let caller = w.caller(&one).await;
        let permit = policy::permit_own_account(&caller, &one.session.facts).unwrap();
        let (present, new) = (secret(GOOD), secret(OTHER));
        let renewed = w.identity.change_password(&caller, &one.session.facts, &permit, &present, &new).await.unwrap();
        assert!(w.is_live(&renewed.token).await);
        assert!(!w.is_live(&one.session.token).await && !w.is_live(&two.session.token).await);
        assert_eq!(reason(&w, &two).await, Some(EndReason::PasswordChanged));
    }

    async fn what_has_run_out_is_deleted_by_the_daily_job(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        let client = w.signed_in("ada", None).await;
        w.advance(Span::days(29));
        w.identity.clean_up().await.unwrap();
        assert_eq!(reason(&w, &client).await, Some(EndReason::Idle));
        w.advance(Span::days(2));
        w.identity.clean_up().await.unwrap();
        assert_eq!(reason(&w, &client).await, None);
    }

    async fn a_token_that_is_none_of_ours_is_nobody(db: TestStore) {
        let w = World::new(db).await;
        let token = palisade_base::PlainToken::from_client("made-up").unwrap();
        let found = w.identify(&token).await;
        assert!(found.session.is_none() && found.caller.authority.iter().count() == 0);
        assert_eq!(found.caller.actor, palisade_base::Actor::Anonymous);
    }
}
