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

/// covers T1.6
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_site_has_its_own_policy_and_our_pages_run_under_the_strict_one() {
    let app = echo::start().await;
    let site = format!(
        "\n[[site]]\nname = \"tems\"\nhosts = [\"tems.localhost\"]\nupstream = \"http://{app}\"\npreset = \"frappe\"\n"
    );
    let palisade = tokio::task::spawn_blocking(move || Palisade::served_with(&site)).await.unwrap();
    let port = palisade.url.rsplit_once(':').unwrap().1.parse().unwrap();
    let here = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let stranger = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).no_proxy();
    let stranger = stranger.resolve("tems.localhost", here).build().unwrap();
    let policy = async |url: String| {
        let answer = stranger.get(url).send().await.unwrap();
        answer.headers()["content-security-policy"].to_str().unwrap().to_owned()
    };
    assert_eq!(
        policy(format!("{}/x", palisade.url.replace("localhost", "tems.localhost"))).await,
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: https:; font-src 'self' data:; connect-src 'self' wss:; frame-ancestors 'self';",
        "the guide's own, word by word"
    );
    // A page in a browser: what the policy forbids does not run, what the page brings along does.
    let browser = Browser::open(&palisade.url, Width::Desktop).await;
    for path in ["/sign-in", "/sign-in/reset", "/nowhere"] {
        let strict = policy(format!("{}{path}", palisade.url)).await;
        assert!(strict.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{path}: {strict}");
        assert!(!strict.contains("unsafe"), "{path}: {strict}");
    }
    browser.go("/sign-in").await;
    browser.look("policy-sign-in").await;
    let inline =
        "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s);";
    let ran = browser.list(&format!("{inline} return [String(window.ran)]")).await;
    assert_eq!(ran, ["undefined"], "an inline script does nothing");
    browser.forget_console().await;
    sign_in(&browser, &palisade.account("Manager").user, &palisade.account("Manager").password).await;
    browser.expect_heading("Second factor").await;
    browser.look("policy-second-factor").await;
}

/// Nora is a member of staff, and chooses her password.
async fn hire_nora(palisade: &Palisade, browser: &Browser) {
    let made =
        palisade.say(&["user", "add", "nora", "--given-name", "Nora", "--family-name", "Öz", "--role", "tems/Staff"]);
    browser.go(made["link"].as_str().unwrap()).await;
    browser.fill("New password", PASSWORD).await;
    browser.fill("The same once more", PASSWORD).await;
    browser.press("Save the password").await;
}

/// What is seen for a moment only, or seldom: the page that leads on to the site, and the account with the way there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_on_the_way_to_a_site_are_sound() {
    let (palisade, tems) = guarded().await;
    for width in [Width::Phone, Width::Desktop] {
        let browser = Browser::open(&palisade.url, width).await;
        if width == Width::Phone {
            hire_nora(&palisade, &browser).await;
        }
        browser.go(&format!("{tems}/trips")).await;
        browser.expect_heading("Sign in").await;
        let goes_on = browser.list("return [new URLSearchParams(location.search).get('next')]").await.remove(0);
        assert!(goes_on.starts_with("/sign-in/site/go-on?"), "{goes_on}");
        browser.go("/sign-in").await;
        sign_in(&browser, "nora", PASSWORD).await;
        browser.go("/account").await;
        browser.expect_text("Sites that you may open").await;
        browser.look("account-sites").await;
        browser.look_in_passing("hand-off", &goes_on).await;
        browser.press("Go on to tems").await;
        browser.expect_heading("Trips").await;
    }
}

