//! Which fields each role sees, sets, and can ask about.

use palisade_base::{Kind, RecordId};
use palisade_kpi::types::{EMPLOYEE, TEAM};
use palisade_records::{Draft, ListRequest, Record};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    company::{Company, leaves},
};

fn shown(record: &Record, name: &str) -> bool {
    record.cell(name).unwrap().is_shown
}

async fn nora_sees(company: &Company, id: RecordId) -> Record {
    company.records.get(&company.nora, &EMPLOYEE, id).await.unwrap()
}

on_both_engines! {
    /// covers K2.1 (part)
    async fn a_manager_sees_details_of_the_own_team_only(db: TestStore) {
        let company = Company::new(&db).await;
        let own = nora_sees(&company, company.nick_record).await;
        assert_eq!((own.text("phone").unwrap(), own.text("notes").unwrap()), ("555-0100".into(), "About Nick".into()));
        let other = nora_sees(&company, company.sue_record).await;
        assert_eq!((other.title(), other.text("tier_id").unwrap()), ("Sue Test".into(), "Handyman".into()));
        for hidden in ["phone", "email", "number", "hire_date", "notes"] {
            assert!(shown(&own, hidden) && !shown(&other, hidden), "{hidden}");
            assert_eq!(other.value(hidden), None);
        }
    }

    /// A hidden value must not be found by asking questions about it.
    ///
    /// covers K2.1 (part)
    async fn search_filter_and_sort_give_nothing_away_about_hidden_fields(db: TestStore) {
        let company = Company::new(&db).await;
        let search = |text: &str| ListRequest { search: Some(text.into()), ..ListRequest::default() };
        assert_eq!(company.names(&company.admin, &search("s-1")).await, ["Sue"]);
        assert_eq!(company.names(&company.nora, &search("n-1")).await, ["Nick"]);
        assert!(company.names(&company.nora, &search("s-1")).await.is_empty());
        let number = EMPLOYEE.position("number").unwrap();
        let filter = ListRequest { filters: vec![(number, "S-1".into())], ..ListRequest::default() };
        assert_eq!(company.names(&company.admin, &filter).await, ["Sue"]);
        assert!(company.names(&company.nora, &filter).await.is_empty());
        // What is hidden sorts last, whichever way: Sue's number is neither the least nor the most.
        for is_descending in [false, true] {
            let sort = ListRequest { sort: Some(number), is_descending, ..ListRequest::default() };
            let names = company.names(&company.nora, &sort).await;
            assert_eq!((names[0].as_str(), names.len()), ("Nick", 3));
        }
    }

    /// covers K2.1 (part)
    async fn a_manager_does_not_set_mail_addresses(db: TestStore) {
        let company = Company::new(&db).await;
        let nick = nora_sees(&company, company.nick_record).await;
        let draft = Draft::new().text("email", "mine@example.com").text("phone", "555-0199");
        let version = (nick.id, nick.version);
        let error = company.records.update(&company.nora, &EMPLOYEE, version, &draft).await.unwrap_err();
        assert_eq!(error.fields()[0].field, "email");
        assert_eq!(company.employee(nick.id).await.text("phone").unwrap(), "555-0100");
        company.records.update(&company.admin, &EMPLOYEE, version, &draft).await.unwrap();
        assert_eq!(company.employee(nick.id).await.text("email").unwrap(), "mine@example.com");
    }

    /// Who could choose their own team could choose who evaluates and promotes them.
    ///
    /// covers K2.1 (part)
    async fn a_manager_decides_nothing_about_themselves(db: TestStore) {
        let company = Company::new(&db).await;
        let id = company.nora_record;
        let as_nora = nora_sees(&company, id).await;
        for (field, text) in [
            ("team_id", company.south.to_string()),
            ("hire_date", "1999-01-01".to_owned()),
            ("number", "N-0".to_owned()),
            ("notes", "Wonderful".to_owned()),
        ] {
            let draft = Draft::new().text(field, text);
            let error = company.records.update(&company.nora, &EMPLOYEE, (id, as_nora.version), &draft).await.unwrap_err();
            assert_eq!(error.fields()[0].field, field);
        }
        let version = as_nora.version;
        let error = company.records.archive(&company.nora, &EMPLOYEE, (id, version)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        // Who leads a team stays in use; somebody may make her its leader again afterwards.
        let lead = async |manager: String| {
            let north = company.records.get(&company.admin, &TEAM, company.north).await.unwrap();
            let draft = Draft::new().text("manager_id", manager);
            company.records.update(&company.admin, &TEAM, (north.id, north.version), &draft).await.unwrap();
        };
        lead(String::new()).await;
        let gone = company.records.archive(&company.admin, &EMPLOYEE, (id, version)).await.unwrap();
        lead(company.nora.person.unwrap().to_string()).await;
        let error = company.records.restore(&company.nora, &EMPLOYEE, (id, gone.version)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        // About the people whom she leads, she decides.
        let nick = nora_sees(&company, company.nick_record).await;
        let notes = Draft::new().text("notes", "On time");
        let nick = company.records.update(&company.nora, &EMPLOYEE, (nick.id, nick.version), &notes).await.unwrap();
        company.records.archive(&company.nora, &EMPLOYEE, (nick.id, nick.version)).await.unwrap();
    }

    /// covers K3.5 (part), K6.1 (part)
    async fn viewing_somebody_elses_record_leaves_a_trace_and_ones_own_does_not(db: TestStore) {
        let company = Company::new(&db).await;
        company.records.view(&company.nora, &EMPLOYEE, company.nick_record).await.unwrap();
        let (action, resource, outcome, _) = leaves(&db, 1).await.remove(0);
        assert_eq!((action.as_str(), outcome.as_str()), ("employee.view", "success"));
        assert_eq!(resource, format!("employee:{}", company.nick_record));
        let before = leaves(&db, 1000).await.len();
        company.records.view(&company.nick, &EMPLOYEE, company.nick_record).await.unwrap();
        assert_eq!(leaves(&db, 1000).await.len(), before);
    }
}
