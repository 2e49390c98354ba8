//! Finding entries, and naming who acted.

use std::collections::HashMap;

use async_trait::async_trait;
use palisade_base::{
    Actor, ApiKeyId, Authority, Caller, Category, Error, Instant, Origin, Resource, SessionId, Span, TrailEntry, UserId,
};
use palisade_testkit::{TestStore, on_both_engines};
use palisade_trail::{ActorNames, NamedActor, Trail, TrailFilter, name_actors};
use uuid::Uuid;

use crate::{
    MIGRATOR,
    support::{open, tamper, write},
};

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn caller(actor: Actor, address: &str, session: u128) -> Caller {
    let origin = Origin {
        address: Some(address.parse().unwrap()),
        session: Some(SessionId(Uuid::from_u128(session))),
        ..Origin::default()
    };
    Caller { actor, ..Caller::anonymous(origin) }
}

/// Five entries, a minute apart, after the vault's own two.
async fn some_entries(db: &TestStore) -> Trail {
    let trail = open(db).await;
    let admin = caller(Actor::User(user(1)), "192.0.2.1", 1);
    let key = Actor::ApiClient { key: ApiKeyId(Uuid::from_u128(9)), owner: user(1) };
    let stranger = caller(Actor::Anonymous, "2001:db8::1", 2);
    let employee = Resource::new("employee", 7);
    let entries = [
        TrailEntry::new(Category::Authentication, &stranger, "session.start", Resource::whole("session"))
            .failed("password"),
        TrailEntry::new(Category::Authentication, &admin, "session.start", Resource::new("session", 1)),
        TrailEntry::new(Category::Change, &admin, "employee.update", employee.clone()).changed(
            "name",
            "Ömer 100%".into(),
            "Omer".into(),
        ),
        TrailEntry::new(Category::Change, &caller(key, "192.0.2.9", 3), "employee.archive", employee),
        TrailEntry::new(
            Category::Access,
            &Caller::job("export", Authority::none()),
            "employees.read",
            Resource::whole("employee"),
        ),
    ];
    for entry in entries {
        db.clock.advance(Span::minutes(1));
        db.store.append(&[entry]).await.unwrap();
    }
    trail.flush_seal().await.unwrap();
    trail
}

