//! One file that is followed.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::{
        fd::AsRawFd as _,
        unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _},
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::OFlags;

use super::{Fingerprint, Line, MAX_LINE, PATIENCE, Position, find::Identity};

/// What is read in one go: more than the longest line, so that each read gets on.
const CHUNK: usize = 2 * MAX_LINE;
/// What each file may read in one look, however many there are.
pub(super) const LEAST_SHARE: usize = CHUNK;

/// An open file, and where reading stands in it. It is held open, so that its inode can't become another file's.
#[derive(Debug)]
pub(super) struct Followed {
    file: File,
    path: Arc<Path>,
    identity: Identity,
    offset: u64,
    is_in_cut_line: bool,
    head: Fingerprint,
    tail: Fingerprint,
    /// Lines that begin before this were there before the follower was.
    backlog_end: u64,
    /// How many looks have found nothing new since it was no longer found under a name.
    lost_for: Option<u32>,
}

impl Followed {
    /// Opens a regular file, at its beginning. A pipe that took its place would be waited for without `NONBLOCK`.
    pub(super) fn open(path: &Path, inside: Option<&[PathBuf]>) -> io::Result<Self> {
        let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0);
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        if let Some(folders) = inside {
            check_place(&file, folders)?;
        }
        Ok(Self {
            file,
            path: Arc::from(path),
            identity: (about.dev(), about.ino()),
            offset: 0,
            is_in_cut_line: false,
            head: Fingerprint::default(),
            tail: Fingerprint::default(),
            backlog_end: 0,
            lost_for: None,
        })
    }

    fn begin_again(&mut self) {
        (self.offset, self.is_in_cut_line, self.backlog_end) = (0, false, 0);
        self.take_prints();
    }

    pub(super) const fn identity(&self) -> Identity {
        self.identity
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn shared_path(&self) -> Arc<Path> {
        Arc::clone(&self.path)
    }

    pub(super) const fn is_moved(&self) -> bool {
        self.lost_for.is_some()
    }

    pub(super) fn position(&self) -> Position {
        let (device, inode) = self.identity;
        Position {
            path: self.path.to_path_buf(),
            device,
            inode,
            offset: self.offset,
            is_in_cut_line: self.is_in_cut_line,
            head: self.head,
            tail: self.tail,
        }
    }

    /// Goes on where reading stood; at the beginning, if the file holds something else by now.
    pub(super) fn go_on(&mut self, position: &Position) {
        if self.fits(position) {
            (self.offset, self.is_in_cut_line) = (position.offset, position.is_in_cut_line);
            self.take_prints();
        }
    }

    /// Whether this file holds what was read up to there.
    pub(super) fn fits(&self, position: &Position) -> bool {
        self.size() >= position.offset
            && position.head.is_head_of(&self.file)
            && position.tail.is_tail_of(&self.file, position.offset)
    }

    /// Leaves out what it holds now, and the rest of a line that is half written.
    pub(super) fn skip_all(&mut self) {
        self.offset = self.size();
        let mut last = [b'\n'];
        let is_whole =
            self.offset == 0 || self.file.read_exact_at(&mut last, self.offset - 1).is_ok_and(|()| last == [b'\n']);
        self.is_in_cut_line = !is_whole;
        self.take_prints();
    }

    /// What it holds now was written while nobody followed it.
    pub(super) fn mark_backlog(&mut self) {
        self.backlog_end = self.size();
    }

    /// Whether this new file was made by copying that one, which is still in its place: what rotation by copying and
    /// truncating does.
    pub(super) fn is_copy_of(&self, other: &Self) -> bool {
        other.offset > 0 && !other.is_moved() && self.path != other.path && self.fits(&other.position())
    }

    /// Reads of a copy only what the original can no longer give.
    pub(super) fn go_on_as_copy(&mut self, original: &Self) {
        if original.is_replaced() {
            self.go_on(&original.position());
        } else {
            self.skip_all();
        }
    }

    /// It is found under this name. The name that its lines go by stays.
    pub(super) fn keep(&mut self, path: &Path) {
        if self.lost_for.take().is_some() || *self.path != *path {
            self.path = Arc::from(path);
        }
    }

    /// Its lines go by this name.
    pub(super) fn rename(&mut self, path: &Path) {
        self.path = Arc::from(path);
    }

    /// It is no longer found.
    pub(super) fn lose(&mut self) {
        self.lost_for = Some(self.lost_for.map_or(0, |looks| looks.saturating_add(1)));
    }

    /// Whether nothing more is expected of it. A last line without its end is then a line.
    pub(super) fn is_given_up(&mut self, lines: &mut Vec<Line>) -> bool {
        if self.lost_for.is_none_or(|looks| looks < PATIENCE) {
            return false;
        }
        let mut rest = vec![0; MAX_LINE];
        let length = self.file.read_at(&mut rest, self.offset).unwrap_or(0);
        if length > 0 && !self.is_in_cut_line {
            lines.push(self.line(&rest[..length], self.offset, false));
        }
        true
    }

    /// Reads new lines, up to `share` bytes; whether there are more.
    pub(super) fn read(&mut self, share: usize, lines: &mut Vec<Line>) -> io::Result<bool> {
        if self.is_replaced() {
            self.begin_again();
        }
        let (mut buffer, mut left) = (Vec::new(), share);
        let is_behind = loop {
            if self.size() <= self.offset {
                break false;
            }
            if left == 0 {
                break true;
            }
            buffer.resize(CHUNK.min(left.max(MAX_LINE + 1)), 0);
            let length = self.file.read_at(&mut buffer, self.offset)?;
            let used = self.take_lines(&buffer[..length], lines);
            if used == 0 {
                break false;
            }
            self.offset += used as u64;
            left = left.saturating_sub(used);
        };
        if left < share {
            self.take_prints();
            self.lost_for = self.lost_for.map(|_| 0);
        }
        Ok(is_behind)
    }

    /// Takes whole lines off the front, and cuts one that is too long; how many bytes are done with.
    fn take_lines(&mut self, bytes: &[u8], lines: &mut Vec<Line>) -> usize {
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            let end = rest.iter().position(|byte| *byte == b'\n');
            if self.is_in_cut_line {
                let Some(end) = end else { return bytes.len() };
                self.is_in_cut_line = false;
                at += end + 1;
                continue;
            }
            // A writer that does not append leaves a hole where a file was truncated.
            let hole = rest.iter().take_while(|byte| **byte == 0).count();
            if hole > 0 {
                at += hole;
                continue;
            }
            match end {
                Some(end) if end <= MAX_LINE => {
                    lines.push(self.line(&rest[..end], self.offset + at as u64, false));
                    at += end + 1;
                }
                _ if rest.len() > MAX_LINE => {
                    lines.push(self.line(&rest[..MAX_LINE], self.offset + at as u64, true));
                    self.is_in_cut_line = true;
                    at += MAX_LINE;
                }
                _ => return at,
            }
        }
    }

    fn line(&self, bytes: &[u8], at: u64, is_cut: bool) -> Line {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let text = String::from_utf8_lossy(bytes).into_owned();
        Line { file: Arc::clone(&self.path), text, is_cut, is_backlog: at < self.backlog_end }
    }

    /// Whether it holds no longer what was read of it: it was truncated, and perhaps has grown again.
    fn is_replaced(&self) -> bool {
        self.size() < self.offset || !self.head.is_head_of(&self.file) || !self.tail.is_tail_of(&self.file, self.offset)
    }

    fn take_prints(&mut self) {
        self.head = Fingerprint::of_head(&self.file, self.offset).unwrap_or_default();
        self.tail = Fingerprint::of_tail(&self.file, self.offset).unwrap_or_default();
    }

    fn size(&self) -> u64 {
        self.file.metadata().map_or(0, |about| about.len())
    }
}

/// Asks the system where the open file truly lies: a path could change its meaning between a look and opening it.
fn check_place(file: &File, folders: &[PathBuf]) -> io::Result<()> {
    let place = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    if folders.iter().any(|folder| place.starts_with(folder)) {
        return Ok(());
    }
    let place = place.display();
    Err(io::Error::other(format!("it leads to {place}, outside of the folders that may be read")))
}
