//! Where people stand: made from their evaluations, and read as far as one's reach goes.

use palisade_base::{Caller, Category, Date, Error, Instant, PersonId, RecordId, Resource, TrailEntry};
use palisade_kpi::{
    scoring::{category_scores, overall, tool_scores, tool_total},
    standing::{Filter, People, Quarter, STATEMENTS, Source, Standing, Standings, rebuild},
    types::{SKILL, SKILL_CATEGORY, TOOL, TOOL_CATEGORY},
};
use palisade_records::Draft;
use palisade_store::{SqlBuilder, WriteTx};
use palisade_testkit::{TestStore, on_both_engines, prepare_all};

use crate::{MIGRATOR, company::Company};

/// A catalogue of two categories of skills and one of tools, in the company of the other tests.
pub(crate) struct Shop {
    pub(crate) company: Company,
    pub(crate) standings: Standings,
    /// Carpentry: framing, trim; Painting: walls, ceilings.
    pub(crate) skills: Vec<RecordId>,
    pub(crate) categories: Vec<RecordId>,
    /// Saw, drill.
    pub(crate) tools: Vec<RecordId>,
    manager: PersonId,
}

/// An evaluation as it lies in the database.
pub(crate) struct Sheet<'a> {
    pub(crate) employee: RecordId,
    pub(crate) kind: &'a str,
    pub(crate) state: &'a str,
    pub(crate) on: &'a str,
    pub(crate) amends: Option<RecordId>,
    pub(crate) ratings: &'a [(usize, i64)],
    pub(crate) tools: &'a [(usize, Option<bool>, Option<bool>)],
}

pub(crate) const TODAY: &str = "2026-06-30";

pub(crate) fn today() -> Date {
    TODAY.parse().unwrap()
}

impl Shop {
    pub(crate) async fn new(db: &TestStore) -> Self {
        let company = Company::new(db).await;
        let mut categories = Vec::new();
        let mut skills = Vec::new();
        for (place, (category, names)) in
            [("Carpentry", ["Framing", "Trim"]), ("Painting", ["Walls", "Ceilings"])].into_iter().enumerate()
        {
            let draft = Draft::new().text("name", category).text("display_order", place.to_string());
            let category = company.records.create(&company.admin, &SKILL_CATEGORY, &draft).await.unwrap().id;
            categories.push(category);
            for (place, name) in names.into_iter().enumerate() {
                skills.push(in_category(&company, &SKILL, category, name, place).await);
            }
        }
        let draft = Draft::new().text("name", "Carpentry").text("display_order", "0");
        let shelf = company.records.create(&company.admin, &TOOL_CATEGORY, &draft).await.unwrap().id;
        let tools = vec![
            in_category(&company, &TOOL, shelf, "Saw", 0).await,
            in_category(&company, &TOOL, shelf, "Drill", 1).await,
        ];
        let standings = Standings::new(company.records.clone());
        let manager = company.nora.person.unwrap();
        Self { company, standings, skills, categories, tools, manager }
    }

    /// Puts an evaluation in, and makes the standing anew.
    pub(crate) async fn put(&self, db: &TestStore, sheet: &Sheet<'_>) -> RecordId {
        let id = RecordId::new(&db.env());
        let mut tx = db.store.write().await.unwrap();
        self.insert(&mut tx, id, sheet).await;
        rebuild(&mut tx, sheet.employee, today()).await.unwrap();
        commit(tx, &self.company.admin).await;
        id
    }

