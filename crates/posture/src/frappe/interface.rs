//! Asking the running site.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue};
use palisade_config::read_file;
use serde_json::Value;
use tokio::time::timeout;

use super::FrappeSite;
use crate::Mend;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// What is asked: a GET of a path, in JSON.
#[derive(Clone, Debug)]
pub struct Question {
    /// Path and query.
    pub path: String,
    /// In whose name; `None`: a stranger's.
    pub authorization: Option<HeaderValue>,
}

/// What was answered, as a client gets it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as far as it was read: a mebibyte is enough.
    pub body: Vec<u8>,
}

/// The way to the running site, over the same connections that the gate uses.
#[async_trait]
pub trait Interface: Send + Sync {
    /// Asks.
    ///
    /// # Errors
    /// It does not answer: why.
    async fn ask(&self, question: Question) -> Result<Answer, String>;
}

/// Why something can't be seen, and what would let it be.
#[derive(Clone, Debug)]
pub(super) struct Unseen {
    pub(super) why: String,
    pub(super) mend: Mend,
}

impl Unseen {
    pub(super) fn new(why: impl Into<String>, mend: Mend) -> Self {
        Self { why: why.into(), mend }
    }
}

/// Asks in a stranger's name, and in that of the token's user.
#[derive(Clone)]
pub(super) struct Asker {
    interface: Arc<dyn Interface>,
    token: Result<HeaderValue, Unseen>,
}

impl Asker {
    pub(super) fn of(site: &FrappeSite) -> Self {
        Self { interface: Arc::clone(&site.interface), token: token(site) }
    }

    /// A stranger's question.
    pub(super) async fn as_stranger(&self, path: &str) -> Result<Answer, String> {
        self.ask(path, None).await
    }

    /// The same by the token's user; the answer has to be JSON, and not a refusal.
    pub(super) async fn as_manager(&self, path: &str) -> Result<Value, Unseen> {
        let token = self.token.clone()?;
        let answer = self.ask(path, Some(token)).await.map_err(not_answering)?;
        match answer.status {
            200 => serde_json::from_slice(&answer.body).map_err(|_| not_answering("its answer is no JSON".to_owned())),
            401 | 403 => Err(Unseen::new(
                format!("The site refuses the token of [site.bench] token_file (status {}).", answer.status),
                Mend::new("Give the token's user the role System Manager there, or make a new token."),
            )),
            status => Err(not_answering(format!("it answers {status}"))),
        }
    }

    /// An answer to the token's user, whatever its status; `None` where there is no token.
    pub(super) async fn any_as_manager(&self, path: &str) -> Option<Result<Answer, String>> {
        let token = self.token.clone().ok()?;
        Some(self.ask(path, Some(token)).await)
    }

    async fn ask(&self, path: &str, authorization: Option<HeaderValue>) -> Result<Answer, String> {
        let question = Question { path: path.to_owned(), authorization };
        let answer = timeout(PATIENCE, self.interface.ask(question)).await;
        answer.unwrap_or_else(|_| Err(format!("no answer within {} seconds", PATIENCE.as_secs())))
    }
}

pub(super) fn not_answering(why: String) -> Unseen {
    let mend = Mend::new("See whether the application runs and answers below /api. Then have it looked at again.");
    Unseen::new(format!("The running site could not be asked: {why}."), mend.by("palisade verify"))
}

fn token(site: &FrappeSite) -> Result<HeaderValue, Unseen> {
    let Some(path) = site.bench.as_ref().and_then(|bench| bench.token_file.as_ref()) else {
        let what = "In Frappe, make API access for a user with the role System Manager, put key:secret into a file of mode \
                    0600, and name it in palisade.toml: [site.bench] token_file.";
        return Err(Unseen::new(
            "The site tells this to a System Manager only, and no API token is configured.",
            Mend::new(what),
        ));
    };
    let unusable = |why: String| {
        let mend = Mend::new("Write key:secret into the file, as Frappe shows them.").by("palisade config check");
        Unseen::new(format!("The token file {} can't be used: {why}.", path.display()), mend)
    };
    let content = read_file(path).map_err(|error| unusable(error.to_string()))?;
    let header = [b"token ", content.trim_ascii()].concat();
    let mut header = HeaderValue::from_bytes(&header).map_err(|_| unusable("it holds no token".to_owned()))?;
    header.set_sensitive(true);
    Ok(header)
}
