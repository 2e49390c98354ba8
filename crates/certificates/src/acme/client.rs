//! HTTP to the CA: over TLS only, with an end to waiting and to what is read.

use std::{future::Future, path::Path, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Limited;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tokio::time::timeout;

use super::failure::{Failed, with_causes};
use crate::disk;

/// How long the CA may take to answer a request.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest answer: a chain of certificates has a few KiB.
const LARGEST: usize = 512 * 1024;

/// The client.
pub(super) struct CaClient(Client<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>);

impl CaClient {
    /// A client that trusts the roots in this file; without one, those of the system.
    pub(super) fn new(ca: Option<&Path>) -> Result<Self, Failed> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = HttpsConnectorBuilder::new();
        let builder = match ca {
            Some(path) => {
                let config = ClientConfig::builder_with_provider(provider)
                    .with_safe_default_protocol_versions()
                    .map_err(|error| Failed::new(error.to_string()))?;
                builder.with_tls_config(config.with_root_certificates(roots_in(path)?).with_no_client_auth())
            }
            None => builder
                .with_provider_and_platform_verifier(provider)
                .map_err(|error| Failed::new(format!("the system's root certificates can't be used: {error}")))?,
        };
        let connector = builder.https_only().enable_http1().enable_http2().build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }
}

impl HttpClient for CaClient {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let answer = timeout(PATIENCE, self.0.request(request));
        Box::pin(async move {
            let failed = |why: String| Error::Other(why.into());
            let answer = answer
                .await
                .map_err(|_| failed(format!("the CA at {host} did not answer within {} s", PATIENCE.as_secs())))?
                .map_err(|error| failed(format!("the CA at {host} can't be reached: {}", with_causes(&error))))?;
            let json = answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| is_json(kind.as_bytes()));
            if !answer.status().is_success() && !json {
                return Err(failed(format!("the CA at {host} answered {}", answer.status())));
            }
            Ok(BytesResponse::from(answer.map(|body| Limited::new(body, LARGEST))))
        })
    }
}

fn is_json(kind: &[u8]) -> bool {
    kind.starts_with(b"application/problem+json") || kind.starts_with(b"application/json")
}

fn roots_in(path: &Path) -> Result<RootCertStore, Failed> {
    let failed = |why: String| Failed::new(format!("the CA's root {} can't be used: {why}", path.display()));
    let pem = disk::read(path).map_err(|error| failed(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(&pem) {
        let root = root.map_err(|error| failed(error.to_string()))?;
        roots.add(root).map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() { Err(failed("it holds no certificate".to_owned())) } else { Ok(roots) }
}
