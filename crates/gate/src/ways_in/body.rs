//! Looks at the beginning of a body before the app does, and keeps an eye on the rest of it while it passes.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;

use super::fields::{FieldScanner, Findings};
use crate::limits::Refusal;

/// How much of a body is read before the app is asked. What Frappe's own pages send to sign in is a tenth of a KiB;
/// a command that comes later than this is found while it passes.
const PEEK_BYTES: usize = 64 * 1_024;

/// What becomes of a try to sign in that was found in the middle of a body.
pub(crate) enum LateTry {
    /// It goes on.
    Admitted,
    /// It is one too many.
    TooMany(Refusal),
    /// A page elsewhere makes it, and its reader knows nothing of it.
    Foreign,
}

/// Counts a try to sign in that was found in the middle of a body, and judges it.
pub(crate) type JudgeLate = Box<dyn Fn() -> LateTry + Send>;

/// What has been found in the rest of a body, after the app was asked.
#[derive(Clone, Default)]
pub(crate) struct Late(Arc<OnceLock<LateTry>>);

impl Late {
    /// The try to sign in, where there was one.
    pub(crate) fn get(&self) -> Option<&LateTry> {
        self.0.get()
    }

    fn is_stopped(&self) -> bool {
        matches!(self.get(), Some(LateTry::TooMany(_) | LateTry::Foreign))
    }
}

/// A session of the app that a request names outside of its cookies, in the query or the body: whether it does, as far as
/// is known yet, and whether it may.
#[derive(Clone, Default)]
pub(crate) struct NamedSession(Arc<AtomicU8>);

const NAMED: u8 = 1;
const FORBIDDEN: u8 = 2;

impl NamedSession {
    /// It names one.
    pub(crate) fn note(&self) {
        self.0.fetch_or(NAMED, Ordering::Relaxed);
    }

    /// From here on it may not. `false`: it has done so already.
    pub(crate) fn forbid(&self) -> bool {
        self.0.fetch_or(FORBIDDEN, Ordering::Relaxed) & NAMED == 0
    }

    fn is_trespass(&self) -> bool {
        self.0.load(Ordering::Relaxed) == NAMED | FORBIDDEN
    }
}

/// Reads the beginning of a body. Gives what is in it, and the whole body again, for the app: the same pieces in the
/// same order, and the rest as it comes. `commands` says whether a command in it is a way in at all.
pub(crate) async fn look_at_body(
    mut body: Body,
    mut scanner: FieldScanner,
    commands: bool,
    judge: JudgeLate,
    session: &NamedSession,
) -> (Findings, Body, Late) {
    let (mut first, mut read) = (VecDeque::new(), 0);
    let enough = |scanner: &FieldScanner, read| {
        let found = scanner.complete();
        read >= PEEK_BYTES || (found.account.is_some() && ((found.way_in && found.session) || !commands))
    };
    while !enough(&scanner, read) {
        let Some(frame) = body.frame().await else { break };
        if let Some(data) = frame.as_ref().ok().and_then(Frame::data_ref) {
            scanner.feed(data);
            read += data.len();
        }
        let broken = frame.is_err();
        first.push_back(frame);
        if broken {
            break;
        }
    }
    let (findings, late) = (scanner.findings(), Late::default());
    if findings.session {
        session.note();
    }
    let all_known = findings.way_in && findings.session;
    let watch = (commands && !all_known && !body.is_end_stream()).then(|| Watch {
        scanner,
        judge: (!findings.way_in).then_some(judge),
        late: late.clone(),
        session: session.clone(),
    });
    (findings, Body::new(LookedAt { first, rest: body, watch }), late)
}

/// A body whose beginning has been read already.
struct LookedAt {
    first: VecDeque<Result<Frame<Bytes>, axum::Error>>,
    rest: Body,
    watch: Option<Watch>,
}

/// Looks for a command, and for a session, in what follows.
struct Watch {
    scanner: FieldScanner,
    /// `None`: that it is a try to sign in is known already.
    judge: Option<JudgeLate>,
    late: Late,
    session: NamedSession,
}

impl Watch {
    /// Whether these bytes may reach the app. They are held back where they are what makes the body one too many tries to
    /// sign in, or where they name a session that nobody may name.
    fn lets_pass(&mut self, bytes: &[u8]) -> bool {
        self.scanner.feed(bytes);
        let found = self.scanner.findings();
        if found.session {
            self.session.note();
        }
        if let Some(judge) = self.judge.as_ref().filter(|_| found.way_in) {
            self.late.0.get_or_init(judge);
        }
        !self.late.is_stopped() && !self.session.is_trespass()
    }
}

impl http_body::Body for LookedAt {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if let Some(frame) = this.first.pop_front() {
            return Poll::Ready(Some(frame));
        }
        let frame = ready!(Pin::new(&mut this.rest).poll_frame(cx));
        let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref);
        if let (Some(watch), Some(data)) = (&mut this.watch, data)
            && !watch.lets_pass(data)
        {
            let stopped = std::io::Error::other("a try to sign in, or a session, that may not come this way");
            return Poll::Ready(Some(Err(axum::Error::new(stopped))));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let read: u64 = self.first.iter().filter_map(|frame| frame.as_ref().ok()?.data_ref()).map(size).sum();
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(read));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(read));
        }
        hint
    }
}

