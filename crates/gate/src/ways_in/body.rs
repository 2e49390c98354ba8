//! Looks at the beginning of a body before the app does, and keeps an eye on the rest of it while it passes.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, OnceLock},
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

/// Counts a try to sign in that was found in the middle of a body; says why it may not go on, where it may not.
pub(crate) type Refuse = Box<dyn Fn() -> Option<Refusal> + Send>;

/// What has been found in the rest of a body, after the app was asked.
#[derive(Clone, Default)]
pub(crate) struct Late(Arc<OnceLock<Option<Refusal>>>);

impl Late {
    /// Whether there was a try to sign in.
    pub(crate) fn found(&self) -> bool {
        self.0.get().is_some()
    }

    /// The refusal that stopped it.
    pub(crate) fn stopped(&self) -> Option<&Refusal> {
        self.0.get().and_then(Option::as_ref)
    }
}

/// Reads the beginning of a body. Gives what is in it, and the whole body again, for the app: the same pieces in the
/// same order, and the rest as it comes. `commands` says whether a command in it is a way in at all.
pub(crate) async fn look_at_body(
    mut body: Body,
    mut scanner: FieldScanner,
    commands: bool,
    refuse: Refuse,
) -> (Findings, Body, Late) {
    let (mut first, mut read) = (VecDeque::new(), 0);
    let enough = |scanner: &FieldScanner, read| {
        let found = scanner.complete();
        read >= PEEK_BYTES || (found.account.is_some() && (found.way_in || !commands))
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
    let watch =
        (commands && !findings.way_in && !body.is_end_stream()).then(|| Watch { scanner, refuse, late: late.clone() });
    (findings, Body::new(LookedAt { first, rest: body, watch }), late)
}

/// A body whose beginning has been read already.
struct LookedAt {
    first: VecDeque<Result<Frame<Bytes>, axum::Error>>,
    rest: Body,
    watch: Option<Watch>,
}

/// Looks for a command in what follows.
struct Watch {
    scanner: FieldScanner,
    refuse: Refuse,
    late: Late,
}

impl Watch {
    /// Whether these bytes may reach the app. They are held back where they are what makes the body a try to sign in.
    fn lets_pass(&mut self, bytes: &[u8]) -> bool {
        if !self.late.found() {
            self.scanner.feed(bytes);
            if self.scanner.findings().way_in {
                self.late.0.get_or_init(|| (self.refuse)());
            }
        }
        self.late.stopped().is_none()
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
            let stopped = std::io::Error::other("a try to sign in, one too many");
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
    fn full() -> Option<Refusal> {
        let limits = Limits::new(&Config::default(), &LimitBoard::default());
        let key = LimitKey::Session(1);
        (0..7).find_map(|_| limits.login.refuses(key, Instant::from_micros(1_000_000)))
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

    async fn look(pieces: &[&str], refuse: Refuse) -> (Findings, Body, Late) {
        look_at_body(body(pieces), form(), true, refuse).await
    }

    async fn text(body: Body) -> Result<String, axum::Error> {
        Ok(String::from_utf8(body.collect().await?.to_bytes().to_vec()).unwrap())
    }

    fn never() -> Refuse {
        Box::new(|| None)
    }

    #[tokio::test]
    async fn the_app_gets_what_was_sent_piece_by_piece() {
        let (findings, body, late) = look(&["a=1&cm", "d=log", "in&usr=an", "na&pwd=x"], never()).await;
        assert!(findings.way_in);
        assert_eq!(findings.account.as_deref(), Some("anna"));
        assert_eq!(text(body).await.unwrap(), "a=1&cmd=login&usr=anna&pwd=x");
        assert!(!late.found());
    }

    #[tokio::test]
    async fn a_known_length_stays_known() {
        let (_, body, _) = look_at_body(Body::from("cmd=ping&x=1"), form(), true, never()).await;
        assert_eq!(body.size_hint().exact(), Some(12));
        assert_eq!(text(body).await.unwrap(), "cmd=ping&x=1");
    }

    /// covers T4.3 (part)
    #[tokio::test]
    async fn a_command_behind_the_first_pieces_counts_when_it_comes() {
        let padding = format!("doc={}", "x".repeat(PEEK_BYTES));
        let (findings, body, late) = look(&[&padding, "&cmd=lo", "gin", "&usr=anna"], never()).await;
        assert!(!findings.way_in && !late.found());
        assert_eq!(text(body).await.unwrap().len(), padding.len() + 19);
        assert!(late.found() && late.stopped().is_none());
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
        assert!(late.stopped().is_some_and(Refusal::is_login));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_breaks_off_for_the_app_too() {
        let pieces = vec![Ok(Bytes::from_static(b"cmd=pi")), Err(std::io::Error::other("gone"))];
        let (_, body, _) = look_at_body(Body::from_stream(stream::iter(pieces)), form(), true, never()).await;
        assert!(text(body).await.is_err());
    }
}
