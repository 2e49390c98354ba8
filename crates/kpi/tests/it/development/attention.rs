//! What somebody should look at, and the page of what somebody is working on.

use http::StatusCode;
use palisade_base::{Caller, Date, RecordId};
use palisade_kpi::{
    development::attention,
    types::{GOAL, QUALIFICATION, SPECIAL_SKILL, TRAINING_REQUEST},
};
use palisade_records::Draft;
use palisade_testkit::on_both_engines;

use super::records::{a_skill, make};
use crate::{MIGRATOR, company::Company, site::Site, trail::trail};

fn today() -> Date {
    "2026-03-02".parse().unwrap()
}

async fn qualify(company: &Company, employee: RecordId, name: &str, until: &str) {
    let draft = Draft::new().text("employee_id", employee.to_string()).text("kind", "licence").text("name", name);
    company.records.create(&company.admin, &QUALIFICATION, &draft.text("expires_on", until)).await.unwrap();
}

async fn words(company: &Company, caller: &Caller) -> Vec<String> {
    attention(&company.records, caller, today()).await.unwrap().into_iter().map(|item| item.words).collect()
}

on_both_engines! {
    /// covers K0.1 (part)
    async fn what_ends_what_is_late_and_what_waits_comes_to_whom_it_concerns(db: TestStore) {
        let company = Company::new(&db).await;
        let skill = a_skill(&company).await;
        let (nick, sue) = (company.nick_record, company.sue_record);
        qualify(&company, nick, "Ended", "2026-03-01").await;
        // 29 days of March and 30 of April are 59, the first of May is the 60th.
        qualify(&company, nick, "Just", "2026-05-01").await;
        qualify(&company, nick, "Later", "2026-05-02").await;
        qualify(&company, sue, "Hers", "2026-03-05").await;
        for (day, tenths) in [("2026-02-27", "4"), ("2026-03-02", "5")] {
            let goal = Draft::new().text("employee_id", nick.to_string()).text("skill_id", skill.to_string());
            let goal = goal.text("target_tenths", tenths).text("target_date", day);
            company.records.create(&company.nick, &GOAL, &goal).await.unwrap();
        }
        make(&company, &company.nick, &TRAINING_REQUEST, nick).await.unwrap();
        make(&company, &company.nick, &SPECIAL_SKILL, nick).await.unwrap();
        make(&company, &company.nora, &TRAINING_REQUEST, company.nora_record).await.unwrap();
        let own = ["Your Ended expired yesterday", "Your goal Build Gate is overdue for 3 days", "Your Just expires in 60 days"];
        assert_eq!(words(&company, &company.nick).await, own);
        assert_eq!(words(&company, &company.nora).await, [
            "Nick Test: Ended expired yesterday",
            "Nick Test: goal Build Gate is overdue for 3 days",
            "Nick Test asks for training: Sweating copper",
            "Nick Test proposes a special skill: Thatching",
            "Nick Test: Just expires in 60 days",
        ]);
        let all = words(&company, &company.admin).await;
        assert!(all.contains(&"Sue Test: Hers expires in 3 days".to_owned()), "{all:?}");
        assert!(all.contains(&"Nora North asks for training: Sweating copper".to_owned()), "{all:?}");
    }

    /// covers K0.1 (part)
    async fn one_page_shows_what_somebody_is_working_on_and_where_to_add(db: TestStore) {
        let company = Company::new(&db).await;
        a_skill(&company).await;
        for ty in [&GOAL, &TRAINING_REQUEST, &SPECIAL_SKILL] {
            make(&company, &company.nick, ty, company.nick_record).await.unwrap();
        }
        qualify(&company, company.nick_record, "Crane licence", "2026-01-01").await;
        let path = format!("/employees/{}/development", company.nick_record);
        let own = Site::browser(&db, &company, &company.nick).get(&path).await.text();
        for part in ["Build Gate", "not rated yet", "Sweating copper", "Thatching", "Crane licence", "No own tools yet"] {
            assert!(own.contains(part), "{part}: {own}");
        }
        assert!(own.contains("/goals/new?employee_id=") && !own.contains("/qualifications/new"));
        let manager = Site::browser(&db, &company, &company.nora);
        assert!(manager.get(&path).await.text().contains("/qualifications/new?employee_id="));
        let noras = manager.get(&format!("/employees/{}/development", company.nora_record)).await.text();
        assert!(noras.contains("/goals/new") && !noras.contains("/qualifications/new"));
        let strangers = format!("/employees/{}/development", company.sue_record);
        assert_eq!(manager.get(&strangers).await.status, StatusCode::FORBIDDEN);
        let colleague = Site::browser(&db, &company, &company.nick).get(&strangers).await;
        assert_eq!(colleague.status, StatusCode::NOT_FOUND);
    }

    async fn qualifications_to_renew_are_listed_by_how_soon_they_end(db: TestStore) {
        let company = Company::new(&db).await;
        let day = |days: i32| company.records.today().checked_add(jiff::Span::new().days(days)).unwrap().to_string();
        for (name, days) in [("Ended", -1), ("Week", 7), ("Month", 30), ("Far", 61)] {
            qualify(&company, company.nick_record, name, &day(days)).await;
        }
        let browser = Site::browser(&db, &company, &company.nora);
        for (path, wanted) in [
            ("/qualifications/due", [true, true, true, false]),
            ("/qualifications/due?days=30", [true, true, true, false]),
            ("/qualifications/due?days=7", [true, true, false, false]),
            ("/qualifications/due?days=0", [true, false, false, false]),
        ] {
            let page = browser.get(path).await.text();
            let found = ["Ended", "Week", "Month", "Far"].map(|name| page.contains(&format!(">{name}</a>")));
            assert_eq!(found, wanted, "{path}");
        }
        // One leaf for each view that shows others, of how many.
        let leaves = trail(&db).await;
        let due: Vec<_> = leaves.iter().filter(|leaf| leaf.action == "qualification.due").collect();
        assert_eq!(due.len(), 4);
        assert_eq!(browser.get("/qualifications/due?days=5").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let front = browser.get("/").await.text();
        assert!(front.contains("Needs attention") && front.contains("Nick Test: Ended expired yesterday"), "{front}");
        // Two lines for each other person; the third is counted.
        assert!(front.contains("Nick Test: Week") && !front.contains("Nick Test: Month"), "{front}");
        assert!(front.contains("And 1 more: see") && front.contains("href=\"/qualifications/due\""), "{front}");
        assert!(browser.get("/qualifications").await.text().contains("href=\"/qualifications/due\""));
        // The overview of one person alone shows, below, what concerns another: that is a view of the other too.
        let views = |leaves: &[crate::trail::Event]| leaves.iter().filter(|leaf| leaf.action == "attention.view").count();
        assert_eq!(views(&trail(&db).await), 0, "the overview's own leaf names them");
        let only_nora = browser.get(&format!("/?employee={}", company.nora_record)).await.text();
        assert!(only_nora.contains("Nick Test: Ended"), "{only_nora}");
        assert_eq!(views(&trail(&db).await), 1);
        let of_nick = browser.get(&format!("/employees/{}", company.nick_record)).await.text();
        assert!(of_nick.contains("Nick Test: Month"), "{of_nick}");
        let of_nora = browser.get(&format!("/employees/{}", company.nora_record)).await.text();
        assert!(!of_nora.contains("Needs attention"), "{of_nora}");
    }
}
