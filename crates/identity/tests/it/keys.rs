//! API keys.

use palisade_base::{
    Actor, ApiKeyId, Error, Kind, PlainToken, Scope, Span,
    auth::{Authenticator as _, Identified, Presented},
};
use palisade_identity::{model::NewApiKey, policy};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{Client, READ, UPDATE, World, host, origin},
};

fn wanted(permissions: Vec<(palisade_base::Permission, Scope)>) -> NewApiKey {
    NewApiKey { name: "Payroll".into(), permissions, valid_days: 30 }
}

async fn make(w: &World, client: &Client, new: NewApiKey) -> Result<(ApiKeyId, PlainToken), Error> {
    let caller = w.caller(client).await;
    let permit = policy::permit_own_account(&caller, &client.session.facts).unwrap();
    w.identity.create_key(&caller, &permit, new).await.map(|(key, token)| (key.id, token))
}

async fn show(w: &World, token: &PlainToken) -> Result<Identified, Error> {
    let presented = Presented { api_key: Some(token.clone()), ..Presented::default() };
    w.identity.identify("kpi", presented, origin("192.0.2.1")).await
}

on_both_engines! {
    /// covers K4.3 (part)
    async fn a_key_signs_a_program_in_with_its_scope_and_no_more(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &["manager"]).await;
        let client = w.signed_in("ada", None).await;
        let (id, token) = make(&w, &client, wanted(vec![(READ, Scope::Own)])).await.unwrap();
        assert!(token.reveal().starts_with("plk_"));
        let found = show(&w, &token).await.unwrap();
        assert_eq!(found.caller.actor, Actor::ApiClient { key: id, owner: ada });
        assert!(found.session.is_none());
        assert_eq!((found.caller.authority.scope(&READ), found.caller.authority.scope(&UPDATE)), (Some(Scope::Own), None));
        // It is no session: what a session may do to its account, a key may not.
        assert!(policy::permit_own_account(&found.caller, &client.session.facts).is_err());
        // And a key is no cookie, nor a cookie a key.
        assert!(!w.is_live(&token).await);
        assert!(show(&w, &client.session.token).await.is_err());
    }

    /// covers K4.3 (part)
    async fn a_key_never_allows_more_than_its_owner_may_now(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &["manager"]).await;
        let client = w.signed_in("ada", None).await;
        let refused = make(&w, &client, wanted(vec![(READ, Scope::All)])).await.err().unwrap();
        assert_eq!(refused.fields()[0].field, "permissions");
        let (_, token) = make(&w, &client, wanted(vec![(READ, Scope::Team), (UPDATE, Scope::Team)])).await.unwrap();
        let give = policy::permit_give_roles(&host()).unwrap();
        w.identity.revoke_role(&host(), &give, ada, w.role("kpi", "manager").await).await.unwrap();
        assert_eq!(show(&w, &token).await.unwrap().caller.authority.iter().count(), 0);
        w.grant(ada, "kpi", "employee").await;
        let authority = show(&w, &token).await.unwrap().caller.authority;
        assert_eq!((authority.scope(&READ), authority.scope(&UPDATE)), (Some(Scope::Own), None));
    }

    /// covers K4.3 (part)
    async fn keys_expire_and_are_revoked_and_die_with_their_owner(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &["employee"]).await;
        w.user("bob", &["employee"]).await;
        let client = w.signed_in("ada", None).await;
        let (_, expiring) = make(&w, &client, NewApiKey { valid_days: 1, ..wanted(vec![(READ, Scope::Own)]) }).await.unwrap();
        let (id, revoked) = make(&w, &client, wanted(vec![(READ, Scope::Own)])).await.unwrap();
        let (_, orphan) = make(&w, &client, wanted(vec![(READ, Scope::Own)])).await.unwrap();
        let bob = w.signed_in("bob", None).await;
        let as_bob = w.caller(&bob).await;
        let permit = policy::permit_own_account(&as_bob, &bob.session.facts).unwrap();
        assert_eq!(w.identity.revoke_key(&as_bob, &permit, id).await.unwrap_err().kind(), Kind::NotFound);
        let caller = w.caller(&client).await;
        let permit = policy::permit_own_account(&caller, &client.session.facts).unwrap();
        show(&w, &revoked).await.unwrap();
        w.identity.revoke_key(&caller, &permit, id).await.unwrap();
        let error = show(&w, &revoked).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Unauthenticated, "This API key was revoked."));

        w.advance(Span::seconds(86_399));
        show(&w, &expiring).await.unwrap();
        w.advance(Span::seconds(1));
        assert_eq!(show(&w, &expiring).await.unwrap_err().message(), "This API key has expired.");

        show(&w, &orphan).await.unwrap();
        let users = policy::permit_change_users(&host()).unwrap();
        w.identity.disable_user(&host(), &users, ada).await.unwrap();
        assert_eq!(show(&w, &orphan).await.unwrap_err().kind(), Kind::Unauthenticated);
        let made_up = PlainToken::from_client("plk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
        assert_eq!(show(&w, &made_up).await.unwrap_err().message(), "This API key is not known.");
        assert_eq!(w.traced("api_key.create success").await, 3);
        assert_eq!(w.traced("api_key.use failure:revoked").await, 1);
    }

    async fn a_key_of_a_privileged_role_allows_nothing_without_a_factor(db: TestStore) {
        let w = World::new(db).await;
        let (ada, seed) = w.user_with_factor("ada", &["admin"]).await;
        let client = w.signed_in("ada", Some(&seed)).await;
        let (_, token) = make(&w, &client, wanted(vec![(UPDATE, Scope::All)])).await.unwrap();
        assert_eq!(show(&w, &token).await.unwrap().caller.authority.scope(&UPDATE), Some(Scope::All));
        let users = policy::permit_change_users(&host()).unwrap();
        w.identity.reset_factor(&host(), &users, ada).await.unwrap();
        assert_eq!(show(&w, &token).await.unwrap().caller.authority.scope(&UPDATE), None);
    }

    async fn a_key_that_makes_no_sense_is_refused_with_the_field_named(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &["employee"]).await;
        let client = w.signed_in("ada", None).await;
        let fine = wanted(vec![(READ, Scope::Own)]);
        let cases = [
            (NewApiKey { name: " ".into(), ..fine.clone() }, "name"),
            (NewApiKey { valid_days: 0, ..fine.clone() }, "valid_days"),
            (NewApiKey { valid_days: 366, ..fine.clone() }, "valid_days"),
            (NewApiKey { valid_days: i64::MAX, ..fine.clone() }, "valid_days"),
            (wanted(vec![]), "permissions"),
        ];
        for (new, field) in cases {
            assert_eq!(make(&w, &client, new).await.err().unwrap().fields()[0].field, field);
        }
    }

    async fn the_last_use_of_a_key_is_noted(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &["employee"]).await;
        let client = w.signed_in("ada", None).await;
        let (_, token) = make(&w, &client, wanted(vec![(READ, Scope::Own)])).await.unwrap();
        let used = async || {
            let caller = w.caller(&client).await;
            let permit = policy::permit_own_account(&caller, &client.session.facts).unwrap();
            w.identity.own_keys(&permit).await.unwrap()[0].last_used_at
        };
        assert_eq!(used().await, None);
        show(&w, &token).await.unwrap();
        let first = w.now();
        assert_eq!(used().await, Some(first));
        w.advance(Span::seconds(59));
        show(&w, &token).await.unwrap();
        assert_eq!(used().await, Some(first), "once a minute is enough");
        w.advance(Span::seconds(1));
        show(&w, &token).await.unwrap();
        assert_eq!(used().await, Some(w.now()));
    }
}
