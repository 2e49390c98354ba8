//! What would be changed, as a person reads it.

use std::path::Path;

use similar::TextDiff;

use super::document::Document;

/// So many lines around each change.
const AROUND: usize = 3;

/// A unified difference without the values of keys that are not the guide's. Empty where nothing differs.
pub(super) fn unified(old: &Document, new: &Document, path: &Path) -> String {
    let (old, new, path) = (old.masked(), new.masked(), path.display().to_string());
    if old == new {
        return String::new();
    }
    let difference = TextDiff::from_lines(&old, &new);
    difference.unified_diff().context_radius(AROUND).header(&path, &path).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{BenchFile, Change};

    #[test]
    fn the_difference_shows_the_change_and_no_password() {
        let text = "{\n \"db_name\": \"_1\",\n \"db_password\": \"hunter2\",\n \"developer_mode\": 1\n}\n";
        let old = Document::read(text.as_bytes()).unwrap();
        let change = |key: &str, after: &str| Change {
            file: BenchFile::Site,
            key: key.to_owned(),
            line: None,
            before: None,
            after: after.to_owned(),
        };
        let new = old.with(&[change("developer_mode", "0"), change("deny_multiple_sessions", "1")]).unwrap();
        let path = Path::new("/b/sites/tems.local/site_config.json");
        let expected = "--- /b/sites/tems.local/site_config.json\n+++ /b/sites/tems.local/site_config.json\n\
                        @@ -1,5 +1,6 @@\n {\n  \"db_name\": …,\n  \"db_password\": …,\n\
                        - \"developer_mode\": 1\n+ \"developer_mode\": 0,\n+ \"deny_multiple_sessions\": 1\n }\n";
        assert_eq!(unified(&old, &new, path), expected);
        assert_eq!(unified(&old, &old, path), "");
    }
}