async fn find(trail: &Trail, filter: TrailFilter) -> Vec<u64> {
    let page = trail.search(&filter, None, 100).await.unwrap();
    assert_eq!(page.older, None);
    page.entries.iter().map(|entry| entry.seq).collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// The instant that many minutes after the test's start.
fn minute(n: i64) -> Option<Instant> {
    Some(palisade_testkit::ManualClock::START + Span::minutes(n))
}

struct Directory;

#[async_trait]
impl ActorNames for Directory {
    async fn names(&self, actors: &[NamedActor]) -> Result<HashMap<NamedActor, String>, Error> {
        let known = actors.iter().filter(|actor| **actor == NamedActor::User(user(1)));
        Ok(known.map(|actor| (*actor, "Ada Admin".to_owned())).collect())
    }
}

on_both_engines! {
    /// covers K6.1 (part), K6.2 (part)
    async fn every_filter_finds_what_fits_and_nothing_else(db: TestStore) {
        let trail = some_entries(&db).await;
        let all = TrailFilter::default;
        assert_eq!(find(&trail, all()).await, [6, 5, 4, 3, 2, 1, 0]);
        assert_eq!(find(&trail, TrailFilter { category: Some(Category::Authentication), ..all() }).await, [3, 2]);
        assert_eq!(find(&trail, TrailFilter { actor: Some(format!("user:{}", user(1))), ..all() }).await, [4, 3]);
        assert_eq!(find(&trail, TrailFilter { action: some("employee."), ..all() }).await, [5, 4]);
        assert_eq!(find(&trail, TrailFilter { action: some("Employee."), ..all() }).await, [0_u64; 0]);
        assert_eq!(find(&trail, TrailFilter { resource: some("employee:7"), ..all() }).await, [5, 4]);
        assert_eq!(find(&trail, TrailFilter { resource: some("employee"), ..all() }).await, [6, 5, 4]);
        assert_eq!(find(&trail, TrailFilter { succeeded: Some(false), ..all() }).await, [2]);
        assert_eq!(find(&trail, TrailFilter { succeeded: Some(true), ..all() }).await, [6, 5, 4, 3, 1, 0]);
        assert_eq!(find(&trail, TrailFilter { address: some("2001:db8::1"), ..all() }).await, [2]);
        let session = Some(Uuid::from_u128(3).to_string());
        assert_eq!(find(&trail, TrailFilter { session, ..all() }).await, [5]);
        assert_eq!(find(&trail, TrailFilter { from: minute(2), until: minute(4), ..all() }).await, [4, 3]);
        let both = TrailFilter { actor: Some(format!("user:{}", user(1))), action: some("session."), ..all() };
        assert_eq!(find(&trail, both).await, [3]);
    }

    async fn free_text_is_searched_as_it_is_typed(db: TestStore) {
        let trail = some_entries(&db).await;
        for (text, found) in [
            ("OMER", vec![4]),
            ("Ömer", vec![4]),
            ("100%", vec![4]),
            ("1%0", vec![]),
            ("o_er", vec![]),
            ("\\", vec![]),
            ("' OR 1=1 --", vec![]),
            ("password", vec![2]),
            ("job:export", vec![6]),
        ] {
            assert_eq!(find(&trail, TrailFilter { text: some(text), ..TrailFilter::default() }).await, found, "{text}");
        }
    }

    async fn pages_follow_each_other_without_gap_or_overlap(db: TestStore) {
        let trail = open(&db).await;
        write(&db, 0, 23).await;
        trail.flush_seal().await.unwrap();
        let filter = TrailFilter { action: some("employee."), ..TrailFilter::default() };
        let (mut before, mut seen) = (None, Vec::new());
        loop {
            let page = trail.search(&filter, before, 5).await.unwrap();
            assert!(page.entries.len() <= 5);
            seen.extend(page.entries.iter().map(|entry| entry.seq));
            before = page.older;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, (2..25).rev().collect::<Vec<u64>>());
        assert!(trail.search(&filter, Some(0), 5).await.unwrap().entries.is_empty());
        assert_eq!(trail.search(&filter, Some(u64::MAX), 5).await.unwrap().entries[0].seq, 24);
    }

    async fn new_entries_are_followed_in_order(db: TestStore) {
        let trail = some_entries(&db).await;
        let filter = TrailFilter { category: Some(Category::Change), ..TrailFilter::default() };
        let start = trail.tail(&filter, None, 10).await.unwrap();
        assert_eq!((start.entries.len(), start.next), (0, 7));
        write(&db, 0, 3).await;
        trail.flush_seal().await.unwrap();
        let news = trail.tail(&filter, Some(start.next), 2).await.unwrap();
        assert_eq!((news.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), news.next), (vec![7, 8], 9));
        let news = trail.tail(&filter, Some(news.next), 2).await.unwrap();
        assert_eq!((news.entries.len(), news.next), (1, 10));
        let earlier = trail.tail(&filter, Some(0), 1).await.unwrap();
        assert_eq!((earlier.entries[0].seq, earlier.next), (4, 5));
    }

    /// covers K6.2 (part)
    async fn an_entry_tells_when_who_what_on_what_from_where_and_with_what_success(db: TestStore) {
        let trail = some_entries(&db).await;
        let entry = trail.entry(4).await.unwrap().unwrap();
        let shown = serde_json::to_value(&entry).unwrap();
        assert_eq!(shown["at"], "2026-03-02T09:03:00Z");
        assert_eq!(shown["actor"], "user:00000000-0000-0000-0000-000000000001");
        assert_eq!((&shown["action"], &shown["resource"]), (&"employee.update".into(), &"employee:7".into()));
        assert_eq!((&shown["address"], &shown["outcome"]), (&"192.0.2.1".into(), &"success".into()));
        assert_eq!(shown["detail"]["changes"][0]["after"], "Omer");
        assert_eq!(trail.entry(99).await.unwrap(), None);
    }

    async fn one_tampered_row_does_not_hide_the_others(db: TestStore) {
        let trail = some_entries(&db).await;
        tamper(&db, "UPDATE trail_leaf SET version = 999 WHERE seq = 4").await;
        let page = trail.search(&TrailFilter::default(), None, 10).await.unwrap();
        assert_eq!(page.entries.len(), 7);
        assert!(page.entries[2].unreadable && page.entries.iter().filter(|entry| entry.unreadable).count() == 1);
    }

    async fn actors_are_named_by_who_knows_them(db: TestStore) {
        let trail = some_entries(&db).await;
        let entries = trail.search(&TrailFilter::default(), None, 10).await.unwrap().entries;
        let names = name_actors(&entries, &Directory).await.unwrap();
        let name = |n: usize| names[&entries[n].actor].as_str();
        assert_eq!([name(0), name(1), name(2), name(4), name(6)], [
            "Palisade (export)",
            "an API key that is gone",
            "Ada Admin",
            "nobody signed in",
            "Palisade (vault)",
        ]);
    }
}
