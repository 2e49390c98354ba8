//! Following log files as they grow, whatever is done to them: rotated, truncated, deleted, made anew.
//!
//! Nobody tells the follower when to look: [`Follower::tick`] looks once, and takes no clock. Nothing of a file is kept in
//! memory from one look to the next but where reading stands.

mod find;
mod followed;
mod position;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use find::{Found, Identity};
use followed::Followed;

pub use find::{BadPattern, LogPattern};
pub use position::{Fingerprint, Position, Positions};

/// A longer line is cut here, and says so. The jails do not judge longer ones.
pub const MAX_LINE: usize = 32 << 10;
/// So many files are followed at one time.
pub const MAX_FILES: usize = 256;
/// What one look may read of all files together, as long as each can have its least share.
const LOOK_BYTES: usize = 4 << 20;
/// A file that was moved away is given up after so many looks without a new line: its writer has the new one by then.
const PATIENCE: u32 = 240;
/// A folder is searched for a file that was moved within it among so many entries.
const MAX_ENTRIES: usize = 10_000;

/// A line of a log file, without its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The file, under the name that it had when it was found.
    pub file: Arc<Path>,
    /// The line; bytes that are not UTF-8 stand as U+FFFD.
    pub text: String,
    /// It was longer than [`MAX_LINE`]; this is its beginning.
    pub is_cut: bool,
    /// It was written before the follower started (and after its last stop): its time is not about now.
    pub is_backlog: bool,
}

/// What one look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The new lines, those of each file in their order.
    pub lines: Vec<Line>,
    /// There is more to read already: look again at once.
    pub is_behind: bool,
}

/// Follows all files that match some patterns.
#[derive(Debug)]
pub struct Follower {
    patterns: Vec<LogPattern>,
    /// Where reading stood at the last stop, until the first look.
    remembered: Option<Positions>,
    /// Files lead nowhere else, where this is set.
    inside: Option<Vec<PathBuf>>,
    files: BTreeMap<Identity, Followed>,
    /// Files that could not be opened when last looked at.
    refused: BTreeSet<Identity>,
    problems: Vec<String>,
    is_started: bool,
}

impl Follower {
    /// A follower of these files. Files that are there at the first look are read from their end, unless `remembered`
    /// (from [`Follower::positions`]) says where reading stood.
    #[must_use]
    pub fn new(patterns: Vec<LogPattern>, remembered: Option<Positions>) -> Self {
        Self {
            patterns,
            remembered,
            inside: None,
            files: BTreeMap::new(),
            refused: BTreeSet::new(),
            problems: Vec::new(),
            is_started: false,
        }
    }

    /// Reads only files that truly lie under one of these folders, wherever a link leads. For whoever may read more
    /// than those who write the logs.
    #[must_use]
    pub fn inside(mut self, folders: Vec<PathBuf>) -> Self {
        self.inside = Some(folders);
        self
    }

    /// Looks once. It never waits, and reads a bounded amount. Four looks a second are a good number.
    pub fn tick(&mut self) -> Look {
        self.problems.clear();
        let found = find::find(&self.patterns, &mut self.problems);
        let remembered = self.remembered.take();
        self.open_new(&found, remembered.as_ref());
        if let Some(remembered) = &remembered {
            self.open_moved(remembered);
        }
        self.is_started = true;
        self.name_all(&found);
        self.read_all()
    }

    /// Where reading stands, to go on from after a restart. Worth keeping whenever lines were dealt with.
    #[must_use]
    pub fn positions(&self) -> Positions {
        if let Some(remembered) = &self.remembered {
            return remembered.clone();
        }
        Positions {
            patterns: self.patterns.iter().map(ToString::to_string).collect(),
            files: self.files.values().map(Followed::position).collect(),
        }
    }

