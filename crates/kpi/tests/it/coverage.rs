//! Who can do what: the map, the question about a job, and what is missing on the trucks. All figures by hand.

use http::StatusCode;
use palisade_base::{Caller, RecordId};
use palisade_kpi::{
    coverage::{CategoryCover, Coverage, Held, Job, Lack, Mark, cover, gaps, marks, people_in, rank},
    scoring::CatalogueView,
    standing::{Filter, Member},
    types::QUALIFICATION,
};
use palisade_records::Draft;
use palisade_sheets::{Cell, Limits, read_csv, read_workbook};
use palisade_testkit::{TestStore, on_both_engines};

use crate::{
    MIGRATOR,
    company::leaves,
    site::Site,
    standing::{Sheet, Shop, today},
};

/// What Nick and Sue can do; nobody has ever evaluated Nora.
///
/// | | Framing | Trim | Walls | Ceilings | Saw | Drill |
/// |---|---|---|---|---|---|---|
/// | Nick (North) | 4 | 5 | 2 | – | operates, has | operates |
/// | Sue (South) | 3 | – | 4 | 5, her own word | operates | operates |
async fn shop(db: &TestStore) -> Shop {
    let shop = Shop::new(db).await;
    let (nick, sue) = (shop.company.nick_record, shop.company.sue_record);
    let both = Some(true);
    let sheet = Sheet {
        employee: nick,
        kind: "manager",
        state: "reviewed",
        on: "2026-03-01",
        amends: None,
        ratings: &[],
        tools: &[],
    };
    let nicks =
        Sheet { ratings: &[(0, 4), (1, 5), (2, 2)], tools: &[(0, both, both), (1, both, Some(false))], ..sheet };
    shop.put(db, &nicks).await;
    let sues = Sheet {
        employee: sue,
        state: "completed",
        ratings: &[(0, 3), (2, 4)],
        tools: &[(0, both, None), (1, both, Some(false))],
        ..nicks
    };
    shop.put(db, &sues).await;
    let own_word = Sheet { kind: "self", ratings: &[(3, 5)], tools: &[], ..sues };
    shop.put(db, &own_word).await;
    shop
}

async fn members(shop: &Shop) -> (CatalogueView, Vec<Member>) {
    let admin = &shop.company.admin;
    let members = shop.standings.all(admin, &Filter::default()).await.unwrap();
    (CatalogueView::clone(&*shop.standings.catalogue(admin).await.unwrap()), members)
}

/// For each skill, who can do it with at least that rating; a star is their own word.
fn able(catalogue: &CatalogueView, members: &[Member], minimum: u8) -> Vec<(String, Vec<String>)> {
    let name =
        |mark: Mark, name: &str| format!("{} {}{}", &name[..3], mark.rating, if mark.is_unverified { "*" } else { "" });
    let covers: Vec<_> = cover(catalogue, members, minimum).into_iter().map(CategoryCover::best_first).collect();
    let skills = covers.iter().flat_map(|cover| &cover.skills);
    skills.map(|s| (s.name.to_owned(), s.able.iter().map(|a| name(a.mark, &a.member.name)).collect())).collect()
}

async fn qualify(shop: &Shop, employee: RecordId, until: &str) {
    let draft = Draft::new().text("employee_id", employee.to_string()).text("kind", "certificate");
    let draft = draft.text("name", "EPA 608").text("expires_on", until);
    shop.company.records.create(&shop.company.admin, &QUALIFICATION, &draft).await.unwrap();
}

fn names(found: &[(String, Vec<String>)], skill: &str) -> Vec<String> {
    found.iter().find(|(name, _)| name == skill).unwrap().1.clone()
}

