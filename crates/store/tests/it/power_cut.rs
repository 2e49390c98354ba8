//! A power cut at any moment: writes that were not synced may be lost, whole or in parts, and nothing acknowledged is.
//!
//! A child writes through `layer.c`, which journals what reaches the disk and in which order. Here the files are
//! rebuilt as a cut at some point of the journal could have left them: what was synced is there; of the rest, each
//! write (and each sector of it) may be there or not; a new or deleted name holds only once its directory is synced.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use palisade_base::Rng as _;
use palisade_store::DatabaseUrl;
use palisade_testkit::{ManualClock, SeededRng};

use crate::{
    LEAVES, MIGRATOR,
    child::{Writing, build_layer, check_promises, open},
};

const CUTS: usize = 160;
/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// One record of the journal.
struct Op {
    kind: u8,
    name: String,
    offset: usize,
    data: Vec<u8>,
}

fn read_journal(path: &Path) -> Vec<Op> {
    let bytes = std::fs::read(path).unwrap();
    let mut rest = bytes.as_slice();
    let mut ops = Vec::new();
    while let Some((head, tail)) = rest.split_at_checked(18) {
        let number = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap()) as usize;
        let (name, tail) = tail.split_at(head[1].into());
        let has_data = matches!(head[0], b'w' | b'o');
        let (data, tail) = tail.split_at(if has_data { number(10) } else { 0 });
        let name = String::from_utf8(name.to_vec()).unwrap();
        ops.push(Op { kind: head[0], name, offset: number(2), data: data.to_vec() });
        rest = tail;
    }
    ops
}

/// How much of what was not synced survives a cut.
#[derive(Clone, Copy)]
enum Luck {
    None,
    All,
    Some(u64),
}

/// A file, as it is for sure and as it may be.
#[derive(Clone, Default)]
struct Content {
    synced: Vec<u8>,
    /// Indices of operations since.
    since: Vec<usize>,
}

/// The disk under the files.
#[derive(Clone, Default)]
struct Disk {
    content: BTreeMap<String, Content>,
    /// Names whose directory entry is synced.
    names: BTreeSet<String>,
    /// Names made (`true`) or deleted since.
    names_since: Vec<(String, bool)>,
    /// The disk says "synced" and is not.
    lies: bool,
}

impl Disk {
    fn apply(&mut self, ops: &[Op], index: usize) {
        let op = &ops[index];
        match op.kind {
            b'w' | b't' => self.content.entry(op.name.clone()).or_default().since.push(index),
            b's' if self.lies => {}
            b's' if op.name == "." => {
                for (name, is_there) in std::mem::take(&mut self.names_since) {
                    if is_there {
                        self.names.insert(name)
                    } else {
                        self.names.remove(&name)
                    };
                }
            }
            b's' => {
                let content = self.content.entry(op.name.clone()).or_default();
                for index in std::mem::take(&mut content.since) {
                    write_whole(&mut content.synced, &ops[index]);
                }
            }
            b'c' => {
                self.content.insert(op.name.clone(), Content::default());
                self.names_since.push((op.name.clone(), true));
            }
            b'u' => self.names_since.push((op.name.clone(), false)),
            _ => {}
        }
    }

    /// The files that are found after a cut.
    fn after_cut(&self, ops: &[Op], luck: Luck) -> BTreeMap<String, Vec<u8>> {
        let mut dice = Dice(luck, SeededRng::new(if let Luck::Some(seed) = luck { seed } else { 0 }));
        let mut names = self.names.clone();
        for (name, is_there) in &self.names_since {
            if dice.holds() {
                if *is_there {
                    names.insert(name.clone())
                } else {
                    names.remove(name)
                };
            }
        }
        let mut files = BTreeMap::new();
        for name in names {
            let Some(content) = self.content.get(&name) else { continue };
            let mut bytes = content.synced.clone();
            for index in &content.since {
                write_perhaps(&mut bytes, &ops[*index], &mut dice);
            }
            files.insert(name, bytes);
        }
        files
    }
}

struct Dice(Luck, SeededRng);

impl Dice {
    fn holds(&mut self) -> bool {
        match self.0 {
            Luck::None => false,
            Luck::All => true,
            Luck::Some(_) => {
                let mut byte = [0];
                self.1.fill(&mut byte);
                byte[0] % 2 == 0
            }
        }
    }
}

fn write_at(bytes: &mut Vec<u8>, at: usize, data: &[u8]) {
    bytes.resize(bytes.len().max(at + data.len()), 0);
    bytes[at..at + data.len()].copy_from_slice(data);
}

fn write_whole(bytes: &mut Vec<u8>, op: &Op) {
    if op.kind == b't' { bytes.resize(op.offset, 0) } else { write_at(bytes, op.offset, &op.data) }
}

