//! Which control answers the first seven tries to sign in: the tables of docs/sign-in-attempts.md, row by row.
//!
//! Everything is real but the clock, which stands still unless a test moves it, and a Frappe site that is none: it answers
//! a login as Frappe does.

use std::net::SocketAddr;

use axum::{Router, http::StatusCode, routing};
use palisade_base::{Caller, SecretString, Span, UserId};
use palisade_config::{Config, HostName, Network, Preset, SiteConfig, TrustedNetwork, UpstreamAddress, UpstreamConfig};
use palisade_identity::{
    Identity,
    model::{InitialPassword, NewUser, PersonOf, UserName},
    permissions::operator_authority,
    policy::permit_create_users,
};
use palisade_records::directory::NewPerson;
use palisade_server::start;
use palisade_testkit::{TestEnv, scratch};
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "Correct-Horse-7-Staple";
/// Where forms are fetched from, so that the tries alone count.
const ELSEWHERE: &str = "198.51.100.200";
const A: &str = "192.0.2.1";
const B: &str = "192.0.2.2";
const DEPOT: &str = "203.0.113.7";

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// "The user name or the password is not right": the password, or the lockout, which says the same.
    NotRight,
    /// The guarded app, by 401.
    App,
    /// The login limit, by 429.
    Limit,
    /// The jail, by the ban page.
    Jail,
    /// Nobody: signed in.
    In,
}
use By::{App, In, Jail, Limit, NotRight};

/// A company with the KPI app and a guarded Frappe site, behind a proxy that says who the clients are.
struct Company {
    test: TestEnv,
    client: reqwest::Client,
    base: String,
    tems: String,
    _dir: TempDir,
}

impl Company {
    async fn open() -> Self {
        let (dir, test) = (scratch::folder("palisade-server-"), TestEnv::default());
        let mut config = Config::demo("127.0.0.1:0".parse().unwrap(), &dir.path().join("data"));
        config.sites[0].hosts = vec![HostName::parse("localhost").unwrap()];
        config.trusted_proxies = vec![TrustedNetwork::parse("127.0.0.1").unwrap()];
        config.limits.allow_list = vec![Network::parse("198.51.100.1").unwrap()];
        config.jails.company_networks = vec![Network::parse("203.0.113.0/24").unwrap()];
        config.jails.company_wait_ms = 1;
        config.sites.push(guarded(frappe().await));
        let running = start(config, test.env.clone(), None, false).await.unwrap();
        create_anna(&running.system.identity).await;
        let port = running.addresses().https[0].port();
        tokio::spawn(running.serve(std::future::pending()));
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let client = reqwest::Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .resolve("localhost", address)
            .resolve("tems.example", address);
        let (base, tems) = (format!("https://localhost:{port}"), format!("https://tems.example:{port}"));
        Self { test, client: client.build().unwrap(), base, tems, _dir: dir }
    }

    /// A try at the built-in sign-in page.
    async fn sign_in(&self, from: &str, password: &str) -> By {
        let url = format!("{}/sign-in", self.base);
        let form = self.client.get(&url).header("x-forwarded-for", ELSEWHERE).send().await.unwrap();
        let cookies = form.headers().get_all("set-cookie").iter();
        let cookies: Vec<&str> = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap()).collect();
        let request = self.client.post(&url).header("cookie", cookies.join("; ")).header("origin", &self.base);
        let page = form.text().await.unwrap();
        let fields = [("_csrf", token(&page)), ("login", "anna"), ("password", password)];
        who_answered(request.header("x-forwarded-for", from).form(&fields)).await
    }

    /// A try at the guarded site.
    async fn tems(&self, from: &str) -> By {
        let request = self.client.post(format!("{}/api/method/login", self.tems));
        who_answered(request.header("x-forwarded-for", from).form(&[("usr", "anna"), ("pwd", "wrong")])).await
    }

    /// Wrong passwords at the built-in page, one from each of these addresses.
    async fn wrong(&self, from: [&str; 7]) -> Vec<By> {
        let mut answers = Vec::new();
        for address in from {
            answers.push(self.sign_in(address, "wrong").await);
        }
        answers
    }

    async fn wrong_at_tems(&self, from: [&str; 7]) -> Vec<By> {
        let mut answers = Vec::new();
        for address in from {
            answers.push(self.tems(address).await);
        }
        answers
    }
}

async fn who_answered(request: reqwest::RequestBuilder) -> By {
    let answer = request.send().await.unwrap();
    let (status, wait) = (answer.status().as_u16(), answer.headers().get("retry-after").cloned());
    let page = answer.text().await.unwrap();
    match status {
        303 => In,
        401 if page.contains("Invalid login credentials") => App,
        403 if page.contains("Shut out for now") || page.contains("shut out for a while") => Jail,
        429 if wait.is_some_and(|wait| wait == "12") => Limit,
        _ if page.contains("is not right") => NotRight,
        _ => panic!("{status}: {page}"),
    }
}

pub(crate) fn token(page: &str) -> &str {
    let tag = page.split('<').find(|tag| tag.contains("name=\"_csrf\"")).unwrap();
    tag.split("value=\"").nth(1).unwrap().split('"').next().unwrap()
}

