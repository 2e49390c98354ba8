//! Export and import.

use http::StatusCode;
use palisade_base::{Kind, Span};
use palisade_kpi::types::{EMPLOYEE, SKILL_CATEGORY, TEAM};
use palisade_records::{
    Draft, ListRequest,
    directory::PERSON,
    transfer::{Format, RowOutcome, STATEMENTS},
};
use palisade_sheets::{Cell, Limits, Sheet, read_csv, read_workbook, write_xlsx};
use palisade_testkit::{ManualClock, on_both_engines, prepare_all};

use crate::{
    MIGRATOR,
    company::{Company, all, leaves},
    site::Site,
};

const HEADINGS: &str = "Employee number,Given name,Family name,Telephone,Tier,Team,Hired on\r\n";

fn csv(rows: &[&str]) -> Vec<u8> {
    format!("{HEADINGS}{}\r\n", rows.join("\r\n")).into_bytes()
}

async fn bring(company: &Company, file: &[u8]) -> Result<palisade_base::RecordId, palisade_base::Error> {
    company.records.check_import(&company.admin, &EMPLOYEE, ("people.csv", file)).await
}

on_both_engines! {
    async fn every_statement_of_imports_is_valid(db: TestStore) {
        prepare_all(&db, STATEMENTS).await;
    }

    /// covers K0.1 (part)
    async fn a_dry_run_tells_what_would_happen_and_changes_nothing(db: TestStore) {
        let company = Company::new(&db).await;
        let file = csv(&[
            "X-1,Ann,New,555-0001,Apprentice,North,2026-01-05",
            "N-1,Nick,Test,555-0002,2,north,2024-03-01",
            "S-1,Sue,Test,555-0100,Handyman,South,2024-03-01",
            "",
            "X-2,,New,not a number,Wizard,Atlantis,soon",
            "X-1,Ann,Again,,Apprentice,,2026-01-05",
        ]);
        let id = bring(&company, &file).await.unwrap();
        let before = leaves(&db, 1000).await.len();
        let report = company.records.preview_import(&company.admin, &EMPLOYEE, id).await.unwrap();
        assert_eq!((report.created(), report.changed(), report.wrong()), (1, 1, 2));
        let numbers: Vec<usize> = report.rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, [2, 3, 4, 6, 7]);
        let RowOutcome::Changed(title, changes) = &report.rows[1].outcome else { unreachable!() };
        assert_eq!(title, "Nick Test");
        assert_eq!(changes, &[("Telephone", "555-0100".to_owned(), "555-0002".to_owned())]);
        let RowOutcome::Wrong(reasons) = &report.rows[3].outcome else { unreachable!() };
        for words in ["Given name: Enter", "Telephone: Write", "Tier: There is no tier called “Wizard”.", "Team: There is no team called “Atlantis”.", "Hired on: Write a date"] {
            assert!(reasons.iter().any(|reason| reason.starts_with(words)), "{words}: {reasons:?}");
        }
        assert_eq!(reasons.len(), 5);
        assert!(matches!(&report.rows[4].outcome, RowOutcome::Wrong(reasons) if reasons[0].contains("Another row")));
        assert_eq!(company.names(&company.admin, &ListRequest::default()).await, ["Nora", "Nick", "Sue"]);
        assert_eq!(leaves(&db, 1000).await.len(), before);
        let error = company.records.apply_import(&company.admin, &EMPLOYEE, id).await.unwrap_err();
        assert_eq!((error.kind(), company.employee(company.nick_record).await.text("phone").unwrap()), (Kind::Invalid, "555-0100".into()));
    }

    /// covers K0.1 (part), K6.1 (part)
    async fn an_import_is_applied_whole_traced_and_taken_back(db: TestStore) {
        let company = Company::new(&db).await;
        let (records, admin) = (&company.records, &company.admin);
        let people = all(records, admin, &PERSON).await.len();
        let file = csv(&["X-1,Ann,New,555-0001,Apprentice,North,2026-01-05", "N-1,Nick,Test,555-0002,Handyman,South,2024-03-01"]);
        let id = bring(&company, &file).await.unwrap();
        records.apply_import(admin, &EMPLOYEE, id).await.unwrap();
        assert_eq!(company.names(admin, &ListRequest::default()).await, ["Ann", "Nora", "Nick", "Sue"]);
        assert_eq!(company.employee(company.nick_record).await.text("team_id").unwrap(), "South");
        let actions: Vec<String> = leaves(&db, 5).await.into_iter().map(|leaf| leaf.0).collect();
        assert_eq!(actions, ["person.update", "employee.update", "person.create", "employee.create", "employee.import"]);
        let again = records.apply_import(admin, &EMPLOYEE, id).await.unwrap_err();
        assert_eq!(again.kind(), Kind::NotFound);
        assert_eq!(records.undo_import(admin, &EMPLOYEE, id).await.unwrap(), 2);
        assert_eq!(company.names(admin, &ListRequest::default()).await, ["Nora", "Nick", "Sue"]);
        assert_eq!(all(records, admin, &PERSON).await.len(), people);
        let nick = company.employee(company.nick_record).await;
        assert_eq!((nick.text("team_id").unwrap(), nick.text("phone").unwrap()), ("North".into(), "555-0100".into()));
        assert_eq!(records.undo_import(admin, &EMPLOYEE, id).await.unwrap_err().kind(), Kind::NotFound);
    }

    async fn an_import_that_somebody_has_built_upon_stays(db: TestStore) {
        let company = Company::new(&db).await;
        let (records, admin) = (&company.records, &company.admin);
        let id = bring(&company, &csv(&["N-1,Nick,Test,555-0002,Handyman,North,2024-03-01", "X-1,Ann,New,,Apprentice,North,2026-01-05"])).await.unwrap();
        records.apply_import(admin, &EMPLOYEE, id).await.unwrap();
        let nick = company.employee(company.nick_record).await;
        records.update(admin, &EMPLOYEE, (nick.id, nick.version), &Draft::new().text("notes", "new")).await.unwrap();
        let error = records.undo_import(admin, &EMPLOYEE, id).await.unwrap_err();
        assert!(error.kind() == Kind::Conflict && error.message().contains("Nick Test"));
        assert_eq!(company.names(admin, &ListRequest::default()).await.len(), 4);
        let file = b"Name,Area\r\nWest,North\r\n";
        let id = records.check_import(admin, &TEAM, ("teams.csv", file)).await.unwrap();
        records.apply_import(admin, &TEAM, id).await.unwrap();
        let west = all(records, admin, &TEAM).await.into_iter().find(|team| team.title() == "West").unwrap();
        let sue = company.employee(company.sue_record).await;
        let draft = Draft::new().text("team_id", west.id.to_string());
        records.update(admin, &EMPLOYEE, (sue.id, sue.version), &draft).await.unwrap();
        let error = records.undo_import(admin, &TEAM, id).await.unwrap_err();
        assert!(error.kind() == Kind::Conflict && error.message().contains("refers to “West”"));
        assert_eq!(all(records, admin, &TEAM).await.len(), 3);
    }

    /// The columns that the original application's files have, with neither number nor mail.
    ///
    /// covers K0.1 (part)
    async fn who_has_neither_number_nor_mail_is_known_again_by_name_and_date_of_hire(db: TestStore) {
        let company = Company::new(&db).await;
        let (records, admin) = (&company.records, &company.admin);
        let headings = "first_name,last_name,phone,tier,hire_date,active,email\r\n";
        let first = format!("{headings}Ann,New,555-0001,1,2026-01-05,true,\r\nBob,Gone,555-0002,2,2020-01-06,false,\r\n");
        let id = bring(&company, first.as_bytes()).await.unwrap();
        assert_eq!(records.apply_import(admin, &EMPLOYEE, id).await.unwrap().created(), 2);
        let names = company.names(admin, &ListRequest::default()).await;
        assert_eq!(names, ["Ann", "Nora", "Nick", "Sue"], "who is not active is out of use at once");

        let second = first.replace("555-0001,1", "555-0009,1").replace("false", "yes");
        let id = bring(&company, second.as_bytes()).await.unwrap();
        let report = records.apply_import(admin, &EMPLOYEE, id).await.unwrap();
        assert_eq!((report.created(), report.changed()), (0, 2), "{report:?}");
        let RowOutcome::Changed(_, changes) = &report.rows[1].outcome else { unreachable!() };
        assert_eq!(changes, &[("Active", "no".to_owned(), "yes".to_owned())]);
        assert_eq!(company.names(admin, &ListRequest::default()).await.len(), 5);
        records.undo_import(admin, &EMPLOYEE, id).await.unwrap();
        assert_eq!(company.names(admin, &ListRequest::default()).await, ["Ann", "Nora", "Nick", "Sue"]);

        let twin = format!("{headings}Ann,New,555-0003,1,2026-01-05,,\r\n").replace("email", "number").replace(",,\r", ",,X-9\r");
        let id = bring(&company, twin.as_bytes()).await.unwrap();
        records.apply_import(admin, &EMPLOYEE, id).await.unwrap();
        let id = bring(&company, first.as_bytes()).await.unwrap();
        let report = records.preview_import(admin, &EMPLOYEE, id).await.unwrap();
        let RowOutcome::Wrong(reasons) = &report.rows[0].outcome else { unreachable!("{report:?}") };
        assert!(reasons[0].starts_with("More than one employee has this Given name, Family name, Hired on."), "{reasons:?}");
    }

    /// covers K0.1 (part)
    async fn what_is_exported_can_be_taken_in_again_and_changes_nothing(db: TestStore) {
        let company = Company::new(&db).await;
        let (records, admin) = (&company.records, &company.admin);
        let hostile = Draft::new().text("name", "=1+1\",\"x").text("area", "west");
        records.create(admin, &TEAM, &hostile).await.unwrap();
        records.create(admin, &SKILL_CATEGORY, &Draft::new().text("name", "'-5' Ladders; \"tall\"").text("description", "line\nbreak").text("display_order", "3")).await.unwrap();
        for ty in [&TEAM, &SKILL_CATEGORY, &EMPLOYEE] {
            for format in [Format::Csv, Format::Xlsx] {
                let file = records.export(admin, ty, &ListRequest::default(), format).await.unwrap();
                let id = records.check_import(admin, ty, ("again", &file)).await.unwrap();
                let report = records.preview_import(admin, ty, id).await.unwrap();
                let same = report.rows.iter().filter(|row| matches!(row.outcome, RowOutcome::Same(_))).count();
                assert_eq!((same, report.rows.len()), (report.rows.len(), same), "{} {format:?}: {report:?}", ty.name);
                assert!(same > 0);
            }
        }
    }

    /// covers K2.1 (part)
    async fn an_export_holds_the_rows_and_fields_of_who_asks_and_is_traced(db: TestStore) {
        let company = Company::new(&db).await;
        let file = company.records.export(&company.nora, &EMPLOYEE, &ListRequest::default(), Format::Csv).await.unwrap();
        let text = String::from_utf8(file).unwrap();
        assert!(text.contains("Nick") && !text.contains("Sue"), "a manager reads all names, and exports the own team");
        let (action, _, outcome, detail) = leaves(&db, 1).await.remove(0);
        assert_eq!((action.as_str(), outcome.as_str()), ("employee.export", "success"));
        assert!(detail.contains("\"records\":2"));
        let error = company.records.export(&company.nick, &EMPLOYEE, &ListRequest::default(), Format::Csv).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        assert_eq!(leaves(&db, 1).await.remove(0).2, "failure:denied");
    }

    /// What a spreadsheet program would run as a formula must not leave as one.
    async fn formulas_are_neutralised_in_both_formats(db: TestStore) {
        let company = Company::new(&db).await;
        let name = "=cmd|' /C calc'!A0";
        company.records.create(&company.admin, &TEAM, &Draft::new().text("name", name)).await.unwrap();
        let csv = company.records.export(&company.admin, &TEAM, &ListRequest::default(), Format::Csv).await.unwrap();
        assert!(String::from_utf8(csv.clone()).unwrap().contains(",'=cmd"));
        assert_eq!(read_csv(&csv, &Limits::default()).unwrap().rows[1][1], Cell::Text(name.into()));
        let xlsx = company.records.export(&company.admin, &TEAM, &ListRequest::default(), Format::Xlsx).await.unwrap();
        assert_eq!(read_workbook(&xlsx, &Limits::default()).unwrap()[0].rows[1][1], Cell::Text(name.into()));
    }

    async fn files_that_can_not_be_read_are_refused_with_what_to_do(db: TestStore) {
        let company = Company::new(&db).await;
        let long = format!("{HEADINGS}{}", "X,Ann,New,,Apprentice,,2026-01-05\r\n".repeat(2_001));
        for (file, words) in [
            (&b""[..], "empty"),
            (b"PK\x03\x04nothing", "damaged"),
            (b"\xff\xfe\x00\x01", "UTF-8"),
            (b"Given name,Shoe size\r\nAnn,40\r\n", "no column “Shoe size”"),
            (b"Given name,given_name\r\nAnn,Ann\r\n", "there twice"),
            (b"Given name\r\n", "no row below"),
            (b"\"Given name\r\nAnn\r\n", "quotation mark"),
            (long.as_bytes(), "too large"),
        ] {
            let error = bring(&company, file).await.unwrap_err();
            assert_eq!(error.fields()[0].field, "file");
            assert!(error.fields()[0].message.contains(words), "{words}: {}", error.fields()[0].message);
        }
    }

    /// covers K2.1 (part)
    async fn nobody_applies_what_somebody_else_has_uploaded(db: TestStore) {
        let company = Company::new(&db).await;
        let id = bring(&company, &csv(&["X-1,Ann,New,,Apprentice,North,2026-01-05"])).await.unwrap();
        let other = crate::company::caller(&db, "Admin", None);
        assert_eq!(company.records.apply_import(&other, &EMPLOYEE, id).await.unwrap_err().kind(), Kind::NotFound);
        assert_eq!(company.records.apply_import(&company.nora, &EMPLOYEE, id).await.unwrap_err().kind(), Kind::Denied);
    }

    async fn of_a_persons_files_only_the_newest_five_wait(db: TestStore) {
        let company = Company::new(&db).await;
        let (records, admin) = (&company.records, &company.admin);
        let file = csv(&["X-1,Ann,New,,Apprentice,North,2026-01-05"]);
        let other = crate::company::caller(&db, "Admin", None);
        let of_another = records.check_import(&other, &EMPLOYEE, ("people.csv", &file)).await.unwrap();
        let of_teams = records.check_import(admin, &TEAM, ("teams.csv", b"Name,Area\r\nWest,North\r\n")).await.unwrap();
        let browser = Site::browser(&db, &company, admin);
        let first = browser.upload("/employees/import", "people.csv", &file).await.header("location").to_owned();
        let mut newer = Vec::new();
        for _ in 0..4 {
            db.clock.advance(Span::seconds(1));
            newer.push(bring(&company, &file).await.unwrap());
        }
        assert_eq!(browser.get(&first).await.status, StatusCode::OK);
        db.clock.advance(Span::seconds(1));
        newer.push(bring(&company, &file).await.unwrap());
        for gone in [browser.get(&first).await, browser.post(&format!("{first}/apply"), &[]).await] {
            assert_eq!(gone.status, StatusCode::NOT_FOUND);
            assert!(gone.text().contains("This file is kept no longer") && gone.text().contains("Upload it again."), "{}", gone.text());
        }
        assert_eq!(records.imports(admin, &EMPLOYEE).await.unwrap().len(), 6);
        for id in &newer {
            assert_eq!(records.preview_import(admin, &EMPLOYEE, *id).await.unwrap().created(), 1);
        }
        assert_eq!(records.preview_import(&other, &EMPLOYEE, of_another).await.unwrap().created(), 1);
        assert_eq!(records.preview_import(admin, &TEAM, of_teams).await.unwrap().created(), 1);
        records.apply_import(admin, &EMPLOYEE, newer[0]).await.unwrap();
    }

    /// covers K0.1 (part)
    async fn an_import_goes_through_its_pages(db: TestStore) {
        let company = Company::new(&db).await;
        let browser = Site::browser(&db, &company, &company.admin);
        let rows = [["Name", "Area"], ["Gutters & Roofs", "West"]];
        let rows = rows.map(|row| row.map(Cell::text).to_vec()).to_vec();
        let file = write_xlsx(&[Sheet { name: "Teams".into(), rows }], ManualClock::START).unwrap();
        let checked = browser.upload("/teams/import", "teams.xlsx", &file).await;
        assert_eq!(checked.status, StatusCode::SEE_OTHER, "{}", checked.text());
        let path = checked.header("location").to_owned();
        let report = browser.get(&path).await.text();
        assert!(report.contains("Gutters &#38; Roofs") && report.contains("Take it in"));
        assert_eq!(browser.post(&format!("{path}/apply"), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(all(&company.records, &company.admin, &TEAM).await.len(), 3);
        assert!(browser.get("/teams/import").await.text().contains("taken in"));
        assert_eq!(browser.post(&format!("{path}/undo"), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(all(&company.records, &company.admin, &TEAM).await.len(), 2);
        let refused = browser.upload("/teams/import", "teams.csv", b"Colour\r\nred\r\n").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("There is no column “Colour” here."));
        let csv = browser.get("/teams/export.csv?area=north").await;
        assert!(csv.header("content-disposition").starts_with("attachment; filename=\"teams-2026-03-02.csv\""));
        assert!(csv.text().contains("North"));
        assert_eq!(browser.get("/teams/export.xlsx").await.status, StatusCode::OK);
    }
}