fn size(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http::{HeaderMap, HeaderValue, header};
    use palisade_base::Instant;
    use palisade_config::Config;
    use palisade_counters::{LimitBoard, LimitKey};

    use super::*;
    use crate::limits::Limits;

    /// A limit that has just been used up.
    fn full() -> LateTry {
        let limits = Limits::new(&Config::default(), &LimitBoard::default());
        let key = LimitKey::Session(1);
        let refusal = (0..7).find_map(|_| limits.login.refuses(key, Instant::from_micros(1_000_000)));
        LateTry::TooMany(refusal.expect("the seventh is refused"))
    }

    fn form() -> FieldScanner {
        let value = HeaderValue::from_static("application/x-www-form-urlencoded");
        FieldScanner::for_body(&HeaderMap::from_iter([(header::CONTENT_TYPE, value)])).unwrap()
    }

    fn body(pieces: &[&str]) -> Body {
        let pieces: Vec<Result<Bytes, std::io::Error>> =
            pieces.iter().map(|piece| Ok(Bytes::copy_from_slice(piece.as_bytes()))).collect();
        Body::from_stream(stream::iter(pieces))
    }

    async fn look(pieces: &[&str], judge: JudgeLate) -> (Findings, Body, Late) {
        look_at_body(body(pieces), form(), true, judge, &NamedSession::default()).await
    }

    async fn text(body: Body) -> Result<String, axum::Error> {
        Ok(String::from_utf8(body.collect().await?.to_bytes().to_vec()).unwrap())
    }

    fn never() -> JudgeLate {
        Box::new(|| LateTry::Admitted)
    }

    #[tokio::test]
    async fn the_app_gets_what_was_sent_piece_by_piece() {
        let (findings, body, late) = look(&["a=1&cm", "d=log", "in&usr=an", "na&pwd=x"], never()).await;
        assert!(findings.way_in);
        assert_eq!(findings.account.as_deref(), Some("anna"));
        assert_eq!(text(body).await.unwrap(), "a=1&cmd=login&usr=anna&pwd=x");
        assert!(late.get().is_none());
    }

    #[tokio::test]
    async fn a_known_length_stays_known() {
        let named = NamedSession::default();
        let (_, body, _) = look_at_body(Body::from("cmd=ping&x=1"), form(), true, never(), &named).await;
        assert_eq!(body.size_hint().exact(), Some(12));
        assert_eq!(text(body).await.unwrap(), "cmd=ping&x=1");
    }

    /// covers T4.3 (part)
    #[tokio::test]
    async fn a_command_behind_the_first_pieces_counts_when_it_comes() {
        let padding = format!("doc={}", "x".repeat(PEEK_BYTES));
        let (findings, body, late) = look(&[&padding, "&cmd=lo", "gin", "&usr=anna"], never()).await;
        assert!(!findings.way_in && late.get().is_none());
        assert_eq!(text(body).await.unwrap().len(), padding.len() + 19);
        assert!(matches!(late.get(), Some(LateTry::Admitted)));
    }

    /// covers T4.3 (part)
    #[tokio::test]
    async fn one_try_too_many_does_not_reach_the_app_wherever_it_stands() {
        let padding = format!("doc={}", "x".repeat(PEEK_BYTES));
        let (_, mut body, late) = look(&[&padding, "&cmd=lo", "gin", "&usr=anna"], Box::new(full)).await;
        let mut got = String::new();
        while let Some(Ok(frame)) = body.frame().await {
            got.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
        assert!(got.ends_with("&cmd=lo"), "{}", &got[got.len() - 20..]);
        assert!(matches!(late.get(), Some(LateTry::TooMany(refusal)) if refusal.is_login()));
    }

    /// Attack: a made-up token carries a session past the sign-in, far behind in the body.
    #[tokio::test]
    async fn a_session_that_may_not_be_named_does_not_reach_the_app_wherever_it_stands() {
        let padding = format!("doc={}", "x".repeat(PEEK_BYTES));
        for forbidden in [false, true] {
            let named = NamedSession::default();
            let pieces = body(&[&padding, "&x=1&s", "id=stolen", "&y=2"]);
            let (_, body, _) = look_at_body(pieces, form(), true, never(), &named).await;
            assert!(!forbidden || named.forbid(), "nothing is known of it yet");
            assert_eq!(text(body).await.is_err(), forbidden);
            assert!(!named.forbid(), "it is known by now");
        }
        let named = NamedSession::default();
        let (findings, ..) = look_at_body(body(&["usr=anna&%73id=x"]), form(), true, never(), &named).await;
        assert!(findings.session && !named.forbid());
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_breaks_off_for_the_app_too() {
        let pieces = vec![Ok(Bytes::from_static(b"cmd=pi")), Err(std::io::Error::other("gone"))];
        let (body, named) = (Body::from_stream(stream::iter(pieces)), NamedSession::default());
        let (_, body, _) = look_at_body(body, form(), true, never(), &named).await;
        assert!(text(body).await.is_err());
    }
}
