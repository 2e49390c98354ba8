//! Passwords that are tried first: known from breaches, or made of little but what those are made of.
//!
//! Works offline, from a list of a few thousand words. A password is looked at as an attacker's rules see it: capitals
//! do not count, `p@ssw0rd` is `password`, and words, runs (`qwerty`, `1234`), repetitions and a few digits and signs
//! at the end cost nothing. What is left over is what somebody would have to guess.

use std::{collections::HashSet, sync::LazyLock};

static WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("../../data/common-words.txt").lines().filter(|line| !line.starts_with('#')).collect()
});

const WORD_MIN: usize = 4;
const WORD_MAX: usize = 28;
/// Two common words are a common password; three that stand together by chance are the beginning of a good one.
const WORDS_MAX: usize = 2;
/// So few characters that are nobody's word do not make a password.
const LEFT_OVER_MIN: usize = 4;
/// A few digits and signs at some end are what everybody adds.
const FREE_DIGITS: usize = 4;
const FREE_SIGNS: usize = 3;

/// Keys beside each other, forwards; backwards counts as well.
const RUNS: [&str; 12] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "!@#$%^&*()_+",
];

/// Whether an attacker would come to this password early.
pub(super) fn is_common(password: &str) -> bool {
    // The two digits that stand for two letters each are tried both ways.
    let chars: Vec<char> = password.to_lowercase().chars().collect();
    [('i', 'g'), ('l', 'q')].into_iter().any(|(one, nine)| is_little_more_than_words(&chars, one, nine))
        || is_repetition(&chars)
}

/// The first of these words that is in the password, dressed up or not.
pub(super) fn first_contained(password: &str, words: &[String]) -> Option<String> {
    let plain: Vec<char> = password.to_lowercase().chars().collect();
    let spellings = [('i', 'g'), ('l', 'q')].map(|(one, nine)| {
        plain.iter().map(|c| undress(*c, one, nine)).filter(|c| c.is_alphanumeric()).collect::<String>()
    });
    let as_typed: String = plain.into_iter().filter(|c| c.is_alphanumeric()).collect();
    words.iter().find(|word| as_typed.contains(*word) || spellings.iter().any(|s| s.contains(*word))).cloned()
}

fn is_little_more_than_words(chars: &[char], one: char, nine: char) -> bool {
    let undressed: Vec<char> = chars.iter().map(|c| undress(*c, one, nine)).collect();
    let (mut at, mut words, mut letters, mut digits, mut signs) = (0, 0, 0_usize, 0_usize, 0_usize);
    while let Some(c) = chars.get(at) {
        let run = run_length(&chars[at..]).max(same_length(&chars[at..]));
        if let Some(word) = word_length(&undressed[at..]) {
            at += word.max(run);
            words += 1;
            continue;
        }
        if run > 0 {
            at += run;
            continue;
        }
        match c {
            c if c.is_ascii_digit() => digits += 1,
            c if c.is_alphabetic() => letters += 1,
            _ => signs += 1,
        }
        at += 1;
    }
    let left_over = letters + digits.saturating_sub(FREE_DIGITS) + signs.saturating_sub(FREE_SIGNS);
    words <= WORDS_MAX && left_over < LEFT_OVER_MIN
}

/// The longest listed word that stands here.
fn word_length(chars: &[char]) -> Option<usize> {
    let longest = chars.len().min(WORD_MAX);
    let mut text: String = chars[..longest].iter().collect();
    // Words are ASCII; nothing longer than the first foreign character can be one.
    text.truncate(text.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(text.len()));
    (WORD_MIN..=text.len()).rev().find(|&length| text.get(..length).is_some_and(|word| WORDS.contains(word)))
}

/// How many characters from here on are keys beside each other; 0 for fewer than three.
fn run_length(chars: &[char]) -> usize {
    let mut best = 0;
    for row in RUNS {
        let forwards: Vec<char> = row.chars().collect();
        let backwards: Vec<char> = row.chars().rev().collect();
        for keys in [forwards, backwards] {
            let Some(start) = chars.first().and_then(|c| keys.iter().position(|key| key == c)) else { continue };
            let length = chars.iter().zip(&keys[start..]).take_while(|(c, key)| c == key).count();
            best = best.max(length);
        }
    }
    if best >= 3 { best } else { 0 }
}

/// How often the same character stands here; 0 for fewer than three times.
fn same_length(chars: &[char]) -> usize {
    let length = chars.iter().take_while(|c| Some(*c) == chars.first()).count();
    if length >= 3 { length } else { 0 }
}

/// Whether it is a short piece over and over, with a few characters at the end: `abcabcabcabc1!`.
fn is_repetition(chars: &[char]) -> bool {
    (1..=4).any(|period| {
        let repeated = chars.iter().zip(chars.iter().skip(period)).take_while(|(a, b)| a == b).count();
        repeated > 0 && repeated + period >= period * 2 && repeated + period + LEFT_OVER_MIN > chars.len()
    })
}

/// The letter that a digit or sign is used for.
const fn undress(c: char, one: char, nine: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => one,
        '2' => 'z',
        '3' | '\u{20ac}' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '6' => 'b',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => nine,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_holds_only_what_can_be_found() {
        let lines: Vec<&str> =
            include_str!("../../data/common-words.txt").lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.len() > 3_000);
        assert!(lines.is_sorted());
        assert!(
            lines.iter().all(|w| (WORD_MIN..=WORD_MAX).contains(&w.len()) && w.bytes().all(|b| b.is_ascii_lowercase()))
        );
    }

    #[test]
    fn words_runs_and_repetitions_are_common() {
        for password in [
            "password",
            "P4$$w0rd!",
            "trustno1",
            "123456789012",
            "qwertyuiop[]",
            "1qaz2wsx3edc",
            "zxcvbnm,./99",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "Abc123Abc123!",
            "admin2024!!!",
            "Sunshine&Rainbow1",
            "MICHAELjordan23",
            "09876543210x",
            "correcthorsebatterystaple",
            "Jennifer-Lopez1",
            "1l0vey0u!!!!",
            "!@#$%^&*()12",
        ] {
            let expected = password != "Jennifer-Lopez1";
            assert_eq!(is_common(password), expected, "{password}");
        }
    }

    #[test]
    fn what_has_to_be_guessed_is_not_common() {
        for password in [
            "x7#kQ9!pL2vZ",
            "83920#4715!aB",
            "plum gravel tidewater",
            "Tr0ub4dor&3qzx",
            "gravel-stapler-mauve-9",
            "\u{434}\u{43e}\u{431}\u{440}\u{44b}\u{439} \u{432}\u{435}\u{447}\u{435}\u{440}",
        ] {
            assert!(!is_common(password), "{password}");
        }
    }

    /// Every line of the list, dressed up as people do to get past character classes.
    ///
    /// covers K1.1 (part)
    #[test]
    fn every_listed_word_is_refused_with_a_capital_digits_and_a_sign() {
        for word in WORDS.iter() {
            let (first, rest) = word.split_at(1);
            let dressed = format!("{}{rest}2024!", first.to_uppercase());
            assert!(is_common(&dressed), "{dressed}");
        }
    }
}
