//! The security settings.

use palisade_base::Kind;
use palisade_identity::{
    policy,
    settings::{FactorPolicy, PasswordPolicy, Profile, SessionPolicy, Settings as _},
};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{World, host},
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
}
