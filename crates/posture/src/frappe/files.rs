//! What the two files say together: the site's own comes before the common one.

use std::path::Path;

use palisade_helper::bench::{BenchSight, FileSight, Found, GuideKey};

use super::interface::Unseen;
use crate::Mend;

/// A key's value where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stands<'a> {
    pub(super) path: &'a Path,
    pub(super) found: &'a Found,
}

impl Stands<'_> {
    /// `site_config.json, line 4`
    pub(super) fn place(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        format!("{name}, line {}", self.found.line)
    }

    /// As evidence: the line with its file.
    pub(super) fn line(&self, key: &GuideKey) -> String {
        format!("{}:{}: \"{}\": {}", self.path.display(), self.found.line, key.name, self.found.text)
    }

    pub(super) fn is_accepted(&self, key: &GuideKey) -> bool {
        key.accepts_text(&self.found.text)
    }
}

/// A key in both files, the one that counts first.
///
/// # Errors
/// One of the files could not be read: nobody knows then which value counts.
pub(super) fn find<'a>(sight: &'a BenchSight, key: &GuideKey) -> Result<Vec<Stands<'a>>, Unseen> {
    let mut all = Vec::new();
    for file in [&sight.site, &sight.common] {
        if let Some(why) = &file.unreadable {
            return Err(unreadable(file, why));
        }
        all.extend(file.values.get(key.name).map(|found| Stands { path: &file.path, found }));
    }
    Ok(all)
}

pub(super) fn unreadable(file: &FileSight, why: &str) -> Unseen {
    let mend = Mend::new(format!("Correct {}; Frappe reads it the same way.", file.path.display()));
    Unseen::new(format!("{}: {why}", file.path.display()), mend.by("palisade verify"))
}
