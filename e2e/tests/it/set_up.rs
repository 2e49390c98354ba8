//! A new company on PostgreSQL, from `palisade setup` to the first record.

use palisade_e2e::{Browser, Palisade, TotpSecret, Width};
use palisade_testkit::TestDatabase;

/// covers K3.1 (part), T11.2 (part), K0.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_administrator_sets_up_a_company_on_postgresql() {
    let database = TestDatabase::postgres().await;
    let (palisade, link) = Palisade::set_up_on(&database.url, &database.owner_url);
    let browser = Browser::open(&palisade.url, Width::Desktop).await;
    browser.go(&link).await;
    browser.expect_heading("Welcome to Palisade").await;
    browser.look("set-up").await;
    browser.fill("Given name", "Ada").await;
    browser.fill("Family name", "Fenwick").await;
    browser.fill("User name", "ada").await;
    browser.fill("New password", "Quiet7 lantern;fog").await;
    browser.fill("The same once more", "Quiet7 lantern;fog").await;
    browser.press("Go on").await;

    // Nothing is open before the second factor, which the role asks for.
    browser.expect_heading("Set up your second factor").await;
    browser.look("set-up-factor").await;
    browser.go("/people").await;
    browser.expect_heading("Set up your second factor").await;
    let secret =
        browser.list("return [document.querySelector('.steps').innerText.match(/([A-Z2-7]{4}\\s?){6,}/)[0]]").await;
    browser.fill("Code", &TotpSecret::new(&secret[0]).next_code().await).await;
    browser.press("Confirm").await;
    browser.expect_heading("Keep these recovery codes").await;
    browser.look("set-up-codes").await;
    browser.press("Go on").await;
    browser.expect_heading("Overview").await;
    browser.look("set-up-overview").await;

    browser.go("/teams/new").await;
    browser.fill("Name", "First crew").await;
    browser.press("Add").await;
    browser.expect_heading("First crew").await;
    browser.go("/admin/trail").await;
    browser.expect_text("team.create").await;
}
