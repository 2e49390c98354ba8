//! The record types, and who may do what with whose.

use http::{Method, StatusCode};
use palisade_base::{Caller, Kind, RecordId};
use palisade_kpi::types::{CUSTOM_TOOL, GOAL, QUALIFICATION, SKILL, SKILL_CATEGORY, SPECIAL_SKILL, TRAINING_REQUEST};
use palisade_records::{Draft, Record, RecordType};
use palisade_testkit::on_both_engines;
use serde_json::json;

use crate::{
    MIGRATOR,
    company::{Company, all, leaves},
    site::Site,
};

/// The least draft of each kind about this employee.
fn least(ty: &'static RecordType, employee: RecordId, skill: RecordId) -> Draft {
    let draft = Draft::new().text("employee_id", employee.to_string());
    match ty.name {
        "qualification" => draft.text("kind", "certificate").text("name", "EPA 608"),
        "goal" => {
            draft.text("skill_id", skill.to_string()).text("target_tenths", "4").text("target_date", "2026-06-30")
        }
        "training_request" => draft.text("topic", "Sweating copper"),
        _ => draft.text("name", "Thatching"),
    }
}

const KINDS: [&RecordType; 5] = [&QUALIFICATION, &SPECIAL_SKILL, &CUSTOM_TOOL, &GOAL, &TRAINING_REQUEST];

pub(super) async fn a_skill(company: &Company) -> RecordId {
    let draft = Draft::new().text("name", "Carpentry").text("display_order", "1");
    let category = company.records.create(&company.admin, &SKILL_CATEGORY, &draft).await.unwrap().id;
    let draft =
        Draft::new().text("category_id", category.to_string()).text("name", "Build Gate").text("display_order", "1");
    company.records.create(&company.admin, &SKILL, &draft).await.unwrap().id
}

pub(super) async fn make(
    company: &Company,
    caller: &Caller,
    ty: &'static RecordType,
    employee: RecordId,
) -> Result<Record, Kind> {
    let skill = all(&company.records, &company.admin, &SKILL).await[0].id;
    let made = company.records.create(caller, ty, &least(ty, employee, skill)).await;
    made.map_err(|error| error.kind())
}

