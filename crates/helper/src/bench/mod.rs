//! A bench: the two JSON files by which a Frappe site is set up.
//!
//! What may be written is the guide's values and nothing else, into the files of a bench that the helper's own file names:
//! a client can neither name a file nor a value. What a client gets to see are the guide's keys; passwords and the rest of
//! the files stay here.

mod change;
mod difference;
mod document;
mod files;
mod guide;
mod value;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use palisade_base::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use self::{
    document::Document,
    files::{BenchFolder, Content},
};
use crate::protocol::{Failure, FailureKind};

pub use change::Change;
pub use guide::{Decides, GUIDE, GuideKey};
pub use value::seconds_of;

/// `[[bench]]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenchConfig {
    /// What it is called: the site's name in palisade.toml.
    pub name: String,
    /// The bench's folder, by its true path.
    pub path: PathBuf,
    /// The site's folder within `sites`: `tems.local`.
    pub site: String,
    /// The command of this file that restarts the bench after its files were changed.
    pub restart: Option<String>,
}

/// Which of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BenchFile {
    /// `sites/SITE/site_config.json`, which comes before the other.
    Site,
    /// `sites/common_site_config.json`
    Common,
}

impl BenchFile {
    /// Both, the one that wins first.
    pub const BOTH: [Self; 2] = [Self::Site, Self::Common];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Site => "site_config.json",
            Self::Common => "common_site_config.json",
        }
    }
}

/// What stands in both files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BenchSight {
    /// `site_config.json`
    pub site: FileSight,
    /// `common_site_config.json`
    pub common: FileSight,
    /// The command that restarts the bench, where the helper's file names one.
    pub restart: Option<String>,
}

/// What stands in one of the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSight {
    /// The file.
    pub path: PathBuf,
    /// Names exactly this content.
    pub digest: String,
    /// The guide's keys that it has.
    pub values: BTreeMap<String, Found>,
    /// Why nothing is known of it; `None` where it could be read.
    pub unreadable: Option<String>,
    /// Why it can't be changed.
    pub unchangeable: Option<String>,
    /// What would be changed.
    pub changes: Vec<Change>,
    /// The same as a unified difference; values of other keys than the guide's are left out of it.
    pub difference: String,
}

/// A value in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its line, from 1.
    pub line: usize,
    /// The value as it is written.
    pub text: String,
}

/// What was seen when somebody asked: nothing is changed unless the files are still the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenchDigests {
    /// Of `site_config.json`.
    pub site: String,
    /// Of `common_site_config.json`.
    pub common: String,
}

/// What was done to a bench's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hardened {
    /// The files that were written.
    pub written: Vec<Written>,
    /// What became of the restart.
    pub restart: Restart,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// What it was before is here.
    pub kept: PathBuf,
    /// The keys that were set.
    pub keys: Vec<String>,
}

/// What became of the restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// The bench was restarted.
    Done,
    /// Nothing was written, so nothing needs it.
    NotNeeded,
    /// The helper's file names no command for it.
    NotConfigured,
    /// The command failed: why.
    Failed(String),
}

/// Both files as they are, ready to be changed.
struct Opened {
    site: Result<(Content, Document), String>,
    common: Result<(Content, Document), String>,
}

/// A file that is to be written.
struct Draft {
    file: BenchFile,
    content: Content,
    document: Document,
    keys: Vec<String>,
}

impl BenchConfig {
    /// Where a file is.
    #[must_use]
    pub fn path_of(&self, file: BenchFile) -> PathBuf {
        self.folder_of(file).join(file.name())
    }

    /// The folder that holds a file.
    #[must_use]
    pub fn folder_of(&self, file: BenchFile) -> PathBuf {
        let sites = self.path.join("sites");
        match file {
            BenchFile::Site => sites.join(&self.site),
            BenchFile::Common => sites,
        }
    }

    /// What stands in the files, and what would be changed.
    #[must_use]
    pub fn look(&self) -> BenchSight {
        let opened = self.open();
        let changes = opened.changes();
        let sight = |file, opened: &Result<(Content, Document), String>| match opened {
            Ok((content, document)) => self.file_sight(file, content, document, &changes),
            Err(why) => self.unreadable(file, why),
        };
        BenchSight {
            site: sight(BenchFile::Site, &opened.site),
            common: sight(BenchFile::Common, &opened.common),
            restart: self.restart.clone(),
        }
    }

    fn open(&self) -> Opened {
        Opened { site: self.open_one(BenchFile::Site), common: self.open_one(BenchFile::Common) }
    }

