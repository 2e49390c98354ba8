//! Signing in, and how it fails.

use palisade_base::{Span, auth::SessionState};
use palisade_identity::policy;
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{GOOD, OTHER, World, assert_vague, host},
};

on_both_engines! {
    async fn a_user_signs_in_by_name_or_by_mail_address(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &["employee"]).await;
        for login in ["ada", " ADA ", "ada@handy.example", "Ada@Handy.Example"] {
            let session = w.try_password(login, GOOD).await.unwrap();
            assert_eq!(session.facts.state, SessionState::Full);
            assert_eq!(session.facts.display_name, "Given ada");
            assert!(w.is_live(&session.token).await);
        }
    }

    /// covers K1.1 (part)
    async fn every_failure_reads_the_same_and_costs_one_hash(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        let bob = w.user("bob", &[]).await;
        let permit = policy::permit_change_users(&host()).unwrap();
        w.identity.disable_user(&host(), &permit, bob).await.unwrap();
        let before = w.identity.hashing_runs();
        assert_vague(w.try_password("ada", OTHER).await);
        assert_vague(w.try_password("nobody", GOOD).await);
        assert_vague(w.try_password("nobody@handy.example", GOOD).await);
        assert_vague(w.try_password("\0\u{202e}", GOOD).await);
        assert_vague(w.try_password("bob", GOOD).await);
        assert_eq!(w.identity.hashing_runs() - before, 5);
    }

    /// covers K1.1 (part)
    async fn after_five_failures_the_right_password_is_refused_for_fifteen_minutes(db: TestStore) {
        let w = World::new(db).await;
        w.user("ada", &[]).await;
        for login in ["ada", "ada@handy.example", "ADA", "ada", "ada@handy.example"] {
            assert_vague(w.try_password(login, OTHER).await);
        }
        let before = w.identity.hashing_runs();
        assert_vague(w.try_from("ada", GOOD, "198.51.100.7", None).await);
        assert_vague(w.try_password("ada@handy.example", GOOD).await);
        assert_eq!(w.identity.hashing_runs() - before, 2, "a locked account costs the same work");
        w.advance(Span::seconds(15 * 60 - 1));
        assert_vague(w.try_password("ada", GOOD).await);
        w.advance(Span::seconds(1));
        w.try_password("ada", GOOD).await.unwrap();
        assert_eq!(w.traced("user.lock success").await, 1);
        assert_eq!(w.traced("sign_in.try failure:wrong_password").await, 5);
        assert_eq!(w.traced("sign_in.try failure:locked").await, 3);
    }
}
