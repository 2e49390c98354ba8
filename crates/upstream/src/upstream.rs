//! An upstream: requests in, answers out.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::Body;
use http::{HeaderValue, Request, Response, StatusCode, Uri, Version, header};
use palisade_config::{UpstreamAddress, UpstreamHost};
use tokio::{task::JoinSet, time::interval};

use crate::{
    address::{Address, AddressHealth, Busy},
    body::{DownloadBody, UploadBody},
    cookies, cors,
    error::{SetupError, UpstreamError},
    exchange::{self, Failed},
    facts::ForwardFacts,
    headers, health, location,
    settings::{Balance, UpstreamSettings},
    target::host_header,
    tls,
    tunnel::{Tunnel, TunnelSlot},
    websocket,
};

/// The most addresses of one upstream: those that were tried are a bit each.
const MOST_ADDRESSES: usize = 64;

/// An application behind the gate, at one or several addresses.
pub struct Upstream {
    settings: UpstreamSettings,
    addresses: Vec<Arc<Address>>,
    /// Counts requests, so that equals take turns.
    turn: AtomicUsize,
    /// Health checks and the sweeping of old connections; they end with the upstream.
    _tasks: JoinSet<()>,
}

impl Upstream {
    /// Prepares for requests. No connection is made yet, but health checks begin.
    ///
    /// # Errors
    /// There is no address, a certificate can't be used, or no Tokio runtime is there.
    pub fn new(settings: UpstreamSettings) -> Result<Self, SetupError> {
        if settings.addresses.is_empty() {
            return Err(SetupError::NoAddress);
        }
        if settings.addresses.len() > MOST_ADDRESSES {
            return Err(SetupError::TooManyAddresses);
        }
        let over_tls = settings.addresses.iter().any(UpstreamAddress::is_tls);
        let tls = if over_tls { Some(tls::client_config(&settings)?) } else { None };
        let addresses = settings.addresses.iter().map(|target| {
            let address = Address::new(target.clone(), &settings, tls.as_ref())?;
            Ok(Arc::new(address))
        });
        let addresses: Vec<_> = addresses.collect::<Result<_, SetupError>>()?;
        let tasks = start_tasks(&settings, &addresses)?;
        Ok(Self { settings, addresses, turn: AtomicUsize::new(0), _tasks: tasks })
    }

    /// What it was made from.
    #[must_use]
    pub const fn settings(&self) -> &UpstreamSettings {
        &self.settings
    }

    /// How its addresses are.
    #[must_use]
    pub fn health(&self) -> Vec<AddressHealth> {
        self.addresses.iter().map(|address| address.report()).collect()
    }

    /// Sends a request to one of the addresses, and gives its answer. Bodies stream both ways.
    ///
    /// An answer of 101 carries a [`TunnelSlot`] in its extensions: whoever holds the client's connection runs it.
    ///
    /// # Errors
    /// No answer came that could be passed on.
    pub async fn forward(
        &self,
        mut request: Request<Body>,
        facts: &ForwardFacts<'_>,
    ) -> Result<Response<Body>, UpstreamError> {
        let socket = websocket::is_asked_for(&request);
        if socket {
            self.refuse_websocket(&request, facts)?;
        }
        let client = socket.then(|| hyper::upgrade::on(&mut request));
        let mut request = self.outgoing(request, facts);
        if socket {
            ask_for_websocket(&mut request);
        }
        let (answer, tunnel) = self.try_addresses(request, socket).await?;
        let mut answer = self.clean(answer, facts);
        if let (Some((stream, read, busy)), Some(client)) = (tunnel, client) {
            let tunnel = Tunnel::new(client, (stream, read), self.settings.timeouts.quiet, busy);
            answer.extensions_mut().insert(TunnelSlot::new(tunnel));
            say_websocket(&mut answer);
        }
        Ok(answer)
    }

    fn refuse_websocket<B>(&self, request: &Request<B>, facts: &ForwardFacts<'_>) -> Result<(), UpstreamError> {
        if !self.settings.websockets {
            return Err(UpstreamError::NoWebSockets);
        }
        let own = websocket::is_from_site(request.headers(), &self.settings.hosts, facts);
        if own { Ok(()) } else { Err(UpstreamError::ForeignOrigin) }
    }

    /// The request as an upstream gets it: the path as it came, byte for byte.
    fn outgoing(&self, request: Request<Body>, facts: &ForwardFacts<'_>) -> Box<Request<UploadBody>> {
        let (mut parts, body) = request.into_parts();
        parts.extensions.clear();
        parts.version = Version::HTTP_11;
        if parts.uri.authority().is_some() {
            parts.uri = parts.uri.path_and_query().cloned().map(Uri::from).unwrap_or_default();
        }
        headers::prepare_request(&mut parts.headers, facts);
        Box::new(Request::from_parts(parts, UploadBody::new(body)))
    }