/// All of it, nothing of it, or some of its sectors.
fn write_perhaps(bytes: &mut Vec<u8>, op: &Op, dice: &mut Dice) {
    if op.kind == b't' || dice.holds() {
        if op.kind == b'w' || dice.holds() {
            write_whole(bytes, op);
        }
        return;
    }
    let (mut at, mut rest) = (op.offset, op.data.as_slice());
    while !rest.is_empty() {
        let (sector, tail) = rest.split_at(rest.len().min(SECTOR - at % SECTOR));
        if dice.holds() {
            write_at(bytes, at, sector);
        }
        (at, rest) = (at + sector.len(), tail);
    }
}

/// What had been acknowledged before that point of the journal.
fn acknowledged(ops: &[Op]) -> BTreeSet<String> {
    let said: Vec<u8> = ops.iter().filter(|op| op.kind == b'o').flat_map(|op| op.data.clone()).collect();
    let said = String::from_utf8(said).unwrap();
    said.lines().filter_map(|line| line.strip_prefix("ack ")).map(str::to_owned).collect()
}

/// A run of the child, closed and opened again in between, and cut short in its last part.
fn journal_of_a_run() -> Vec<Op> {
    let dir = tempfile::tempdir().unwrap();
    let layer = build_layer(dir.path());
    let (data, journal) = (dir.path().join("data"), dir.path().join("journal"));
    std::fs::create_dir(&data).unwrap();
    let url = format!("sqlite://{}", data.join("palisade.db").display());
    let writing = Writing::start(&url, 1, |command| {
        Writing::in_phases(command, "140,70,210,70");
        command.env("LD_PRELOAD", layer).env("LAYER_DIRECTORY", &data).env("LAYER_JOURNAL", &journal);
    });
    assert_eq!(writing.finish().len(), 490);
    read_journal(&journal)
}

async fn open_after_cut(files: &BTreeMap<String, Vec<u8>>, dir: &Path) -> palisade_store::Store {
    for (name, bytes) in files {
        std::fs::write(dir.join(name), bytes).unwrap();
    }
    let url = format!("sqlite://{}", dir.join("palisade.db").display());
    // The cut may have come before the schema stood.
    MIGRATOR.run(&DatabaseUrl::parse(&url).unwrap(), None, ManualClock::START).await.unwrap();
    open(&url, 2).await
}

/// Points spread over the whole run, and just before and after syncs.
fn cuts(ops: &[Op]) -> BTreeSet<usize> {
    let rng = SeededRng::new(3);
    let syncs: Vec<usize> = (0..ops.len()).filter(|n| ops[*n].kind == b's').collect();
    let mut cuts = BTreeSet::from([ops.len()]);
    while cuts.len() < CUTS {
        let mut bytes = [0; 8];
        rng.fill(&mut bytes);
        let roll = u64::from_le_bytes(bytes) as usize;
        let near_a_sync = syncs[roll / 4 % syncs.len()];
        cuts.insert([roll / 4 % ops.len(), near_a_sync, near_a_sync + 1, near_a_sync + 2][roll % 4].min(ops.len()));
    }
    cuts
}

/// covers K6.2 (part)
#[tokio::test]
async fn nothing_acknowledged_is_lost_in_a_power_cut() {
    let ops = journal_of_a_run();
    let (mut disk, mut applied) = (Disk::default(), 0);
    for (n, cut) in cuts(&ops).into_iter().enumerate() {
        while applied < cut {
            disk.apply(&ops, applied);
            applied += 1;
        }
        let luck = [Luck::None, Luck::All, Luck::Some(n as u64), Luck::Some(n as u64 + 1_000)][n % 4];
        let dir = tempfile::tempdir().unwrap();
        let store = open_after_cut(&disk.after_cut(&ops, luck), dir.path()).await;
        check_promises(&store, &acknowledged(&ops[..cut])).await;
        store.close().await;
    }
}

/// Shows that the test above can fail: on a disk that does not do what it says, changes are lost, and it sees that.
#[tokio::test]
async fn a_disk_that_lies_about_syncs_is_found_out() {
    let ops = journal_of_a_run();
    let mut disk = Disk { lies: true, ..Disk::default() };
    (0..ops.len()).for_each(|index| disk.apply(&ops, index));
    disk.names.insert("palisade.db".to_owned());
    let dir = tempfile::tempdir().unwrap();
    let store = open_after_cut(&disk.after_cut(&ops, Luck::None), dir.path()).await;
    assert_eq!(store.read().await.unwrap().fetch_all(LEAVES.sql()).await.unwrap().len(), 0);
    assert_eq!(acknowledged(&ops).len(), 490);
}
