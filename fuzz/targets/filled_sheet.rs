//! Any table as a filled-in score card: it is read or refused, and a rating is never anything but 1 to 5.
#![no_main]

#[allow(dead_code, reason = "the crate uses the rest")]
#[path = "../../crates/kpi/src/catalogue.rs"]
mod catalogue;
#[path = "../score_card.rs"]
mod score_card;

use libfuzzer_sys::fuzz_target;
use palisade_sheets::{Limits, read_csv};
use score_card::{read_filled_sheets, read_sheets};

/// What a card is made of, so that the fuzzer need not find it letter by letter: each stands for a control character.
const PIECES: [&str; 20] = [
    "\n",
    ",",
    ",,,,,,,",
    "x",
    "1",
    "2",
    "3",
    "4",
    "5",
    ",1,2,3,4,5,,",
    "Plumbing",
    "Name:",
    "Date:",
    "Phone #:",
    "TOOL LIST",
    "Additional tools needed:",
    "List any special skills",
    "Yes",
    "No",
    "TS",
];

fuzz_target!(|text: &str| {
    let table: String = text.chars().fold(String::new(), |mut table, c| {
        match PIECES.get(c as usize) {
            Some(piece) => table.push_str(piece),
            None => table.push(c),
        }
        table
    });
    let Ok(sheet) = read_csv(table.as_bytes(), &Limits::default()) else { return };
    let sheets = [sheet];
    let _ = read_sheets(&sheets);
    let Ok(card) = read_filled_sheets(&sheets) else { return };
    assert!(card.skills.iter().all(|skill| (1..=5).contains(&skill.rating)), "{:?}", card.skills);
    let names = card.skills.iter().map(|skill| &skill.name).chain(card.tools.iter().map(|tool| &tool.name));
    assert!(names.clone().all(|name| !name.trim().is_empty()), "a name that is none");
    assert_eq!(read_filled_sheets(&sheets).ok().as_ref(), Some(&card), "read twice, it says two things");
});
