use palisade_base::{Category, Resource, TrailEntry};
use palisade_records::directory::{NewPerson, create_person};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    browser::{Answer, Browser},
    site::{PASSWORD, Site, operator},
};

/// Does one of the acts on a user, with a code.
async fn act(site: &Site, browser: &mut Browser, seed: &str, user: &str, act: &str) -> Answer {
    let code = site.code(seed);
    browser.submit(&format!("/admin/users/{user}/do/{act}"), &[("proof", &code)]).await
}

on_both_engines! {
    /// covers K2.2 (part)
    async fn users_are_listed_and_filtered(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        site.user("mia", &[("kpi", "Admin"), ("kpi", "Employee")]).await;
        site.user("noah", &[]).await;
        let all = browser.get("/admin/users").await;
        all.says("3 users").says("Admin: waits for a second factor").says("Employee").says("Never");
        browser.get("/admin/users?q=noa").await.says("1 user").says("noah Testington").is_silent_about("mia Testington");
        browser.get("/admin/users?q=zzz").await.says("Nobody matches");
        browser.get("/admin/users?status=disabled").await.says("Nobody matches");
        for hostile in ["?q=%27%3B--", "?q=%25_%5C", "?page=99999"] {
            assert_eq!(browser.get(&format!("/admin/users{hostile}")).await.status, 200, "{hostile}");
        }
        for wrong in ["?page=0", "?sort=password_hash", "?status=x", "?nonsense=1", "?q=%00"] {
            assert_eq!(browser.get(&format!("/admin/users{wrong}")).await.status, 422, "{wrong}");
        }
    }

    /// covers K2.2 (part)
    async fn a_user_is_added_with_a_first_password_and_given_a_role(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        let wrong = browser.submit("/admin/users/new", &[
            ("given_name", "Lena"), ("family_name", ""), ("user_name", "l"), ("email", "nonsense"), ("way_in", "password"), ("password", ""),
        ]).await;
        assert_eq!(wrong.status, 422);
        for field in ["family_name", "user_name", "email", "password"] {
            wrong.says(&format!("href=\"#f-{field}\""));
        }
        assert_eq!(wrong.field("given_name"), Some("Lena"));
        let added = browser.submit("/admin/users/new", &[
            ("given_name", "Lena"), ("family_name", "Ortiz"), ("user_name", "lena"), ("email", "lena@example.com"),
            ("way_in", "password"), ("password", "First-Horse-9-Staple"),
        ]).await;
        let own = added.location().to_owned();
        assert!(own.starts_with("/admin/users/"), "{}", added.body);
        browser.get(&own).await.says("Lena Ortiz").says("Must change password").says("No role");
        let role = site.role("kpi", "Employee").await.to_string();
        let code = site.code(&seed);
        let given = browser.submit(&format!("{own}/roles"), &[("role", &role), ("proof", &code)]).await;
        assert_eq!(given.location(), own, "{}", given.body);
        browser.get(&own).await.says("The role is given.").says("In force");
        let mut lena = site.browser();
        assert_eq!(lena.sign_in("lena@example.com", "First-Horse-9-Staple").await.location(), "/sign-in/new-password");
        let taken = browser.submit("/admin/users/new", &[
            ("given_name", "Lena"), ("family_name", "Two"), ("user_name", "lena"), ("email", ""), ("way_in", "link"),
        ]).await;
        taken.says("href=\"#f-user_name\"");
    }

    async fn a_user_is_added_for_somebody_of_the_directory(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        site.user("noah", &[]).await;
        let env = site.db.env();
        let mut tx = site.db.store.write().await.unwrap();
        let person = NewPerson::parse("Rosa", "Nakamura", "", "").unwrap();
        let rosa = create_person(&mut tx, person, &env).await.unwrap().id;
        let entry = TrailEntry::new(Category::Change, &operator(), "person.create", Resource::new("person", rosa));
        tx.commit(entry).await.unwrap();
        let path = format!("/admin/users/new?person={rosa}");
        browser.get("/admin/users/people").await.says(&format!("href=\"{path}\"")).is_silent_about("noah Testington");
        browser.get("/admin/users/people?q=zzz").await.says("Everybody of the directory who fits has a user already.");
        browser.get(&path).await.says("The user is for Rosa Nakamura.").is_silent_about("name=\"given_name\"");
        let fields = [("person", &*rosa.to_string()), ("user_name", "rosa"), ("email", ""), ("way_in", "link")];
        let added = browser.submit_to(&path, "/admin/users/new", &fields).await;
        assert!(added.location().ends_with("/do/password-link"), "{}", added.body);
        let again = browser.submit_to(&path, "/admin/users/new", &[("person", &rosa.to_string()), ("user_name", "rosa2"), ("email", ""), ("way_in", "link")]).await;
        assert!([409, 422].contains(&again.status.as_u16()), "{}", again.status);
        let nobody = "00000000-0000-7000-8000-000000000000";
        assert_eq!(browser.get(&format!("/admin/users/new?person={nobody}")).await.status, 404);
    }

    /// covers T11.2 (part)
    async fn a_grant_that_waits_for_a_factor_says_so(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        let mia = site.user("mia", &[]).await;
        let own = format!("/admin/users/{mia}");
        let role = site.role("kpi", "Admin").await.to_string();
        let unproven = browser.submit(&format!("{own}/roles"), &[("role", &role), ("proof", "000000")]).await;
        unproven.says("href=\"#f-proof\"").says("checked");
        let code = site.code(&seed);
        browser.submit(&format!("{own}/roles"), &[("role", &role), ("proof", &code)]).await;
        browser.get(&own).await.says("waits until mia Testington has set up a second factor").says("Waits for a second factor");
        let code = site.code(&seed);
        let taken = browser.submit(&format!("{own}/roles/{role}/take"), &[("proof", &code)]).await;
        assert_eq!(taken.location(), own, "{}", taken.body);
        browser.get(&own).await.says("No role");
        assert_eq!(browser.get(&format!("{own}/roles/{role}/take")).await.status, 404);
    }

    /// covers K2.2 (part)
    async fn a_leaver_is_disabled_and_signed_out_at_once(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        let mia = site.user("mia", &[]).await.to_string();
        let mut leaver = site.browser();
        leaver.sign_in("mia", PASSWORD).await;
        browser.get(&format!("/admin/users/{mia}/do/disable")).await
            .says("mia Testington can no longer sign in, anywhere.").says("is signed out at once (1 session)");
        // Opening the question does nothing.
        assert_eq!(leaver.get("/account").await.status, 200);
        let wrong = browser.submit(&format!("/admin/users/{mia}/do/disable"), &[("proof", "000000")]).await;
        assert_eq!((wrong.status.as_u16(), leaver.get("/account").await.status.as_u16()), (422, 200));
        assert_eq!(act(&site, &mut browser, &seed, &mia, "disable").await.location(), format!("/admin/users/{mia}"));
        assert_eq!(leaver.get("/account").await.status, 303);
        leaver.get("/sign-in").await.says("this account was disabled");
        assert_eq!(leaver.sign_in("mia", PASSWORD).await.status, 401);
        browser.get("/admin/users?status=disabled").await.says("mia Testington");
        act(&site, &mut browser, &seed, &mia, "enable").await;
        assert_eq!(leaver.sign_in("mia", PASSWORD).await.location(), "/");
        assert_eq!((site.traced("user.disable").await, site.traced("user.enable").await), (1, 1));
    }

    async fn help_for_somebody_who_is_locked_out(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        let mia = site.user("mia", &[]).await;
        site.enrol(mia).await;
        let mia = mia.to_string();
        for _ in 0..5 {
            site.browser().sign_in("mia", "wrong").await;
        }
        assert_eq!(site.browser().sign_in("mia", PASSWORD).await.status, 401);
        browser.get(&format!("/admin/users/{mia}")).await.says("Locked for strangers");
        browser.submit(&format!("/admin/users/{mia}/do/unlock"), &[]).await;
        assert_eq!(site.browser().sign_in("mia", PASSWORD).await.location(), "/sign-in/factor");
        act(&site, &mut browser, &seed, &mia, "reset-factor").await;
        assert_eq!(site.browser().sign_in("mia", PASSWORD).await.location(), "/");
        let link = act(&site, &mut browser, &seed, &mia, "password-link").await;
        link.says("it is not shown again");
        let path = link.text_of("link").replace("https://acme.example", "");
        assert!(path.starts_with("/sign-in/reset/"), "{path}");
        site.browser().get(&path).await.says("Choose your password");
        act(&site, &mut browser, &seed, &mia, "require-new-password").await;
        assert_eq!(site.browser().sign_in("mia", PASSWORD).await.location(), "/sign-in/new-password");
    }

    /// covers T13.3 (part)
    async fn everybody_is_signed_out_and_must_choose_a_new_password(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        site.user("mia", &[]).await;
        let mut mia = site.browser();
        mia.sign_in("mia", PASSWORD).await;
        browser.get("/admin/security/sessions/live").await.says("2 live sessions.").says("mia Testington");
        let code = site.code(&seed);
        let path = "/admin/security/sessions/end-all";
        assert_eq!(browser.submit(path, &[("proof", &code)]).await.location(), "/sign-in");
        assert_eq!((mia.get("/account").await.status.as_u16(), browser.get("/account").await.status.as_u16()), (303, 303));
        mia.get("/sign-in").await.says("Everybody was signed out.");
        assert_eq!(mia.sign_in("mia", PASSWORD).await.location(), "/");

        browser.sign_in("ada", PASSWORD).await;
        let code = site.code(&seed);
        browser.submit("/sign-in/factor", &[("code", &code)]).await;
        let code = site.code(&seed);
        assert_eq!(browser.submit("/admin/users/reset-passwords", &[("proof", &code)]).await.location(), "/sign-in");
        assert_eq!(mia.get("/account").await.status, 303);
        assert_eq!(mia.sign_in("mia", PASSWORD).await.location(), "/sign-in/new-password");
    }

    async fn one_persons_sessions_are_ended(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        let id = site.user("mia", &[]).await;
        let mut mia = site.browser();
        mia.sign_in("mia", PASSWORD).await;
        browser.submit(&format!("/admin/users/{id}/end-sessions"), &[]).await;
        browser.get(&format!("/admin/users/{id}")).await.says("1 session ended.").says("Not signed in");
        assert_eq!(mia.get("/account").await.status, 303);
        let session = "00000000-0000-7000-8000-000000000000";
        let none = browser.submit_to("/account", "/admin/security/sessions/live/end", &[("session", session)]).await;
        assert_eq!(none.status, 404);
    }

    async fn names_are_changed_and_a_conflict_is_told(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        let id = site.user("mia", &[]).await;
        let path = format!("/admin/users/{id}/names");
        let bad = browser.submit(&path, &[("user_name", "mia mia"), ("email", "")]).await;
        bad.says("href=\"#f-user_name\"");
        assert_eq!(bad.field("user_name"), Some("mia mia"));
        assert_eq!(browser.submit(&path, &[("user_name", "amelia"), ("email", "")]).await.status, 303);
        let stale = browser.submit(&path, &[("version", "1"), ("user_name", "mia"), ("email", "")]).await;
        assert_eq!(stale.status, 409);
        assert_eq!(site.browser().sign_in("amelia", PASSWORD).await.location(), "/");
    }

    async fn ids_that_are_none_are_not_found(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        let id = site.user("mia", &[]).await;
        let nobody = "00000000-0000-7000-8000-000000000000";
        for path in [
            format!("/admin/users/{nobody}"),
            "/admin/users/x".to_owned(),
            format!("/admin/users/{nobody}/names"),
            format!("/admin/users/{nobody}/do/disable"),
            format!("/admin/users/{id}/do/delete"),
            format!("/admin/users/{id}/roles/{nobody}/take"),
            format!("/admin/users/{nobody}/end-sessions"),
            format!("/admin/security/roles/{nobody}"),
            "/admin/security/roles/new?site=none".to_owned(),
            "/admin/security/sessions/versions/7".to_owned(),
            "/admin/security/sessions/versions/x".to_owned(),
        ] {
            assert_eq!(browser.get(&path).await.status, 404, "{path}");
        }
    }
}
