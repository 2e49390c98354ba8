//! Any text as what the client of MariaDB prints: it is read or refused, and names come out as they went in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_helper::mariadb::{Account, read_answers};

fuzz_target!(|texts: (&str, &str)| {
    let (answers, statement) = texts;
    let _ = read_answers(answers, statement);
    let hex: String = statement.bytes().map(|byte| format!("{byte:02X}")).collect();
    let facts = read_answers(&format!("test_grant\t{hex}\t{hex}\t{hex}\n"), "").expect("a name in digits is read");
    assert_eq!(facts.test_grants[0].account, Account::new(statement, statement));
});
