//! A site as a client meets it: asked over the network, by its own name, and judged by the answers.
//!
//! Nothing here trusts the configuration: what a site is said to send is not what it sends.

mod certificate;
mod headers;
mod old_tls;
mod transport;
mod visit;
mod wire;

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use palisade_base::Env;
use palisade_config::{HostName, Preset};
use tokio::sync::OnceCell;

use crate::{About, Check, Place, Sight};
use visit::Visit;

/// Where a site is met, and what it is.
#[derive(Clone, Debug)]
pub struct SiteFacts {
    /// Its name in the configuration.
    pub name: String,
    /// A host name of its.
    pub host: HostName,
    /// Where HTTPS is listened for.
    pub https: SocketAddr,
    /// Where plain HTTP is, if anywhere.
    pub http: Option<SocketAddr>,
    /// The port that people use for HTTPS.
    pub public_port: u16,
    /// Whether connections from this machine have to begin with a PROXY protocol header.
    pub proxy_protocol: bool,
    /// What kind of application it is.
    pub preset: Preset,
    /// Whether a guarded application is behind it.
    pub guarded: bool,
    /// The root of our own CA in PEM, which devices of the company are meant to know.
    pub own_root: Option<String>,
}

/// What one check makes of a visit.
type Judge = fn(&SiteFacts, &Visit) -> Sight;

/// The checks of one site, which share one visit.
#[must_use]
pub fn checks(facts: &SiteFacts, env: &Env) -> Vec<Arc<dyn Check>> {
    let site = Arc::new(Visited { facts: facts.clone(), env: env.clone(), visit: OnceCell::new() });
    let check = |(number, word, title, points, judge): &(Option<u8>, &str, &str, &[&str], Judge)| {
        let place = Place::Site(facts.name.clone());
        let mut about = About::new(format!("site.{}.{word}", facts.name), *title, points, place);
        about.guide_number = *number;
        Arc::new(SiteCheck { about, site: Arc::clone(&site), judge: *judge }) as Arc<dyn Check>
    };
    CHECKS.iter().map(check).collect()
}

/// The numbers are those of the TEMS guide's own script. That script looks for `X-Content-Type-Options` with capitals in
/// the answer of an HTTP/2 server, whose names are in small letters, and so fails where all is well; names are compared
/// here as HTTP compares them, without regard to case.
const CHECKS: [(Option<u8>, &str, &str, &[&str], Judge); 12] = [
    (Some(1), "https", "HTTPS enabled, HTTP/2 and HTTP/1.1", &["T1.1", "T14.1"], transport::https),
    (Some(2), "nosniff", "X-Content-Type-Options on every answer", &["T1.2", "T14.1"], headers::nosniff),
    (Some(3), "frames", "X-Frame-Options on every answer", &["T1.3", "T14.1"], headers::frames),
    (Some(4), "content_policy", "Content-Security-Policy on every answer", &["T1.6", "T14.1"], headers::content_policy),
    (Some(5), "hsts", "Strict-Transport-Security over TLS", &["T1.7", "T14.1"], headers::hsts),
    (None, "xss_protection", "X-XSS-Protection on every answer", &["T1.4"], headers::xss_protection),
    (None, "referrer", "Referrer-Policy on every answer", &["T1.5"], headers::referrer),
    (None, "answers", "The application answers", &["T1.8"], transport::answers),
    (None, "plain_http", "Plain HTTP leads to HTTPS", &["T1.9"], transport::plain_http),
    (None, "certificate", "A certificate that browsers trust", &["T2.1", "T2.3", "K9.1"], certificate::trusted),
    (None, "tls_versions", "TLS 1.2 or newer alone", &["K4.1"], transport::versions),
    (None, "names_itself", "No version of any software told", &["T3.1"], headers::tells_nothing),
];

/// A site, and the one visit that its checks share.
struct Visited {
    facts: SiteFacts,
    env: Env,
    visit: OnceCell<Visit>,
}

struct SiteCheck {
    about: About,
    site: Arc<Visited>,
    judge: Judge,
}

#[async_trait]
impl Check for SiteCheck {
    fn about(&self) -> &About {
        &self.about
    }

    async fn look(&self) -> Sight {
        let visit = self.site.visit.get_or_init(|| visit::pay(&self.site.facts, self.site.env.now())).await;
        (self.judge)(&self.site.facts, visit)
    }
}
