//! `palisade trail …`

use std::{collections::HashSet, time::Duration};

use palisade_base::{Caller, Category, Error, FieldError, Instant, Kind, Resource, TrailEntry};
use palisade_trail::{Entry, LARGEST_PAGE, NamedActor, TrailFilter, VerifierKey, VerifyOptions};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    time::timeout,
};

use super::{Answer, Control};
use crate::control::TrailQuery;

/// How often a client that follows the trail is told that nothing is new, which shows whether it is still there.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);
/// How much of an export may wait for the client to read it.
const EXPORT_BUFFER: usize = 256 * 1024;

impl Control {
    pub(super) async fn tail_trail(
        &self,
        caller: &Caller,
        query: TrailQuery,
        lines: usize,
        follow: bool,
        answer: &mut Answer<'_>,
    ) -> Result<Value, Error> {
        let filter = self.read_query(caller, query).await?;
        self.trace(caller, "trail.read").await?;
        let mut sent = 0;
        if lines > 0 {
            let page = self.trail.search(&filter, None, lines.min(LARGEST_PAGE)).await?;
            for entry in self.named(&page.entries).await?.into_iter().rev() {
                answer.item(entry).await?;
            }
            sent = page.entries.len();
            if follow {
                let next = page.entries.first().map(|newest| newest.seq + 1);
                self.follow(&filter, next, answer).await?;
            }
        } else if follow {
            self.follow(&filter, None, answer).await?;
        }
        Ok(json!({ "entries": sent }))
    }

    /// Goes on until the server stops, or the client has hung up (an error that nobody reads).
    async fn follow(&self, filter: &TrailFilter, mut next: Option<u64>, answer: &mut Answer<'_>) -> Result<(), Error> {
        let written = self.store.leaves_written();
        loop {
            let news = self.trail.tail(filter, next, LARGEST_PAGE).await?;
            for entry in self.named(&news.entries).await? {
                answer.item(entry).await?;
            }
            next = Some(news.next);
            if news.entries.len() == LARGEST_PAGE {
                continue;
            }
            tokio::select! {
                waited = timeout(FOLLOW_EVERY, written.notified()) => {
                    if waited.is_err() {
                        answer.waiting().await?;
                    }
                }
                () = answer.server_stops() => return Ok(()),
            }
        }
    }

    pub(super) async fn search_trail(
        &self,
        caller: &Caller,
        query: TrailQuery,
        limit: u64,
        answer: &mut Answer<'_>,
    ) -> Result<Value, Error> {
        let filter = self.read_query(caller, query).await?;
        self.trace(caller, "trail.read").await?;
        let (mut sent, mut before) = (0, None);
        while sent < limit {
            let wanted = usize::try_from(limit - sent).unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
            let page = answer.during(async { Ok(self.trail.search(&filter, before, wanted).await?) }).await?;
            for entry in self.named(&page.entries).await? {
                answer.item(entry).await?;
            }
            sent += page.entries.len() as u64;
            before = page.older;
            if before.is_none() {
                break;
            }
            answer.waiting().await?;
        }
        Ok(json!({ "entries": sent, "more": before.is_some() && sent == limit }))
    }

    pub(super) async fn export_trail(&self, caller: &Caller, answer: &mut Answer<'_>) -> Result<Value, Error> {
        self.trace(caller, "trail.export").await?;
        let (mut out, input) = tokio::io::duplex(EXPORT_BUFFER);
        let write = async {
            let summary = self.trail.export(&mut out).await?;
            // Without this, the reader would wait for more.
            drop(out);
            Ok::<_, Error>(summary)
        };
        let read = async {
            let mut lines = BufReader::new(input).lines();
            while let Some(line) = lines.next_line().await.map_err(Error::internal)? {
                answer.item(serde_json::from_str(&line).map_err(Error::internal)?).await?;
            }
            Ok::<_, Error>(())
        };
        let (summary, ()) = tokio::try_join!(write, read)?;
        Ok(json!(summary))
    }

    pub(super) async fn verify_trail(
        &self,
        caller: &Caller,
        against: &str,
        key: Option<&str>,
        answer: &mut Answer<'_>,
    ) -> Result<Value, Error> {
        let options = verify_options(against, key)?;
        self.trace(caller, "trail.verify").await?;
        answer.progress("Reading the whole trail.").await?;
        let report = answer.during(async { Ok(self.trail.verify(options).await?) }).await?;
        Ok(json!(report))
    }

    /// Entries as they go out: with `actor_name` where the actor is a user or a key that is still known.
    async fn named(&self, entries: &[Entry]) -> Result<Vec<Value>, Error> {
        let (mut users, mut keys) = (HashSet::new(), HashSet::new());
        for actor in entries.iter().filter_map(|entry| NamedActor::parse(&entry.actor)) {
            match actor {
                NamedActor::User(user) => drop(users.insert(user)),
                NamedActor::ApiKey(key) => drop(keys.insert(key)),
            }
        }
        let (users, keys) = (Vec::from_iter(users), Vec::from_iter(keys));
        let names = self.identity.names(&users, &keys).await?;
        let named = |entry: &Entry| {
            let name = match NamedActor::parse(&entry.actor) {
                Some(NamedActor::User(user)) => names.users.get(&user),
                Some(NamedActor::ApiKey(key)) => names.keys.get(&key),
                None => None,
            };
            let mut value = json!(entry);
            value["actor_name"] = json!(name);
            value
        };
        Ok(entries.iter().map(named).collect())
    }

    /// That the trail was read or taken out stands in the trail.
    async fn trace(&self, caller: &Caller, action: &'static str) -> Result<(), Error> {
        let entry = TrailEntry::new(Category::Access, caller, action, Resource::whole("trail"));
        Ok(self.store.append(&[entry]).await?)
    }

    async fn read_query(&self, caller: &Caller, query: TrailQuery) -> Result<TrailFilter, Error> {
        let actor = match query.user {
            Some(login) => Some(format!("user:{}", self.find_user(caller, &login).await?.id)),
            None => query.actor,
        };
        Ok(TrailFilter {
            category: query.category.as_deref().map(category).transpose()?,
            actor,
            action: query.action,
            resource: query.resource,
            succeeded: query.failed.then_some(false),
            address: query.address,
            session: None,
            from: query.from.as_deref().map(instant).transpose()?,
            until: query.until.as_deref().map(instant).transpose()?,
            text: query.text,
        })
    }
}

fn category(name: &str) -> Result<Category, Error> {
    Category::ALL.into_iter().find(|category| category.as_str() == name).ok_or_else(|| {
        let known = Category::ALL.map(Category::as_str).join(", ");
        Error::new(Kind::Invalid, format!("{name:?} is no category. There are: {known}."))
    })
}

fn instant(text: &str) -> Result<Instant, Error> {
    let hint = || Error::new(Kind::Invalid, format!("{text:?} is no instant. Write it as 2026-03-01T09:30:00Z."));
    Instant::parse(text).map_err(|_| hint())
}

/// What to verify against: seals from outside, as text, and the public key that was noted down.
pub(crate) fn verify_options(against: &str, key: Option<&str>) -> Result<VerifyOptions, Error> {
    let vkey = key.map(VerifierKey::parse).transpose().map_err(|error| {
        Error::invalid(vec![FieldError { field: "key".into(), message: format!("--key can't be used: {error}.") }])
    })?;
    Ok(VerifyOptions { vkey, ..VerifyOptions::default() }.against_text(against))
}
