use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    site::{PASSWORD, Site},
};

on_both_engines! {
    /// covers K1.1 (part)
    async fn the_own_password_is_changed_with_the_present_one(db: TestStore) {
        let site = Site::new(db).await;
        site.user("mia", &[]).await;
        let mut browser = site.browser();
        browser.sign_in("mia", PASSWORD).await;
        let (path, new) = ("/account/password", "Another-Horse-8-Staple");
        browser.get(path).await.says("At least 12 characters, with an upper-case letter, a lower-case letter, a digit and a special character.");
        let wrong = browser.submit(path, &[("present_password", "x"), ("new_password", new), ("again", new)]).await;
        assert_eq!(wrong.status, 422);
        wrong.says("href=\"#f-present_password\"").is_silent_about(new);
        let weak = browser.submit(path, &[("present_password", PASSWORD), ("new_password", "short"), ("again", "short")]).await;
        weak.says("href=\"#f-new_password\"");
        let token = browser.cookies["__Host-palisade"].clone();
        let done = browser.submit(path, &[("present_password", PASSWORD), ("new_password", new), ("again", new)]).await;
        assert_eq!(done.location(), path, "{}", done.body);
        assert_ne!(browser.cookies["__Host-palisade"], token);
        browser.get(path).await.says("The password is changed.");
        assert_eq!(site.browser().sign_in("mia", PASSWORD).await.status, 401);
        assert_eq!((site.traced("password.change").await, site.traced("password.try").await), (1, 1));
    }

    /// covers K1.3 (part)
    async fn a_second_factor_is_set_up_replaced_and_removed(db: TestStore) {
        let site = Site::new(db).await;
        site.user("mia", &[]).await;
        let mut browser = site.browser();
        browser.sign_in("mia", PASSWORD).await;
        browser.get("/account/factors").await.says("Set up an authenticator app");
        let page = browser.get("/account/factors/app").await;
        let first = page.text_of("secret");
        page.is_silent_about("name=\"present\"");
        let code = site.code(&first);
        browser.submit("/account/factors/app", &[("code", &code)]).await.says("Keep these recovery codes");

        browser.get("/account/factors").await.says("10 left");
        let second = browser.get("/account/factors/app").await.text_of("secret");
        let new_code = site.code(&second);
        let alone = browser.submit("/account/factors/app", &[("code", &new_code)]).await;
        alone.says("href=\"#f-present\"");
        let (new_code, old_code) = (site.code(&second), crate::browser::totp(&first, site.db.env().now()));
        let moved = browser.submit("/account/factors/app", &[("code", &new_code), ("present", &old_code)]).await;
        moved.says("Keep these recovery codes");

        let old_code = site.code(&first);
        let refused = browser.submit_to("/account/factors", "/account/factors/remove", &[("present", &old_code)]).await;
        assert_eq!(refused.status, 422);
        let new_code = site.code(&second);
        let removed = browser.submit_to("/account/factors", "/account/factors/remove", &[("present", &new_code)]).await;
        assert_eq!(removed.location(), "/account/factors", "{}", removed.body);
        browser.get("/account/factors").await.says("Set up an authenticator app");
    }

    async fn recovery_codes_are_shown_when_they_are_made_and_never_again(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        let code = site.code(&seed);
        let renewed = browser.submit_to("/account/factors", "/account/factors/recovery-codes", &[("present", &code)]).await;
        renewed.says("Keep these recovery codes");
        let one = renewed.body.split("class=\"codes\"").nth(1).unwrap().split("<li>").nth(1).unwrap().split('<').next().unwrap().trim().to_owned();
        browser.get("/account/factors").await.says("10 left").is_silent_about(&one);
        // The same code does not count twice.
        let again = browser.submit_to("/account/factors", "/account/factors/recovery-codes", &[("present", &code)]).await;
        assert_eq!(again.status, 422);
    }

    async fn own_sessions_are_listed_and_ended(db: TestStore) {
        let site = Site::new(db).await;
        let mia = site.user("mia", &[]).await;
        let seed = site.enrol(mia).await;
        let mut browser = site.browser();
        browser.sign_in("mia", PASSWORD).await;
        let code = site.code(&seed);
        browser.submit("/sign-in/factor", &[("code", &code)]).await;
        let page = browser.get("/account/sessions").await;
        page.says("1 live session.").says("Firefox on Linux").says("192.0.2.7").says("This one").says("Known devices");
        let named = browser.submit_to("/account/sessions", "/account/devices/name", &[("name", "Mia’s tablet")]).await;
        assert_eq!(named.location(), "/account/sessions", "{}", named.body);
        browser.get("/account/sessions").await.says("Mia’s tablet").says("Mobile device");
        let nameless = browser.submit_to("/account/sessions", "/account/devices/name", &[("name", "")]).await;
        assert_eq!(nameless.status, 422);
        let other = "00000000-0000-7000-8000-000000000000";
        let not_mine = browser.submit_to("/account/sessions", "/account/sessions/end", &[("session", other)]).await;
        assert_eq!(not_mine.status, 404);
    }

    /// covers K4.3 (part)
    async fn an_api_key_is_shown_once_and_can_be_revoked(db: TestStore) {
        let site = Site::new(db).await;
        site.user("mia", &[("kpi", "Manager")]).await;
        let mut browser = site.browser();
        browser.sign_in("mia", PASSWORD).await;
        browser.get("/account/keys").await.says("No API keys");
        let path = "/account/keys/new";
        browser.get(path).await.says("See employees").says("value=\"kpi.employee.read:team\"");
        let empty = browser.submit(path, &[("name", ""), ("valid_days", "soon"), ("proof", PASSWORD)]).await;
        assert_eq!(empty.status, 422);
        for field in ["name", "valid_days", "permissions"] {
            empty.says(&format!("href=\"#f-{field}\""));
        }
        let fields = |proof: &'static str, scope: &'static str| {
            [("name", "Payroll"), ("valid_days", "30"), ("permissions", scope), ("proof", proof)]
        };
        let unproven = browser.submit(path, &fields("wrong", "kpi.employee.read:team")).await;
        unproven.says("href=\"#f-proof\"");
        let too_much = browser.submit(path, &fields(PASSWORD, "kpi.employee.read:all")).await;
        assert!([403, 422].contains(&too_much.status.as_u16()), "{}", too_much.body);
        let made = browser.submit(path, &fields(PASSWORD, "kpi.employee.read:team")).await;
        assert_eq!(made.status, 200, "{}", made.body);
        let key = made.text_of("key");
        assert!(key.starts_with("plk_"), "{key}");
        let list = browser.get("/account/keys").await;
        list.says("Payroll").says("Valid until").is_silent_about(&key);
        let id = list.field("key").unwrap().to_owned();
        browser.submit_to("/account/keys", "/account/keys/revoke", &[("key", &id)]).await;
        browser.get("/account/keys").await.says("Revoked");
    }

    async fn the_account_is_for_its_owner_alone(db: TestStore) {
        let site = Site::new(db).await;
        let mut nobody = site.browser();
        for path in ["/account", "/account/password", "/account/factors", "/account/sessions", "/account/keys", "/account/history"] {
            assert_eq!(nobody.get(path).await.location(), format!("/sign-in?next={path}"));
        }
        let mia = site.user("mia", &[("kpi", "Manager")]).await;
        let mut browser = site.browser();
        browser.sign_in("mia", PASSWORD).await;
        browser.get("/account").await.says("recommends a second factor");
        for path in ["/admin", "/admin/users", "/admin/security/roles", "/admin/security/password-policy"] {
            let answer = browser.get(path).await;
            assert!([403, 404].contains(&answer.status.as_u16()), "{path} {}", answer.status);
        }
        assert_eq!(browser.get(&format!("/admin/users/{mia}")).await.status, 403);
        browser.get("/account").await.is_silent_about("/admin/");
    }
}
