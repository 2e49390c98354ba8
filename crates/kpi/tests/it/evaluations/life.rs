//! Who may move an evaluation where.

use palisade_base::Kind;
use palisade_kpi::{
    evaluation::{EvaluationKind, State},
    types::{EMPLOYEE, EVALUATION},
};
use palisade_records::{Draft, Given};
use palisade_testkit::on_both_engines;

use super::stage::{Stage, TODAY, day, dismiss, outcome};
use crate::{MIGRATOR, company::leaves};

/// Written by hand from the rules: an evaluation about Nick, by whom and in which state; what is tried; how it ends for Nick,
/// Nora (his manager), Sue (a colleague), Sam (another manager) and Ada (an admin).
const TABLE: &str = "
author state      act        nick     nora     sue      sam      ada
nora   draft      open       unknown  ok       unknown  unknown  ok
nora   draft      mark       unknown  ok       unknown  unknown  denied
nora   draft      details    unknown  ok       unknown  unknown  denied
nora   draft      complete   unknown  ok       unknown  unknown  denied
nora   draft      take-back  unknown  conflict unknown  unknown  conflict
nora   draft      return     unknown  conflict unknown  unknown  conflict
nora   draft      review     unknown  conflict unknown  unknown  conflict
nora   draft      amend      unknown  denied   unknown  unknown  conflict
nora   draft      discard    unknown  ok       unknown  unknown  denied
nora   completed  open       ok       ok       unknown  unknown  ok
nora   completed  mark       conflict conflict unknown  unknown  conflict
nora   completed  details    conflict conflict unknown  unknown  conflict
nora   completed  complete   conflict conflict unknown  unknown  conflict
nora   completed  take-back  denied   ok       unknown  unknown  denied
nora   completed  return     denied   denied   unknown  unknown  ok
nora   completed  review     denied   denied   unknown  unknown  ok
nora   completed  amend      denied   denied   unknown  unknown  conflict
nora   completed  discard    conflict conflict unknown  unknown  conflict
nora   reviewed   open       ok       ok       unknown  unknown  ok
nora   reviewed   mark       conflict conflict unknown  unknown  conflict
nora   reviewed   details    conflict conflict unknown  unknown  conflict
nora   reviewed   complete   conflict conflict unknown  unknown  conflict
nora   reviewed   take-back  conflict conflict unknown  unknown  conflict
nora   reviewed   return     denied   conflict unknown  unknown  conflict
nora   reviewed   review     denied   conflict unknown  unknown  conflict
nora   reviewed   amend      denied   denied   unknown  unknown  ok
nora   reviewed   discard    conflict conflict unknown  unknown  conflict
nick   draft      open       ok       unknown  unknown  unknown  ok
nick   draft      mark       ok       unknown  unknown  unknown  denied
nick   draft      complete   ok       unknown  unknown  unknown  denied
nick   draft      review     denied   unknown  unknown  unknown  conflict
nick   draft      discard    ok       unknown  unknown  unknown  denied
nick   completed  open       ok       ok       unknown  unknown  ok
nick   completed  mark       conflict conflict unknown  unknown  conflict
nick   completed  take-back  ok       denied   unknown  unknown  denied
nick   completed  return     denied   ok       unknown  unknown  ok
nick   completed  review     denied   ok       unknown  unknown  ok
nick   reviewed   take-back  conflict conflict unknown  unknown  conflict
nick   reviewed   return     denied   conflict unknown  unknown  conflict
nick   reviewed   amend      denied   denied   unknown  unknown  ok
";

