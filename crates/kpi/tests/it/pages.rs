//! The pages that the declarations give.

use http::StatusCode;
use palisade_kpi::{
    TYPES,
    development::attention,
    types::{EMPLOYEE, EVALUATION, TEAM},
};
use palisade_records::{directory::PERSON, transfer::RowOutcome};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    company::{Company, all},
    site::Site,
};

on_both_engines! {
    async fn every_list_record_and_form_opens(db: TestStore) {
        let company = Company::new(&db).await;
        let browser = Site::browser(&db, &company, &company.admin);
        assert_eq!(browser.get("/").await.status, StatusCode::OK);
        // Evaluations have pages of their own.
        for ty in TYPES.iter().copied().filter(|ty| ty.name != EVALUATION.name).chain([&PERSON]) {
            let new = ty.is_kept_by_hand().then(|| format!("/{}/new", ty.path));
            for path in [format!("/{}", ty.path)].into_iter().chain(new) {
                assert_eq!(browser.get(&path).await.status, StatusCode::OK, "{path}");
            }
            for record in all(&company.records, &company.admin, ty).await {
                for rest in ["", "/edit", "/archive"] {
                    let path = format!("/{}/{}{rest}", ty.path, record.id);
                    let page = browser.get(&path).await;
                    assert_eq!(page.status, StatusCode::OK, "{path}");
                    assert!(page.text().contains(&record.title()), "{path}");
                }
            }
        }
    }

    /// covers K0.1 (part)
    async fn a_form_keeps_what_was_typed_and_says_what_is_wrong_beside_the_field(db: TestStore) {
        let company = Company::new(&db).await;
        let browser = Site::browser(&db, &company, &company.admin);
        let fields = [("given_name", "<b>Ann</b>"), ("family_name", ""), ("hire_date", "soon"), ("tier_id", "")];
        let page = browser.post("/employees/new", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        let html = page.text();
        assert!(html.contains("&#60;b&#62;Ann&#60;/b&#62;") && !html.contains("<b>Ann"));
        for words in ["Enter the family name.", "Write a date like 2026-03-31", "Choose the tier."] {
            assert!(html.contains(words), "{words}");
        }
        let empty = browser.post("/employees/new", &[("given_name", "Ann"), ("family_name", "New")]).await.text();
        assert!(empty.contains("Enter a date under “Hired on”."), "a label that is no noun stands in quotes");
    }

    /// covers K0.1 (part)
    async fn one_row_is_counted_as_one(db: TestStore) {
        let company = Company::new(&db).await;
        let list = Site::browser(&db, &company, &company.admin).get("/teams?q=north").await.text();
        assert!(list.contains("1 team found."), "{list}");
        assert!(!list.contains("1 teams"), "{list}");
    }

    /// covers K0.1 (part)
    async fn a_manager_adds_and_changes_somebody_of_the_own_team_by_form(db: TestStore) {
        let company = Company::new(&db).await;
        let browser = Site::browser(&db, &company, &company.nora);
        let (tier, north) = (company.tiers[0].to_string(), company.north.to_string());
        let new = [("given_name", "Ann"), ("family_name", "New"), ("phone", "555-0177"), ("tier_id", &tier), ("team_id", &north), ("hire_date", "2026-01-05")];
        let added = browser.post("/employees/new", &new).await;
        assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text());
        let path = added.header("location").to_owned();
        let page = browser.get(&path).await.text();
        assert!(page.contains("Ann New") && page.contains("5 Jan 2026") && page.contains("555-0177"));
        let form = browser.get(&format!("{path}/edit")).await.text();
        assert!(!form.contains("name=\"email\""), "a manager does not set mail addresses");
        let version = form.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let change = [("version", version.as_str()), ("given_name", "Anna")];
        assert_eq!(browser.post(&format!("{path}/edit"), &change).await.status, StatusCode::SEE_OTHER);
        let again = browser.post(&format!("{path}/edit"), &[("version", &version), ("given_name", "Anne")]).await;
        assert_eq!(again.status, StatusCode::CONFLICT);
        assert!(again.text().contains("This is “Anna” now") && again.text().contains("value=\"Anne\""));
    }

    /// covers K2.1 (part)
    async fn an_employee_sees_their_own_record_and_no_forms(db: TestStore) {
        let company = Company::new(&db).await;
        let browser = Site::browser(&db, &company, &company.nick);
        let list = browser.get("/employees").await.text();
        assert!(list.contains("Nick Test") && !list.contains("Sue Test") && !list.contains("/employees/new"));
        assert!(browser.get("/").await.text().contains("No skill of yours has been rated yet."));
        let own = browser.get(&format!("/employees/{}", company.nick_record)).await.text();
        assert!(own.contains("About Nick") && !own.contains("/edit"));
        assert_eq!(browser.get(&format!("/employees/{}", company.sue_record)).await.status, StatusCode::NOT_FOUND);
        for path in ["/employees/new", "/people", "/teams/new"] {
            assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        let edit = format!("/employees/{}/edit", company.nick_record);
        assert_eq!(browser.get(&edit).await.status, StatusCode::FORBIDDEN);
        assert_eq!(browser.post(&edit, &[("version", "2"), ("notes", "x")]).await.status, StatusCode::FORBIDDEN);
    }

    /// covers K2.1 (part)
    async fn a_manager_is_told_what_is_not_shown(db: TestStore) {
        let company = Company::new(&db).await;
        let browser = Site::browser(&db, &company, &company.nora);
        let page = browser.get(&format!("/employees/{}", company.sue_record)).await.text();
        assert!(page.contains("Your role does not show you") && page.contains("telephone"));
        assert!(!page.contains("555-0100") && !page.contains("About Sue") && !page.contains("/edit"));
    }

    async fn archiving_asks_first_and_can_be_taken_back(db: TestStore) {
        let company = Company::new(&db).await;
        let browser = Site::browser(&db, &company, &company.admin);
        let path = format!("/teams/{}", company.south);
        let question = browser.get(&format!("{path}/archive")).await.text();
        assert!(question.contains("1 employee keeps referring to it."));
        assert_eq!(browser.post(&format!("{path}/archive"), &[("version", "1")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(all(&company.records, &company.admin, &TEAM).await.len(), 1);
        assert!(browser.get("/teams?archived=true").await.text().contains("out of use"));
        assert_eq!(browser.post(&format!("{path}/restore"), &[("version", "2")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(all(&company.records, &company.admin, &TEAM).await.len(), 2);
    }

    async fn who_leads_a_team_stays_in_use_until_somebody_else_leads_it(db: TestStore) {
        let company = Company::new(&db).await;
        let (records, admin) = (&company.records, &company.admin);
        let browser = Site::browser(&db, &company, admin);
        let path = format!("/employees/{}", company.nora_record);
        let version = company.employee(company.nora_record).await.version.to_string();
        let reason = "Nora North leads the team “North”";
        let question = browser.get(&format!("{path}/archive")).await.text();
        for words in [reason, "Choose another manager for it first", &format!("/teams/{}", company.north)] {
            assert!(question.contains(words), "{words}: {question}");
        }
        assert!(!question.contains("name=\"version\""), "there is no button: {question}");
        let refused = browser.post(&format!("{path}/archive"), &[("version", &version)]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.text().contains(reason), "{}", refused.text());
        let program = Site::program(&db, &company, admin);
        let refused = program.call(http::Method::DELETE, &format!("/api/v1{path}"), "", &[]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.json()["error"]["message"].as_str().unwrap().starts_with(reason), "{:?}", refused.json());
        let file = "first_name,last_name,hire_date,tier,active\r\nNora,North,2019-04-01,Master Craftsman,no\r\n";
        let id = records.check_import(admin, &EMPLOYEE, ("leavers.csv", file.as_bytes())).await.unwrap();
        let report = records.preview_import(admin, &EMPLOYEE, id).await.unwrap();
        assert!(matches!(&report.rows[0].outcome, RowOutcome::Wrong(why) if why[0].starts_with(reason)), "{report:?}");
        assert!(company.employee(company.nora_record).await.archived_at.is_none());

        // Once she leads nobody, she can go.
        let north = records.get(admin, &TEAM, company.north).await.unwrap();
        let change = palisade_records::Draft::new().text("manager_id", "");
        records.update(admin, &TEAM, (north.id, north.version), &change).await.unwrap();
        let archived = browser.post(&format!("{path}/archive"), &[("version", &version)]).await;
        assert_eq!(archived.status, StatusCode::SEE_OTHER);
        assert!(company.employee(company.nora_record).await.archived_at.is_some());

        // Somebody may still choose who has left, or the team was led so before: then an administrator is told.
        let change = palisade_records::Draft::new().text("manager_id", company.nora.person.unwrap().to_string());
        let north = records.get(admin, &TEAM, company.north).await.unwrap();
        records.update(admin, &TEAM, (north.id, north.version), &change).await.unwrap();
        let told = attention(records, admin, records.today()).await.unwrap().remove(0);
        let words = "Team North is led by Nora North, who does not work here any more";
        assert_eq!((told.words.as_str(), told.path), (words, format!("/teams/{}", company.north)));
        assert!(attention(records, &company.nick, records.today()).await.unwrap().is_empty(), "who can do nothing about it");
    }

    async fn a_form_without_its_token_changes_nothing(db: TestStore) {
        let company = Company::new(&db).await;
        let browser = Site::browser(&db, &company, &company.admin);
        let request = browser.own_post("/teams/new", "application/x-www-form-urlencoded");
        let answer = browser.send(request.body("name=Sneaky".into()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(all(&company.records, &company.admin, &TEAM).await.len(), 2);
    }
}
