//! The pages of evaluations as a browser asks for them: the wizard's taps, its forms without scripts, and refusals.

use axum::body::Body;
use http::StatusCode;
use palisade_base::{Caller, RecordId, Span};
use palisade_kpi::{
    catalogue::{Catalogue, Category},
    evaluation::Evaluations,
    score_card::apply,
    types::{SKILL, TOOL},
};
use palisade_testkit::{TestStore, on_both_engines};
use serde_json::{Value as Json, json};

use crate::{
    MIGRATOR,
    company::{Company, all},
    site::{Answer, Site},
};

/// Two skills and a tool of one category.
struct Bench {
    company: Company,
    skills: Vec<RecordId>,
    tool: RecordId,
    evaluations: Evaluations,
}

impl Bench {
    async fn new(db: &TestStore) -> Self {
        let company = Company::new(db).await;
        let category = Category {
            name: "Tiles".to_owned(),
            skills: vec!["Grout".to_owned(), "Lay".to_owned()],
            tools: vec!["Float".to_owned()],
        };
        let catalogue = Catalogue { categories: vec![category], general_tools: Vec::new() };
        apply(&company.records, &company.admin, &catalogue).await.unwrap();
        let skills = all(&company.records, &company.admin, &SKILL).await.iter().map(|skill| skill.id).collect();
        let tool = all(&company.records, &company.admin, &TOOL).await[0].id;
        let evaluations = Evaluations::new(company.records.clone());
        Self { company, skills, tool, evaluations }
    }

    /// Nick's draft about himself, begun on its page.
    async fn draft(&self, nick: &Site) -> String {
        let employee = self.company.nick_record.to_string();
        let begun = nick.post("/evaluations/new", &[("employee_id", &employee)]).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
        begun.header("location").trim_end_matches("/fill").to_owned()
    }

    /// The ratings of the two skills that the server has.
    async fn ratings(&self, caller: &Caller, draft: &str) -> Vec<Option<u8>> {
        let id = draft.rsplit('/').next().unwrap().parse().unwrap();
        let (_, marks) = self.evaluations.open(caller, id).await.unwrap();
        let rating = |id: &RecordId| marks.skills.iter().find(|mark| mark.skill == *id).and_then(|mark| mark.rating);
        self.skills.iter().map(rating).collect()
    }
}

