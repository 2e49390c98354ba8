//! Reading and replacing files in folders that belong to somebody else.
//!
//! Whoever owns the bench could put a link into its way, to have root read or write another file. So no link is followed,
//! the folder is opened once, and everything is done from there.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use palisade_base::Instant;
use rustix::{
    fs::{
        AtFlags, CWD, FileType, Gid, Mode, OFlags, ResolveFlags, Stat, Uid, fchmod, fchown, fstat, linkat, openat2,
        renameat, statat, unlinkat,
    },
    io::Errno,
};

/// No configuration is larger.
const LARGEST: u64 = 1 << 20;
/// So many files of one second may be kept.
const KEPT: u32 = 20;

/// A folder that was come to without a link.
pub(super) struct BenchFolder {
    folder: OwnedFd,
    path: PathBuf,
}

/// A file's bytes, and whose it is.
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    folder: OwnedFd,
    name: &'static str,
    about: Stat,
}

impl BenchFolder {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let way = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let folder = openat2(CWD, path, flags, Mode::empty(), way)
            .map_err(|error| trouble(&path.display().to_string(), error))?;
        Ok(Self { folder, path: path.to_owned() })
    }

    /// Reads a regular file of up to 1 MiB.
    pub(super) fn read(self, name: &'static str) -> Result<Content, String> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let way = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let shown = self.path.join(name).display().to_string();
        let file = openat2(&self.folder, name, flags, Mode::empty(), way).map_err(|error| trouble(&shown, error))?;
        let about = fstat(&file).map_err(|error| trouble(&shown, error))?;
        if FileType::from_raw_mode(about.st_mode) != FileType::RegularFile {
            return Err("it is no file. Put Frappe's configuration there.".to_owned());
        }
        let mut bytes = Vec::new();
        let read = File::from(file).take(LARGEST + 1).read_to_end(&mut bytes);
        read.map_err(|error| format!("it can't be read: {error}"))?;
        if bytes.len() as u64 > LARGEST {
            return Err("it is larger than 1 MiB, which no configuration of Frappe is.".to_owned());
        }
        Ok(Content { bytes, folder: self.folder, name, about })
    }
}

fn trouble(path: &str, error: Errno) -> String {
    match error {
        Errno::LOOP => format!("a link leads to {path}, and none is followed. Name the bench by its true path."),
        Errno::NOENT => format!("there is no {path}. Check the bench's path and site in the helper's file."),
        Errno::NOTDIR => format!("{path} is no folder. Check the bench's path and site in the helper's file."),
        Errno::ACCESS | Errno::PERM => format!("the helper may not open {path}."),
        other => format!("{path} can't be opened: {other}"),
    }
}

impl Content {
    /// Puts these bytes in its place, at one stroke, with the same owner and mode. Gives the name under which the old
    /// file is kept beside it.
    pub(super) fn replace(&self, bytes: &[u8], now: Instant) -> Result<String, String> {
        let time = now.to_timestamp().strftime("%Y%m%dT%H%M%SZ").to_string();
        let draft = format!(".{}.palisade-{time}.new", self.name);
        let kept = self.keep(&time)?;
        let written = self
            .write(&draft, bytes)
            .and_then(|()| renameat(&self.folder, &draft, &self.folder, self.name).map_err(Into::into));
        if let Err(error) = written {
            let _ = unlinkat(&self.folder, &draft, AtFlags::empty());
            let _ = unlinkat(&self.folder, &kept, AtFlags::empty());
            return Err(error.to_string());
        }
        // The names are on the disk, too, before anybody is told.
        rustix::fs::fsync(&self.folder).map_err(|error| error.to_string())?;
        Ok(kept)
    }

    /// Gives the old file a second name, which it keeps when the new one takes its first.
    fn keep(&self, time: &str) -> Result<String, String> {
        let names = (1..=KEPT).map(|number| match number {
            1 => format!("{}.palisade-{time}", self.name),
            _ => format!("{}.palisade-{time}-{number}", self.name),
        });
        for kept in names {
            match linkat(&self.folder, self.name, &self.folder, &kept, AtFlags::empty()) {
                Ok(()) => return self.is_the_same(&kept).map(|()| kept),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(format!("the old file can't be kept beside it: {error}")),
            }
        }
        Err("too many old files are kept of this second".to_owned())
    }

    /// Whether what was kept is what was read: somebody may have put another file there meanwhile.
    fn is_the_same(&self, kept: &str) -> Result<(), String> {
        let about = statat(&self.folder, kept, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| error.to_string())?;
        let facts = |about: &Stat| (about.st_dev, about.st_ino, about.st_size, about.st_mtime, about.st_mtime_nsec);
        if facts(&about) == facts(&self.about) {
            return Ok(());
        }
        let _ = unlinkat(&self.folder, kept, AtFlags::empty());
        Err("somebody else changed it meanwhile".to_owned())
    }

    fn write(&self, draft: &str, bytes: &[u8]) -> std::io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let way = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let mut file = File::from(openat2(&self.folder, draft, flags, Mode::RUSR | Mode::WUSR, way)?);
        file.write_all(bytes)?;
        // The mode first: a file that is another's already could not be given one.
        fchmod(&file, Mode::from_raw_mode(self.about.st_mode & 0o777))?;
        fchown(&file, Some(Uid::from_raw(self.about.st_uid)), Some(Gid::from_raw(self.about.st_gid)))?;
        file.sync_all()
    }
}
