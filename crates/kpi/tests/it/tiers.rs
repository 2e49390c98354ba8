//! Tiers: what they ask for, who is how far from them, and promotion.

use http::StatusCode;
use palisade_base::{Kind, RecordId};
use palisade_kpi::{
    standing::Filter,
    tiers::{Evidence, NewPromotion, STATEMENTS, Tiers},
    types::{EMPLOYEE, PROMOTION, TIER_RULE},
};
use palisade_records::{Draft, transfer::RowOutcome};
use palisade_store::Value;
use palisade_testkit::{TestStore, on_both_engines, prepare_all};
use serde_json::json;

use crate::{
    MIGRATOR,
    company::{all, leaves},
    site::Site,
    standing::{Sheet, Shop},
};

fn tiers(shop: &Shop) -> Tiers {
    Tiers::new(shop.company.records.clone(), shop.standings.clone())
}

async fn reviewed(shop: &Shop, db: &TestStore, employee: RecordId, ratings: &[(usize, i64)]) {
    let sheet =
        Sheet { employee, kind: "manager", state: "reviewed", on: "2026-05-04", amends: None, ratings, tools: &[] };
    shop.put(db, &sheet).await;
}

/// Takes every rule of the tier out of use, and makes this one.
async fn only_rule(shop: &Shop, tier: RecordId, rule: Draft) -> RecordId {
    let (records, admin) = (&shop.company.records, &shop.company.admin);
    for known in all(records, admin, &TIER_RULE).await {
        if known.value("tier_id") == Some(&Value::from(tier)) {
            records.archive(admin, &TIER_RULE, (known.id, known.version)).await.unwrap();
        }
    }
    records.create(admin, &TIER_RULE, &rule.text("tier_id", tier.to_string())).await.unwrap().id
}

