//! A site with the console on it: identity, session layer, pages.

use std::{borrow::Cow, path::Path, sync::Arc};

use axum::{Router, extract::Request, middleware::Next, response::Response};
use jiff::tz::TimeZone;
use palisade_bans::Bans;
use palisade_base::{
    AddressKey, Caller, Env, Instant, Origin, Permission, PlainToken, RequestId, RoleId, Scope, SecretString, UserId,
    auth::{Authenticator as _, Presented},
};
use palisade_certificates::Certificates;
use palisade_config::Config;
use palisade_console::{ConsoleConfig, ConsoleState, SiteLabel, navigation, routes};
use palisade_counters::{LimitBoard, LimitFacts, LimitKey};
use palisade_identity::{
    ENCRYPTED_COLUMNS, Identity, IdentityConfig,
    model::{FactorRule, InitialPassword, NewUser, PermissionInfo, PersonOf, RoleTemplate, SiteDeclaration, UserName},
    password::HashingConfig,
    permissions::{CONSOLE, SYSTEM_ADMINISTRATOR, console_declaration, operator_authority},
    policy::{permit_create_users, permit_give_roles, permit_read_roles},
    settings::Profile,
};
use palisade_keys::{KeyFile, Vault};
use palisade_posture::{About, Check, Looks, Mend, Mender, Place, Posture, Sight, check_by};
use palisade_records::directory::NewPerson;
use palisade_testkit::TestStore;
use palisade_trail::{Trail, TrailConfig, TrailFilter};
use palisade_web::{CsrfKey, Navigation, RenderState, SiteFrame, cookie, render_failures};

use crate::browser::Browser;

pub(crate) const PASSWORD: &str = "Correct-Horse-7-Staple";
pub(crate) const EMPLOYEE_READ: Permission = Permission::new("kpi.employee.read");

/// A thing that is in force, and one that is not.
struct TwoChecks;

impl Looks for TwoChecks {
    fn checks(&self) -> Vec<Arc<dyn Check>> {
        let nosniff = About::new("site.tems.nosniff", "X-Content-Type-Options", &["T1.2"], Place::Site("tems".into()));
        let firewall = About::new("host.firewall", "Firewall in force", &["T7.1"], Place::Host).guide_number(7);
        let mend = || Mend::new("Have it set up.").by("palisade harden plan");
        vec![
            check_by(nosniff, || async { Sight::in_force("On each answer.") }),
            check_by(firewall, move || {
                let mend = mend();
                async move { Sight::finding("No rule <drops> anything.", mend).with_evidence(["policy accept"]) }
            }),
        ]
    }

    fn menders(&self) -> Vec<Arc<dyn Mender>> {
        Vec::new()
    }
}

/// The console on a database, and somebody at the host.
pub(crate) struct Site {
    pub(crate) db: TestStore,
    pub(crate) identity: Identity,
    pub(crate) bans: Bans,
    pub(crate) trail: Trail,
    pub(crate) certificates: Certificates,
    router: Router,
}

/// Hashing that costs nothing: what it costs is tested elsewhere.
const CHEAP: HashingConfig = HashingConfig { memory_kib: 8, passes: 1, lanes: 1, at_once: 2, queue: 50 };

pub(crate) fn operator() -> Caller {
    Caller::operator("root", operator_authority())
}

/// Of one site on this host, and one for a name that only a CA of our own certifies.
fn certificates(db: &TestStore) -> Certificates {
    let sites = "[[site]]\nname = \"kpi\"\nhosts = [\"acme.example\"]\n[[site]]\nname = \"tems\"\n\
                 hosts = [\"tems.local\"]\nupstream = \"http://127.0.0.1:8000\"\ncertificate = \"local-ca\"\n";
    let text = format!("data_dir = {:?}\n{sites}", db.dir.path().display().to_string());
    let config = Config::parse(Path::new("palisade.toml"), &text).unwrap();
    Certificates::load(&config, &db.env()).unwrap()
}

impl Site {
    pub(crate) async fn new(db: TestStore) -> Self {
        Self::with(db, |_| ()).await
    }