on_both_engines! {
    /// covers K0.2 (part)
    async fn the_map_tells_who_can_what_hangs_on_one_person_and_what_nobody_can(db: TestStore) {
        let shop = shop(&db).await;
        let (catalogue, members) = members(&shop).await;
        let alone = able(&catalogue, &members, 4);
        assert_eq!(names(&alone, "Framing"), ["Nic 4"]);
        assert_eq!(names(&alone, "Trim"), ["Nic 5"]);
        assert_eq!(names(&alone, "Walls"), ["Sue 4"]);
        assert_eq!(names(&alone, "Ceilings"), ["Sue 5*"]);
        assert_eq!(names(&able(&catalogue, &members, 3), "Framing"), ["Nic 4", "Sue 3"]);
        let counts = |minimum| {
            cover(&catalogue, &members, minimum).iter().map(|c| (c.group.name.clone(), c.single(), c.open())).collect::<Vec<_>>()
        };
        // Painting at 2: both can paint walls, Sue alone ceilings.
        assert_eq!(counts(2), [("Carpentry".into(), 1, 0), ("Painting".into(), 1, 0)]);
        assert_eq!(counts(4), [("Carpentry".into(), 2, 0), ("Painting".into(), 2, 0)]);
        assert_eq!(counts(5), [("Carpentry".into(), 1, 1), ("Painting".into(), 1, 1)]);
        let sue = members.iter().find(|member| member.employee == shop.company.sue_record).unwrap();
        let row = marks(&catalogue, shop.categories[1], sue);
        let expected = [Some(Mark { rating: 4, is_unverified: false }), Some(Mark { rating: 5, is_unverified: true })];
        assert_eq!(row, expected);
        assert_eq!(marks(&catalogue, shop.categories[0], sue)[1], None, "what is not rated is a gap, never a zero");
    }

    /// covers K0.2 (part)
    async fn who_can_do_a_job_comes_first_and_others_are_told_what_they_lack(db: TestStore) {
        let shop = shop(&db).await;
        let (_, members) = members(&shop).await;
        let job = Job { skills: vec![(shop.skills[0], 3)], tools: vec![shop.tools[0]], qualification: None };
        let found = rank(&job, &members, |_| Held::Unseen);
        let lines: Vec<_> = found.iter().map(|c| (c.member.name.as_str(), c.can(), c.lacks.clone())).collect();
        // Nora has nothing of it, and is no candidate.
        assert_eq!(lines, [("Nick Test", true, vec![]), ("Sue Test", false, vec![Lack::Tool(shop.tools[0])])]);
        let job = Job { skills: vec![(shop.skills[0], 4), (shop.skills[2], 3)], ..Job::default() };
        let found = rank(&job, &members, |_| Held::Unseen);
        let lines: Vec<_> = found.iter().map(|c| (c.member.name.as_str(), c.lacks.clone())).collect();
        // One thing is lacking to each; Nick's ratings are 4 + 2, Sue's 3 + 4, so Sue comes first.
        assert_eq!(lines, [
            ("Sue Test", vec![Lack::Skill(shop.skills[0], Some(3), 4)]),
            ("Nick Test", vec![Lack::Skill(shop.skills[2], Some(2), 3)]),
        ]);
    }

    /// covers K2.1 (part)
    async fn qualifications_are_told_only_to_who_may_read_them(db: TestStore) {
        let shop = shop(&db).await;
        let (nick, sue) = (shop.company.nick_record, shop.company.sue_record);
        qualify(&shop, nick, "2026-06-30").await;
        qualify(&shop, sue, "2026-06-29").await;
        let coverage = Coverage::new(shop.company.records.clone(), shop.standings.clone());
        let held = async |caller: &Caller, employee| coverage.holders(caller, "epa 608", today()).await.unwrap().of(employee);
        assert_eq!(held(&shop.company.admin, nick).await, Held::Valid, "its last day is today");
        assert_eq!(held(&shop.company.admin, sue).await, Held::NotValid, "it ended yesterday");
        assert_eq!(held(&shop.company.admin, shop.company.nora_record).await, Held::NotValid, "she never had one");
        assert_eq!(held(&shop.company.nora, nick).await, Held::Valid);
        assert_eq!(held(&shop.company.nora, sue).await, Held::Unseen);
        assert_eq!(held(&shop.company.nick, nick).await, Held::Valid);
        assert_eq!(held(&shop.company.nick, sue).await, Held::Unseen);
    }

    /// covers K0.2 (part)
    async fn what_is_missing_on_the_trucks_is_a_list_to_buy_from(db: TestStore) {
        let shop = shop(&db).await;
        let (catalogue, members) = members(&shop).await;
        let missing = gaps(&catalogue, &members);
        let lines: Vec<_> = missing[0].tools.iter().map(|gap| (gap.tool.name.as_str(), gap.people.len())).collect();
        assert_eq!((missing.len(), lines), (1, vec![("Drill", 2), ("Saw", 1)]));
        assert_eq!((missing[0].pieces(), people_in(&missing)), (3, 2));
        let browser = Site::browser(&db, &shop.company, &shop.company.nora);
        let page = browser.get("/truck-stock").await.text();
        assert!(page.contains("To buy: 3 pieces for 2 people who can operate the tool and have none on the truck."));
        let expected = [
            ["Category", "Tool", "Team", "Pieces", "For"],
            ["Carpentry", "Drill", "North", "1", "Nick Test"],
            ["Carpentry", "Drill", "South", "1", "Sue Test"],
            ["Carpentry", "Saw", "South", "1", "Sue Test"],
        ];
        let texts = |rows: &[Vec<Cell>]| rows.iter().map(|row| row.iter().map(|c| c.display().into_owned()).collect::<Vec<_>>()).collect::<Vec<_>>();
        let csv = browser.get("/truck-stock.csv").await;
        assert_eq!(texts(&read_csv(&csv.bytes, &Limits::default()).unwrap().rows), expected);
        let xlsx = browser.get("/truck-stock.xlsx").await;
        assert_eq!(texts(&read_workbook(&xlsx.bytes, &Limits::default()).unwrap()[0].rows), expected);
        assert!(xlsx.header("content-disposition").starts_with("attachment; filename=\"truck-stock-"));
        let south = browser.get(&format!("/truck-stock?team={}", shop.company.south)).await.text();
        assert!(south.contains("To buy: 2 pieces for 1 person who can operate the tool and has none on the truck."));
    }

    /// covers K0.2 (part), K0.1 (part)
    async fn the_pages_say_it_in_words_and_figures(db: TestStore) {
        let shop = shop(&db).await;
        let browser = Site::browser(&db, &shop.company, &shop.company.nora);
        let overview = browser.get("/coverage").await.text();
        let nick = format!("Only <a href=\"/employees/{}\">Nick Test</a> can: Framing, Trim.", shop.company.nick_record);
        assert!(overview.contains(&nick) && overview.contains("4 skills hang on the one person who can do it alone."), "{overview}");
        let path = format!("/coverage?category={}&rating=5", shop.categories[0]);
        let one = browser.get(&path).await.text();
        assert!(one.contains("Nobody can: Framing.") && one.contains("class=\"rated r5\">5"));
        let south = browser.get(&format!("/coverage?team={}&category={}", shop.company.south, shop.categories[1])).await.text();
        assert!(south.contains(">5*</td>") && !south.contains("Nick Test"));
        let path = format!("/who-can?skill={}&min=3&tool={}", shop.skills[0], shop.tools[0]);
        let job = browser.get(&path).await.text();
        assert!(job.contains("1 person can do this. 1 person lacks one thing.") && job.contains("lacks: Saw on truck"), "{job}");
        let nobody = browser.get(&format!("/who-can?skill={}&min=5", shop.skills[2])).await.text();
        assert!(nobody.contains("Nobody can do all of this."));
    }

    /// covers K0.1 (part)
    async fn a_weak_skill_leads_to_a_goal_and_a_strong_one_does_not(db: TestStore) {
        let shop = shop(&db).await;
        let path = format!("/employees/{}/skills", shop.company.nick_record);
        let page = Site::browser(&db, &shop.company, &shop.company.nora).get(&path).await.text();
        let goal = |skill: usize| format!("skill_id={}", shop.skills[skill]);
        // Walls are at 2, so 3 comes next; framing is at 4, alone.
        assert!(page.contains(&format!("{}&#38;target_tenths=3&#38;target_date=", goal(2))), "{page}");
        assert!(!page.contains(&goal(0)));
        let sues = format!("/employees/{}/skills", shop.company.sue_record);
        let page = Site::browser(&db, &shop.company, &shop.company.nora).get(&sues).await.text();
        assert!(!page.contains("Make this a goal"), "she does not lead Sue");
    }

    async fn what_can_not_be_asked_is_said_and_never_fails(db: TestStore) {
        let shop = shop(&db).await;
        let browser = Site::browser(&db, &shop.company, &shop.company.nora);
        for (path, status) in [
            ("/coverage?team=x", StatusCode::UNPROCESSABLE_ENTITY),
            ("/coverage?rating=1", StatusCode::UNPROCESSABLE_ENTITY),
            ("/coverage?rating=99999999999999999999", StatusCode::UNPROCESSABLE_ENTITY),
            ("/coverage?category=0195b0d4-0000-7000-8000-000000000001", StatusCode::NOT_FOUND),
            ("/coverage?page=1000000", StatusCode::OK),
            ("/who-can?skill=&min=3&skill=%00", StatusCode::UNPROCESSABLE_ENTITY),
            ("/who-can?min=9&skill=0195b0d4-0000-7000-8000-000000000001", StatusCode::UNPROCESSABLE_ENTITY),
            ("/who-can?skill=0195b0d4-0000-7000-8000-000000000001", StatusCode::OK),
            ("/who-can?qualification=%3Cscript%3E%00", StatusCode::OK),
            ("/truck-stock?category=y", StatusCode::UNPROCESSABLE_ENTITY),
            ("/truck-stock.csv?nonsense=1", StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, status, "{path}");
            assert!(!answer.text().contains("<script>\0"), "{path}");
        }
        let many = "skill=&".repeat(9);
        assert_eq!(browser.get(&format!("/who-can?{many}")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    /// covers K3.5 (part), K2.1 (part)
    async fn each_look_at_others_leaves_one_entry_without_what_was_seen(db: TestStore) {
        let shop = shop(&db).await;
        let browser = Site::browser(&db, &shop.company, &shop.company.nora);
        let team = format!("team={}", shop.company.north);
        let skill = shop.skills[0];
        for (path, action) in [
            (format!("/coverage?{team}"), "coverage.view"),
            (format!("/who-can?skill={skill}&{team}"), "who_can.view"),
            (format!("/truck-stock?{team}"), "truck_stock.view"),
            (format!("/truck-stock.csv?{team}"), "truck_stock.export"),
            (format!("/truck-stock.xlsx?{team}"), "truck_stock.export"),
        ] {
            assert_eq!(browser.get(&path).await.status, StatusCode::OK, "{path}");
            let (found, resource, outcome, detail) = leaves(&db, 1).await.remove(0);
            assert_eq!((found.as_str(), resource.as_str(), outcome.as_str()), (action, "standing", "success"));
            // Nick and Nora are in North.
            assert!(detail.contains("\"people\":2") && detail.contains("North"), "{detail}");
            assert!(!detail.contains("Nick"), "{detail}");
        }
        let employee = Site::browser(&db, &shop.company, &shop.company.nick);
        for path in ["/coverage", "/who-can", "/truck-stock", "/truck-stock.csv", "/truck-stock.xlsx"] {
            assert_eq!(employee.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
}
