//! The overview and the pages of one employee: figures worked out by hand, the same on page and API, and nobody's but
//! those that are the reader's to see.

use http::{Method, StatusCode};
use palisade_base::RecordId;
use palisade_testkit::{TestStore, on_both_engines};
use serde_json::{Value as Json, json};

use crate::{
    MIGRATOR,
    site::{Answer, Site},
    standing::{Sheet, Shop},
    trail::trail,
};

/// Nick: Framing 4, Trim 2, Walls 5 by his manager, reviewed; Framing 5, Walls 3 by himself; a saw that he can operate and
/// carries, a drill that he can't. Sue: Trim 1 by herself. Nora: nothing. The tests happen on 2 March 2026.
async fn shop(db: &TestStore) -> Shop {
    let shop = Shop::new(db).await;
    let (nick, sue) = (shop.company.nick_record, shop.company.sue_record);
    let sheet = |employee: RecordId, kind, state, on| Sheet {
        employee,
        kind,
        state,
        on,
        amends: None,
        ratings: &[],
        tools: &[],
    };
    let tools = [(0, Some(true), Some(true)), (1, Some(false), None)];
    let by_manager =
        Sheet { ratings: &[(0, 4), (1, 2), (2, 5)], tools: &tools, ..sheet(nick, "manager", "reviewed", "2026-02-01") };
    shop.put(db, &by_manager).await;
    shop.put(db, &Sheet { ratings: &[(0, 5), (2, 3)], ..sheet(nick, "self", "completed", "2026-02-10") }).await;
    shop.put(db, &Sheet { ratings: &[(1, 1)], ..sheet(sue, "self", "completed", "2025-11-15") }).await;
    shop
}

async fn figures(site: &Site, query: &str) -> Json {
    let answer = site.call(Method::GET, &format!("/api/v1/dashboard{query}"), "", &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text());
    answer.json()["data"].clone()
}

/// The figure of a card, by what it counts.
fn card(page: &str, label: &str) -> String {
    let before = page.split(&format!("<span class=\"stat-name\">{label}</span>")).next().unwrap();
    let figure = before.rsplit("<span class=\"figure\">").next().unwrap();
    figure.split('<').next().unwrap().to_owned()
}

fn is_a_page(answer: &Answer) -> bool {
    answer.status == StatusCode::OK && answer.text().contains("<h1>")
}

