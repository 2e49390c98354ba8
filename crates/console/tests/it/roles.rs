use palisade_identity::permissions::CONSOLE;
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    site::{PASSWORD, Site},
};

const PATH: &str = "/admin/security/roles";

on_both_engines! {
    /// covers K2.1 (part)
    async fn a_role_is_made_changed_and_archived(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        let made_at_start = site.traced("role.create").await;
        browser.get(PATH).await.says("System administrator").says("Manager").says("Recommended");
        let code = site.code(&seed);
        let fields = [("name", "Auditor"), ("description", "Looks at employees."), ("factor", "required"), ("p.kpi.employee.read", "all"), ("proof", code.as_str())];
        let made = browser.submit_to(&format!("{PATH}/new?site=kpi"), &format!("{PATH}/new"), &fields).await;
        let own = made.location().to_owned();
        assert!(own.starts_with(PATH) && own != PATH, "{}", made.body);
        let page = browser.get(&own).await;
        page.says("<h1>Auditor</h1>").says("value=\"all\" aria-label=\"See employees: All\" checked");
        let code = site.code(&seed);
        let changed = browser.submit(&own, &[("name", "Auditor"), ("description", ""), ("factor", "optional"), ("p.kpi.employee.read", "own"), ("proof", &code)]).await;
        assert_eq!(changed.location(), own, "{}", changed.body);
        browser.get(&own).await.says("aria-label=\"See employees: Own\" checked");
        let code = site.code(&seed);
        let stale = browser.submit(&own, &[("version", "1"), ("name", "A2"), ("description", ""), ("factor", "optional"), ("proof", &code)]).await;
        assert_eq!(stale.status, 409, "{}", stale.body);
        let code = site.code(&seed);
        assert_eq!(browser.submit(&format!("{own}/archive"), &[("proof", &code)]).await.location(), PATH);
        browser.get(PATH).await.is_silent_about(&own);
        assert_eq!((site.traced("role.create").await, site.traced("role.update").await), (made_at_start + 1, 1));
    }

    async fn what_is_wrong_with_a_role_is_told_and_kept(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        let new = format!("{PATH}/new");
        let code = site.code(&seed);
        let nameless = browser.submit_to(&format!("{new}?site=kpi"), &new, &[("name", ""), ("description", "x"), ("factor", "optional"), ("p.kpi.employee.read", "team"), ("proof", &code)]).await;
        assert_eq!(nameless.status, 422, "{}", nameless.body);
        nameless.says("href=\"#f-name\"").says("aria-label=\"See employees: Team\" checked");
        let unproven = browser.submit_to(&format!("{new}?site=kpi"), &new, &[("name", "X y"), ("description", ""), ("factor", "optional"), ("proof", "000000")]).await;
        unproven.says("href=\"#f-proof\"");
        for (field, value) in [("p.kpi.employee.delete", "all"), ("factor", "sometimes"), ("p.kpi.employee.read", "everything")] {
            let answer = browser.submit_to(&format!("{new}?site=kpi"), &new, &[("name", "X y"), ("description", ""), ("factor", "optional"), (field, value), ("proof", "1")]).await;
            assert_eq!(answer.status, 422, "{field}={value}: {}", answer.body);
        }
    }

    async fn who_may_only_look_gets_no_form(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        let new = format!("{PATH}/new");
        let code = site.code(&seed);
        let fields = [("name", "Reader"), ("description", ""), ("factor", "optional"), ("p.console.role.read", "all"), ("p.console.policy.read", "all"), ("proof", code.as_str())];
        let made = browser.submit_to(&format!("{new}?site=console"), &new, &fields).await;
        let role = made.location().rsplit('/').next().unwrap().to_owned();
        let mia = site.user("mia", &[]).await;
        let code = site.code(&seed);
        browser.submit(&format!("/admin/users/{mia}/roles"), &[("role", &role), ("proof", &code)]).await;
        let mut reader = site.browser();
        reader.sign_in("mia", PASSWORD).await;
        let admin = site.role(CONSOLE, "system-administrator").await;
        let page = reader.get(&format!("{PATH}/{admin}")).await;
        page.says("What it allows").is_silent_about("type=\"radio\"").is_silent_about(">Save<");
        reader.get("/admin/security/password-policy").await.says("You may see these settings.").is_silent_about("Put in force");
        reader.get("/admin/security/multi-factor").await.says("What roles ask of their holders");
        for forbidden in [new.as_str(), "/admin/users", "/admin/security/sessions/end-all", "/admin/security/multi-factor/roles"] {
            assert_eq!(reader.get(forbidden).await.status, 403, "{forbidden}");
        }
        assert_eq!(reader.get("/admin").await.location(), PATH);
    }
}
