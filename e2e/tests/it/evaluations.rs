//! Evaluations in a browser: filled in, compared, reviewed; with the connection cut, with a second sign-in in the middle,
//! by keyboard alone, with scripts switched off.

use palisade_e2e::{Account, Browser, Client, Palisade, TotpSecret, Width};

/// Signs in with password and one-time code.
async fn sign_in(browser: &Browser, account: &Account, secret: &TotpSecret) {
    browser.expect_heading("Sign in").await;
    browser.fill("User name or e-mail address", &account.user).await;
    browser.fill("Password", &account.password).await;
    browser.press("Sign in").await;
    browser.expect_heading("Second factor").await;
    browser.fill("Code", &secret.next_code().await).await;
    browser.press("Go on").await;
}

/// Begins an evaluation of oneself, and waits until the wizard's script is there.
async fn rate_oneself(browser: &Browser) {
    browser.go("/evaluations").await;
    browser.press("New evaluation").await;
    browser.expect_heading("New evaluation").await;
    browser.press("Begin").await;
    ready(browser).await;
}

async fn ready(browser: &Browser) {
    browser.expect("the wizard", "return !!document.querySelector('[data-wizard][data-ready]')").await;
}

/// The selector of a rating of the nth skill of the category that is shown.
fn rating(nth: usize, rating: u8) -> String {
    format!(".step:not([hidden]) .rates > .rate:nth-of-type({nth}) input[value='{rating}']")
}

/// The ratings of the category that is shown, blank ones as `-`.
async fn ratings(browser: &Browser) -> String {
    let script = "return [[...document.querySelectorAll('.step:not([hidden]) [data-skill]')]
        .map(row => row.querySelector('input[type=radio]:checked').value || '-').join('')]";
    browser.list(script).await.remove(0)
}

/// Waits until nothing waits on the device any more, and the page says so.
async fn saved(browser: &Browser) {
    let script = "return document.querySelector('[data-status-text]').textContent === 'Saved'
        && !Object.keys(localStorage).some(key => key.startsWith('palisade.tap:'))";
    browser.expect("everything to be saved", script).await;
}

async fn says(browser: &Browser, text: &str) {
    let script = format!(
        "return document.querySelector('[data-status-text]').textContent.includes({})",
        serde_json::to_string(text).unwrap()
    );
    browser.expect(text, &script).await;
}

/// The draft that the wizard shows, by its path.
async fn draft(browser: &Browser) -> String {
    let path = browser.path().await;
    path.split("/fill").next().unwrap().to_owned()
}

async fn evaluate_together(width: Width, size: &str) {
    let palisade = Palisade::demo();
    let (employee, manager) = (palisade.account("Employee"), palisade.account("Manager"));

    // The employee, about themselves.
    let nick = Browser::open(&palisade.url, width).await;
    nick.go(&employee.link).await;
    nick.go("/evaluations/new").await;
    nick.look(&format!("evaluation-new-{size}")).await;
    rate_oneself(&nick).await;
    for (skill, stars) in [(1, 5), (2, 4), (3, 3)] {
        nick.click(&rating(skill, stars)).await;
    }
    nick.click(".step:not([hidden]) [data-tool] input[value=yes]").await;
    nick.click(".step:not([hidden]) [data-tool] .truck input").await;
    saved(&nick).await;
    nick.look(&format!("wizard-{size}")).await;
    nick.click(".step:not([hidden]) button[data-next]").await;
    nick.expect("the second category", "return document.querySelectorAll('.step')[0].hidden").await;
    nick.click(&rating(1, 2)).await;
    nick.click(".places > summary").await;
    nick.press("Notes").await;
    nick.fill("Notes on the whole", "I want to learn tiling.").await;
    nick.look(&format!("wizard-notes-{size}")).await;
    nick.press("Check and hand in").await;
    nick.expect_heading("Check and hand in").await;
    nick.expect_text("rated yourself in 4 of").await;
    assert_eq!(nick.value("Notes on the whole").await, "I want to learn tiling.");
    nick.look(&format!("evaluation-check-{size}")).await;
    nick.press("Hand in").await;
    nick.expect_text("Handed in").await;
    nick.look(&format!("evaluation-{size}")).await;
    let own = nick.path().await;
    let name = nick.heading().await.replace("Self-evaluation of ", "");

    // The manager, about the employee, without seeing what they said.
    let nora = Browser::open(&palisade.url, width).await;
    nora.go(&manager.link).await;
    nora.go("/evaluations").await;
    nora.expect_text("Waiting for your review").await;
    nora.look(&format!("evaluations-{size}")).await;
    nora.go("/evaluations/new").await;
    nora.choose("Whom", &name).await;
    nora.press("Begin").await;
    ready(&nora).await;
    assert!(!nora.text().await.contains("tiling"), "nothing of the employee's own is shown");
    assert!(!ratings(&nora).await.starts_with("543"), "nothing is filled in");
    for (skill, stars) in [(1, 3), (2, 4), (3, 3)] {
        nora.click(&rating(skill, stars)).await;
    }
    saved(&nora).await;
    let by_manager = draft(&nora).await;
    nora.go(&format!("{by_manager}/check")).await;
    nora.press("Hand in").await;
    nora.expect_text("Handed in").await;
    assert!(!nora.offers("Mark as reviewed").await, "nobody reviews their own work");

    // Side by side, then the manager reviews what the employee said.
    nora.go(&format!("{own}/compare")).await;
    nora.expect_text("Of the 3 skills that both rate, the manager rates 0 higher and 1 lower.").await;
    nora.look(&format!("evaluation-compare-{size}")).await;
    nora.go(&own).await;
    nora.press("Give back").await;
    nora.expect_heading("Give it back?").await;
    nora.look(&format!("evaluation-return-{size}")).await;
    nora.go(&own).await;
    nora.press("Mark as reviewed").await;
    nora.expect_text("It stays as it is from now on.").await;
    assert!(!nora.offers("Give back").await);
    nora.look(&format!("evaluation-reviewed-{size}")).await;
}

