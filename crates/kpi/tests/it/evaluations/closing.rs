//! What the review of an evaluation closes: goals that it shows to be reached, training that it shows to have helped.

use palisade_base::RecordId;
use palisade_kpi::{
    development::STATEMENTS,
    evaluation::{Marks, SkillMark, ToolMark},
    types::{GOAL, SKILL, TRAINING_REQUEST},
};
use palisade_records::{Draft, Record, RecordType};
use palisade_store::Value;
use palisade_testkit::{TestStore, on_both_engines, prepare_all};

use super::stage::{Stage, TODAY, day};
use crate::{MIGRATOR, company::leaves};

async fn make(stage: &Stage, ty: &'static RecordType, fields: &[(&str, String)]) -> RecordId {
    let draft = Draft::new().text("employee_id", stage.company.nick_record.to_string());
    let draft = fields.iter().fold(draft, |draft, (name, value)| draft.text(*name, value.clone()));
    stage.company.records.create(&stage.company.nick, ty, &draft).await.unwrap().id
}

async fn goal(stage: &Stage, field: &'static str, id: RecordId, target: &str) -> RecordId {
    let fields =
        [(field, id.to_string()), ("target_tenths", target.to_owned()), ("target_date", "2026-12-31".to_owned())];
    make(stage, &GOAL, &fields).await
}

async fn look(stage: &Stage, ty: &'static RecordType, id: RecordId) -> Record {
    stage.company.records.get(&stage.company.admin, ty, id).await.unwrap()
}

async fn state(stage: &Stage, ty: &'static RecordType, id: RecordId) -> String {
    look(stage, ty, id).await.text("state").unwrap()
}

/// An evaluation of Nick's with these marks, handed in.
async fn handed_in(stage: &Stage, author: &str, on: &str, skills: Vec<SkillMark>, tools: Vec<ToolMark>) -> RecordId {
    let who = stage.who(author);
    let id = stage.evaluations.start(who, stage.company.nick_record, day(on)).await.unwrap();
    stage.evaluations.mark(who, id, &Marks { skills, tools }).await.unwrap();
    stage.evaluations.complete(who, stage.version(id).await).await.unwrap();
    id
}

async fn review(stage: &Stage, who: &str, id: RecordId) {
    stage.evaluations.review(stage.who(who), stage.version(id).await).await.unwrap();
}

async fn actions(db: &TestStore, number: i64) -> Vec<String> {
    leaves(db, number).await.into_iter().map(|(action, _, _, _)| action).collect()
}

