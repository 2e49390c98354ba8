//! Bans by hand.

use palisade_bans::{BanFilter, BanOrder, MANAGE_BANS, Which, may_manage_bans, may_read_bans};
use palisade_base::{Authority, Caller, Kind, Origin, Scope, Span};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{World, operator, target},
};

on_both_engines! {
    /// covers T5.4 (part), T13.2 (part)
    async fn a_ban_by_hand_holds_at_once_over_a_restart_and_until_it_is_lifted(db: TestStore) {
        let mut world = World::new(db, "").await;
        world.add("198.51.100.0/24", None).await.unwrap();
        world.add("192.0.2.7", Some(Span::hours(2))).await.unwrap();
        assert_eq!(world.found("198.51.100.200").as_deref(), Some("198.51.100.0/24"));
        world.restart().await;
        assert_eq!(world.found("198.51.100.200").as_deref(), Some("198.51.100.0/24"));
        assert_eq!(world.found("192.0.2.7").as_deref(), Some("192.0.2.7"));
        world.pass(Span::hours(2));
        assert_eq!(world.found("192.0.2.7"), None);
        world.restart().await;
        assert_eq!(world.found("192.0.2.7"), None);
        assert_eq!(world.lift("198.51.100.0/24").await.unwrap(), 1);
        assert_eq!(world.found("198.51.100.200"), None);
        world.restart().await;
        assert_eq!(world.found("198.51.100.200"), None);
    }

    /// covers T5.4 (part)
    async fn each_change_is_in_the_list_and_in_the_trail(db: TestStore) {
        let world = World::new(db, "").await;
        world.add("192.0.2.7", None).await.unwrap();
        world.add("192.0.2.7", Some(Span::hours(1))).await.unwrap();
        let live = world.list(Which::Live).await;
        assert_eq!(live.len(), 1, "the second stands in the place of the first");
        assert_eq!((live[0].jail.as_str(), live[0].made_by.as_str(), live[0].reason.as_str()), ("manual", "operator:root", "scans"));
        assert_eq!(live[0].ends_at, Some(world.now() + Span::hours(1)));
        world.lift("192.0.2.7").await.unwrap();
        assert_eq!(world.list(Which::Live).await, []);
        let over = world.list(Which::Over).await;
        assert_eq!(over.len(), 2);
        assert!(over.iter().all(|ban| ban.lifted == Some((world.now(), "operator:root".to_owned()))));
        assert_eq!(
            world.trail().await,
            ["operator:root ban.add ban:192.0.2.7", "operator:root ban.add ban:192.0.2.7", "operator:root ban.lift ban:192.0.2.7"]
        );
    }

    async fn what_can_not_be_banned_or_lifted_is_told_and_changes_nothing(db: TestStore) {
        let world = World::new(db, "company_networks = [\"203.0.113.0/24\"]").await;
        for text in ["127.0.0.1", "0.0.0.0/0", "203.0.113.5"] {
            let error = world.add(text, None).await.unwrap_err();
            assert_eq!((error.kind(), error.fields()[0].field.as_ref()), (Kind::Invalid, "network"), "{text}");
        }
        assert_eq!(world.add("192.0.2.7", Some(Span::ZERO)).await.unwrap_err().fields()[0].field, "length");
        assert_eq!(world.lift("192.0.2.7").await.unwrap_err().message(), "192.0.2.7 is not banned.");
        world.add("192.0.2.0/24", None).await.unwrap();
        let told = world.lift("192.0.2.7").await.unwrap_err();
        assert_eq!(told.message(), "192.0.2.7 is not banned by itself: 192.0.2.0/24 is. Lift that one.");
        assert_eq!(world.trail().await.len(), 1);
    }

    async fn who_is_looked_for_is_found_in_networks_and_networks_show_who_is_in_them(db: TestStore) {
        let world = World::new(db, "").await;
        for text in ["192.0.2.7", "192.0.2.0/24", "198.51.100.1", "2001:db8::1", "2001:db8::/48"] {
            world.add(text, None).await.unwrap();
        }
        let permit = may_read_bans(&operator()).unwrap();
        for (text, expected) in [
            ("192.0.2.7", vec!["192.0.2.0/24", "192.0.2.7"]),
            ("192.0.2.8", vec!["192.0.2.0/24"]),
            ("192.0.0.0/16", vec!["192.0.2.0/24", "192.0.2.7"]),
            ("2001:db8::99", vec!["2001:db8::/48", "2001:db8::/64"]),
            ("203.0.113.1", vec![]),
        ] {
            let filter = BanFilter { touching: Some(target(text)), limit: 10, ..BanFilter::default() };
            let (rows, total) = world.bans.list(&permit, &filter).await.unwrap();
            let mut found: Vec<String> = rows.iter().map(|ban| ban.target.to_string()).collect();
            found.sort();
            assert_eq!((found, total), (expected.iter().map(ToString::to_string).collect(), expected.len() as u64), "{text}");
        }
        let filter = BanFilter { offset: 4, limit: 2, ..BanFilter::default() };
        let (rows, total) = world.bans.list(&permit, &filter).await.unwrap();
        assert_eq!((rows.len(), total), (1, 5));
    }

    async fn bans_are_listed_by_their_beginning_and_by_their_end(db: TestStore) {
        let world = World::new(db, "").await;
        for (text, length) in [("192.0.2.1", Some(2)), ("192.0.2.2", None), ("192.0.2.3", Some(1))] {
            let ban = world.add(text, length.map(Span::hours)).await.unwrap();
            let permit = may_read_bans(&operator()).unwrap();
            assert_eq!(world.bans.one(&permit, ban.id).await.unwrap(), ban);
            world.pass(Span::minutes(1));
        }
        for (order, last_parts) in
            [(BanOrder::Newest, "321"), (BanOrder::Oldest, "123"), (BanOrder::EndsFirst, "312"), (BanOrder::EndsLast, "213")]
        {
            let filter = BanFilter { order, limit: 10, ..BanFilter::default() };
            let (rows, _) = world.bans.list(&may_read_bans(&operator()).unwrap(), &filter).await.unwrap();
            let found: String = rows.iter().map(|ban| ban.target.to_string().pop().unwrap()).collect();
            assert_eq!(found, last_parts, "{order:?}");
        }
    }

    async fn old_bans_are_forgotten_but_not_those_that_hold(db: TestStore) {
        let world = World::new(db, "history_days = 30").await;
        world.add("192.0.2.7", Some(Span::hours(1))).await.unwrap();
        world.add("192.0.2.8", None).await.unwrap();
        world.pass(Span::days(30));
        world.bans.clean_up().await.unwrap();
        assert_eq!(world.list(Which::All).await.len(), 2);
        world.pass(Span::hours(2));
        world.bans.clean_up().await.unwrap();
        let left = world.list(Which::All).await;
        assert_eq!(left.iter().map(|ban| ban.target.to_string()).collect::<Vec<_>>(), ["192.0.2.8"]);
    }
}

#[test]
fn only_who_may_bans_and_a_permit_is_its_holders() {
    let reader = Caller::operator("eve", Authority::from_iter([(palisade_bans::READ_BANS, Scope::All)]));
    assert!(may_read_bans(&reader).is_ok() && may_manage_bans(&reader).is_err());
    let stranger = Caller::anonymous(Origin::default());
    assert!(may_read_bans(&stranger).is_err());
    assert_eq!(MANAGE_BANS.to_string(), "console.ban.manage");
}
