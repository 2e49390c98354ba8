//! Going on to a guarded site: who may, what the others are told, and what comes back with them.

use palisade_base::{
    Origin, PlainToken,
    auth::{HandOff, SiteSessions as _},
};
use palisade_console::{GuardedSite, SiteLabel};
use palisade_identity::{
    model::{FactorRule, RoleTemplate, SiteDeclaration},
    permissions::console_declaration,
};
use palisade_testkit::{TestStore, on_both_engines};

use crate::{
    MIGRATOR,
    browser::Browser,
    site::{PASSWORD, Site, kpi_declaration},
};

const WANTED: &str = "/sign-in/site?site=tems&state=abc.DEF-1_2";
const GO_ON: &str = "/sign-in/site/go-on?site=tems&state=abc.DEF-1_2";

/// A console in front of one guarded site with the roles Staff and Admin; Admin asks for a factor.
async fn guarding(db: TestStore) -> Site {
    let site = Site::with(db, |config| {
        config.sites.push(SiteLabel::new("tems", "Trips"));
        config.guarded.push(GuardedSite {
            name: "tems".into(),
            label: "Trips".into(),
            base_url: "https://tems.example:8443".into(),
            roles: vec!["Staff".into(), "Admin".into()],
        });
    })
    .await;
    let role = |name: &'static str, factor| RoleTemplate {
        key: name.into(),
        name: name.into(),
        description: "For the tests.".into(),
        factor,
        permissions: Vec::new(),
    };
    let roles = vec![role("Staff", FactorRule::Optional), role("Admin", FactorRule::Required)];
    let tems = SiteDeclaration { site: "tems".into(), label: "Trips".into(), permissions: Vec::new(), roles };
    site.identity.declare(vec![console_declaration(), kpi_declaration(), tems]).await.unwrap();
    site
}

/// The code at the end of the way back.
fn code_in(location: &str) -> PlainToken {
    let rest = location
        .strip_prefix("https://tems.example:8443/.palisade/hand-off?code=")
        .unwrap_or_else(|| panic!("{location}"));
    let (code, state) = rest.split_once("&state=").unwrap();
    assert_eq!(state, "abc.DEF-1_2");
    PlainToken::from_client(code).unwrap()
}

async fn signed_in(site: &Site, name: &str, roles: &[(&str, &str)]) -> Browser {
    site.user(name, roles).await;
    let mut browser = site.browser();
    browser.sign_in(name, PASSWORD).await;
    browser
}