    async fn insert(&self, tx: &mut WriteTx, id: RecordId, sheet: &Sheet<'_>) {
        let now = Instant::from_micros(1_700_000_000_000_000);
        let mut sql = SqlBuilder::new(
            "INSERT INTO evaluation (id, employee_id, kind, evaluator_id, evaluated_on, state, amends_id, origin, \
             version, created_at, updated_at) VALUES (",
        );
        sql.value(id).push(", ").value(sheet.employee).push(", ").value(sheet.kind).push(", ").value(self.manager);
        sql.push(", ")
            .value(sheet.on)
            .push(", ")
            .value(sheet.state)
            .push(", ")
            .value(sheet.amends)
            .push(", 'form', 1, ");
        sql.value(now).push(", ").value(now).push(")");
        tx.execute(sql.build()).await.unwrap();
        for (skill, rating) in sheet.ratings {
            let mut sql =
                SqlBuilder::new("INSERT INTO evaluation_skill (evaluation_id, skill_id, rating, tapped_at) VALUES (");
            sql.value(id).push(", ").value(self.skills[*skill]).push(", ").value(*rating).push(", 0)");
            tx.execute(sql.build()).await.unwrap();
        }
        for (tool, operate, stock) in sheet.tools {
            let mut sql = SqlBuilder::new(
                "INSERT INTO evaluation_tool (evaluation_id, tool_id, can_operate, truck_stock, tapped_at) VALUES (",
            );
            sql.value(id).push(", ").value(self.tools[*tool]).push(", ").value(*operate).push(", ").value(*stock);
            tx.execute({
                sql.push(", 0)");
                sql.build()
            })
            .await
            .unwrap();
        }
    }

    async fn set_state(&self, db: &TestStore, employee: RecordId, id: RecordId, state: &'static str) {
        let mut tx = db.store.write().await.unwrap();
        let mut sql = SqlBuilder::new("UPDATE evaluation SET state = ");
        sql.value(state).push(" WHERE id = ").value(id);
        tx.execute(sql.build()).await.unwrap();
        rebuild(&mut tx, employee, today()).await.unwrap();
        commit(tx, &self.company.admin).await;
    }

    async fn of(&self, employee: RecordId) -> Standing {
        Standing::clone(&self.standings.of(&self.company.admin, employee).await.unwrap())
    }

    /// Rating, source and own rating of each skill that has one, by its place among the four.
    async fn ratings(&self, employee: RecordId) -> Vec<(usize, u8, Source, Option<u8>)> {
        let standing = self.of(employee).await;
        let place = |skill| self.skills.iter().position(|known| *known == skill).unwrap();
        let mut found: Vec<_> = standing
            .skills
            .iter()
            .map(|skill| (place(skill.skill), skill.rating, skill.source, skill.self_rating))
            .collect();
        found.sort_unstable();
        found
    }
}

async fn in_category(
    company: &Company,
    ty: &'static palisade_records::RecordType,
    category: RecordId,
    name: &str,
    place: usize,
) -> RecordId {
    let draft = Draft::new()
        .text("category_id", category.to_string())
        .text("name", name)
        .text("display_order", place.to_string());
    company.records.create(&company.admin, ty, &draft).await.unwrap().id
}

async fn commit(tx: WriteTx, caller: &Caller) {
    let entry = TrailEntry::new(Category::Change, caller, "evaluation.test", Resource::whole("evaluation"));
    tx.commit(entry).await.unwrap();
}

fn sheet<'a>(employee: RecordId, kind: &'a str, state: &'a str, on: &'a str, ratings: &'a [(usize, i64)]) -> Sheet<'a> {
    Sheet { employee, kind, state, on, amends: None, ratings, tools: &[] }
}

