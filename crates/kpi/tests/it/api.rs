//! The API's contract.

use http::{Method, StatusCode};
use palisade_testkit::on_both_engines;
use serde_json::{Value as Json, json};

use crate::{
    MIGRATOR,
    company::{Company, leaves},
    site::Site,
};

fn employee(company: &Company, given: &str) -> Json {
    json!({
        "given_name": given, "family_name": "Api", "hire_date": "2025-05-01",
        "tier_id": company.tiers[0].to_string(), "team_id": company.north.to_string(),
    })
}

on_both_engines! {
    /// covers K4.3 (part), K0.1 (part)
    async fn a_record_is_made_read_changed_and_archived_by_a_key(db: TestStore) {
        let company = Company::new(&db).await;
        let api = Site::program(&db, &company, &company.admin);
        let made = api.call(Method::POST, "/api/v1/employees", &employee(&company, "Ann").to_string(), &[]).await;
        assert_eq!(made.status, StatusCode::CREATED);
        let path = made.header("location").to_owned();
        assert_eq!(path, format!("/api/v1/employees/{}", made.json()["data"]["id"].as_str().unwrap()));
        let read = api.call(Method::GET, &path, "", &[]).await;
        let data = &read.json()["data"];
        assert_eq!((&data["title"], &data["linked_titles"]["tier_id"]), (&json!("Ann Api"), &json!("Apprentice")));
        assert_eq!(read.header("etag"), format!("\"{}\"", data["version"]));
        let tag = read.header("etag").to_owned();
        let known = api.call(Method::GET, &path, "", &[("if-none-match", &tag)]).await;
        assert_eq!((known.status, known.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
        let changed = api.call(Method::PATCH, &path, r#"{"notes":"Fast"}"#, &[("if-match", &tag)]).await;
        assert_eq!((changed.status, &changed.json()["data"]["notes"]), (StatusCode::OK, &json!("Fast")));
        let stale = api.call(Method::PATCH, &path, r#"{"notes":"Slow"}"#, &[("if-match", &tag)]).await;
        assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
        let gone = api.call(Method::DELETE, &path, "", &[]).await;
        assert_eq!((gone.status, gone.bytes.len()), (StatusCode::NO_CONTENT, 0));
        assert_eq!(api.call(Method::GET, &path, "", &[]).await.json()["data"]["is_archived"], json!(true));
        let back = api.call(Method::POST, &format!("{path}/restore"), "", &[]).await;
        assert_eq!(back.json()["data"]["is_archived"], json!(false));
        let action = leaves(&db, 1).await.remove(0).0;
        assert_eq!(action, "employee.restore");
    }

    async fn what_is_left_out_becomes_empty_in_a_put_and_stays_in_a_patch(db: TestStore) {
        let company = Company::new(&db).await;
        let api = Site::program(&db, &company, &company.admin);
        let nick = company.employee(company.nick_record).await;
        let path = format!("/api/v1/employees/{}", nick.id);
        let mut whole = employee(&company, "Nick");
        whole["version"] = json!(nick.version);
        // Another tier is a promotion.
        whole["tier_id"] = json!(company.tiers[1].to_string());
        let put = api.call(Method::PUT, &path, &whole.to_string(), &[]).await.json();
        assert_eq!((&put["data"]["notes"], &put["data"]["phone"]), (&json!(null), &json!(null)));
        let version = put["data"]["version"].clone();
        let patch = json!({ "phone": "555-0123", "version": version });
        let patched = api.call(Method::PATCH, &path, &patch.to_string(), &[]).await.json();
        assert_eq!((&patched["data"]["phone"], &patched["data"]["family_name"]), (&json!("555-0123"), &json!("Api")));
        whole.as_object_mut().unwrap().remove("hire_date");
        whole["version"] = patched["data"]["version"].clone();
        let lacking = api.call(Method::PUT, &path, &whole.to_string(), &[]).await;
        assert_eq!((lacking.status, lacking.wrong_fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["hire_date".to_owned()]));
    }

    /// A browser sends its cookie by itself: whoever lures it must not change anything through the API.
    ///
    /// covers K4.3 (part)
    async fn a_session_reads_through_the_api_and_changes_nothing(db: TestStore) {
        let company = Company::new(&db).await;
        let browser = Site::browser(&db, &company, &company.admin);
        assert_eq!(browser.call(Method::GET, "/api/v1/teams", "", &[]).await.status, StatusCode::OK);
        let own = [("origin", "https://acme.example"), ("sec-fetch-site", "same-origin")];
        let refused = browser.call(Method::POST, "/api/v1/teams", r#"{"name":"X"}"#, &own).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        let foreign = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
        let refused = browser.call(Method::POST, "/api/v1/teams", r#"{"name":"X"}"#, &foreign).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(company.records.count(&company.admin, &palisade_kpi::types::TEAM).await.unwrap(), 2);
    }

    /// covers K2.1 (part), K4.3 (part)
    async fn a_key_reaches_what_its_owner_reaches_and_hidden_fields_are_left_out(db: TestStore) {
        let company = Company::new(&db).await;
        let nora = Site::program(&db, &company, &company.nora);
        let sue = format!("/api/v1/employees/{}", company.sue_record);
        let seen = nora.call(Method::GET, &sue, "", &[]).await.json();
        assert_eq!(seen["data"]["given_name"], json!("Sue"));
        assert!(seen["data"].get("phone").is_none() && seen["data"].get("notes").is_none());
        let refused = nora.call(Method::PATCH, &sue, r#"{"team_id":null,"version":2}"#, &[]).await;
        assert_eq!((refused.status, &refused.json()["error"]["code"]), (StatusCode::FORBIDDEN, &json!("PERMISSION_DENIED")));
        let nick = Site::program(&db, &company, &company.nick);
        for (method, body) in [(Method::GET, ""), (Method::PATCH, "{}"), (Method::DELETE, "")] {
            let answer = nick.call(method.clone(), &sue, body, &[]).await;
            let expected = if method == Method::GET { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN };
            assert_eq!(answer.status, expected, "{method}");
        }
        let list = nick.call(Method::GET, "/api/v1/employees", "", &[]).await.json();
        assert_eq!((list["metadata"]["total"].clone(), list["data"].as_array().unwrap().len()), (json!(1), 1));
    }

    async fn json_is_read_strictly(db: TestStore) {
        let company = Company::new(&db).await;
        let api = Site::program(&db, &company, &company.admin);
        let post = async |body: &str| api.call(Method::POST, "/api/v1/teams", body, &[]).await;
        let deep = format!("{{\"name\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
        let long = format!("{{\"name\":\"{}\"}}", "x".repeat(1_100_000));
        for (body, status) in [
            ("", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("{", StatusCode::BAD_REQUEST),
            ("\u{feff}{}", StatusCode::BAD_REQUEST),
            (deep.as_str(), StatusCode::BAD_REQUEST),
            (long.as_str(), StatusCode::PAYLOAD_TOO_LARGE),
            ("[]", StatusCode::UNPROCESSABLE_ENTITY),
            ("null", StatusCode::UNPROCESSABLE_ENTITY),
            (r#"{"name":7}"#, StatusCode::UNPROCESSABLE_ENTITY),
            (r#"{"name":"A","name":"B"}"#, StatusCode::UNPROCESSABLE_ENTITY),
            (r#"{"name":"A","id":"x"}"#, StatusCode::UNPROCESSABLE_ENTITY),
            (r#"{"name":"A","version":1}"#, StatusCode::UNPROCESSABLE_ENTITY),
            (r#"{"name":"A\u0000"}"#, StatusCode::UNPROCESSABLE_ENTITY),
            (r#"{"name":"A","area":"moon"}"#, StatusCode::UNPROCESSABLE_ENTITY),
            (r#"{"name":"A","manager_id":"' OR 1=1"}"#, StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let answer = post(body).await;
            assert_eq!(answer.status, status, "{}", &body.chars().take(80).collect::<String>());
            assert_eq!(answer.json()["status"], json!("error"));
        }
        assert_eq!(post(r#"{"name":"North"}"#).await.status, StatusCode::CONFLICT);
    }

    async fn lists_are_paged_sorted_filtered_and_bounded(db: TestStore) {
        let company = Company::new(&db).await;
        let api = Site::program(&db, &company, &company.admin);
        let names = async |query: &str| {
            let answer = api.call(Method::GET, &format!("/api/v1/employees?{query}"), "", &[]).await;
            assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text());
            let rows = answer.json()["data"].as_array().unwrap().clone();
            rows.iter().map(|row| row["given_name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("").await, ["Nora", "Nick", "Sue"]);
        assert_eq!(names("sort=tier_id&order=desc").await, ["Nora", "Nick", "Sue"]);
        assert_eq!(names("sort=hire_date&order=desc&per_page=1").await.len(), 1);
        assert_eq!(names(&format!("team_id={}", company.south)).await, ["Sue"]);
        assert_eq!(names("q=n&per_page=1&page=2").await, ["Nick"]);
        assert!(names("archived=true").await.is_empty());
        for (query, field) in [
            ("page=0", "page"),
            ("page=99999999999999999999", "page"),
            ("per_page=101", "per_page"),
            ("sort=notes", "sort"),
            ("sort=id;drop", "sort"),
            ("order=up", "order"),
            ("archived=perhaps", "archived"),
            ("team_id=1", "team_id"),
            ("phone=555", "phone"),
            ("page=1&page=2", "page"),
            ("q=%00", "q"),
        ] {
            let answer = api.call(Method::GET, &format!("/api/v1/employees?{query}"), "", &[]).await;
            assert_eq!((answer.status, answer.wrong_fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]), "{query}");
        }
    }

    async fn paths_that_name_nothing_are_not_found(db: TestStore) {
        let company = Company::new(&db).await;
        let api = Site::program(&db, &company, &company.admin);
        for path in ["x", "00000000-0000-0000-0000-000000000000", "%00", "..%2f..%2fetc", "0195b0d4000070008000000000000001"] {
            let answer = api.call(Method::GET, &format!("/api/v1/teams/{path}"), "", &[]).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
        let answer = api.call(Method::POST, "/api/v1/teams/new", "{}", &[]).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }

    async fn the_description_names_every_route_and_every_field(db: TestStore) {
        let company = Company::new(&db).await;
        let api = Site::program(&db, &company, &company.admin);
        let document = api.call(Method::GET, "/api/v1/openapi.json", "", &[]).await.json();
        assert_eq!(document["openapi"], json!("3.1.0"));
        let routes = palisade_kpi::routes(palisade_kpi::KpiState { records: company.records.clone() });
        for route in routes.list().iter().filter(|route| route.path.starts_with("/api/v1/") && !route.path.ends_with(".json")) {
            let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
            assert!(operation["responses"].is_object(), "{} {}", route.method, route.path);
        }
        let new = &document["components"]["schemas"]["EmployeeNew"];
        assert_eq!(new["required"], json!(["tier_id", "hire_date"]));
        assert_eq!(new["additionalProperties"], json!(false));
        assert_eq!(document["components"]["schemas"]["Team"]["properties"]["area"]["enum"][0], json!("north"));
    }
}