/// covers K0.1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_employee_and_a_manager_evaluate_compare_and_review_on_a_phone() {
    evaluate_together(Width::Phone, "phone").await;
}

/// covers K0.1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_employee_and_a_manager_evaluate_compare_and_review_on_a_desktop() {
    evaluate_together(Width::Desktop, "desktop").await;
}

/// covers K0.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taps_made_without_a_connection_arrive_once_it_is_back() {
    let palisade = Palisade::demo();
    let browser = Browser::open(&palisade.url, Width::Phone).await;
    browser.go(&palisade.account("Employee").link).await;
    rate_oneself(&browser).await;
    browser.click(&rating(1, 4)).await;
    saved(&browser).await;
    let admin = Client::signed_in(&palisade, palisade.account("Admin")).await;
    let before = batches(&admin).await;

    browser.set_offline(true).await;
    browser.click(&rating(2, 5)).await;
    browser.click(&rating(3, 1)).await;
    says(&browser, "2 taps wait on this device: no connection.").await;
    // All categories are here already: one goes on without a connection.
    browser.click(".step:not([hidden]) button[data-next]").await;
    browser.click(&rating(1, 2)).await;
    says(&browser, "3 taps wait on this device: no connection.").await;
    browser.look_offline("wizard-offline").await;
    assert_eq!(batches(&admin).await, before);

    browser.set_offline(false).await;
    saved(&browser).await;
    assert_eq!(batches(&admin).await, before + 2, "one batch for each category, each of them once");
    let draft = draft(&browser).await;
    browser.go(&format!("{draft}/fill")).await;
    ready(&browser).await;
    assert!(ratings(&browser).await.starts_with("451"), "{}", ratings(&browser).await);
    browser.click(".step:not([hidden]) button[data-next]").await;
    assert!(ratings(&browser).await.starts_with('2'));
}

/// How many batches of marks the trail tells of.
async fn batches(admin: &Client) -> usize {
    admin.get("/admin/trail/export.jsonl").await.text.matches("evaluation.mark").count()
}

