//! Whole evaluations from elsewhere.

use palisade_base::{Kind, PersonId};
use palisade_kpi::evaluation::{EvaluationKind, EvaluationOrigin, Marks, PastEvaluation, STATEMENTS, State};
use palisade_testkit::{on_both_engines, prepare_all};

use super::stage::{Stage, day};
use crate::{MIGRATOR, company::leaves};

/// An evaluation of Nick as a file brings it.
pub(super) fn past(stage: &Stage, evaluator: PersonId, on: &str) -> PastEvaluation {
    PastEvaluation {
        employee: stage.company.nick_record,
        evaluator,
        evaluated_on: day(on),
        reviewed: None,
        tier: None,
        origin: EvaluationOrigin::Table,
        notes: Some("From the old system.".into()),
        marks: Marks {
            skills: vec![stage.rated(0, 3, -9), stage.rated(1, 4, -9)],
            tools: vec![stage.tool(0, true, true)],
        },
    }
}

on_both_engines! {
    async fn every_statement_is_understood(db: TestStore) {
        prepare_all(&db, STATEMENTS).await;
    }

    async fn the_past_comes_in_whole_with_a_leaf_for_each(db: TestStore) {
        let stage = Stage::new(&db).await;
        let (nick, nora) = (stage.company.nick.person.unwrap(), stage.company.nora.person.unwrap());
        let ada = stage.ada.person.unwrap();
        let reviewed = PastEvaluation { reviewed: Some((ada, day("2025-04-05"))), ..past(&stage, nora, "2025-04-01") };
        let all = [past(&stage, nick, "2025-01-10"), reviewed];
        let ids = stage.evaluations.record_history(&stage.ada, &all).await.unwrap();
        let (own, _) = stage.look(ids[0]).await;
        assert_eq!((own.kind, own.state, own.completed_on), (EvaluationKind::SelfRated, State::Completed, Some(day("2025-01-10"))));
        let (by_nora, marks) = stage.look(ids[1]).await;
        assert_eq!((by_nora.kind, by_nora.state, by_nora.reviewed_by), (EvaluationKind::Manager, State::Reviewed, Some(ada)));
        assert_eq!((by_nora.tier, marks.rated()), (Some(stage.company.tiers[1]), 2));
        let written = leaves(&db, 10).await.into_iter().filter(|leaf| leaf.0 == "evaluation.import").count();
        assert_eq!(written, 3, "one for each, and one for the whole");
    }

    async fn what_is_wrong_is_told_by_place_and_nothing_comes_in(db: TestStore) {
        let stage = Stage::new(&db).await;
        let (nick, nora) = (stage.company.nick.person.unwrap(), stage.company.nora.person.unwrap());
        let good = past(&stage, nora, "2025-01-10");
        let wrong = [
            good.clone(),
            good.clone(),
            PastEvaluation { evaluated_on: day("2026-03-03"), ..good.clone() },
            PastEvaluation { evaluated_on: day("2025-02-01"), reviewed: Some((nick, day("2025-01-31"))), ..good.clone() },
            PastEvaluation { evaluated_on: day("2025-02-02"), marks: Marks::default(), ..good.clone() },
            PastEvaluation { evaluated_on: day("2025-02-03"), employee: stage.skills[0], ..good.clone() },
            PastEvaluation {
                evaluated_on: day("2025-02-04"),
                marks: Marks { skills: vec![stage.rated(0, 9, 0), stage.rated(0, 1, 0)], tools: vec![] },
                ..good.clone()
            },
        ];
        let error = stage.evaluations.record_history(&stage.ada, &wrong).await.unwrap_err();
        let fields: Vec<&str> = error.fields().iter().map(|wrong| wrong.field.as_ref()).collect();
        assert_eq!(fields, [
            "evaluations[1].evaluation_date",
            "evaluations[2].evaluation_date",
            "evaluations[3].reviewed_by",
            "evaluations[3].reviewed_on",
            "evaluations[4].skills",
            "evaluations[5].employee_id",
            "evaluations[6].skills[0].rating",
            "evaluations[6].skills[1].skill_id",
        ]);
        stage.evaluations.record_history(&stage.ada, std::slice::from_ref(&good)).await.unwrap();
        let error = stage.evaluations.record_history(&stage.ada, std::slice::from_ref(&good)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid, "the same file twice");
        let error = stage.evaluations.record_history(&stage.company.nora, &[good]).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
    }

    async fn what_came_in_can_be_taken_out_again_while_nobody_has_touched_it(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = stage.company.nora.person.unwrap();
        let all = [past(&stage, nora, "2025-01-10"), past(&stage, nora, "2025-02-10")];
        let ids = stage.evaluations.record_history(&stage.ada, &all).await.unwrap();
        stage.evaluations.review(&stage.ada, stage.version(ids[1]).await).await.unwrap();
        let error = stage.evaluations.withdraw_history(&stage.ada, &ids).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
        assert!(stage.look(ids[0]).await.0.record.archived_at.is_none());
        stage.evaluations.withdraw_history(&stage.ada, &ids[..1]).await.unwrap();
        assert!(stage.look(ids[0]).await.0.record.archived_at.is_some());
        let by_hand = stage.completed("nora").await;
        let error = stage.evaluations.withdraw_history(&stage.ada, &[by_hand]).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
    }
}
