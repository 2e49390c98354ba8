//! Filled-in score cards on their way to evaluations, on both engines.

use http::StatusCode;
use palisade_base::{Caller, Kind, PersonId, RecordId, Span};
use palisade_kpi::{
    evaluation::{Evaluation, EvaluationKind, Evaluations, Marks, State},
    score_card::{Cardholder, Chosen, FilledSheets, apply},
    types::{CUSTOM_TOOL, EVALUATION, SPECIAL_SKILL},
};
use palisade_records::{ListRequest, directory::PERSON};
use palisade_testkit::{TestStore, on_both_engines};

use super::{filled::Pen, small_catalogue};
use crate::{
    MIGRATOR,
    company::{Company, caller, leaves},
    site::Site,
};

struct Setting {
    company: Company,
    sheets: FilledSheets,
    evaluations: Evaluations,
    /// An admin who is a person, and no employee.
    ada: Caller,
}

impl Setting {
    async fn new(db: &TestStore) -> Self {
        let company = Company::new(db).await;
        apply(&company.records, &company.admin, &small_catalogue()).await.unwrap();
        let draft = palisade_records::Draft::new().text("given_name", "Ada").text("family_name", "Admin");
        let ada = company.records.create(&company.admin, &PERSON, &draft).await.unwrap().id;
        let evaluations = Evaluations::new(company.records.clone());
        let sheets = FilledSheets::new(company.records.clone(), evaluations.clone());
        Self { company, sheets, evaluations, ada: caller(db, "Admin", Some(PersonId(ada.0))) }
    }

    async fn bring(&self, who: &Caller, pen: Pen) -> RecordId {
        self.sheets.check(who, ("card.xlsx", &pen.file())).await.unwrap()
    }

    async fn count(&self) -> u64 {
        self.company.records.count(&self.ada, &EVALUATION).await.unwrap()
    }

    async fn look(&self, id: RecordId) -> (Evaluation, Marks) {
        self.evaluations.open(&self.ada, id).await.unwrap()
    }

    async fn names(&self, ty: &'static palisade_records::RecordType) -> Vec<(String, String)> {
        let all = ListRequest { limit: 50, ..ListRequest::default() };
        let records = self.company.records.list(&self.company.admin, ty, &all).await.unwrap().records;
        records.iter().map(|one| (one.text("employee_id").unwrap(), one.title())).collect()
    }
}

/// A sheet with this name and date on it, and some marks.
fn sheet(name: &str, date: &str) -> Pen {
    let mut pen = Pen::new(&small_catalogue(), None::<&Cardholder>);
    pen.head(&format!("Name: {name}   Date: {date}"));
    pen.rate("Crawl space", "Wall Framing", 4);
    pen.rate("Garage/Sheds", "Wall Framing", 2);
    pen.tick("Crawl space", "Ram Set", 1);
    pen.write_below("List any tools you specialize in that are not listed", "Theodolite");
    pen.write_below("List any SPECIAL SKILLS", "Welding, Welding");
    pen
}

