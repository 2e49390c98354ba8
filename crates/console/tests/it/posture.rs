//! Admin > Security > Posture, and the way from the guides to the program.

use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    site::{PASSWORD, Site},
};

const PATH: &str = "/admin/security/posture";
const GUIDE: &str = "/admin/security/posture/guide";

on_both_engines! {
    async fn what_needs_somebody_stands_first_with_what_mends_it(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        browser.get(PATH).await.says("Nobody has looked yet.");
        let answer = browser.submit_to(PATH, &format!("{PATH}/look"), &[]).await;
        assert_eq!(answer.location(), PATH);
        let page = browser.get(PATH).await;
        page.says("1 of 2 checks are in force; 1 needs somebody.").says("Looked at 2 things just now.");
        page.says("Firewall in force").says("No rule &#60;drops&#62; anything.").says("Have it set up.");
        page.says("palisade harden plan").says("policy accept").says("This machine").says("T7.1");
        page.says("X-Content-Type-Options").says("Site tems").says("On each answer.");
    }

    /// covers T15.1 (part)
    async fn each_line_of_both_guides_has_its_page_its_command_and_its_state(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        browser.submit_to(PATH, &format!("{PATH}/look"), &[]).await;
        let page = browser.get(GUIDE).await;
        page.says("97 lines of the guides; checks look at 2 of them here.");
        page.says("X-Content-Type-Options: nosniff on every response").says("palisade verify --point T1.2");
        page.says("TEMS 13").says("KPI Session Security").says("<a href=\"/admin/security/sessions\">Session Settings</a>");
        page.says("Not in this release").says("No check looks at it").says("Not in force").says("In force");
    }

    async fn nobody_else_sees_the_posture_or_has_it_looked_at(db: TestStore) {
        let site = Site::new(db).await;
        site.user("mia", &[("kpi", "Employee")]).await;
        let mut mia = site.browser();
        mia.sign_in("mia", PASSWORD).await;
        for path in [PATH, GUIDE] {
            assert_eq!(mia.get(path).await.status, 403, "{path}");
        }
        assert_eq!(mia.post(&format!("{PATH}/look"), &[]).await.status, 403);
    }
}