    pub(crate) async fn with(db: TestStore, adjust: impl FnOnce(&mut ConsoleConfig)) -> Self {
        let key_file = KeyFile::create(&db.dir.path().join("key"), &db.env()).unwrap();
        let vault = Vault::open(db.store.clone(), key_file, ENCRYPTED_COLUMNS.iter().copied()).await.unwrap();
        let config = IdentityConfig {
            console_on: "kpi".to_owned(),
            company: "Acme".to_owned(),
            profile: Profile::Guide,
            hashing: CHEAP,
            first_administrator_gets: vec![("kpi", "Admin")],
        };
        let trail = Trail::open(db.store.clone(), &vault, TrailConfig::default()).await.unwrap();
        let identity = Identity::new(db.store.clone(), vault, config);
        identity.declare(vec![console_declaration(), kpi_declaration()]).await.unwrap();
        let mut config = ConsoleConfig {
            base_url: "https://acme.example".to_owned(),
            sites: vec![SiteLabel::new(CONSOLE, "Console"), SiteLabel::new("kpi", "KPI")],
            guarded: Vec::new(),
            links_open_at_once: false,
        };
        adjust(&mut config);
        let certificates = certificates(&db);
        let bans = Bans::open(db.store.clone(), &palisade_config::Config::default()).await.unwrap();
        let state = ConsoleState {
            identity: identity.clone(),
            bans: bans.clone(),
            trail: trail.clone(),
            store: db.store.clone(),
            certificates: certificates.clone(),
            posture: Posture::new(db.store.clone(), Arc::new(TwoChecks)),
            config: Arc::new(config),
            sites: Arc::new(TwoSites(db.env().now())),
        };
        let router = router(state, identity.clone(), &db.env());
        Self { db, identity, bans, trail, certificates, router }
    }

    /// A browser that has been nowhere yet.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A user with a password that they chose themselves, and these roles (by site and key).
    pub(crate) async fn user(&self, name: &str, roles: &[(&str, &str)]) -> UserId {
        let operator = operator();
        let user = NewUser {
            person: PersonOf::New(NewPerson::parse(name, "Testington", "", "").unwrap()),
            user_name: UserName::parse(name).unwrap(),
            email: None,
            password: InitialPassword::Own(SecretString::new(PASSWORD.to_owned())),
        };
        let permit = permit_create_users(&operator).unwrap();
        let user = self.identity.create_user(&operator, &permit, user).await.unwrap().id;
        for (site, key) in roles {
            self.grant(user, site, key).await;
        }
        user
    }

    /// Gives somebody a role.
    pub(crate) async fn grant(&self, user: UserId, site: &str, key: &str) {
        let operator = operator();
        let role = self.role(site, key).await;
        let permit = permit_give_roles(&operator).unwrap();
        self.identity.grant_role(&operator, &permit, user, role).await.unwrap();
    }

    pub(crate) async fn role(&self, site: &str, key: &str) -> RoleId {
        let operator = operator();
        let roles = self.identity.list_roles(&permit_read_roles(&operator).unwrap()).await.unwrap();
        let found = roles.iter().find(|detail| detail.role.site == site && detail.role.key.as_deref() == Some(key));
        found.unwrap().role.id
    }

    /// Enrols a second factor for a user; gives its seed in base32.
    pub(crate) async fn enrol(&self, user: UserId) -> String {
        self.identity.enrol_for(&operator(), user).await.unwrap().secret.expose().clone()
    }

    /// A signed-in browser of a system administrator named `ada`, and the seed of her app.
    pub(crate) async fn administrator(&self) -> (Browser, String) {
        let ada = self.user("ada", &[(CONSOLE, SYSTEM_ADMINISTRATOR)]).await;
        let seed = self.enrol(ada).await;
        let mut browser = self.browser();
        browser.sign_in("ada", PASSWORD).await;
        let code = self.code(&seed);
        let answer = browser.submit("/sign-in/factor", &[("code", &code)]).await;
        assert_eq!(answer.location(), "/", "{}", answer.body);
        (browser, seed)
    }

    /// The code that an authenticator app shows now. Each step's code works once, so the clock moves on to the next.
    pub(crate) fn code(&self, seed: &str) -> String {
        self.db.clock.advance(palisade_base::Span::seconds(30));
        crate::browser::totp(seed, self.db.env().now())
    }

    /// How often the trail has an action.
    pub(crate) async fn traced(&self, action: &str) -> usize {
        self.trail.flush_seal().await.unwrap();
        let filter = TrailFilter { action: Some(action.to_owned()), ..TrailFilter::default() };
        self.trail.search(&filter, None, 500).await.unwrap().entries.len()
    }
}

