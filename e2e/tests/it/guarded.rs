//! A guarded site on a host of its own: from its first page to the console and back, and out again.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use data_encoding::BASE64URL_NOPAD;
use palisade_e2e::{Browser, Client, Palisade, TotpSecret, Width, echo};
use serde_json::Value;

const PASSWORD: &str = "Quiet7 lantern;fog";

/// The demo's company, with an application behind `tems.localhost` that asks for the role Staff or Admin.
async fn guarded() -> (Palisade, String) {
    let app = echo::start().await;
    let site = format!(
        "\n[[site]]\nname = \"tems\"\nhosts = [\"tems.localhost\"]\nupstream = \"http://{app}\"\n\
         [site.access]\nsign_in = \"required\"\nroles = [\"Staff\", \"Admin\"]\n\n[console]\nhost = \"localhost\"\n"
    );
    let palisade = tokio::task::spawn_blocking(move || Palisade::served_with(&site)).await.unwrap();
    let url = palisade.url.replace("localhost", "tems.localhost");
    (palisade, url)
}

async fn sign_in(browser: &Browser, user: &str, password: &str) {
    browser.expect_heading("Sign in").await;
    browser.fill("User name or e-mail address", user).await;
    browser.fill("Password", password).await;
    browser.press("Sign in").await;
}

/// The identity token that the application was given, checked against the console's published keys.
async fn claims(palisade: &Palisade, page: &str) -> Value {
    let line = page.lines().find(|line| line.to_lowercase().starts_with("x-palisade-identity:")).expect("a token");
    let token = line.split_once(':').unwrap().1.trim().to_owned();
    let keys = Client::stranger(palisade).get("/.well-known/palisade/jwks.json").await;
    assert_eq!(keys.headers["cache-control"], "public, max-age=300");
    let keys: Value = serde_json::from_str(&keys.text).unwrap();
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).unwrap();
    let head: Value = serde_json::from_slice(&decode(header)).unwrap();
    let key =
        keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == head["kid"]).expect("its key is published");
    let public = UnparsedPublicKey::new(&ED25519, decode(key["x"].as_str().unwrap()));
    public.verify(format!("{header}.{payload}").as_bytes(), &decode(signature)).expect("the signature is genuine");
    serde_json::from_slice(&decode(payload)).unwrap()
}

/// covers K1.4 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_of_staff_is_led_to_the_console_and_back_and_signs_out_of_both() {
    let (palisade, tems) = guarded().await;
    let made =
        palisade.say(&["user", "add", "nora", "--given-name", "Nora", "--family-name", "Öz", "--role", "tems/Staff"]);
    let browser = Browser::open(&palisade.url, Width::Phone).await;
    browser.go(made["link"].as_str().unwrap()).await;
    browser.fill("New password", PASSWORD).await;
    browser.fill("The same once more", PASSWORD).await;
    browser.press("Save the password").await;

    browser.go(&format!("{tems}/trips?day=today")).await;
    sign_in(&browser, "nora", PASSWORD).await;
    browser.expect_heading("Trips").await;
    assert_eq!(browser.path().await, "/trips?day=today", "where one wanted to go");
    let page = browser.text().await;
    let claims = claims(&palisade, &page).await;
    assert_eq!((&claims["preferred_username"], &claims["name"]), (&"nora".into(), &"Nora Öz".into()));
    assert_eq!((&claims["roles"], &claims["aud"]), (&serde_json::json!(["Staff"]), &tems.as_str().into()));
    assert_eq!(claims["iss"], palisade.url);
    assert!(!page.contains("__Host-palisade"), "our cookies stay with us: {page}");
    // The console knows her too, without another sign-in.
    browser.go("/account").await;
    browser.expect_heading("Nora Öz").await;

    browser.go(&format!("{tems}/.palisade/sign-out")).await;
    browser.expect_heading("Sign out").await;
    browser.look("sign-out").await;
    browser.press("Sign out").await;
    browser.expect_heading("Sign in").await;
    browser.go(&format!("{tems}/trips")).await;
    browser.expect_heading("Sign in").await;

    // And out by the application's own button.
    sign_in(&browser, "nora", PASSWORD).await;
    browser.expect_heading("Trips").await;
    browser.press("Leave").await;
    browser.expect_heading("You are signed out").await;
    browser.look("guarded-signed-out").await;
    browser.go("/account").await;
    browser.expect_heading("Sign in").await;
}

/// covers K1.2 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_holds_no_role_of_the_site_gives_the_second_factor_and_is_told_what_to_ask_for() {
    let (palisade, tems) = guarded().await;
    let account = palisade.account("Manager");
    let browser = Browser::open(&palisade.url, Width::Desktop).await;
    browser.go(&format!("{tems}/trips")).await;
    sign_in(&browser, &account.user, &account.password).await;
    browser.expect_heading("Second factor").await;
    // Half signed in is not signed in.
    browser.go(&format!("{tems}/trips")).await;
    browser.expect_heading("Second factor").await;
    browser.fill("Code", &TotpSecret::new(&account.totp_secret).next_code().await).await;
    browser.press("Go on").await;
    browser.expect_heading("tems is not open to you").await;
    browser.expect_text("one of the roles Staff, Admin").await;
    browser.look_at_refusal("guarded-no-role", 403).await;
}
