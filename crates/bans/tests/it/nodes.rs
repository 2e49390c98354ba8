//! Several nodes on one database: what one of them bans or lifts holds on all.

use palisade_bans::{Bans, Which};
use palisade_base::Span;
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{World, config, ip},
};

/// Another node on the same database.
async fn other(world: &World, jails: &str) -> Bans {
    Bans::open(world.db.store.clone(), &config(jails)).await.unwrap()
}

/// What is banned on the other node, where this address is, once it has looked.
async fn found(world: &World, other: &Bans, address: &str) -> Option<String> {
    // The writer works aside; a list waits for it.
    world.list(Which::All).await;
    other.catch_up().await;
    other.find(ip(address), world.now()).map(|facts| facts.target.to_string())
}

on_both_engines! {
    /// covers T5.4 (part), T13.2 (part)
    async fn a_ban_by_hand_holds_on_every_node_until_it_is_lifted_or_over(db: TestStore) {
        let world = World::new(db, "").await;
        let other = other(&world, "").await;
        world.add("198.51.100.0/24", None).await.unwrap();
        world.add("192.0.2.7", Some(Span::hours(2))).await.unwrap();
        assert_eq!(found(&world, &other, "198.51.100.200").await.as_deref(), Some("198.51.100.0/24"));
        assert_eq!(found(&world, &other, "192.0.2.7").await.as_deref(), Some("192.0.2.7"));
        world.lift("198.51.100.0/24").await.unwrap();
        assert_eq!(found(&world, &other, "198.51.100.200").await, None);
        // A shorter one in its place, by somebody who means it.
        world.add("192.0.2.7", Some(Span::hours(1))).await.unwrap();
        assert!(found(&world, &other, "192.0.2.7").await.is_some());
        world.pass(Span::hours(1));
        assert_eq!(other.find(ip("192.0.2.7"), world.now()), None, "it ends by the clock of each node");
        assert_eq!(world.found("192.0.2.7"), None);
        other.close().await;
    }

    /// covers T5.4 (part)
    async fn a_jails_ban_holds_on_every_node_and_its_memory_too(db: TestStore) {
        let growing = "[jails.sign_in]\nincrement = { factor = 2.0 }\n";
        let mut world = World::new(db, growing).await;
        let other = other(&world, growing).await;
        world.fail("192.0.2.7", 5);
        assert_eq!(found(&world, &other, "192.0.2.7").await.as_deref(), Some("192.0.2.7"));
        // The next ban of the same client, by the other node's jail, is the longer one.
        world.pass(Span::hours(1));
        let first = std::mem::replace(&mut world.bans, other);
        assert_eq!(world.found("192.0.2.7"), None);
        world.fail("192.0.2.7", 5);
        let bans = world.list(Which::Live).await;
        assert_eq!((bans.len(), bans[0].offences), (1, 2));
        assert!(bans[0].ends_at.unwrap().since(world.now()) > Span::hours(1));
        assert_eq!(found(&world, &first, "192.0.2.7").await.as_deref(), Some("192.0.2.7"));
        first.close().await;
    }

    async fn who_was_slowed_or_forgiven_elsewhere_is_so_here(db: TestStore) {
        let company = "company_networks = [\"203.0.113.0/24\"]";
        let mut world = World::new(db, company).await;
        let other = other(&world, company).await;
        world.fail("203.0.113.9", 5);
        world.fail("192.0.2.7", 5);
        assert!(found(&world, &other, "192.0.2.7").await.is_some());
        assert!(!matches!(other.pace(ip("203.0.113.9"), world.now()), palisade_bans::Pace::Free));
        world.lift("192.0.2.7").await.unwrap();
        assert_eq!(found(&world, &other, "192.0.2.7").await, None);
        // Four more failures on the other node are four, not nine.
        let first = std::mem::replace(&mut world.bans, other);
        world.fail("192.0.2.7", 4);
        assert_eq!(world.found("192.0.2.7"), None);
        world.fail("192.0.2.7", 1);
        assert!(world.found("192.0.2.7").is_some());
        first.close().await;
    }

    async fn what_a_node_has_not_written_yet_survives_what_it_learns(db: TestStore) {
        let world = World::new(db, "").await;
        let other = other(&world, "").await;
        world.add("192.0.2.9", None).await.unwrap();
        for last in 1..=60 {
            world.fail(&format!("198.51.100.{last}"), 5);
        }
        world.bans.catch_up().await;
        assert!((1..=60).all(|last| world.found(&format!("198.51.100.{last}")).is_some()));
        for last in [1, 30, 60] {
            assert!(found(&world, &other, &format!("198.51.100.{last}")).await.is_some());
        }
        assert_eq!((world.bans.count(), other.count()), (61, 61));
        other.close().await;
    }
}