/// covers T4.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_too_often_is_told_so_by_the_console_and_on_a_guarded_site() {
    let app = echo::start().await;
    let site = format!(
        "\n[[site]]\nname = \"tems\"\nhosts = [\"tems.localhost\"]\nupstream = \"http://{app}\"\n\n\
         [console]\nhost = \"localhost\"\n\n[limits]\nallow_list = []\nuser = {{ requests = 2, seconds = 60 }}\n"
    );
    let palisade = tokio::task::spawn_blocking(move || Palisade::served_with(&site)).await.unwrap();
    let tems = palisade.url.replace("localhost", "tems.localhost");
    for width in [Width::Phone, Width::Desktop] {
        let browser = Browser::open(&palisade.url, width).await;
        for (name, url) in [("too-many", &palisade.url), ("guarded-too-many", &tems)] {
            // One more is let through every half minute.
            let mut tries = 0;
            while tries == 0 || browser.heading().await != "Too many requests" {
                browser.go(&format!("{url}/sign-in")).await;
                tries += 1;
                assert!(tries < 10, "{}", browser.describe().await);
            }
            browser.look_at_refusal(name, 429).await;
        }
    }
}

/// covers K1.4 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_of_staff_is_led_to_the_console_and_back_and_signs_out_of_both() {
    let (palisade, tems) = guarded().await;
    let browser = Browser::open(&palisade.url, Width::Phone).await;
    hire_nora(&palisade, &browser).await;
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

/// What people see while an application is away, and what whoever looks after it sees and does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_application_and_a_ban_are_told_to_who_looks_after_them() {
    // Nobody listens on port 1.
    let site = "\n[[site]]\nname = \"tems\"\nhosts = [\"tems.localhost\"]\nupstream = \"http://127.0.0.1:1\"\n\n\
                [console]\nhost = \"localhost\"\n";
    let palisade = tokio::task::spawn_blocking(move || Palisade::served_with(site)).await.unwrap();
    let account = palisade.account("Admin");
    for width in [Width::Phone, Width::Desktop] {
        let browser = Browser::open(&palisade.url, width).await;
        meet_silence(&browser, &palisade.url.replace("localhost", "tems.localhost")).await;
        if width == Width::Phone {
            // The link names the port that the demo had.
            let at = account.link.find("/sign-in/").unwrap();
            browser.go(&account.link[at..]).await;
            browser.press("Sign in").await;
        } else {
            browser.go("/sign-in").await;
            sign_in(&browser, &account.user, &account.password).await;
            browser.expect_heading("Second factor").await;
            browser.fill("Code", &TotpSecret::new(&account.totp_secret).next_code().await).await;
            browser.press("Go on").await;
        }
        browser.expect_heading("Overview").await;
        browser.go("/admin/security/sites").await;
        browser.expect_text("1 application does not answer.").await;
        browser.expect_text("Last error: can't be reached: ").await;
        browser.look("sites-silent").await;
        look_at_a_ban(&palisade, &browser).await;
    }
}

/// Until it is plain that nobody is there.
async fn meet_silence(browser: &Browser, site: &str) {
    for _ in 0..3 {
        browser.go(&format!("{site}/trips")).await;
        browser.expect_heading("Not available at the moment").await;
    }
    browser.look_at_refusal("guarded-away", 502).await;
}

async fn look_at_a_ban(palisade: &Palisade, browser: &Browser) {
    let network = "2001:db8:aaaa:bbbb::/64";
    let added = palisade.say(&["ban", "add", network, "--reason", "scans for /wp-login.php"]);
    assert_eq!(added["network"], network);
    browser.go("/admin/security/bans").await;
    browser.look("bans").await;
    browser.press(network).await;
    browser.expect_heading(network).await;
    browser.expect_text("scans for /wp-login.php").await;
    browser.look("ban").await;
    browser.press("Change how long").await;
    browser.expect_heading("Ban an address").await;
    assert_eq!(browser.value("Address or network").await, network);
    browser.look("ban-new").await;
    browser.go("/admin/security/bans").await;
    browser.press(&format!("Lift the ban of {network}")).await;
    browser.expect_text("may come in again.").await;
    browser.expect_text("Nobody is shut out.").await;
}