    /// What stood in the way at the last look: no such file, may not be read.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The files that are followed.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.values().filter(|file| !file.is_moved()).map(Followed::path)
    }

    fn open_new(&mut self, found: &[Found], remembered: Option<&Positions>) {
        let mut refused = BTreeSet::new();
        for found in found {
            // Those that were moved away are held open for a while; there is an end to that, too.
            if self.files.contains_key(&found.identity) || self.files.len() >= 2 * MAX_FILES {
                continue;
            }
            match Followed::open(&found.path, self.inside.as_deref()) {
                // Between finding and opening it can have been replaced; the next look finds what is there then.
                Ok(file) if file.identity() != found.identity => {}
                Ok(file) => self.start(file, found, remembered),
                Err(error) => {
                    self.problems.push(format!("{} can't be read: {error}", found.path.display()));
                    refused.insert(found.identity);
                }
            }
        }
        self.refused = refused;
    }

    /// Decides where reading begins.
    fn start(&mut self, mut file: Followed, found: &Found, remembered: Option<&Positions>) {
        let known = remembered.and_then(|remembered| remembered.of(found.identity));
        let is_new_pattern = !remembered.is_some_and(|old| old.patterns.contains(&found.pattern));
        if let Some(position) = known {
            file.go_on(position);
        } else if self.refused.contains(&found.identity) || (!self.is_started && is_new_pattern) {
            file.skip_all();
        } else if let Some(original) = self.files.values().find(|other| file.is_copy_of(other)) {
            file.go_on_as_copy(original);
        }
        if !self.is_started {
            file.mark_backlog();
        }
        self.files.insert(found.identity, file);
    }

    /// What was moved away while nobody looked has lines that nobody has read: rotation leaves it in its folder.
    fn open_moved(&mut self, remembered: &Positions) {
        for position in &remembered.files {
            let is_open = self.files.contains_key(&position.identity());
            if is_open || self.files.len() >= MAX_FILES || !remembered.is_of(position, &self.patterns) {
                continue;
            }
            let Some(path) = find_moved(position) else { continue };
            let Ok(mut file) = Followed::open(&path, self.inside.as_deref()) else { continue };
            if file.identity() == position.identity() && file.fits(position) {
                file.go_on(position);
                file.mark_backlog();
                file.rename(&position.path);
                self.files.insert(position.identity(), file);
            }
        }
    }

    /// Notes under which name each file is found now; who is not found was moved away or deleted.
    fn name_all(&mut self, found: &[Found]) {
        for (identity, file) in &mut self.files {
            match found.iter().find(|found| found.identity == *identity) {
                Some(found) => file.keep(&found.path),
                None => file.lose(),
            }
        }
    }

    fn read_all(&mut self) -> Look {
        let share = (LOOK_BYTES / self.files.len().max(1)).clamp(followed::LEAST_SHARE, LOOK_BYTES);
        let mut look = Look::default();
        // The old file under a name is read to its end before the new one is begun.
        let mut order: Vec<&mut Followed> = self.files.values_mut().collect();
        order.sort_by_key(|file| !file.is_moved());
        let mut unfinished: BTreeSet<Arc<Path>> = BTreeSet::new();
        for file in order {
            if !file.is_moved() && unfinished.contains(file.path()) {
                continue;
            }
            match file.read(share, &mut look.lines) {
                Ok(true) => _ = unfinished.insert(file.shared_path()),
                Ok(false) => {}
                Err(error) => self.problems.push(format!("{} can't be read: {error}", file.path().display())),
            }
        }
        look.is_behind = !unfinished.is_empty();
        self.files.retain(|_, file| !file.is_given_up(&mut look.lines));
        look
    }
}

/// The path under which this file is found now in the folder where it was.
fn find_moved(position: &Position) -> Option<PathBuf> {
    let entries = fs::read_dir(position.path.parent()?).ok()?;
    let same = |path: &PathBuf| find::identify(path).is_some_and(|identity| identity == position.identity());
    entries.take(MAX_ENTRIES).flatten().map(|entry| entry.path()).find(same)
}
