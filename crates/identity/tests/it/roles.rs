//! Roles, permissions, grants.

use palisade_base::{Caller, Kind, Permission, RoleId, Scope, UserId};
use palisade_identity::{
    model::{FactorRule, NewRole, RoleDetail, UserName},
    permissions::{CONSOLE, GRANT_UPDATE, ROLE_UPDATE, USER_READ, USER_UPDATE, console_declaration},
    policy,
};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{OTHER, READ, UPDATE, World, host, kpi, secret},
};

async fn detail(w: &World, role: RoleId) -> RoleDetail {
    w.identity.role_detail(&policy::permit_read_roles(&host()).unwrap(), role).await.unwrap()
}

fn changed(detail: &RoleDetail, permissions: Vec<(Permission, Scope)>) -> NewRole {
    let role = detail.role.clone();
    NewRole { site: role.site, name: role.name, description: role.description, factor: role.factor, permissions }
}

fn custom(site: &str, name: &str, permissions: Vec<(Permission, Scope)>) -> NewRole {
    NewRole {
        site: site.into(),
        name: name.into(),
        description: String::new(),
        factor: FactorRule::Optional,
        permissions,
    }
}

async fn revoke(w: &World, caller: &Caller, user: UserId, role: RoleId) -> Result<(), palisade_base::Error> {
    let permit = policy::permit_give_roles(caller)?;
    w.identity.revoke_role(caller, &permit, user, role).await
}

