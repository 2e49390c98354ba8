//! Looks at the beginning of a body before the app does, and keeps an eye on the rest of it while it passes.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;

use super::fields::{FieldScanner, Findings};

/// How much of a body is read before the app is asked. What Frappe's own pages send to sign in is a tenth of a KiB;
/// a command that comes later than this is found while it passes.
const PEEK_BYTES: usize = 64 * 1_024;

/// How much is held back while a command goes on over several pieces. No method has a name of that length.
const WAIT_BYTES: usize = 16 * 1_024;

/// Judges what has been found in the middle of a body, all of it each time.
pub(crate) type Judge = Box<dyn FnMut(&Findings) -> Judgement + Send>;

/// What comes of it.
pub(crate) struct Judgement {
    /// It makes the request a try to sign in.
    pub(crate) is_try: bool,
    /// The answer, where it may not go on.
    pub(crate) answer: Option<Response>,
}

/// What has become of the rest of a body, after the app was asked.
#[derive(Clone, Default)]
pub(crate) struct Late(Arc<Mutex<LateState>>);

#[derive(Default)]
struct LateState {
    found_try: bool,
    answer: Option<Response>,
}

impl Late {
    /// Whether there was a try to sign in.
    pub(crate) fn found_try(&self) -> bool {
        self.with(|state| state.found_try)
    }

    /// The answer to the request in place of the app's, where the rest was held back.
    pub(crate) fn take_answer(&self) -> Option<Response> {
        self.with(|state| state.answer.take())
    }

