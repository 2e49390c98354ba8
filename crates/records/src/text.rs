//! What any text must be before it is stored: trimmed, of bounded length, without control characters.

/// Cleans a one-line text: outer white space goes; the rest must be at most `max` characters, none of them a control
/// character. An empty text is `None`.
pub(crate) fn clean_line(text: &str, max: usize) -> Result<Option<String>, String> {
    clean(text, max, |c| c.is_control())
}

/// As [`clean_line`], but line breaks and tabs are welcome; line breaks become `\n`.
pub(crate) fn clean_lines(text: &str, max: usize) -> Result<Option<String>, String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    clean(&text, max, |c| c.is_control() && c != '\n' && c != '\t')
}

fn clean(text: &str, max: usize, forbidden: impl Fn(char) -> bool) -> Result<Option<String>, String> {
    let text = text.trim();
    if text.contains(forbidden) {
        return Err("Take out the control characters: they can't be seen, and would confuse whoever reads this.".into());
    }
    let length = text.chars().count();
    if length > max {
        return Err(format!("Use at most {max} characters; these are {length}."));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Reads a mail address as people write it to us: `local@domain`, no display name, no quotes. Kept in small letters,
/// because that is how mail systems compare them and how one person stays one person.
pub(crate) fn clean_email(text: &str) -> Result<Option<String>, String> {
    let Some(text) = clean_line(text, 254)? else { return Ok(None) };
    let bad = || "Write a mail address like name@example.com.".to_owned();
    let (local, domain) = text.rsplit_once('@').ok_or_else(bad)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    let local_is_fine = !local.is_empty() && local.len() <= 64 && local.chars().all(plain);
    let label_is_fine = |label: &str| {
        let inner = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        !label.is_empty() && label.len() <= 63 && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    if local_is_fine && domain.contains('.') && domain.split('.').all(label_is_fine) {
        Ok(Some(text.to_ascii_lowercase()))
    } else {
        Err(bad())
    }
}

/// Reads a telephone number as people write it: digits, spaces, `+ ( ) - . /`, an extension after `x`; 5 to 20 characters.
pub(crate) fn clean_phone(text: &str) -> Result<Option<String>, String> {
    let Some(text) = clean_line(text, 20)? else { return Ok(None) };
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if digits < 5 || !text.chars().all(|c| c.is_ascii_digit() || " +()-./x".contains(c)) {
        return Err(
            "Write a telephone number like 555-0142 or +1 555 0142: digits, spaces and + ( ) - . / only.".into()
        );
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_are_kept_in_small_letters_and_header_injection_is_refused() {
        assert_eq!(clean_email(" Ada.Lovelace@Example.COM "), Ok(Some("ada.lovelace@example.com".to_owned())));
        for bad in [
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "a b@example.com",
            "ada@-x.com",
            "ada@x..com",
            "ada@example.com\r\nBcc: all@example.com",
            "Ada <ada@example.com>",
            "ada@ex\u{e4}mple.com",
        ] {
            assert!(clean_email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn control_characters_and_overlong_texts_are_refused() {
        assert!(clean_line("a\0b", 10).is_err());
        assert!(clean_line("a\nb", 10).is_err());
        assert_eq!(clean_lines("a\r\nb", 10), Ok(Some("a\nb".to_owned())));
        assert!(clean_line("\u{1f528}\u{1f528}\u{1f528}", 2).is_err());
        assert_eq!(clean_line("   ", 2), Ok(None));
    }

    #[test]
    fn telephone_numbers_are_taken_as_people_write_them() {
        assert_eq!(clean_phone("+1 (555) 0142"), Ok(Some("+1 (555) 0142".to_owned())));
        assert!(clean_phone("call me").is_err());
        assert!(clean_phone("=1+5555555").is_err());
    }
}