pub(crate) fn kpi_declaration() -> SiteDeclaration {
    let read = PermissionInfo {
        permission: EMPLOYEE_READ,
        label: "See employees",
        description: "Names, tiers and teams.",
        scopes: &[Scope::Own, Scope::Team, Scope::All],
    };
    let role = |key, name, factor, scope| RoleTemplate {
        key: Cow::Borrowed(key),
        name: Cow::Borrowed(name),
        description: "For the tests.".into(),
        factor,
        permissions: vec![(EMPLOYEE_READ, scope)],
    };
    SiteDeclaration {
        site: "kpi".into(),
        label: "KPI".into(),
        permissions: vec![read],
        roles: vec![
            role("Admin", "Admin", FactorRule::Required, Scope::All),
            role("Manager", "Manager", FactorRule::Recommended, Scope::Team),
            role("Employee", "Employee", FactorRule::Optional, Scope::Own),
        ],
    }
}

fn router(state: ConsoleState, identity: Identity, env: &Env) -> Router {
    let navigation = Navigation::new("Acme", TimeZone::UTC).with(navigation());
    let frame = SiteFrame { csrf: CsrfKey::new(&[5; 32]), navigation: Arc::new(navigation) };
    let env = env.clone();
    let identify = axum::middleware::from_fn(move |request: Request, next: Next| {
        let (identity, frame, env) = (identity.clone(), frame.clone(), env.clone());
        async move { session_layer(&identity, &frame, &env, request, next).await }
    });
    let render = RenderState::new("Acme");
    routes(state).into_router().layer(identify).layer(axum::middleware::from_fn_with_state(render, render_failures))
}

/// What the gate does: asks identity who it is, and hands the visitor on.
async fn session_layer(identity: &Identity, frame: &SiteFrame, env: &Env, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let api_key = header("x-api-key").and_then(PlainToken::from_client);
    let presented = Presented { session: cookie::token(&parts.headers, cookie::SESSION), api_key, background: false };
    let agent = header("user-agent").map(str::to_owned);
    let address = Some("192.0.2.7".parse().unwrap());
    let origin = Origin { address, session: None, request: Some(RequestId::new(env)), agent };
    let identified = identity.identify("kpi", presented, origin).await.unwrap();
    let (visitor, begun) = frame.visitor(&parts, identified, env);
    parts.extensions.insert(visitor);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(cookie) = begun {
        response.headers_mut().append("set-cookie", cookie);
    }
    response
}

/// What a server would tell about its sites.
struct TwoSites(Instant);

impl palisade_console::SiteReports for TwoSites {
    fn sites(&self) -> Vec<palisade_console::SiteReport> {
        let guarded = palisade_console::SiteReport {
            name: "tems".to_owned(),
            hosts: vec!["tems.example.com".to_owned()],
            app: "upstream".to_owned(),
            upstream: vec![palisade_console::UpstreamReport {
                address: "http://127.0.0.1:8000".to_owned(),
                state: palisade_console::UpstreamState::Silent,
                since: Some(palisade_console::At(self.0 - palisade_base::Span::minutes(14))),
                outstanding: 0,
                failures: 3,
                last_error: Some(palisade_console::UpstreamTrouble {
                    what: "can't be reached: connection <refused>".to_owned(),
                    at: palisade_console::At(self.0 - palisade_base::Span::minutes(2)),
                }),
            }],
            preset: "frappe".to_owned(),
            sign_in: "open".to_owned(),
            headers: vec![("x-frame-options".to_owned(), "SAMEORIGIN".to_owned())],
            body_bytes: Some(104_857_600),
            websockets: true,
            ways_in: vec!["/api/method/login".to_owned()],
            warnings: vec!["Strict-Transport-Security binds <other> names.".to_owned()],
            ..palisade_console::SiteReport::default()
        };
        let built_in = palisade_console::SiteReport {
            name: "kpi".to_owned(),
            hosts: vec!["kpi.example.com".to_owned()],
            app: "kpi".to_owned(),
            preset: "strict".to_owned(),
            ..palisade_console::SiteReport::default()
        };
        vec![guarded, built_in]
    }

    fn file(&self) -> String {
        "/etc/palisade/palisade.toml".to_owned()
    }

    /// A limit that has refused somebody just now.
    fn limits(&self) -> LimitBoard {
        let board = LimitBoard::default();
        let facts = LimitFacts {
            name: "login".to_owned(),
            holds_for: "Tries to sign in".to_owned(),
            counts_by: "address".to_owned(),
            requests: 5,
            seconds: 60,
            burst: Some(5),
        };
        let login = board.figures_of(facts);
        let address = "192.0.2.7".parse().unwrap();
        login.refused(LimitKey::Address(AddressKey::from(address)), address, self.0);
        board.put_up(vec![login]);
        board
    }
}
