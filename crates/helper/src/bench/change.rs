//! What would have to be changed in a bench's files so that they are as the guide has them.

use serde::{Deserialize, Serialize};

use super::{BenchFile, Found, GUIDE, GuideKey, document::Document};

/// A value that is to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Into this file.
    pub file: BenchFile,
    /// Under this key.
    pub key: String,
    /// In this line; `None` where the file does not have it yet.
    pub line: Option<usize>,
    /// In place of this.
    pub before: Option<String>,
    /// The value, as JSON.
    pub after: String,
}

/// All changes, in the guide's order.
pub(super) fn changes(site: &Document, common: &Document) -> Vec<Change> {
    let files = [(BenchFile::Site, site), (BenchFile::Common, common)];
    GUIDE.iter().flat_map(|key| files.iter().filter_map(|(file, document)| change(key, *file, document))).collect()
}

fn change(key: &GuideKey, file: BenchFile, document: &Document) -> Option<Change> {
    let present = document.get(key.name);
    let is_due = match &present {
        // One file can undo what the other says, so neither may hold another value.
        Some(value) => !key.accepts(value) && !key.is_left,
        None => key.files.contains(&file) && key.is_added(),
    };
    let found = document.found(key.name);
    is_due.then(|| Change {
        file,
        key: key.name.to_owned(),
        line: found.as_ref().map(|found| found.line),
        before: found.map(|Found { text, .. }| text),
        after: key.wanted.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        const WORDS: &[&str] = &["0", "1", "Lax", "None", "06:00:00", "redis://10.0.0.7:1", "redis://127.0.0.1:1", ""];
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-2_i64..9_000).prop_map(Value::from),
            prop::sample::select(WORDS).prop_map(Value::from),
            Just(serde_json::json!({ "limit": 1_000, "window": 60 })),
            Just(serde_json::json!(["10.0.0.7"])),
        ]
    }

    fn file() -> impl Strategy<Value = String> {
        let key = prop::sample::select(GUIDE.iter().map(|key| key.name).chain(["db_password"]).collect::<Vec<_>>());
        let map = prop::collection::btree_map(key.prop_map(str::to_owned), values(), 0..12);
        map.prop_map(|map| serde_json::to_string_pretty(&map).unwrap())
    }

    proptest! {
        /// Whatever the files hold: once changed, there is nothing left to change.
        #[test]
        fn what_was_hardened_needs_nothing_more(site in file(), common in file()) {
            let read = |text: &str| Document::read(text.as_bytes()).unwrap();
            let (site, common) = (read(&site), read(&common));
            let all = changes(&site, &common);
            let with = |document: &Document, file| {
                let own: Vec<Change> = all.iter().filter(|change| change.file == file).cloned().collect();
                document.with(&own).unwrap()
            };
            prop_assert_eq!(changes(&with(&site, BenchFile::Site), &with(&common, BenchFile::Common)), vec![]);
        }
    }

    fn told(site: &str, common: &str) -> Vec<String> {
        let read = |text: &str| Document::read(text.as_bytes()).unwrap();
        let told = |change: Change| {
            let before = change.before.unwrap_or_else(|| "nothing".to_owned());
            format!("{} {}: {before} -> {}", change.file.name(), change.key, change.after)
        };
        changes(&read(site), &read(common)).into_iter().map(told).collect()
    }

    /// The guide's own files, letter by letter (sections 3, 4, 8 and 10).
    const GUIDES_SITE: &str = r#"{ "db_name": "...", "db_password": "...", "developer_mode": 0, "allow_error_traceback": 0,
        "disable_error_mail": 0, "server_script_enabled": 0, "deny_multiple_sessions": 1 }"#;
    const GUIDES_COMMON: &str = r#"{ "developer_mode": 0, "allow_error_traceback": 0, "enable_frappe_logger": 1, "log_queries": 0,
        "background_workers": 1, "shallow_clone": true, "redis_cache": "redis://127.0.0.1:13000",
        "redis_queue": "redis://127.0.0.1:11000", "rate_limit": { "limit": 100, "window": 60 },
        "rate_limit_whitelist": [ "127.0.0.1", "::1" ], "session_expiry": "06:00:00",
        "session_expiry_mobile": "168:00:00", "deny_multiple_sessions": 1, "cookie_secure": 1, "cookie_httponly": 1,
        "cookie_samesite": "Lax", "file_watcher_port": 6787, "logging": 2 }"#;

    #[test]
    fn of_the_guides_own_files_only_the_value_that_shows_sql_to_strangers_is_changed() {
        assert_eq!(told(GUIDES_SITE, GUIDES_COMMON), ["common_site_config.json logging: 2 -> 0"]);
    }

    #[test]
    fn every_key_of_the_guide_is_written_into_files_that_have_none() {
        let expected = [
            "site_config.json developer_mode: nothing -> 0",
            "common_site_config.json developer_mode: nothing -> 0",
            "site_config.json allow_error_traceback: nothing -> 0",
            "common_site_config.json allow_error_traceback: nothing -> 0",
            "site_config.json disable_error_mail: nothing -> 0",
            "site_config.json server_script_enabled: nothing -> 0",
            "site_config.json deny_multiple_sessions: nothing -> 1",
            "common_site_config.json deny_multiple_sessions: nothing -> 1",
            "common_site_config.json enable_frappe_logger: nothing -> 1",
            "common_site_config.json log_queries: nothing -> 0",
            "common_site_config.json background_workers: nothing -> 1",
            "common_site_config.json shallow_clone: nothing -> true",
            "common_site_config.json redis_cache: nothing -> \"redis://127.0.0.1:13000\"",
            "common_site_config.json redis_queue: nothing -> \"redis://127.0.0.1:11000\"",
            "common_site_config.json rate_limit: nothing -> {\"limit\": 100, \"window\": 60}",
            "common_site_config.json rate_limit_whitelist: nothing -> [\"127.0.0.1\", \"::1\"]",
            "common_site_config.json session_expiry: nothing -> \"06:00:00\"",
            "common_site_config.json session_expiry_mobile: nothing -> \"168:00:00\"",
            "common_site_config.json cookie_secure: nothing -> 1",
            "common_site_config.json cookie_httponly: nothing -> 1",
            "common_site_config.json cookie_samesite: nothing -> \"Lax\"",
            "common_site_config.json file_watcher_port: nothing -> 6787",
        ];
        assert_eq!(told("{}", "{}"), expected);
    }

    #[test]
    fn what_one_file_would_undo_is_changed_there_too() {
        let site = GUIDES_SITE.replace("\"db_name\"", "\"logging\": 1, \"rate_limit\": null, \"db_name\"");
        let common = GUIDES_COMMON.replace("\"logging\": 2", "\"server_script_enabled\": true");
        let expected = [
            "common_site_config.json server_script_enabled: true -> 0",
            "site_config.json rate_limit: null -> {\"limit\": 100, \"window\": 60}",
            "site_config.json logging: 1 -> 0",
        ];
        assert_eq!(told(&site, &common), expected);
    }

    #[test]
    fn what_is_as_good_or_stricter_stays_and_so_does_a_redis_elsewhere() {
        let common = GUIDES_COMMON
            .replace("\"background_workers\": 1", "\"background_workers\": 4")
            .replace("\"06:00:00\"", "\"01:00\"")
            .replace("\"Lax\"", "\"Strict\"")
            .replace("redis://127.0.0.1:13000", "redis://redis-cache:6379")
            .replace("\"limit\": 100", "\"limit\": 20")
            .replace("\"logging\": 2", "\"logging\": 0");
        assert_eq!(told(GUIDES_SITE, &common), Vec::<String>::new());
    }
}
