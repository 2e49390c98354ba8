//! A JSON file as it is written: its keys with their places, so that a value can be changed and all the rest stays.

use std::{collections::BTreeMap, ops::Range};

use serde::de::IgnoredAny;
use serde_json::Value;

use super::{Found, change::Change, guide::GuideKey, value::without_password};

/// So much of a value is told.
const SHOWN: usize = 200;
/// What Frappe itself indents by.
const USUAL_INDENT: &str = " ";

/// The text, and where its keys stand.
#[derive(Debug)]
pub(super) struct Document {
    text: String,
    members: Vec<Member>,
    /// Where the closing brace is.
    end: usize,
}

/// A key of the outermost object.
#[derive(Debug)]
struct Member {
    key: String,
    at: usize,
    value: Range<usize>,
}

impl Document {
    /// Reads the file's bytes.
    ///
    /// # Errors
    /// Frappe could not read it either: what is wrong, and where. Nothing of the file's content is told.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(
                "it begins with a byte order mark, which Frappe can't read. Save it as UTF-8 without one.".into()
            );
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = line_at(bytes, error.valid_up_to());
            format!("line {line} is not UTF-8 text. Save it as UTF-8.")
        })?;
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| not_json(text, &error))?;
        let (members, end) = scan(text).ok_or("it holds no object: a configuration begins with { and ends with }.")?;
        Ok(Self { text: text.to_owned(), members, end })
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The value of a key. Of several, the last, as Python has it.
    pub(super) fn get(&self, key: &str) -> Option<Value> {
        let member = self.member(key)?;
        // What can't be taken in (a number without end) is no value that anybody wants.
        Some(serde_json::from_str(&self.text[member.value.clone()]).unwrap_or(Value::String("?".to_owned())))
    }

    /// A key's value and line, for people.
    pub(super) fn found(&self, key: &str) -> Option<Found> {
        let member = self.member(key)?;
        let text = without_password(&self.text[member.value.clone()]);
        let text = match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        };
        Some(Found { line: line_at(self.text.as_bytes(), member.at), text })
    }

    /// The guide's keys that are there.
    pub(super) fn guide_values(&self) -> BTreeMap<String, Found> {
        let names = self.members.iter().map(|member| member.key.as_str());
        names.filter_map(|name| Some((GuideKey::find(name)?.name.to_owned(), self.found(name)?))).collect()
    }

    /// Why it must not be changed by a program.
    pub(super) fn objection(&self) -> Option<String> {
        let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
        self.members.iter().find_map(|member| {
            let line = line_at(self.text.as_bytes(), member.at);
            let first = lines.insert(&member.key, line)?;
            let key: String = member.key.chars().take(80).collect();
            Some(format!("{key:?} stands in it twice, in lines {first} and {line}, and the last one counts. Keep one."))
        })
    }

    /// The same with these values: those that are there are replaced where they stand, others come at the end.
    pub(super) fn with(&self, changes: &[Change]) -> Result<Self, String> {
        let mut text = self.text.clone();
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut added = Vec::new();
        for change in changes {
            match self.member(&change.key) {
                Some(member) => edits.push((member.value.clone(), change.after.clone())),
                None => added.push(format!("\"{}\": {}", change.key, change.after)),
            }
        }
        edits.extend(self.addition(&added));
        edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        for (range, new) in edits {
            text.replace_range(range, &new);
        }
        let new = Self::read(text.as_bytes())?;
        // Whatever this program got wrong here must not reach a file.
        let is_so = |change: &Change| new.get(&change.key) == serde_json::from_str(&change.after).ok();
        let others_stay = self.members.iter().all(|member| {
            changes.iter().any(|change| change.key == member.key) || new.get(&member.key) == self.get(&member.key)
        });
        if changes.iter().all(is_so) && others_stay { Ok(new) } else { Err("it can't be changed in place.".into()) }
    }

    /// Where further keys go, and how they are written: as the last one is.
    fn addition(&self, added: &[String]) -> Option<(Range<usize>, String)> {
        if added.is_empty() {
            return None;
        }
        let newline = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let Some(last) = self.members.last() else {
            let start = self.text[..self.end].rfind('{').map_or(self.end, |at| at + 1);
            let between = format!(",{newline}{USUAL_INDENT}");
            return Some((start..self.end, format!("{newline}{USUAL_INDENT}{}{newline}", added.join(&between))));
        };
        let line_start = self.text[..last.at].rfind('\n').map_or(0, |at| at + 1);
        let indent = &self.text[line_start..last.at];
        let has_own_line = line_start > 0 && indent.chars().all(char::is_whitespace);
        let between = if has_own_line { format!(",{newline}{indent}") } else { ", ".to_owned() };
        let new = added.iter().flat_map(|member| [between.as_str(), member]).collect();
        Some((last.value.end..last.value.end, new))
    }

    /// The text without the values of keys that are not the guide's, line by line the same.
    pub(super) fn masked(&self) -> String {
        let (mut out, mut at) = (String::with_capacity(self.text.len()), 0);
        for member in &self.members {
            let value = &self.text[member.value.clone()];
            out.push_str(&self.text[at..member.value.start]);
            if GuideKey::find(&member.key).is_some() {
                out.push_str(&without_password(value));
            } else {
                out.push('…');
                out.extend(value.chars().filter(|c| *c == '\n'));
            }
            at = member.value.end;
        }
        out.push_str(&self.text[at..]);
        out
    }

    fn member(&self, key: &str) -> Option<&Member> {
        self.members.iter().rfind(|member| member.key == key)
    }
}

