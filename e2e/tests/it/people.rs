//! The three roles at a browser, on a phone and on a desktop: signing in, managing a record, seeing what one may see.

use palisade_e2e::{Account, Browser, Palisade, TotpSecret, Width};

/// Signs in with password and one-time code, from the address that was asked for.
async fn sign_in(browser: &Browser, account: &Account, secret: &TotpSecret) {
    browser.expect_heading("Sign in").await;
    browser.fill("User name or e-mail address", &account.user).await;
    browser.fill("Password", &account.password).await;
    browser.press("Sign in").await;
    browser.expect_heading("Second factor").await;
    browser.fill("Code", &secret.next_code().await).await;
    browser.press("Go on").await;
}

/// Opens every page that the navigation offers, and looks at it.
async fn walk(browser: &Browser, name: &str) -> Vec<String> {
    let paths = "return [...new Set([...document.querySelectorAll('nav a[href^=\"/\"], header a[href^=\"/\"]')]
        .map(a => a.getAttribute('href')))].sort()";
    let paths = browser.list(paths).await;
    assert!(paths.len() > 3, "the navigation leads somewhere: {paths:?}");
    for path in &paths {
        browser.go(path).await;
        let place = path.trim_matches('/').replace(['/', '?', '='], "-");
        browser.look(&format!("{name}-{}", if place.is_empty() { "home" } else { &place })).await;
    }
    paths
}

/// covers K0.1 (part), K1.3 (part), T1.6 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_signs_in_with_a_code_and_manages_an_employee_on_a_desktop() {
    let palisade = Palisade::demo();
    manage_an_employee(&palisade, Width::Desktop).await;
}

/// covers K0.1 (part), K1.3 (part), T1.6 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_signs_in_with_a_code_and_manages_an_employee_on_a_phone() {
    let palisade = Palisade::demo();
    manage_an_employee(&palisade, Width::Phone).await;
}

async fn manage_an_employee(palisade: &Palisade, width: Width) {
    let account = palisade.account("Admin");
    let browser = Browser::open(&palisade.url, width).await;
    browser.go("/employees").await;
    browser.look("sign-in").await;
    sign_in(&browser, account, &TotpSecret::new(&account.totp_secret)).await;
    // Where one wanted to go before the sign-in.
    browser.expect_heading("Employees").await;

    browser.press("Add an employee").await;
    browser.expect_heading("New employee").await;
    browser.look("employee-new").await;
    browser.fill("Given name", "Erin").await;
    browser.press("Add").await;
    browser.expect_text("Family name").await;
    assert_eq!(browser.value("Given name").await, "Erin", "what was typed is kept");
    assert!(browser.has(".summary a[href='#family_name'], [role=alert] a").await, "the summary leads to the field");
    browser.look_at_refusal("employee-new-errors", 422).await;

    browser.fill("Family name", "Ashgrove").await;
    browser.choose("Tier", "Craftsman").await;
    browser.fill_date("Hired on", "2026-03-02").await;
    browser.press("Add").await;
    browser.expect_heading("Erin Ashgrove").await;
    browser.expect_text("was added").await;
    browser.look("employee").await;

    browser.press("Change").await;
    browser.expect_heading("Change Erin Ashgrove").await;
    browser.fill("Notes", "Prefers mornings.").await;
    browser.press("Save").await;
    browser.expect_text("was changed").await;
    browser.expect_text("Prefers mornings.").await;

    browser.press("Archive").await;
    browser.expect_heading("Archive Erin Ashgrove?").await;
    browser.look("employee-archive").await;
    browser.press("Archive").await;
    browser.expect_text("is out of use").await;
    browser.go("/employees?q=Ashgrove").await;
    browser.expect_text("match").await;
    browser.look("employees-none").await;
}

/// covers K0.1 (part), K2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_employee_sees_their_own_record_and_no_other_on_a_phone() {
    let palisade = Palisade::demo();
    let stranger = somebody_else(&palisade).await;
    let browser = Browser::open(&palisade.url, Width::Phone).await;
    browser.go(&palisade.account("Employee").link).await;
    browser.expect_heading("Overview").await;
    walk(&browser, "employee").await;
    browser.go("/employees").await;
    assert_eq!(rows(&browser).await.len(), 1, "only the own record is listed");
    assert!(!browser.offers("Add an employee").await);
    browser.go(&stranger).await;
    browser.look_at_refusal("not-found", 404).await;
    browser.go("/employees/new").await;
    browser.look_at_refusal("denied", 403).await;
}

/// covers K0.1 (part), K2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manager_changes_the_own_team_and_only_reads_others_on_a_desktop() {
    let palisade = Palisade::demo();
    let browser = Browser::open(&palisade.url, Width::Desktop).await;
    browser.go(&palisade.account("Manager").link).await;
    browser.expect_heading("Overview").await;
    walk(&browser, "manager").await;
    let (mut changeable, mut readable) = (0, 0);
    browser.go("/employees").await;
    for path in rows(&browser).await.iter().take(50) {
        browser.go(path).await;
        if browser.offers("Change").await {
            changeable += 1;
        } else {
            readable += 1;
        }
    }
    assert!(changeable > 1, "a manager has a team");
    assert!(readable > 10, "and sees the others' names: {readable}");
}

/// covers K0.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_an_admin_is_sound_on_a_desktop() {
    let palisade = Palisade::demo();
    let browser = Browser::open(&palisade.url, Width::Desktop).await;
    browser.go(&palisade.account("Admin").link).await;
    browser.expect_heading("Overview").await;
    let paths = walk(&browser, "admin").await;
    assert!(paths.iter().any(|path| path.starts_with("/admin")), "{paths:?}");
}

/// covers K0.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_an_admin_is_sound_on_a_phone() {
    let palisade = Palisade::demo();
    let browser = Browser::open(&palisade.url, Width::Phone).await;
    browser.go(&palisade.account("Admin").link).await;
    browser.expect_heading("Overview").await;
    walk(&browser, "admin").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_added_with_scripts_switched_off() {
    let palisade = Palisade::demo();
    let browser = Browser::open(&palisade.url, Width::Desktop).await;
    browser.switch_scripts_off().await;
    browser.go(&palisade.account("Admin").link).await;
    browser.go("/teams/new").await;
    browser.fill("Name", "Night crew").await;
    browser.press("Add").await;
    browser.expect_heading("Night crew").await;
}

/// The addresses that the list's rows lead to.
async fn rows(browser: &Browser) -> Vec<String> {
    browser.list("return [...document.querySelectorAll('main tbody tr')].map(row => row.querySelector('a[href]').getAttribute('href'))").await
}

/// The page of an employee who is neither the demo's employee nor its manager.
async fn somebody_else(palisade: &Palisade) -> String {
    let browser = Browser::open(&palisade.url, Width::Desktop).await;
    browser.go(&palisade.account("Admin").link).await;
    browser.go("/employees").await;
    let known = [&palisade.account("Employee").user, &palisade.account("Manager").user];
    for path in rows(&browser).await {
        browser.go(&path).await;
        // The demo's user names are made of the person's own.
        let name = browser.heading().await.to_lowercase().replace(' ', ".");
        if !known.contains(&&name) {
            return path;
        }
    }
    panic!("the demo has more than two employees")
}
