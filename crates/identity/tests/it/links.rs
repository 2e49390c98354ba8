//! One-time links.

use palisade_base::{Kind, Span, auth::SessionState};
use palisade_identity::{
    model::{EmailAddress, GrantState, NewAdministrator, UserFilter, UserName},
    permissions::GRANT_UPDATE,
    policy,
};
use palisade_records::directory::NewPerson;
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{Client, GOOD, OTHER, UPDATE, World, assert_vague, host, origin, secret},
};

fn first(password: &str) -> NewAdministrator {
    NewAdministrator {
        person: NewPerson::parse("Grace", "Hopper", "", "").unwrap(),
        user_name: UserName::parse("grace").unwrap(),
        email: Some(EmailAddress::parse("grace@handy.example").unwrap()),
        password: secret(password),
    }
}

on_both_engines! {
    /// covers T11.2 (part)
    async fn the_first_administrator_comes_from_a_link_and_still_has_to_enrol(db: TestStore) {
        let w = World::new(db).await;
        let older = w.identity.issue_set_up_link(&host()).await.unwrap();
        let link = w.identity.issue_set_up_link(&host()).await.unwrap();
        assert!(w.identity.check_set_up_link(&older.token).await.is_err(), "a new link ends the older ones");
        let weak = w.identity.complete_set_up(&link.token, first("Gracehopper-1"), origin("192.0.2.1")).await.err().unwrap();
        assert_eq!(weak.fields()[0].field, "password");
        let session = w.identity.complete_set_up(&link.token, first(GOOD), origin("192.0.2.1")).await.unwrap();
        assert_eq!(session.facts.state, SessionState::OwesEnrolment);
        let again = w.identity.complete_set_up(&link.token, first(GOOD), origin("192.0.2.1")).await.err().unwrap();
        assert_eq!(again.kind(), Kind::NotFound);
        assert_eq!(w.identity.issue_set_up_link(&host()).await.err().unwrap().kind(), Kind::Conflict);

        let client = Client::of(session);
        let caller = w.caller(&client).await;
        assert_eq!(caller.authority.iter().count(), 0);
        let shown = w.identity.begin_totp(&caller, &client.session.facts).await.unwrap();
        let code = w.code(shown.secret.expose());
        let enrolled = w.identity.confirm_totp(&caller, &client.session.facts, &code, None, None).await.unwrap();
        let authority = w.identify(&enrolled.session.token).await.caller.authority;
        assert!(authority.scope(&GRANT_UPDATE).is_some() && authority.scope(&UPDATE).is_some());
        let permit = policy::permit_read_users(&host()).unwrap();
        let (rows, total) = w.identity.list_users(&permit, &UserFilter { limit: 10, ..UserFilter::default() }).await.unwrap();
        assert_eq!((rows.len(), total), (1, 1));
        assert!(rows[0].grants.iter().all(|grant| grant.state == GrantState::Active));
        assert_eq!(rows[0].grants.len(), 2);
    }

    async fn a_set_up_link_runs_out_and_only_the_host_makes_one(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        let caller = w.caller(&w.signed_in("ada", None).await).await;
        assert_eq!(w.identity.issue_set_up_link(&caller).await.err().unwrap().kind(), Kind::Denied);
        let link = w.identity.issue_set_up_link(&host()).await.unwrap();
        w.advance(Span::seconds(86_399));
        w.identity.check_set_up_link(&link.token).await.unwrap();
        w.advance(Span::seconds(1));
        assert_eq!(w.identity.check_set_up_link(&link.token).await.unwrap_err().kind(), Kind::NotFound);
    }

    async fn a_sign_in_link_signs_in_once_with_the_factor_included(db: TestStore) {
        let w = World::new(db).await;
        let (ada, _) = w.user_with_factor("ada", &["admin"]).await;
        let caller = w.caller(&w.signed_in_by_link(ada).await).await;
        assert!(caller.authority.scope(&UPDATE).is_some());
        assert_eq!(w.identity.issue_sign_in_link(&caller, ada).await.err().unwrap().kind(), Kind::Denied);
        let link = w.identity.issue_sign_in_link(&host(), ada).await.unwrap();
        let open = async || w.identity.open_sign_in_link(&link.token, None, None, origin("192.0.2.1")).await;
        let (one, two) = tokio::join!(open(), open());
        assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
        assert_eq!(open().await.err().unwrap().kind(), Kind::NotFound);
        assert!(w.traced("link.open failure:spent_or_unknown").await >= 1);
        // A link of one kind is none of another.
        let link = w.identity.issue_sign_in_link(&host(), ada).await.unwrap();
        assert!(w.identity.check_set_up_link(&link.token).await.is_err());
        assert!(w.identity.check_password_link(&link.token).await.is_err());
    }

    async fn a_disabled_users_links_do_not_open(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &[]).await;
        let permit = policy::permit_change_users(&host()).unwrap();
        let sign_in = w.identity.issue_sign_in_link(&host(), ada).await.unwrap();
        let password = w.identity.issue_password_link(&host(), &permit, ada).await.unwrap();
        w.identity.disable_user(&host(), &permit, ada).await.unwrap();
        assert!(w.identity.open_sign_in_link(&sign_in.token, None, None, origin("192.0.2.1")).await.is_err());
        assert!(w.identity.open_password_link(&password.token, &secret(OTHER), origin("192.0.2.1")).await.is_err());
    }

    /// covers T13.3 (part)
    async fn a_sole_administrator_who_is_locked_out_is_helped_at_the_host(db: TestStore) {
        let w = World::new(db).await;
        let (ada, client) = w.administrator("ada").await;
        for _ in 0..5 {
            assert_vague(w.try_password("ada", OTHER).await);
        }
        let permit = policy::permit_change_users(&host()).unwrap();
        w.identity.unlock_user(&host(), &permit, ada).await.unwrap();
        w.identity.reset_factor(&host(), &permit, ada).await.unwrap();
        let link = w.identity.issue_password_link(&host(), &permit, ada).await.unwrap();
        w.identity.open_password_link(&link.token, &secret(OTHER), origin("192.0.2.1")).await.unwrap();
        assert!(!w.is_live(&client.session.token).await);
        let session = w.try_password("ada", OTHER).await.unwrap();
        assert_eq!(session.facts.state, SessionState::OwesEnrolment);
        for line in ["user.unlock success", "factor.reset success", "password_link.issue success", "password.change success"] {
            assert_eq!(w.traced(line).await, 1, "{line}");
        }
    }
}
