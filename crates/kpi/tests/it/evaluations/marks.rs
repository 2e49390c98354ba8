//! Marks: saved in batches, from several devices, late and in any order.

use palisade_base::{Instant, Kind, RecordId};
use palisade_kpi::{
    evaluation::{Marks, SkillMark, ToolMark},
    types::SKILL,
};
use palisade_testkit::on_both_engines;

use super::stage::{Stage, TODAY, at, day};
use crate::{MIGRATOR, company::leaves};

fn skills(marks: Vec<SkillMark>) -> Marks {
    Marks { skills: marks, tools: Vec::new() }
}

on_both_engines! {
    async fn of_two_devices_the_later_tap_stands_in_whatever_order_they_arrive(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = &stage.company.nora;
        let id = stage.evaluations.start(nora, stage.company.nick_record, day(TODAY)).await.unwrap();
        let phone = skills(vec![stage.rated(0, 5, -10), stage.rated(1, 2, -30)]);
        let desk = skills(vec![stage.rated(0, 3, -20), stage.rated(1, 4, -20), stage.rated(2, 1, -20)]);
        assert_eq!(stage.evaluations.mark(nora, id, &phone).await.unwrap().older, 0);
        let saved = stage.evaluations.mark(nora, id, &desk).await.unwrap();
        assert_eq!(saved.older, 1);
        let ratings = |marks: &Marks| {
            let rating = |skill: &RecordId| marks.skills.iter().find(|mark| mark.skill == *skill).and_then(|mark| mark.rating);
            stage.skills.iter().map(rating).collect::<Vec<_>>()
        };
        assert_eq!(ratings(&saved.marks), [Some(5), Some(4), Some(1)]);
        assert_eq!(ratings(&stage.look(id).await.1), [Some(5), Some(4), Some(1)]);
    }

    async fn a_batch_that_is_sent_again_changes_nothing_and_leaves_one_leaf(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = &stage.company.nora;
        let id = stage.evaluations.start(nora, stage.company.nick_record, day(TODAY)).await.unwrap();
        let batch = Marks {
            skills: vec![stage.rated(0, 5, -3), stage.rated(1, 4, -2)],
            tools: vec![stage.tool(0, true, true)],
        };
        let first = stage.evaluations.mark(nora, id, &batch).await.unwrap();
        let (_, version) = stage.version(id).await;
        let again = stage.evaluations.mark(nora, id, &batch).await.unwrap();
        assert_eq!((first, version), (again, stage.version(id).await.1));
        let newest = leaves(&db, 4).await;
        let marked: Vec<&str> = newest.iter().map(|leaf| leaf.0.as_str()).filter(|name| *name == "evaluation.mark").collect();
        assert_eq!(marked.len(), 1);
        let (.., detail) = newest.iter().find(|leaf| leaf.0 == "evaluation.mark").unwrap();
        assert!(detail.contains(&format!("\"{}\":5", stage.skills[0])), "{detail}");
    }

    async fn a_rating_that_was_taken_away_does_not_come_back_with_a_late_tap(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = &stage.company.nora;
        let id = stage.draft("nora").await;
        let away = SkillMark { rating: None, tapped_at: at(2), ..stage.rated(0, 1, 2) };
        db.clock.set(at(5));
        stage.evaluations.mark(nora, id, &skills(vec![away])).await.unwrap();
        let saved = stage.evaluations.mark(nora, id, &skills(vec![stage.rated(0, 3, 1)])).await.unwrap();
        assert_eq!((saved.older, saved.marks.rated()), (1, 0));
        assert_eq!(stage.look(id).await.1.rated(), 0);
        assert_eq!(stage.attempt("complete", "nora", id).await, "invalid");
    }

    async fn a_tap_of_the_future_was_made_now(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = &stage.company.nora;
        let id = stage.evaluations.start(nora, stage.company.nick_record, day(TODAY)).await.unwrap();
        let far = SkillMark { tapped_at: Instant::from_micros(i64::MAX), ..stage.rated(0, 5, 0) };
        let saved = stage.evaluations.mark(nora, id, &skills(vec![far])).await.unwrap();
        assert_eq!(saved.marks.skills[0].tapped_at, at(0));
        db.clock.set(at(1));
        let saved = stage.evaluations.mark(nora, id, &skills(vec![stage.rated(0, 2, 1)])).await.unwrap();
        assert_eq!((saved.older, saved.marks.skills[0].rating), (0, Some(2)));
    }

    async fn wrong_marks_are_told_by_place_and_name_and_nothing_of_the_batch_is_saved(db: TestStore) {
        let stage = Stage::new(&db).await;
        let (nora, records) = (&stage.company.nora, &stage.company.records);
        let id = stage.evaluations.start(nora, stage.company.nick_record, day(TODAY)).await.unwrap();
        let beta = records.get(&stage.ada, &SKILL, stage.skills[1]).await.unwrap();
        records.archive(&stage.ada, &SKILL, (beta.id, beta.version)).await.unwrap();
        let long = "x".repeat(1_001);
        let batch = Marks {
            skills: vec![
                stage.rated(0, 4, 0),
                stage.rated(1, 4, 0),
                SkillMark { skill: stage.tools[0], ..stage.rated(0, 4, 0) },
                stage.rated(2, 0, 0),
                stage.rated(2, 6, 0),
                SkillMark { note: Some(long), ..stage.rated(2, 3, 0) },
            ],
            tools: vec![ToolMark { tool: stage.skills[0], ..stage.tool(0, true, true) }],
        };
        let error = stage.evaluations.mark(nora, id, &batch).await.unwrap_err();
        let fields: Vec<&str> = error.fields().iter().map(|wrong| wrong.field.as_ref()).collect();
        assert_eq!(fields, [
            "skills[1].skill_id",
            "skills[2].skill_id",
            "skills[3].rating",
            "skills[4].rating",
            "skills[5].notes",
            "tools[0].tool_id",
        ]);
        assert!(error.fields()[0].message.contains("“Beta”"), "{}", error.fields()[0].message);
        assert!(stage.look(id).await.1.is_empty());
    }

    async fn a_batch_has_its_limits(db: TestStore) {
        let stage = Stage::new(&db).await;
        let id = stage.draft("nora").await;
        let batch = skills(vec![stage.rated(0, 1, 1); 2_001]);
        let error = stage.evaluations.mark(&stage.company.nora, id, &batch).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
        let whole = skills(vec![stage.rated(0, 1, 0); 2_000]);
        assert_eq!(stage.evaluations.mark(&stage.company.nora, id, &whole).await.unwrap().marks.rated(), 1);
    }

    async fn starting_again_opens_the_same_draft(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = &stage.company.nora;
        let id = stage.draft("nora").await;
        assert_eq!(stage.evaluations.start(nora, stage.company.nick_record, day("2026-01-01")).await.unwrap(), id);
        let other = stage.evaluations.start(&stage.ada, stage.company.nick_record, day(TODAY)).await.unwrap();
        let own = stage.evaluations.start(&stage.company.nick, stage.company.nick_record, day(TODAY)).await.unwrap();
        assert!(other != id && own != id && own != other);
    }

    async fn same_as_last_time_gives_the_last_of_the_kind_that_one_may_see(db: TestStore) {
        let stage = Stage::new(&db).await;
        let own = stage.completed("nick").await;
        let by_manager = stage.completed("nora").await;
        let draft = stage.draft("nora").await;
        let previous = stage.evaluations.previous_marks(&stage.company.nora, draft).await.unwrap();
        assert_eq!(previous, stage.look(by_manager).await.1);
        let draft = stage.evaluations.start(&stage.company.nick, stage.company.nick_record, day(TODAY)).await.unwrap();
        let previous = stage.evaluations.previous_marks(&stage.company.nick, draft).await.unwrap();
        assert_eq!(previous, stage.look(own).await.1);
        let first = stage.evaluations.start(&stage.sue, stage.company.sue_record, day(TODAY)).await.unwrap();
        assert!(stage.evaluations.previous_marks(&stage.sue, first).await.unwrap().is_empty());
    }

    async fn two_evaluations_stand_side_by_side(db: TestStore) {
        let stage = Stage::new(&db).await;
        let own = stage.completed("nick").await;
        let id = stage.evaluations.start(&stage.company.nora, stage.company.nick_record, day(TODAY)).await.unwrap();
        let marks = Marks {
            skills: vec![stage.rated(0, 2, 0), stage.rated(2, 5, 0)],
            tools: vec![stage.tool(0, false, false), stage.tool(1, true, true)],
        };
        stage.evaluations.mark(&stage.company.nora, id, &marks).await.unwrap();
        stage.evaluations.complete(&stage.company.nora, stage.version(id).await).await.unwrap();
        let comparison = stage.evaluations.compare(&stage.company.nick, own, id).await.unwrap();
        assert_eq!((comparison.a.id(), comparison.b.id()), (own, id));
        let category = &comparison.categories[0];
        let skills: Vec<_> = category.items.iter().map(|skill| (skill.name.as_str(), skill.difference())).collect();
        assert_eq!((category.name.as_str(), skills), ("Stage", vec![("Alpha", Some(-2)), ("Gamma", None)]));
        let tools: Vec<_> = comparison.tool_categories[0].items.iter().map(|tool| (tool.name.as_str(), tool.gained())).collect();
        assert_eq!(tools, [("Alpha", Some(false)), ("Beta", Some(true))]);
        let error = stage.evaluations.compare(&stage.sue, own, id).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound);
    }

    /// covers K3.5 (part)
    async fn looking_at_somebody_elses_evaluation_leaves_a_trace_and_at_ones_own_none(db: TestStore) {
        let stage = Stage::new(&db).await;
        let id = stage.completed("nora").await;
        stage.evaluations.open(&stage.company.nick, id).await.unwrap();
        assert_eq!(leaves(&db, 1).await[0].0, "evaluation.complete");
        stage.evaluations.open(&stage.company.nora, id).await.unwrap();
        let (action, resource, outcome, detail) = leaves(&db, 1).await.remove(0);
        assert_eq!((action.as_str(), outcome.as_str(), detail.as_str()), ("evaluation.view", "success", ""));
        assert_eq!(resource, format!("evaluation:{id}"));
    }
}