on_both_engines! {
    async fn statements_are_valid(db: TestStore) {
        prepare_all(&db, STATEMENTS).await;
    }

    async fn the_rules_that_a_site_begins_with_say_what_the_guide_says(db: TestStore) {
        let shop = Shop::new(&db).await;
        let tiers = tiers(&shop);
        let mut words = Vec::new();
        for tier in tiers.list(&shop.company.admin).await.unwrap() {
            let tried = tiers.try_out(&shop.company.admin, tier.id).await.unwrap();
            words.extend(tried.rules.into_iter().map(|(_, words, _)| format!("{}: {words}", tier.number)));
        }
        words.sort();
        let covered = "with at least 50 % of their skills rated";
        let mut expected = [
            format!("1: At least 3 categories with a mean of 2.0 or more, {covered}"),
            format!("2: At least 4 categories with a mean of 3.0 or more, {covered}"),
            "2: Can operate at least 60 % of the general tools".to_owned(),
            format!("3: At least 3 categories with a mean of 4.0 or more, {covered}"),
            format!("3: At least 7 categories with a mean of 3.0 or more, {covered}"),
            "3: Can operate at least 80 % of the general tools".to_owned(),
            "3: Has at least 50 % of the general tools on the truck".to_owned(),
            format!("4: At least 6 categories with a mean of 4.0 or more, {covered}"),
            "4: Can operate at least 90 % of the general tools".to_owned(),
            "4: Expert in at least 1 category: a mean of 4.5 or more, no rating below 4, at least 50 % of the ratings a 5, \
             with at least 50 % of its skills rated".to_owned(),
            "4: Has at least 75 % of the general tools on the truck".to_owned(),
            format!("5: At least 6 categories with a mean of 4.0 or more, {covered}"),
            "5: Can operate at least 90 % of the general tools".to_owned(),
            format!("5: Expert in at least 3 categories: a mean of 4.5 or more, no rating below 4, at least 50 % of the \
             ratings a 5, {covered}"),
            "5: Has at least 75 % of the general tools on the truck".to_owned(),
            "5: Trains others".to_owned(),
        ];
        expected.sort();
        assert_eq!(words, expected);
    }

    async fn a_rule_that_says_nothing_is_refused_with_what_to_do(db: TestStore) {
        let shop = Shop::new(&db).await;
        let (records, admin, tier) = (&shop.company.records, &shop.company.admin, shop.company.tiers[2].to_string());
        let wrong = async |kind: &str, fields: &[(&str, &str)]| {
            let draft = Draft::new().text("tier_id", tier.as_str()).text("kind", kind);
            let draft = fields.iter().fold(draft, |draft, (name, value)| draft.text(*name, *value));
            let error = records.create(admin, &TIER_RULE, &draft).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Invalid);
            error.fields().iter().map(|field| format!("{}: {}", field.field, field.message)).collect::<Vec<_>>()
        };
        assert_eq!(wrong("categories", &[("times", "3")]).await, ["mean_tenths: “Categories with a mean” needs this."]);
        assert_eq!(
            wrong("trains_others", &[("share", "50")]).await,
            ["share: Leave this empty: “Trains others” does not look at it."]
        );
        assert_eq!(
            wrong("tools_operable", &[("share", "50")]).await,
            ["tools: Choose all tools, the general list, or one category."]
        );
        assert_eq!(wrong("experts", &[]).await.len(), 4);
        assert_eq!(wrong("categories", &[("times", "0"), ("mean_tenths", "5.5")]).await.len(), 2);
    }

    async fn a_rule_is_met_or_short_by_so_much(db: TestStore) {
        let shop = Shop::new(&db).await;
        let (nick, admin) = (shop.company.nick_record, &shop.company.admin);
        // Carpentry: (4 + 5) / 2 = 4.50, a half of it 5; Painting: walls 3, ceilings unrated.
        reviewed(&shop, &db, nick, &[(0, 4), (1, 5), (2, 3)]).await;
        let tiers = tiers(&shop);
        let craftsman = shop.company.tiers[2];
        let held = async |rule: Draft| {
            only_rule(&shop, craftsman, rule).await;
            let readiness = tiers.readiness(admin, nick).await.unwrap();
            assert_eq!(readiness.next.as_ref().unwrap().id, craftsman, "the next one is asked about");
            (readiness.answer(), readiness.checks[0].clone())
        };
        let categories = |times: &str, mean: &str| Draft::new().text("kind", "categories").text("times", times).text("mean_tenths", mean);
        let (answer, check) = held(categories("1", "4.5")).await;
        assert_eq!((answer.as_str(), check.is_met, check.finding.as_str()), ("Ready for Craftsman: 1 of 1 met.", true, "1 of 1"));
        let (answer, check) = held(categories("2", "4.0")).await;
        assert_eq!((answer.as_str(), check.finding.as_str()), ("Not ready for Craftsman yet: 0 of 1 met.", "1 of 2, so 1 short"));
        let Evidence::Categories { counting, nearest } = &check.evidence else { unreachable!() };
        assert_eq!((counting[0].name.as_str(), counting[0].mean.unwrap().two_decimals()), ("Carpentry", "4.50".into()));
        assert_eq!((nearest[0].name.as_str(), nearest[0].lacks.as_slice()), ("Painting", ["1.00 short of 4.0".to_owned()].as_slice()));
        let (_, check) = held(categories("2", "3.0").text("coverage", "51")).await;
        let Evidence::Categories { nearest, .. } = &check.evidence else { unreachable!() };
        assert_eq!(nearest[0].lacks, ["1 more skill to be rated"]);
        let expert = Draft::new().text("kind", "experts").text("times", "1").text("mean_tenths", "4.5").text("rating", "4");
        assert!(held(expert.clone().text("share", "50")).await.1.is_met);
        let (_, check) = held(expert.text("share", "51")).await;
        let Evidence::Categories { nearest, .. } = &check.evidence else { unreachable!() };
        assert_eq!(nearest[0].lacks, ["1 more rated 5"]);
        assert_eq!(nearest[1].lacks, ["1.50 short of 4.5", "1 rating below 4", "1 more rated 5"]);
        let one = Draft::new().text("kind", "category").text("mean_tenths", "3.5").text("category_id", shop.categories[1].to_string());
        assert_eq!(held(one).await.1.finding, "0.50 short of 3.5");
        let share = Draft::new().text("kind", "skills").text("rating", "4").text("share", "75");
        let (_, check) = held(share).await;
        assert_eq!((check.words.as_str(), check.finding.as_str()),
            ("At least 75 % of all skills rated 4 or higher", "2 of 4 rated 4 or higher (50 %), so 1 skill short"));
        assert_eq!(held(Draft::new().text("kind", "trains_others")).await.1.finding, "An administrator has not set it");
        let employee = shop.company.employee(nick).await;
        shop.company.records.update(admin, &EMPLOYEE, (nick, employee.version), &Draft::new().text("trains_others", "yes")).await.unwrap();
        assert!(held(Draft::new().text("kind", "trains_others")).await.1.is_met);
    }

    async fn tools_count_as_a_share_of_all_that_there_are(db: TestStore) {
        let shop = Shop::new(&db).await;
        let nick = shop.company.nick_record;
        let tools = [(0, Some(true), Some(true))];
        shop.put(&db, &Sheet { employee: nick, kind: "manager", state: "completed", on: "2026-05-04", amends: None, ratings: &[], tools: &tools }).await;
        let held = async |kind: &str, list: &str, share: &str| {
            let rule = Draft::new().text("kind", kind).text("tools", list).text("share", share);
            only_rule(&shop, shop.company.tiers[2], rule).await;
            tiers(&shop).readiness(&shop.company.admin, nick).await.unwrap().checks[0].finding.clone()
        };
        assert_eq!(held("tools_operable", "all", "50").await, "1 of 2 they can operate (50 %)");
        assert_eq!(held("tools_stocked", "all", "51").await, "1 of 2 on the truck (50 %), so 1 tool short");
        assert_eq!(held("tools_stocked", "general", "50").await, "There are no such tools in the catalogue: change the rule");
    }

    /// covers K6.1 (part)
    async fn a_promotion_is_a_decision_with_its_reason_and_evidence(db: TestStore) {
        let shop = Shop::new(&db).await;
        let company = &shop.company;
        let (nick, from, to) = (company.nick_record, company.tiers[1], company.tiers[2]);
        let tiers = tiers(&shop);
        let new = NewPromotion { employee: nick, from, to, reason: " Ran the Hill job alone. ".into() };
        let id = tiers.promote(&company.nora, &new).await.unwrap();
        assert_eq!(company.employee(nick).await.text("tier_id").unwrap(), "Craftsman");
        let (action, resource, outcome, detail) = leaves(&db, 1).await.remove(0);
        assert_eq!((action.as_str(), resource, outcome.as_str()), ("promotion.create", format!("employee:{nick}"), "success"));
        let detail: serde_json::Value = serde_json::from_str(&detail).unwrap();
        assert_eq!(detail["changes"], json!([{ "field": "tier_id", "before": from.to_string(), "after": to.to_string() }]));
        assert_eq!(detail["reason"], "Ran the Hill job alone.");
        let kept = company.records.get(&company.nick, &PROMOTION, id).await.unwrap();
        assert_eq!(kept.text("reason").unwrap(), "Ran the Hill job alone.");
        assert!(kept.text("evidence").unwrap().starts_with("Not ready for Craftsman yet: 0 of 4 met.\nNot met: "));
        let error = tiers.promote(&company.nora, &new).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict, "what was decided on is not so any more");
        let down = NewPromotion { from: to, to: from, reason: "A mistake.".into(), ..new.clone() };
        tiers.promote(&company.nora, &down).await.unwrap();
        for (wrong, field) in [(NewPromotion { reason: "  ".into(), ..new.clone() }, "reason"), (NewPromotion { to: from, ..new.clone() }, "to")] {
            assert_eq!(tiers.promote(&company.nora, &wrong).await.unwrap_err().fields()[0].field, field);
        }
    }

    /// covers K2.1 (part)
    async fn nobody_promotes_themselves_or_whom_they_do_not_lead(db: TestStore) {
        let shop = Shop::new(&db).await;
        let company = &shop.company;
        let tiers = tiers(&shop);
        let new = |employee: RecordId, from: usize| NewPromotion { employee, from: company.tiers[from], to: company.tiers[4], reason: "Best.".into() };
        let error = tiers.promote(&company.nora, &new(company.nora_record, 3)).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Denied, "Somebody else has to decide about your tier."));
        assert_eq!(leaves(&db, 1).await.remove(0).2, "failure:denied");
        assert_eq!(tiers.promote(&company.nora, &new(company.sue_record, 1)).await.unwrap_err().kind(), Kind::Denied);
        assert_eq!(tiers.promote(&company.nick, &new(company.nick_record, 1)).await.unwrap_err().kind(), Kind::Denied);
        assert_eq!(tiers.readiness(&company.nick, company.sue_record).await.unwrap_err().kind(), Kind::NotFound);
        assert_eq!(tiers.readiness(&company.nora, company.sue_record).await.unwrap_err().kind(), Kind::NotFound);
        let before = shop.standings.all(&company.admin, &Filter::default()).await.unwrap();
        assert_eq!(before.iter().map(|member| member.tier_number).collect::<Vec<_>>(), [4, 2, 2]);
    }

    async fn a_file_gives_nobody_another_tier(db: TestStore) {
        let shop = Shop::new(&db).await;
        let (records, admin) = (&shop.company.records, &shop.company.admin);
        let file = "Number,Given name,Family name,Tier,Hired on\r\nN-1,Nick,Test,Craftsman,2024-03-01\r\n";
        let file = file.replace("Number", "Employee number");
        let id = records.check_import(admin, &EMPLOYEE, ("people.csv", file.as_bytes())).await.unwrap();
        let report = records.preview_import(admin, &EMPLOYEE, id).await.unwrap();
        let RowOutcome::Wrong(reasons) = &report.rows[0].outcome else { unreachable!("{report:?}") };
        assert_eq!(reasons, &["Tier: Another tier is a promotion, with its reason: decide on it on their page."]);
    }

    async fn the_checklist_and_the_promotion_are_pages(db: TestStore) {
        let shop = Shop::new(&db).await;
        let company = &shop.company;
        let nick = company.nick_record;
        reviewed(&shop, &db, nick, &[(0, 4), (1, 5), (2, 3)]).await;
        let manager = Site::browser(&db, company, &company.nora);
        let path = format!("/employees/{nick}/readiness");
        let page = manager.get(&path).await.text();
        for words in ["Not ready for Craftsman yet: 0 of 4 met.", "1 category counts", "0 of 4 met", "Change tier"] {
            assert!(page.contains(words), "{words}:\n{page}");
        }
        assert_eq!(leaves(&db, 1).await.remove(0).0, "employee.view");
        let lead = manager.get(&format!("{path}?tier={}", company.tiers[0])).await.text();
        assert!(lead.contains("Not ready for Apprentice yet"), "{lead}");
        assert_eq!(manager.get(&format!("{path}?tier=x")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let form = format!("/employees/{nick}/promote");
        assert!(manager.get(&form).await.text().contains("Nick Test is Handyman now."));
        let (from, to) = (company.tiers[1].to_string(), company.tiers[2].to_string());
        let without = manager.post(&form, &[("from", &from), ("to", &to), ("reason", "")]).await;
        assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(without.text().contains("Say why"));
        let done = manager.post(&form, &[("from", &from), ("to", &to), ("reason", "Ready <b>now</b>.")]).await;
        assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, path.as_str()));
        let again = manager.post(&form, &[("from", &from), ("to", &to), ("reason", "Twice")]).await;
        assert_eq!(again.status, StatusCode::CONFLICT);
        let list = manager.get("/promotions").await.text();
        assert!(list.contains("1 promotion") && list.contains("Craftsman") && !list.contains("Import"), "{list}");
        let kept = all(&company.records, &company.admin, &PROMOTION).await.remove(0);
        let shown = manager.get(&format!("/promotions/{}", kept.id)).await.text();
        assert!(shown.contains("Ready &#60;b&#62;now") && !shown.contains("Archive"), "{shown}");
        let nicks = Site::browser(&db, company, &company.nick);
        assert_eq!(nicks.get(&path).await.status, StatusCode::OK);
        assert_eq!(nicks.get(&form).await.status, StatusCode::FORBIDDEN);
        assert_eq!(manager.get(&format!("/employees/{}/readiness", company.sue_record)).await.status, StatusCode::NOT_FOUND);
        let json = manager.get(&format!("/api/v1{path}")).await.json();
        assert_eq!(json["data"]["next_tier"]["name"], "Master Craftsman");
        assert_eq!(json["data"]["rules"].as_array().unwrap().len(), 4);
    }

    async fn the_list_of_rules_says_each_in_words(db: TestStore) {
        let shop = Shop::new(&db).await;
        let page = Site::browser(&db, &shop.company, &shop.company.admin).get("/tier-rules").await.text();
        for words in [
            "Expert in at least 1 category: a mean of 4.5 or more, no rating below 4, at least 50 % of the ratings a 5, with at least 50 % of its skills rated",
            "Can operate at least 60 % of the general tools",
            "Trains others",
        ] {
            assert!(page.contains(words), "{words}:\n{page}");
        }
        assert!(!page.contains("Coverage in percent") && !page.contains("How many categories"), "{page}");
    }

    async fn a_rules_page_says_it_in_words_and_tries_its_tier_out(db: TestStore) {
        let shop = Shop::new(&db).await;
        let company = &shop.company;
        reviewed(&shop, &db, company.nick_record, &[(0, 4), (1, 5)]).await;
        let rule = Draft::new().text("kind", "categories").text("times", "1").text("mean_tenths", "4.5");
        let rule = only_rule(&shop, company.tiers[2], rule).await;
        let page = Site::browser(&db, company, &company.admin).get(&format!("/tier-rules/{rule}")).await.text();
        for words in ["At least 1 category with a mean of 4.5 or more.", "1 of 3 people meets everything that Craftsman asks for now"] {
            assert!(page.contains(words), "{words}:\n{page}");
        }
    }
}
