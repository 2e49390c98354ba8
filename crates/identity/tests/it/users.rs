//! Users: making, finding, changing, disabling.

use palisade_base::{Kind, auth::SessionState};
use palisade_identity::{
    model::{EmailAddress, InitialPassword, NewUser, PersonOf, UserFilter, UserName, UserStatus},
    policy,
};
use palisade_records::directory::NewPerson;
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{GOOD, OTHER, World, assert_vague, host, origin, secret},
};

fn new(name: &str, email: Option<&str>) -> NewUser {
    NewUser {
        person: PersonOf::New(NewPerson::parse("Ada", "Lovelace", "", "").unwrap()),
        user_name: UserName::parse(name).unwrap(),
        email: email.map(|email| EmailAddress::parse(email).unwrap()),
        password: InitialPassword::None,
    }
}

on_both_engines! {
    async fn names_are_taken_once_and_a_person_has_one_user(db: TestStore) {
        let w = World::new(db).await;
        let permit = policy::permit_create_users(&host()).unwrap();
        let ada = w.identity.create_user(&host(), &permit, new("ada", Some("ada@handy.example"))).await.unwrap();
        let field = async |new: NewUser| {
            let error = w.identity.create_user(&host(), &permit, new).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Invalid);
            error.fields()[0].field.to_string()
        };
        assert_eq!(field(new("ADA", None)).await, "user_name");
        assert_eq!(field(new("bob", Some("Ada@Handy.Example"))).await, "email");
        assert_eq!(field(NewUser { person: PersonOf::Existing(ada.person), ..new("bob", None) }).await, "person");
        let weak = InitialPassword::Temporary(secret("Lovelace-1843x"));
        assert_eq!(field(NewUser { password: weak, ..new("bob", None) }).await, "password");
        // A refused user leaves no person behind either.
        let people = palisade_store::SqlBuilder::new("SELECT count(*) AS n FROM person").build();
        let n: i64 = w.db.store.read().await.unwrap().fetch_one(people).await.unwrap().get("n").unwrap();
        assert_eq!(n, 1);
    }

    async fn a_user_without_a_password_gets_in_by_a_link_only(db: TestStore) {
        let w = World::new(db).await;
        let permit = policy::permit_create_users(&host()).unwrap();
        let ada = w.identity.create_user(&host(), &permit, new("ada", None)).await.unwrap();
        assert_vague(w.try_password("ada", "").await);
        assert_vague(w.try_password("ada", GOOD).await);
        let change = policy::permit_change_users(&host()).unwrap();
        let link = w.identity.issue_password_link(&host(), &change, ada.id).await.unwrap();
        assert!(w.identity.open_password_link(&link.token, &secret("Lovelace-1843x"), origin("192.0.2.1")).await.is_err());
        w.identity.open_password_link(&link.token, &secret(GOOD), origin("192.0.2.1")).await.unwrap();
        assert_eq!(w.try_password("ada", GOOD).await.unwrap().facts.state, SessionState::Full);
    }

    /// covers K2.2 (part)
    async fn a_leavers_access_ends_at_once(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &["employee"]).await;
        let client = w.signed_in("ada", None).await;
        assert!(w.is_live(&client.session.token).await);
        let permit = policy::permit_change_users(&host()).unwrap();
        w.identity.disable_user(&host(), &permit, ada).await.unwrap();
        assert!(!w.is_live(&client.session.token).await);
        assert_vague(w.try_password("ada", GOOD).await);
        w.identity.enable_user(&host(), &permit, ada).await.unwrap();
        assert!(!w.is_live(&client.session.token).await, "old sessions stay dead");
        w.try_password("ada", GOOD).await.unwrap();
        assert_eq!((w.traced("user.disable success").await, w.traced("user.enable success").await), (1, 1));
    }

    /// covers K2.2 (part)
    async fn a_user_who_must_change_the_password_is_led_to_it(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &["employee"]).await;
        let client = w.signed_in("ada", None).await;
        let permit = policy::permit_change_users(&host()).unwrap();
        w.identity.require_password_change(&host(), &permit, ada).await.unwrap();
        assert!(!w.is_live(&client.session.token).await);
        assert_eq!(w.try_password("ada", GOOD).await.unwrap().facts.state, SessionState::OwesPassword);
    }

    async fn users_are_found_by_any_of_their_names(db: TestStore) {
        let w = World::new(db).await;
        let (_, bob) = (w.user("ada", &["employee"]).await, w.user("bob_x", &[]).await);
        w.user("carol", &[]).await;
        let permit = policy::permit_read_users(&host()).unwrap();
        let change = policy::permit_change_users(&host()).unwrap();
        w.identity.disable_user(&host(), &change, bob).await.unwrap();
        let find = async |search: &str, status| {
            let filter = UserFilter { search: search.into(), status, offset: 0, limit: 50 };
            let (rows, total) = w.identity.list_users(&permit, &filter).await.unwrap();
            assert_eq!(rows.len() as i64, total);
            rows.into_iter().map(|row| row.user.user_name.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(find("", None).await, "ada bob_x carol");
        assert_eq!(find("CAROL@handy", None).await, "carol");
        assert_eq!(find("given ada", None).await, "ada");
        let create = policy::permit_create_users(&host()).unwrap();
        let elodie = PersonOf::New(NewPerson::parse("\u{c9}lodie", "\u{d8}stby", "", "").unwrap());
        w.identity.create_user(&host(), &create, NewUser { person: elodie, ..new("elo", None) }).await.unwrap();
        assert_eq!(find("\u{c9}lodie \u{d8}", None).await, "elo");
        assert_eq!(find("_", None).await, "bob_x", "a wildcard is a letter like any other");
        assert_eq!(find("%", None).await, "");
        assert_eq!(find("", Some(UserStatus::Active)).await, "ada carol elo");
        assert_eq!(find("", Some(UserStatus::Disabled)).await, "bob_x");
        let page = UserFilter { offset: 1, limit: 1, ..UserFilter::default() };
        let (rows, total) = w.identity.list_users(&permit, &page).await.unwrap();
        assert_eq!((rows[0].user.user_name.as_str(), total), ("bob_x", 4));
    }

    async fn a_rename_is_refused_where_somebody_else_was_faster(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &[]).await;
        w.user("bob", &[]).await;
        let permit = policy::permit_change_users(&host()).unwrap();
        let name = |text: &str| UserName::parse(text).unwrap();
        let taken = w.identity.rename_user(&host(), &permit, ada, 1, name("bob"), None).await.unwrap_err();
        assert_eq!(taken.fields()[0].field, "user_name");
        w.identity.rename_user(&host(), &permit, ada, 1, name("ada.l"), None).await.unwrap();
        let stale = w.identity.rename_user(&host(), &permit, ada, 1, name("ada.x"), None).await.unwrap_err();
        assert_eq!(stale.kind(), Kind::Conflict);
        w.try_password("ada.l", GOOD).await.unwrap();
        assert_vague(w.try_password("ada@handy.example", GOOD).await);
        assert_vague(w.try_password("ada.l", OTHER).await);
    }
}