on_both_engines! {
    /// covers K0.2 (part), K2.1 (part)
    async fn every_role_moves_an_evaluation_only_as_far_as_the_table_says(db: TestStore) {
        let stage = Stage::new(&db).await;
        let mut rows = TABLE.trim().lines();
        let people: Vec<&str> = rows.next().unwrap().split_whitespace().skip(3).collect();
        let mut wrong = Vec::new();
        for row in rows {
            let cells: Vec<&str> = row.split_whitespace().collect();
            for (who, expected) in people.iter().zip(&cells[3..]) {
                let id = match cells[1] {
                    "draft" => stage.draft(cells[0]).await,
                    "completed" => stage.completed(cells[0]).await,
                    _ => stage.reviewed(cells[0]).await,
                };
                let found = stage.attempt(cells[2], who, id).await;
                if found != *expected {
                    wrong.push(format!("{} {} {} {who}: {found}, not {expected}", cells[0], cells[1], cells[2]));
                }
                clear(&stage).await;
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    async fn who_is_asked_for_a_review_gets_that_one_evaluation_and_no_other(db: TestStore) {
        let stage = Stage::new(&db).await;
        let other = stage.completed("nora").await;
        let id = stage.draft("nora").await;
        let (sam, version) = (stage.sam.person, stage.version(id).await);
        stage.evaluations.set_details(&stage.company.nora, version, day(TODAY), "", sam).await.unwrap();
        assert_eq!(stage.attempt("open", "sam", id).await, "unknown");
        stage.evaluations.complete(&stage.company.nora, stage.version(id).await).await.unwrap();
        assert_eq!(stage.attempt("open", "sam", other).await, "unknown");
        assert_eq!(stage.attempt("review", "sam", id).await, "ok");
        let (evaluation, _) = stage.look(id).await;
        assert_eq!((evaluation.state, evaluation.reviewed_by), (State::Reviewed, sam));
        assert_eq!(evaluation.reviewed_on, Some(day(TODAY)));
    }

    async fn only_a_leader_of_a_team_who_neither_wrote_it_nor_is_its_subject_is_asked_for_a_review(db: TestStore) {
        let stage = Stage::new(&db).await;
        let id = stage.draft("nora").await;
        let names: Vec<String> =
            stage.evaluations.reviewers(&stage.company.nora, id).await.unwrap().into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["Sam South"]);
        for nobody in [stage.company.nora.person, stage.company.nick.person, stage.ada.person] {
            let version = stage.version(id).await;
            let error = stage.evaluations.set_details(&stage.company.nora, version, day(TODAY), "", nobody).await.unwrap_err();
            assert_eq!(error.fields()[0].field, "reviewer_id");
        }
    }

    async fn nobody_reviews_what_is_said_about_them_whatever_their_role(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = &stage.company.nora;
        let id = stage.evaluations.start(nora, stage.company.nora_record, day(TODAY)).await.unwrap();
        let marks = palisade_kpi::evaluation::Marks { skills: vec![stage.rated(0, 5, 0)], tools: vec![] };
        stage.evaluations.mark(nora, id, &marks).await.unwrap();
        stage.evaluations.complete(nora, stage.version(id).await).await.unwrap();
        assert_eq!(stage.look(id).await.0.kind, EvaluationKind::SelfRated);
        assert_eq!(stage.attempt("review", "nora", id).await, "denied");
        assert_eq!(stage.attempt("return", "nora", id).await, "denied");
        assert_eq!(stage.attempt("review", "ada", id).await, "ok");
    }

    async fn people_evaluate_themselves_and_managers_their_own_team(db: TestStore) {
        let stage = Stage::new(&db).await;
        let (nick, sue) = (stage.company.nick_record, stage.company.sue_record);
        for (who, about, expected) in [
            ("nick", nick, "ok"),
            ("nora", nick, "ok"),
            ("nora", sue, "denied"),
            ("sam", sue, "ok"),
            ("sam", nick, "denied"),
            ("sue", nick, "unknown"),
            ("ada", nick, "ok"),
        ] {
            let done = stage.evaluations.start(stage.who(who), about, day(TODAY)).await;
            assert_eq!(outcome(done), expected, "{who}");
        }
        let done = stage.evaluations.start(&stage.company.admin, nick, day(TODAY)).await;
        assert_eq!(outcome(done), "denied", "a user who is no person signs nothing");
    }

    async fn nothing_is_handed_in_before_its_day_or_empty_or_about_somebody_who_has_left(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = &stage.company.nora;
        let id = stage.evaluations.start(nora, stage.company.nick_record, day("2026-03-03")).await.unwrap();
        let error = stage.evaluations.complete(nora, stage.version(id).await).await.unwrap_err();
        assert_eq!(error.fields()[0].field, "evaluation_date");
        stage.evaluations.set_details(nora, stage.version(id).await, day(TODAY), "", None).await.unwrap();
        let error = stage.evaluations.complete(nora, stage.version(id).await).await.unwrap_err();
        assert_eq!((error.kind(), error.fields()[0].field.as_ref()), (Kind::Invalid, "skills"));
        stage.draft("nora").await;
        dismiss(&stage, stage.company.nick_record).await;
        assert_eq!(stage.attempt("complete", "nora", id).await, "conflict");
        assert_eq!(stage.look(id).await.0.state, State::Draft);
        let done = stage.evaluations.start(&stage.ada, stage.company.nick_record, day(TODAY)).await;
        assert_eq!(outcome(done), "invalid");
    }

    async fn who_no_longer_leads_somebody_hands_nothing_in_about_them(db: TestStore) {
        let stage = Stage::new(&db).await;
        let id = stage.draft("nora").await;
        let nick = stage.company.employee(stage.company.nick_record).await;
        let away = Draft::new().text("team_id", stage.company.south.to_string());
        stage.company.records.update(&stage.company.admin, &EMPLOYEE, (nick.id, nick.version), &away).await.unwrap();
        assert_eq!(stage.attempt("open", "nora", id).await, "ok");
        assert_eq!(stage.attempt("complete", "nora", id).await, "denied");
        assert_eq!(stage.attempt("discard", "nora", id).await, "ok");
    }

    async fn giving_back_takes_a_reason_which_the_author_reads(db: TestStore) {
        let stage = Stage::new(&db).await;
        let id = stage.completed("nick").await;
        let nora = &stage.company.nora;
        for empty in ["", "  \n "] {
            let error = stage.evaluations.give_back(nora, stage.version(id).await, empty).await.unwrap_err();
            assert_eq!(error.fields()[0].field, "return_reason");
        }
        stage.evaluations.give_back(nora, stage.version(id).await, "Tiles: that was Sue.").await.unwrap();
        let (evaluation, _) = stage.evaluations.open(&stage.company.nick, id).await.unwrap();
        assert_eq!((evaluation.state, evaluation.completed_on), (State::Draft, None));
        assert_eq!(evaluation.return_reason.as_deref(), Some("Tiles: that was Sue."));
        assert_eq!(stage.attempt("open", "nora", id).await, "unknown");
    }

    async fn an_amended_copy_stands_in_the_place_of_the_old_one_once_it_is_reviewed(db: TestStore) {
        let stage = Stage::new(&db).await;
        let old = stage.reviewed("nora").await;
        let copy = stage.evaluations.amend(&stage.ada, stage.version(old).await).await.unwrap();
        let (evaluation, marks) = stage.look(copy).await;
        assert_eq!((evaluation.state, evaluation.amends), (State::Draft, Some(old)));
        assert_eq!(Some(evaluation.evaluator), stage.ada.person);
        assert_eq!(marks, stage.look(old).await.1);
        assert_eq!(stage.attempt("amend", "ada", old).await, "conflict");
        let marks = palisade_kpi::evaluation::Marks { skills: vec![stage.rated(0, 2, 1)], tools: vec![] };
        stage.evaluations.mark(&stage.ada, copy, &marks).await.unwrap();
        stage.evaluations.complete(&stage.ada, stage.version(copy).await).await.unwrap();
        assert!(stage.look(old).await.0.record.archived_at.is_none());
        assert_eq!(stage.attempt("review", "ada", copy).await, "denied");
        assert_eq!(stage.attempt("review", "nora", copy).await, "ok");
        assert!(stage.look(old).await.0.record.archived_at.is_some());
        assert_eq!(stage.look(old).await.1.skills[0].rating, Some(4));
        assert_eq!(stage.look(copy).await.1.skills[0].rating, Some(2));
    }

    async fn taking_back_is_refused_while_another_draft_is_open(db: TestStore) {
        let stage = Stage::new(&db).await;
        let id = stage.completed("nora").await;
        stage.draft("nora").await;
        assert_eq!(stage.attempt("take-back", "nora", id).await, "conflict");
        clear(&stage).await;
        assert_eq!(stage.attempt("take-back", "nora", id).await, "ok");
    }

    async fn handing_in_keeps_the_tier_and_tells_the_trail_everything(db: TestStore) {
        let stage = Stage::new(&db).await;
        let id = stage.completed("nora").await;
        let (action, resource, outcome, detail) = leaves(&db, 1).await.remove(0);
        assert_eq!((action.as_str(), outcome.as_str()), ("evaluation.complete", "success"));
        assert_eq!(resource, format!("evaluation:{id}"));
        let detail: serde_json::Value = serde_json::from_str(&detail).unwrap();
        let after = |field: &str| {
            let changes = detail["changes"].as_array().unwrap();
            changes.iter().find(|change| change["field"] == field).map(|change| change["after"].clone())
        };
        assert_eq!(after("status").unwrap(), "completed");
        assert_eq!(after("skills").unwrap(), serde_json::json!({ stage.skills[0].to_string(): 4 }));
        let tool = serde_json::json!({ "can_operate": true, "truck_stock": false });
        assert_eq!(after("tools").unwrap()[stage.tools[0].to_string()], tool);
        let (evaluation, _) = stage.look(id).await;
        assert_eq!(evaluation.tier, Some(stage.company.tiers[1]));
        assert_eq!(evaluation.completed_on, Some(day(TODAY)));
    }

    /// covers K0.2 (part)
    async fn no_draft_no_edit_and_no_import_sets_a_state(db: TestStore) {
        let stage = Stage::new(&db).await;
        let id = stage.draft("nora").await;
        let (records, nora) = (&stage.company.records, &stage.company.nora);
        for field in ["status", "evaluator_id", "reviewed_by", "origin", "employee_id", "amends_id", "tier_id"] {
            let value = match field {
                "status" => "reviewed".to_owned(),
                "origin" => "api".to_owned(),
                _ => stage.company.sue_record.to_string(),
            };
            let draft = Draft::new().give(field, Given::Text(value));
            let error = records.update(nora, &EVALUATION, stage.version(id).await, &draft).await.unwrap_err();
            assert_eq!(error.fields()[0].field, field);
        }
        assert_eq!(stage.look(id).await.0.state, State::Draft);
    }

    async fn only_transitions_that_lead_somewhere_are_offered(db: TestStore) {
        let stage = Stage::new(&db).await;
        let id = stage.completed("nora").await;
        let mut offered = Vec::new();
        for who in ["nick", "nora", "ada"] {
            let record = stage.company.records.get(stage.who(who), &EVALUATION, id).await.unwrap();
            let open = stage.company.records.transitions_of(stage.who(who), &record).await.unwrap();
            offered.push(open.iter().map(|transition| transition.name).collect::<Vec<_>>());
        }
        assert_eq!(offered, [vec![], vec!["take-back"], vec!["review", "return"]]);
    }
}

/// Discards what is open, so that the next starts anew.
async fn clear(stage: &Stage) {
    for who in ["nora", "nick", "ada"] {
        let who = stage.who(who);
        let id = stage.evaluations.start(who, stage.company.nick_record, day(TODAY)).await.unwrap();
        stage.evaluations.discard(who, stage.version(id).await).await.unwrap();
    }
}
