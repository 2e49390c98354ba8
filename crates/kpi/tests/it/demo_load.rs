//! The made-up company, written and found again, on both engines.

use palisade_base::{Date, Kind};
use palisade_kpi::{
    demo::{self, Company, DemoRole},
    types::{EMPLOYEE, SKILL, TEAM, TOOL},
};
use palisade_records::{Archived, ListRequest, Records, directory::PERSON};
use palisade_testkit::on_both_engines;

use crate::{MIGRATOR, trail::trail};

const TODAY: Date = Date::constant(2026, 11, 21);

on_both_engines! {
    /// covers K0.1 (part)
    async fn the_demo_company_stands_in_records_with_its_teams_tiers_and_catalogue(db: TestStore) {
        let records = Records::new(db.store.clone());
        let (job, company) = (demo::caller(), Company::generate(7, TODAY));
        let users = demo::load(&records, &job, &company).await.unwrap();

        assert_eq!(users.len(), 37);
        assert_eq!(users[0].role, DemoRole::Admin);
        assert_eq!(users.iter().filter(|user| user.role == DemoRole::Manager).count(), 6);
        assert_eq!(records.count(&job, &PERSON).await.unwrap(), 41);
        assert_eq!(records.count(&job, &EMPLOYEE).await.unwrap(), 36);
        assert_eq!((records.count(&job, &SKILL).await.unwrap(), records.count(&job, &TOOL).await.unwrap()), (187, 128));

        let everybody = ListRequest { archived: Archived::Only, limit: 100, ..ListRequest::default() };
        assert_eq!(records.list(&job, &EMPLOYEE, &everybody).await.unwrap().records.len(), 4, "leavers are out of use");
        let teams = records.list(&job, &TEAM, &ListRequest { limit: 100, ..ListRequest::default() }).await.unwrap();
        for team in &teams.records {
            let at = company.teams.iter().position(|made| Some(made.name.to_owned()) == team.text("name")).unwrap();
            let manager = &company.people[company.teams[at].manager];
            assert_eq!(team.text("manager_id"), Some(format!("{} {}", manager.given_name, manager.family_name)));
        }
        let employees = records.list(&job, &EMPLOYEE, &ListRequest { limit: 100, ..ListRequest::default() }).await.unwrap();
        for user in users.iter().filter(|user| user.role != DemoRole::Admin) {
            let found = employees.records.iter().find(|e| e.subject() == Some(user.person.into())).unwrap();
            assert!(found.text("email").unwrap().starts_with(&format!("{}@", user.user_name)));
        }
        assert!(trail(&db).await.iter().all(|leaf| leaf.actor == "job:demo"));
    }

    async fn a_second_company_is_refused_and_changes_nothing(db: TestStore) {
        let records = Records::new(db.store.clone());
        let (job, company) = (demo::caller(), Company::generate(7, TODAY));
        demo::load(&records, &job, &company).await.unwrap();
        let leaves = trail(&db).await.len();
        let error = demo::load(&records, &job, &Company::generate(8, TODAY)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
        assert_eq!(trail(&db).await.len(), leaves);
    }
}
