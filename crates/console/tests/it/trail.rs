use palisade_store::{Engine, Housekeeping, SqlBuilder};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    site::{PASSWORD, Site},
};

const PATH: &str = "/admin/trail";

on_both_engines! {
    /// covers K6.1 (part), K6.2 (part)
    async fn the_trail_is_searched_by_all_that_it_says(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        let mia = site.user("mia", &[("kpi", "Employee")]).await;
        site.browser().sign_in("mia", "wrong").await;
        site.browser().sign_in("mia", PASSWORD).await;
        site.trail.flush_seal().await.unwrap();
        browser.get(PATH).await.says("session.start").says("mia Testington").says("root, at the host").says("Wrong password").says("192.0.2.7");
        let found = browser.get(&format!("{PATH}?category=authentication&outcome=failure&resource=user:{mia}")).await;
        found.says("sign_in.try").is_silent_about("session.start");
        browser.get(&format!("{PATH}?actor=mia&action=session.")).await.says("session.start").is_silent_about("user.create");
        browser.get(&format!("{PATH}?q=EMPLOYEE")).await.says("grant.");
        browser.get(&format!("{PATH}?from=2100-01-01")).await.says("Nothing fits");
        browser.get(&format!("{PATH}?until=1999-01-01T00:00")).await.says("Nothing fits");
        for wrong in ["category=x", "outcome=maybe", "from=yesterday", "before=x", "actor=nobody-at-all", "nonsense=1"] {
            let answer = browser.get(&format!("{PATH}?{wrong}")).await;
            assert_eq!(answer.status, 422, "{wrong}");
        }
    }

    async fn reading_the_trail_leaves_a_trace(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        browser.get(&format!("{PATH}?q=secret-interest")).await;
        site.trail.flush_seal().await.unwrap();
        browser.get(PATH).await.says("trail.read");
        browser.get(&format!("{PATH}?q=secret-interest&action=trail.read")).await.says("ada Testington");
        assert_eq!(site.traced("trail.read").await, 3);
    }

    async fn an_entry_tells_what_changed_and_keeps_secrets(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, seed) = site.administrator().await;
        let code = site.code(&seed);
        let fields = [("require_for_everyone", "on"), ("wrong_codes", "4"), ("lockout_minutes", "15"), ("challenge_minutes", "15"), ("proof", &code)];
        browser.submit("/admin/security/multi-factor", &fields).await;
        site.trail.flush_seal().await.unwrap();
        let list = browser.get(&format!("{PATH}?action=policy.update")).await;
        let path = list.body.split("href=\"/admin/trail/").map(|rest| rest.split('"').next().unwrap())
            .find(|rest| rest.parse::<u64>().is_ok()).unwrap().to_owned();
        let entry = browser.get(&format!("{PATH}/{path}")).await;
        entry.says("wrong_codes").says("Firefox/130.0").says("factor_policy").is_silent_about(&code);
        for none in ["999999999", "x", "-1", "99999999999999999999999"] {
            assert_eq!(browser.get(&format!("{PATH}/{none}")).await.status, 404, "{none}");
        }
    }

    /// covers K6.2 (part)
    async fn verification_says_whole_or_where_it_was_changed(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        site.trail.flush_seal().await.unwrap();
        let path = "/admin/trail/verify";
        let whole = browser.submit(path, &[("seals", "")]).await;
        whole.says("The trail is whole").says("Seals stay on this machine");
        let last = site.trail.status().await.unwrap().last_seal.unwrap();
        browser.submit(path, &[("seals", &last)]).await.says("The trail is whole");
        // Nobody but the owner of the tables can do this, and on PostgreSQL not even the server's own user.
        if site.db.store.engine() == Engine::Sqlite {
            tamper(&site).await;
            let found = browser.submit(path, &[("seals", "")]).await;
            assert_eq!(found.status, 200);
            found.says("The trail was tampered with.").says("Entry 1");
        }
    }

    async fn the_trail_is_exported_whole(db: TestStore) {
        let site = Site::new(db).await;
        let (mut browser, _) = site.administrator().await;
        site.trail.flush_seal().await.unwrap();
        let answer = browser.get("/admin/trail/export.jsonl").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"trail.jsonl\"");
        let lines: Vec<serde_json::Value> = answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines.len() > 10, "{}", lines.len());
        answer.is_silent_about(PASSWORD);
        assert_eq!(site.traced("trail.export").await, 1);
    }

    async fn the_own_sign_ins_are_exact_and_nobody_elses(db: TestStore) {
        let site = Site::new(db).await;
        site.user("mia", &[]).await;
        site.user("noah", &[]).await;
        site.browser().sign_in("noah", "wrong").await;
        let mut browser = site.browser();
        browser.sign_in("mia", "wrong").await;
        browser.sign_in("mia", PASSWORD).await;
        site.trail.flush_seal().await.unwrap();
        let page = browser.get("/account/history").await;
        page.says("Signed in").says("Tried to sign in").says("Wrong password").says("192.0.2.7").says("Firefox on Linux");
        assert_eq!(page.body.matches("Tried to sign in").count(), 1);
    }
}

/// What somebody with the database's file can do: take the guard away, then change a row.
async fn tamper(site: &Site) {
    let mut tx = site.db.store.write().await.unwrap();
    for sql in
        ["DROP TRIGGER trail_leaf_is_append_only", "UPDATE trail_leaf SET action = 'nothing.happened' WHERE seq = 1"]
    {
        tx.execute(SqlBuilder::new(sql).build()).await.unwrap();
    }
    tx.commit_housekeeping(Housekeeping::Migration).await.unwrap();
}
