use palisade_base::PlainToken;
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    site::{PASSWORD, Site, operator},
};

const VAGUE: &str = "User name or password is not right";

on_both_engines! {
    /// covers K1.2 (part), K1.3 (part)
    async fn somebody_signs_in_with_password_and_code(db: TestStore) {
        let site = Site::new(db).await;
        let mia = site.user("mia", &[("kpi", "Admin")]).await;
        let seed = site.enrol(mia).await;
        let mut browser = site.browser();
        let first = browser.submit("/sign-in?next=/account/keys", &[("login", "MIA"), ("password", PASSWORD), ("next", "/account/keys")]).await;
        assert_eq!(first.location(), "/sign-in/factor?next=/account/keys", "{}", first.body);
        // Nothing but the second factor can be reached now.
        assert_eq!(browser.get("/account").await.location(), "/sign-in/factor");
        let wrong = browser.submit("/sign-in/factor", &[("code", "000000")]).await;
        assert_eq!(wrong.status, 422);
        wrong.says("<h1>Second factor</h1>").says("This code is not right");
        let code = site.code(&seed);
        let done = browser.submit("/sign-in/factor", &[("code", &code), ("next", "/account/keys")]).await;
        assert_eq!(done.location(), "/account/keys", "{}", done.body);
        browser.get("/account").await.says("<h1>mia Testington</h1>").says("Set up");
    }

    /// covers K1.4 (part), T8.3 (part)
    async fn every_step_of_signing_in_has_a_cookie_of_its_own(db: TestStore) {
        let site = Site::new(db).await;
        let mia = site.user("mia", &[]).await;
        let seed = site.enrol(mia).await;
        let mut browser = site.browser();
        browser.sign_in("mia", PASSWORD).await;
        let before = browser.cookies["__Host-palisade"].clone();
        let code = site.code(&seed);
        browser.submit("/sign-in/factor", &[("code", &code)]).await;
        assert_ne!(browser.cookies["__Host-palisade"], before);
        let mut thief = site.browser();
        thief.cookies.insert("__Host-palisade".to_owned(), before);
        assert_eq!(thief.get("/account").await.location(), "/sign-in?next=/account");
    }

    async fn a_stranger_learns_nothing_from_a_failed_sign_in(db: TestStore) {
        let site = Site::new(db).await;
        site.user("mia", &[]).await;
        let mut browser = site.browser();
        let wrong = browser.sign_in("mia", "not-the-password").await;
        let unknown = browser.sign_in("nobody", "not-the-password").await;
        assert_eq!((wrong.status.as_u16(), unknown.status.as_u16()), (401, 401));
        wrong.says(VAGUE).is_silent_about("not-the-password");
        unknown.says(VAGUE);
        let told = |answer: &crate::browser::Answer| answer.body.split("class=\"summary\"").nth(1).unwrap().split("</div>").next().unwrap().to_owned();
        assert_eq!(told(&wrong), told(&unknown));
        // What was typed is kept, the password aside.
        assert_eq!(wrong.field("login"), Some("mia"));
    }

    async fn nobody_is_led_off_the_site_after_signing_in(db: TestStore) {
        let site = Site::new(db).await;
        site.user("mia", &[]).await;
        for hostile in ["//evil.example", "https://evil.example/", "/\\evil.example", "/sign-out"] {
            let mut browser = site.browser();
            let answer = browser.submit("/sign-in", &[("login", "mia"), ("password", PASSWORD), ("next", hostile)]).await;
            assert_eq!(answer.location(), "/", "{hostile}");
        }
    }

    /// covers K1.2 (part), T11.2 (part)
    async fn a_role_that_requires_a_factor_leads_to_setting_one_up(db: TestStore) {
        let site = Site::new(db).await;
        site.user("mia", &[("kpi", "Admin")]).await;
        let mut browser = site.browser();
        assert_eq!(browser.sign_in("mia", PASSWORD).await.location(), "/sign-in/enrol");
        let page = browser.get("/sign-in/enrol").await;
        page.says("<h1>Set up your second factor</h1>").says("data:image/svg+xml;base64,");
        let seed = page.text_of("secret");
        let wrong = browser.submit("/sign-in/enrol", &[("code", "000000")]).await;
        assert_eq!(wrong.status, 422);
        assert_eq!(wrong.text_of("secret"), seed, "a wrong code must not spoil what was scanned");
        let code = site.code(&seed);
        let codes = browser.submit("/sign-in/enrol", &[("code", &code)]).await;
        assert_eq!(codes.status, 200);
        codes.says("Keep these recovery codes");
        assert_eq!(codes.body.matches("<li>").count(), 10);
        browser.get("/account").await.says("Admin");
        // A recovery code stands for the app, once.
        let recovery = codes.body.split("<li>").nth(1).unwrap().split('<').next().unwrap().trim().to_owned();
        for (attempt, status) in [(1, 303), (2, 422)] {
            let mut other = site.browser();
            other.sign_in("mia", PASSWORD).await;
            let answer = other.submit("/sign-in/factor", &[("code", &recovery)]).await;
            assert_eq!(answer.status.as_u16(), status, "attempt {attempt}");
        }
    }

    /// covers K2.2 (part)
    async fn a_password_that_must_be_changed_is_changed_while_signing_in(db: TestStore) {
        let site = Site::new(db).await;
        let mia = site.user("mia", &[]).await;
        let operator = operator();
        let permit = palisade_identity::policy::permit_change_users(&operator).unwrap();
        site.identity.require_password_change(&operator, &permit, mia).await.unwrap();
        let mut browser = site.browser();
        assert_eq!(browser.sign_in("mia", PASSWORD).await.location(), "/sign-in/new-password");
        let path = "/sign-in/new-password";
        let differ = browser.submit(path, &[("new_password", "Another-Horse-8-Staple"), ("again", "x")]).await;
        differ.says("This is not the same as the new password").is_silent_about("Another-Horse");
        let weak = browser.submit(path, &[("new_password", "short"), ("again", "short")]).await;
        assert_eq!(weak.status, 422);
        weak.says("href=\"#f-new_password\"");
        let new = "Another-Horse-8-Staple";
        assert_eq!(browser.submit(path, &[("new_password", new), ("again", new)]).await.location(), "/");
        assert_eq!(site.browser().sign_in("mia", new).await.location(), "/");
        assert_eq!(site.browser().sign_in("mia", PASSWORD).await.status, 401);
    }

    /// covers K1.4 (part)
    async fn signing_out_ends_the_session_and_says_so(db: TestStore) {
        let site = Site::new(db).await;
        site.user("mia", &[]).await;
        let mut browser = site.browser();
        browser.sign_in("mia", PASSWORD).await;
        let token = browser.cookies["__Host-palisade"].clone();
        let out = browser.submit_to("/account", "/sign-out", &[]).await;
        assert_eq!(out.location(), "/sign-in");
        browser.get("/sign-in").await.says("You are signed out.");
        browser.get("/sign-in").await.is_silent_about("You are signed out.");
        browser.cookies.insert("__Host-palisade".to_owned(), token);
        assert_eq!(browser.get("/account").await.location(), "/sign-in?next=/account");
    }

    /// covers T8.2 (part)
    async fn whoever_was_signed_out_is_told_why(db: TestStore) {
        let site = Site::new(db).await;
        site.user("mia", &[]).await;
        let (mut old, mut new) = (site.browser(), site.browser());
        old.sign_in("mia", PASSWORD).await;
        new.sign_in("mia", PASSWORD).await;
        assert_eq!(old.get("/account").await.location(), "/sign-in?next=/account");
        old.get("/sign-in").await.says("You were signed out here because you signed in somewhere else.");
        assert_eq!(new.get("/account").await.status, 200);
    }

    async fn five_wrong_codes_stop_the_sign_in(db: TestStore) {
        let site = Site::new(db).await;
        let mia = site.user("mia", &[]).await;
        site.enrol(mia).await;
        let mut browser = site.browser();
        browser.sign_in("mia", PASSWORD).await;
        for _ in 0..4 {
            assert_eq!(browser.submit("/sign-in/factor", &[("code", "000000")]).await.status, 422);
        }
        assert_eq!(browser.submit("/sign-in/factor", &[("code", "000000")]).await.location(), "/sign-in");
        browser.get("/sign-in").await.says("stopped after too many wrong codes");
    }

    async fn a_link_is_used_by_its_button_and_not_by_being_looked_at(db: TestStore) {
        let site = Site::new(db).await;
        let mia = site.user("mia", &[]).await;
        let link = site.identity.issue_sign_in_link(&operator(), mia).await.unwrap();
        let path = format!("/sign-in/link/{}", link.token.reveal());
        let mut browser = site.browser();
        for _ in 0..3 {
            browser.get(&path).await.says("This link signs you in once.");
        }
        assert_eq!(browser.submit(&path, &[]).await.location(), "/");
        assert_eq!(browser.get("/account").await.status, 200);
        let again = site.browser().submit(&path, &[]).await;
        assert_eq!(again.status, 404);
        again.says("This link does not work any more");
    }

    async fn in_the_demo_opening_a_link_signs_in_at_once(db: TestStore) {
        let site = Site::with(db, |config| config.links_open_at_once = true).await;
        let mia = site.user("mia", &[("kpi", "Admin")]).await;
        site.enrol(mia).await;
        let link = site.identity.issue_sign_in_link(&operator(), mia).await.unwrap();
        let path = format!("/sign-in/link/{}", link.token.reveal());
        let mut browser = site.browser();
        assert_eq!(browser.get(&path).await.location(), "/");
        browser.get("/account").await.says("mia Testington");
        assert_eq!(site.browser().get(&path).await.status, 404);
    }

    async fn the_first_administrator_comes_by_the_set_up_link(db: TestStore) {
        let site = Site::new(db).await;
        let link = site.identity.issue_set_up_link(&operator()).await.unwrap();
        let path = format!("/set-up/{}", link.token.reveal());
        let mut browser = site.browser();
        let wrong = browser.submit(&path, &[
            ("given_name", ""), ("family_name", "Lovelace"), ("email", "nonsense"), ("user_name", "a b"),
            ("new_password", PASSWORD), ("again", "other"),
        ]).await;
        assert_eq!(wrong.status, 422);
        for field in ["given_name", "email", "user_name", "again"] {
            wrong.says(&format!("href=\"#f-{field}\""));
        }
        assert_eq!(wrong.field("family_name"), Some("Lovelace"));
        let weak = browser.submit(&path, &fields("acme")).await;
        weak.says("href=\"#f-new_password\"");
        let done = browser.submit(&path, &fields(PASSWORD)).await;
        assert_eq!(done.location(), "/sign-in/enrol", "{}", done.body);
        let seed = browser.get("/sign-in/enrol").await.text_of("secret");
        let code = site.code(&seed);
        browser.submit("/sign-in/enrol", &[("code", &code)]).await.says("Keep these recovery codes");
        browser.get("/admin/users").await.says("Ada Lovelace").says("System administrator");
        assert_eq!(site.browser().get(&path).await.status, 404);
    }

    async fn a_password_link_sets_the_password_and_nothing_else(db: TestStore) {
        let site = Site::new(db).await;
        let mia = site.user("mia", &[]).await;
        let seed = site.enrol(mia).await;
        let operator = operator();
        let permit = palisade_identity::policy::permit_change_users(&operator).unwrap();
        let link = site.identity.issue_password_link(&operator, &permit, mia).await.unwrap();
        let path = format!("/sign-in/reset/{}", link.token.reveal());
        let mut browser = site.browser();
        browser.get(&path).await.says("value=\"mia\"");
        let new = "Another-Horse-8-Staple";
        assert_eq!(browser.submit(&path, &[("new_password", new), ("again", new)]).await.location(), "/sign-in");
        browser.get("/sign-in").await.says("The password is set.");
        assert_eq!(browser.get(&path).await.status, 404);
        // The second factor is still asked for.
        assert_eq!(browser.sign_in("mia", new).await.location(), "/sign-in/factor");
        let code = site.code(&seed);
        assert_eq!(browser.submit("/sign-in/factor", &[("code", &code)]).await.location(), "/");
    }

    async fn links_that_never_were_say_what_to_do(db: TestStore) {
        let site = Site::new(db).await;
        let mut browser = site.browser();
        let made_up = PlainToken::generate(&site.db.env(), "");
        for path in ["/sign-in/reset/", "/set-up/"] {
            for token in [made_up.reveal(), "x", "%20", "..%2f..", &"a".repeat(3_000)] {
                let answer = browser.get(&format!("{path}{token}")).await;
                assert_eq!(answer.status, 404, "{path}{token}");
                answer.says("This link does not work any more");
            }
        }
    }

    async fn what_is_no_sign_in_gets_a_clear_answer(db: TestStore) {
        let site = Site::new(db).await;
        let mut browser = site.browser();
        let token = browser.get("/sign-in").await.field("_csrf").unwrap().to_owned();
        let huge = "x".repeat(1024 * 1024);
        let long = "x".repeat(5_000);
        for (fields, status) in [
            (vec![("_csrf", token.as_str()), ("login", "a"), ("password", huge.as_str())], 413),
            (vec![("_csrf", token.as_str()), ("login", "a")], 422),
            (vec![("_csrf", token.as_str()), ("login", "a"), ("login", "b"), ("password", "x")], 422),
            (vec![("_csrf", token.as_str()), ("login", "a"), ("password", "x"), ("role", "admin")], 422),
            (vec![("login", "a"), ("password", "x")], 403),
            (vec![("_csrf", token.as_str()), ("login", long.as_str()), ("password", long.as_str())], 401),
            (vec![("_csrf", token.as_str()), ("login", ""), ("password", "")], 401),
        ] {
            assert_eq!(browser.post("/sign-in", &fields).await.status.as_u16(), status, "{:?}", fields.first());
        }
    }
}

fn fields(password: &str) -> [(&str, &str); 6] {
    [
        ("given_name", "Ada"),
        ("family_name", "Lovelace"),
        ("email", "ada@example.com"),
        ("user_name", "ada"),
        ("new_password", password),
        ("again", password),
    ]
}
