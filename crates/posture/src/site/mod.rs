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

/// A check that each site has.
struct Kind {
    /// The end of its id.
    word: &'static str,
    title: &'static str,
    points: &'static [&'static str],
    judge: Judge,
    /// Its number in the TEMS guide's own script. That script looks for `X-Content-Type-Options` with capitals in the
    /// answer of an HTTP/2 server, whose names are in small letters, and so fails where all is well; names are compared
    /// here as HTTP compares them, without regard to case.
    guide_number: Option<u8>,
}

impl Kind {
    const fn new(word: &'static str, title: &'static str, points: &'static [&'static str], judge: Judge) -> Self {
        Self { word, title, points, judge, guide_number: None }
    }

    const fn guide_number(mut self, number: u8) -> Self {
        self.guide_number = Some(number);
        self
    }
}

const KINDS: [Kind; 12] = [
    Kind::new("https", "HTTPS enabled, HTTP/2 and HTTP/1.1", &["T1.1", "T14.1"], transport::https).guide_number(1),
    Kind::new("nosniff", "X-Content-Type-Options on every answer", &["T1.2", "T14.1"], headers::nosniff)
        .guide_number(2),
    Kind::new("frames", "X-Frame-Options on every answer", &["T1.3", "T14.1"], headers::frames).guide_number(3),
    Kind::new("content_policy", "Content-Security-Policy on every answer", &["T1.6", "T14.1"], headers::content_policy)
        .guide_number(4),
    Kind::new("hsts", "Strict-Transport-Security over TLS", &["T1.7", "T14.1"], headers::hsts).guide_number(5),
    Kind::new("xss_protection", "X-XSS-Protection on every answer", &["T1.4"], headers::xss_protection),
    Kind::new("referrer", "Referrer-Policy on every answer", &["T1.5"], headers::referrer),
    Kind::new("answers", "The application answers", &["T1.8"], transport::answers),
    Kind::new("plain_http", "Plain HTTP leads to HTTPS", &["T1.9"], transport::plain_http),
    Kind::new("certificate", "A certificate that browsers trust", &["T2.1", "T2.3", "K9.1"], certificate::trusted),
    Kind::new("tls_versions", "TLS 1.2 or newer alone", &["K4.1"], transport::versions),
    Kind::new("names_itself", "No version of any software told", &["T3.1"], headers::tells_nothing),
];

/// The checks of one site, which share one visit.
#[must_use]
pub fn checks(facts: &SiteFacts, env: &Env) -> Vec<Arc<dyn Check>> {
    let site = Arc::new(Visited { facts: facts.clone(), env: env.clone(), visit: OnceCell::new() });
    let check = |kind: &Kind| {
        let id = format!("site.{}.{}", facts.name, kind.word);
        let mut about = About::new(id, kind.title, kind.points, Place::Site(facts.name.clone()));
        about.guide_number = kind.guide_number;
        Arc::new(SiteCheck { about, site: Arc::clone(&site), judge: kind.judge }) as Arc<dyn Check>
    };
    KINDS.iter().map(check).collect()
}

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