on_both_engines! {
    async fn every_statement_is_valid(db: TestStore) {
        prepare_all(&db, STATEMENTS).await;
    }

    /// covers K0.1 (part)
    async fn the_review_that_shows_a_goal_to_be_reached_closes_it(db: TestStore) {
        let stage = Stage::new(&db).await;
        let category = link(&look(&stage, &SKILL, stage.skills[0]).await, "category_id");
        let alpha = goal(&stage, "skill_id", stage.skills[0], "4").await;
        let beta = goal(&stage, "skill_id", stage.skills[1], "4").await;
        // (4 + 3) / 2 = 3.5
        let half = goal(&stage, "category_id", category, "3.5").await;
        let more = goal(&stage, "category_id", category, "3.6").await;
        let saw = goal(&stage, "tool_id", stage.tools[0], "").await;
        let drill = goal(&stage, "tool_id", stage.tools[1], "").await;
        let marks = vec![stage.rated(0, 4, 0), stage.rated(1, 3, 0)];
        let evaluation = handed_in(&stage, "nora", TODAY, marks, vec![stage.tool(0, true, true), stage.tool(1, false, true)]).await;
        assert_eq!(state(&stage, &GOAL, alpha).await, "Open", "handed in is not reviewed");
        assert_eq!(stage.attempt("review", "nora", evaluation).await, "denied");
        assert_eq!(state(&stage, &GOAL, alpha).await, "Open", "a refused review closes nothing");
        review(&stage, "ada", evaluation).await;
        let mut newest = actions(&db, 4).await;
        newest.sort();
        assert_eq!(newest, ["evaluation.review", "goal.reach", "goal.reach", "goal.reach"]);
        for (goal, wanted) in [(alpha, "Reached"), (beta, "Open"), (half, "Reached"), (more, "Open"), (saw, "Reached"), (drill, "Open")] {
            assert_eq!(state(&stage, &GOAL, goal).await, wanted);
        }
        let closed = look(&stage, &GOAL, alpha).await;
        assert_eq!((link(&closed, "closed_by_id"), closed.text("closed_on").unwrap().as_str()), (evaluation, TODAY));
    }

    /// covers K0.1 (part)
    async fn nobody_reaches_a_goal_by_their_own_word(db: TestStore) {
        let stage = Stage::new(&db).await;
        let alpha = goal(&stage, "skill_id", stage.skills[0], "4").await;
        let saw = goal(&stage, "tool_id", stage.tools[0], "").await;
        let own = handed_in(&stage, "nick", TODAY, vec![stage.rated(0, 5, 0)], vec![stage.tool(0, true, true)]).await;
        review(&stage, "nora", own).await;
        assert_eq!((state(&stage, &GOAL, alpha).await, state(&stage, &GOAL, saw).await), ("Open".into(), "Open".into()));
    }

    /// covers K0.1 (part)
    async fn training_is_done_when_a_review_since_shows_the_skill_better(db: TestStore) {
        let stage = Stage::new(&db).await;
        let about = |skill: usize| [("skill_id", stage.skills[skill].to_string()), ("topic", "Alpha".to_owned())];
        let before = handed_in(&stage, "nora", "2026-02-01", vec![stage.rated(0, 3, 0)], vec![]).await;
        review(&stage, "ada", before).await;
        let approved = make(&stage, &TRAINING_REQUEST, &about(0)).await;
        let fresh = make(&stage, &TRAINING_REQUEST, &about(1)).await;
        let waiting = make(&stage, &TRAINING_REQUEST, &about(0)).await;
        for id in [approved, fresh] {
            let (records, nora) = (&stage.company.records, &stage.company.nora);
            records.transition(nora, &TRAINING_REQUEST, "approve", (id, None), &Draft::new()).await.unwrap();
        }
        let same = handed_in(&stage, "nora", TODAY, vec![stage.rated(0, 3, 0), stage.rated(1, 1, 0)], vec![]).await;
        review(&stage, "ada", same).await;
        assert_eq!(state(&stage, &TRAINING_REQUEST, approved).await, "Approved", "3 is no better than 3");
        assert_eq!(state(&stage, &TRAINING_REQUEST, fresh).await, "Approved", "1 is never done it");
        let better = handed_in(&stage, "nora", TODAY, vec![stage.rated(0, 4, 1), stage.rated(1, 2, 1)], vec![]).await;
        review(&stage, "ada", better).await;
        assert_eq!(state(&stage, &TRAINING_REQUEST, approved).await, "Done");
        assert_eq!(state(&stage, &TRAINING_REQUEST, fresh).await, "Done");
        assert_eq!(state(&stage, &TRAINING_REQUEST, waiting).await, "Requested", "nobody has approved it");
        assert_eq!(link(&look(&stage, &TRAINING_REQUEST, approved).await, "closed_by_id"), better);
    }

    async fn an_evaluation_from_before_the_approval_shows_nothing_about_the_training(db: TestStore) {
        let stage = Stage::new(&db).await;
        let fields = [("skill_id", stage.skills[0].to_string()), ("topic", "Alpha".to_owned())];
        let request = make(&stage, &TRAINING_REQUEST, &fields).await;
        let (records, nora) = (&stage.company.records, &stage.company.nora);
        records.transition(nora, &TRAINING_REQUEST, "approve", (request, None), &Draft::new()).await.unwrap();
        let old = handed_in(&stage, "nora", "2026-03-01", vec![stage.rated(0, 5, 0)], vec![]).await;
        review(&stage, "ada", old).await;
        assert_eq!(state(&stage, &TRAINING_REQUEST, request).await, "Approved");
    }
}

fn link(record: &Record, field: &str) -> RecordId {
    match record.value(field) {
        Some(Value::Id(id)) => RecordId(*id),
        other => unreachable!("{field} is no link: {other:?}"),
    }
}
