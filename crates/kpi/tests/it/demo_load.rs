//! The made-up company, written and found again, on both engines.

use palisade_base::{Date, Kind, UserId};
use palisade_kpi::{
    catalogue::Catalogue,
    demo::{self, Company, DemoEvaluation, DemoRole},
    standing::Standings,
    types::{EMPLOYEE, EVALUATION, GOAL, PROMOTION, QUALIFICATION, SKILL, SPECIAL_SKILL, TEAM, TOOL, TRAINING_REQUEST},
};
use palisade_records::{Archived, ListRequest, Records, directory::PERSON};
use palisade_testkit::on_both_engines;

use crate::{MIGRATOR, trail::trail};

const TODAY: Date = Date::constant(2026, 11, 21);

/// The name of the first employee, and how many skills their manager has rated the last time.
fn newest_of_the_first_employee(company: &Company, history: &[DemoEvaluation]) -> (String, usize) {
    let place = company.people.iter().position(|person| person.role == DemoRole::Employee).unwrap();
    let person = &company.people[place];
    let by_manager = history.iter().rfind(|one| one.subject == place && one.evaluator != place).unwrap();
    (format!("{} {}", person.given_name, person.family_name), by_manager.skills.len())
}

on_both_engines! {
    /// covers K0.1 (part)
    async fn the_demo_company_stands_in_records_with_its_teams_tiers_and_catalogue(db: TestStore) {
        let records = Records::new(db.store.clone());
        let (job, company) = (demo::caller(), Company::generate(7, TODAY));
        let users = demo::load(&records, &job, &company).await.unwrap().users;

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

    /// covers K0.1 (part)
    async fn the_past_is_remembered_whole_and_everybody_stands_where_it_ends(db: TestStore) {
        let records = Records::new(db.store.clone());
        let today = records.today();
        let (job, company) = (demo::caller(), Company::generate(7, today));
        let loaded = demo::load(&records, &job, &company).await.unwrap();
        let count = demo::remember(&records, &job, (&company, &loaded), today).await.unwrap();
        assert_eq!(count as u64, records.count(&job, &EVALUATION).await.unwrap());
        let catalogue = Catalogue::company().unwrap();
        let history = company.history(&catalogue, today);
        assert_eq!(count, history.len());
        let (name, expected) = newest_of_the_first_employee(&company, &history);
        let standing = Standings::new(records.clone());
        let all = ListRequest { limit: 100, ..ListRequest::default() };
        let people = records.list(&job, &EMPLOYEE, &all).await.unwrap().records;
        let first = people.iter().find(|record| record.title() == name).unwrap();
        assert_eq!(standing.of(&job, first.id).await.unwrap().skills.len(), expected, "what the manager rated last counts");
    }

    /// Each by themselves, through the same services as on the pages: what is refused in the story must be refused here.
    ///
    /// covers K0.1 (part), K0.2 (part)
    async fn the_people_of_the_demo_go_on_by_themselves(db: TestStore) {
        let records = Records::new(db.store.clone());
        let (job, today) = (demo::caller(), records.today());
        let company = Company::generate(7, today);
        let loaded = demo::load(&records, &job, &company).await.unwrap();
        demo::remember(&records, &job, (&company, &loaded), today).await.unwrap();
        let actors = loaded.users.iter().map(|user| (user.place, demo::actor(user, UserId::new(&db.env())))).collect();
        demo::live(&records, (&company, &loaded), &actors).await.unwrap();

        let admin = &actors[&0];
        for (ty, count) in [(&QUALIFICATION, 9), (&GOAL, 5), (&TRAINING_REQUEST, 5), (&SPECIAL_SKILL, 4), (&PROMOTION, 1)] {
            assert_eq!(records.count(admin, ty).await.unwrap(), count, "{}", ty.name);
        }
        let all = ListRequest { limit: 1_000, ..ListRequest::default() };
        let manager = &actors[&company.teams[0].manager];
        let evaluations = records.list(manager, &EVALUATION, &all).await.unwrap().records;
        let drafts = evaluations.iter().filter(|one| one.text("status").as_deref() == Some("Draft"));
        assert_eq!(drafts.clone().count(), 2, "one is the manager's own to finish, one came back");
        let returned = drafts.filter(|one| one.text("return_reason").is_some_and(|reason| !reason.is_empty()));
        assert_eq!(returned.count(), 1);
        let leaves = trail(&db).await;
        assert_eq!(leaves.iter().filter(|leaf| leaf.outcome == "failure:denied").count(), 3);
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
