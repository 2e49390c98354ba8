//! Jails and Bans.

use palisade_bans::FailedTry;
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    site::{PASSWORD, Site},
};

const LIST: &str = "/admin/security/bans";
const NEW: &str = "/admin/security/bans/new";

/// The way to the first ban of a page.
fn first_link(page: &str) -> String {
    let start = page.find("<tbody").unwrap();
    let start = start + page[start..].find("/admin/security/bans/").unwrap();
    page[start..].split('"').next().unwrap().to_owned()
}

on_both_engines! {
    /// covers T5.4 (part), T13.2 (part)
    async fn somebody_is_shut_out_seen_and_let_in_again(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        browser.get(LIST).await.says("Nobody is shut out.").says("Nobody is banned");
        let code = site.code(&seed);
        let fields = [("network", "198.51.100.0/24"), ("length", "1d"), ("reason", "scans <b>"), ("proof", &code)];
        let added = browser.submit(NEW, &fields).await;
        assert_eq!(added.location(), LIST, "{}", added.body);
        browser.get(LIST).await.says("1 ban in force").says("198.51.100.0/24").says("scans &#60;b&#62;").says("ada");
        let now = site.db.env().now();
        assert!(site.bans.find("198.51.100.9".parse().unwrap(), now).is_some());
        browser.get("/admin/security/bans?q=198.51.100.77").await.says("198.51.100.0/24");
        browser.get("/admin/security/bans?q=203.0.113.1").await.says("Nothing fits");
        let lifted = browser.submit_to(LIST, "/admin/security/bans/lift", &[("network", "198.51.100.0/24")]).await;
        assert_eq!(lifted.location(), LIST, "{}", lifted.body);
        assert!(site.bans.find("198.51.100.9".parse().unwrap(), now).is_none());
        browser.get("/admin/security/bans?state=over").await.says("Lifted");
        assert_eq!((site.traced("ban.add").await, site.traced("ban.lift").await), (1, 1));
    }

    async fn a_mistake_is_told_beside_its_field_and_shuts_nobody_out(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        for (network, length, words) in [
            ("bob", "1h", "is no network"),
            ("0.0.0.0/0", "1h", "everybody"),
            ("127.0.0.1", "1h", "loopback"),
            ("192.0.2.7", "soon", "Choose one of these."),
        ] {
            let code = site.code(&seed);
            let said = browser.submit(NEW, &[("network", network), ("length", length), ("proof", &code)]).await;
            assert_eq!(said.status, 422, "{network}");
            said.says(words);
        }
        let said = browser.submit(NEW, &[("network", "192.0.2.7"), ("length", "1h"), ("proof", "")]).await;
        assert_eq!(said.status, 422, "without a proof nothing is done");
        browser.get(LIST).await.says("Nobody is banned");
        for wrong in ["?q=bob", "?state=x", "?nonsense=1"] {
            assert_eq!(browser.get(&format!("{LIST}{wrong}")).await.status, 422, "{wrong}");
        }
    }

    async fn the_evidence_and_the_jails_figures_are_shown(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        for _ in 0..5 {
            site.bans.failed(FailedTry {
                address: "192.0.2.7".parse().unwrap(),
                at: site.db.env().now(),
                site: "kpi",
                way: "/sign-in",
                account: Some("<script>"),
                status: 401,
                forwarded: false,
            });
        }
        browser.get("/admin/security/bans/jails").await.says("href=\"/admin/security/bans?jail=sign%2Din\"");
        let list = browser.get(LIST).await;
        list.says("5 failed tries to sign in within 10 minutes").says("Jail sign-in");
        let ban = browser.get(&first_link(&list.body)).await;
        ban.says("<h1>192.0.2.7</h1>").says("Shut out of every site until").says("one address");
        assert_eq!(ban.body.matches("192.0.2.7 at kpi: /sign-in as").count(), 5, "{}", ban.body);
        ban.says("&#60;script&#62;").is_silent_about("“<script>");
        browser.get("/admin/security/bans/jails").await.says("sign-in").says("5 failures in 10 minutes: 1 hour");
    }

    /// covers T5.4 (part)
    async fn a_bans_page_tells_who_did_what_about_the_same_client(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        for network in ["198.51.100.7", "198.51.100.0/24"] {
            let code = site.code(&seed);
            let fields = [("network", network), ("length", "until-lifted"), ("reason", ""), ("proof", &code)];
            assert_eq!(browser.submit(NEW, &fields).await.location(), LIST);
        }
        let newest = first_link(&browser.get(LIST).await.body);
        let wide = browser.get(&newest).await;
        wide.says("Shut out of every site until somebody lifts it.").says("256 addresses").says("No reason given");
        let one = first_link(&wide.body);
        let before = browser.get(&one).await;
        before.says("<h1>198.51.100.7</h1>").says("198.51.100.0/24").says("No lines");
        browser.submit_to(&one, "/admin/security/bans/lift", &[("network", "198.51.100.7")]).await;
        browser.get(&one).await.says("Lifted by").says("ada");
        browser.get("/admin/security/bans/new?network=198.51.100.7").await.says("value=\"198.51.100.7\"");
        let nobodys = "/admin/security/bans/01900000-0000-7000-8000-000000000000";
        assert_eq!(browser.get(nobodys).await.status, 404);
    }

    /// covers T5.2 (part)
    async fn a_wrong_password_is_marked_for_the_jails_and_a_right_one_is_not(db: TestStore) {
        let site = Site::new(db).await;
        site.user("mia", &[]).await;
        let mut browser = site.browser();
        assert_eq!(browser.sign_in("mia", "Wrong-Horse-7-Staple").await.failed_as, Some(Some("mia".to_owned())));
        assert_eq!(browser.sign_in("mia", PASSWORD).await.failed_as, None);
        assert_eq!(browser.get("/sign-in/reset/nonsense").await.failed_as, Some(None));
        assert_eq!(browser.get("/sign-in").await.failed_as, None);
    }
}
