//! The company with everybody who can have to do with an evaluation, and a small catalogue.

use palisade_base::{Caller, Date, Error, Instant, Kind, PersonId, RecordId, Span};
use palisade_kpi::{
    evaluation::{Evaluation, Evaluations, Marks, SkillMark, ToolMark},
    types::{EMPLOYEE, SKILL, SKILL_CATEGORY, TEAM, TOOL, TOOL_CATEGORY},
};
use palisade_records::{Draft, directory};
use palisade_testkit::{ManualClock, TestStore};

use crate::company::{Company, caller};

/// The day on which the tests happen.
pub(super) const TODAY: &str = "2026-03-02";

/// Who can do something.
pub(super) struct Stage {
    pub(super) company: Company,
    pub(super) evaluations: Evaluations,
    /// Works in South.
    pub(super) sue: Caller,
    /// Manages South.
    pub(super) sam: Caller,
    /// An admin who is a person, and no employee.
    pub(super) ada: Caller,
    pub(super) skills: Vec<RecordId>,
    pub(super) tools: Vec<RecordId>,
}

pub(super) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// That many seconds after the beginning.
pub(super) fn at(seconds: i64) -> Instant {
    ManualClock::START + Span::seconds(seconds)
}

impl Stage {
    pub(super) async fn new(db: &TestStore) -> Self {
        let company = Company::new(db).await;
        let evaluations = Evaluations::new(company.records.clone());
        let person = |id: RecordId| PersonId(id.0);
        let sue = company.employee(company.sue_record).await.subject().map(person);
        let south = company.records.get(&company.admin, &TEAM, company.south).await.unwrap();
        let sam = south.value("manager_id").map(|value| match value {
            palisade_store::Value::Id(id) => PersonId(*id),
            other => panic!("{other:?}"),
        });
        let ada = Self::enter(db, &company).await;
        let (skills, tools) = (catalogue(&company, true).await, catalogue(&company, false).await);
        Self {
            sue: caller(db, "Employee", sue),
            sam: caller(db, "Manager", sam),
            ada: caller(db, "Admin", Some(ada)),
            company,
            evaluations,
            skills,
            tools,
        }
    }

    async fn enter(db: &TestStore, company: &Company) -> PersonId {
        let draft = Draft::new().text("given_name", "Ada").text("family_name", "Admin");
        let _ = db;
        PersonId(company.records.create(&company.admin, &directory::PERSON, &draft).await.unwrap().id.0)
    }

    pub(super) fn who(&self, name: &str) -> &Caller {
        match name {
            "nick" => &self.company.nick,
            "nora" => &self.company.nora,
            "sue" => &self.sue,
            "sam" => &self.sam,
            "ada" => &self.ada,
            other => panic!("nobody is called {other}"),
        }
    }

    /// The mark of a rating, tapped that many seconds after the beginning.
    pub(super) fn rated(&self, skill: usize, rating: u8, seconds: i64) -> SkillMark {
        SkillMark { skill: self.skills[skill], rating: Some(rating), note: None, tapped_at: at(seconds) }
    }

    pub(super) fn tool(&self, tool: usize, can_operate: bool, truck_stock: bool) -> ToolMark {
        ToolMark {
            tool: self.tools[tool],
            can_operate: Some(can_operate),
            truck_stock: Some(truck_stock),
            note: None,
            tapped_at: at(0),
        }
    }

    /// A draft about Nick with one rating.
    pub(super) async fn draft(&self, author: &str) -> RecordId {
        let author = self.who(author);
        let id = self.evaluations.start(author, self.company.nick_record, day(TODAY)).await.unwrap();
        let marks = Marks { skills: vec![self.rated(0, 4, 0)], tools: vec![self.tool(0, true, false)] };
        self.evaluations.mark(author, id, &marks).await.unwrap();
        id
    }

    pub(super) async fn completed(&self, author: &str) -> RecordId {
        let id = self.draft(author).await;
        let version = self.version(id).await;
        self.evaluations.complete(self.who(author), version).await.unwrap();
        id
    }

    pub(super) async fn reviewed(&self, author: &str) -> RecordId {
        let id = self.completed(author).await;
        let version = self.version(id).await;
        self.evaluations.review(&self.ada, version).await.unwrap();
        id
    }

    pub(super) async fn version(&self, id: RecordId) -> (RecordId, i64) {
        (id, self.look(id).await.0.version)
    }

    /// An evaluation as the admin sees it.
    pub(super) async fn look(&self, id: RecordId) -> (Evaluation, Marks) {
        self.evaluations.open(&self.ada, id).await.unwrap()
    }

    /// Does it, and tells how it ended: `ok`, or the kind of refusal.
    pub(super) async fn attempt(&self, act: &str, who: &str, id: RecordId) -> &'static str {
        let (evaluations, who, version) = (&self.evaluations, self.who(who), self.version(id).await);
        let marks = Marks { skills: vec![self.rated(1, 2, 0)], tools: vec![] };
        let done = match act {
            "open" => evaluations.open(who, id).await.map(drop),
            "mark" => evaluations.mark(who, id, &marks).await.map(drop),
            "details" => evaluations.set_details(who, version, day("2026-03-01"), "Notes", None).await,
            "complete" => evaluations.complete(who, version).await,
            "take-back" => evaluations.take_back(who, version).await,
            "return" => evaluations.give_back(who, version, "Please look at the tiles again.").await,
            "review" => evaluations.review(who, version).await,
            "amend" => evaluations.amend(who, version).await.map(drop),
            "discard" => evaluations.discard(who, version).await,
            other => panic!("there is no {other}"),
        };
        outcome(done)
    }
}

/// How it ended, in a word.
pub(super) fn outcome<T>(done: Result<T, Error>) -> &'static str {
    match done.map(drop).map_err(|error| error.kind()) {
        Ok(()) => "ok",
        Err(Kind::Denied) => "denied",
        Err(Kind::NotFound) => "unknown",
        Err(Kind::Conflict) => "conflict",
        Err(Kind::Invalid) => "invalid",
        Err(other) => panic!("{other:?}"),
    }
}

async fn catalogue(company: &Company, is_skills: bool) -> Vec<RecordId> {
    let (group, ty) = if is_skills { (&SKILL_CATEGORY, &SKILL) } else { (&TOOL_CATEGORY, &TOOL) };
    let named = |name: &str| Draft::new().text("name", name).text("display_order", "1");
    let (records, admin) = (&company.records, &company.admin);
    let group = records.create(admin, group, &named("Stage")).await.unwrap().id;
    let mut ids = Vec::new();
    for name in ["Alpha", "Beta", "Gamma"] {
        let draft = named(name).text("category_id", group.to_string());
        ids.push(records.create(admin, ty, &draft).await.unwrap().id);
    }
    ids
}

/// Takes an employee out of use.
pub(super) async fn dismiss(stage: &Stage, id: RecordId) {
    let record = stage.company.employee(id).await;
    stage.company.records.archive(&stage.company.admin, &EMPLOYEE, (id, record.version)).await.unwrap();
}
