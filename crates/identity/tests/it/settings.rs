//! The security settings.

use palisade_base::{Kind, Span, auth::SessionState};
use palisade_identity::{
    model::{InitialPassword, NewUser, PersonOf, UserName},
    policy,
    settings::{FactorPolicy, PasswordPolicy, Profile, SessionPolicy, Settings as _},
};
use palisade_records::directory::NewPerson;
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{Client, GOOD, OTHER, World, host, secret},
};

on_both_engines! {
    /// covers K1.1 (part), K6.1 (part)
    async fn a_change_is_a_new_version_traced_with_its_difference(db: TestStore) {
        let w = World::new(db).await;
        let guide = PasswordPolicy::of(Profile::Guide);
        let before = w.identity.settings::<PasswordPolicy>().await.unwrap();
        assert_eq!((before.version, before.value), (0, guide.clone()));
        let permit = policy::permit_change_policy(&host()).unwrap();
        let longer = PasswordPolicy { min_length: 14, ..guide.clone() };
        w.identity.change_settings(&host(), &permit, 0, longer.clone()).await.unwrap();
        let now = w.identity.settings::<PasswordPolicy>().await.unwrap();
        assert_eq!((now.version, now.value), (1, longer));
        let (category, _, detail) = w.trail().await.into_iter().rfind(|(_, line, _)| line == "policy.update success").unwrap();
        assert_eq!(category, "configuration");
        assert_eq!(detail, r#"{"changes":[{"field":"min_length","before":12,"after":14}]}"#);

        let stale = w.identity.change_settings(&host(), &permit, 0, guide.clone()).await.unwrap_err();
        assert_eq!(stale.kind(), Kind::Conflict);
        w.identity.restore_settings::<PasswordPolicy>(&host(), &permit, 1, 0).await.unwrap();
        let now = w.identity.settings::<PasswordPolicy>().await.unwrap();
        assert_eq!((now.version, now.value), (2, guide));
        let history = w.identity.settings_history::<PasswordPolicy>(&policy::permit_read_policy(&host()).unwrap()).await.unwrap();
        assert_eq!(history.iter().map(|v| (v.version, v.value.min_length)).collect::<Vec<_>>(), [(2, 12), (1, 14)]);
        assert_eq!(history[0].changed_by, "operator:root");
        assert_eq!(w.identity.restore_settings::<PasswordPolicy>(&host(), &permit, 2, 9).await.unwrap_err().kind(), Kind::NotFound);
    }

    async fn values_out_of_bounds_are_refused_and_change_nothing(db: TestStore) {
        let w = World::new(db).await;
        let permit = policy::permit_change_policy(&host()).unwrap();
        let none = PasswordPolicy { min_length: 0, lockout_failures: 0, ..PasswordPolicy::of(Profile::Guide) };
        let error = w.identity.change_settings(&host(), &permit, 0, none).await.unwrap_err();
        assert_eq!(error.fields().iter().map(|f| f.field.as_ref()).collect::<Vec<_>>(), ["min_length", "lockout_failures"]);
        let endless = FactorPolicy { wrong_codes: 1_000, ..FactorPolicy::of(Profile::Guide) };
        assert!(w.identity.change_settings(&host(), &permit, 0, endless).await.is_err());
        let mut long = SessionPolicy::of(Profile::Guide);
        long.mobile.life_minutes = u32::MAX;
        assert!(w.identity.change_settings(&host(), &permit, 0, long).await.is_err());
        assert_eq!(w.traced("policy.update success").await, 0);
        assert_eq!(w.identity.settings::<PasswordPolicy>().await.unwrap().version, 0);
    }

    async fn of_two_changes_at_once_one_is_told_to_look_again(db: TestStore) {
        let w = World::new(db).await;
        let permit = policy::permit_change_policy(&host()).unwrap();
        let with = |n| PasswordPolicy { min_length: n, ..PasswordPolicy::of(Profile::Guide) };
        let operator = host();
        let change = async |n| w.identity.change_settings(&operator, &permit, 0, with(n)).await;
        let (one, two) = tokio::join!(change(13), change(14));
        let failed = [one, two].into_iter().find_map(Result::err).unwrap();
        assert_eq!(failed.kind(), Kind::Conflict);
        assert_eq!(w.traced("policy.update success").await, 1);
    }

    /// covers K1.1 (part)
    async fn every_rule_of_the_password_policy_counts_as_it_is_set(db: TestStore) {
        let w = World::new(db).await;
        let permit = policy::permit_change_policy(&host()).unwrap();
        let create = policy::permit_create_users(&host()).unwrap();
        let mut values = PasswordPolicy::of(Profile::Guide);
        let mut version = 0;
        let mut set = async |change: fn(&mut PasswordPolicy)| {
            change(&mut values);
            w.identity.change_settings(&host(), &permit, version, values.clone()).await.unwrap();
            version += 1;
        };
        let mut n = 0;
        let mut takes = async |password: &str| {
            n += 1;
            let new = NewUser {
                person: PersonOf::New(NewPerson::parse("Some", "Body", "", "").unwrap()),
                user_name: UserName::parse(&format!("somebody{n}")).unwrap(),
                email: None,
                password: InitialPassword::Own(secret(password)),
            };
            w.identity.create_user(&host(), &create, new).await.is_ok()
        };
        assert!(!takes("Fog7;lanqer").await);
        set(|p| p.min_length = 11).await;
        assert!(takes("Fog7;lanqer").await);
        assert!(!takes("fog7;lanqer").await);
        set(|p| p.require_upper = false).await;
        assert!(takes("fog7;lanqer").await);
        assert!(!takes("FOG7;LANQER").await);
        set(|p| p.require_lower = false).await;
        assert!(takes("FOG7;LANQER").await);
        assert!(!takes("fogs;lanqer").await);
        set(|p| p.require_digit = false).await;
        assert!(takes("fogs;lanqer").await);
        assert!(!takes("fogsxlanqer").await);
        set(|p| p.require_special = false).await;
        assert!(takes("fogsxlanqer").await);
        assert!(!takes("passwordadmin").await);
        set(|p| p.refuse_common = false).await;
        assert!(takes("passwordadmin").await);
        assert!(!takes("somebodyxquz").await);
        set(|p| p.refuse_context = false).await;
        assert!(takes("somebodyxquz").await);

        w.user("ada", &[]).await;
        set(|p| p.expiry_days = 30).await;
        w.advance(Span::days(30));
        assert_eq!(w.try_password("ada", GOOD).await.unwrap().facts.state, SessionState::OwesPassword);
        set(|p| p.expiry_days = 0).await;
        w.advance(Span::days(3_650));
        assert_eq!(w.try_password("ada", GOOD).await.unwrap().facts.state, SessionState::Full);

        // A history of two: the present password and the one before it.
        set(|p| p.history = 2).await;
        let mut client = w.signed_in("ada", None).await;
        let mut present = GOOD.to_owned();
        for (new, is_taken) in [(OTHER, true), (GOOD, false), ("Tide;77 plum gravel", true), (GOOD, true)] {
            w.advance(Span::seconds(1));
            let (caller, facts) = (w.caller(&client).await, client.session.facts.clone());
            let own = policy::permit_own_account(&caller, &facts).unwrap();
            let changed = w.identity.change_password(&caller, &facts, &own, &secret(&present), &secret(new)).await;
            assert_eq!(changed.is_ok(), is_taken, "{new}");
            if let Ok(session) = changed {
                (client, present) = (Client::of(session), new.to_owned());
            }
        }
    }
}
