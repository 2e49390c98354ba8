//! What a CA asks us to show while an order is under way. Nothing else is ever shown.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use rustls::sign::CertifiedKey;

/// The longest token that is looked up; CAs use about 43 characters.
const LONGEST_TOKEN: usize = 128;

/// Pending challenges. Reading takes no lock.
#[derive(Default)]
pub(crate) struct Challenges {
    http: ArcSwap<HashMap<String, String>>,
    tls: ArcSwap<HashMap<String, Arc<CertifiedKey>>>,
}

/// A challenge that is shown until this is dropped.
pub(crate) struct Pending {
    challenges: Arc<Challenges>,
    what: What,
}

enum What {
    Http(String),
    Tls(String),
}

impl Challenges {
    /// The answer to a token that is pending.
    pub(crate) fn answer(&self, token: &str) -> Option<String> {
        is_token(token).then(|| self.http.load().get(token).cloned()).flatten()
    }

    /// The certificate of proof for this name, while one is asked for.
    pub(crate) fn proof(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.tls.load().get(name).cloned()
    }

    pub(crate) fn show_http(self: &Arc<Self>, token: &str, answer: &str) -> Pending {
        self.http.rcu(|old| with(old, token, answer.to_owned()));
        Pending { challenges: Arc::clone(self), what: What::Http(token.to_owned()) }
    }

    pub(crate) fn show_tls(self: &Arc<Self>, name: &str, proof: &Arc<CertifiedKey>) -> Pending {
        self.tls.rcu(|old| with(old, name, Arc::clone(proof)));
        Pending { challenges: Arc::clone(self), what: What::Tls(name.to_owned()) }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        match &self.what {
            What::Http(token) => drop(self.challenges.http.rcu(|old| without(old, token))),
            What::Tls(name) => drop(self.challenges.tls.rcu(|old| without(old, name))),
        }
    }
}

/// base64url, as RFC 8555 has it.
pub(crate) fn is_token(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=LONGEST_TOKEN).contains(&text.len()) && text.bytes().all(fits)
}

fn with<V: Clone>(old: &HashMap<String, V>, key: &str, value: V) -> HashMap<String, V> {
    let mut new = old.clone();
    new.insert(key.to_owned(), value);
    new
}

fn without<V: Clone>(old: &HashMap<String, V>, key: &str) -> HashMap<String, V> {
    let mut new = old.clone();
    new.remove(key);
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pending_token_is_answered_and_only_while_it_is() {
        let challenges = Arc::new(Challenges::default());
        let pending = challenges.show_http("abc-_9", "abc-_9.thumb");
        assert_eq!(challenges.answer("abc-_9").as_deref(), Some("abc-_9.thumb"));
        for other in ["abc", "abc-_9/", "../abc-_9", "", "abc-_9%20", &"a".repeat(129)] {
            assert_eq!(challenges.answer(other), None, "{other}");
        }
        drop(pending);
        assert_eq!(challenges.answer("abc-_9"), None);
    }
}
