//! Finding entries, newest first, and following new ones.
//!
//! Reading the trail is an access event of its own: whoever offers it to people appends one.

use palisade_base::{Category, Instant};
use palisade_store::SqlBuilder;

use crate::{Entry, Trail, TrailError, store};

/// The most entries in one page.
pub const LARGEST_PAGE: usize = 500;
/// Without a filter that an index serves, so many leaves are looked at in one query …
const WINDOW: u64 = 50_000;
/// … and so many before a page is given back as it is.
const FARTHEST: u64 = 1_000_000;

/// What entries must be like. Everything that is set must fit; empty fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailFilter {
    /// The category.
    pub category: Option<Category>,
    /// Exactly this actor, as stored: `user:<id>`, `anonymous`, …
    pub actor: Option<String>,
    /// The action starts so: `employee.` or `session.start`.
    pub action: Option<String>,
    /// Exactly this resource (`employee:<id>`), or all of a kind (`employee`).
    pub resource: Option<String>,
    /// Only what succeeded, or only what failed.
    pub succeeded: Option<bool>,
    /// Exactly this client address.
    pub address: Option<String>,
    /// Exactly this session.
    pub session: Option<String>,
    /// Not before this instant.
    pub from: Option<Instant>,
    /// Before this instant.
    pub until: Option<Instant>,
    /// This text somewhere in actor, action, resource, outcome, agent or detail; case does not count.
    pub text: Option<String>,
}

/// A page of entries, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where older ones go on (`before` of the next page); `None` at the beginning of the trail. A page may have few
    /// entries or none and still go on: looking stops after a million leaves.
    pub older: Option<u64>,
}

/// New entries, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailNews {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where to go on (`from` of the next call).
    pub next: u64,
}

impl Trail {
    /// Entries that fit, newest first, with numbers below `before` (or from the end), at most `limit`
    /// (and at most [`LARGEST_PAGE`]).
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn search(
        &self,
        filter: &TrailFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<TrailPage, TrailError> {
        let limit = limit.clamp(1, LARGEST_PAGE);
        let mut conn = self.0.store.read().await?;
        let end = self.next_number(&mut conn).await?;
        let start = before.map_or(end, |before| before.min(end));
        let (mut entries, mut top) = (Vec::new(), start);
        while top > 0 && entries.len() < limit && start - top < FARTHEST {
            let bottom = if filter.is_indexed() { 0 } else { top.saturating_sub(WINDOW) };
            let wanted = limit - entries.len();
            let sql = filter.select(bottom, top, "DESC", wanted);
            let found = store::read_entries(&mut conn, sql).await?;
            // A full page stops at its last entry; otherwise the whole window was looked at.
            top = found.last().filter(|_| found.len() == wanted).map_or(bottom, |last| last.seq);
            entries.extend(found);
        }
        Ok(TrailPage { entries, older: (top > 0).then_some(top) })
    }

    /// Entries that fit, from number `from` on, oldest first: for following the trail. `None` starts at its end.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn tail(&self, filter: &TrailFilter, from: Option<u64>, limit: usize) -> Result<TrailNews, TrailError> {
        let limit = limit.clamp(1, LARGEST_PAGE);
        let mut conn = self.0.store.read().await?;
        let end = self.next_number(&mut conn).await?;
        let from = from.unwrap_or(end);
        let entries = store::read_entries(&mut conn, filter.select(from, end, "ASC", limit)).await?;
        let next = entries.last().filter(|_| entries.len() == limit).map_or(end.max(from), |last| last.seq + 1);
        Ok(TrailNews { entries, next })
    }

    /// One entry by its number.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn entry(&self, seq: u64) -> Result<Option<Entry>, TrailError> {
        let mut conn = self.0.store.read().await?;
        let sql = TrailFilter::default().select(seq, seq.saturating_add(1), "ASC", 1);
        Ok(store::read_entries(&mut conn, sql).await?.pop())
    }

    async fn next_number(&self, conn: &mut palisade_store::Conn) -> Result<u64, TrailError> {
        let ends = store::read_ends(conn).await?;
        Ok(ends.map_or(0, |(_, last)| store::unsigned(last.saturating_add(1))))
    }
}

impl TrailFilter {
    /// Whether an index leads to the entries; without one the trail is looked through window by window.
    fn is_indexed(&self) -> bool {
        self.is_empty() || self.actor.is_some() || self.resource.as_ref().is_some_and(|resource| resource.contains(':'))
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn select(&self, bottom: u64, top: u64, order: &'static str, limit: usize) -> SqlBuilder {
        let mut sql = store::select_entries(bottom, top);
        let texts =
            [(" AND actor = ", &self.actor), (" AND address = ", &self.address), (" AND session = ", &self.session)];
        for (fragment, text) in texts {
            if let Some(text) = text {
                sql.push(fragment).value(text);
            }
        }
        if let Some(category) = self.category {
            sql.push(" AND category = ").value(category.as_str());
        }
        if let Some(action) = &self.action {
            push_prefix(&mut sql, " AND substr(action, 1, length(", action);
        }
        self.push_resource(&mut sql);
        match self.succeeded {
            None => {}
            Some(true) => drop(sql.push(" AND outcome = 'success'")),
            Some(false) => drop(sql.push(" AND outcome <> 'success'")),
        }
        if let Some(from) = self.from {
            sql.push(" AND at >= ").value(from);
        }
        if let Some(until) = self.until {
            sql.push(" AND at < ").value(until);
        }
        self.push_text(&mut sql);
        sql.push(" ORDER BY seq ").push(order).push(" LIMIT ").value(i64::try_from(limit).unwrap_or(i64::MAX));
        sql
    }

    fn push_resource(&self, sql: &mut SqlBuilder) {
        match &self.resource {
            None => {}
            Some(exact) if exact.contains(':') => drop(sql.push(" AND resource = ").value(exact)),
            Some(kind) => {
                sql.push(" AND (resource = ").value(kind);
                push_prefix(sql, " OR substr(resource, 1, length(", &format!("{kind}:"));
                sql.push(")");
            }
        }
    }

    fn push_text(&self, sql: &mut SqlBuilder) {
        let Some(text) = self.text.as_ref().filter(|text| !text.is_empty()) else { return };
        let pattern = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        // Both sides go through the engine's own `lower`, so that they agree on what a capital is.
        let columns = ["lower(actor", "lower(action", "lower(resource", "lower(outcome", "lower(agent", "lower(detail"];
        for (n, column) in columns.into_iter().enumerate() {
            sql.push(if n == 0 { " AND (" } else { " OR " }).push(column).push(") LIKE lower(");
            sql.value(&pattern).push(") ESCAPE '\\'");
        }
        sql.push(")");
    }
}

/// `substr(column, 1, length(prefix)) = prefix`: unlike `LIKE`, the same on both engines.
fn push_prefix(sql: &mut SqlBuilder, fragment: &'static str, prefix: &str) {
    sql.push(fragment).value(prefix).push(")) = ").value(prefix);
}
