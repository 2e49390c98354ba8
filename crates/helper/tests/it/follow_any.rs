//! Whatever is done to log files, in whatever order: each line is read once, and each file's in its order.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::PathBuf,
};

use palisade_helper::follow::{Follower, LogPattern};
use proptest::{collection::vec, prelude::*};
use tempfile::TempDir;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// So many lines to one of the files.
    Write(usize, u8),
    /// The beginning of a line, whose end comes with the next line.
    WriteHalf(usize),
    /// Moved away, and made anew.
    Rotate(usize),
    /// Copied, and cut to nothing.
    CopyTruncate(usize),
    Delete(usize),
    Look,
    /// Stopped, and started from what was remembered.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let file = 0..3_usize;
    prop_oneof![
        6 => (file.clone(), 1..5_u8).prop_map(|(file, lines)| Step::Write(file, lines)),
        2 => file.clone().prop_map(Step::WriteHalf),
        2 => file.clone().prop_map(Step::Rotate),
        1 => file.clone().prop_map(Step::CopyTruncate),
        1 => file.prop_map(Step::Delete),
        4 => Just(Step::Look),
        2 => Just(Step::Restart),
    ]
}

struct World {
    folder: TempDir,
    pattern: LogPattern,
    follower: Follower,
    /// What was written to each file, and has its end.
    written: [Vec<String>; 3],
    read: [Vec<String>; 3],
    half: [String; 3],
    /// The file under this name was looked at. One that is made and moved away between two looks is never found.
    is_seen: [bool; 3],
    /// A file was cut since the last look.
    is_cut: bool,
    number: usize,
}

impl World {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let pattern = LogPattern::parse(&format!("{}/?.log", folder.path().display())).unwrap();
        let mut world = Self {
            follower: Follower::new(vec![pattern.clone()], None),
            folder,
            pattern,
            written: Default::default(),
            read: Default::default(),
            half: Default::default(),
            is_seen: [false; 3],
            is_cut: false,
            number: 0,
        };
        world.look();
        world
    }

    fn path(&self, file: usize) -> PathBuf {
        self.folder.path().join(format!("{file}.log"))
    }

    fn put(&self, file: usize, text: &str) {
        let mut log = OpenOptions::new().append(true).create(true).open(self.path(file)).unwrap();
        log.write_all(text.as_bytes()).unwrap();
    }

    fn write(&mut self, file: usize) {
        self.number += 1;
        let rest = format!("line {}", self.number);
        self.put(file, &format!("{rest}\n"));
        let whole = std::mem::take(&mut self.half[file]) + &rest;
        self.written[file].push(whole);
    }

    fn look(&mut self) {
        for line in self.follower.tick().lines {
            let name = line.file.file_name().unwrap().to_str().unwrap();
            self.read[name[..1].parse::<usize>().unwrap()].push(line.text);
        }
        self.is_cut = false;
        self.is_seen = [0, 1, 2].map(|file| self.path(file).exists());
    }

    /// Before a file goes, its lines have their ends, and nothing is gone that nobody could have seen.
    fn prepare(&mut self, file: usize, wholly: bool) -> bool {
        if !self.half[file].is_empty() {
            self.write(file);
        }
        if wholly || !self.is_seen[file] {
            self.look();
        }
        self.path(file).exists()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Write(file, lines) => (0..lines).for_each(|_| self.write(file)),
            Step::WriteHalf(file) => {
                self.number += 1;
                let half = format!("half {} ", self.number);
                self.put(file, &half);
                self.half[file] += &half;
            }
            Step::Rotate(file) => {
                if self.prepare(file, false) {
                    self.number += 1;
                    fs::rename(self.path(file), self.folder.path().join(format!("{file}.{}", self.number))).unwrap();
                    self.put(file, "");
                    self.is_seen[file] = false;
                }
            }
            Step::CopyTruncate(file) => {
                if self.prepare(file, true) {
                    fs::copy(self.path(file), self.folder.path().join(format!("{file}.copy"))).unwrap();
                    fs::write(self.path(file), "").unwrap();
                    self.is_cut = true;
                }
            }
            Step::Delete(file) => {
                if self.prepare(file, true) {
                    fs::remove_file(self.path(file)).unwrap();
                    self.is_seen[file] = false;
                }
            }
            Step::Look => self.look(),
            Step::Restart => {
                // Cut while nobody looked, and moved away before anybody did, it can't be told from another file.
                if self.is_cut {
                    self.look();
                }
                let remembered = serde_json::to_string(&self.follower.positions()).unwrap();
                let remembered = serde_json::from_str(&remembered).unwrap();
                self.follower = Follower::new(vec![self.pattern.clone()], Some(remembered));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_repeated(steps in vec(step(), 1..60)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.look();
        prop_assert_eq!(&world.read, &world.written);
    }
}
