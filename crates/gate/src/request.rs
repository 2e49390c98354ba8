//! A request on its way, and what the layers have found out about it.

use std::{
    net::IpAddr,
    ops::{Deref, DerefMut},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{body::Body, response::Response};
use http::{Request, Version};
use palisade_base::{Actor, AddressKey, Instant, RequestId};

use crate::{
    connection::Connection,
    late_commands::Asker,
    path::{PathKind, PathReading, Target},
    sites::SiteState,
    standing::LetIn,
    ways_in::Findings,
    wire::WireFault,
};

/// A request with its facts: what one layer hands to the next. It is a pointer, since it changes hands two dozen times.
pub(crate) struct Passage(Box<OnItsWay>);

/// What a [`Passage`] points to.
pub(crate) struct OnItsWay {
    pub(crate) request: Request<Body>,
    pub(crate) facts: Facts,
}

impl Deref for Passage {
    type Target = OnItsWay;

    fn deref(&self) -> &OnItsWay {
        &self.0
    }
}

impl DerefMut for Passage {
    fn deref_mut(&mut self) -> &mut OnItsWay {
        &mut self.0
    }
}

/// What is known about a request. Each field is set by the layer that it is named after, and read by those further in.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) connection: Arc<Connection>,
    /// The request's instant: every decision about it is made at this one.
    pub(crate) now: Instant,
    /// It is a stand-in for one that the door refused.
    pub(crate) fault: Option<WireFault>,
    /// Its id. Nil until the outermost layer has set it.
    pub(crate) id: RequestId,
    pub(crate) client: Client,
    pub(crate) host: HostFact,
    /// Its path, read once: whoever judges paths asks this.
    pub(crate) path: PathReading,
    /// What its path is, for limits and sessions.
    pub(crate) kind: PathKind,
    /// What fields of the query and of the body say to a guarded site's application.
    pub(crate) fields: Findings,
    /// Who asks, for what is found in the body later. `None`: nothing can be.
    pub(crate) asker: Option<Arc<Asker>>,
    pub(crate) handed_over: HandedOver,
    /// What lets it in, on a guarded site: the session layer's, and where a token is enough that of `site_access`.
    pub(crate) let_in: LetIn,
}

/// Whether the request is with a guarded site's application by now, whose phases have times of their own.
#[derive(Clone, Default)]
pub(crate) struct HandedOver(Arc<AtomicBool>);

impl HandedOver {
    pub(crate) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_noted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Who is at the other end, as far as addresses tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// The client's address.
    pub(crate) address: IpAddr,
    /// The request carried forwarding headers, whoever wrote them: then no allow-list holds for it.
    pub(crate) forwarded: bool,
}

impl Client {
    /// As limits count it.
    pub(crate) fn key(&self) -> AddressKey {
        AddressKey::from(self.address)
    }
}

/// Which site the request is for.
#[derive(Clone)]
pub(crate) enum HostFact {
    /// This one, under this host.
    Known(Arc<KnownHost>),
    /// None that we know (421).
    Unknown,
    /// The host can't be read, or is named in two ways (400).
    Unreadable,
}

/// A host that belongs to a site.
pub(crate) struct KnownHost {
    pub(crate) site: Arc<SiteState>,
    pub(crate) host: palisade_config::HostName,
    /// As the client wrote it, in lower case: host and port.
    pub(crate) authority: String,
}

impl Facts {
    /// The site, where the request is for one.
    pub(crate) fn site(&self) -> Option<&Arc<SiteState>> {
        match &self.host {
            HostFact::Known(known) => Some(&known.site),
            HostFact::Unknown | HostFact::Unreadable => None,
        }
    }

    /// What it is for, as rules and limits by path judge it.
    pub(crate) fn target(&self) -> Target<'_> {
        let (path, commands) = (&self.path, &self.fields.commands);
        self.site().map_or(Target { path, call: None, commands }, |site| site.target(path, commands))
    }

    /// Adds what fields of the query or the body say.
    pub(crate) fn note_fields(&mut self, found: Findings) {
        let ways = self.site().and_then(|site| site.ways_in.as_ref());
        if ways.is_some_and(|ways| ways.gives_way_in(&found)) {
            self.kind = PathKind::SignIn { api: self.kind.is_api() };
        } else if !found.commands.is_empty() && self.kind == PathKind::Asset {
            self.kind = PathKind::Page;
        }
        self.fields.add(found);
    }

    /// Whether the request came over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.connection.tls.is_some()
    }
}

impl Passage {
    /// A request that has just come in.
    pub(crate) fn new(
        request: Request<Body>,
        connection: Arc<Connection>,
        fault: Option<WireFault>,
        now: Instant,
    ) -> Self {
        let client = Client { address: connection.peer.ip().to_canonical(), forwarded: false };
        let path = PathReading::of(request.uri());
        let kind = PathKind::of(request.method(), &path);
        let nil = RequestId(Default::default());
        let (host, handed_over, let_in) = (HostFact::Unknown, HandedOver::default(), LetIn::default());
        let (fields, asker) = (Findings::default(), None);
        let facts =
            Facts { connection, now, fault, id: nil, client, host, path, kind, fields, asker, handed_over, let_in };
        Self::of(request, facts)
    }

    /// A request about which this is known.
    pub(crate) fn of(request: Request<Body>, facts: Facts) -> Self {
        Self(Box::new(OnItsWay { request, facts }))
    }

    /// The request, and what is known about it.
    pub(crate) fn into_parts(self) -> (Request<Body>, Facts) {
        let OnItsWay { request, facts } = *self.0;
        (request, facts)
    }

    /// Whether headers that belong to one connection may be set on the answer: HTTP/2 has none.
    pub(crate) fn is_http1(&self) -> bool {
        self.request.version() < Version::HTTP_2
    }
}

/// Left in a response's extensions by the session layer: who acted, for the access log.
#[derive(Clone)]
pub(crate) struct ActedAs(pub(crate) Actor);

/// Left in a response's extensions by the app's layer: it is a guarded app's own answer, not one of the gate's.
#[derive(Clone, Copy)]
pub(crate) struct FromApp;

/// What a layer gives back.
pub(crate) type LayerFuture = futures_util::future::BoxFuture<'static, Response>;