    fn with<T>(&self, f: impl FnOnce(&mut LateState) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads the beginning of a body. Gives what is in it, and the whole body again, for the app: the same pieces in the
/// same order, and the rest as it comes. `commands`: whether a command in it has a say; then `judge` is asked for who
/// judges those that may come later.
pub(crate) async fn look_at_body(
    mut body: Body,
    mut scanner: FieldScanner,
    commands: bool,
    judge: impl FnOnce(&Findings) -> Judge + Send,
) -> (Findings, Body, Late) {
    let (mut ready, mut read) = (VecDeque::new(), 0);
    let enough = |scanner: &FieldScanner| !commands && scanner.complete().account.is_some();
    while read < PEEK_BYTES && !enough(&scanner) {
        let Some(frame) = body.frame().await else { break };
        if let Some(data) = frame.as_ref().ok().and_then(Frame::data_ref) {
            scanner.feed(data);
            read += data.len();
        }
        let broken = frame.is_err();
        ready.push_back(frame);
        if broken {
            break;
        }
    }
    let late = Late::default();
    if !commands || read < PEEK_BYTES || body.is_end_stream() {
        return (scanner.findings(), Body::new(LookedAt { ready, holds: false, rest: body, watch: None }), late);
    }
    let (found, holds) = (scanner.complete().clone(), scanner.is_undecided());
    let (judge, judged) = (judge(&found), found.clone());
    let watch = Some(Watch { scanner, judge, judged, waited: 0, late: late.clone(), stopped: false });
    (found, Body::new(LookedAt { ready, holds, rest: body, watch }), late)
}

/// A body whose beginning has been read already.
struct LookedAt {
    /// Pieces that have been read, and not been handed on.
    ready: VecDeque<Result<Frame<Bytes>, axum::Error>>,
    /// The last of them ends within a command: they wait for its other end.
    holds: bool,
    rest: Body,
    watch: Option<Watch>,
}

/// Looks for commands in what follows.
struct Watch {
    scanner: FieldScanner,
    judge: Judge,
    /// What has been judged.
    judged: Findings,
    /// How many bytes wait to be handed on.
    waited: usize,
    late: Late,
    stopped: bool,
}

impl Watch {
    /// Looks at the next piece; `last` where none follows. Gives whether what was read must wait for more.
    fn look_at(&mut self, piece: &[u8], last: bool) -> Result<bool, axum::Error> {
        self.scanner.feed(piece);
        let waits = !last && self.waited <= WAIT_BYTES && self.scanner.is_undecided();
        let found = if waits { self.scanner.complete().clone() } else { self.scanner.findings() };
        self.waited = if waits { self.waited + piece.len() } else { 0 };
        if self.judged != found {
            self.stopped |= self.is_refused(&found);
            self.judged = found;
        }
        if self.stopped { Err(stopped()) } else { Ok(waits) }
    }

    fn is_refused(&mut self, found: &Findings) -> bool {
        let Judgement { is_try, answer } = (self.judge)(found);
        let refused = answer.is_some();
        self.late.with(|state| {
            state.found_try |= is_try;
            state.answer = answer.or(state.answer.take());
        });
        refused
    }
}

fn stopped() -> axum::Error {
    axum::Error::new(io::Error::other("the body has a command that may not be given"))
}

impl http_body::Body for LookedAt {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        loop {
            if this.watch.as_ref().is_some_and(|watch| watch.stopped) {
                return Poll::Ready(Some(Err(stopped())));
            }
            if !this.holds
                && let Some(frame) = this.ready.pop_front()
            {
                return Poll::Ready(Some(frame));
            }
            let frame = ready!(Pin::new(&mut this.rest).poll_frame(cx));
            if let Some(watch) = &mut this.watch {
                let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref);
                let last = data.is_none() || this.rest.is_end_stream();
                match watch.look_at(data.map(Bytes::as_ref).unwrap_or_default(), last) {
                    Ok(holds) => this.holds = holds,
                    Err(error) => return Poll::Ready(Some(Err(error))),
                }
            }
            match frame {
                Some(frame) => this.ready.push_back(frame),
                None if this.ready.is_empty() => return Poll::Ready(None),
                None => {}
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let read: u64 = self.ready.iter().filter_map(|frame| frame.as_ref().ok()?.data_ref()).map(size).sum();
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
    use axum::response::IntoResponse as _;
    use futures_util::stream;
    use http::{HeaderMap, HeaderValue, StatusCode, header};

    use super::*;
    use crate::calls::Call;

    /// No try to sign in passes.
    fn full() -> Judge {
        Box::new(|found| {
            let answer = found.way_in.then(|| StatusCode::TOO_MANY_REQUESTS.into_response());
            Judgement { is_try: found.way_in, answer }
        })
    }

    /// This method is closed.
    fn closed(name: &'static str) -> Judge {
        let closes = move |found: &Findings| found.commands.may_be(|call| call.covers(Call::Named(name)));
        let answer = |closes: bool| closes.then(|| StatusCode::FORBIDDEN.into_response());
        Box::new(move |found| Judgement { is_try: false, answer: answer(closes(found)) })
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

    async fn look(pieces: &[&str], judge: Judge) -> (Findings, Body, Late) {
        look_at_body(body(pieces), form(), true, |_| judge).await
    }

    async fn text(body: Body) -> Result<String, axum::Error> {
        Ok(String::from_utf8(body.collect().await?.to_bytes().to_vec()).unwrap())
    }

    fn never() -> Judge {
        Box::new(|found| Judgement { is_try: found.way_in, answer: None })
    }

    /// What gets to the app before the body ends or is held back.
    async fn arrived(mut body: Body) -> String {
        let mut got = String::new();
        while let Some(Ok(frame)) = body.frame().await {
            got.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
        got
    }

    fn status(late: &Late) -> Option<u16> {
        late.take_answer().map(|answer| answer.status().as_u16())
    }

    fn padding() -> String {
        format!("doc={}", "x".repeat(PEEK_BYTES))
    }

    #[tokio::test]
    async fn the_app_gets_what_was_sent_piece_by_piece() {
        let (findings, body, late) = look(&["a=1&cm", "d=log", "in&usr=an", "na&pwd=x"], never()).await;
        assert!(findings.way_in);
        assert_eq!(findings.account.as_deref(), Some("anna"));
        assert_eq!(text(body).await.unwrap(), "a=1&cmd=login&usr=anna&pwd=x");
        assert!(!late.found_try());
    }

    #[tokio::test]
    async fn a_known_length_stays_known() {
        let (_, body, _) = look_at_body(Body::from("cmd=ping&x=1"), form(), true, |_| never()).await;
        assert_eq!(body.size_hint().exact(), Some(12));
        assert_eq!(text(body).await.unwrap(), "cmd=ping&x=1");
    }

    /// covers T4.3 (part)
    #[tokio::test]
    async fn a_command_behind_the_first_pieces_counts_when_it_comes() {
        let padding = padding();
        let (findings, body, late) = look(&[&padding, "&cmd=lo", "gin", "&usr=anna"], never()).await;
        assert!(!findings.way_in && !late.found_try());
        assert_eq!(text(body).await.unwrap().len(), padding.len() + 19);
        assert!(late.found_try() && late.take_answer().is_none());
    }

    /// covers T4.3 (part)
    #[tokio::test]
    async fn one_try_too_many_does_not_reach_the_app_wherever_it_stands() {
        let padding = padding();
        for pieces in
            [&["&cmd=lo", "gin", "&usr=anna"][..], &["&cmd=login"], &["&x=1", "&cmd=log", "in"], &["&cmd=login&a=b"]]
        {
            let (_, body, late) = look(&[&[padding.as_str()], pieces].concat(), full()).await;
            let got = arrived(body).await;
            assert!(!got.contains("cmd"), "{}", &got[got.len() - 20..]);
            assert!(late.found_try() && status(&late) == Some(429), "{pieces:?}");
        }
    }

    /// covers K4.2 (part)
    #[tokio::test]
    async fn what_is_closed_is_told_from_what_only_begins_like_it_wherever_the_pieces_end() {
        let padding = padding();
        for (pieces, closes) in [
            (&["&cmd=secret"][..], true),
            (&["&cmd=secret", "&x=1"], true),
            (&["&cmd=sec", "ret", ""], true),
            (&["&cmd=ping&cmd=secret&cmd=ping"], true),
            (&["&cmd=secret", "ly"], false),
            (&["&cmd=secret", "", "ly", "&x=1"], false),
            (&["&cmd=secretly"], false),
            (&["&xcmd=secret"], false),
        ] {
            let pieces = [&[padding.as_str()], pieces].concat();
            let (findings, body, late) = look(&pieces, closed("secret")).await;
            assert!(findings.commands.is_empty());
            let got = arrived(body).await;
            assert_eq!(got == pieces.concat(), !closes, "{:?}", &pieces[1..]);
            assert_eq!(status(&late), closes.then_some(403), "{:?}", &pieces[1..]);
        }
        let split = format!("{padding}&cmd=secret");
        let (findings, body, late) = look(&[&split, "ly"], closed("secret")).await;
        assert!(findings.commands.is_empty(), "what the beginning ends with is not decided yet");
        assert!(arrived(body).await.ends_with("cmd=secretly") && status(&late).is_none());
    }

    /// Attack: a made-up token carries a session past the sign-in, far behind in the body.
    #[tokio::test]
    async fn a_session_that_may_not_be_named_does_not_reach_the_app_wherever_it_stands() {
        let forbidden = || -> Judge {
            Box::new(|found| {
                let answer = found.session.then(|| StatusCode::UNAUTHORIZED.into_response());
                Judgement { is_try: false, answer }
            })
        };
        let padding = padding();
        for (pieces, stops) in
            [(&["&x=1&s", "id=stolen", "&y=2"][..], true), (&["&%73id=", "stolen"], true), (&["&sit=stolen"], false)]
        {
            let pieces = [&[padding.as_str()], pieces].concat();
            let (_, body, late) = look(&pieces, forbidden()).await;
            assert_eq!(arrived(body).await.contains("stolen"), !stops, "{:?}", &pieces[1..]);
            assert_eq!(status(&late), stops.then_some(401), "{:?}", &pieces[1..]);
        }
        let (findings, ..) = look(&["usr=anna&%73id=x"], forbidden()).await;
        assert!(findings.session, "what is found at once, the layers judge");
    }

    #[tokio::test]
    async fn a_command_without_an_end_is_not_waited_for() {
        let (padding, long) = (padding(), "x".repeat(WAIT_BYTES));
        let pieces = [&padding, "&cmd=a", &long, &long, &long];
        let (_, body, late) = look(&pieces, closed("secret")).await;
        assert!(arrived(body).await.len() < padding.len() + 3 * WAIT_BYTES);
        assert_eq!(status(&late), Some(403), "what can't be read may be anything");
        let (_, body, _) = look(&pieces, never()).await;
        assert_eq!(arrived(body).await, pieces.concat());
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_breaks_off_for_the_app_too() {
        let pieces = vec![Ok(Bytes::from_static(b"cmd=pi")), Err(std::io::Error::other("gone"))];
        let (_, body, _) = look_at_body(Body::from_stream(stream::iter(pieces)), form(), true, |_| never()).await;
        assert!(text(body).await.is_err());
    }
}
