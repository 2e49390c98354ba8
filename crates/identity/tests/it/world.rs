//! A company with a few users, for these tests.

use std::borrow::Cow;

use palisade_base::{
    Caller, Error, Instant, Kind, Origin, Permission, PlainToken, RoleId, Scope, Secret, SecretString, Span, UserId,
    auth::{Authenticator as _, Identified, Presented, SessionState},
};
use palisade_identity::{
    ENCRYPTED_COLUMNS, Identity, IdentityConfig,
    model::{
        EmailAddress, FactorRule, InitialPassword, NewSession, NewUser, PermissionInfo, PersonOf, RoleTemplate,
        SignInAttempt, SiteDeclaration, UserName,
    },
    password::HashingConfig,
    permissions::{console_declaration, operator_authority},
    policy,
    settings::Profile,
};
use palisade_keys::{KeyFile, Vault};
use palisade_records::directory::NewPerson;
use palisade_store::{Engine, SqlBuilder, Store};
use palisade_testkit::TestStore;
use totp_rs::{Builder, Secret as TotpSecret};

pub(crate) const READ: Permission = Permission::new("kpi.employee.read");
pub(crate) const UPDATE: Permission = Permission::new("kpi.employee.update");
pub(crate) const GOOD: &str = "Quiet7 lantern;fog";
pub(crate) const OTHER: &str = "Plum gravel-9 tide";

pub(crate) const fn quick() -> HashingConfig {
    QUICK
}

const QUICK: HashingConfig = HashingConfig { memory_kib: 64, passes: 1, lanes: 1, at_once: 4, queue: 400 };

pub(crate) struct World {
    pub(crate) db: TestStore,
    pub(crate) identity: Identity,
}

pub(crate) fn secret(text: &str) -> SecretString {
    Secret::new(text.to_owned())
}

pub(crate) fn host() -> Caller {
    Caller::operator("root", operator_authority())
}

pub(crate) fn origin(address: &str) -> Origin {
    Origin { address: Some(address.parse().unwrap()), agent: Some("Test/1.0".into()), ..Origin::default() }
}

pub(crate) fn kpi() -> SiteDeclaration {
    let info = |permission, label| PermissionInfo {
        permission,
        label,
        description: "For the tests.",
        scopes: &[Scope::Own, Scope::Team, Scope::All],
    };
    let role = |key, name, factor, permissions| RoleTemplate {
        key: Cow::Borrowed(key),
        name: Cow::Borrowed(name),
        description: "".into(),
        factor,
        permissions,
    };
    SiteDeclaration {
        site: "kpi".into(),
        label: "KPI".into(),
        permissions: vec![info(READ, "See employees"), info(UPDATE, "Change employees")],
        roles: vec![
            role("admin", "Admin", FactorRule::Required, vec![(READ, Scope::All), (UPDATE, Scope::All)]),
            role("manager", "Manager", FactorRule::Recommended, vec![(READ, Scope::Team), (UPDATE, Scope::Team)]),
            role("employee", "Employee", FactorRule::Optional, vec![(READ, Scope::Own)]),
        ],
    }
}

pub(crate) async fn open(db: &TestStore, store: Store, hashing: HashingConfig) -> Identity {
    let path = db.dir.path().join("key");
    let key = KeyFile::load(&path).or_else(|_| KeyFile::create(&path, &db.env())).unwrap();
    let vault = Vault::open(store.clone(), key, ENCRYPTED_COLUMNS.iter().copied()).await.unwrap();
    let config = IdentityConfig {
        console_on: "kpi".into(),
        company: "Handy Crew".into(),
        profile: Profile::Guide,
        first_administrator_gets: vec![("kpi", "admin")],
        hashing,
    };
    let identity = Identity::new(store, vault, config);
    identity.declare(vec![console_declaration(), kpi()]).await.unwrap();
    identity
}

impl World {
    pub(crate) async fn new(db: TestStore) -> Self {
        let identity = open(&db, db.store.clone(), QUICK).await;
        Self { db, identity }
    }

