//! Looking, keeping what was seen, mending.

use std::sync::Arc;

use palisade_base::{Authority, Caller, Clock as _, Kind, Span};
use palisade_posture::{Counts, Entry, Mend, Posture, Sight, Verdict, may_mend_posture, may_read_posture};
use palisade_testkit::{TestStore, on_both_engines};

use crate::{
    MIGRATOR,
    world::{Told, World, actions, operator},
};

fn good() -> Told {
    Told::See(Sight::in_force("It is there.").with_evidence(["x-content-type-options: nosniff"]))
}

fn bad() -> Told {
    Told::See(Sight::finding("It is missing.", Mend::new("Put it there.").by("palisade harden apply file")))
}

async fn leaves(db: &TestStore, action: &str) -> usize {
    actions(db).await.iter().filter(|leaf| *leaf == action).count()
}

on_both_engines! {
    async fn what_was_seen_is_kept_with_since_when_it_is_so(db: TestStore) {
        let world = Arc::new(World::default());
        let posture = Posture::new(db.store.clone(), world.clone());
        let (caller, permit) = (operator(), may_read_posture(&operator()).unwrap());
        world.tell(&[("a", good()), ("b", bad())]);
        let first = posture.look(&caller, &permit).await.unwrap();
        assert_eq!(first.counts(), Counts { in_force: 1, findings: 1, unseen: 0, not_applicable: 0 });
        assert!(!first.is_clean());
        let start = db.clock.now();

        db.clock.advance(Span::hours(1));
        world.tell(&[("a", bad()), ("b", bad())]);
        posture.look(&caller, &permit).await.unwrap();
        let last = posture.last(&permit).await.unwrap();
        let seen: Vec<_> = last.entries.iter().map(|entry| (entry.about.id.as_str(), entry.sight.verdict(), entry.since)).collect();
        let later = start + Span::hours(1);
        assert_eq!(seen, [("a", Verdict::Finding, later), ("b", Verdict::Finding, start)]);
        assert_eq!(last.at, Some(later));
        assert_eq!(last.entries[0].sight.mend().unwrap().command(), Some("palisade harden apply file"));

        let turns = posture.turns(&permit, 10).await.unwrap();
        assert_eq!(turns[0].check, "a");
        assert_eq!((turns[0].before, turns[0].after), (Some(Verdict::InForce), Verdict::Finding));
        assert_eq!(turns.len(), 3, "two first looks, one change: {turns:?}");
    }

    async fn checks_that_are_blind_for_one_reason_stand_together(db: TestStore) {
        let world = Arc::new(World::default());
        let posture = Posture::new(db.store.clone(), world.clone());
        let (caller, permit) = (operator(), may_read_posture(&operator()).unwrap());
        let blind = || Told::See(Sight::unseen("There is no helper.", Mend::new("Set it up.")));
        world.tell(&[("a", blind()), ("b", good()), ("c", blind()), ("d", bad()), ("e", good())]);
        let report = posture.look(&caller, &permit).await.unwrap();
        let ids = |group: &Vec<&Entry>| group.iter().map(|entry| entry.about.id.clone()).collect::<Vec<_>>().concat();
        assert_eq!(report.groups().iter().map(ids).collect::<Vec<_>>(), ["ac", "b", "d", "e"]);
    }

    async fn what_nothing_looks_at_any_more_is_forgotten(db: TestStore) {
        let world = Arc::new(World::default());
        let posture = Posture::new(db.store.clone(), world.clone());
        let (caller, permit) = (operator(), may_read_posture(&operator()).unwrap());
        world.tell(&[("site.old.https", good()), ("b", good())]);
        posture.look(&caller, &permit).await.unwrap();
        db.clock.advance(Span::hours(1));
        world.tell(&[("b", good())]);
        posture.look(&caller, &permit).await.unwrap();
        let last = posture.last(&permit).await.unwrap();
        assert_eq!(last.entries.iter().map(|entry| entry.about.id.as_str()).collect::<Vec<_>>(), ["b"]);
        assert!(last.is_clean());
    }

    async fn a_check_that_breaks_down_or_hangs_is_unseen_and_stops_no_other(db: TestStore) {
        let world = Arc::new(World::default());
        let posture = Posture::new(db.store.clone(), world.clone());
        let (caller, permit) = (operator(), may_read_posture(&operator()).unwrap());
        world.tell(&[("panics", Told::Panic), ("hangs", Told::Hang), ("works", good())]);
        let report = posture.look(&caller, &permit).await.unwrap();
        assert_eq!(report.counts(), Counts { in_force: 1, findings: 0, unseen: 2, not_applicable: 0 });
        assert!(!report.is_clean(), "what nobody could look at is not in force");
    }

    async fn a_plan_is_carried_out_only_as_it_was_shown_and_the_trail_says_so(db: TestStore) {
        let world = Arc::new(World::default());
        "old".clone_into(&mut world.text.lock().unwrap());
        let posture = Posture::new(db.store.clone(), world.clone());
        let caller = operator();
        let (read, mend) = (may_read_posture(&caller).unwrap(), may_mend_posture(&caller).unwrap());
        let plans = posture.plans(&read).await;
        let shown = plans[0].1.as_ref().unwrap().digest();

        "changed meanwhile".clone_into(&mut world.text.lock().unwrap());
        let refused = posture.apply(&caller, &mend, "file", &shown).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Conflict);
        assert_eq!(*world.text.lock().unwrap(), "changed meanwhile");
        assert_eq!(leaves(&db, "posture.mend").await, 0);

        let shown = posture.plans(&read).await[0].1.as_ref().unwrap().digest();
        let applied = posture.apply(&caller, &mend, "file", &shown).await.unwrap();
        assert_eq!(applied.done, ["Wrote good."]);
        assert_eq!(*world.text.lock().unwrap(), "good");
        assert_eq!((leaves(&db, "posture.mend").await, leaves(&db, "posture.mended").await), (1, 1));
        assert!(posture.plans(&read).await.is_empty(), "nothing is left to do");
        let stays = posture.confirm(&caller, &mend, "file").await.unwrap_err();
        assert_eq!(stays.kind(), Kind::Conflict, "it stays by itself");
        assert_eq!(leaves(&db, "posture.confirm").await, 1, "that somebody tried is in the trail");
        let unknown = posture.apply(&caller, &mend, "roof", &shown).await.unwrap_err();
        assert_eq!(unknown.message(), "Nothing called roof can be mended. There are: file.");
    }
}

#[test]
fn who_was_not_allowed_to_gets_no_permit() {
    let stranger = Caller::operator("eve", Authority::default());
    assert_eq!(may_read_posture(&stranger).unwrap_err().kind(), Kind::Denied);
    assert_eq!(may_mend_posture(&stranger).unwrap_err().kind(), Kind::Denied);
}

#[test]
fn what_was_seen_is_one_line_of_bounded_length() {
    let sight = Sight::in_force("a\nb".to_owned() + &"x".repeat(600));
    assert!(sight.seen().starts_with("a b"));
    assert_eq!(sight.seen().chars().count(), 501);
}
