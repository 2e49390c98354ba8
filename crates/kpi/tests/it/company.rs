//! A small company for tests: two teams with their managers, people in both, and callers of every role.

use std::sync::Arc;

use palisade_base::{Actor, Authority, Caller, Origin, Permission, PersonId, RecordId, UserId};
use palisade_kpi::{
    DEFAULT_ROLES,
    types::{EMPLOYEE, TEAM, TIER},
};
use palisade_records::{
    Draft, ListRequest, Record, Records,
    directory::{NewPerson, PERSON, create_person},
};
use palisade_store::{Engine, LEAF_COLUMNS, SqlBuilder, leaf_from_row};
use palisade_testkit::TestStore;

/// The company, and who asks.
pub(crate) struct Company {
    pub(crate) records: Records,
    pub(crate) admin: Caller,
    /// Manages North.
    pub(crate) nora: Caller,
    /// Works in North.
    pub(crate) nick: Caller,
    pub(crate) north: RecordId,
    pub(crate) south: RecordId,
    pub(crate) nick_record: RecordId,
    pub(crate) sue_record: RecordId,
    pub(crate) nora_record: RecordId,
    pub(crate) tiers: Vec<RecordId>,
}

/// A caller with a default role.
pub(crate) fn caller(db: &TestStore, role: &str, person: Option<PersonId>) -> Caller {
    let role = DEFAULT_ROLES.iter().find(|known| known.name == role).unwrap();
    let authority: Authority = role.grants.iter().map(|(name, scope)| (Permission::new(name), *scope)).collect();
    Caller {
        actor: Actor::User(UserId::new(&db.env())),
        person,
        authority: Arc::new(authority),
        origin: Origin::default(),
    }
}

impl Company {
    pub(crate) async fn new(db: &TestStore) -> Self {
        let records = Records::new(db.store.clone());
        let admin = caller(db, "Admin", None);
        let tiers = all(&records, &admin, &TIER).await.iter().map(|tier| tier.id).collect::<Vec<_>>();
        let nora = person(db, &admin, "Nora", "North").await;
        let sam = person(db, &admin, "Sam", "South").await;
        let team = |name: &str, manager: PersonId| {
            Draft::new().text("name", name).text("area", "north").text("manager_id", manager.to_string())
        };
        let north = records.create(&admin, &TEAM, &team("North", nora)).await.unwrap().id;
        let south = records.create(&admin, &TEAM, &team("South", sam)).await.unwrap().id;
        let employ = async |given: &str, team: RecordId, number: &str| {
            let draft = new_employee(given, tiers[1], team).text("number", number);
            let record = records.create(&admin, &EMPLOYEE, &draft).await.unwrap();
            let person = PersonId(record.subject().unwrap().0);
            (record.id, caller(db, "Employee", Some(person)))
        };
        let (nick_record, nick) = employ("Nick", north, "N-1").await;
        let (sue_record, _) = employ("Sue", south, "S-1").await;
        let draft = Draft::new()
            .text("person_id", nora.to_string())
            .text("tier_id", tiers[3].to_string())
            .text("team_id", north.to_string())
            .text("hire_date", "2019-04-01");
        let nora_record = records.create(&admin, &EMPLOYEE, &draft).await.unwrap().id;
        Self {
            admin,
            nora: caller(db, "Manager", Some(nora)),
            nick,
            north,
            south,
            nick_record,
            sue_record,
            nora_record,
            tiers,
            records,
        }
    }

    /// The record of an employee as the admin sees it.
    pub(crate) async fn employee(&self, id: RecordId) -> Record {
        self.records.get(&self.admin, &EMPLOYEE, id).await.unwrap()
    }

    /// The names that a caller finds in the list of employees.
    pub(crate) async fn names(&self, caller: &Caller, request: &ListRequest) -> Vec<String> {
        let request = ListRequest { limit: 100, ..request.clone() };
        let page = self.records.list(caller, &EMPLOYEE, &request).await.unwrap();
        page.records.iter().map(|record| record.text("given_name").unwrap()).collect()
    }
}

/// A draft of an employee named `given` Test.
pub(crate) fn new_employee(given: &str, tier: RecordId, team: RecordId) -> Draft {
    Draft::new()
        .text("given_name", given)
        .text("family_name", "Test")
        .text("phone", "555-0100")
        .text("tier_id", tier.to_string())
        .text("team_id", team.to_string())
        .text("hire_date", "2024-03-01")
        .text("notes", format!("About {given}"))
}

async fn person(db: &TestStore, admin: &Caller, given: &str, family: &str) -> PersonId {
    let mut tx = db.store.write().await.unwrap();
    let email = format!("{given}@example.com");
    let new = NewPerson::parse(given, family, &email, "").unwrap();
    let person = create_person(&mut tx, new, &db.env()).await.unwrap();
    let resource = palisade_base::Resource::new(PERSON.name, person.id);
    let entry = palisade_base::TrailEntry::new(palisade_base::Category::Change, admin, "person.create", resource);
    tx.commit(entry).await.unwrap();
    person.id
}

/// Every record of a type.
pub(crate) async fn all(records: &Records, caller: &Caller, ty: &'static palisade_records::RecordType) -> Vec<Record> {
    records.list(caller, ty, &ListRequest { limit: 1000, ..ListRequest::default() }).await.unwrap().records
}

/// The newest leaves of the trail, newest first: action, resource, outcome, detail.
pub(crate) async fn leaves(db: &TestStore, number: i64) -> Vec<(String, String, String, String)> {
    let (table, order) = match db.store.engine() {
        Engine::Sqlite => ("trail_leaf", "seq"),
        Engine::Postgres => ("trail_pending", "arrival"),
    };
    let mut sql = SqlBuilder::new("SELECT ");
    sql.push(LEAF_COLUMNS).push(" FROM ").push(table).push(" ORDER BY ").push(order).push(" DESC LIMIT ").value(number);
    let rows = db.store.read().await.unwrap().fetch_all(sql.build()).await.unwrap();
    let leaf = |row| {
        let leaf = leaf_from_row(row).unwrap();
        let what = leaf.what.0;
        (what.action, what.resource, what.outcome, leaf.detail.and_then(|(detail, _)| detail).unwrap_or_default())
    };
    rows.iter().map(leaf).collect()
}
