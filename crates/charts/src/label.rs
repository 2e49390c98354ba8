//! How much room a label takes, and how it is made to fit. There are no font metrics on the server, so the widths are
//! those of a wide system font: a label that is taken for too wide is cut a little early, never drawn over another.

/// The size of labels, in pixels; the style sheet says the same.
pub(crate) const LABEL_PX: f64 = 13.0;

/// The width of a text at [`LABEL_PX`], rather too much than too little.
pub(crate) fn width(text: &str) -> f64 {
    text.chars().map(|c| char_share(c) * LABEL_PX).sum()
}

fn char_share(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.34,
        'f' | 't' | 'r' | ' ' | '(' | ')' | '/' | '-' | '"' => 0.43,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' => 1.0,
        'A'..='Z' | '&' => 0.78,
        ' '..='~' => 0.63,
        '\u{a0}'..='\u{24f}' => 0.78,
        _ => 1.1,
    }
}

/// The text within `room` pixels, cut with "…" where it is longer.
pub(crate) fn fit(text: &str, room: f64) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut taken = width("…");
    let mut kept = String::new();
    for c in text.chars() {
        taken += char_share(c) * LABEL_PX;
        if taken > room {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

/// The text in at most two lines of `room` pixels each.
pub(crate) fn two_lines(text: &str, room: f64) -> Vec<String> {
    if width(text) <= room {
        return vec![text.to_owned()];
    }
    let mut first = String::new();
    for part in parts(text) {
        if !first.is_empty() && width(first.trim_end()) + width(part.trim_end()) > room {
            break;
        }
        first.push_str(part);
    }
    let rest = text.get(first.len()..).unwrap_or_default().trim_start();
    let lines = [fit(first.trim_end(), room), fit(rest, room)];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

/// Where a line may break: after white space, a slash or a hyphen.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive([' ', '/', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_cut_within_its_room() {
        assert_eq!(fit("Fencing", 100.0), "Fencing");
        let cut = fit("Maintenance Outside and everything else", 90.0);
        assert!(cut.ends_with('…') && width(&cut) <= 90.0, "{cut}");
        assert_eq!(fit("Fencing", 0.0), "…");
    }

    #[test]
    fn a_long_label_breaks_between_words_into_two_lines_at_most() {
        assert_eq!(two_lines("Painting/Staining", 90.0), ["Painting/", "Staining"]);
        assert_eq!(two_lines("Maintenance Outside", 110.0), ["Maintenance", "Outside"]);
        let endless = "Supercalifragilisticexpialidocious".repeat(3);
        for room in [0.0, 10.0, 120.0] {
            let lines = two_lines(&endless, room);
            assert!(lines.len() <= 2, "{lines:?}");
            assert!(room < 20.0 || lines.iter().all(|line| width(line) <= room), "{lines:?}");
        }
    }

    #[test]
    fn letters_of_any_alphabet_are_measured_and_kept_whole() {
        let lines = two_lines("屋根工事 と 雨樋 🏠🏠🏠🏠🏠🏠🏠🏠", 80.0);
        assert!(lines.iter().all(|line| width(line) <= 80.0), "{lines:?}");
    }
}
