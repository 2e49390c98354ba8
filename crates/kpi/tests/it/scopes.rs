//! Which rows each role reaches.

use palisade_base::{Kind, Scope};
use palisade_kpi::types::{EMPLOYEE, TEAM};
use palisade_records::{Draft, ListRequest};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    company::{Company, all, caller, leaves, new_employee},
};

on_both_engines! {
    /// covers K2.1 (part), K0.1 (part)
    async fn an_employee_finds_only_their_own_record(db: TestStore) {
        let company = Company::new(&db).await;
        assert_eq!(company.names(&company.nick, &ListRequest::default()).await, ["Nick"]);
        let error = company.records.get(&company.nick, &EMPLOYEE, company.sue_record).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound);
        let teams = all(&company.records, &company.nick, &TEAM).await;
        assert_eq!(teams.iter().map(|team| team.id).collect::<Vec<_>>(), [company.north]);
    }

    /// covers K2.1 (part), K0.1 (part)
    async fn a_manager_changes_the_own_team_and_nobody_else(db: TestStore) {
        let company = Company::new(&db).await;
        let (records, draft) = (&company.records, Draft::new().text("notes", "Good with tiles"));
        let nick = company.employee(company.nick_record).await;
        records.update(&company.nora, &EMPLOYEE, (nick.id, nick.version), &draft).await.unwrap();
        let sue = company.employee(company.sue_record).await;
        let error = records.update(&company.nora, &EMPLOYEE, (sue.id, sue.version), &draft).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        let (action, resource, outcome, _) = leaves(&db, 1).await.remove(0);
        assert_eq!((action.as_str(), outcome.as_str()), ("employee.update", "failure:denied"));
        assert_eq!(resource, format!("employee:{}", sue.id));
        assert_eq!(company.employee(sue.id).await.text("notes").unwrap(), "About Sue");
    }

    /// covers K2.1 (part)
    async fn an_employee_changes_and_adds_nothing(db: TestStore) {
        let company = Company::new(&db).await;
        let own = company.employee(company.nick_record).await;
        let draft = Draft::new().text("notes", "I am the best");
        let error = company.records.update(&company.nick, &EMPLOYEE, (own.id, own.version), &draft).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        let draft = new_employee("Friend", company.tiers[0], company.north);
        assert_eq!(company.records.create(&company.nick, &EMPLOYEE, &draft).await.unwrap_err().kind(), Kind::Denied);
        let error = company.records.archive(&company.nick, &EMPLOYEE, (own.id, own.version)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
    }

    /// covers K2.1 (part)
    async fn nobody_moves_a_record_beyond_their_own_reach(db: TestStore) {
        let company = Company::new(&db).await;
        let nick = company.employee(company.nick_record).await;
        let away = Draft::new().text("team_id", company.south.to_string());
        let error = company.records.update(&company.nora, &EMPLOYEE, (nick.id, nick.version), &away).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        assert_eq!(company.employee(nick.id).await.text("team_id").unwrap(), "North");
        let draft = new_employee("Spy", company.tiers[0], company.south);
        assert_eq!(company.records.create(&company.nora, &EMPLOYEE, &draft).await.unwrap_err().kind(), Kind::Denied);
        assert!(!company.names(&company.admin, &ListRequest::default()).await.contains(&"Spy".to_owned()));
        let draft = new_employee("Nils", company.tiers[0], company.north);
        company.records.create(&company.nora, &EMPLOYEE, &draft).await.unwrap();
    }

    /// covers K2.1 (part)
    async fn a_tier_is_no_field_to_be_edited(db: TestStore) {
        let company = Company::new(&db).await;
        let promotion = Draft::new().text("tier_id", company.tiers[4].to_string());
        for (caller, id) in [(&company.nora, company.nora_record), (&company.nora, company.nick_record), (&company.admin, company.nick_record)] {
            let employee = company.employee(id).await;
            let error = company.records.update(caller, &EMPLOYEE, (id, employee.version), &promotion).await.unwrap_err();
            assert_eq!(error.fields()[0].field, "tier_id");
            assert_eq!(company.employee(id).await.text("tier_id"), employee.text("tier_id"));
        }
    }

    /// covers K2.1 (part)
    async fn whose_team_is_dissolved_leads_nobody_any_more(db: TestStore) {
        let company = Company::new(&db).await;
        let north = company.records.get(&company.admin, &TEAM, company.north).await.unwrap();
        let nick = company.records.get(&company.nora, &EMPLOYEE, company.nick_record).await.unwrap();
        assert!(nick.cell("notes").unwrap().is_shown);
        company.records.archive(&company.admin, &TEAM, (north.id, north.version)).await.unwrap();
        let nick = company.records.get(&company.nora, &EMPLOYEE, company.nick_record).await.unwrap();
        assert!(!nick.cell("notes").unwrap().is_shown);
        let draft = Draft::new().text("notes", "still mine?");
        let error = company.records.update(&company.nora, &EMPLOYEE, (nick.id, nick.version), &draft).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
    }

    /// covers K2.1 (part)
    async fn without_a_permission_or_a_person_there_is_nothing(db: TestStore) {
        let company = Company::new(&db).await;
        let mut nobody = caller(&db, "Employee", None);
        assert!(company.names(&nobody, &ListRequest::default()).await.is_empty());
        nobody.authority = std::sync::Arc::default();
        assert!(company.names(&nobody, &ListRequest::default()).await.is_empty());
        assert_eq!(company.records.count(&nobody, &TEAM).await.unwrap(), 0);
        assert_eq!(nobody.authority.scope(&palisade_base::Permission::new(TEAM.verbs.read.permission)), None::<Scope>);
    }
}
