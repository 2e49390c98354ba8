//! Evaluations through the API, as a program meets them.

use http::Method;
use palisade_kpi::types::{EMPLOYEE, GOAL};
use palisade_records::{Draft, ListRequest};
use palisade_testkit::on_both_engines;
use serde_json::{Value as Json, json};

use super::stage::{Stage, TODAY};
use crate::{
    MIGRATOR,
    company::leaves,
    site::{Answer, Site},
};

const ALL: &str = "/api/v1/evaluations";

fn body(stage: &Stage) -> Json {
    json!({
        "employee_id": stage.company.nick_record.to_string(),
        "evaluation_date": TODAY,
        "evaluation_type": "manager",
        "notes": "On the Miller job.",
        "skills": [
            { "skill_id": stage.skills[0].to_string(), "rating": 4 },
            { "skill_id": stage.skills[1].to_string(), "rating": 2, "notes": "With help." },
        ],
        "tools": [{ "tool_id": stage.tools[0].to_string(), "can_operate": true, "truck_stock": false }],
    })
}

async fn post(site: &Site, path: &str, body: &Json) -> Answer {
    site.call(Method::POST, path, &body.to_string(), &[]).await
}

async fn made(site: &Site, stage: &Stage) -> String {
    let answer = post(site, ALL, &body(stage)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["data"]["id"].as_str().unwrap().to_owned()
}

on_both_engines! {
    async fn a_program_makes_an_evaluation_hands_it_in_and_another_reviews_it(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = Site::program(&db, &stage.company, &stage.company.nora);
        let ada = Site::program(&db, &stage.company, &stage.ada);
        let answer = post(&nora, ALL, &body(&stage)).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let id = answer.json()["data"]["id"].as_str().unwrap().to_owned();
        assert_eq!(answer.header("location"), format!("{ALL}/{id}"));
        let shown = nora.get(&format!("{ALL}/{id}")).await.json()["data"].clone();
        assert_eq!((&shown["status"], &shown["evaluation_type"], &shown["origin"]), (&json!("draft"), &json!("manager"), &json!("api")));
        assert_eq!(shown["evaluation_date"], TODAY);
        let rating = |skill: usize| {
            let skills = shown["skills"].as_array().unwrap();
            let row = skills.iter().find(|row| row["skill_id"] == stage.skills[skill].to_string()).unwrap();
            (row["rating"].clone(), row["notes"].clone())
        };
        assert_eq!(rating(0), (json!(4), Json::Null));
        assert_eq!(rating(1), (json!(2), json!("With help.")));
        assert_eq!(shown["tools"], json!([
            { "tool_id": stage.tools[0].to_string(), "can_operate": true, "truck_stock": false, "notes": null },
        ]));
        let done = nora.call(Method::POST, &format!("{ALL}/{id}/complete"), "", &[("if-match", "\"1\"")]).await;
        assert_eq!((done.status.as_u16(), &done.json()["data"]["status"]), (200, &json!("completed")));
        assert_eq!(done.header("etag"), "\"2\"");
        let done = ada.call(Method::POST, &format!("{ALL}/{id}/review"), r#"{"version":2}"#, &[]).await;
        assert_eq!((done.status.as_u16(), &done.json()["data"]["status"]), (200, &json!("reviewed")));
        let copy = ada.call(Method::POST, &format!("{ALL}/{id}/amend"), "", &[]).await;
        assert_eq!((copy.status.as_u16(), &copy.json()["data"]["amends_id"]), (201, &json!(id)));
    }

    async fn refusals_say_why(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = Site::program(&db, &stage.company, &stage.company.nora);
        let ada = Site::program(&db, &stage.company, &stage.ada);
        let id = made(&nora, &stage).await;
        let path = |act: &str| format!("{ALL}/{id}/{act}");
        let message = |answer: &Answer| answer.json()["error"]["message"].as_str().unwrap().to_owned();
        let answer = post(&nora, ALL, &body(&stage)).await;
        assert_eq!(answer.status, 409);
        assert!(message(&answer).contains("open draft"), "{}", message(&answer));
        let answer = nora.call(Method::POST, &path("complete"), "", &[("if-match", "\"7\"")]).await;
        assert_eq!(answer.status, 412);
        assert_eq!(nora.call(Method::POST, &path("complete"), r#"{"version":7}"#, &[]).await.status, 409);
        assert_eq!(ada.call(Method::POST, &path("complete"), "", &[]).await.status, 403);
        let answer = nora.call(Method::POST, &path("complete"), r#"{"status":"reviewed"}"#, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.wrong_fields()), (422, vec!["status".to_owned()]));
        assert_eq!(nora.call(Method::POST, &path("complete"), "", &[]).await.status, 200);
        let answer = nora.call(Method::POST, &path("complete"), "", &[]).await;
        assert_eq!(answer.status, 409);
        assert!(message(&answer).contains("is completed"), "{}", message(&answer));
        let answer = ada.call(Method::POST, &path("return"), "{}", &[]).await;
        assert_eq!((answer.status.as_u16(), answer.wrong_fields()), (422, vec!["return_reason".to_owned()]));
        let answer = ada.call(Method::POST, &path("return"), r#"{"return_reason":"Tiles?"}"#, &[]).await;
        assert_eq!(answer.status, 200);
        let session = Site::browser(&db, &stage.company, &stage.company.nora);
        assert_eq!(session.call(Method::POST, &path("complete"), "", &[]).await.status, 403);
    }

    async fn everything_that_is_wrong_with_a_new_evaluation_is_told_by_its_place(db: TestStore) {
        let stage = Stage::new(&db).await;
        let nora = Site::program(&db, &stage.company, &stage.company.nora);
        let skill = |place: usize| stage.skills[place].to_string();
        let answer = post(&nora, ALL, &json!({
            "employee_id": stage.company.nick_record.to_string(),
            "evaluation_date": "31/03/2026",
            "state": "reviewed",
            "skills": [
                { "skill_id": skill(0), "rating": 4 },
                { "skill_id": "tiles", "rating": 4 },
                { "rating": 4 },
                { "skill_id": skill(1), "rating": 6 },
                { "skill_id": skill(1), "rating": "4" },
                { "skill_id": skill(1) },
                7,
            ],
            "tools": [{ "tool_id": stage.tools[0].to_string(), "can_operate": "yes" }],
        })).await;
        assert_eq!(answer.status, 422);
        assert_eq!(answer.wrong_fields(), [
            "state",
            "evaluation_date",
            "skills[1].skill_id",
            "skills[2].skill_id",
            "skills[3].rating",
            "skills[4].rating",
            "skills[5].rating",
            "skills[6]",
            "tools[0].can_operate",
        ]);
        let wrong = |change: fn(&mut Json)| {
            let mut body = body(&stage);
            change(&mut body);
            body
        };
        let answer = post(&nora, ALL, &wrong(|body| body["evaluation_type"] = "self".into())).await;
        assert_eq!((answer.status.as_u16(), answer.wrong_fields()), (422, vec!["evaluation_type".to_owned()]));
        let answer = post(&nora, ALL, &wrong(|body| body["skills"][1] = body["skills"][0].clone())).await;
        assert_eq!(answer.wrong_fields(), ["skills[1].skill_id"]);
        let answer = post(&nora, ALL, &wrong(|body| body["skills"] = json!({}))).await;
        assert_eq!(answer.wrong_fields(), ["skills"]);
        let rows = nora.get(ALL).await.json();
        assert_eq!(rows["metadata"]["total"], 0, "nothing of these was kept");
    }

    async fn the_evaluations_of_an_employee_are_found_by_kind_and_date(db: TestStore) {
        let stage = Stage::new(&db).await;
        stage.completed("nick").await;
        stage.completed("nora").await;
        let path = format!("/api/v1/employees/{}/evaluations", stage.company.nick_record);
        let nora = Site::program(&db, &stage.company, &stage.company.nora);
        let total = async |query: &str| nora.get(&format!("{path}{query}")).await.json()["metadata"]["total"].clone();
        assert_eq!(total("").await, 2);
        assert_eq!(total("?type=self").await, 1);
        assert_eq!(total("?date_from=2026-03-02&date_to=2026-03-02").await, 2);
        assert_eq!(total("?date_from=2026-03-03").await, 0);
        assert_eq!(total("?date_to=2026-03-01&type=manager").await, 0);
        let answer = nora.get(&format!("{path}?date_from=yesterday&type=both")).await;
        assert_eq!((answer.status.as_u16(), answer.wrong_fields()), (422, vec!["type".to_owned(), "date_from".to_owned()]));
        let sue = Site::program(&db, &stage.company, &stage.sue);
        assert_eq!(sue.get(&path).await.status, 404);
    }

    async fn the_description_of_the_api_has_every_transition(db: TestStore) {
        let stage = Stage::new(&db).await;
        let site = Site::program(&db, &stage.company, &stage.ada);
        let api = site.get("/api/v1/openapi.json").await.json();
        for act in ["complete", "take-back", "review", "return", "amend"] {
            let call = &api["paths"][format!("/api/v1/evaluations/{{id}}/{act}")]["post"];
            assert!(call["responses"]["409"].is_object(), "{act}: {call}");
        }
        let asked = &api["paths"]["/api/v1/evaluations/{id}/return"]["post"]["requestBody"];
        assert_eq!(asked["content"]["application/json"]["schema"]["required"], json!(["return_reason"]));
        let change = &api["components"]["schemas"]["EvaluationChange"]["properties"];
        assert!(change["status"].is_null() && change["evaluation_date"].is_object(), "{change}");
        let collection = &api["paths"]["/api/v1/evaluations"];
        assert!(collection["get"].is_object() && collection["post"].is_object());
    }

    /// covers K3.5 (part)
    async fn a_list_of_people_leaves_one_trace_and_lookups_leave_none(db: TestStore) {
        let stage = Stage::new(&db).await;
        let site = Site::browser(&db, &stage.company, &stage.company.nora);
        let before = leaves(&db, 1_000).await.len();
        site.get("/employees?q=Sue").await;
        let all = leaves(&db, 1_000).await;
        assert_eq!(all.len() - before, 1);
        let (action, resource, _, detail) = &all[0];
        assert_eq!((action.as_str(), resource.as_str()), ("employee.list", "employee"));
        let detail: Json = serde_json::from_str(detail).unwrap();
        assert_eq!(detail, json!({ "people": 1, "filter": "with words that were searched for" }));
        let program = Site::program(&db, &stage.company, &stage.company.nora);
        program.get(&format!("/api/v1/employees?team_id={}", stage.company.north)).await;
        let (action, _, _, detail) = leaves(&db, 1).await.remove(0);
        assert_eq!(action, "employee.list");
        assert_eq!(serde_json::from_str::<Json>(&detail).unwrap(), json!({ "people": 1, "filter": "by Team" }));
        let before = leaves(&db, 1_000).await.len();
        stage.company.records.list(&stage.company.nora, &EMPLOYEE, &ListRequest { limit: 9, ..ListRequest::default() }).await.unwrap();
        site.get("/teams").await;
        site.get("/skills").await;
        Site::browser(&db, &stage.company, &stage.sue).get("/employees").await;
        assert_eq!(leaves(&db, 1_000).await.len(), before, "nobody else was shown");
    }

    async fn a_page_has_a_button_for_what_can_be_done_now(db: TestStore) {
        let stage = Stage::new(&db).await;
        let draft = Draft::new()
            .text("employee_id", stage.company.nick_record.to_string())
            .text("tool_id", stage.tools[0].to_string())
            .text("target_date", "2026-12-31");
        let goal = stage.company.records.create(&stage.company.nora, &GOAL, &draft).await.unwrap().id;
        let site = Site::browser(&db, &stage.company, &stage.company.nora);
        let path = format!("/goals/{goal}");
        let page = site.get(&path).await.text();
        assert!(page.contains(&format!("action=\"{path}/drop\"")) && !page.contains(&format!("action=\"{path}/reopen\"")));
        assert_eq!(site.post(&format!("{path}/drop"), &[("version", "1")]).await.status, 303);
        let page = site.get(&path).await.text();
        assert!(page.contains(&format!("action=\"{path}/reopen\"")) && !page.contains("/edit\""), "{page}");
        assert_eq!(site.post(&format!("{path}/drop"), &[("version", "2")]).await.status, 409);
        assert_eq!(site.post(&format!("{path}/reopen"), &[("version", "1")]).await.status, 409);
        let sue = Site::browser(&db, &stage.company, &stage.sue);
        assert_eq!(sue.post(&format!("{path}/reopen"), &[("version", "2")]).await.status, 404);
    }
}