on_both_engines! {
    /// covers K2.1 (part)
    async fn each_role_allows_what_its_row_says_and_nothing_else(db: TestStore) {
        let w = World::new(db).await;
        let (_, seed) = w.user_with_factor("admin", &["admin"]).await;
        w.user("manager", &["manager"]).await;
        w.user("employee", &["employee"]).await;
        w.user("nobody", &[]).await;
        let expected = [
            ("nobody", None, None, None),
            ("employee", None, Some(Scope::Own), None),
            ("manager", None, Some(Scope::Team), Some(Scope::Team)),
            ("admin", Some(seed.as_str()), Some(Scope::All), Some(Scope::All)),
        ];
        for (name, seed, read, update) in expected {
            let client = w.signed_in(name, seed).await;
            let authority = w.caller(&client).await.authority;
            assert_eq!((authority.scope(&READ), authority.scope(&UPDATE)), (read, update), "{name}");
            assert_eq!(authority.scope(&USER_READ), None, "an app's Admin does not administer Palisade");
            let elsewhere = w.identify_on("tems", &client.session.token).await;
            assert_eq!(elsewhere.caller.authority.iter().count(), 0, "{name}");
        }
    }

    /// covers K2.1 (part), K6.1 (part)
    async fn what_a_role_allows_is_adjusted_at_once_and_traced_field_by_field(db: TestStore) {
        let w = World::new(db).await;
        w.user("manager", &["manager"]).await;
        let client = w.signed_in("manager", None).await;
        assert_eq!(w.caller(&client).await.authority.scope(&UPDATE), Some(Scope::Team));
        let role = w.role("kpi", "manager").await;
        let before = detail(&w, role).await;
        let permit = policy::permit_change_roles(&host()).unwrap();
        let new = changed(&before, vec![(READ, Scope::All)]);
        w.identity.change_role(&host(), &permit, role, before.role.version, new.clone()).await.unwrap();
        let authority = w.caller(&client).await.authority;
        assert_eq!((authority.scope(&READ), authority.scope(&UPDATE)), (Some(Scope::All), None));
        let (category, _, change) = w.trail().await.into_iter().rfind(|(_, line, _)| line == "role.update success").unwrap();
        assert_eq!(category, "administration");
        assert_eq!(
            change,
            r#"{"changes":[{"field":"kpi.employee.read","before":"team","after":"all"},{"field":"kpi.employee.update","before":"team","after":null}]}"#
        );
        let stale = w.identity.change_role(&host(), &permit, role, before.role.version, new).await.unwrap_err();
        assert_eq!(stale.kind(), Kind::Conflict);
    }

    /// covers K2.1 (part)
    async fn custom_roles_are_made_given_and_archived(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &[]).await;
        let permit = policy::permit_change_roles(&host()).unwrap();
        let role = w.identity.create_role(&host(), &permit, custom("kpi", "Dispatcher", vec![(READ, Scope::All)])).await.unwrap();
        let give = policy::permit_give_roles(&host()).unwrap();
        w.identity.grant_role(&host(), &give, ada, role).await.unwrap();
        let again = w.identity.grant_role(&host(), &give, ada, role).await.unwrap_err();
        assert_eq!(again.kind(), Kind::Conflict);
        let client = w.signed_in("ada", None).await;
        assert_eq!(w.caller(&client).await.authority.scope(&READ), Some(Scope::All));
        assert_eq!(w.identity.archive_role(&host(), &permit, role).await.unwrap_err().kind(), Kind::Conflict);
        revoke(&w, &host(), ada, role).await.unwrap();
        assert_eq!(w.caller(&client).await.authority.scope(&READ), None);
        w.identity.archive_role(&host(), &permit, role).await.unwrap();
        let built_in = w.role("kpi", "employee").await;
        assert_eq!(w.identity.archive_role(&host(), &permit, built_in).await.unwrap_err().kind(), Kind::Conflict);
        // The name is free again.
        w.identity.create_role(&host(), &permit, custom("kpi", "Dispatcher", vec![])).await.unwrap();
    }

    async fn a_role_that_makes_no_sense_is_refused_with_the_field_named(db: TestStore) {
        let w = World::new(db).await;
        let permit = policy::permit_change_roles(&host()).unwrap();
        let cases = [
            (custom("kpi", "x", vec![]), "name"),
            (custom("kpi", "Employee", vec![]), "name"),
            (custom("nowhere", "Fine", vec![]), "site"),
            (custom("kpi", "Fine", vec![(Permission::new("kpi.made.up"), Scope::All)]), "permissions"),
            (custom("kpi", "Fine", vec![(USER_READ, Scope::All)]), "permissions"),
            (custom(CONSOLE, "Fine", vec![(USER_READ, Scope::Own)]), "permissions"),
            (NewRole { description: "x".repeat(301), ..custom("kpi", "Fine", vec![]) }, "description"),
        ];
        for (new, field) in cases {
            let error = w.identity.create_role(&host(), &permit, new).await.unwrap_err();
            assert!(error.fields().iter().any(|problem| problem.field == field), "{field}: {error:?}");
        }
    }

    async fn a_permission_that_is_new_in_this_version_reaches_its_roles_once(db: TestStore) {
        let w = World::new(db).await;
        let employee = w.role("kpi", "employee").await;
        // An administrator takes a permission away: the next start does not bring it back.
        let before = detail(&w, employee).await;
        let permit = policy::permit_change_roles(&host()).unwrap();
        w.identity.change_role(&host(), &permit, employee, before.role.version, changed(&before, vec![])).await.unwrap();
        let mut newer = kpi();
        let rate = Permission::new("kpi.evaluation.create");
        newer.permissions.push(palisade_identity::model::PermissionInfo {
            permission: rate.clone(),
            label: "Rate",
            description: "",
            scopes: &[Scope::Own],
        });
        newer.roles[2].permissions.push((rate.clone(), Scope::Own));
        w.identity.declare(vec![console_declaration(), newer.clone()]).await.unwrap();
        assert_eq!(detail(&w, employee).await.permissions, [(rate.clone(), Scope::Own)]);
        let before = detail(&w, employee).await;
        w.identity.change_role(&host(), &permit, employee, before.role.version, changed(&before, vec![])).await.unwrap();
        w.identity.declare(vec![console_declaration(), newer]).await.unwrap();
        assert_eq!(detail(&w, employee).await.permissions, []);
    }

    /// covers K2.2 (part)
    async fn nobody_gives_console_powers_that_they_do_not_hold_nor_any_to_themselves(db: TestStore) {
        let w = World::new(db).await;
        let permit = policy::permit_change_roles(&host()).unwrap();
        let powers = vec![(GRANT_UPDATE, Scope::All), (USER_READ, Scope::All)];
        let helpdesk = w.identity.create_role(&host(), &permit, custom(CONSOLE, "Helpdesk", powers)).await.unwrap();
        let (ada, bob) = (w.user("ada", &[]).await, w.user("bob", &[]).await);
        let give = policy::permit_give_roles(&host()).unwrap();
        w.identity.grant_role(&host(), &give, ada, helpdesk).await.unwrap();
        let caller = w.caller(&w.signed_in("ada", None).await).await;
        let give = policy::permit_give_roles(&caller).unwrap();
        let all = w.role(CONSOLE, "system-administrator").await;
        let app = w.role("kpi", "manager").await;
        for (user, role) in [(bob, all), (ada, all), (ada, app)] {
            assert_eq!(w.identity.grant_role(&caller, &give, user, role).await.unwrap_err().kind(), Kind::Denied);
        }
        assert_eq!(w.traced("grant.create failure:not_held").await, 1);
        assert_eq!(w.traced("grant.create failure:to_oneself").await, 2);
        w.identity.grant_role(&caller, &give, bob, app).await.unwrap();
        w.identity.grant_role(&caller, &give, bob, helpdesk).await.unwrap();
        assert!(policy::permit_change_roles(&caller).is_err());
        assert!(policy::permit_change_users(&caller).is_err());
    }

    /// To widen a role that one holds is to give oneself another.
    ///
    /// covers K2.2 (part)
    async fn nobody_widens_a_role_that_they_hold(db: TestStore) {
        let w = World::new(db).await;
        let permit = policy::permit_change_roles(&host()).unwrap();
        let powers = vec![(ROLE_UPDATE, Scope::All), (USER_READ, Scope::All)];
        let editor = w.identity.create_role(&host(), &permit, custom(CONSOLE, "Role editor", powers)).await.unwrap();
        let ada = w.user("ada", &["employee"]).await;
        let give = policy::permit_give_roles(&host()).unwrap();
        w.identity.grant_role(&host(), &give, ada, editor).await.unwrap();
        let caller = w.caller(&w.signed_in("ada", None).await).await;
        let permit = policy::permit_change_roles(&caller).unwrap();
        let (own, other) = (w.role("kpi", "employee").await, w.role("kpi", "manager").await);
        for wider in [vec![(READ, Scope::All)], vec![(READ, Scope::Own), (UPDATE, Scope::Own)]] {
            let before = detail(&w, own).await;
            assert_eq!(before.permissions, [(READ, Scope::Own)]);
            let tried = w.identity.change_role(&caller, &permit, own, before.role.version, changed(&before, wider)).await;
            assert_eq!(tried.unwrap_err().kind(), Kind::Denied);
        }
        assert_eq!(w.traced("role.update failure:own_role").await, 2);
        let before = detail(&w, own).await;
        w.identity.change_role(&caller, &permit, own, before.role.version, changed(&before, vec![])).await.unwrap();
        let before = detail(&w, other).await;
        let wider = vec![(READ, Scope::All)];
        w.identity.change_role(&caller, &permit, other, before.role.version, changed(&before, wider)).await.unwrap();
    }

    /// Whoever resets an administrator's factor and password is that administrator.
    ///
    /// covers K2.2 (part)
    async fn nobody_takes_over_the_account_of_one_who_may_do_more_on_the_console(db: TestStore) {
        let w = World::new(db).await;
        let permit = policy::permit_change_roles(&host()).unwrap();
        let powers = vec![(USER_READ, Scope::All), (USER_UPDATE, Scope::All)];
        let helpdesk = w.identity.create_role(&host(), &permit, custom(CONSOLE, "Helpdesk", powers)).await.unwrap();
        let give = policy::permit_give_roles(&host()).unwrap();
        let (ada, bob) = (w.user("ada", &[]).await, w.user("bob", &["admin"]).await);
        for user in [ada, bob] {
            w.identity.grant_role(&host(), &give, user, helpdesk).await.unwrap();
        }
        let (root, _) = w.administrator("root").await;
        w.administrator("spare").await;
        // A grant that still waits for its factor is worth as much: who has the password could set the factor up.
        let waiting = w.user("waiting", &[]).await;
        w.grant(waiting, CONSOLE, "system-administrator").await;

        let caller = w.caller(&w.signed_in("ada", None).await).await;
        let permit = policy::permit_change_users(&caller).unwrap();
        let id = &w.identity;
        for above in [root, waiting] {
            let name = UserName::parse("taken-over").unwrap();
            let tries = [
                id.reset_factor(&caller, &permit, above).await,
                id.issue_password_link(&caller, &permit, above).await.map(drop),
                id.set_temporary_password(&caller, &permit, above, &secret(OTHER)).await,
                id.rename_user(&caller, &permit, above, 1, name, None).await,
                id.disable_user(&caller, &permit, above).await,
                id.enable_user(&caller, &permit, above).await,
                id.require_password_change(&caller, &permit, above).await,
                id.unlock_user(&caller, &permit, above).await,
            ];
            for (n, refused) in tries.into_iter().enumerate() {
                assert_eq!(refused.unwrap_err().kind(), Kind::Denied, "{n}");
            }
        }
        assert_eq!(w.traced("factor.reset failure:held_by_them").await, 2);
        // Those who may do no more on the console are helped, whatever they may do in an app.
        id.issue_password_link(&caller, &permit, bob).await.unwrap();
        id.reset_factor(&caller, &permit, bob).await.unwrap();
        id.issue_password_link(&host(), &policy::permit_change_users(&host()).unwrap(), root).await.unwrap();
    }

    /// covers K2.2 (part)
    async fn the_last_administrator_cannot_be_disabled_demoted_or_robbed_of_their_powers(db: TestStore) {
        let w = World::new(db).await;
        let (ada, ada_client) = w.administrator("ada").await;
        let (bob, bob_client) = w.administrator("bob").await;
        let role = w.role(CONSOLE, "system-administrator").await;
        let (as_ada, as_bob) = (w.caller(&ada_client).await, w.caller(&bob_client).await);
        let users = policy::permit_change_users(&as_ada).unwrap();
        assert_eq!(w.identity.disable_user(&as_ada, &users, ada).await.unwrap_err().kind(), Kind::Denied);
        w.identity.disable_user(&as_ada, &users, bob).await.unwrap();
        assert_eq!(w.caller(&bob_client).await.authority.iter().count(), 0);

        // Bob's request was decided a moment before he was disabled: ada is the last one now, and stays.
        let users = policy::permit_change_users(&as_bob).unwrap();
        assert_eq!(w.identity.disable_user(&as_bob, &users, ada).await.unwrap_err().kind(), Kind::Conflict);
        assert_eq!(w.identity.reset_factor(&as_bob, &users, ada).await.unwrap_err().kind(), Kind::Conflict);
        assert_eq!(revoke(&w, &as_bob, ada, role).await.unwrap_err().kind(), Kind::Conflict);
        let before = detail(&w, role).await;
        let kept = before.permissions.iter().filter(|(permission, _)| *permission != GRANT_UPDATE).cloned().collect();
        let roles = policy::permit_change_roles(&as_bob).unwrap();
        let error = w.identity.change_role(&as_bob, &roles, role, before.role.version, changed(&before, kept)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
        assert_eq!(w.caller(&ada_client).await.authority.scope(&GRANT_UPDATE), Some(Scope::All));
        for action in ["user.disable", "factor.reset", "grant.revoke", "role.update"] {
            assert_eq!(w.traced(&format!("{action} failure:last_administrator")).await, 1, "{action}");
        }
    }

    /// covers K2.2 (part)
    async fn two_administrators_who_demote_each_other_at_once_leave_one(db: TestStore) {
        let w = World::new(db).await;
        let (ada, ada_client) = w.administrator("ada").await;
        let (bob, bob_client) = w.administrator("bob").await;
        let role = w.role(CONSOLE, "system-administrator").await;
        let (as_ada, as_bob) = (w.caller(&ada_client).await, w.caller(&bob_client).await);
        let permit = policy::permit_give_roles(&host()).unwrap();
        for round in 0..8 {
            let (one, two) = tokio::join!(revoke(&w, &as_ada, bob, role), revoke(&w, &as_bob, ada, role));
            assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "round {round}");
            assert_eq!(detail(&w, role).await.holders, 1);
            let demoted = if one.is_ok() { bob } else { ada };
            w.identity.grant_role(&host(), &permit, demoted, role).await.unwrap();
        }
    }

    async fn a_permit_of_somebody_else_is_worth_nothing(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &[]).await;
        let caller = w.caller(&w.signed_in("ada", None).await).await;
        let stolen = policy::permit_change_users(&host()).unwrap();
        assert!(w.identity.require_password_change(&caller, &stolen, ada).await.is_err());
    }
}