    /// The same database as another process sees it.
    pub(crate) async fn reopened(&mut self) -> Identity {
        {
            let store = self.db.reopen().await;
            open(&self.db, store, QUICK).await
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.db.env().now()
    }

    pub(crate) fn advance(&self, span: Span) {
        self.db.clock.advance(span);
    }

    pub(crate) async fn role(&self, site: &str, key: &str) -> RoleId {
        let permit = policy::permit_read_roles(&host()).unwrap();
        self.identity.role_by_key(&permit, site, key).await.unwrap().id
    }

    pub(crate) async fn grant(&self, user: UserId, site: &str, key: &str) {
        let permit = policy::permit_give_roles(&host()).unwrap();
        self.identity.grant_role(&host(), &permit, user, self.role(site, key).await).await.unwrap();
    }

    /// A user with the password [`GOOD`], the mail address `name@handy.example` and these roles of the app.
    pub(crate) async fn user(&self, name: &str, roles: &[&str]) -> UserId {
        let new = NewUser {
            person: PersonOf::New(NewPerson::parse("Given", name, "", "").unwrap()),
            user_name: UserName::parse(name).unwrap(),
            email: Some(EmailAddress::parse(&format!("{name}@handy.example")).unwrap()),
            password: InitialPassword::Own(secret(GOOD)),
        };
        let permit = policy::permit_create_users(&host()).unwrap();
        let user = self.identity.create_user(&host(), &permit, new).await.unwrap().id;
        for role in roles {
            self.grant(user, "kpi", role).await;
        }
        user
    }

    /// A user with a second factor; gives its seed in base32.
    pub(crate) async fn user_with_factor(&self, name: &str, roles: &[&str]) -> (UserId, String) {
        let user = self.user(name, roles).await;
        let shown = self.identity.enrol_for(&host(), user).await.unwrap();
        (user, shown.secret.expose().clone())
    }

    /// A System administrator with a second factor, signed in.
    pub(crate) async fn administrator(&self, name: &str) -> (UserId, Client) {
        let (user, seed) = self.user_with_factor(name, &[]).await;
        self.grant(user, "console", "system-administrator").await;
        (user, self.signed_in(name, Some(&seed)).await)
    }

    pub(crate) fn code(&self, seed: &str) -> SecretString {
        self.code_at(seed, 0)
    }

    /// The code of that many steps from now.
    pub(crate) fn code_at(&self, seed: &str, steps: i64) -> SecretString {
        let secret = TotpSecret::try_from_base32(seed).unwrap();
        let totp = Builder::new().with_secret(secret).with_account_name("x").build().unwrap();
        let seconds = u64::try_from(self.now().as_micros() / 1_000_000 + steps * 30).unwrap();
        Secret::new(totp.generate(seconds).to_string())
    }

    pub(crate) async fn try_password(&self, login: &str, password: &str) -> Result<NewSession, Error> {
        self.try_from(login, password, "192.0.2.1", None).await
    }

    pub(crate) async fn try_from(
        &self,
        login: &str,
        password: &str,
        address: &str,
        device: Option<&PlainToken>,
    ) -> Result<NewSession, Error> {
        let attempt = SignInAttempt {
            login: login.into(),
            password: secret(password),
            device: device.cloned(),
            previous: None,
            origin: origin(address),
        };
        self.identity.sign_in(attempt).await
    }

    /// Signs in, the second factor included.
    pub(crate) async fn signed_in(&self, name: &str, seed: Option<&str>) -> Client {
        self.signed_in_on(name, seed, None).await
    }

    pub(crate) async fn signed_in_on(&self, name: &str, seed: Option<&str>, device: Option<&PlainToken>) -> Client {
        let mut session = self.try_from(name, GOOD, "192.0.2.1", device).await.unwrap();
        if let Some(seed) = seed {
            // A code is taken once; the next one is some time away.
            self.advance(Span::seconds(60));
            assert_eq!(session.facts.state, SessionState::OwesFactor);
            let client = Client::of(session);
            let caller = self.caller(&client).await;
            let (code, device) = (self.code(seed), device.cloned());
            session = self.identity.give_factor(&caller, &client.session.facts, &code, device).await.unwrap();
        }
        assert_eq!(session.facts.state, SessionState::Full);
        Client::of(session)
    }

    pub(crate) async fn signed_in_by_link(&self, user: UserId) -> Client {
        let link = self.identity.issue_sign_in_link(&host(), user).await.unwrap();
        let opened = self.identity.open_sign_in_link(&link.token, None, None, origin("192.0.2.1")).await.unwrap();
        assert_eq!(opened.facts.state, SessionState::Full);
        Client::of(opened)
    }

    pub(crate) async fn identify(&self, token: &PlainToken) -> Identified {
        self.identify_on("kpi", token).await
    }

    pub(crate) async fn identify_on(&self, site: &str, token: &PlainToken) -> Identified {
        let presented = Presented { session: Some(token.clone()), ..Presented::default() };
        self.identity.identify(site, presented, origin("192.0.2.1")).await.unwrap()
    }

    pub(crate) async fn is_live(&self, token: &PlainToken) -> bool {
        self.identify(token).await.session.is_some()
    }

    pub(crate) async fn caller(&self, client: &Client) -> Caller {
        self.identify(&client.session.token).await.caller
    }

    /// The trail as `action outcome` lines with the detail, oldest first.
    pub(crate) async fn trail(&self) -> Vec<(String, String, String)> {
        let table = match self.db.store.engine() {
            Engine::Sqlite => "SELECT category, action, outcome, detail FROM trail_leaf ORDER BY seq",
            Engine::Postgres => "SELECT category, action, outcome, detail FROM trail_pending ORDER BY arrival",
        };
        let mut conn = self.db.store.read().await.unwrap();
        let rows = conn.fetch_all(SqlBuilder::new(table).build()).await.unwrap();
        let text =
            |row: &palisade_store::Row, column: &str| row.get::<Option<String>>(column).unwrap().unwrap_or_default();
        let line = |row| {
            (text(row, "category"), format!("{} {}", text(row, "action"), text(row, "outcome")), text(row, "detail"))
        };
        rows.iter().map(line).collect()
    }

    /// How many trail entries read `action outcome`.
    pub(crate) async fn traced(&self, line: &str) -> usize {
        self.trail().await.iter().filter(|(_, found, _)| found == line).count()
    }
}

/// Somebody with a session.
pub(crate) struct Client {
    pub(crate) session: NewSession,
}

impl Client {
    pub(crate) fn of(session: NewSession) -> Self {
        Self { session }
    }
}

/// What the one vague answer looks like.
pub(crate) fn assert_vague(result: Result<NewSession, Error>) {
    let error = result.err().expect("the try should have failed");
    assert_eq!((error.kind(), error.message()), (Kind::Unauthenticated, "User name or password is not right."));
}
