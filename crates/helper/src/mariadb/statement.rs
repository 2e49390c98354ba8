//! Reading the statements that the server prints, as far as need be: words, names and texts told apart.

use std::ops::Range;

/// A part of a statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    /// In backticks.
    Name(String),
    /// In quotes.
    Text(String),
    Sign(char),
}

impl Token {
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own.eq_ignore_ascii_case(word))
    }
}

/// All parts, each with its place; `None` where a quote has no end.
pub(super) fn tokens(statement: &str) -> Option<Vec<(Token, Range<usize>)>> {
    let (mut tokens, mut at) = (Vec::new(), 0);
    while let Some(first) = statement[at..].chars().next() {
        let start = at;
        let token = match first {
            '`' | '\'' | '"' => {
                let (text, length) = quoted(&statement[at..], first)?;
                at += length;
                if first == '`' { Token::Name(text) } else { Token::Text(text) }
            }
            _ if is_word(first) => {
                at += statement[at..].find(|c| !is_word(c)).unwrap_or(statement.len() - at);
                Token::Word(statement[start..at].to_owned())
            }
            _ => {
                at += first.len_utf8();
                Token::Sign(first)
            }
        };
        if !matches!(token, Token::Sign(sign) if sign.is_whitespace()) {
            tokens.push((token, start..at));
        }
    }
    Some(tokens)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || "_$.".contains(character)
}

/// What stands between two of these quotes, and how long it is with them. A quote that is written twice is one of the text;
/// a backslash takes the next character along, but for names.
fn quoted(statement: &str, quote: char) -> Option<(String, usize)> {
    let (mut text, mut characters) = (String::new(), statement.char_indices().skip(1).peekable());
    while let Some((at, character)) = characters.next() {
        if character == '\\' && quote != '`' {
            text.push(characters.next()?.1);
        } else if character != quote {
            text.push(character);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return Some((text, at + 1));
        }
    }
    None
}

/// The statement without how somebody gets in: SHOW GRANTS tells hashes of passwords. `None` where it can't be read.
pub(super) fn without_secrets(statement: &str) -> Option<String> {
    let tokens = tokens(statement)?;
    let Some(first) = tokens.iter().position(|(token, _)| token.is_word("IDENTIFIED")) else {
        return Some(statement.to_owned());
    };
    let after = tokens.iter().skip(first + 2).find(|(token, _)| token.is_word("REQUIRE") || token.is_word("WITH"));
    let (before, after) = (&statement[..tokens[first].1.start], after.map_or("", |(_, at)| &statement[at.start..]));
    Some(format!("{before}{after}").trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hashes_are_taken_out_and_nothing_else() {
        let without = |statement: &str| without_secrets(statement).unwrap();
        assert_eq!(
            without("GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*6C61' REQUIRE SSL WITH GRANT OPTION"),
            "GRANT USAGE ON *.* TO `a`@`%` REQUIRE SSL WITH GRANT OPTION"
        );
        assert_eq!(
            without("GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED VIA ed25519 USING 'x WITH \\' y' OR unix_socket"),
            "GRANT USAGE ON *.* TO `a`@`%`"
        );
        let named = "GRANT SELECT ON `IDENTIFIED BY`.* TO `o'b``x\\y`@`%`";
        assert_eq!(without(named), named);
        assert_eq!(without_secrets("GRANT USAGE ON *.* TO `a"), None);
    }

    #[test]
    fn quotes_are_read_as_the_server_writes_them() {
        let of = |text: &str| tokens(text).unwrap().into_iter().map(|(token, _)| token).collect::<Vec<_>>();
        assert_eq!(of("`a``b\\` 'c''d\\'é'"), [Token::Name("a`b\\".into()), Token::Text("c'd'é".into())]);
    }

    proptest! {
        #[test]
        fn no_statement_breaks_it(statement in "(?s)[`'\"\\\\a-zA-Z é*.]{0,60}( IDENTIFIED| WITH)?.{0,20}") {
            let _ = without_secrets(&statement);
        }
    }
}