pub(crate) fn operator() -> Caller {
    Caller::operator("root", operator_authority())
}

pub(crate) async fn create_anna(identity: &Identity) -> UserId {
    let operator = operator();
    let user = NewUser {
        person: PersonOf::New(NewPerson::parse("Anna", "Testington", "", "").unwrap()),
        user_name: UserName::parse("anna").unwrap(),
        email: None,
        password: InitialPassword::Own(SecretString::new(PASSWORD.to_owned())),
    };
    identity.create_user(&operator, &permit_create_users(&operator).unwrap(), user).await.unwrap().id
}

/// Answers every login as Frappe answers a wrong password.
async fn frappe() -> SocketAddr {
    let refused = async || (StatusCode::UNAUTHORIZED, r#"{"message":"Invalid login credentials"}"#);
    let app = Router::new().route("/api/method/login", routing::post(refused));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn guarded(upstream: SocketAddr) -> SiteConfig {
    SiteConfig {
        name: "tems".into(),
        hosts: vec![HostName::parse("tems.example").unwrap()],
        preset: Preset::Frappe,
        upstream: Some(UpstreamConfig::at(UpstreamAddress::parse(&format!("http://{upstream}")).unwrap())),
        ..SiteConfig::default()
    }
}

/// covers T5.2, T4.3 (part)
#[tokio::test(flavor = "multi_thread")]
async fn from_one_address_the_jail_answers_from_the_sixth_try_on() {
    let company = Company::open().await;
    assert_eq!(company.wrong([A; 7]).await, [NotRight, NotRight, NotRight, NotRight, NotRight, Jail, Jail]);
    // From elsewhere the account is locked: the right password is not right, for a quarter of an hour.
    assert_eq!(company.sign_in(B, PASSWORD).await, NotRight);
    company.test.clock.advance(Span::minutes(15));
    assert_eq!(company.sign_in(B, PASSWORD).await, In);
    // The ban is longer: an hour.
    assert_eq!(company.sign_in(A, PASSWORD).await, Jail);
    company.test.clock.advance(Span::minutes(45));
    assert_eq!(company.sign_in(A, PASSWORD).await, In);
}

/// covers T5.2 (part)
#[tokio::test(flavor = "multi_thread")]
async fn from_two_addresses_the_lockout_answers_and_says_what_was_said_before() {
    let company = Company::open().await;
    assert_eq!(company.wrong([A, B, A, B, A, B, A]).await, [NotRight; 7]);
    assert_eq!(company.sign_in(ELSEWHERE, PASSWORD).await, NotRight, "it is locked");
    // Four failures from A so far; the fifth shuts it out. Three from B.
    assert_eq!(company.sign_in(A, "wrong").await, NotRight);
    assert_eq!(company.sign_in(A, "wrong").await, Jail);
    assert_eq!(company.sign_in(B, "wrong").await, NotRight);
}

/// covers T4.3 (part)
#[tokio::test(flavor = "multi_thread")]
async fn from_a_company_network_nobody_is_shut_out_and_the_limit_answers_the_seventh() {
    let company = Company::open().await;
    assert_eq!(company.wrong([DEPOT; 7]).await, [NotRight, NotRight, NotRight, NotRight, NotRight, NotRight, Limit]);
    company.test.clock.advance(Span::seconds(12));
    assert_eq!(company.sign_in(DEPOT, "wrong").await, NotRight);
}

/// covers T4.2 (part), T5.2 (part)
#[tokio::test(flavor = "multi_thread")]
async fn a_64_of_ipv6_is_one_address() {
    let company = Company::open().await;
    let from =
        ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8::5", "2001:db8::6", "2001:db8::7"];
    assert_eq!(company.wrong(from).await, [NotRight, NotRight, NotRight, NotRight, NotRight, Jail, Jail]);
    assert_eq!(company.sign_in("2001:db8:0:1::1", "wrong").await, NotRight);
}

/// covers T5.2 (part)
#[tokio::test(flavor = "multi_thread")]
async fn from_the_allow_list_only_the_lockout_answers() {
    let company = Company::open().await;
    // Forwarded, so no limit is waived; but who is on the list is never shut out.
    assert_eq!(
        company.wrong(["198.51.100.1"; 7]).await,
        [NotRight, NotRight, NotRight, NotRight, NotRight, NotRight, Limit]
    );
}

/// covers T5.2, T4.3
#[tokio::test(flavor = "multi_thread")]
async fn at_a_guarded_frappe_site_the_same_holds_with_the_apps_own_answers() {
    let company = Company::open().await;
    assert_eq!(company.wrong_at_tems([A; 7]).await, [App, App, App, App, App, Jail, Jail]);
    let (c, d) = ("192.0.2.3", "192.0.2.4");
    assert_eq!(company.wrong_at_tems([c, d, c, d, c, d, c]).await, [App; 7]);
    assert_eq!(company.wrong_at_tems([DEPOT; 7]).await, [App, App, App, App, App, App, Limit]);
    // Whoever is shut out is so on every site.
    assert_eq!(company.sign_in(A, PASSWORD).await, Jail);
}
