//! Reading what the client prints in its batch mode: a row a line, values with tabs between, `\t`, `\n`, `\\` and `\0`
//! for what would break that.
//!
//! The questions have the server write every name in hexadecimal digits, so that nothing in a name, and no NULL, can pass
//! for something else.

use data_encoding::HEXUPPER_PERMISSIVE;

use crate::protocol::{Failure, FailureKind};

/// A row, in its values.
pub(super) type Row = Vec<String>;

/// All rows of an output.
pub(super) fn rows(output: &str) -> Result<Vec<Row>, Failure> {
    output.split_terminator('\n').map(|line| line.split('\t').map(unescape).collect()).collect()
}

fn unescape(value: &str) -> Result<String, Failure> {
    let (mut text, mut characters) = (String::with_capacity(value.len()), value.chars());
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        text.push(match characters.next() {
            Some('t') => '\t',
            Some('n') => '\n',
            Some('0') => '\0',
            Some('\\') => '\\',
            _ => return Err(unreadable("a backslash with nothing to it")),
        });
    }
    Ok(text)
}

/// The rows that begin with this word, without it; each must have so many values.
pub(super) fn tagged<'a, const N: usize>(rows: &'a [Row], tag: &str) -> Result<Vec<&'a [String; N]>, Failure> {
    let of_tag = rows.iter().filter(|row| row.first().is_some_and(|first| first == tag));
    of_tag
        .map(|row| {
            row[1..].try_into().map_err(|_| unreadable(&format!("a row of {tag:?} with other values than asked")))
        })
        .collect()
}

/// What stands in hexadecimal digits.
pub(super) fn decode(value: &str) -> Result<String, Failure> {
    let bytes = HEXUPPER_PERMISSIVE.decode(value.as_bytes()).map_err(|_| unreadable("a name that is none"))?;
    String::from_utf8(bytes).map_err(|_| unreadable("a name that is no text"))
}

pub(super) fn number(value: &str) -> Result<u64, Failure> {
    value.parse().map_err(|_| unreadable("a number that is none"))
}

pub(super) fn unreadable(what: &str) -> Failure {
    let why = format!("the client's output holds {what}\n  Is [mariadb] client the program mariadb?");
    Failure::new(FailureKind::Failed, why)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_come_back_as_they_were() {
        let rows = rows("a\tb c\n\\ttab\\nline\\\\back\\0zero\té\n").unwrap();
        assert_eq!(rows, [vec!["a", "b c"], vec!["\ttab\nline\\back\0zero", "é"]]);
        assert_eq!(decode("6F27626078C3A95C").unwrap(), "o'b`xé\\");
        assert_eq!(decode("").unwrap(), "");
    }

    #[test]
    fn what_is_no_answer_is_refused_and_never_guessed() {
        assert!(rows("a\\x").is_err() && rows("a\\").is_err());
        assert!(decode("NULL").is_err() && decode("4").is_err() && decode("C3").is_err());
        let rows = rows("account\t41\t42\nother\t1\n").unwrap();
        assert_eq!(tagged::<2>(&rows, "account").unwrap(), [&["41".to_owned(), "42".to_owned()]]);
        assert!(tagged::<3>(&rows, "account").is_err());
        assert!(number("NULL").is_err() && number("-1").is_err());
    }

    proptest! {
        #[test]
        fn no_output_breaks_it(output in "(?s).{0,200}") {
            let _ = rows(&output).map(|rows| tagged::<2>(&rows, "a").map(|rows| rows.len()));
        }
    }
}