on_both_engines! {
    /// covers K2.1 (part)
    async fn everybody_sees_their_own_managers_their_teams_and_nobody_a_strangers(db: TestStore) {
        let company = Company::new(&db).await;
        a_skill(&company).await;
        for ty in KINDS {
            let nicks = make(&company, &company.admin, ty, company.nick_record).await.unwrap();
            let sues = make(&company, &company.admin, ty, company.sue_record).await.unwrap();
            let ids = |records: Vec<Record>| records.iter().map(|record| record.id).collect::<Vec<_>>();
            assert_eq!(ids(all(&company.records, &company.nick, ty).await), [nicks.id], "{}", ty.name);
            assert_eq!(ids(all(&company.records, &company.nora, ty).await), [nicks.id], "{}", ty.name);
            assert_eq!(all(&company.records, &company.admin, ty).await.len(), 2, "{}", ty.name);
            let error = company.records.get(&company.nora, ty, sues.id).await.unwrap_err();
            assert_eq!(error.kind(), Kind::NotFound, "{}", ty.name);
        }
    }

    /// covers K2.1 (part)
    async fn people_propose_about_themselves_only_and_keep_no_qualifications(db: TestStore) {
        let company = Company::new(&db).await;
        a_skill(&company).await;
        for ty in KINDS {
            let own = make(&company, &company.nick, ty, company.nick_record).await;
            let is_kept_by_others = ty.name == "qualification";
            assert_eq!(own.map(drop), if is_kept_by_others { Err(Kind::Denied) } else { Ok(()) }, "{}", ty.name);
            // Somebody whom one does not see is nobody to write about.
            let wanted = if is_kept_by_others { Kind::Denied } else { Kind::Invalid };
            assert_eq!(make(&company, &company.nick, ty, company.sue_record).await.map(drop), Err(wanted), "{}", ty.name);
        }
    }

    /// covers K2.1 (part)
    async fn a_manager_keeps_records_of_the_own_team_and_no_qualification_of_their_own(db: TestStore) {
        let company = Company::new(&db).await;
        a_skill(&company).await;
        for ty in KINDS {
            assert_eq!(make(&company, &company.nora, ty, company.nick_record).await.map(drop), Ok(()), "{}", ty.name);
            let away = make(&company, &company.nora, ty, company.sue_record).await.map(drop);
            assert_eq!(away, Err(Kind::Denied), "{}", ty.name);
        }
        assert_eq!(make(&company, &company.nora, &QUALIFICATION, company.nora_record).await.map(drop), Err(Kind::Denied));
        let own = make(&company, &company.admin, &QUALIFICATION, company.nora_record).await.unwrap();
        let longer = Draft::new().text("expires_on", "2099-01-01");
        let error = company.records.update(&company.nora, &QUALIFICATION, (own.id, own.version), &longer).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        let browser = Site::browser(&db, &company, &company.nora);
        let page = browser.get(&format!("/qualifications/{}", own.id)).await.text();
        assert!(page.contains("EPA 608") && !page.contains("/edit"));
        assert_eq!(browser.get(&format!("/qualifications/{}/edit", own.id)).await.status, StatusCode::FORBIDDEN);
    }

    /// covers K2.1 (part)
    async fn what_follows_from_a_decision_is_set_by_no_form_no_call_and_no_file(db: TestStore) {
        let company = Company::new(&db).await;
        a_skill(&company).await;
        let request = make(&company, &company.nick, &TRAINING_REQUEST, company.nick_record).await.unwrap();
        assert_eq!(request.text("state").unwrap(), "Requested");
        let form = Site::browser(&db, &company, &company.admin).get(&format!("/training-requests/{}/edit", request.id)).await;
        assert!(form.text().contains("name=\"topic\"") && !form.text().contains("name=\"state\""));
        for (field, value) in [("state", "approved"), ("decided_on", "2026-01-01"), ("answer", "Go ahead")] {
            let draft = Draft::new().text(field, value);
            let at = (request.id, request.version);
            let error = company.records.update(&company.admin, &TRAINING_REQUEST, at, &draft).await.unwrap_err();
            assert_eq!((error.kind(), error.fields()[0].field.as_ref()), (Kind::Invalid, field));
        }
        let program = Site::program(&db, &company, &company.nick);
        let body = json!({ "employee_id": company.nick_record, "topic": "Roofs", "state": "approved" }).to_string();
        let answer = program.call(Method::POST, "/api/v1/training-requests", &body, &[]).await;
        assert_eq!((answer.status, answer.wrong_fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["state".to_owned()]));
        let browser = Site::browser(&db, &company, &company.admin);
        let file = "Employee,Training in,State\nNick Test,Roofs,approved\n";
        let checked = browser.upload("/training-requests/import", "requests.csv", file.as_bytes()).await;
        let report = browser.get(checked.header("location")).await.text();
        assert!(report.contains("nobody sets it by hand"), "{report}");
    }

    /// covers K0.1 (part)
    async fn a_goal_is_about_one_thing_and_has_the_target_that_fits_it(db: TestStore) {
        let company = Company::new(&db).await;
        let skill = a_skill(&company).await;
        let category = all(&company.records, &company.admin, &SKILL_CATEGORY).await[0].id;
        let goal = || Draft::new().text("employee_id", company.nick_record.to_string()).text("target_date", "2026-06-30");
        let about_skill = || goal().text("skill_id", skill.to_string());
        let about_category = || goal().text("category_id", category.to_string());
        for (draft, field) in [
            (goal(), "skill_id"),
            (about_skill().text("category_id", category.to_string()).text("target_tenths", "4"), "skill_id"),
            (about_skill(), "target_tenths"),
            (about_skill().text("target_tenths", "3.5"), "target_tenths"),
            (about_category().text("target_tenths", "0.5"), "target_tenths"),
            (about_category().text("target_tenths", "5.1"), "target_tenths"),
        ] {
            let error = company.records.create(&company.nick, &GOAL, &draft).await.unwrap_err();
            assert_eq!((error.kind(), error.fields()[0].field.as_ref()), (Kind::Invalid, field));
        }
        let made = company.records.create(&company.nick, &GOAL, &about_category().text("target_tenths", "3.5")).await.unwrap();
        assert_eq!((made.title(), made.text("target_tenths").unwrap(), made.text("state").unwrap()), ("Carpentry".into(), "3.5".into(), "Open".into()));
        // A rule between fields holds for a change of one of them, too.
        let none = Draft::new().text("target_tenths", "");
        let error = company.records.update(&company.nick, &GOAL, (made.id, made.version), &none).await.unwrap_err();
        assert_eq!(error.fields()[0].field, "target_tenths");
    }

    async fn a_qualification_does_not_end_before_it_begins(db: TestStore) {
        let company = Company::new(&db).await;
        let draft = least(&QUALIFICATION, company.nick_record, company.north).text("issued_on", "2026-05-01");
        let ended = draft.clone().text("expires_on", "2026-04-30");
        let error = company.records.create(&company.nora, &QUALIFICATION, &ended).await.unwrap_err();
        assert_eq!(error.fields()[0].field, "expires_on");
        company.records.create(&company.nora, &QUALIFICATION, &draft.text("expires_on", "2026-05-01")).await.unwrap();
    }

    /// covers K3.5 (part)
    async fn looking_at_ones_own_leaves_no_trace_and_at_anothers_one(db: TestStore) {
        let company = Company::new(&db).await;
        a_skill(&company).await;
        let tool = make(&company, &company.nick, &CUSTOM_TOOL, company.nick_record).await.unwrap();
        company.records.view(&company.nick, &CUSTOM_TOOL, tool.id).await.unwrap();
        assert_eq!(leaves(&db, 1).await[0].0, "custom_tool.create");
        company.records.view(&company.nora, &CUSTOM_TOOL, tool.id).await.unwrap();
        assert_eq!(leaves(&db, 1).await[0].0, "custom_tool.view");
    }

    /// covers K0.1 (part)
    async fn a_form_comes_filled_from_where_the_gap_was_seen(db: TestStore) {
        let company = Company::new(&db).await;
        let skill = a_skill(&company).await;
        let browser = Site::browser(&db, &company, &company.nick);
        let path = format!("/goals/new?skill_id={skill}&target_tenths=4&target_date=2026-06-30&nonsense=%3Cb%3E");
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        let html = page.text();
        assert!(html.contains(&format!("<option value=\"{skill}\" selected>Carpentry: Build Gate")), "{html}");
        assert!(html.contains("value=\"2026-06-30\"") && !html.contains("<b>"));
        // Who sees only themselves has nothing to choose.
        assert!(html.contains(&format!("<option value=\"{}\" selected>", company.nick_record)));
    }
}
