//! The demo: a believable company, made on first start, with one-time links to look at it through each role's eyes.

use std::{
    collections::HashMap,
    fs,
    io::Write as _,
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use palisade_base::{Caller, Env, Permit, Secret, UserId};
use palisade_config::{CompanyConfig, Config};
use palisade_identity::{
    Identity,
    model::{InitialPassword, NewUser, PersonOf, Role, UserName},
    permissions::{CONSOLE, SYSTEM_ADMINISTRATOR, operator_authority},
    policy::{self, CreateUsers, GiveRoles, ReadRoles},
};
pub use palisade_kpi::demo::Scale;
use palisade_kpi::demo::{self as company, Company, DemoRole, DemoUser};
use serde::{Deserialize, Serialize};

use crate::{
    System,
    declaration::KPI,
    serve::{Running, real_env, start},
    site::base_url,
    system::plain,
};

/// Where the demo keeps its accounts, so that a second start can show them again. A real installation has no such file.
const ACCOUNTS_FILE: &str = "demo-accounts.json";
/// Letters that nobody takes for one another. Without vowels, and without digits that stand for some, chance writes no
/// name: the password policy refuses a password that has the user's in it.
const LETTERS: &[u8; 16] = b"bcdfghjkmnpqrtvx";

/// What `palisade demo` is asked for.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Where to listen for HTTPS.
    pub listen: SocketAddr,
    /// The data directory. A directory that has a demo already is used again.
    pub data: PathBuf,
    /// Decides names, teams and dates; never a secret.
    pub seed: u64,
    /// A company as large as this, with all its evaluations made at once: for measuring. Only when the demo is made.
    pub scale: Option<Scale>,
}

/// A demo that is about to be served.
pub struct Demo {
    /// The system.
    pub running: Running,
    /// Where it is and how to get in.
    pub welcome: Welcome,
}

/// What the command prints.
#[derive(Debug, Serialize)]
pub struct Welcome {
    /// Where the demo is.
    pub url: String,
    /// One account for each role.
    pub accounts: Vec<WelcomeAccount>,
}

/// An account of the demo: its secrets are made anew for each demo, and shown on purpose.
#[derive(Debug, Serialize)]
pub struct WelcomeAccount {
    /// The role, in small letters.
    pub role: String,
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
    /// The seed of the authenticator app, base32.
    pub totp_secret: String,
    /// Opening it signs in at once, once.
    pub link: String,
}

/// An account as the demo's file keeps it.
#[derive(Clone, Deserialize, Serialize)]
struct KeptAccount {
    role: String,
    user_id: UserId,
    user: String,
    password: String,
    totp_secret: String,
}

/// Makes the demo, or opens the one that is there, and binds its listeners.
///
/// # Errors
/// What is wrong, where, and what to do.
pub async fn prepare(options: &DemoOptions) -> anyhow::Result<Demo> {
    let env = real_env();
    let today = env.now().date_in(&jiff::tz::TimeZone::UTC);
    let company = Company::generate(options.seed, today);
    let mut config = Config::demo(options.listen, &options.data);
    config.company = CompanyConfig { name: company.name.to_owned(), ..CompanyConfig::default() };
    let running = start(config, env, None, true).await?;
    let file = options.data.join(ACCOUNTS_FILE);
    let accounts = match read_accounts(&file)? {
        Some(accounts) => accounts,
        None => {
            let accounts = populate(&running.system, &company, options.scale).await?;
            keep_accounts(&file, &accounts)?;
            accounts
        }
    };
    let welcome = welcome(&running, accounts).await?;
    Ok(Demo { running, welcome })
}

fn operator() -> Caller {
    Caller::operator("demo", operator_authority())
}

async fn populate(system: &System, company: &Company, scale: Option<Scale>) -> anyhow::Result<Vec<KeptAccount>> {
    let (records, job) = (&system.records, company::caller());
    let loaded = company::load(records, &job, company).await.map_err(plain)?;
    match scale {
        None => drop(company::remember(records, &job, (company, &loaded), records.today()).await.map_err(plain)?),
        Some(scale) => company::enlarge(records, &job, scale, records.today()).await.map_err(plain)?,
    }
    let caller = operator();
    let office = Office::open(system, &caller).await?;
    let (mut kept, mut actors) = (Vec::new(), HashMap::new());
    for user in &loaded.users {
        let shown = !kept.iter().any(|account: &KeptAccount| account.role == role_name(user.role).to_lowercase());
        let (id, account) = office.admit(user, shown).await?;
        actors.insert(user.place, company::actor(user, id));
        kept.extend(account);
    }
    if scale.is_none() {
        company::live(records, (company, &loaded), &actors).await.map_err(plain)?;
    }
    Ok(kept)
}

