//! Sign-ons on guarded sites: codes, the sessions that begin with them, and what ends those.

use palisade_base::{
    Kind, PlainToken, Span, UserId,
    auth::{HandOff, HeldOnSite, IdentityFor, OnSite, ShownOnSite, SiteSessions as _},
};
use palisade_identity::{
    HandOffTarget, Identity,
    model::{FactorRule, RoleTemplate, SiteDeclaration},
    permissions::console_declaration,
    policy::{self, Admission},
};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{Client, World, host, kpi, open, origin, quick},
};

const STATE: &str = "a-state.of-this-browser";

/// A guarded site with two roles, the second of which asks for a factor.
fn tems() -> SiteDeclaration {
    let role = |name: &'static str, factor| RoleTemplate {
        key: name.into(),
        name: name.into(),
        description: "".into(),
        factor,
        permissions: Vec::new(),
    };
    SiteDeclaration {
        site: "tems".into(),
        label: "tems".into(),
        permissions: Vec::new(),
        roles: vec![role("Staff", FactorRule::Optional), role("Admin", FactorRule::Required)],
    }
}

async fn world(db: palisade_testkit::TestStore) -> World {
    let w = World::new(db).await;
    w.identity.declare(vec![console_declaration(), kpi(), tems()]).await.unwrap();
    w
}

async fn staff(w: &World, name: &str) -> (UserId, Client) {
    let user = w.user(name, &[]).await;
    w.grant(user, "tems", "Staff").await;
    (user, w.signed_in(name, None).await)
}

async fn code(w: &World, client: &Client, site: &str) -> PlainToken {
    let caller = w.caller(client).await;
    w.identity.issue_hand_off(&caller, &client.session.facts, site, STATE).await.unwrap()
}

async fn take(identity: &Identity, site: &str, code: &PlainToken, state: Option<&str>) -> Option<PlainToken> {
    match identity.take_hand_off(HandOff { site, code, state }, origin("192.0.2.7")).await {
        Ok(entry) => Some(entry.token),
        Err(error) => {
            assert_eq!(error.kind(), Kind::Unauthenticated);
            None
        }
    }
}

async fn enter(w: &World, client: &Client) -> PlainToken {
    let code = code(w, client, "tems").await;
    take(&w.identity, "tems", &code, Some(STATE)).await.unwrap()
}

async fn look(identity: &Identity, site: &str, token: &PlainToken, background: bool) -> Option<OnSite> {
    let shown = ShownOnSite { site, token, background, identity_for: None };
    identity.on_site(shown, origin("192.0.2.7")).await.unwrap()
}

async fn is_in(w: &World, token: &PlainToken) -> bool {
    look(&w.identity, "tems", token, true).await.is_some()
}

/// Which of these may still hold something open, as this node sees it.
async fn still(node: &Identity, tokens: &[&PlainToken]) -> Vec<bool> {
    let held: Vec<_> = tokens.iter().map(|token| HeldOnSite { site: "tems", token: token.hashed() }).collect();
    node.still_on_site(&held).await.unwrap()
}

