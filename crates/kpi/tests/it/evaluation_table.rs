//! Evaluations as tables: in with a dry run and a way back, out, and in again elsewhere.

use http::StatusCode;
use palisade_base::{Caller, Error, Kind, PersonId, RecordId};
use palisade_kpi::{
    evaluation::Evaluations,
    evaluation_table::{EvaluationTables, LIMITS, MAX_ROWS, Which, read_rows},
    score_card,
    standing::Standings,
    types::EVALUATION,
};
use palisade_records::{
    Draft,
    directory::PERSON,
    transfer::{Format, Report, RowOutcome, read_table},
};
use palisade_sheets::{Cell, Sheet, read_csv, write_xlsx};
use palisade_testkit::{ManualClock, TestStore, on_both_engines};
use proptest::prelude::*;

use crate::{
    MIGRATOR,
    company::{Company, caller, leaves},
    score_card::small_catalogue,
    site::Site,
};

const HEADINGS: &str = "Employee number,Employee,Date,Type,Evaluator,State,Skill category,Skill,Rating,Tool,Can operate,Truck stock,Notes\r\n";

/// A company with a catalogue: "Wall Framing" is in both of its categories.
struct Setting {
    company: Company,
    tables: EvaluationTables,
    /// An admin who is a person, and no employee.
    ada: Caller,
}

impl Setting {
    async fn new(db: &TestStore) -> Self {
        let company = Company::new(db).await;
        score_card::apply(&company.records, &company.admin, &small_catalogue()).await.unwrap();
        let draft = Draft::new().text("given_name", "Ada").text("family_name", "Admin");
        let ada = company.records.create(&company.admin, &PERSON, &draft).await.unwrap().id;
        let tables = EvaluationTables::new(company.records.clone(), Evaluations::new(company.records.clone()));
        Self { company, tables, ada: caller(db, "Admin", Some(PersonId(ada.0))) }
    }

    async fn bring(&self, rows: &[&str]) -> Result<RecordId, Error> {
        let file = format!("{HEADINGS}{}\r\n", rows.join("\r\n"));
        self.tables.check_file(&self.ada, ("evaluations.csv", file.as_bytes())).await
    }

    async fn preview(&self, rows: &[&str]) -> Report {
        let id = self.bring(rows).await.unwrap();
        self.tables.preview_file(&self.ada, id).await.unwrap()
    }

    async fn apply(&self, rows: &[&str]) -> Result<RecordId, Error> {
        let id = self.bring(rows).await?;
        self.tables.apply_file(&self.ada, id).await?;
        Ok(id)
    }

    async fn count(&self) -> u64 {
        self.company.records.count(&self.company.admin, &EVALUATION).await.unwrap()
    }

    /// What counts for Nick: category, skill and rating.
    async fn nick_stands(&self) -> Vec<u8> {
        let standing = Standings::new(self.company.records.clone());
        let of = standing.of(&self.company.admin, self.company.nick_record).await.unwrap();
        let mut ratings: Vec<u8> = of.skills.iter().map(|skill| skill.rating).collect();
        ratings.sort_unstable();
        ratings
    }
}

const NICK: [&str; 4] = [
    "N-1,,2025-04-01,self,,,Crawl space,Wall Framing,4,,,,Own words",
    "N-1,,2025-04-01,self,,,Garage/Sheds,Wall Framing,2,,,,",
    "N-1,,2025-04-01,self,,,,Insulating,3,,,,",
    "N-1,,2025-04-01,self,,,,,,Ram Set,yes,no,",
];

fn wrong(report: &Report) -> Vec<String> {
    let said = |row: &palisade_records::transfer::Row| match &row.outcome {
        RowOutcome::Wrong(reasons) => Some(format!("{}: {}", row.number, reasons.join(" "))),
        _ => None,
    };
    report.rows.iter().filter_map(said).collect()
}