on_both_engines! {
    async fn statements_are_valid(db: TestStore) {
        prepare_all(&db, STATEMENTS).await;
    }

    async fn a_managers_rating_goes_before_ones_own_and_a_reviewed_one_before_both(db: TestStore) {
        let shop = Shop::new(&db).await;
        let nick = shop.company.nick_record;
        shop.put(&db, &sheet(nick, "self", "completed", "2026-06-01", &[(0, 5), (1, 5)])).await;
        assert_eq!(shop.ratings(nick).await, [(0, 5, Source::SelfRated, Some(5)), (1, 5, Source::SelfRated, Some(5))]);
        shop.put(&db, &sheet(nick, "manager", "completed", "2026-05-01", &[(0, 3)])).await;
        shop.put(&db, &sheet(nick, "manager", "reviewed", "2026-01-10", &[(0, 2), (2, 4)])).await;
        shop.put(&db, &sheet(nick, "manager", "draft", "2026-06-20", &[(0, 1), (3, 1)])).await;
        assert_eq!(
            shop.ratings(nick).await,
            [(0, 2, Source::Reviewed, Some(5)), (1, 5, Source::SelfRated, Some(5)), (2, 4, Source::Reviewed, None)]
        );
        let standing = shop.of(nick).await;
        assert_eq!((standing.evaluations, standing.manager_on, standing.self_on), (3, "2026-05-01".parse().ok(), "2026-06-01".parse().ok()));
        assert_eq!(shop.of(shop.company.sue_record).await, Standing::empty(shop.company.sue_record));
    }

    async fn a_corrected_copy_stands_in_the_place_of_what_it_corrects_once_reviewed(db: TestStore) {
        let shop = Shop::new(&db).await;
        let nick = shop.company.nick_record;
        let first = shop.put(&db, &sheet(nick, "manager", "reviewed", "2026-04-01", &[(0, 2), (1, 2)])).await;
        shop.put(&db, &sheet(nick, "manager", "reviewed", "2026-04-01", &[(1, 4)])).await;
        let copy = Sheet { amends: Some(first), ..sheet(nick, "manager", "completed", "2026-04-01", &[(0, 3), (1, 3)]) };
        let copy = shop.put(&db, &copy).await;
        let rated = |ratings: Vec<(usize, u8, Source, Option<u8>)>| ratings.iter().map(|of| (of.0, of.1)).collect::<Vec<_>>();
        assert_eq!(rated(shop.ratings(nick).await), [(0, 2), (1, 4)]);
        shop.set_state(&db, nick, copy, "reviewed").await;
        // On one day the later one counts, and the copy is as old as what it corrects.
        assert_eq!(rated(shop.ratings(nick).await), [(0, 3), (1, 4)]);
        assert_eq!(shop.of(nick).await.evaluations, 2);
    }

    async fn the_two_questions_about_a_tool_are_answered_each_for_itself(db: TestStore) {
        let shop = Shop::new(&db).await;
        let nick = shop.company.nick_record;
        let tools = [(0, Some(true), None), (1, None, Some(true))];
        shop.put(&db, &Sheet { tools: &tools, ..sheet(nick, "manager", "reviewed", "2026-01-10", &[]) }).await;
        let tools = [(0, None, Some(true)), (1, Some(false), None)];
        shop.put(&db, &Sheet { tools: &tools, ..sheet(nick, "self", "completed", "2026-02-10", &[]) }).await;
        let standing = shop.of(nick).await;
        let answers = |tool: usize| standing.tool(shop.tools[tool]).map(|tool| (tool.can_operate, tool.truck_stock, tool.source)).unwrap();
        assert_eq!(answers(0), (Some(true), true, Source::Reviewed));
        assert_eq!(answers(1), (Some(false), true, Source::SelfRated));
        let catalogue = shop.standings.catalogue(&shop.company.admin).await.unwrap();
        let total = tool_total(&tool_scores(&catalogue, &standing));
        assert_eq!((total.operable, total.answered, total.stocked, total.total), (1, 2, 2, 2));
    }

    async fn what_is_out_of_use_counts_no_more(db: TestStore) {
        let shop = Shop::new(&db).await;
        let nick = shop.company.nick_record;
        shop.put(&db, &sheet(nick, "manager", "reviewed", "2026-04-01", &[(0, 2), (1, 4), (2, 5)])).await;
        let scores = async || {
            let catalogue = shop.standings.catalogue(&shop.company.admin).await.unwrap();
            let scores = category_scores(&catalogue, &shop.of(nick).await);
            let figures = scores.iter().map(|score| (score.mean.map(|mean| mean.to_string()), score.rated, score.total)).collect::<Vec<_>>();
            (figures, overall(&scores).unwrap().to_string())
        };
        // (3.0 + 5.0) / 2
        assert_eq!(scores().await, (vec![(Some("3.0".into()), 2, 2), (Some("5.0".into()), 1, 2)], "4.0".into()));
        let records = &shop.company.records;
        let trim = records.get(&shop.company.admin, &SKILL, shop.skills[1]).await.unwrap();
        records.archive(&shop.company.admin, &SKILL, (trim.id, trim.version)).await.unwrap();
        assert_eq!(scores().await, (vec![(Some("2.0".into()), 1, 1), (Some("5.0".into()), 1, 2)], "3.5".into()));
        let trend = async || {
            let quarters = Quarter::of(today()).last(1);
            shop.standings.trend(&shop.company.admin, &Filter::default(), &quarters).await.unwrap()[0].mean.unwrap().to_string()
        };
        assert_eq!(trend().await, "4.0");
        let job = palisade_kpi::demo::caller();
        assert_eq!(shop.standings.rebuild_stale(&job, today()).await.unwrap(), 1);
        assert_eq!(shop.standings.rebuild_stale(&job, today()).await.unwrap(), 0);
        assert_eq!(trend().await, "3.5");
        assert_eq!(shop.standings.rebuild_all(&job, today()).await.unwrap(), 1);
    }

    async fn a_trend_carries_forward_and_leaves_out_who_was_never_rated(db: TestStore) {
        let shop = Shop::new(&db).await;
        let (nick, sue) = (shop.company.nick_record, shop.company.sue_record);
        shop.put(&db, &sheet(nick, "manager", "reviewed", "2025-08-15", &[(0, 2), (1, 3)])).await;
        shop.put(&db, &sheet(nick, "self", "completed", "2026-05-02", &[(0, 5)])).await;
        shop.put(&db, &sheet(sue, "manager", "completed", "2026-02-01", &[(2, 4)])).await;
        let quarters = Quarter::of(today()).last(5);
        let figures = async |filter: Filter| {
            let trend = shop.standings.trend(&shop.company.admin, &filter, &quarters).await.unwrap();
            trend.iter().map(|of| (of.mean.map(|mean| mean.two_decimals()), of.people, of.ratings, of.self_ratings)).collect::<Vec<_>>()
        };
        let mean = |text: &str| Some(text.to_owned());
        assert_eq!(figures(Filter::default()).await, [
            (None, 0, 0, 0),
            (mean("2.50"), 1, 2, 0),
            (mean("2.50"), 1, 0, 0),
            (mean("3.25"), 2, 1, 0),
            (mean("3.25"), 2, 0, 1),
        ]);
        let painting = Filter { category: Some(shop.categories[1]), ..Filter::default() };
        assert_eq!(figures(painting).await[3..], [(mean("4.00"), 1, 1, 0), (mean("4.00"), 1, 0, 0)]);
        let nicks = Filter { employee: Some(nick), ..Filter::default() };
        assert_eq!(figures(nicks).await[4], (mean("2.50"), 1, 0, 1));
    }

    /// covers K2.1 (part)
    async fn standings_are_read_as_far_as_ones_reach_goes(db: TestStore) {
        let shop = Shop::new(&db).await;
        let company = &shop.company;
        shop.put(&db, &sheet(company.sue_record, "manager", "reviewed", "2026-04-01", &[(0, 2)])).await;
        let names = async |caller: &Caller, people: People| {
            let all = shop.standings.all(caller, &Filter { people, ..Filter::default() }).await.unwrap();
            all.into_iter().map(|member| member.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&company.admin, People::All).await, ["Nora North", "Nick Test", "Sue Test"]);
        assert_eq!(names(&company.nora, People::All).await, ["Nora North", "Nick Test", "Sue Test"]);
        assert_eq!(names(&company.nora, People::Own).await, ["Nora North", "Nick Test"]);
        assert_eq!(names(&company.nick, People::All).await, ["Nick Test"]);
        let error: Error = shop.standings.of(&company.nick, company.sue_record).await.unwrap_err();
        assert_eq!(error.kind(), palisade_base::Kind::NotFound);
        let trend = shop.standings.trend(&company.nick, &Filter::default(), &Quarter::of(today()).last(1)).await.unwrap();
        assert_eq!(trend[0].people, 0);
    }
}