/// Whoever makes users: the identity service with the permits for it.
struct Office<'a> {
    identity: &'a Identity,
    env: &'a Env,
    caller: &'a Caller,
    roles: Vec<Role>,
    create: Permit<CreateUsers>,
    give: Permit<GiveRoles>,
}

impl<'a> Office<'a> {
    async fn open(system: &'a System, caller: &'a Caller) -> anyhow::Result<Self> {
        let read: Permit<ReadRoles> = policy::permit_read_roles(caller).map_err(plain)?;
        let roles = system.identity.list_roles(&read).await.map_err(plain)?;
        Ok(Self {
            identity: &system.identity,
            env: &system.env,
            caller,
            roles: roles.into_iter().map(|detail| detail.role).collect(),
            create: policy::permit_create_users(caller).map_err(plain)?,
            give: policy::permit_give_roles(caller).map_err(plain)?,
        })
    }

    /// Makes the user with their role. The account that is to be shown gets a second factor, too.
    async fn admit(&self, user: &DemoUser, shown: bool) -> anyhow::Result<(UserId, Option<KeptAccount>)> {
        let password = random_password(self.env);
        let new = NewUser {
            person: PersonOf::Existing(user.person),
            user_name: UserName::parse(&user.user_name).map_err(anyhow::Error::msg)?,
            email: None,
            password: InitialPassword::Own(Secret::new(password.clone())),
        };
        let made = self.identity.create_user(self.caller, &self.create, new).await.map_err(plain)?;
        self.grant(made.id, KPI, role_name(user.role)).await?;
        if user.role == DemoRole::Admin {
            self.grant(made.id, CONSOLE, SYSTEM_ADMINISTRATOR).await?;
        }
        if !shown {
            return Ok((made.id, None));
        }
        let totp_secret = self.enrol(made.id).await?;
        let account = KeptAccount {
            role: role_name(user.role).to_lowercase(),
            user_id: made.id,
            user: user.user_name.clone(),
            password,
            totp_secret,
        };
        Ok((made.id, Some(account)))
    }

    async fn grant(&self, user: UserId, site: &str, key: &str) -> anyhow::Result<()> {
        let found = self.roles.iter().find(|role| role.site == site && role.key.as_deref() == Some(key));
        let role = found.with_context(|| format!("the site {site} has no role {key}"))?;
        self.identity.grant_role(self.caller, &self.give, user, role.id).await.map_err(plain)?;
        Ok(())
    }

    /// Enrols an authenticator app for the user; the demo prints its seed.
    async fn enrol(&self, user: UserId) -> anyhow::Result<String> {
        let enrolment = self.identity.enrol_for(self.caller, user).await.map_err(plain)?;
        Ok(enrolment.secret.expose().clone())
    }
}

const fn role_name(role: DemoRole) -> &'static str {
    match role {
        DemoRole::Admin => "Admin",
        DemoRole::Manager => "Manager",
        DemoRole::Employee => "Employee",
    }
}

/// 100 bits of randomness in a form that the password policy takes: `K7-kfmtw-…`.
fn random_password(env: &Env) -> String {
    let letters = env.bytes::<25>().map(|byte| char::from(LETTERS[usize::from(byte % 16)]));
    let groups: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
    format!("K7-{}", groups.join("-"))
}

async fn welcome(running: &Running, accounts: Vec<KeptAccount>) -> anyhow::Result<Welcome> {
    let system = &running.system;
    let url = base_url(&system.config);
    let mut shown = Vec::new();
    for account in accounts {
        let link = system.identity.issue_sign_in_link(&operator(), account.user_id).await.map_err(plain)?;
        shown.push(WelcomeAccount {
            link: format!("{url}/sign-in/link/{}", link.token.reveal()),
            role: account.role,
            user: account.user,
            password: account.password,
            totp_secret: account.totp_secret,
        });
    }
    Ok(Welcome { url, accounts: shown })
}

fn read_accounts(path: &Path) -> anyhow::Result<Option<Vec<KeptAccount>>> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let accounts = serde_json::from_str(&text);
            accounts
                .map(Some)
                .with_context(|| format!("{} is damaged: remove the demo's directory to begin anew", path.display()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} can't be read", path.display())),
    }
}

fn keep_accounts(path: &Path, accounts: &[KeptAccount]) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(accounts)?;
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("{} can't be written", path.display()))
}