on_both_engines! {
    /// covers K0.2 (part)
    async fn the_companys_figures_are_those_worked_out_by_hand(db: TestStore) {
        let shop = shop(&db).await;
        let all = figures(&Site::program(&db, &shop.company, &shop.company.admin), "").await;
        // Nick 4.0: Carpentry (4 + 2) / 2 = 3.0, Painting 5.0. Sue 1.0. Nora nothing. (4.0 + 1.0) / 2.
        assert_eq!((&all["people"], &all["average_rating"]), (&json!(3), &json!(2.5)));
        // Of themselves: Nick 5.0 and 3.0, so 4.0; Sue 1.0.
        assert_eq!(all["self_average_rating"], json!(2.5));
        // Three and one of four skills each, for three people; 4 / 12.
        assert_eq!(all["coverage"], json!({ "part": 4, "whole": 12, "percent": 33 }));
        let tools = &all["tools"];
        assert_eq!((&tools["can_operate_count"], &tools["total_tools"], &tools["can_operate_percent"]), (&json!(1), &json!(6), &json!(17)));
        assert_eq!((&tools["answered_count"], &tools["truck_stock_count"]), (&json!(2), &json!(1)));
        let carpentry = &all["categories"][0];
        // Current: (3.0 + 1.0) / 2; managers rated Nick only; own: (5.0 + 1.0) / 2; difference: Framing 5 against 4.
        assert_eq!((&carpentry["average_rating"], &carpentry["manager_average_rating"]), (&json!(2.0), &json!(3.0)));
        assert_eq!((&carpentry["self_average_rating"], &carpentry["self_difference"]), (&json!(3.0), &json!(1.0)));
        let painting = &all["categories"][1];
        assert_eq!((&painting["average_rating"], &painting["self_difference"]), (&json!(5.0), &json!(-2.0)));
        assert_eq!((&all["top_skills"][0]["name"], &all["top_skills"][0]["average_rating"]), (&json!("Walls"), &json!(5.0)));
        // Trim: Nick 2, Sue 1.
        assert_eq!((&all["weak_skills"][0]["name"], &all["weak_skills"][0]["average_rating"]), (&json!("Trim"), &json!(1.5)));
        assert_eq!(all["evaluations"], json!({ "total": 3, "by_managers": 1, "by_themselves": 2 }));
    }

    /// covers K0.2 (part)
    async fn page_and_api_show_the_same(db: TestStore) {
        let shop = shop(&db).await;
        let page = Site::browser(&db, &shop.company, &shop.company.admin).get("/").await.text();
        let shown = ["average rating", "of the skills rated", "of the tools can be operated", "evaluations", "employees"];
        assert_eq!(shown.map(|label| card(&page, label)), ["2.5", "33 %", "17 %", "3", "3"]);
        assert!(page.contains("3 people stand at 2.5 of 5 on average; 33 % of their skills are rated."), "{page}");
        // What nobody has rated is a gap, never a zero.
        assert!(!page.contains(">0.0<"));
    }

    /// covers K0.2 (part)
    async fn filters_narrow_the_figures(db: TestStore) {
        let shop = shop(&db).await;
        let (company, admin) = (&shop.company, Site::program(&db, &shop.company, &shop.company.admin));
        let painting = figures(&admin, &format!("?category={}", shop.categories[1])).await;
        assert_eq!((&painting["average_rating"], &painting["coverage"]["whole"]), (&json!(5.0), &json!(6)));
        let south = figures(&admin, &format!("?team={}", company.south)).await;
        assert_eq!((&south["people"], &south["average_rating"], &south["evaluations"]["total"]), (&json!(1), &json!(1.0), &json!(1)));
        let leads = figures(&admin, &format!("?tier={}", company.tiers[3])).await;
        assert_eq!((&leads["people"], &leads["average_rating"]), (&json!(1), &Json::Null));
        let nick = figures(&admin, &format!("?employee={}", company.nick_record)).await;
        assert_eq!((&nick["people"], &nick["average_rating"]), (&json!(1), &json!(4.0)));
        // Dates narrow evaluations and the trend; where people stand is as of now.
        let month = figures(&admin, "?range=month").await;
        assert_eq!((&month["evaluations"]["total"], &month["average_rating"]), (&json!(1), &json!(2.5)));
        let autumn = figures(&admin, "?from=2025-10-01&to=2025-12-31").await;
        assert_eq!((&autumn["evaluations"]["total"], autumn["trend"].as_array().unwrap().len()), (&json!(1), 1));
        assert_eq!((&autumn["trend"][0]["quarter"], &autumn["trend"][0]["average_rating"]), (&json!("Q4 2025"), &json!(1.0)));
        for (query, field) in [
            ("?team=north", "team"),
            ("?category=00000000-0000-7000-8000-000000000000", "category"),
            ("?from=soon", "from"),
            ("?range=decade", "range"),
            ("?people=some", "people"),
            ("?colour=red", "colour"),
        ] {
            let answer = admin.call(Method::GET, &format!("/api/v1/dashboard{query}"), "", &[]).await;
            assert_eq!((answer.status, answer.wrong_fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]), "{query}");
        }
    }

    /// covers K0.2 (part), K2.1 (part)
    async fn a_manager_begins_with_the_own_people_and_reads_of_others_what_is_current(db: TestStore) {
        let shop = shop(&db).await;
        let nora = Site::program(&db, &shop.company, &shop.company.nora);
        let own = figures(&nora, "").await;
        // Nick and herself; three of eight skills.
        assert_eq!((&own["people"], &own["average_rating"], &own["coverage"]["percent"]), (&json!(2), &json!(4.0), &json!(38)));
        assert_eq!((&own["evaluations"]["total"], own["recent_evaluations"].as_array().unwrap().len()), (&json!(2), 2));
        let company = figures(&nora, "?people=all&range=all").await;
        assert_eq!((&company["people"], &company["average_rating"]), (&json!(3), &json!(2.5)));
        // Sue's evaluation and how she came to where she stands are her manager's to see.
        assert_eq!(company["evaluations"]["total"], json!(2));
        assert_eq!((&company["trend"][0]["quarter"], company["trend"].as_array().unwrap().len()), (&json!("Q1 2026"), 1));
        let sue = figures(&nora, &format!("?employee={}", shop.company.sue_record)).await;
        assert_eq!((&sue["average_rating"], &sue["evaluations"]["total"]), (&json!(1.0), &json!(0)));
        assert!(sue["trend"].as_array().unwrap().iter().all(|quarter| quarter["average_rating"].is_null()));
        assert!(!company["due_evaluations"].to_string().contains("Sue"));
    }

    /// covers K0.2 (part), K2.1 (part)
    async fn an_employee_sees_their_own_figures_and_never_a_strangers(db: TestStore) {
        let shop = shop(&db).await;
        let (company, sue) = (&shop.company, shop.company.sue_record);
        let nick = Site::program(&db, company, &company.nick);
        let browser = Site::browser(&db, company, &company.nick);
        for query in ["".to_owned(), "?people=all".into(), format!("?tier={}", company.tiers[1]), "?range=all".into()] {
            let own = figures(&nick, &query).await;
            assert_eq!((&own["people"], &own["average_rating"], &own["evaluations"]["total"]), (&json!(1), &json!(4.0), &json!(2)), "{query}");
            let page = browser.get(&format!("/{query}")).await;
            assert!(is_a_page(&page) && !page.text().contains("Sue") && !page.text().contains("Nora Test"), "{query}");
        }
        // Of a team that is not theirs nothing comes, not even a sum.
        let south = figures(&nick, &format!("?team={}", company.south)).await;
        assert_eq!((&south["people"], &south["average_rating"], &south["evaluations"]["total"]), (&json!(0), &Json::Null, &json!(0)));
        for path in [
            format!("/api/v1/dashboard?employee={sue}"),
            format!("/?employee={sue}"),
            format!("/api/v1/employees/{sue}/skills"),
            format!("/api/v1/employees/{sue}/tools"),
            format!("/employees/{sue}"),
            format!("/employees/{sue}/skills"),
            format!("/employees/{sue}/tools"),
            format!("/employees/{sue}/evaluations"),
            format!("/employees/{sue}/progress"),
        ] {
            let site = if path.starts_with("/api") { &nick } else { &browser };
            assert_eq!(site.call(Method::GET, &path, "", &[]).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }

    /// covers K0.2 (part)
    async fn an_employees_skills_and_tools_are_the_same_on_page_and_api(db: TestStore) {
        let shop = shop(&db).await;
        let nick = shop.company.nick_record;
        let (api, browser) = (Site::program(&db, &shop.company, &shop.company.nick), Site::browser(&db, &shop.company, &shop.company.nick));
        let data = api.call(Method::GET, &format!("/api/v1/employees/{nick}/skills"), "", &[]).await.json()["data"].clone();
        assert_eq!(data["summary"]["average_rating"], json!(4.0));
        assert_eq!((&data["summary"]["total_skills_rated"], &data["summary"]["skills_at_expert_level"]), (&json!(3), &json!(1)));
        let framing = &data["categories"][0]["skills"][0];
        assert_eq!((&framing["name"], &framing["rating"], &framing["self_rating"]), (&json!("Framing"), &json!(4), &json!(5)));
        assert_eq!((&framing["source"], &framing["last_evaluated"]), (&json!("manager_reviewed"), &json!("2026-02-01")));
        let best = api.call(Method::GET, &format!("/api/v1/employees/{nick}/skills?min_rating=5"), "", &[]).await.json();
        assert_eq!((&best["data"]["categories"][0]["skills"], &best["data"]["categories"][1]["skills"][0]["name"]), (&json!([]), &json!("Walls")));
        let wrong = api.call(Method::GET, &format!("/api/v1/employees/{nick}/skills?max_rating=6"), "", &[]).await;
        assert_eq!(wrong.wrong_fields(), ["max_rating"]);
        let page = browser.get(&format!("/employees/{nick}/skills")).await.text();
        assert!(page.contains("4.0 of 5 on average; 1 skill at 5. Their own view: 4.0."), "{page}");
        assert!(page.contains("reviewed, 1 Feb 2026") && page.contains(">+1</td>") && page.contains(">−2</td>"), "{page}");
        let tools = api.call(Method::GET, &format!("/api/v1/employees/{nick}/tools?can_operate=true"), "", &[]).await.json();
        assert_eq!(tools["data"]["categories"][0]["tools"].as_array().unwrap().len(), 1);
        assert_eq!((&tools["data"]["summary"]["can_operate_count"], &tools["data"]["summary"]["total_tools"]), (&json!(1), &json!(2)));
        let page = browser.get(&format!("/employees/{nick}/tools")).await.text();
        assert!(page.contains("Can operate 1 of 2 tools; 1 is on the truck."), "{page}");
    }

    /// Of somebody else's people a manager sees the current ratings, and not how it came to that.
    ///
    /// covers K2.1 (part)
    async fn what_was_evaluated_is_for_oneself_and_who_leads_one(db: TestStore) {
        let shop = shop(&db).await;
        let (company, nora) = (&shop.company, Site::browser(&db, &shop.company, &shop.company.nora));
        for (rest, of_team, of_stranger) in [
            ("", StatusCode::OK, StatusCode::OK),
            ("/skills", StatusCode::OK, StatusCode::OK),
            ("/tools", StatusCode::OK, StatusCode::OK),
            ("/evaluations", StatusCode::OK, StatusCode::FORBIDDEN),
            ("/progress", StatusCode::OK, StatusCode::FORBIDDEN),
        ] {
            let (nick, sue) = (company.nick_record, company.sue_record);
            assert_eq!(nora.get(&format!("/employees/{nick}{rest}")).await.status, of_team, "{rest}");
            assert_eq!(nora.get(&format!("/employees/{sue}{rest}")).await.status, of_stranger, "{rest}");
        }
        let sue = nora.get(&format!("/employees/{}", company.sue_record)).await.text();
        assert!(sue.contains("/skills\"") && !sue.contains("/progress\"") && !sue.contains("last evaluation"), "{sue}");
    }

    /// Whose word stands as the current rating is told all the same: nobody else has rated it yet.
    ///
    /// covers K2.1 (part)
    async fn what_people_think_of_themselves_is_for_who_leads_them(db: TestStore) {
        let shop = shop(&db).await;
        let (company, nick, sue) = (&shop.company, shop.company.nick_record, shop.company.sue_record);
        let sheet = |kind, ratings| Sheet {
            employee: sue, kind, state: "completed", on: "2026-02-20", amends: None, ratings, tools: &[],
        };
        // Carpentry: currently 4 by a manager and 3 by herself; of herself 1 and 3, so 2.0. Painting: 4, of herself 2.
        shop.put(&db, &sheet("manager", &[(0, 4), (2, 4)])).await;
        shop.put(&db, &sheet("self", &[(0, 1), (1, 3), (2, 2)])).await;
        let pages = [&company.admin, &company.nora].map(|caller| Site::browser(&db, company, caller));
        for (path, own) in [
            (format!("/employees/{sue}/skills"), "Their own view: 2.0."),
            (format!("/employees/{sue}/skills"), ">−3</td>"),
            (format!("/employees/{sue}"), ">2.0<"),
            (format!("/?employee={sue}"), ">2.0<"),
            (format!("/?team={}", company.south), ">2.0<"),
        ] {
            let [by_admin, by_nora] = [pages[0].get(&path).await, pages[1].get(&path).await];
            assert!(by_admin.text().contains(own), "{path}: {}", by_admin.text());
            assert!(is_a_page(&by_nora) && by_nora.text().contains("3.5") && !by_nora.text().contains(own), "{path}: {}", by_nora.text());
        }
        let led = pages[1].get(&format!("/employees/{nick}/skills")).await.text();
        assert!(led.contains("Their own view: 4.0.") && led.contains(">−2</td>"), "{led}");

        let api = Site::program(&db, company, &company.nora);
        let skills = async |employee: RecordId| {
            api.call(Method::GET, &format!("/api/v1/employees/{employee}/skills"), "", &[]).await.json()["data"].clone()
        };
        let (of_sue, of_nick) = (skills(sue).await, skills(nick).await);
        let [framing, trim] = [0, 1].map(|place| &of_sue["categories"][0]["skills"][place]);
        assert_eq!((&framing["rating"], &framing["source"], &framing["self_rating"]), (&json!(4), &json!("manager_completed"), &Json::Null));
        assert_eq!((&trim["rating"], &trim["source"], &trim["self_rating"]), (&json!(3), &json!("self_unverified"), &Json::Null));
        for part in [&of_sue["summary"], &of_sue["categories"][0], &of_sue["categories"][1]] {
            assert_eq!((&part["self_average_rating"], &part["self_difference"]), (&Json::Null, &Json::Null), "{part}");
        }
        assert_eq!((&of_nick["summary"]["self_average_rating"], &of_nick["categories"][0]["skills"][0]["self_rating"]), (&json!(4.0), &json!(5)));
        for query in [format!("?employee={sue}"), format!("?team={}", company.south)] {
            let figures = figures(&api, &query).await;
            for part in [&figures, &figures["categories"][0], &figures["categories"][1]] {
                assert_eq!((part["average_rating"].is_null(), &part["self_average_rating"]), (false, &Json::Null), "{query}");
            }
        }
        // Of everybody, what Nick gives himself alone; who may read all evaluations has Sue's 2.0 in it, too.
        assert_eq!(figures(&api, "?people=all").await["self_average_rating"], json!(4.0));
        assert_eq!(figures(&Site::program(&db, company, &company.admin), "").await["self_average_rating"], json!(3.0));
    }

    /// covers K3.5
    async fn each_view_of_another_leaves_one_leaf_and_of_oneself_none(db: TestStore) {
        let shop = shop(&db).await;
        let (company, nick) = (&shop.company, shop.company.nick_record);
        let (nora, own) = (Site::browser(&db, company, &company.nora), Site::browser(&db, company, &company.nick));
        let mut leaves = trail(&db).await.len();
        let paths = ["", "/skills", "/tools", "/evaluations", "/progress"].map(|rest| format!("/employees/{nick}{rest}"));
        for path in &paths {
            assert!(is_a_page(&own.get(path).await), "{path}");
            assert_eq!(trail(&db).await.len(), leaves, "{path}");
            assert!(is_a_page(&nora.get(path).await), "{path}");
            let now = trail(&db).await;
            leaves += 1;
            assert_eq!((now.len(), now.last().unwrap().action.as_str()), (leaves, "employee.view"), "{path}");
        }
        assert!(is_a_page(&own.get("/").await));
        assert_eq!(trail(&db).await.len(), leaves);
        assert!(is_a_page(&nora.get("/").await));
        let now = trail(&db).await;
        assert_eq!((now.len(), now.last().unwrap().action.as_str()), (leaves + 1, "dashboard.view"));
    }

    async fn who_is_an_employee_comes_to_the_own_page_and_who_is_not_is_told(db: TestStore) {
        let shop = shop(&db).await;
        let company = &shop.company;
        let own = Site::browser(&db, company, &company.nick).get("/me").await;
        assert_eq!((own.status, own.header("location")), (StatusCode::SEE_OTHER, format!("/employees/{}", company.nick_record).as_str()));
        let page = Site::browser(&db, company, &company.nick).get(own.header("location")).await.text();
        assert_eq!((card(&page, "average rating"), card(&page, "of the skills rated")), ("4.0".to_owned(), "75 %".to_owned()));
        assert!(page.contains("<a href=\"/me\" aria-current=\"page\">") && !page.contains("<a href=\"/employees\" aria-current"), "{page}");
        let none = Site::browser(&db, company, &company.admin).get("/me").await;
        assert!(is_a_page(&none) && none.text().contains("You are no employee here"));
    }

    /// covers K0.2 (part)
    async fn evaluations_are_due_a_quarter_after_the_last(db: TestStore) {
        let shop = shop(&db).await;
        let due = figures(&Site::program(&db, &shop.company, &shop.company.nora), "").await["due_evaluations"].clone();
        // Nick's next is due on 1 May, beyond a month; Nora has never evaluated herself.
        assert_eq!(due.as_array().unwrap().len(), 1);
        assert_eq!((&due[0]["employee"], &due[0]["kind"], &due[0]["is_overdue"]), (&json!("Nora North"), &json!("self"), &json!(true)));
        let admin = figures(&Site::program(&db, &shop.company, &shop.company.admin), "").await["due_evaluations"].clone();
        assert_eq!(admin.as_array().unwrap().len(), 2, "{admin}");
    }
}
