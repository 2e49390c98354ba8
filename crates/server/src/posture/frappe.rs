//! Guarded Frappe sites: their files by the helper, and the running site over the gate's own connections.

use std::{net::Ipv4Addr, sync::Arc};

use async_trait::async_trait;
use axum::{
    body::{Body, to_bytes},
    http::{Request, header},
};

use palisade_base::{Env, RequestId};
use palisade_config::{Preset, SiteConfig};
use palisade_posture::{
    Check, Mender,
    frappe::{self, Answer, Bench, FrappeSite, Interface, Question},
};
use palisade_upstream::{ForwardFacts, Upstream};

use super::Everything;
use crate::live::InForce;

/// A longer answer is none to what is asked here.
const LONGEST: usize = 1 << 20;

pub(super) fn checks(all: &Everything) -> Vec<Arc<dyn Check>> {
    sites(all).iter().flat_map(frappe::checks).collect()
}

pub(super) fn menders(all: &Everything) -> Vec<Arc<dyn Mender>> {
    sites(all).iter().filter_map(frappe::mender).collect()
}

fn sites(all: &Everything) -> Vec<FrappeSite> {
    let now = all.live.get();
    now.config.sites.iter().filter_map(|site| site_of(all, &now, site)).collect()
}

/// `None` where it is no guarded Frappe site.
fn site_of(all: &Everything, now: &InForce, site: &SiteConfig) -> Option<FrappeSite> {
    let upstream = now.upstreams.get(&site.name).filter(|_| site.preset == Preset::Frappe)?;
    let authority = site.hosts.first()?.authority(now.config.public_port());
    let bench = site.bench_name().map(|name| Bench {
        name: name.to_owned(),
        helper: all.helper.clone(),
        token_file: site.bench.as_ref().and_then(|bench| bench.token_file.clone()),
    });
    let interface = Arc::new(Asked { upstream: Arc::clone(upstream), authority, env: all.env.clone() });
    Some(FrappeSite { name: site.name.clone(), bench, interface })
}

/// Asks an application as the gate does for a client that came over TLS. Its answer is what that client would get.
struct Asked {
    upstream: Arc<Upstream>,
    authority: String,
    env: Env,
}

#[async_trait]
impl Interface for Asked {
    async fn ask(&self, question: Question) -> Result<Answer, String> {
        let mut request = Request::get(&question.path)
            .header(header::HOST, &self.authority)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, concat!("palisade-verify/", env!("CARGO_PKG_VERSION")));
        if let Some(authorization) = question.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(Body::empty()).map_err(|error| error.to_string())?;
        let facts = ForwardFacts {
            client: Ipv4Addr::LOCALHOST.into(),
            peer: Ipv4Addr::LOCALHOST.into(),
            authority: &self.authority,
            asked: &self.authority,
            secure: true,
            request: RequestId::new(&self.env),
        };
        let answer = self.upstream.forward(request, &facts).await.map_err(|error| error.to_string())?;
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, LONGEST).await.map_err(|error| format!("its answer can't be read: {error}"))?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.to_vec() })
    }
}