fn line_at(bytes: &[u8], at: usize) -> usize {
    bytes[..at.min(bytes.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn not_json(text: &str, error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let content = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let hint = match content.trim_start() {
        comment if comment.starts_with('#') || comment.starts_with("//") || comment.starts_with("/*") => {
            "JSON has no comments: take it out."
        }
        _ if error.is_eof() => "Something is not closed.",
        _ => "Look for a comma too many or too few before it, or for quotation marks.",
    };
    format!("it is no JSON from line {line}, column {column} on. {hint}")
}

/// The members of the outermost object, and where it ends. The text is JSON already.
fn scan(text: &str) -> Option<(Vec<Member>, usize)> {
    let bytes = text.as_bytes();
    let mut at = skip_space(bytes, 0);
    if bytes.get(at) != Some(&b'{') {
        return None;
    }
    let mut members = Vec::new();
    loop {
        at = skip_space(bytes, at + 1);
        if bytes.get(at)? == &b'}' {
            return Some((members, at));
        }
        let key_end = skip_text(bytes, at)?;
        let key = serde_json::from_str(&text[at..key_end]).ok()?;
        let colon = skip_space(bytes, key_end);
        let start = skip_space(bytes, colon + 1);
        let end = skip_value(bytes, start)?;
        members.push(Member { key, at, value: start..end });
        at = skip_space(bytes, end);
        if bytes.get(at)? == &b'}' {
            return Some((members, at));
        }
    }
}

fn skip_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| b" \t\r\n".contains(byte)).count()
}

/// Past the text that begins here.
fn skip_text(bytes: &[u8], at: usize) -> Option<usize> {
    let mut here = at + 1;
    loop {
        match bytes.get(here)? {
            b'\\' => here += 2,
            b'"' => return Some(here + 1),
            _ => here += 1,
        }
    }
}

/// Past the value that begins here, however deep it is.
fn skip_value(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut here, mut depth) = (at, 0_usize);
    loop {
        match bytes.get(here)? {
            b'"' => here = skip_text(bytes, here)?,
            b'{' | b'[' => (depth, here) = (depth + 1, here + 1),
            b'}' | b']' if depth > 0 => (depth, here) = (depth - 1, here + 1),
            b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return Some(here),
            _ => here += 1,
        }
        let is_closed = matches!(bytes.get(here.wrapping_sub(1)), Some(b'"' | b'}' | b']'));
        if depth == 0 && is_closed {
            return Some(here);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bench::BenchFile;

    fn set(key: &str, after: &str) -> Change {
        Change { file: BenchFile::Common, key: key.to_owned(), line: None, before: None, after: after.to_owned() }
    }

    fn changed(text: &str, changes: &[Change]) -> String {
        Document::read(text.as_bytes()).unwrap().with(changes).unwrap().text
    }

    #[test]
    fn a_value_is_replaced_where_it_stands_and_all_else_stays_as_it_is_written() {
        let text = "{\n    \"db_name\" : \"_1\",\t\"developer_mode\":1 ,\n\n  \"limits\": {\"developer_mode\": 1, \"a\": [1,2]}\n}\n";
        let wanted = text.replacen(":1 ,", ":0 ,", 1);
        assert_eq!(changed(text, &[set("developer_mode", "0")]), wanted);
    }

    #[test]
    fn what_is_missing_comes_at_the_end_as_the_last_one_is_written() {
        let two = [set("a", "1"), set("b", "{\"x\": 1}")];
        assert_eq!(changed("{\n  \"z\": 1\n}", &two), "{\n  \"z\": 1,\n  \"a\": 1,\n  \"b\": {\"x\": 1}\n}");
        assert_eq!(changed("{\r\n\t\"z\": [\r\n]\r\n}", &two[..1]), "{\r\n\t\"z\": [\r\n],\r\n\t\"a\": 1\r\n}");
        assert_eq!(changed("{\"z\": 1}", &two), "{\"z\": 1, \"a\": 1, \"b\": {\"x\": 1}}");
        assert_eq!(changed("{}\n", &two), "{\n \"a\": 1,\n \"b\": {\"x\": 1}\n}\n");
        assert_eq!(changed(" {\n\n} ", &two[..1]), " {\n \"a\": 1\n} ");
    }

    #[test]
    fn keys_are_found_however_they_are_spelled_and_never_within_texts_or_other_objects() {
        let text = r#"{"note": "\"developer_mode\": 1", "x": {"developer_mode": 1}, "developer\u005fmode": 0}"#;
        let document = Document::read(text.as_bytes()).unwrap();
        assert_eq!(document.get("developer_mode"), Some(Value::from(0)));
        assert_eq!(document.guide_values().keys().collect::<Vec<_>>(), ["developer_mode"]);
    }

    #[test]
    fn what_frappe_could_not_read_is_refused_in_clear_words() {
        let refused = |bytes: &[u8]| Document::read(bytes).unwrap_err();
        assert!(refused(b"\xef\xbb\xbf{}").contains("byte order mark"));
        assert_eq!(refused(b"{\n\"a\": \"\xff\"}"), "line 2 is not UTF-8 text. Save it as UTF-8.");
        let comment = refused(b"{\n  # production\n  \"developer_mode\": 0\n}");
        assert_eq!(comment, "it is no JSON from line 2, column 3 on. JSON has no comments: take it out.");
        assert!(refused(b"{\"a\": 1,}").starts_with("it is no JSON from line 1, column 9 on. Look for a comma"));
        assert!(refused(b"{\"a\": 1").ends_with("Something is not closed."));
        assert!(refused(b"").contains("line 1"));
        assert!(refused(b"[1]").contains("it holds no object"));
        let secret = refused(b"{\"db_password\": \"hunter2\" oops}");
        assert!(!secret.contains("hunter2") && !secret.contains("oops"), "{secret}");
        assert!(refused(&[b"{\"a\":".as_slice(), &[b'['; 100_000]].concat()).contains("no JSON"));
    }

    #[test]
    fn a_key_that_stands_twice_counts_by_its_last_and_keeps_the_file_from_being_changed() {
        let document = Document::read(b"{\n\"developer_mode\": 0,\n\"developer_mode\": 1\n}").unwrap();
        assert_eq!(document.found("developer_mode"), Some(Found { line: 3, text: "1".to_owned() }));
        let objection = document.objection().unwrap();
        assert_eq!(
            objection,
            "\"developer_mode\" stands in it twice, in lines 2 and 3, and the last one counts. Keep one."
        );
    }

    #[test]
    fn values_of_other_keys_are_never_shown() {
        let text = "{\n \"db_password\": \"hunter2\",\n \"x\": {\n  \"y\": 1\n },\n \"redis_cache\": \"redis://:pw@10.0.0.1\"\n}";
        let masked = Document::read(text.as_bytes()).unwrap().masked();
        assert_eq!(masked, "{\n \"db_password\": …,\n \"x\": …\n\n,\n \"redis_cache\": \"redis://…@10.0.0.1\"\n}");
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[ -~\\n\u{e9}]{0,8}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"\\\\{}]{0,4}", inner, 0..4)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        /// Whatever a file holds, only what is asked for changes.
        #[test]
        fn only_what_is_asked_for_changes(
            map in prop::collection::btree_map("[a-z_\"\\\\{},:]{0,6}", json(), 0..6), pretty: bool,
        ) {
            let mut value: Value = map.into_iter().collect();
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let changes = [set("rate_limit", "{\"limit\": 100, \"window\": 60}"), set("a", "1")];
            let new: Value = serde_json::from_str(&changed(&text, &changes)).unwrap();
            value["rate_limit"] = serde_json::json!({ "limit": 100, "window": 60 });
            value["a"] = Value::from(1);
            prop_assert_eq!(new, value);
        }

        /// Bytes are read or refused.
        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}\":,a1 \\\\\n]{0,60}") {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                if let Ok(document) = Document::read(bytes) {
                    let _ = (document.masked(), document.objection(), document.guide_values());
                }
            }
        }
    }
}
