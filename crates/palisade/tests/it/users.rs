//! `palisade user …`, `session …`, `key …`.

use serde_json::{Value, json};

use crate::program::{Place, on_both};

const ADA: [&str; 9] =
    ["user", "add", "ada", "--given-name", "Ada", "--family-name", "Lovelace", "--email", "ada@example.com"];

/// What the trail has of operators, oldest first.
fn operators_actions(place: &Place) -> Vec<(String, String)> {
    let said = place.run(&["trail", "tail", "-n", "200", "--json"]);
    let entries = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap_or("").to_owned();
    let by_operator = entries.filter(|entry| text(entry, "actor").starts_with("operator:"));
    by_operator.map(|entry| (text(&entry, "action"), text(&entry, "outcome"))).collect()
}

fn user(place: &Place, name: &str) -> Value {
    place.run(&["user", "list", name, "--json"]).json_line(0)
}

impl crate::program::Said {
    fn json_line(&self, n: usize) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(self.out.lines().nth(n).unwrap()).unwrap()
    }
}

on_both! {
    fn a_users_life_by_commands_each_step_in_the_trail(place) {
        let server = place.serve();
        let made = place.run(&[&ADA[..], &["--role", "kpi/Manager", "--json"]].concat()).json();
        assert_eq!(made["user"], "ada");
        assert!(made["link"].as_str().unwrap().contains("/sign-in/reset/"), "{made}");
        let row = user(&place, "ada");
        assert_eq!((&row["name"], &row["status"], &row["roles"]), (&json!("Ada Lovelace"), &json!("active"), &json!(["kpi/Manager"])));

        assert_eq!(place.run(&["user", "disable", "ada@example.com"]).out, "Disabled, with every session and key: ada\n");
        assert_eq!(user(&place, "ada")["status"], "disabled");
        assert_eq!(place.run(&["user", "enable", "ada"]).code, 0);
        assert_eq!(user(&place, "ada")["status"], "active");
        assert_eq!(place.run(&["user", "unlock", "ada"]).code, 0);
        assert_eq!(place.run(&["user", "reset-factor", "ada"]).code, 0);
        let reset = place.run(&["user", "reset-password", "ada", "--json"]).json();
        assert!(reset["link"].as_str().unwrap().contains("/sign-in/reset/"), "{reset}");
        assert_eq!(user(&place, "ada")["must_change_password"], true);
        assert_eq!(place.run(&["user", "reset-password", "--all"]).code, 0);

        let done = operators_actions(&place);
        for action in ["user.create", "user.disable", "user.enable"] {
            assert!(done.contains(&(action.to_owned(), "success".to_owned())), "{action} is not in {done:?}");
        }
        assert!(server.stop());
    }

    fn what_can_not_be_done_is_told_with_what_to_do_and_changes_nothing(place) {
        let server = place.serve();
        let said = place.run(&["user", "unlock", "bob"]);
        assert_eq!((said.code, said.err.as_str()), (1, "palisade: There is no user \"bob\". `palisade user list` shows who there is.\n"));
        let said = place.run(&[&ADA[..], &["--role", "kpi/Foreman"]].concat());
        assert_eq!(said.code, 1);
        assert!(said.err.contains("There is no role kpi/Foreman. There are: console/System administrator, kpi/Admin"), "{}", said.err);
        assert_eq!(place.run(&["user", "list"]).out, "No user fits.\n");
        assert_eq!(place.run(&ADA).code, 0);
        assert_eq!(place.run(&ADA).code, 1);
        let said = place.run(&["user", "add", "x", "--given-name", "", "--family-name", "Lovelace", "--json"]);
        let error: Value = serde_json::from_str(&said.err).unwrap();
        assert_eq!((said.code, &error["error"]["kind"]), (1, &json!("invalid")));
        let said = place.run(&["session", "revoke", "nonsense"]);
        assert_eq!((said.code, said.err.as_str()), (1, "palisade: \"nonsense\" is not a session's id. `palisade session list` shows them.\n"));
        drop(server);
    }

    fn keys_are_rotated_while_serving_and_the_server_starts_with_the_new_one(place) {
        let server = place.serve();
        let before = place.run(&["key", "status", "--json"]).json();
        let done = place.run(&["key", "rotate", "--json"]).json();
        assert!(done["values"].as_u64().unwrap() >= 1, "{done}");
        let after = place.run(&["key", "status", "--json"]).json();
        assert_eq!((&before["data_keys"], &after["data_keys"]), (&json!(1), &json!(2)));
        assert!(server.stop());
        let server = place.start();
        assert_eq!(place.run(&["trail", "verify"]).code, 0);
        assert!(server.stop());
    }

    /// covers K3.2 (part)
    fn the_key_file_is_replaced_while_serving_even_if_the_last_step_is_cut_short(place) {
        let server = place.serve();
        let before = place.run(&["key", "status", "--json"]).json();
        let first = place.run(&["key", "rewrap", "--json"]).json();
        let second = place.run(&["key", "rewrap", "--json"]).json();
        assert_eq!(second["key_file"], before["key_file"]);
        let imprints = [&before["fingerprint"], &first["fingerprint"], &second["fingerprint"]];
        assert!(imprints[0] != imprints[1] && imprints[1] != imprints[2], "{imprints:?}");
        assert_eq!(&place.run(&["key", "status", "--json"]).json()["fingerprint"], imprints[2]);
        assert!(server.stop());
        // As a power cut leaves it between the database's commit and the renaming.
        let file = std::path::PathBuf::from(second["key_file"].as_str().unwrap());
        std::fs::rename(&file, file.with_extension("key.next")).unwrap();
        std::fs::copy(second["retired"].as_str().unwrap(), &file).unwrap();
        let server = place.start();
        assert_eq!(&place.run(&["key", "status", "--json"]).json()["fingerprint"], imprints[2]);
        assert!(!file.with_extension("key.next").exists());
        assert_eq!(place.run(&["trail", "verify"]).code, 0);
        assert!(server.stop());
    }
}

#[test]
fn without_a_server_commands_say_where_they_looked() {
    let place = Place::embedded();
    let socket = place.socket().display().to_string();
    let hint = "Start it with `palisade serve`, or name its configuration with --config (its data directory holds the socket).";
    for args in [&["status"][..], &["user", "list"], &["session", "list"], &["key", "rotate"], &["trail", "verify"]] {
        let said = place.run(args);
        assert_eq!((said.code, said.out.as_str()), (3, ""), "{args:?}");
        assert_eq!(said.err, format!("palisade: no server answers on {socket}\n  {hint}\n"));
    }
}
