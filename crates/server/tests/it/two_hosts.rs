//! A console on a host of its own, with the KPI app and a guarded site beside it: one sign-on opens both, and its end ends
//! what is open there.

use std::net::SocketAddr;

use palisade_config::{Config, HostName, SignIn, SiteConfig, UpstreamAddress, UpstreamConfig};
use palisade_identity::policy::{permit_give_roles, permit_read_roles};
use palisade_server::{System, start};
use palisade_testkit::{TestEnv, scratch, upstream::TestUpstream};
use reqwest::{Response, Url};
use tempfile::TempDir;

use crate::sign_in_attempts::{PASSWORD, create_anna, operator, token};

struct Company {
    /// A browser: keeps cookies, follows redirects.
    browser: reqwest::Client,
    port: u16,
    _app: TestUpstream,
    _dir: TempDir,
}

fn site(name: &str, host: &str) -> SiteConfig {
    SiteConfig { name: name.to_owned(), hosts: vec![HostName::parse(host).unwrap()], ..SiteConfig::default() }
}

fn config(dir: &TempDir, app: &TestUpstream) -> Config {
    let mut config = Config::demo("127.0.0.1:0".parse().unwrap(), &dir.path().join("data"));
    config.console.host = Some(HostName::parse("guard.example").unwrap());
    let upstream = UpstreamConfig::at(UpstreamAddress::parse(&app.address).unwrap());
    let mut tems = SiteConfig { upstream: Some(upstream), ..site("tems", "tems.example") };
    tems.access.sign_in = SignIn::Required;
    let console = SiteConfig { app: Some(palisade_config::App::Console), ..site("console", "guard.example") };
    config.sites = vec![site("kpi", "kpi.example"), console, tems];
    config
}

/// Anna is an employee in the KPI app, and may use the guarded one.
async fn hire_anna(system: &System) {
    let (anna, operator) = (create_anna(&system.identity).await, operator());
    let (read, give) = (permit_read_roles(&operator).unwrap(), permit_give_roles(&operator).unwrap());
    for (site, role) in [("kpi", "Employee"), ("tems", "User")] {
        let role = system.identity.role_by_key(&read, site, role).await.unwrap();
        system.identity.grant_role(&operator, &give, anna, role.id).await.unwrap();
    }
}

impl Company {
    async fn open() -> Self {
        let (dir, app) = (scratch::folder("palisade-server-"), TestUpstream::start().await);
        let running = start(config(&dir, &app), TestEnv::default().env, None, false).await.unwrap();
        hire_anna(&running.system).await;
        let port = running.addresses().https[0].port();
        tokio::spawn(running.serve(std::future::pending()));
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let builder = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).no_proxy().cookie_store(true);
        let hosts = ["kpi.example", "guard.example", "tems.example"];
        let builder = hosts.into_iter().fold(builder, |builder, host| builder.resolve(host, address));
        Self { browser: builder.build().unwrap(), port, _app: app, _dir: dir }
    }

    fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.port)
    }

    /// Opens a page as a browser does, wherever that leads.
    async fn open_page(&self, url: &str) -> Response {
        let request = self.browser.get(url).header("accept", "text/html");
        request.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document").send().await.unwrap()
    }

    /// Signs in on the page that this is, and follows where it leads on to.
    async fn sign_in(&self, page: Response) -> Response {
        let (url, page) = (page.url().clone(), page.text().await.unwrap());
        let next = page.split("name=\"next\"").nth(1).and_then(|rest| rest.split("value=\"").nth(1)).unwrap();
        let next = next.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
        let fields = [("_csrf", token(&page)), ("login", "anna"), ("password", PASSWORD), ("next", &next)];
        let to = url.join("/sign-in").unwrap();
        let between =
            self.browser.post(to).header("origin", self.url("guard.example", "")).form(&fields).send().await.unwrap();
        let refresh = between.headers()["refresh"].to_str().unwrap().strip_prefix("0; url=").unwrap().to_owned();
        self.open_page(&refresh).await
    }
}

fn place(url: &Url) -> (&str, &str) {
    (url.host_str().unwrap(), url.path())
}

/// covers K1.4 (part)
#[tokio::test(flavor = "multi_thread")]
async fn one_sign_on_at_the_console_opens_both_sites_and_its_end_ends_what_is_open() {
    let company = Company::open().await;
    let page = company.open_page(&company.url("kpi.example", "/employees")).await;
    assert_eq!(place(page.url()), ("guard.example", "/sign-in"));
    let page = company.sign_in(page).await;
    assert_eq!(place(page.url()), ("kpi.example", "/employees"));
    assert!(page.text().await.unwrap().contains("Anna Testington"));
    // What is the console's is there, and knows her already.
    let account = company.open_page(&company.url("kpi.example", "/account")).await;
    assert_eq!(place(account.url()), ("guard.example", "/account"));
    let account = account.text().await.unwrap();
    for host in ["kpi.example", "tems.example"] {
        assert!(account.contains(&format!("href=\"{}\"", company.url(host, ""))), "{account}");
    }
    // The guarded site asks nothing more of her.
    let mut events = company.open_page(&company.url("tems.example", "/events")).await;
    assert_eq!((place(events.url()), events.status().as_u16()), (("tems.example", "/events"), 200));
    assert_eq!(events.chunk().await.unwrap().unwrap(), "data: 0\n\n");
    // Signed out in one place, she is so in all, and what was open is cut.
    let out = company.browser.post(company.url("kpi.example", "/sign-out")).header("sec-fetch-site", "same-origin");
    let out = out.send().await.unwrap();
    assert_eq!((place(out.url()), out.status().as_u16()), (("kpi.example", "/.palisade/sign-out"), 200));
    let end = tokio::time::timeout(std::time::Duration::from_secs(60), events.chunk()).await;
    assert!(end.expect("the stream ends").is_err());
    for host in ["kpi.example", "tems.example", "guard.example"] {
        let page = company.open_page(&company.url(host, "/account")).await;
        assert_eq!(place(page.url()), ("guard.example", "/sign-in"), "{host}");
    }
}