on_both_engines! {
    /// covers K0.1 (part)
    async fn ones_own_sheet_becomes_a_self_evaluation(db: TestStore) {
        let here = Setting::new(&db).await;
        let nick = &here.company.nick;
        let file = here.bring(nick, sheet("nick  TEST", "Feb 27, 2026")).await;
        let proposal = here.sheets.propose(nick, file, Chosen::default()).await.unwrap();
        assert_eq!((proposal.obstacle(), proposal.kind), (None, EvaluationKind::SelfRated));
        assert_eq!(proposal.categories, [("Crawl space".to_owned(), 1), ("Garage/Sheds".to_owned(), 1)]);
        assert_eq!(here.count().await, 0, "looking writes nothing");

        let id = here.sheets.apply(nick, file, Chosen::default(), false).await.unwrap();
        let (made, marks) = here.evaluations.open(nick, id).await.unwrap();
        assert_eq!((made.state, made.kind, made.evaluated_on.to_string()), (State::Draft, EvaluationKind::SelfRated, "2026-02-27".into()));
        assert_eq!(made.record.text("origin").unwrap(), "Score card");
        assert_eq!((marks.rated(), marks.tools.len()), (2, 1));
        assert_eq!(here.names(&SPECIAL_SKILL).await, [("Nick Test".to_owned(), "Welding".to_owned())]);
        assert_eq!(here.names(&CUSTOM_TOOL).await, [("Nick Test".to_owned(), "Theodolite".to_owned())]);
        assert_eq!(here.sheets.apply(nick, file, Chosen::default(), false).await.unwrap_err().kind(), Kind::NotFound);
    }

    /// covers K0.1 (part)
    async fn a_managers_sheet_is_handed_in_and_the_same_one_twice_is_told(db: TestStore) {
        let here = Setting::new(&db).await;
        let nora = &here.company.nora;
        let file = here.bring(nora, sheet("Test, Nick", "2026-02-27")).await;
        let id = here.sheets.apply(nora, file, Chosen::default(), true).await.unwrap();
        let (made, _) = here.look(id).await;
        assert_eq!((made.state, made.kind), (State::Completed, EvaluationKind::Manager));

        let again = here.bring(nora, sheet("Nick Test", "2026-02-27")).await;
        let proposal = here.sheets.propose(nora, again, Chosen::default()).await.unwrap();
        assert!(proposal.is_there && proposal.obstacle().unwrap().contains("taken in already"));
        assert_eq!(leaves(&db, 1).await.remove(0).0, "evaluation.view", "an earlier one of somebody else was shown");
        assert_eq!(here.sheets.apply(nora, again, Chosen::default(), true).await.unwrap_err().kind(), Kind::Invalid);

        let mut other = sheet("Nick Test", "2026-03-01");
        other.rate("Crawl space", "Insulating", 5);
        let other = here.bring(nora, other).await;
        let proposal = here.sheets.propose(nora, other, Chosen::default()).await.unwrap();
        let (_, changes) = proposal.last.unwrap();
        let changes: Vec<_> = changes.iter().map(|c| (c.skill.1.as_str(), c.before, c.after)).collect();
        assert_eq!(changes, [("Insulating", None, 5)]);
        assert_eq!(here.count().await, 1);
    }

    async fn what_is_open_is_asked_and_what_is_wrong_keeps_everything_out(db: TestStore) {
        let here = Setting::new(&db).await;
        let nora = &here.company.nora;
        let unclear = here.bring(nora, sheet("Nick Test", "2/3/26")).await;
        let proposal = here.sheets.propose(nora, unclear, Chosen::default()).await.unwrap();
        assert_eq!(proposal.obstacle(), Some("Enter the day on which it was filled in."));
        let chosen = Chosen { date: "2026-02-03".parse().ok(), ..Chosen::default() };
        here.sheets.apply(nora, unclear, chosen, true).await.unwrap();

        let nobody = here.bring(nora, sheet("Somebody Else", "2026-02-27")).await;
        let proposal = here.sheets.propose(nora, nobody, Chosen::default()).await.unwrap();
        assert_eq!(proposal.obstacle(), Some("Choose whom the sheet is about."));
        // Sue is in another team: she can't be chosen.
        let chosen = Chosen { employee: Some(here.company.sue_record), ..Chosen::default() };
        assert_eq!(here.sheets.apply(nora, nobody, chosen, true).await.unwrap_err().kind(), Kind::Invalid);

        let mut twice = sheet("Nick Test", "2026-02-28");
        twice.rate("Crawl space", "Wall Framing", 1);
        let twice = here.bring(nora, twice).await;
        let error = here.sheets.apply(nora, twice, Chosen::default(), true).await.unwrap_err();
        assert!(error.fields()[0].message.contains("Mend the cells"));

        let late = here.bring(nora, sheet("Nick Test", "2026-03-03")).await;
        assert_eq!(here.sheets.apply(nora, late, Chosen::default(), true).await.unwrap_err().fields()[0].field, "date");
        assert_eq!((here.count().await, here.names(&SPECIAL_SKILL).await.len()), (1, 1));
    }

    async fn an_open_draft_is_not_written_over(db: TestStore) {
        let here = Setting::new(&db).await;
        let nick = &here.company.nick;
        here.evaluations.start(nick, here.company.nick_record, "2026-03-01".parse().unwrap()).await.unwrap();
        let file = here.bring(nick, sheet("Nick Test", "2026-02-27")).await;
        let error = here.sheets.apply(nick, file, Chosen::default(), true).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
        assert_eq!(here.names(&SPECIAL_SKILL).await.len(), 0, "nothing half done");
    }

    async fn who_may_import_brings_what_employees_have_filled_in(db: TestStore) {
        let here = Setting::new(&db).await;
        let file = here.bring(&here.ada, sheet("Sue Test", "2026-02-27")).await;
        let chosen = Chosen { own_words: true, ..Chosen::default() };
        let id = here.sheets.apply(&here.ada, file, chosen, true).await.unwrap();
        let (made, _) = here.look(id).await;
        assert_eq!((made.kind, made.state, made.evaluator_name.as_str()), (EvaluationKind::SelfRated, State::Completed, "Sue Test"));
        // A manager may not: what they bring is their own word.
        let file = here.bring(&here.company.nora, sheet("Nick Test", "2026-02-27")).await;
        let proposal = here.sheets.propose(&here.company.nora, file, chosen).await.unwrap();
        assert_eq!(proposal.kind, EvaluationKind::Manager);
        assert_eq!(here.sheets.propose(&here.ada, file, chosen).await.err().unwrap().kind(), Kind::NotFound, "another's file");
    }

    async fn of_a_persons_sheets_only_the_newest_five_wait(db: TestStore) {
        let here = Setting::new(&db).await;
        let (nick, nora) = (&here.company.nick, &here.company.nora);
        let of_another = here.bring(nora, sheet("Nick Test", "2026-02-27")).await;
        let mut files = Vec::new();
        for _ in 0..6 {
            db.clock.advance(Span::seconds(1));
            files.push(here.bring(nick, sheet("Nick Test", "2026-02-27")).await);
        }
        let gone = here.sheets.apply(nick, files[0], Chosen::default(), false).await.unwrap_err();
        assert!(gone.kind() == Kind::NotFound && gone.message().contains("only your newest 5 of a kind. Upload it again."), "{gone:?}");
        here.sheets.propose(nora, of_another, Chosen::default()).await.unwrap();
        for file in &files[1..] {
            here.sheets.propose(nick, *file, Chosen::default()).await.unwrap();
        }
        here.sheets.apply(nick, files[1], Chosen::default(), false).await.unwrap();
    }

    /// covers K0.1 (part)
    async fn a_sheet_goes_through_its_pages(db: TestStore) {
        let here = Setting::new(&db).await;
        let site = Site::browser(&db, &here.company, &here.company.nick);
        assert!(site.get("/skills/score-card").await.text().contains("/evaluations/score-card"));
        assert_eq!(site.get("/evaluations/score-card").await.status, StatusCode::OK);
        let refused = site.upload("/evaluations/score-card", "card.csv", b"a,b").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let mut unknown = sheet("Nick Test", "3/4/25");
        unknown.write_below("List any SPECIAL SKILLS", "<script>alert(1)</script>");
        let checked = site.upload("/evaluations/score-card", "card.xlsx", &unknown.file()).await;
        assert_eq!(checked.status, StatusCode::SEE_OTHER, "{}", checked.text());
        let path = checked.header("location").to_owned();
        let page = site.get(&path).await.text();
        assert!(page.contains("That may be 2025-03-04 or 2025-04-03.") && !page.contains("value=\"hand-in\""), "{page}");
        assert!(!page.contains("<script>alert"));
        let page = site.get(&format!("{path}?date=2025-04-03")).await.text();
        assert!(page.contains("value=\"hand-in\"") && page.contains("A self-evaluation of Nick Test, of 2025-04-03"), "{page}");
        assert_eq!(site.get(&format!("{path}?date=soon")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let employee = here.company.nick_record.to_string();
        let fields = [("employee", employee.as_str()), ("date", "2025-04-03"), ("act", "hand-in")];
        let done = site.post(&format!("{path}/apply"), &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let id = done.header("location").rsplit('/').next().unwrap().split('?').next().unwrap().parse().unwrap();
        assert_eq!(here.look(id).await.0.state, State::Completed);
    }
}