async fn send(site: &Site, draft: &str, body: &Json) -> Answer {
    let request = site.own_post(&format!("{draft}/marks"), "application/json").header("accept", "application/json");
    let request = request.header("x-csrf-token", site.csrf());
    site.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn tap(skill: RecordId, rating: Json, age_ms: u64) -> Json {
    json!({ "id": skill, "rating": rating, "note": null, "age_ms": age_ms })
}

on_both_engines! {
    /// covers K0.1 (part)
    async fn of_two_taps_the_later_stands_whenever_they_arrive(db: TestStore) {
        let bench = Bench::new(&db).await;
        let nick = Site::browser(&db, &bench.company, &bench.company.nick);
        let draft = bench.draft(&nick).await;
        db.clock.advance(Span::hours(1));
        let (one, two) = (bench.skills[0], bench.skills[1]);
        let first = send(&nick, &draft, &json!({ "skills": [tap(one, json!(4), 60_000)] })).await;
        assert_eq!(first.json()["data"], json!({
            "skills": [{ "id": one, "rating": 4, "note": null }], "tools": [], "older": 0,
        }));
        // Another device was without a connection, and tapped a minute before that.
        let late = json!({ "skills": [tap(one, json!(1), 120_000), tap(two, json!(2), 120_000)] });
        let answer = send(&nick, &draft, &late).await.json();
        assert_eq!((&answer["data"]["older"], &answer["data"]["skills"][0]["rating"]), (&json!(1), &json!(4)));
        assert_eq!(bench.ratings(&bench.company.nick, &draft).await, [Some(4), Some(2)]);
        // The later tap clears; a tap from before that does not bring it back, and is told so.
        send(&nick, &draft, &json!({ "skills": [tap(one, Json::Null, 30_000)] })).await;
        let answer = send(&nick, &draft, &json!({ "skills": [tap(one, json!(5), 40_000)] })).await.json();
        assert_eq!(answer["data"]["skills"][0]["rating"], Json::Null);
        assert_eq!(bench.ratings(&bench.company.nick, &draft).await, [None, Some(2)]);
    }

    async fn taps_are_refused_that_are_wrong_or_come_too_late_or_from_others(db: TestStore) {
        let bench = Bench::new(&db).await;
        let nick = Site::browser(&db, &bench.company, &bench.company.nick);
        let draft = bench.draft(&nick).await;
        let one = bench.skills[0];
        let good = json!({ "skills": [tap(one, json!(3), 0)], "notes": "Wants to learn." });
        for bad in [
            json!({ "skills": [tap(one, json!(6), 0)] }),
            json!({ "skills": [tap(one, json!(0), 0)] }),
            json!({ "skills": [tap(bench.tool, json!(3), 0)] }),
            json!({ "skills": [{ "id": one, "rating": 3, "rated_by": "x" }] }),
            json!({ "stars": [] }),
            json!({ "skills": [{ "id": "1", "rating": 3 }] }),
        ] {
            assert_eq!(send(&nick, &draft, &bad).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        }
        let many: Vec<Json> = (0..1_001).map(|_| tap(one, json!(3), 0)).collect();
        assert_eq!(send(&nick, &draft, &json!({ "skills": many })).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        let without_token = nick.own_post(&format!("{draft}/marks"), "application/json");
        let without_token = nick.send(without_token.body(Body::from(good.to_string())).unwrap()).await;
        assert_eq!(without_token.status, StatusCode::FORBIDDEN);
        // A draft is its author's alone.
        let nora = Site::browser(&db, &bench.company, &bench.company.nora);
        assert_eq!(send(&nora, &draft, &good).await.status, StatusCode::NOT_FOUND);
        assert_eq!(bench.ratings(&bench.company.nick, &draft).await, [None, None]);

        assert_eq!(send(&nick, &draft, &good).await.status, StatusCode::OK);
        let version = hidden(&nick.get(&format!("{draft}/check")).await.text(), "version");
        let today = bench.company.records.today().to_string();
        let fields = [("version", version.as_str()), ("evaluation_date", &today), ("notes", "Wants to learn.")];
        assert_eq!(nick.post(&format!("{draft}/complete"), &fields).await.status, StatusCode::SEE_OTHER);
        let late = send(&nick, &draft, &good).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text());
        assert_eq!(nick.get(&format!("{draft}/fill")).await.header("location"), draft);
    }

    /// covers K0.1 (part)
    async fn without_scripts_a_form_saves_what_was_changed_on_it_and_nothing_else(db: TestStore) {
        let bench = Bench::new(&db).await;
        let nick = Site::browser(&db, &bench.company, &bench.company.nick);
        let draft = bench.draft(&nick).await;
        let page = nick.get(&format!("{draft}/fill")).await.text();
        let category = hidden(&page, "category");
        let (one, two) = (format!("s-{}", bench.skills[0]), format!("s-{}", bench.skills[1]));
        // While the form lies open here, another device rates the second skill.
        send(&nick, &draft, &json!({ "skills": [tap(bench.skills[1], json!(5), 0)] })).await;
        let (operates, truck) = (format!("o-{}", bench.tool), format!("k-{}", bench.tool));
        let tool_note = format!("m-{}", bench.tool);
        let fields = [
            ("category", category.as_str()), ("shown", ""), (&one, "3"), (&two, ""), (&operates, "yes"), (&truck, "yes"),
            (&tool_note, "The blade is worn."), ("go", "next"),
        ];
        let next = nick.post(&format!("{draft}/fill"), &fields).await;
        assert_eq!(next.header("location"), format!("{draft}/fill?category=notes"));
        assert_eq!(bench.ratings(&bench.company.nick, &draft).await, [Some(3), Some(5)]);
        assert!(nick.get(&format!("{draft}/fill")).await.text().contains("The blade is worn."));
        let bad = [("category", category.as_str()), ("shown", ""), (&one, "9")];
        assert_eq!(nick.post(&format!("{draft}/fill"), &bad).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = nick.get(&format!("{draft}/check")).await.text();
        assert!(page.contains("rated yourself in 2 of 2 skills"), "{page}");
    }

    async fn the_whole_catalogue_fits_a_page_for_a_phone_with_a_bad_connection(db: TestStore) {
        let company = Company::new(&db).await;
        apply(&company.records, &company.admin, &Catalogue::company().unwrap()).await.unwrap();
        let nick = Site::browser(&db, &company, &company.nick);
        let begun = nick.post("/evaluations/new", &[("employee_id", &company.nick_record.to_string())]).await;
        let wizard = begun.header("location").to_owned();
        let largest = Catalogue::company().unwrap().categories.into_iter().max_by_key(|category| category.skills.len()).unwrap();
        let page = nick.get(&wizard).await.text();
        let link = page.split("data-go=\"").find(|link| link.contains(&largest.name)).unwrap();
        let page = nick.get(&format!("{wizard}?category={}", link.split('"').next().unwrap())).await.text();
        assert_eq!((largest.skills.len(), page.matches("role=\"radiogroup\"").count() > largest.skills.len()), (36, true));
        // Everything is in it: 187 skills and 128 tools, 36 and 21 of them as a form.
        assert_eq!(page.matches("data-skill=").count() - 1, 187);
        assert_eq!(page.matches("data-tool=").count() - 1, 128);
        assert!(page.len() < 120_000, "{} bytes", page.len());
    }

    async fn a_manager_fills_in_without_seeing_what_the_employee_said(db: TestStore) {
        let bench = Bench::new(&db).await;
        let nick = Site::browser(&db, &bench.company, &bench.company.nick);
        let draft = bench.draft(&nick).await;
        let note = json!([{ "id": bench.skills[0], "rating": 5, "note": "Best in town", "age_ms": 0 }]);
        send(&nick, &draft, &json!({ "skills": note, "notes": "Quite sure of myself." })).await;
        let version = hidden(&nick.get(&format!("{draft}/check")).await.text(), "version");
        let today = bench.company.records.today().to_string();
        let fields = [("version", version.as_str()), ("evaluation_date", &today), ("notes", "Quite sure of myself.")];
        assert_eq!(nick.post(&format!("{draft}/complete"), &fields).await.status, StatusCode::SEE_OTHER);

        let nora = Site::browser(&db, &bench.company, &bench.company.nora);
        let about_nick = bench.draft(&nora).await;
        let page = nora.get(&format!("{about_nick}/fill")).await.text();
        assert!(page.contains("Evaluate Nick Test"), "{page}");
        assert!(!page.contains("Best in town") && !page.contains("sure of myself") && !page.contains("last time"));
        // What was handed in can be read, and compared afterwards.
        assert!(nora.get(&draft).await.text().contains("Best in town"));
        assert_eq!(nora.get(&format!("{draft}/compare")).await.status, StatusCode::OK);
    }
}

/// The value of the first hidden field of that name.
fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    page.split(start.as_str()).nth(1).expect("the page has this field").split('"').next().unwrap().to_owned()
}
