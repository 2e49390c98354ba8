//! The reports: figures worked out by hand, the same on the page, in a workbook, as a table of text and for programs.

use http::StatusCode;
use palisade_base::RecordId;
use palisade_sheets::{Cell, Limits, Sheet as FileSheet, read_csv, read_workbook};
use palisade_testkit::{TestStore, on_both_engines};
use serde_json::json;

use crate::{
    MIGRATOR,
    company::leaves,
    site::{Answer, Site},
    standing::{Sheet, Shop},
};

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);

/// Nick and Nora (North) and Sue (South), rated by managers, Nick by himself too.
///
/// Framing, Trim | Walls, Ceilings: Nick 2, 4 | 5, –; Nora 4, – | –, –; Sue 3, 3 | 1, –. Nick gives himself 4 in Framing.
/// Saw: all three can operate it, only Nora has one. Drill: Nick can't, Nora has not been asked, Sue can and has one.
async fn rated(db: &TestStore) -> Shop {
    let shop = Shop::new(db).await;
    let (nick, nora, sue) = (shop.company.nick_record, shop.company.nora_record, shop.company.sue_record);
    let sheets = [
        sheet(nick, "self", "2026-01-10", &[(0, 4)], &[]),
        sheet(nick, "manager", "2026-02-01", &[(0, 2), (1, 4), (2, 5)], &[(0, YES, NO), (1, NO, NO)]),
        sheet(nora, "manager", "2026-02-02", &[(0, 4)], &[(0, YES, YES)]),
        sheet(sue, "manager", "2026-02-03", &[(0, 3), (1, 3), (2, 1)], &[(0, YES, NO), (1, YES, YES)]),
    ];
    for sheet in &sheets {
        shop.put(db, sheet).await;
    }
    shop
}

fn sheet<'a>(
    employee: RecordId,
    kind: &'a str,
    on: &'a str,
    ratings: &'a [(usize, i64)],
    tools: &'a [(usize, Option<bool>, Option<bool>)],
) -> Sheet<'a> {
    Sheet { employee, kind, state: "reviewed", on, amends: None, ratings, tools }
}

fn admin(db: &TestStore, shop: &Shop) -> Site {
    Site::browser(db, &shop.company, &shop.company.admin)
}

/// The rows of a table of text, header first, each joined by `|`.
async fn csv(site: &Site, path: &str) -> Vec<String> {
    let answer = site.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    joined(&read_csv(&answer.bytes, &Limits::default()).unwrap())
}

fn joined(sheet: &FileSheet) -> Vec<String> {
    let row = |row: &Vec<Cell>| row.iter().map(|cell| cell.display().into_owned()).collect::<Vec<_>>().join("|");
    sheet.rows.iter().map(row).collect()
}

async fn workbook(site: &Site, path: &str) -> Vec<FileSheet> {
    let answer = site.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    read_workbook(&answer.bytes, &Limits::default()).unwrap()
}

/// The texts of a page's cells, joined by `|` and without the dashes of what is not known.
fn cells(page: &Answer) -> String {
    let html = page.text();
    let mut texts = Vec::new();
    for cell in html.split("<td ").skip(1) {
        let cell = cell.split("</td>").next().unwrap_or_default();
        let plain: String = cell.split('>').skip(1).map(|part| part.split('<').next().unwrap_or_default()).collect();
        texts.push(plain.trim().replace('–', ""));
    }
    texts.join("|")
}