on_both_engines! {
    /// covers K0.1 (part)
    async fn a_table_is_looked_at_first_taken_in_whole_and_taken_back(db: TestStore) {
        let here = Setting::new(&db).await;
        let nora = "N-1,,2025-04-05,manager,Nora North,reviewed,,Insulating,5,,,,";
        let rows: Vec<&str> = NICK.into_iter().chain(["", nora]).collect();
        let report = here.preview(&rows).await;
        assert_eq!(wrong(&report), Vec::<String>::new());
        let titles: Vec<_> = report.rows.iter().map(|row| (row.number, match &row.outcome {
            RowOutcome::Created(title) => title.as_str(),
            _ => "",
        })).collect();
        assert_eq!(titles, [
            (2, "Nick Test, 2025-04-01, self-evaluation: 3 ratings, 1 tool"),
            (7, "Nick Test, 2025-04-05, by a manager: 1 rating, 0 tools"),
        ]);
        assert_eq!(here.count().await, 0, "a dry run writes nothing");

        let id = here.apply(&rows).await.unwrap();
        assert_eq!(here.count().await, 2);
        // Nora's word on Insulating counts for more than his own.
        assert_eq!(here.nick_stands().await, [2, 4, 5]);
        let actions: Vec<String> = leaves(&db, 3).await.into_iter().map(|leaf| leaf.0).collect();
        assert_eq!(actions, ["evaluation.import"; 3], "one for each evaluation under one for the whole");

        assert_eq!(here.tables.undo_file(&here.ada, id).await.unwrap(), 2);
        assert_eq!((here.count().await, here.nick_stands().await), (0, vec![]));
        assert_eq!(here.tables.undo_file(&here.ada, id).await.unwrap_err().kind(), Kind::NotFound);
    }

    async fn the_same_file_twice_is_told_and_changes_nothing(db: TestStore) {
        let here = Setting::new(&db).await;
        here.apply(&NICK).await.unwrap();
        let report = here.preview(&NICK).await;
        assert!(matches!(&report.rows[..], [row] if matches!(row.outcome, RowOutcome::Same(_))), "{report:?}");
        assert!(here.apply(&NICK).await.unwrap_err().fields()[0].message.contains("is there already"));
        let other = NICK.map(|row| row.replace(",4,", ",5,"));
        let report = here.preview(&other.each_ref().map(String::as_str)).await;
        assert!(wrong(&report)[0].contains("There is an evaluation of this day by the same person already"), "{report:?}");
        assert_eq!(here.count().await, 1);
    }

    async fn what_is_wrong_is_said_by_row_and_column_and_nothing_comes_in(db: TestStore) {
        let here = Setting::new(&db).await;
        let rows = [
            NICK[0],
            "N-9,,2025-04-01,self,,,,Insulating,3,,,,",
            "N-1,,3/4/2025,self,,,,Insulating,3,,,,",
            "N-1,,2025-04-01,both,,,,Insulating,6,,,,",
            "N-1,,2025-04-01,self,,,,Wall Framing,3,,,,",
            "N-1,,2025-04-01,self,,,,Juggling,3,,,,",
            "N-1,,2025-04-01,self,Nora North,,,Insulating,3,,,,",
            "N-1,,2025-04-01,manager,Nick Test,,,Insulating,3,,,,",
            "N-1,,2025-04-02,manager,Nora North,draft,,Insulating,3,,,,",
            "N-1,,2025-04-01,self,,,Crawl space,Wall Framing,4,,,,",
            "N-1,,2025-04-01,self,,,,,,,yes,,",
            ",,2025-04-01,self,,,,Insulating,3,,,,",
            "N-1,,2025-04-01,self,,,,Insulating,3,Ram Set,,,",
            "N-1,,2025-04-01,self,,,,Insulating,3,,,,,too much",
        ];
        let report = here.preview(&rows).await;
        let said = wrong(&report);
        let expected = [
            "3: Employee number: There is no employee called “N-9”.",
            "4: Date: This may be 2025-03-04 or 2025-04-03.",
            "5: Type: Write self or manager. Rating: Enter a whole number from 1 to 5.",
            "6: Skill: More than one skill is called “Wall Framing”. Name its category, too.",
            "7: Skill: There is no skill called “Juggling”.",
            "8: Evaluator: In a self-evaluation this is the employee, or empty.",
            "9: Evaluator: Nobody is their own manager",
            "10: State: Write completed or reviewed",
            "11: Skill: Row 2 of this file says this already",
            "12: Skill: Name a skill or a tool, one in each row.",
            "13: Employee: Say whom it is about",
            "14: Skill: Name a skill or a tool, one in each row.",
            "15: There are values beyond the last heading.",
        ];
        assert_eq!(said.len(), expected.len(), "{said:#?}");
        for (said, expected) in said.iter().zip(expected) {
            assert!(said.starts_with(expected), "{said}\n{expected}");
        }
        assert!(here.apply(&rows).await.unwrap_err().fields()[0].message.contains("13 rows can't be taken in"));
        let late = ["N-1,,2026-03-03,self,,,,Insulating,3,,,,"];
        assert_eq!(wrong(&here.preview(&late).await), ["2: This day is still to come."]);
        assert_eq!(here.count().await, 0);
    }

    async fn an_evaluation_that_was_touched_since_stays(db: TestStore) {
        let here = Setting::new(&db).await;
        let id = here.apply(&NICK).await.unwrap();
        let evaluations = Evaluations::new(here.company.records.clone());
        let all = palisade_records::ListRequest { limit: 10, ..Default::default() };
        let made = here.company.records.list(&here.ada, &EVALUATION, &all).await.unwrap().records.remove(0);
        evaluations.review(&here.ada, (made.id, made.version)).await.unwrap();
        assert_eq!(here.tables.undo_file(&here.ada, id).await.unwrap_err().kind(), Kind::Conflict);
        assert_eq!(here.count().await, 1);
    }

    /// covers K2.1 (part)
    async fn only_who_may_import_takes_tables_in_and_only_their_own(db: TestStore) {
        let here = Setting::new(&db).await;
        let file = format!("{HEADINGS}{}\r\n", NICK.join("\r\n"));
        for who in [&here.company.nora, &here.company.nick] {
            let refused = here.tables.check_file(who, ("x.csv", file.as_bytes())).await.unwrap_err();
            assert_eq!(refused.kind(), Kind::Denied);
            assert_eq!(leaves(&db, 1).await.remove(0).2, "failure:denied");
        }
        let id = here.bring(&NICK).await.unwrap();
        assert_eq!(here.tables.apply_file(&here.company.admin, id).await.unwrap_err().kind(), Kind::NotFound);
    }

    /// covers K2.1 (part), K3.5 (part)
    async fn an_export_holds_what_was_handed_in_about_ones_own_people_and_is_traced(db: TestStore) {
        let here = Setting::new(&db).await;
        here.apply(&NICK).await.unwrap();
        here.apply(&["S-1,,2025-04-01,self,,,,Insulating,1,,,,=1+1"]).await.unwrap();
        let text = |file: Vec<u8>| String::from_utf8(file).unwrap();
        let nora = text(here.tables.export(&here.company.nora, &Which::default(), Format::Csv).await.unwrap());
        assert!(nora.contains("Nick Test") && !nora.contains("Sue"), "a manager gives out the own team only:\n{nora}");
        let (action, _, _, detail) = leaves(&db, 1).await.remove(0);
        assert_eq!(action, "evaluation.export");
        assert!(detail.contains("\"people\":1") && !detail.contains("Nick"), "{detail}");
        let all = text(here.tables.export(&here.ada, &Which::default(), Format::Csv).await.unwrap());
        assert!(all.contains(",'=1+1,"), "what a spreadsheet program would run leaves as text:\n{all}");
        let sue = Which { employee: Some(here.company.sue_record), ..Which::default() };
        assert_eq!(text(here.tables.export(&here.ada, &sue, Format::Csv).await.unwrap()).lines().count(), 2);
        let later = Which { from: Some("2025-04-02".parse().unwrap()), ..Which::default() };
        assert_eq!(text(here.tables.export(&here.ada, &later, Format::Csv).await.unwrap()).lines().count(), 1);
        let refused = here.tables.export(&here.company.nick, &Which::default(), Format::Csv).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Denied);
    }

    /// covers K0.1 (part)
    async fn what_is_given_out_can_be_taken_in_elsewhere_and_gives_the_same_figures(db: TestStore) {
        let here = Setting::new(&db).await;
        here.apply(&NICK).await.unwrap();
        here.apply(&["N-1,,2025-04-05,manager,Nora North,reviewed,,Insulating,5,Ram Set,yes,yes,\"Good, =really\""].map(
            |row| row.replace(",Ram Set,yes,yes", ",,,")).each_ref().map(String::as_str)).await.unwrap();
        let before = here.nick_stands().await;
        for format in [Format::Csv, Format::Xlsx] {
            let file = here.tables.export(&here.ada, &Which::default(), format).await.unwrap();
            let id = here.tables.check_file(&here.ada, ("again", &file)).await.unwrap();
            let report = here.tables.preview_file(&here.ada, id).await.unwrap();
            assert!(report.rows.len() == 2 && report.rows.iter().all(|row| matches!(row.outcome, RowOutcome::Same(_))), "{report:?}");
        }
        // Elsewhere is where none of it is: the same place after it was taken back.
        let file = here.tables.export(&here.ada, &Which::default(), Format::Xlsx).await.unwrap();
        for import in here.tables.files(&here.ada).await.unwrap().into_iter().filter(|import| import.applied_at.is_some()) {
            here.tables.undo_file(&here.ada, import.id).await.unwrap();
        }
        assert_eq!(here.nick_stands().await, Vec::<u8>::new());
        let id = here.tables.check_file(&here.ada, ("again.xlsx", &file)).await.unwrap();
        here.tables.apply_file(&here.ada, id).await.unwrap();
        assert_eq!((here.nick_stands().await, before), (vec![2, 4, 5], vec![2, 4, 5]));
    }

    async fn files_that_are_no_such_table_are_refused_with_what_to_do(db: TestStore) {
        let here = Setting::new(&db).await;
        let row = format!("{}\r\n", NICK[0]);
        let many = format!("{HEADINGS}{}", row.repeat(MAX_ROWS + 1));
        let huge = format!("{HEADINGS}{}\r\n", NICK[0].replace("Own words", &"x".repeat(40_000)));
        let million = "a\r\n".repeat(1_000_000);
        for (file, words) in [
            (&b""[..], "empty"),
            (b"PK\x03\x04nothing", "damaged"),
            (b"\xff\xfe\x00\x01", "UTF-8"),
            (b"Employee,Date,Type,Skill,Shoe size\r\nAnn,2025-01-01,self,x,40\r\n", "no column “Shoe size”"),
            (b"Employee,name,Date,Type,Skill\r\nx,x,x,x,x\r\n", "there twice"),
            (b"Employee,Date,Type\r\nx,x,x\r\n", "“Skill” is not among them"),
            (b"Employee,Date,Type,Skill\r\n", "no row below"),
            (b"\"Employee\r\nx\r\n", "quotation mark"),
            (many.as_bytes(), "too large"),
            (huge.as_bytes(), "too large"),
            (million.as_bytes(), "too large"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 macros and all", ""),
        ] {
            let error = here.tables.check_file(&here.ada, ("evaluations", file)).await.unwrap_err();
            assert_eq!(error.fields()[0].field, "file");
            assert!(error.fields()[0].message.contains(words), "{words}: {}", error.fields()[0].message);
        }
    }

    /// covers K0.1 (part)
    async fn a_table_goes_through_its_pages(db: TestStore) {
        let here = Setting::new(&db).await;
        let site = Site::browser(&db, &here.company, &here.ada);
        assert!(site.get("/evaluations/import").await.text().contains("Skill category"));
        let rows = [["Employee", "Date", "Type", "Skill", "Rating"], ["Nick Test", "2025-04-01", "self", "Insulating", "4"]];
        let rows = rows.map(|row| row.map(Cell::text).to_vec()).to_vec();
        let file = write_xlsx(&[Sheet { name: "x".into(), rows }], ManualClock::START).unwrap();
        let checked = site.upload("/evaluations/import", "evaluations.xlsx", &file).await;
        assert_eq!(checked.status, StatusCode::SEE_OTHER, "{}", checked.text());
        let path = checked.header("location").to_owned();
        assert!(site.get(&path).await.text().contains("Nick Test, 2025-04-01, self-evaluation: 1 rating, 0 tools"));
        assert_eq!(site.post(&format!("{path}/apply"), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(here.nick_stands().await, [4]);
        let csv = site.get("/evaluations/export.csv?from=2025-01-01").await;
        assert!(csv.header("content-disposition").contains("evaluations-2026-03-02.csv") && csv.text().contains("Insulating"));
        assert_eq!(site.get("/evaluations/export.xlsx?to=yesterday").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(site.get("/evaluations/export.csv?employee=1").await.status, StatusCode::NOT_FOUND);
        assert_eq!(site.post(&format!("{path}/undo"), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(here.nick_stands().await, Vec::<u8>::new());
    }
}

proptest! {
    /// Whatever stands in the cells: every row is read or named, and none ends the program.
    #[test]
    fn any_rows_are_read_or_named(cells in prop::collection::vec(prop::collection::vec("[-=+0-9a-z./, ]{0,12}|\\PC{0,6}", 0..14), 1..12)) {
        let mut sheet = read_csv(HEADINGS.as_bytes(), &LIMITS).unwrap();
        let count = cells.iter().filter(|row| row.iter().any(|text| !text.trim().is_empty())).count();
        sheet.rows.extend(cells.into_iter().map(|row| row.into_iter().map(Cell::text).collect()));
        let read = read_rows(&sheet).unwrap();
        prop_assert_eq!(read.len(), count);
        for row in read {
            if let Err((number, reasons)) = row {
                prop_assert!(number > 1 && !reasons.is_empty());
            }
        }
    }

    #[test]
    fn any_bytes_are_a_table_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(sheet) = read_table(&bytes, &LIMITS) {
            let _ = read_rows(&sheet);
        }
    }
}