on_both_engines! {
    async fn who_is_signed_in_already_goes_straight_back_with_a_code(db: TestStore) {
        let site = guarding(db).await;
        let mut browser = signed_in(&site, "mia", &[("tems", "Staff")]).await;
        let back = browser.get(WANTED).await;
        assert_eq!(back.status, 303);
        assert_eq!((&back.headers["referrer-policy"], &back.headers["cache-control"]), (&"no-referrer".parse().unwrap(), &"no-store".parse().unwrap()));
        let code = code_in(back.location());
        let hand_off = HandOff { site: "tems", code: &code, state: Some("abc.DEF-1_2") };
        site.identity.take_hand_off(hand_off, Origin::default()).await.unwrap();
    }

    async fn who_has_to_sign_in_first_is_led_on_by_a_page_of_ours(db: TestStore) {
        let site = guarding(db).await;
        let mia = site.user("mia", &[("tems", "Admin")]).await;
        let seed = site.enrol(mia).await;
        let mut browser = site.browser();
        let asked = browser.get(WANTED).await;
        assert_eq!(asked.location(), "/sign-in?next=/sign-in/site/go-on%3Fsite%3Dtems%26state%3Dabc.DEF-1_2");
        browser.get(asked.location()).await.says("To go on to Trips.");
        let first = browser.submit(asked.location(), &[("login", "mia"), ("password", PASSWORD), ("next", GO_ON)]).await;
        assert!(first.location().starts_with("/sign-in/factor?next=/sign-in/site/go-on"), "{}", first.location());
        // Half signed in is not signed in: no code comes of either address.
        for path in [WANTED, GO_ON] {
            assert!(browser.get(path).await.location().starts_with("/sign-in/factor?next="), "{path}");
        }
        let code = site.code(&seed);
        let done = browser.submit("/sign-in/factor", &[("code", &code), ("next", GO_ON)]).await;
        assert_eq!(done.location(), GO_ON);
        let page = browser.get(GO_ON).await;
        page.says("Go on to Trips");
        let refresh = page.headers["refresh"].to_str().unwrap();
        code_in(refresh.strip_prefix("0; url=").unwrap());
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
    }

    /// covers K1.2 (part)
    async fn who_may_not_is_told_what_is_missing(db: TestStore) {
        let site = guarding(db).await;
        let mut stranger = signed_in(&site, "sam", &[("kpi", "Employee")]).await;
        let refused = stranger.get(WANTED).await;
        assert_eq!(refused.status, 403);
        refused.says("Trips is not open to you").says("one of the roles Staff, Admin").says("sam Testington");
        assert!(!refused.headers.contains_key("location") && !refused.headers.contains_key("refresh"));
        // A role that asks for a factor opens nothing without one.
        let tom = site.user("tom", &[]).await;
        let mut waiting = site.browser();
        waiting.sign_in("tom", PASSWORD).await;
        site.grant(tom, "tems", "Admin").await;
        let refused = waiting.get(WANTED).await;
        assert_eq!(refused.status, 403);
        refused.says("waits for a second factor").says("href=\"/account/factors/app\"");
    }

    async fn nobody_is_sent_anywhere_but_to_a_site_of_ours(db: TestStore) {
        let site = guarding(db).await;
        let mut browser = signed_in(&site, "mia", &[("tems", "Staff")]).await;
        for (path, status) in [
            ("/sign-in/site", 404),
            ("/sign-in/site?site=evil&state=abc", 404),
            ("/sign-in/site?site=https://evil.example&state=abc", 404),
            ("/sign-in/site?site=tems", 400),
            ("/sign-in/site?site=tems&state=", 400),
            ("/sign-in/site?site=tems&state=a%0d%0ab", 400),
            ("/sign-in/site?site=tems&state=a%26code%3Db", 400),
            ("/sign-in/site/go-on?site=tems&state=a%3B+url%3Dhttps%3A%2F%2Fevil", 400),
        ] {
            let answer = browser.get(path).await;
            assert_eq!(answer.status.as_u16(), status, "{path}");
            assert!(!answer.headers.contains_key("location") && !answer.headers.contains_key("refresh"), "{path}");
        }
    }

    async fn the_keys_are_for_everybody_and_may_be_kept_for_a_while(db: TestStore) {
        let site = guarding(db).await;
        let mut browser = site.browser();
        let keys = browser.get("/.well-known/palisade/jwks.json").await;
        assert_eq!((keys.status.as_u16(), keys.headers["cache-control"].to_str().unwrap()), (200, "public, max-age=300"));
        keys.says("\"crv\":\"Ed25519\"").is_silent_about("\"d\"");
        assert!(browser.cookies.is_empty(), "what is for everybody begins no visit");
    }

    async fn signing_out_by_a_link_asks_first(db: TestStore) {
        let site = guarding(db).await;
        let mut browser = signed_in(&site, "mia", &[]).await;
        browser.get("/sign-out").await.says("on every site that it led you to");
        browser.get("/account").await.says("mia Testington");
        browser.submit("/sign-out", &[]).await;
        assert_eq!(browser.get("/account").await.location(), "/sign-in?next=/account");
    }

    async fn the_account_lists_the_sites_that_somebody_may_open(db: TestStore) {
        let site = guarding(db).await;
        let mut mia = signed_in(&site, "mia", &[("tems", "Staff")]).await;
        mia.get("/account").await.says("Sites that you may open").says("href=\"https://tems.example:8443\"").says("Trips");
        let id = site.user("tom", &[]).await;
        let mut tom = site.browser();
        tom.sign_in("tom", PASSWORD).await;
        site.grant(id, "tems", "Admin").await;
        tom.get("/account").await.says("Waits for your second factor");
        let mut sam = signed_in(&site, "sam", &[("kpi", "Employee")]).await;
        sam.get("/account").await.is_silent_about("Sites that you may open").is_silent_about("tems.example");
    }
}