on_both_engines! {
    /// covers K0.2 (part)
    async fn people_are_compared_by_overall_score_and_ties_share_a_rank(db: TestStore) {
        let shop = rated(&db).await;
        let site = admin(&db, &shop);
        // Nick: Carpentry (2+4)/2 = 3, Painting 5, so 4. Nora: 4. Sue: 3 and 1, so 2. Own rating of Nick: 4, which is 2
        // above the manager's, in one category. Skills rated: 3, 1 and 3 of 4.
        let expected = [
            "Employee|Rank|Tier|Team|Overall|Skills rated|Own rating|Own − current|Tools they can operate",
            "Nora North|1|Master Craftsman|North|4|25|||50",
            "Nick Test|1|Handyman|North|4|75|4|2|50",
            "Sue Test|3|Handyman|South|2|75|||100",
        ];
        assert_eq!(csv(&site, "/reports/team.csv").await, expected);
        let page = site.get("/reports/team").await;
        let text = page.text();
        assert!(text.contains("3 people with an average of 3.33 of 5."), "{text}");
        assert!(cells(&page).contains("Nick Test|1|Handyman|North|4.00|75 %|4.00|+2.00|50 %|Sue Test|3|"), "{}", cells(&page));
        let book = workbook(&site, "/reports/team.xlsx").await;
        let names: Vec<&str> = book.iter().map(|sheet| sheet.name.as_str()).collect();
        for name in ["Team Summary", "Employee Comparison", "Category Averages", "Tool Proficiency", "Top Performers"] {
            assert!(names.contains(&name), "{names:?}");
        }
        let comparison = book.iter().find(|sheet| sheet.name == "Employee Comparison").unwrap();
        assert_eq!(comparison.cell(0, 0).display(), "Team performance: How people compare");
        assert!(comparison.cell(1, 0).display().ends_with(" for Test Person"));
        assert!(comparison.rows[2].is_empty());
        assert_eq!(joined(comparison)[3..], expected);
        assert_eq!(comparison.cell(4, 4), &Cell::Number(4.0));
    }

    /// covers K0.2 (part)
    async fn a_report_of_picked_people_is_of_them_alone_in_every_form(db: TestStore) {
        let shop = rated(&db).await;
        let (site, company) = (admin(&db, &shop), &shop.company);
        let who = format!("employees={}&employees={}", company.nick_record, company.sue_record);
        let nick_and_sue = [
            "Nick Test|1|Handyman|North|4|75|4|2|50",
            "Sue Test|2|Handyman|South|2|75|||100",
        ];
        assert_eq!(csv(&site, &format!("/reports/team.csv?{who}")).await[1..], nick_and_sue);
        // Nick stands at 4 and Sue at 2; three ratings each, and one of Nick's own.
        let trend = csv(&site, &format!("/reports/team.csv?{who}&table=trend")).await;
        assert!(trend.iter().any(|row| row == "Q1 2026|3|4|2|6|1"), "{trend:?}");
        let page = site.get(&format!("/reports/team?team=picked&{who}")).await.text();
        for words in ["2 people with an average of 3.00 of 5.", "Nick Test, Sue Test", "2 people picked", &who.replace('&', "&#38;")] {
            assert!(page.contains(words), "{words}: {page}");
        }
        let answer = site.get(&format!("/reports/team.xlsx?{who}")).await;
        assert!(answer.header("content-disposition").contains("team_performance_picked_people_"), "{:?}", answer.headers);
        let book = read_workbook(&answer.bytes, &Limits::default()).unwrap();
        let comparison = book.iter().find(|sheet| sheet.name == "Employee Comparison").unwrap();
        assert_eq!(joined(comparison)[4..], nick_and_sue);
        let program = Site::program(&db, company, &company.admin);
        let json = program.call(http::Method::GET, &format!("/api/v1/reports/team?{who}"), "", &[]).await.json();
        assert_eq!(json["data"]["asked"]["People"], "Nick Test, Sue Test");
        // Who chooses another group in the form leaves them behind, and who has left the company stays picked.
        assert_eq!(csv(&site, &format!("/reports/team.csv?team=all&{who}")).await.len(), 4);
        let sue = company.employee(company.sue_record).await;
        company.records.archive(&company.admin, &palisade_kpi::types::EMPLOYEE, (sue.id, sue.version)).await.unwrap();
        assert_eq!(csv(&site, &format!("/reports/team.csv?{who}")).await[1..], nick_and_sue);
    }

    /// covers K0.2 (part)
    async fn people_are_picked_on_a_page_that_keeps_the_choice(db: TestStore) {
        let shop = rated(&db).await;
        let company = &shop.company;
        let manager = Site::browser(&db, company, &company.nora);
        let page = manager.get(&format!("/reports/team/pick?from=2026-01-01&employees={}", company.nick_record)).await.text();
        assert!(page.contains(&format!("value=\"{}\" checked", company.nick_record)), "{page}");
        assert!(page.contains(&format!("value=\"{}\">", company.sue_record)), "{page}");
        assert!(page.contains("name=\"from\" value=\"2026-01-01\"") && page.contains("South · Handyman"), "{page}");
        let many: Vec<String> = (0..101).map(|_| format!("employees={}", RecordId::new(&db.env()))).collect();
        for (query, status, words) in [
            ("team=picked".to_owned(), 422, "Pick at least one person."),
            ("employees=x".to_owned(), 422, "Pick people of the list"),
            (format!("employees={0}&employees={0}", company.nick_record), 422, "each of them once"),
            (many.join("&"), 422, "At most 100 people can be picked."),
            (many[0].clone(), 404, "Not all of these people are there"),
        ] {
            let page = manager.get(&format!("/reports/team?{query}")).await;
            assert_eq!(page.status.as_u16(), status, "{query}");
            assert!(page.text().contains(words) && page.text().contains("id=\"f-employees-error\""), "{query}: {}", page.text());
        }
        let nick = Site::browser(&db, company, &company.nick);
        assert_eq!(nick.get("/reports/team/pick").await.status, StatusCode::FORBIDDEN);
    }

    /// covers K0.2 (part)
    async fn averages_are_of_people_and_the_best_stand_first(db: TestStore) {
        let shop = rated(&db).await;
        let site = admin(&db, &shop);
        // Carpentry: (3 + 4 + 3) / 3 = 3.33; Painting: (5 + 1) / 2 = 3.
        assert_eq!(csv(&site, "/reports/team.csv?table=category-averages").await[1..], [
            "Carpentry|3.33|1.67|3|5|4|2",
            "Painting|3|2|2|2",
        ]);
        // Nick and Sue have the same score in Carpentry on as many skills: their names decide.
        assert_eq!(csv(&site, "/reports/team.csv?table=top-performers").await[1..], [
            "Carpentry|1|Nora North|4|1|2",
            "Carpentry|2|Nick Test|3|2|2",
            "Carpentry|2|Sue Test|3|2|2",
            "Painting|1|Nick Test|5|1|2",
            "Painting|2|Sue Test|1|1|2",
        ]);
        assert_eq!(csv(&site, "/reports/team.csv?table=tier-distribution").await[1..], [
            "Apprentice|0|0", "Handyman|2|67", "Craftsman|0|0", "Master Craftsman|1|33", "Lead Craftsman|0|0",
        ]);
        // Saw: 3 of 3 can, 1 has it; Drill: 1 can and 1 has it.
        assert_eq!(csv(&site, "/reports/team.csv?table=tool-proficiency").await[1..], [
            "Saw|Carpentry|3|100|1|33",
            "Drill|Carpentry|1|33|1|33",
        ]);
        let summary = csv(&site, "/reports/team.csv?table=team-summary").await;
        for fact in ["People|3", "People rated|3", "Average|3.33", "Skills rated|58", "Tools that people can operate|67", "Tools on the trucks|33"] {
            assert!(summary.iter().any(|row| row == fact), "{fact}: {summary:?}");
        }
    }

    /// covers K0.2 (part)
    async fn the_analysis_of_skills_tells_averages_gaps_and_what_nobody_is_rated_on(db: TestStore) {
        let shop = rated(&db).await;
        let site = admin(&db, &shop);
        assert_eq!(csv(&site, "/reports/skills.csv").await, [
            "Skill|Category|Average|Gap to 5|People rated",
            "Framing|Carpentry|3|2|3",
            "Trim|Carpentry|3.5|1.5|2",
            "Walls|Painting|3|2|2",
            "Ceilings|Painting|||0",
        ]);
        assert_eq!(csv(&site, "/reports/skills.csv?table=skill-gaps").await[1..], [
            "Framing|Carpentry|3|2|3", "Walls|Painting|3|2|2", "Trim|Carpentry|3.5|1.5|2",
        ]);
        assert_eq!(csv(&site, "/reports/skills.csv?table=top-skills").await[1], "Trim|Carpentry|3.5|1.5|2");
        assert_eq!(csv(&site, "/reports/skills.csv?table=tier-comparison").await[1..], [
            "Apprentice|0|0", "Handyman|2|2|3|4", "Craftsman|0|0", "Master Craftsman|1|1|4", "Lead Craftsman|0|0",
        ]);
        // The clock of the tests stands in March 2026, and the ratings were made in that quarter.
        let trend = csv(&site, "/reports/skills.csv?table=trend-analysis").await;
        let quarter = trend.iter().find(|row| row.starts_with("Q1 2026")).unwrap();
        assert_eq!(quarter, "Q1 2026|3.33|4|3|7|1", "{trend:?}");
        // One category: every figure is of it alone, and one tier needs no comparison.
        let painting = format!("category={}", shop.categories[1]);
        let answer = site.get(&format!("/reports/skills.xlsx?{painting}&tier={}", shop.company.tiers[1])).await;
        assert!(answer.header("content-disposition").contains("skills_analysis_Painting_"), "{:?}", answer.headers);
        let book = read_workbook(&answer.bytes, &Limits::default()).unwrap();
        assert_eq!(joined(&book[0])[3..], ["Category|Average|Gap to 5|People rated|Ratings|Own rating|Own − current", "Painting|3|2|2|2"]);
        assert!(!book.iter().any(|sheet| sheet.name == "Tier Comparison"));
    }

    /// covers K0.2 (part)
    async fn the_inventory_tells_what_to_buy_and_where_to_train(db: TestStore) {
        let shop = rated(&db).await;
        let site = admin(&db, &shop);
        assert_eq!(csv(&site, "/reports/tools.csv").await[1..], ["Saw|Carpentry|3|100|1|33|0", "Drill|Carpentry|1|33|1|33|1"]);
        // 3 of 3 can, 1 of 3 has: two thirds are missing. 1 of 3 can: two thirds are to be trained.
        assert_eq!(csv(&site, "/reports/tools.csv?table=missing-tools").await[1..], ["Saw|Carpentry|100|33|67|2"]);
        assert_eq!(csv(&site, "/reports/tools.csv?table=training-needs").await[1..], ["Drill|Carpentry|1|33|67"]);
        assert_eq!(csv(&site, "/reports/tools.csv?table=category-summary").await[1..], ["Carpentry|2|4|67|2|33", "All tools|2|4|67|2|33"]);
        assert_eq!(csv(&site, "/reports/tools.csv?table=employee-inventory").await[1..], [
            "Nora North|Master Craftsman|North|1|50|1|50|Saw",
            "Nick Test|Handyman|North|1|50|0|0",
            "Sue Test|Handyman|South|2|100|1|50|Drill",
        ]);
        assert!(site.get("/reports/tools").await.text().contains("3 people: 1 tool missing on the trucks, 1 tool to train on."));
    }

    /// covers K0.2
    async fn a_persons_report_has_the_same_figures_on_the_page_in_files_and_for_programs(db: TestStore) {
        let shop = rated(&db).await;
        let site = admin(&db, &shop);
        let who = format!("employee={}", shop.company.nick_record);
        let ratings = csv(&site, &format!("/reports/employee.csv?{who}")).await;
        assert_eq!(ratings, [
            "Category|Skill|Rating|Whose word|Rated on|Own rating|Own − current",
            "Carpentry|Framing|2|reviewed|2026-02-01|4|2",
            "Carpentry|Trim|4|reviewed|2026-02-01",
            "Painting|Walls|5|reviewed|2026-02-01",
        ]);
        let summary = csv(&site, &format!("/reports/employee.csv?{who}&table=skills-summary")).await;
        assert_eq!(summary[1..], ["Carpentry|3|60|2|2|100|4|2", "Painting|5|100|1|2|50"]);
        let work = csv(&site, &format!("/reports/employee.csv?{who}&table=improvement-areas")).await;
        assert!(work[1].starts_with("Framing|Carpentry|2|3|") && work[2].starts_with("Trim|Carpentry|4|1|") && work.len() == 3, "{work:?}");
        let evaluations = csv(&site, &format!("/reports/employee.csv?{who}&table=evaluations")).await;
        assert_eq!(evaluations[1..], ["2026-02-01|By a manager|Nora North|Reviewed", "2026-01-10|Self-evaluation|Nora North|Reviewed"]);
        let later = csv(&site, &format!("/reports/employee.csv?{who}&table=evaluations&from=2026-01-11")).await;
        assert_eq!(later[1..], evaluations[1..2]);
        let page = site.get(&format!("/reports/employee?{who}")).await;
        assert!(page.text().contains("Overall 4.00 of 5, with 3 of 4 skills rated."));
        assert!(cells(&page).contains("Carpentry|3.00|60 %|2|2|100 %|4.00|+2.00|Painting|5.00|100 %|1|2|50 %|"), "{}", cells(&page));
        let answer = site.get(&format!("/reports/employee.xlsx?{who}")).await;
        assert!(answer.header("content-disposition").contains("employee_performance_Test_"));
        let book = read_workbook(&answer.bytes, &Limits::default()).unwrap();
        let named = |name: &str| book.iter().find(|sheet| sheet.name == name).unwrap();
        assert_eq!(joined(named("Detailed Skills"))[3..], ratings);
        assert_eq!(joined(named("Skills Summary"))[3..], summary);
        assert_eq!(joined(named("Tools"))[4], "Carpentry|2|1|50|0|0|0");
        assert!(joined(named("Employee Info")).contains(&"Overall score|4".to_owned()));
        let program = Site::program(&db, &shop.company, &shop.company.admin);
        let json = program.call(http::Method::GET, &format!("/api/v1/reports/employee?{who}"), "", &[]).await.json();
        for path in ["/api/v1/reports/employee".to_owned(), format!("/api/v1/reports/team?team={}", RecordId::new(&db.env()))] {
            let refused = program.call(http::Method::GET, &path, "", &[]).await;
            assert_eq!((refused.status.as_u16(), refused.wrong_fields().len()), (422, 1), "{path}");
        }
        let own = Site::program(&db, &shop.company, &shop.company.nick);
        let own = own.call(http::Method::GET, "/api/v1/reports/employee", "", &[]).await.json();
        assert_eq!(own["data"]["title"], "Employee performance: Nick Test");
        let sections = json["data"]["sections"].as_array().unwrap();
        let section = sections.iter().find(|section| section["table"] == "skills-summary").unwrap();
        assert_eq!((&section["rows"][0]["Score"], &section["rows"][0]["Own − current"], &section["rows"][1]["Own rating"]), (&json!(3.0), &json!(2.0), &json!(null)));
    }

    /// covers K0.2 (part)
    async fn nobody_rated_is_a_page_that_says_so_and_never_an_error(db: TestStore) {
        let shop = Shop::new(&db).await;
        let site = admin(&db, &shop);
        let who = format!("employee={}", shop.company.nick_record);
        for (path, words) in [
            (format!("/reports/employee?{who}"), "Not evaluated yet"),
            ("/reports/team".to_owned(), "Nobody is rated here yet"),
            ("/reports/skills".to_owned(), "Nobody is rated here yet"),
            ("/reports/tools".to_owned(), "No tools are known here yet"),
            (format!("/reports/team?tier={}", shop.company.tiers[4]), "Nobody to report on"),
            ("/reports/employee".to_owned(), "Nobody is chosen yet"),
        ] {
            let page = site.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.text().contains(words), "{path}");
        }
        let file = site.get(&format!("/reports/employee.xlsx?{who}")).await;
        assert_eq!((file.status, file.header("location")), (StatusCode::SEE_OTHER, format!("/reports/employee?{who}").as_str()));
    }

    async fn what_is_wrong_with_a_parameter_stands_beside_its_field(db: TestStore) {
        let shop = rated(&db).await;
        let site = admin(&db, &shop);
        let nobody = RecordId::new(&db.env());
        for (path, status, words) in [
            ("/reports/team?from=soon".to_owned(), 422, "id=\"f-from-error\""),
            ("/reports/team.csv?to=2099-01-01".to_owned(), 422, "This day is still to come."),
            ("/reports/team?from=2026-02-01&to=2026-01-01".to_owned(), 422, "This lies after the last day."),
            ("/reports/skills?category=x".to_owned(), 422, "id=\"f-category-error\""),
            ("/reports/team?tier=1&tier=2".to_owned(), 422, "given more than once"),
            ("/reports/team?colour=red".to_owned(), 422, "no parameter “colour”"),
            ("/reports/team.csv?table=salaries".to_owned(), 422, "Ask for one of: team-summary,"),
            (format!("/reports/team?team={nobody}"), 404, "There is no such team."),
            (format!("/reports/skills?category={nobody}"), 404, "There is no such category in use."),
            (format!("/reports/employee?employee={nobody}"), 404, "There is nobody like that among your people."),
        ] {
            let page = site.get(&path).await;
            assert_eq!(page.status.as_u16(), status, "{path}");
            assert!(page.text().contains(words), "{path}: {}", page.text());
        }
    }

    /// covers K0.2 (part), K2.1 (part)
    async fn everybody_gets_the_reports_of_their_reach_and_no_others(db: TestStore) {
        let shop = rated(&db).await;
        let company = &shop.company;
        let employee = Site::browser(&db, company, &company.nick);
        let own = employee.get("/reports/employee").await;
        assert!(own.status == StatusCode::OK && own.text().contains("Employee performance: Nick Test"));
        let list = employee.get("/reports").await.text();
        assert!(list.contains("/reports/employee") && !list.contains("/reports/team"));
        let other = employee.get(&format!("/reports/employee?employee={}", company.sue_record)).await;
        assert!(other.status == StatusCode::NOT_FOUND && !other.text().contains("Sue"));
        for path in ["/reports/team", "/reports/skills.csv", "/reports/tools.xlsx"] {
            assert_eq!(employee.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        let manager = Site::browser(&db, company, &company.nora);
        let team = manager.get("/reports/team").await.text();
        assert!(team.contains("Nick Test") && !team.contains("Sue Test"), "a manager's report is of their own people");
        let sue = format!("/reports/employee?employee={}", company.sue_record);
        assert_eq!(manager.get(&sue).await.status, StatusCode::NOT_FOUND);
        assert_eq!(manager.get(&sue.replace("employee?", "employee.csv?")).await.status, StatusCode::NOT_FOUND);
        let everybody = csv(&manager, "/reports/team.csv?team=all").await;
        assert!(everybody.iter().any(|row| row.starts_with("Sue Test|3|Handyman|South|2|75")), "{everybody:?}");
    }

    /// covers K0.2 (part)
    async fn a_manager_sees_the_own_ratings_and_the_course_of_their_people_only(db: TestStore) {
        let shop = rated(&db).await;
        shop.put(&db, &sheet(shop.company.sue_record, "self", "2026-01-10", &[(0, 5), (3, 2)], &[])).await;
        let manager = Site::browser(&db, &shop.company, &shop.company.nora);
        let rows = csv(&manager, "/reports/team.csv?team=all").await;
        // What nobody else has rated is Sue's own word, and current; what she thinks beside that is for her own manager.
        assert!(rows.iter().any(|row| row == "Sue Test|3|Handyman|South|2.25|100|||100"), "{rows:?}");
        let trend = csv(&manager, "/reports/team.csv?team=all&table=trend").await;
        assert!(trend.iter().any(|row| row.starts_with("Q1 2026|4|4|2|4|1")), "{trend:?}");
    }

    /// covers K3.5 (part)
    async fn each_report_about_others_and_each_file_leaves_one_entry_without_figures(db: TestStore) {
        let shop = rated(&db).await;
        let site = admin(&db, &shop);
        site.get("/reports/team").await;
        let (action, _, _, detail) = leaves(&db, 1).await.remove(0);
        assert_eq!(action, "report.team");
        assert!(detail.contains("\"people\":3") && detail.contains("Everybody") && detail.contains("\"page\""), "{detail}");
        assert!(!detail.contains("3.33"), "{detail}");
        site.get(&format!("/reports/employee.csv?employee={}", shop.company.nick_record)).await;
        let (action, resource, _, detail) = leaves(&db, 1).await.remove(0);
        assert_eq!((action.as_str(), resource), ("report.employee", format!("employee:{}", shop.company.nick_record)));
        assert!(detail.contains("\"csv\""));
        let own = Site::browser(&db, &shop.company, &shop.company.nick);
        let before = leaves(&db, 1).await;
        own.get("/reports/employee").await;
        assert_eq!(leaves(&db, 1).await, before, "one's own report on the page leaves none");
        own.get("/reports/employee.xlsx").await;
        assert_ne!(leaves(&db, 1).await, before, "as a file it leaves the house");
    }

    async fn a_name_that_looks_like_a_formula_stays_a_text(db: TestStore) {
        let shop = rated(&db).await;
        let company = &shop.company;
        let evil = palisade_records::Draft::new().text("given_name", "=HYPERLINK(\"http://192.0.2.1\")");
        let nick = company.employee(company.nick_record).await;
        company.records.update(&company.admin, &palisade_kpi::types::EMPLOYEE, (nick.id, nick.version), &evil).await.unwrap();
        let site = admin(&db, &shop);
        let raw = site.get("/reports/team.csv").await.text();
        assert!(raw.contains("'=HYPERLINK") && !raw.contains(",=HYPERLINK") && !raw.contains(",\"=HYPERLINK"), "{raw}");
        let book = workbook(&site, "/reports/team.xlsx").await;
        let comparison = book.iter().find(|sheet| sheet.name == "Employee Comparison").unwrap();
        let found = comparison.rows.iter().flatten().any(|cell| matches!(cell, Cell::Text(text) if text.starts_with("=HYPERLINK")));
        assert!(found, "a string, not a formula: formulas are read as their results");
    }
}
