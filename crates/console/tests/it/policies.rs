use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    browser::{Answer, Browser},
    site::Site,
};

const PASSWORDS: &str = "/admin/security/password-policy";
const FACTORS: &str = "/admin/security/multi-factor";
const SESSIONS: &str = "/admin/security/sessions";

/// The guide's values as the form sends them, with some changed.
async fn save_passwords(site: &Site, browser: &mut Browser, seed: &str, changed: &[(&str, &str)]) -> Answer {
    let code = site.code(seed);
    let guide = [
        ("min_length", "12"),
        ("require_upper", "on"),
        ("require_lower", "on"),
        ("require_digit", "on"),
        ("require_special", "on"),
        ("expiry_days", "90"),
        ("history", "10"),
        ("lockout_failures", "5"),
        ("lockout_minutes", "15"),
        ("refuse_common", "on"),
        ("refuse_context", "on"),
    ];
    let mut fields: Vec<(&str, &str)> =
        guide.into_iter().filter(|(name, _)| changed.iter().all(|(other, _)| other != name)).collect();
    fields.extend(changed.iter().filter(|(_, value)| *value != "off"));
    fields.push(("proof", &code));
    browser.submit(PASSWORDS, &fields).await
}

on_both_engines! {
    /// covers K1.1 (part)
    async fn each_rule_of_the_password_policy_is_a_setting(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        browser.get(PASSWORDS).await.says("value=\"12\"").says("value=\"90\"").says("The values meet 14 of 16 points");
        let saved = save_passwords(&site, &mut browser, &seed, &[("min_length", "16"), ("require_special", "off"), ("expiry_days", "0")]).await;
        assert_eq!(saved.location(), PASSWORDS, "{}", saved.body);
        let page = browser.get(PASSWORDS).await;
        page.says("The settings are in force.").says("value=\"16\"").says("Broken");
        page.says("Shortest password: 12 → 16").says("A special character is required: yes → no").says("ada Testington");
        // The new rule counts at once, and the form for a new password tells it.
        browser.get("/account/password").await.says("At least 16 characters, with an upper-case letter, a lower-case letter and a digit.");
        assert_eq!(site.traced("policy.update").await, 1);
    }

    /// covers K1.1 (part)
    async fn a_value_out_of_bounds_is_told_at_its_field_and_kept(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        let wrong = save_passwords(&site, &mut browser, &seed, &[("min_length", "4"), ("history", "99"), ("require_upper", "off")]).await;
        assert_eq!(wrong.status, 422);
        wrong.says("href=\"#f-min_length\"").says("href=\"#f-history\"").says("Choose 8 to 64 characters.");
        assert_eq!((wrong.field("min_length"), wrong.field("history")), (Some("4"), Some("99")));
        assert!(!wrong.body.split("id=\"f-require_upper\"").nth(1).unwrap().split('>').next().unwrap().contains("checked"));
        for bad in ["", "twelve", "-1", "12.5", "99999999999"] {
            let answer = save_passwords(&site, &mut browser, &seed, &[("min_length", bad)]).await;
            assert_eq!(answer.status, 422, "{bad}");
            answer.says("href=\"#f-min_length\"");
        }
    }

    async fn a_change_needs_a_proof_and_the_version_that_was_shown(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        let unproven = save_passwords(&site, &mut browser, &seed, &[("proof", "000000")]).await;
        assert_eq!(unproven.status, 422);
        save_passwords(&site, &mut browser, &seed, &[("history", "12")]).await;
        let stale = save_passwords(&site, &mut browser, &seed, &[("version", "0"), ("history", "13")]).await;
        assert_eq!(stale.status, 409, "{}", stale.body);
    }

    async fn earlier_values_are_put_back(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        save_passwords(&site, &mut browser, &seed, &[("history", "12")]).await;
        save_passwords(&site, &mut browser, &seed, &[("history", "20")]).await;
        let path = format!("{PASSWORDS}/versions/1");
        browser.get(&path).await.says("20 → 12");
        let code = site.code(&seed);
        assert_eq!(browser.submit(&path, &[("proof", &code)]).await.location(), PASSWORDS);
        let page = browser.get(PASSWORDS).await;
        assert_eq!(page.field("history"), Some("12"));
        assert_eq!(page.field("version"), Some("3"));
    }

    async fn a_profile_fills_the_form_and_changes_nothing(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        let filled = browser.get(&format!("{PASSWORDS}?profile=asvs")).await;
        filled.says("They count once you put them in force.");
        assert_eq!(filled.field("min_length"), Some("15"));
        assert_eq!(browser.get(PASSWORDS).await.field("min_length"), Some("12"));
        assert_eq!(browser.get(&format!("{PASSWORDS}?profile=none")).await.status, 422);
    }

    /// covers K1.4 (part), T8.1 (part)
    async fn session_times_are_settings(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        let page = browser.get(SESSIONS).await;
        page.says("The values meet every point").says("Sign out everybody").says("Reset all passwords");
        assert_eq!((page.field("browser.idle_minutes"), page.field("mobile.life_minutes")), (Some("30"), Some("10080")));
        let code = site.code(&seed);
        let fields = |life: &'static str| [
            ("browser.idle_minutes", "45"), ("browser.life_minutes", life), ("mobile.idle_minutes", "600"), ("mobile.life_minutes", "10080"),
        ];
        let mut wrong = fields("40").to_vec();
        wrong.push(("proof", &code));
        browser.submit(SESSIONS, &wrong).await.says("href=\"#f-browser.idle_minutes\"");
        let code = site.code(&seed);
        let mut right = fields("600").to_vec();
        right.push(("proof", &code));
        assert_eq!(browser.submit(SESSIONS, &right).await.location(), SESSIONS);
        browser.get(SESSIONS).await.says("Browsers: one session per user: yes → no").says("Broken");
    }

    /// covers K1.2 (part), T11.1 (part)
    async fn what_roles_ask_is_changed_on_one_page(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        browser.get(FACTORS).await.says("The values meet 4 of 5 points").says("Required for Admin").says("Recommended");
        let manager = site.role("kpi", "Manager").await;
        let name = format!("factor.{manager}");
        let code = site.code(&seed);
        let path = format!("{FACTORS}/roles");
        let done = browser.submit(&path, &[(&name, "required"), ("proof", &code)]).await;
        assert_eq!(done.location(), FACTORS, "{}", done.body);
        browser.get(FACTORS).await.says("1 role changed.");
        site.user("mia", &[("kpi", "Manager")]).await;
        assert_eq!(site.browser().sign_in("mia", crate::site::PASSWORD).await.location(), "/sign-in/enrol");
        let odd = browser.submit(&path, &[(&name, "never"), ("proof", "1")]).await;
        assert_eq!(odd.status, 422);
    }

    async fn everybody_can_be_asked_for_a_factor(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        let code = site.code(&seed);
        let fields = [("require_for_everyone", "on"), ("wrong_codes", "5"), ("lockout_minutes", "15"), ("challenge_minutes", "15"), ("proof", &code)];
        assert_eq!(browser.submit(FACTORS, &fields).await.location(), FACTORS);
        site.user("mia", &[]).await;
        assert_eq!(site.browser().sign_in("mia", crate::site::PASSWORD).await.location(), "/sign-in/enrol");
    }
}

on_both_engines! {
    /// covers T4.1 (part)
    async fn limits_say_what_they_refused_and_whom(db: TestStore) {
        let site = Site::new(db).await;
        let (mut ada, _) = site.administrator().await;
        let page = ada.get("/admin/security/sites").await;
        page.says("Limits in force").says("5 in a minute, 6 at once").says("Tries to sign in");
        page.says("Refused within the last ten minutes").says("Address 192.0.2.7");
    }

    async fn a_silent_application_is_the_first_thing_that_the_page_says(db: TestStore) {
        let site = Site::new(db).await;
        let (mut ada, _) = site.administrator().await;
        let page = ada.get("/admin/security/sites").await;
        page.says("2 sites are served. 1 application does not answer.").says("tems: http://127.0.0.1:8000 does not answer, since");
        page.says("Last error: can&#39;t be reached: connection &#60;refused&#62;.");
        page.says("Does not answer</span>").is_silent_about("<refused>");
    }
}
