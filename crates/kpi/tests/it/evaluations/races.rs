//! Two at once: one of them is told so, and nothing is lost or doubled.

use palisade_kpi::{
    evaluation::{Marks, State},
    standing::Standings,
};
use palisade_testkit::on_both_engines;

use super::{
    history::past,
    stage::{Stage, TODAY, at, day, outcome},
};
use crate::{MIGRATOR, company::leaves};

const ROUNDS: i64 = 12;

on_both_engines! {
    async fn of_two_who_hand_in_at_once_one_does(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = &stage.company.nora;
        for _ in 0..ROUNDS {
            let version = stage.version(stage.draft("nora").await).await;
            let (a, b) = tokio::join!(stage.evaluations.complete(nora, version), stage.evaluations.complete(nora, version));
            let mut ends = [outcome(a), outcome(b)];
            ends.sort_unstable();
            assert_eq!(ends, ["conflict", "ok"]);
        }
        let all = leaves(&db, 10_000).await;
        let done = all.iter().filter(|leaf| leaf.0 == "evaluation.complete" && leaf.2 == "success").count();
        assert_eq!(done as i64, ROUNDS);
    }

    async fn a_mark_that_meets_the_handing_in_is_in_it_or_refused(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = &stage.company.nora;
        db.clock.set(at(100));
        for round in 0..ROUNDS {
            let version = stage.version(stage.draft("nora").await).await;
            let late = Marks { skills: vec![stage.rated(1, 5, round)], tools: vec![] };
            let mark = stage.evaluations.mark(nora, version.0, &late);
            let complete = stage.evaluations.complete(nora, version);
            let (marked, completed) = match round % 2 {
                0 => tokio::join!(mark, complete),
                _ => {
                    let (completed, marked) = tokio::join!(complete, mark);
                    (marked, completed)
                }
            };
            completed.unwrap();
            let (evaluation, marks) = stage.look(version.0).await;
            assert_eq!(evaluation.state, State::Completed);
            let has_it = marks.skills.iter().any(|mark| mark.skill == stage.skills[1]);
            assert_eq!(outcome(marked), if has_it { "ok" } else { "conflict" });
        }
    }

    async fn of_a_review_and_a_taking_back_at_once_one_happens(db: TestStore) {
        let stage = Stage::new(&db).await;
        for round in 0..ROUNDS {
            let version = stage.version(stage.completed("nora").await).await;
            let review = stage.evaluations.review(&stage.ada, version);
            let take_back = stage.evaluations.take_back(&stage.company.nora, version);
            let (reviewed, taken) = match round % 2 {
                0 => tokio::join!(review, take_back),
                _ => {
                    let (taken, reviewed) = tokio::join!(take_back, review);
                    (reviewed, taken)
                }
            };
            let state = stage.look(version.0).await.0.state;
            // Who comes second finds it closed, or out of their sight: a draft is its author's.
            let expected = match state {
                State::Reviewed => ("ok", "conflict"),
                _ => (if outcome_is_unknown(&reviewed) { "unknown" } else { "conflict" }, "ok"),
            };
            assert_eq!((outcome(reviewed), outcome(taken)), expected);
            if state == State::Draft {
                stage.evaluations.discard(&stage.company.nora, stage.version(version.0).await).await.unwrap();
            }
        }
    }

    async fn two_tabs_that_start_at_once_open_one_draft(db: TestStore) {
        let stage = Stage::new(&db).await;
        let (nora, nick) = (&stage.company.nora, stage.company.nick_record);
        for _ in 0..ROUNDS {
            let start = || stage.evaluations.start(nora, nick, day(TODAY));
            let (a, b, c) = tokio::join!(start(), start(), start());
            let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());
            assert!(a == b && b == c);
            stage.evaluations.discard(nora, stage.version(a).await).await.unwrap();
        }
    }

    async fn of_two_files_with_the_same_day_one_comes_in(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = stage.company.nora.person.unwrap();
        for round in 1..=ROUNDS {
            let file = [past(&stage, nora, &format!("2025-01-{round:02}"))];
            let record = || stage.evaluations.record_history(&stage.ada, &file);
            let (a, b) = tokio::join!(record(), record());
            let mut ends = [outcome(a), outcome(b)];
            ends.sort_unstable();
            assert_eq!(ends, ["invalid", "ok"]);
        }
    }

    async fn two_evaluations_of_one_employee_that_are_handed_in_at_once_both_count(db: TestStore) {
        let stage = Stage::new(&db).await;
        let (nick, nora) = (&stage.company.nick, &stage.company.nora);
        let standings = Standings::new(stage.company.records.clone());
        for _ in 0..ROUNDS {
            let own = stage.version(stage.draft("nick").await).await;
            let by_nora = stage.version(stage.draft("nora").await).await;
            let (a, b) =
                tokio::join!(stage.evaluations.complete(nick, own), stage.evaluations.complete(nora, by_nora));
            a.unwrap();
            b.unwrap();
            let standing = standings.of(&stage.ada, stage.company.nick_record).await.unwrap();
            assert_eq!((standing.evaluations, standing.self_on, standing.manager_on), (2, Some(day(TODAY)), Some(day(TODAY))));
            stage.evaluations.take_back(nick, stage.version(own.0).await).await.unwrap();
            stage.evaluations.take_back(nora, stage.version(by_nora.0).await).await.unwrap();
        }
    }

    async fn batches_of_two_devices_at_once_are_both_saved(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = &stage.company.nora;
        let id = stage.evaluations.start(nora, stage.company.nick_record, day(TODAY)).await.unwrap();
        db.clock.set(at(1_000));
        for round in 0..ROUNDS {
            let batch = |skill: usize, other: u8| Marks {
                skills: vec![stage.rated(skill, 3, round), stage.rated(2, other, 2 * round + i64::from(other) % 2)],
                tools: vec![],
            };
            let (phone, desk) = (batch(0, 4), batch(1, 5));
            let (a, b) = tokio::join!(stage.evaluations.mark(nora, id, &phone), stage.evaluations.mark(nora, id, &desk));
            a.unwrap();
            b.unwrap();
            let (_, marks) = stage.look(id).await;
            // 5 was tapped a second after 4, whichever came in first.
            let rating = |place: usize| {
                marks.skills.iter().find(|mark| mark.skill == stage.skills[place]).and_then(|mark| mark.rating)
            };
            assert_eq!([rating(0), rating(1), rating(2)], [Some(3), Some(3), Some(5)]);
        }
    }
}

fn outcome_is_unknown(done: &Result<(), palisade_base::Error>) -> bool {
    matches!(done, Err(error) if error.kind() == palisade_base::Kind::NotFound)
}