    /// Tries one address after the other, as long as the request is still whole.
    async fn try_addresses(
        &self,
        mut request: Box<Request<UploadBody>>,
        socket: bool,
    ) -> Result<Answered, UpstreamError> {
        let mut tried = 0_u64;
        let mut last = UpstreamError::NoneHealthy;
        while let Some((index, address)) = self.pick(tried) {
            tried |= 1 << index;
            if self.settings.host == UpstreamHost::Own {
                request.headers_mut().insert(header::HOST, host_header(address.target()));
            }
            match self.ask(Busy::at(Arc::clone(address)), request, socket).await {
                Ok(answered) => {
                    address.succeeded();
                    return Ok(answered);
                }
                Err(failed) => {
                    let (whole, error) = match failed {
                        Failed::Whole(whole, error) => (Some(whole), error),
                        Failed::Lost(error) => (None, error),
                    };
                    address.failed(&error);
                    let Some(whole) = whole else { return Err(error) };
                    (request, last) = (whole, error);
                }
            }
        }
        Err(last)
    }

    async fn ask(&self, busy: Busy, request: Box<Request<UploadBody>>, socket: bool) -> Result<Answered, Failed> {
        let times = &self.settings.timeouts;
        if socket {
            exchange::open(busy, request, times).await
        } else {
            exchange::exchange(busy, request, times).await.map(|answer| (answer, None))
        }
    }

    /// The next address: one that is well, rather one whose requests have not failed lately, rather an idle one.
    fn pick(&self, tried: u64) -> Option<(usize, &Arc<Address>)> {
        let count = self.addresses.len();
        let turn = if count > 1 { self.turn.fetch_add(1, Ordering::Relaxed) } else { 0 };
        let in_turn = (0..count).map(|step| (turn.wrapping_add(step)) % count);
        let free = in_turn.filter(|index| tried & (1 << index) == 0);
        let candidates = free.filter_map(|index| Some((index, self.addresses.get(index)?)));
        let well = candidates.filter(|(_, address)| address.is_well());
        // Of equals `min_by_key` takes the first, which is the one whose turn it is.
        well.min_by_key(|(_, address)| match self.settings.balance {
            Balance::LeastOutstanding => (address.rests(), address.is_full(), address.outstanding()),
            Balance::RoundRobin => (address.rests(), address.is_full(), 0),
        })
    }

    /// The answer as the client gets it.
    fn clean(&self, answer: Response<DownloadBody>, facts: &ForwardFacts<'_>) -> Response<Body> {
        let (mut parts, body) = answer.into_parts();
        parts.extensions.clear();
        parts.version = Version::HTTP_11;
        headers::clean_answer(&mut parts.headers);
        if parts.status == StatusCode::NO_CONTENT {
            parts.headers.remove(header::CONTENT_LENGTH);
        }
        cookies::clean_answer(&mut parts.headers, &self.settings.cookies);
        cors::clean_answer(&mut parts.headers, &self.settings.cors_origins);
        location::rewrite(&mut parts.headers, &self.settings.addresses, &self.settings.hosts, facts);
        Response::from_parts(parts, Body::new(body))
    }
}

type Answered = (Response<DownloadBody>, Option<(crate::stream::Stream, bytes::Bytes, Busy)>);

fn ask_for_websocket(request: &mut Request<UploadBody>) {
    request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    request.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

fn say_websocket(answer: &mut Response<Body>) {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    answer.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

fn start_tasks(settings: &UpstreamSettings, addresses: &[Arc<Address>]) -> Result<JoinSet<()>, SetupError> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| SetupError::NoRuntime)?;
    let mut tasks = JoinSet::new();
    for address in addresses {
        if let Some(check) = &settings.health {
            let host = health_host(settings, address);
            let patience = settings.timeouts.connect + settings.timeouts.answer.min(check.every);
            tasks.spawn_on(health::watch(Arc::clone(address), check.clone(), host, patience), &runtime);
        }
    }
    let (swept, every) = (addresses.to_vec(), settings.timeouts.idle / 2);
    tasks.spawn_on(sweep(swept, every), &runtime);
    Ok(tasks)
}

/// Applications that serve several sites are asked about this one.
fn health_host(settings: &UpstreamSettings, address: &Address) -> HeaderValue {
    let kept = settings.hosts.first().filter(|_| settings.host == UpstreamHost::Keep);
    kept.and_then(|host| HeaderValue::from_str(&host.to_string()).ok()).unwrap_or_else(|| host_header(address.target()))
}

async fn sweep(addresses: Vec<Arc<Address>>, every: std::time::Duration) {
    let mut ticks = interval(every.max(std::time::Duration::from_millis(10)));
    loop {
        ticks.tick().await;
        addresses.iter().for_each(|address| address.sweep());
    }
}