on_both_engines! {
    async fn a_code_begins_one_session_on_its_site(db: TestStore) {
        let w = world(db).await;
        let (user, client) = staff(&w, "ada").await;
        let token = enter(&w, &client).await;
        let there = look(&w.identity, "tems", &token, false).await.unwrap();
        assert_eq!(
            (there.user.id, there.user.login.as_str(), there.user.roles.as_slice()),
            (user, "ada", &["Staff".to_owned()][..])
        );
        assert_eq!(there.user.email.as_deref(), Some("ada@handy.example"));
        assert_eq!(there.session.id, client.session.facts.id);
        // Neither is it the console's cookie, nor another site's.
        assert!(look(&w.identity, "other", &token, false).await.is_none());
        assert!(!w.is_live(&token).await);
        assert!(look(&w.identity, "tems", &client.session.token, false).await.is_none());
        assert_eq!(w.traced("site_session.start success").await, 1);
    }

    async fn a_code_that_comes_twice_ends_what_it_began(db: TestStore) {
        let w = world(db).await;
        let (_, client) = staff(&w, "ada").await;
        let code = code(&w, &client, "tems").await;
        let first = take(&w.identity, "tems", &code, Some(STATE)).await.unwrap();
        assert!(is_in(&w, &first).await);
        assert!(take(&w.identity, "tems", &code, Some(STATE)).await.is_none());
        assert!(!is_in(&w, &first).await);
        assert_eq!(w.traced("hand_off.take failure:replayed").await, 1);
        assert!(w.is_live(&client.session.token).await, "the sign-on itself goes on");
    }

    async fn a_code_works_for_its_browser_its_site_and_its_minute_only(db: TestStore) {
        let w = world(db).await;
        let (_, client) = staff(&w, "ada").await;
        for (site, state, reason) in [
            ("tems", None, "another_browser"),
            ("tems", Some("another-state"), "another_browser"),
            ("other", Some(STATE), "another_site"),
        ] {
            let code = code(&w, &client, "tems").await;
            assert!(take(&w.identity, site, &code, state).await.is_none());
            // It is spent by that.
            assert!(take(&w.identity, "tems", &code, Some(STATE)).await.is_none());
            assert!(w.traced(&format!("hand_off.take failure:{reason}")).await > 0, "{reason}");
        }
        let late = code(&w, &client, "tems").await;
        w.advance(Span::seconds(61));
        assert!(take(&w.identity, "tems", &late, Some(STATE)).await.is_none());
        assert_eq!(w.traced("hand_off.take failure:expired").await, 1);
        let unknown = PlainToken::from_client("nobody-ever-made-this").unwrap();
        assert!(take(&w.identity, "tems", &unknown, Some(STATE)).await.is_none());
        assert_eq!(w.traced("hand_off.take failure:unknown").await, 1);
    }

    async fn a_code_of_a_sign_on_that_is_over_begins_nothing(db: TestStore) {
        let w = world(db).await;
        let (_, client) = staff(&w, "ada").await;
        let code = code(&w, &client, "tems").await;
        let caller = w.caller(&client).await;
        w.identity.sign_out(&caller, &client.session.facts).await.unwrap();
        assert!(take(&w.identity, "tems", &code, Some(STATE)).await.is_none());
        assert_eq!(w.traced("hand_off.take failure:session_over").await, 1);
    }

    /// covers K1.4 (part)
    async fn a_site_session_ends_with_its_sign_on(db: TestStore) {
        let w = world(db).await;
        let (_, client) = staff(&w, "ada").await;
        let token = enter(&w, &client).await;
        let caller = w.caller(&client).await;
        w.identity.sign_out(&caller, &client.session.facts).await.unwrap();
        assert!(!is_in(&w, &token).await);

        let (user, client) = staff(&w, "bea").await;
        let token = enter(&w, &client).await;
        let permit = policy::permit_change_users(&host()).unwrap();
        w.identity.disable_user(&host(), &permit, user).await.unwrap();
        assert!(!is_in(&w, &token).await);

        let (_, client) = staff(&w, "cleo").await;
        let token = enter(&w, &client).await;
        w.signed_in("cleo", None).await;
        assert!(!is_in(&w, &token).await, "one sign-on at a time");
    }

    /// covers K1.4 (part)
    async fn what_stays_open_is_asked_about_in_one_question_and_seen_to_end_on_every_node(db: TestStore) {
        let w = world(db).await;
        let other = open(&w.db, w.db.store.clone(), quick()).await;
        let mut open = Vec::new();
        for name in ["ada", "bea", "cleo", "dora", "elsa", "fay"] {
            let (user, client) = staff(&w, name).await;
            let token = enter(&w, &client).await;
            open.push((user, client, token));
        }
        let tokens: Vec<&PlainToken> = open.iter().map(|(.., token)| token).collect();
        assert_eq!(still(&other, &tokens).await, [true; 6]);
        // Each ends in a way of its own; the other node has not been asked by a request since.
        let (_, ada, _) = &open[0];
        w.identity.sign_out(&w.caller(ada).await, &ada.session.facts).await.unwrap();
        let permit = policy::permit_end_sessions(&host()).unwrap();
        w.identity.end_session(&host(), &permit, open[1].1.session.facts.id).await.unwrap();
        let change = policy::permit_change_users(&host()).unwrap();
        w.identity.disable_user(&host(), &change, open[2].0).await.unwrap();
        let give = policy::permit_give_roles(&host()).unwrap();
        w.identity.revoke_role(&host(), &give, open[3].0, w.role("tems", "Staff").await).await.unwrap();
        w.signed_in("elsa", None).await;
        assert_eq!(still(&other, &tokens).await, [false, false, false, false, false, true]);
        w.identity.end_all_sessions(&host(), &permit).await.unwrap();
        assert_eq!(still(&other, &tokens).await, [false; 6]);
    }

    /// covers K1.4 (part)
    async fn what_stays_open_is_no_use_of_the_session_and_is_its_sites_alone(db: TestStore) {
        let w = world(db).await;
        let (_, client) = staff(&w, "ada").await;
        let token = enter(&w, &client).await;
        let elsewhere = [HeldOnSite { site: "other", token: token.hashed() }];
        assert_eq!(w.identity.still_on_site(&elsewhere).await.unwrap(), [false]);
        assert_eq!(still(&w.identity, &[&client.session.token]).await, [false], "a token of the console is none");
        for _ in 0..29 {
            w.advance(Span::minutes(1));
            assert_eq!(still(&w.identity, &[&token]).await, [true]);
        }
        w.advance(Span::minutes(1));
        assert_eq!(still(&w.identity, &[&token]).await, [false]);
        assert_eq!(still(&w.identity, &[]).await, [false; 0]);
    }

    /// covers K1.4 (part)
    async fn site_sessions_are_no_sign_ons_of_their_own(db: TestStore) {
        let w = world(db).await;
        let (_, client) = staff(&w, "ada").await;
        let (first, second) = (enter(&w, &client).await, enter(&w, &client).await);
        assert!(is_in(&w, &first).await && is_in(&w, &second).await);
        assert!(w.is_live(&client.session.token).await);
    }

    async fn signing_out_on_the_site_ends_the_whole_sign_on(db: TestStore) {
        let w = world(db).await;
        let (_, client) = staff(&w, "ada").await;
        let token = enter(&w, &client).await;
        w.identity.end_sign_on("other", &token, origin("192.0.2.7")).await.unwrap();
        assert!(is_in(&w, &token).await, "another site's token ends nothing");
        w.identity.end_sign_on("tems", &token, origin("192.0.2.7")).await.unwrap();
        assert!(!is_in(&w, &token).await && !w.is_live(&client.session.token).await);
        assert_eq!(w.traced("session.end success").await, 1);
    }

    /// covers K1.4 (part)
    async fn use_of_the_site_keeps_the_sign_on_alive_and_polling_does_not(db: TestStore) {
        let w = world(db).await;
        let (_, client) = staff(&w, "ada").await;
        let token = enter(&w, &client).await;
        w.advance(Span::minutes(20));
        assert!(look(&w.identity, "tems", &token, false).await.is_some());
        w.advance(Span::minutes(20));
        assert!(w.is_live(&client.session.token).await);
        w.advance(Span::minutes(20));
        assert!(look(&w.identity, "tems", &token, true).await.is_some());
        w.advance(Span::minutes(11));
        assert!(look(&w.identity, "tems", &token, true).await.is_none());
    }

    async fn another_role_asks_the_console_again(db: TestStore) {
        let w = world(db).await;
        let (user, client) = staff(&w, "ada").await;
        let token = enter(&w, &client).await;
        let permit = policy::permit_give_roles(&host()).unwrap();
        w.identity.revoke_role(&host(), &permit, user, w.role("tems", "Staff").await).await.unwrap();
        assert!(!is_in(&w, &token).await);
        let target = HandOffTarget { site: "tems", roles: &["Staff".to_owned(), "Admin".to_owned()] };
        let admission = w.identity.admission(&client.session.facts, &target).await.unwrap();
        assert_eq!(admission, Admission::NoRole);
    }

    /// covers K1.2 (part)
    async fn a_role_that_waits_for_a_factor_opens_nothing(db: TestStore) {
        let w = world(db).await;
        let user = w.user("ada", &[]).await;
        let client = w.signed_in("ada", None).await;
        w.grant(user, "tems", "Admin").await;
        let target = HandOffTarget { site: "tems", roles: &["Admin".to_owned()] };
        let admission = async || w.identity.admission(&client.session.facts, &target).await.unwrap();
        assert_eq!(admission().await, Admission::NeedsFactor);
        let token = enter(&w, &client).await;
        assert_eq!(look(&w.identity, "tems", &token, true).await.unwrap().user.roles, [""; 0]);
    }

    /// Attack: a made-up cookie in every request, so that each costs a query.
    async fn a_made_up_token_is_told_without_asking_the_database(db: TestStore) {
        let w = world(db).await;
        let (_, client) = staff(&w, "ada").await;
        let token = enter(&w, &client).await;
        w.db.store.close().await;
        let made_up = PlainToken::from_client(&token.reveal().replace(|c: char| c.is_ascii_digit(), "x")).unwrap();
        assert!(look(&w.identity, "tems", &made_up, true).await.is_none());
        assert!(look(&w.identity, "other", &token, true).await.is_none());
        let shown = ShownOnSite { site: "tems", token: &token, background: true, identity_for: None };
        assert!(w.identity.on_site(shown, origin("192.0.2.7")).await.is_err(), "the real one is looked for");
    }

    async fn another_node_takes_the_code_and_knows_the_session(db: TestStore) {
        let w = world(db).await;
        let (_, client) = staff(&w, "ada").await;
        let code = code(&w, &client, "tems").await;
        let other = open(&w.db, w.db.store.clone(), quick()).await;
        let token = take(&other, "tems", &code, Some(STATE)).await.unwrap();
        assert!(is_in(&w, &token).await);
        assert!(look(&other, "tems", &token, true).await.is_some());
    }

    async fn a_role_made_by_hand_becomes_the_declared_one_of_its_name(db: TestStore) {
        let w = world(db).await;
        let permit = policy::permit_change_roles(&host()).unwrap();
        let new = palisade_identity::model::NewRole {
            site: "tems".into(),
            name: "Auditor".into(),
            description: "".into(),
            factor: FactorRule::Optional,
            permissions: Vec::new(),
        };
        let made = w.identity.create_role(&host(), &permit, new).await.unwrap();
        let mut declared = tems();
        declared.roles.push(RoleTemplate { key: "Auditor".into(), name: "Auditor".into(), ..declared.roles[0].clone() });
        w.identity.declare(vec![console_declaration(), kpi(), declared]).await.unwrap();
        assert_eq!(w.role("tems", "Auditor").await, made);
    }

    async fn an_identity_token_is_verified_by_the_published_keys(db: TestStore) {
        let w = world(db).await;
        let (user, client) = staff(&w, "ada").await;
        let token = enter(&w, &client).await;
        let identity_for = Some(IdentityFor { issuer: "https://guard.example", audience: "https://tems.example" });
        let shown = ShownOnSite { site: "tems", token: &token, background: false, identity_for };
        let jwt = w.identity.on_site(shown, origin("192.0.2.7")).await.unwrap().unwrap().token.unwrap();
        let keys = w.identity.identity_keys().await.unwrap();
        let claims = crate::jwt::verify(&jwt, &keys).unwrap();
        let now = w.now().as_micros() / 1_000_000;
        assert_eq!(claims["sub"], user.to_string());
        assert_eq!((&claims["iss"], &claims["aud"]), (&"https://guard.example".into(), &"https://tems.example".into()));
        assert_eq!((&claims["preferred_username"], &claims["name"]), (&"ada".into(), &"Given ada".into()));
        assert_eq!(claims["roles"], serde_json::json!(["Staff"]));
        assert_eq!((&claims["iat"], &claims["exp"]), (&now.into(), &(now + 60).into()));
        // What is changed in it counts no more.
        let mut parts: Vec<String> = jwt.split('.').map(str::to_owned).collect();
        parts[1] = data_encoding::BASE64URL_NOPAD.encode(br#"{"sub":"admin"}"#);
        assert!(crate::jwt::verify(&parts.join("."), &keys).is_none());
    }

    async fn keys_change_with_an_overlap(db: TestStore) {
        let w = world(db).await;
        let (_, client) = staff(&w, "ada").await;
        let kids = async || -> Vec<String> {
            let keys = w.identity.identity_keys().await.unwrap();
            keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
        };
        let first = kids().await;
        assert_eq!(first.len(), 1);
        w.advance(Span::minutes(30 * 24 * 60 - 30));
        let both = kids().await;
        assert_eq!((both.len(), both.contains(&first[0])), (2, true));
        w.advance(Span::minutes(90));
        assert_eq!(kids().await.len(), 2, "the old one is still known");
        w.advance(Span::minutes(90));
        let last = kids().await;
        assert_eq!((last.len(), last.contains(&first[0])), (1, false));
        drop(client);
    }
}