/// covers K0.1 (part), K4.4 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_sign_in_ends_the_first_whose_taps_merge_when_its_owner_is_back() {
    let palisade = Palisade::demo();
    let account = palisade.account("Employee");
    let secret = TotpSecret::new(&account.totp_secret);
    let phone = Browser::open(&palisade.url, Width::Phone).await;
    phone.go(&account.link).await;
    rate_oneself(&phone).await;
    phone.click(&rating(1, 5)).await;
    saved(&phone).await;
    let draft = draft(&phone).await;

    let desk = Browser::open(&palisade.url, Width::Desktop).await;
    desk.go(&format!("{draft}/fill")).await;
    sign_in(&desk, account, &secret).await;
    ready(&desk).await;
    assert!(ratings(&desk).await.starts_with("5-"), "what the phone saved is here");

    // The phone's session is over; its taps wait.
    phone.click(&rating(2, 2)).await;
    phone.click(&rating(3, 3)).await;
    says(&phone, "Sign in again to save 2 taps.").await;
    phone.forget_console().await;
    phone.look("wizard-signed-out").await;
    // The desk rates one of the two later.
    desk.click(&rating(2, 4)).await;
    saved(&desk).await;

    phone.press("Sign in").await;
    sign_in(&phone, account, &secret).await;
    ready(&phone).await;
    saved(&phone).await;
    assert!(ratings(&phone).await.starts_with("543"), "the later tap stands: {}", ratings(&phone).await);
    phone.go(&format!("{draft}/fill")).await;
    ready(&phone).await;
    assert!(ratings(&phone).await.starts_with("543"), "{}", ratings(&phone).await);
}

/// Taps that one person left on a device are not another's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taps_of_another_person_on_the_same_device_are_not_sent() {
    let palisade = Palisade::demo();
    let browser = Browser::open(&palisade.url, Width::Phone).await;
    browser.go(&palisade.account("Employee").link).await;
    rate_oneself(&browser).await;
    // Without a session the tap has to stay. A connection that is cut would not hold it for sure: a page that goes away
    // sends what waits once more, and the cut ends with the page.
    browser.forget_cookies().await;
    browser.click(&rating(1, 5)).await;
    says(&browser, "Sign in again to save 1 tap.").await;
    let draft = draft(&browser).await;
    // The device goes on to the admin.
    browser.go(&palisade.account("Admin").link).await;
    browser.go(&format!("{draft}/fill")).await;
    assert_eq!(browser.path().await, draft, "the wizard is its author's");
    let kept = browser.list("return Object.keys(localStorage).filter(key => key.startsWith('palisade.tap:'))").await;
    assert_eq!(kept.len(), 1, "it still waits for who made it: {kept:?}");
}

/// covers K0.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_evaluation_is_filled_in_with_the_keyboard_alone() {
    let palisade = Palisade::demo();
    let browser = Browser::open(&palisade.url, Width::Desktop).await;
    browser.go(&palisade.account("Employee").link).await;
    rate_oneself(&browser).await;
    browser.focus(".step:not([hidden]) .rates input:checked").await;
    browser.keys("1234").await;
    browser.keys(&format!("{up}0{up}{up}5", up = Browser::UP)).await;
    // 1234, then the fourth is cleared from below, and the second is rated anew.
    assert!(ratings(&browser).await.starts_with("153-"), "{}", ratings(&browser).await);
    let rated = ratings(&browser).await;
    browser.keys(Browser::ENTER).await;
    browser.expect("the next category", "return document.querySelectorAll('.step')[0].hidden").await;
    // The heading has the focus: the first digit rates the first skill.
    browser.keys("34").await;
    assert!(ratings(&browser).await.starts_with("34"), "{}", ratings(&browser).await);
    saved(&browser).await;
    let draft = draft(&browser).await;
    browser.go(&format!("{draft}/fill")).await;
    ready(&browser).await;
    assert_eq!(ratings(&browser).await, rated);
}

/// covers K0.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_evaluation_is_filled_in_and_handed_in_with_scripts_switched_off() {
    let palisade = Palisade::demo();
    // Chromedriver's taps wait for scripts for ever; its clicks do not.
    let browser = Browser::open(&palisade.url, Width::Desktop).await;
    browser.switch_scripts_off().await;
    browser.go(&palisade.account("Employee").link).await;
    browser.go("/evaluations/new").await;
    browser.press("Begin").await;
    browser.expect_heading("Rate yourself").await;
    browser.click(&rating(1, 4)).await;
    browser.click(&rating(2, 2)).await;
    browser.click(".step:not([hidden]) button[data-next]").await;
    browser.expect_text("2 of 22").await;
    browser.click(&rating(1, 5)).await;
    browser.click(".step:not([hidden]) .go button[value=previous]").await;
    browser.expect_text("1 of 22").await;
    assert!(ratings(&browser).await.starts_with("42"), "{}", ratings(&browser).await);
    let draft = draft(&browser).await;
    browser.go(&format!("{draft}/check")).await;
    browser.expect_text("rated yourself in 3 of").await;
    browser.press("Hand in").await;
    browser.expect_text("Handed in").await;
}
