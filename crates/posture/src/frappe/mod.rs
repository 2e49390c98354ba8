//! A guarded Frappe site: what its files say, what the running site answers, and who in it has a second factor.
//!
//! The guide sets twenty keys in the site's two configuration files. Frappe heeds some of them, takes others from its own
//! System Settings, and has never heard of the rest. So what counts is what the running site shows, wherever it shows
//! something; where it differs from the file, that is said, and so is which keys change nothing.

mod factors;
mod facts;
mod files;
mod interface;
mod judge;
mod mender;
mod running;
mod settings;

use std::{path::PathBuf, sync::Arc};

use palisade_helper::{
    bench::{GUIDE, GuideKey},
    client::HelperClient,
};
use tokio::sync::OnceCell;

use crate::{About, Check, Mender, Place, check_by};
use facts::Facts;
use interface::Asker;

pub use interface::{Answer, Interface, Question};

/// A guarded Frappe site, and the ways to look at it.
#[derive(Clone)]
pub struct FrappeSite {
    /// Its name in the configuration.
    pub name: String,
    /// Its bench, where the configuration has one.
    pub bench: Option<Bench>,
    /// The running site.
    pub interface: Arc<dyn Interface>,
}

/// The bench of a site, as the configuration names it.
#[derive(Clone)]
pub struct Bench {
    /// What the helper calls it.
    pub name: String,
    /// The way to the helper, where there is one.
    pub helper: Option<HelperClient>,
    /// The file with the API token of a System Manager of the site.
    pub token_file: Option<PathBuf>,
}

/// A site, and all that one look at it showed, for all its checks.
struct Looked {
    site: FrappeSite,
    facts: OnceCell<Facts>,
}

impl Looked {
    async fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| facts::gather(&self.site)).await
    }
}

/// The checks of one site: a key of the guide each, and who has no second factor. They share one look.
#[must_use]
pub fn checks(site: &FrappeSite) -> Vec<Arc<dyn Check>> {
    let looked = Arc::new(Looked { site: site.clone(), facts: OnceCell::new() });
    let mut checks: Vec<Arc<dyn Check>> = GUIDE.iter().map(|key| key_check(&looked, key)).collect();
    checks.push(factor_check(&looked));
    checks
}

/// What writes the guide's values into the site's files; `None` where no bench is configured.
#[must_use]
pub fn mender(site: &FrappeSite) -> Option<Arc<dyn Mender>> {
    let bench = site.bench.clone()?;
    Some(Arc::new(mender::BenchMender::new(&site.name, bench)))
}

fn key_check(looked: &Arc<Looked>, key: &'static GuideKey) -> Arc<dyn Check> {
    let (name, place) = (&looked.site.name, Place::Site(looked.site.name.clone()));
    let id = format!("frappe.{name}.{}", key.name);
    let title = format!("{} as the guide has it", key.name);
    let about = match key.name {
        "developer_mode" => About::new(id, "Developer mode disabled", &["T3.3", "T14.1"], place).guide_number(6),
        _ => About::new(id, title, &["T3.3"], place),
    };
    let looked = Arc::clone(looked);
    check_by(about, move || {
        let looked = Arc::clone(&looked);
        async move { judge::judge(key, &looked.site.name, looked.facts().await) }
    })
}

fn factor_check(looked: &Arc<Looked>) -> Arc<dyn Check> {
    let site = &looked.site.name;
    let title = "Privileged roles are held with a second factor only";
    let about = About::new(format!("frappe.{site}.second_factor"), title, &["T11.3"], Place::Site(site.clone()));
    let looked = Arc::clone(looked);
    check_by(about, move || {
        let looked = Arc::clone(&looked);
        async move {
            let settings = &looked.facts().await.settings;
            factors::judge(factors::holders(&Asker::of(&looked.site), settings).await)
        }
    })
}
