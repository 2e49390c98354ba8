//! The score card's pages: look first, then take in; and the downloads.

use axum::body::Body;
use http::StatusCode;
use palisade_base::Caller;
use palisade_kpi::{
    score_card::{apply, read, write},
    types::SKILL,
};
use palisade_sheets::{Limits, read_workbook};
use palisade_testkit::{TestStore, on_both_engines};

use super::{NOW, category, small_catalogue};
use crate::{
    MIGRATOR,
    company::Company,
    site::{Answer, Site},
};

const PAGE: &str = "/skills/score-card";
const APPLY: &str = "/skills/score-card/apply";

async fn upload(site: &Site, file_name: &str, content: &[u8]) -> Answer {
    let mut body = Vec::new();
    let csrf = site.csrf();
    body.extend(format!("--XX\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{csrf}\r\n").bytes());
    let head = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"");
    body.extend(format!("--XX\r\n{head}\r\n\r\n").bytes());
    body.extend(content);
    body.extend(b"\r\n--XX--\r\n");
    let request = site.own_post(PAGE, "multipart/form-data; boundary=XX").header("accept", "text/html");
    site.send(request.body(Body::from(body)).unwrap()).await
}

/// What the hidden field of the dry run holds.
fn hidden_catalogue(page: &str) -> String {
    let value = page.split("name=\"catalogue\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    value.replace("&#34;", "\"").replace("&#39;", "'").replace("&#38;", "&").replace("&#60;", "<").replace("&#62;", ">")
}

async fn skills(company: &Company) -> u64 {
    company.records.count(&company.admin, &SKILL).await.unwrap()
}

async fn site_of(db: &TestStore, who: impl Fn(&Company) -> Caller) -> (Company, Site) {
    let company = Company::new(db).await;
    let caller = who(&company);
    let site = Site::browser(db, &company, &caller);
    (company, site)
}

on_both_engines! {
    /// covers K0.1 (part)
    async fn a_card_is_looked_at_first_and_taken_in_when_confirmed(db: TestStore) {
        let (company, admin) = site_of(&db, |company| company.admin.clone()).await;
        let file = write(&small_catalogue(), None, NOW).unwrap();
        let dry = upload(&admin, "card.xlsx", &file).await;
        assert_eq!(dry.status, StatusCode::OK);
        let page = dry.text();
        let added = "2 skill categories, 3 skills, 2 tool categories and 2 tools";
        assert!(page.contains(&format!("{added} would be added. Nothing would be changed or removed.")), "{page}");
        assert_eq!(skills(&company).await, 0);

        let done = admin.post(APPLY, &[("catalogue", &hidden_catalogue(&page))]).await;
        assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, PAGE));
        assert_eq!(skills(&company).await, 3);

        let again = upload(&admin, "card.xlsx", &file).await.text();
        assert!(again.contains("Nothing would change"), "{again}");
        assert!(!again.contains("name=\"catalogue\""), "nothing to confirm");
        assert!(admin.get(PAGE).await.text().contains("3 skills in 2 categories and 2 tools"));
    }

    async fn files_that_are_no_score_card_are_explained_and_change_nothing(db: TestStore) {
        let (company, admin) = site_of(&db, |company| company.admin.clone()).await;
        let other = palisade_sheets::Sheet { name: "x".to_owned(), rows: vec![vec![palisade_sheets::Cell::text("x")]] };
        let wrong_sheet = palisade_sheets::write_xlsx(&[other], NOW).unwrap();
        let truncated = &write(&small_catalogue(), None, NOW).unwrap()[..2_000];
        for (name, content, words) in [
            ("card.csv", &b"a,b"[..], "This is not an Excel workbook"),
            ("card.xlsx", &wrong_sheet, "This workbook is not the score card"),
            ("card.xlsx", truncated, "damaged or incomplete"),
            ("", b"", "Choose a file."),
        ] {
            let answer = upload(&admin, name, content).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
            assert!(answer.text().contains(words), "{words}: {}", answer.text());
        }
        assert_eq!(skills(&company).await, 0);
    }

    async fn names_of_a_hostile_card_are_shown_as_text(db: TestStore) {
        let (_, admin) = site_of(&db, |company| company.admin.clone()).await;
        let mut evil = small_catalogue();
        evil.categories.push(category("<script>alert(1)</script>", &["\"><img src=x>", "'}]}"], &["=1+1"]));
        let page = upload(&admin, "card.xlsx", &write(&evil, None, NOW).unwrap()).await.text();
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x>"));
        assert_eq!(serde_json::from_str::<palisade_kpi::catalogue::Catalogue>(&hidden_catalogue(&page)).unwrap(), evil);
    }

    async fn what_comes_back_from_the_page_is_checked_like_any_input(db: TestStore) {
        let (company, admin) = site_of(&db, |company| company.admin.clone()).await;
        let many = serde_json::json!({
            "category": [{ "name": "x", "skills": (0..1_001).map(|n| n.to_string()).collect::<Vec<_>>(), "tools": [] }],
            "general_tools": [],
        });
        let long = serde_json::json!({
            "category": [{ "name": "x".repeat(101), "skills": ["a"], "tools": [] }], "general_tools": [],
        });
        let (many, long) = (many.to_string(), long.to_string());
        for bad in ["", "null", "{}", "[1]", "{\"category\":1}", many.as_str(), long.as_str()] {
            let answer = admin.post(APPLY, &[("catalogue", bad)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        }
        assert_eq!(admin.post(APPLY, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(skills(&company).await, 0);
    }

    async fn only_who_may_import_is_offered_and_let_through(db: TestStore) {
        let company = Company::new(&db).await;
        for who in [&company.nora, &company.nick] {
            let site = Site::browser(&db, &company, who);
            assert!(!site.get(PAGE).await.text().contains("type=\"file\""));
            let file = write(&small_catalogue(), None, NOW).unwrap();
            assert_eq!(upload(&site, "card.xlsx", &file).await.status, StatusCode::FORBIDDEN);
            let json = serde_json::to_string(&small_catalogue()).unwrap();
            assert_eq!(site.post(APPLY, &[("catalogue", &json)]).await.status, StatusCode::FORBIDDEN);
        }
        assert_eq!(skills(&company).await, 0);
    }

    async fn a_blank_card_is_downloaded_with_what_is_in_use(db: TestStore) {
        let (company, nick) = site_of(&db, |company| company.nick.clone()).await;
        apply(&company.records, &company.admin, &small_catalogue()).await.unwrap();
        let answer = nick.get("/skills/score-card.xlsx").await;
        assert_eq!(answer.header("content-disposition"), "attachment; filename=\"score-card.xlsx\"");
        assert_eq!(read(&answer.bytes).unwrap().catalogue, small_catalogue());
    }

    async fn a_named_card_tells_no_more_than_its_reader_may_see(db: TestStore) {
        let company = Company::new(&db).await;
        let named = async |caller: &Caller, id: palisade_base::RecordId| {
            Site::browser(&db, &company, caller).get(&format!("/skills/score-card.xlsx?employee={id}")).await
        };
        let top = |answer: &Answer| {
            let sheet = read_workbook(&answer.bytes, &Limits::default()).unwrap().remove(0);
            (sheet.cell(0, 1).display().into_owned(), sheet.cell(3, 1).display().into_owned())
        };
        let own = named(&company.nick, company.nick_record).await;
        assert_eq!(own.header("content-disposition"), "attachment; filename=\"score-card-nick-test.xlsx\"");
        let (name, phone) = top(&own);
        assert!(name.starts_with("Name: Nick Test    Date: "), "{name}");
        assert_eq!(phone, "Phone #: 555-0100");
        // A manager sees everybody's name, and the telephone of their own team only.
        assert_eq!(top(&named(&company.nora, company.nick_record).await).1, "Phone #: 555-0100");
        assert_eq!(top(&named(&company.nora, company.sue_record).await).1, "Phone #: ");
        // An employee sees nobody else; what is no id is nobody.
        assert_eq!(named(&company.nick, company.sue_record).await.status, StatusCode::NOT_FOUND);
        let nick = Site::browser(&db, &company, &company.nick);
        assert_eq!(nick.get("/skills/score-card.xlsx?employee=1").await.status, StatusCode::NOT_FOUND);
        let twice = nick.get("/skills/score-card.xlsx?employee=1&employee=2").await;
        assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = nick.get(PAGE).await.text();
        assert!(page.contains("Nick Test") && !page.contains("Sue Test"));
    }
}
