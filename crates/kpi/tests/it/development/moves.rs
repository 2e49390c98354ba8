//! Deciding, confirming, dropping: who may, and what is closed afterwards.

use http::{Method, StatusCode};
use palisade_base::{Caller, Kind, RecordId};
use palisade_kpi::types::{GOAL, SPECIAL_SKILL, TRAINING_REQUEST};
use palisade_records::{Draft, Record, RecordType};
use palisade_testkit::{TestStore, on_both_engines};

use super::records::{a_skill, make};
use crate::{
    MIGRATOR,
    company::{Company, caller, leaves},
    site::Site,
};

/// Moves without naming a version.
async fn step(
    company: &Company,
    who: &Caller,
    ty: &'static RecordType,
    name: &str,
    id: RecordId,
) -> Result<Record, Kind> {
    let moved = company.records.transition(who, ty, name, (id, None), &Draft::new()).await;
    moved.map(Option::unwrap).map_err(|error| error.kind())
}

/// The admin, as a person who is an employee, too.
fn working_admin(db: &TestStore, company: &Company) -> Caller {
    caller(db, "Admin", company.nick.person)
}

on_both_engines! {
    /// covers K2.1 (part)
    async fn nobody_decides_about_their_own_training_whatever_their_role_reaches(db: TestStore) {
        let company = Company::new(&db).await;
        a_skill(&company).await;
        let nicks = make(&company, &company.nick, &TRAINING_REQUEST, company.nick_record).await.unwrap();
        let noras = make(&company, &company.nora, &TRAINING_REQUEST, company.nora_record).await.unwrap();
        for (who, id) in [
            (&company.nick, nicks.id),
            (&working_admin(&db, &company), nicks.id),
            (&company.nora, noras.id),
        ] {
            assert_eq!(step(&company, who, &TRAINING_REQUEST, "approve", id).await.map(drop), Err(Kind::Denied));
            let (action, _, outcome, _) = leaves(&db, 1).await.remove(0);
            assert_eq!((action.as_str(), outcome.as_str()), ("training_request.approve", "failure:denied"));
        }
        let approved = step(&company, &company.nora, &TRAINING_REQUEST, "approve", nicks.id).await.unwrap();
        assert_eq!(approved.text("state").unwrap(), "Approved");
        assert_eq!(approved.text("decided_by").unwrap(), "Nora North");
        assert_eq!(approved.text("decided_on").unwrap(), company.records.today().to_string());
        assert_eq!(leaves(&db, 1).await[0].0, "training_request.approve");
        let error = company.records.get(&company.nora, &TRAINING_REQUEST, noras.id).await;
        assert!(error.is_ok(), "she sees it, and somebody else decides");
        step(&company, &company.admin, &TRAINING_REQUEST, "approve", noras.id).await.unwrap();
    }

    /// covers K0.1 (part)
    async fn what_was_decided_is_closed_and_a_refusal_says_why(db: TestStore) {
        let company = Company::new(&db).await;
        a_skill(&company).await;
        let request = make(&company, &company.nick, &TRAINING_REQUEST, company.nick_record).await.unwrap();
        let browser = Site::browser(&db, &company, &company.nora);
        let path = format!("/training-requests/{}", request.id);
        let page = browser.get(&path).await.text();
        assert!(page.contains("Approve</button>") && page.contains(&format!("{path}/decline")), "{page}");
        let empty = browser.post(&format!("{path}/decline"), &[("version", "1"), ("answer", " ")]).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(empty.text().contains("name=\"answer\""), "it is asked for again");
        let stale = browser.post(&format!("{path}/decline"), &[("version", "7"), ("answer", "Not this year")]).await;
        assert_eq!(stale.status, StatusCode::CONFLICT);
        let done = browser.post(&format!("{path}/decline"), &[("version", "1"), ("answer", "Not this year")]).await;
        assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, path.as_str()));
        let own = Site::browser(&db, &company, &company.nick).get(&path).await.text();
        assert!(own.contains("Not this year") && own.contains("Declined"));
        assert!(!own.contains("/edit") && !own.contains("/approve"), "it is closed to who asked, and theirs to read");
        let change = Draft::new().text("topic", "Something else");
        let error = company.records.update(&company.nick, &TRAINING_REQUEST, (request.id, 2), &change).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
        assert_eq!(step(&company, &company.nora, &TRAINING_REQUEST, "done", request.id).await.map(drop), Err(Kind::Conflict));
    }

    /// covers K2.1 (part)
    async fn a_special_skill_is_proposed_by_who_has_it_and_confirmed_by_somebody_else(db: TestStore) {
        let company = Company::new(&db).await;
        a_skill(&company).await;
        let skill = make(&company, &company.nick, &SPECIAL_SKILL, company.nick_record).await.unwrap();
        let better = Draft::new().text("level", "4");
        let skill = company.records.update(&company.nick, &SPECIAL_SKILL, (skill.id, skill.version), &better).await.unwrap();
        for who in [&company.nick, &working_admin(&db, &company)] {
            assert_eq!(step(&company, who, &SPECIAL_SKILL, "confirm", skill.id).await.map(drop), Err(Kind::Denied));
        }
        let confirmed = step(&company, &company.nora, &SPECIAL_SKILL, "confirm", skill.id).await.unwrap();
        let best = Draft::new().text("level", "5");
        let error = company.records.update(&company.nick, &SPECIAL_SKILL, (skill.id, confirmed.version), &best).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
        step(&company, &company.nora, &SPECIAL_SKILL, "reopen", skill.id).await.unwrap();
        let now = company.records.get(&company.nick, &SPECIAL_SKILL, skill.id).await.unwrap();
        company.records.update(&company.nick, &SPECIAL_SKILL, (skill.id, now.version), &best).await.unwrap();
    }

    async fn a_goal_is_dropped_and_taken_up_again_by_whose_it_is_or_who_leads_them(db: TestStore) {
        let company = Company::new(&db).await;
        a_skill(&company).await;
        let goal = make(&company, &company.nick, &GOAL, company.nick_record).await.unwrap();
        let dropped = step(&company, &company.nick, &GOAL, "drop", goal.id).await.unwrap();
        assert_eq!(dropped.text("closed_on").unwrap(), company.records.today().to_string());
        assert_eq!(step(&company, &company.nick, &GOAL, "drop", goal.id).await.map(drop), Err(Kind::Conflict));
        let open = step(&company, &company.nora, &GOAL, "reopen", goal.id).await.unwrap();
        assert_eq!((open.text("state").unwrap(), open.value("closed_on")), ("Open".into(), None));
        let sues = make(&company, &company.admin, &GOAL, company.sue_record).await.unwrap();
        assert_eq!(step(&company, &company.nora, &GOAL, "drop", sues.id).await.map(drop), Err(Kind::NotFound));
    }

    /// covers K2.1 (part)
    async fn a_program_decides_by_key_only_and_as_its_owner(db: TestStore) {
        let company = Company::new(&db).await;
        a_skill(&company).await;
        let request = make(&company, &company.nick, &TRAINING_REQUEST, company.nick_record).await.unwrap();
        let path = format!("/api/v1/training-requests/{}", request.id);
        let approve = format!("{path}/approve");
        let browser = Site::browser(&db, &company, &company.nora);
        assert_eq!(browser.call(Method::POST, &approve, "{}", &[]).await.status, StatusCode::FORBIDDEN);
        let employee = Site::program(&db, &company, &company.nick);
        assert_eq!(employee.call(Method::POST, &approve, "{}", &[]).await.status, StatusCode::FORBIDDEN);
        let program = Site::program(&db, &company, &company.nora);
        let wrong = program.call(Method::POST, &approve, r#"{ "state": "done" }"#, &[]).await;
        assert_eq!((wrong.status, wrong.wrong_fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["state".to_owned()]));
        let missing = program.call(Method::POST, &format!("{path}/decline"), "{}", &[]).await;
        assert_eq!((missing.status, missing.wrong_fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["answer".to_owned()]));
        let stale = program.call(Method::POST, &approve, "{}", &[("if-match", "\"9\"")]).await;
        assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
        let done = program.call(Method::POST, &approve, r#"{ "version": 1 }"#, &[]).await;
        assert_eq!((done.status, done.json()["data"]["state"].as_str()), (StatusCode::OK, Some("approved")));
        let description = program.get("/api/v1/openapi.json").await.json();
        assert!(description["paths"]["/api/v1/training-requests/{id}/decline"]["post"].is_object());
    }
}
