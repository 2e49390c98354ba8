//! What is kept of where people stand: it is what a look that has kept nothing finds, whatever happened before.

use palisade_base::{Caller, RecordId};
use palisade_kpi::{
    standing::{Filter, Member, People, Quarter, QuarterFigures, Standings},
    types::{EMPLOYEE, SKILL, TEAM, TIER},
};
use palisade_records::{Draft, RecordType};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    standing::{Sheet, Shop, today},
};

type Found = (Vec<Member>, Vec<QuarterFigures>, Vec<String>);

/// Everything that this caller finds with this filter.
async fn find(standings: &Standings, caller: &Caller, filter: &Filter) -> Found {
    let view = standings.view(caller).await.unwrap();
    let names = view.catalogue().skills().iter().flat_map(|group| &group.items).map(|item| item.name.clone()).collect();
    let quarters = Quarter::of(today()).last(12);
    (view.all(filter).await.unwrap(), view.trend(filter, &quarters).await.unwrap(), names)
}

/// The filters that the pages use, and some that narrow further.
fn filters(shop: &Shop) -> Vec<Filter> {
    let company = &shop.company;
    let of = |people| Filter { people, ..Filter::default() };
    vec![
        of(People::All),
        of(People::Own),
        of(People::Evaluated),
        Filter { team: Some(company.north), ..Filter::default() },
        Filter { tier: Some(company.tiers[1]), ..Filter::default() },
        Filter { employee: Some(company.sue_record), ..Filter::default() },
        Filter { category: Some(shop.categories[0]), ..Filter::default() },
    ]
}

/// What is kept, whatever it was made from, is what somebody finds who has kept nothing.
async fn assert_as_new(shop: &Shop, behind: &str) {
    let new = Standings::new(shop.company.records.clone());
    for caller in [&shop.company.admin, &shop.company.nora, &shop.company.nick] {
        for filter in filters(shop) {
            let (kept, found) = (find(&shop.standings, caller, &filter).await, find(&new, caller, &filter).await);
            assert_eq!(kept, found, "{behind}: {filter:?}");
        }
    }
}

async fn change(shop: &Shop, ty: &'static RecordType, id: RecordId, draft: Draft) {
    let (records, admin) = (&shop.company.records, &shop.company.admin);
    let version = records.get(admin, ty, id).await.unwrap().version;
    records.update(admin, ty, (id, version), &draft).await.unwrap();
}

async fn archive(shop: &Shop, ty: &'static RecordType, id: RecordId) {
    let (records, admin) = (&shop.company.records, &shop.company.admin);
    let version = records.get(admin, ty, id).await.unwrap().version;
    records.archive(admin, ty, (id, version)).await.unwrap();
}

on_both_engines! {
    async fn whatever_changes_the_next_look_sees_it(db: TestStore) {
        let shop = Shop::new(&db).await;
        let (nick, sue) = (shop.company.nick_record, shop.company.sue_record);
        assert_as_new(&shop, "nothing").await;
        let reviewed = |employee, on, ratings| Sheet {
            employee,
            kind: "manager",
            state: "reviewed",
            on,
            amends: None,
            ratings,
            tools: &[(0, Some(true), Some(false))],
        };
        for (employee, on) in [(nick, "2025-08-15"), (sue, "2026-02-01"), (nick, "2026-05-02")] {
            shop.put(&db, &reviewed(employee, on, &[(0, 2), (2, 4)])).await;
            assert_as_new(&shop, "an evaluation").await;
        }
        shop.put(&db, &Sheet { kind: "self", state: "completed", ..reviewed(sue, "2026-05-03", &[(0, 5), (1, 3)]) }).await;
        assert_as_new(&shop, "a self-evaluation").await;
        change(&shop, &SKILL, shop.skills[1], Draft::new().text("name", "Fine trim")).await;
        assert_as_new(&shop, "another name of a skill").await;
        change(&shop, &TIER, shop.company.tiers[1], Draft::new().text("name", "Journeyman")).await;
        assert_as_new(&shop, "another name of a tier").await;
        change(&shop, &EMPLOYEE, sue, Draft::new().text("team_id", shop.company.north.to_string())).await;
        assert_as_new(&shop, "another team").await;
        change(&shop, &EMPLOYEE, nick, Draft::new().text("family_name", "Aaronson")).await;
        assert_as_new(&shop, "another name").await;
        archive(&shop, &TEAM, shop.company.south).await;
        assert_as_new(&shop, "a team that is dissolved").await;
        archive(&shop, &EMPLOYEE, sue).await;
        assert_as_new(&shop, "somebody who has left").await;
        archive(&shop, &SKILL, shop.skills[0]).await;
        assert_as_new(&shop, "a skill out of use").await;
    }

    async fn another_node_sees_a_change_with_its_next_look(db: TestStore) {
        let shop = Shop::new(&db).await;
        let (admin, nick) = (&shop.company.admin, shop.company.nick_record);
        let other = Standings::new(shop.company.records.clone());
        assert_eq!(other.of(admin, nick).await.unwrap().evaluations, 0);
        for number in 1..=3 {
            let sheet = Sheet {
                employee: nick,
                kind: "manager",
                state: "reviewed",
                on: "2026-02-01",
                amends: None,
                ratings: &[(0, 2)],
                tools: &[],
            };
            shop.put(&db, &sheet).await;
            assert_eq!(other.of(admin, nick).await.unwrap().evaluations, number);
        }
    }

    async fn looks_at_once_with_changes_between_them_never_see_less_than_was_committed(db: TestStore) {
        let shop = Shop::new(&db).await;
        let (admin, nick) = (&shop.company.admin, shop.company.nick_record);
        for number in 1..=5 {
            let look = || shop.standings.of(admin, nick);
            let sheet = Sheet {
                employee: nick,
                kind: "manager",
                state: "reviewed",
                on: "2026-02-01",
                amends: None,
                ratings: &[(0, 2)],
                tools: &[],
            };
            let (first, second, third, _) = tokio::join!(look(), look(), look(), shop.put(&db, &sheet));
            for standing in [first, second, third] {
                let seen = standing.unwrap().evaluations;
                assert!((number - 1..=number).contains(&seen), "{seen} of {number}");
            }
            assert_eq!(shop.standings.of(admin, nick).await.unwrap().evaluations, number);
        }
    }
}