    fn open_one(&self, file: BenchFile) -> Result<(Content, Document), String> {
        let content = BenchFolder::open(&self.folder_of(file))?.read(file.name())?;
        let document = Document::read(&content.bytes)?;
        Ok((content, document))
    }

    fn file_sight(&self, file: BenchFile, content: &Content, document: &Document, changes: &[Change]) -> FileSight {
        let changes: Vec<Change> = changes.iter().filter(|change| change.file == file).cloned().collect();
        let changed = document.with(&changes);
        let difference = |new: &Document| difference::unified(document, new, &self.path_of(file));
        let (unchangeable, difference) = match (document.objection(), changed) {
            (Some(why), _) | (None, Err(why)) => (Some(why), String::new()),
            (None, Ok(new)) => (None, difference(&new)),
        };
        FileSight {
            path: self.path_of(file),
            digest: digest(&content.bytes),
            values: document.guide_values(),
            unreadable: None,
            unchangeable,
            changes,
            difference,
        }
    }

    fn unreadable(&self, file: BenchFile, why: &str) -> FileSight {
        FileSight {
            path: self.path_of(file),
            digest: String::new(),
            values: BTreeMap::new(),
            unreadable: Some(why.to_owned()),
            unchangeable: None,
            changes: Vec::new(),
            difference: String::new(),
        }
    }

    /// Writes the guide's values into the files, if they are still what somebody has seen. The old files are kept beside.
    ///
    /// # Errors
    /// A file can't be read or changed, or is another by now: then nothing was written. Or writing failed: what was done.
    pub fn harden(&self, seen: &BenchDigests, now: Instant) -> Result<Vec<Written>, Failure> {
        let opened = self.open();
        let changes = opened.changes();
        let drafts = [
            self.draft(BenchFile::Site, opened.site, &seen.site, &changes)?,
            self.draft(BenchFile::Common, opened.common, &seen.common, &changes)?,
        ];
        let mut written = Vec::new();
        for Draft { file, content, document, keys } in drafts.into_iter().flatten() {
            let kept = content.replace(document.text().as_bytes(), now).map_err(|why| {
                let done = if written.is_empty() { "Nothing was changed." } else { "site_config.json was changed." };
                let what = format!("{} can't be written: {why}\n  {done}", self.path_of(file).display());
                Failure::new(FailureKind::Failed, what)
            })?;
            let kept = self.folder_of(file).join(kept);
            written.push(Written { path: self.path_of(file), kept, keys });
        }
        Ok(written)
    }

    fn draft(
        &self,
        file: BenchFile,
        opened: Result<(Content, Document), String>,
        seen: &str,
        changes: &[Change],
    ) -> Result<Option<Draft>, Failure> {
        let place = self.path_of(file);
        let refused = |why: String| {
            Failure::new(FailureKind::Refused, format!("{}: {why}\n  Nothing was changed.", place.display()))
        };
        let (content, document) = opened.map_err(refused)?;
        if digest(&content.bytes) != seen {
            return Err(refused("it is another than the one that was looked at. Look again first.".to_owned()));
        }
        let own: Vec<Change> = changes.iter().filter(|change| change.file == file).cloned().collect();
        if own.is_empty() {
            return Ok(None);
        }
        if let Some(why) = document.objection() {
            return Err(refused(why));
        }
        let keys = own.iter().map(|change| change.key.clone()).collect();
        let document = document.with(&own).map_err(refused)?;
        Ok(Some(Draft { file, content, document, keys }))
    }
}

impl Opened {
    /// What would have to be changed in both; nothing where one of them can't be read, for the two work together.
    fn changes(&self) -> Vec<Change> {
        match (&self.site, &self.common) {
            (Ok((_, site)), Ok((_, common))) => change::changes(site, common),
            _ => Vec::new(),
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks a bench of the helper's file: what is wrong, and the way out.
pub(crate) fn check_bench(bench: &BenchConfig) -> Result<(), (String, String)> {
    let is_plain = |path: &Path| {
        use std::path::Component;
        path.is_absolute() && path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
    };
    if !is_plain(&bench.path) || bench.path == Path::new("/") {
        let what = format!("the bench {:?} names {}, which is no whole path", bench.name, bench.path.display());
        return Err((what, "Write path = \"/srv/frappe-bench\", without links and dots.".into()));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let site = &bench.site;
    if !(1..=253).contains(&site.len()) || !site.bytes().all(fits) || site.starts_with('.') {
        let what = format!("the bench {:?} has a site {site:?}, which can't be one", bench.name);
        return Err((what, "Write the name of its folder below sites: site = \"tems.local\".".into()));
    }
    Ok(())
}
