//! `<name>`: the value of another option, put in place after `%(name)s`; names may be made of other names.

use std::collections::BTreeMap;

use crate::{
    ini::{MAX_VALUE, Value, shortened},
    problem::JailError,
};

/// How often one value may take in the same name.
const MAX_TIMES: usize = 25;
/// How many replacements one value may take.
const MAX_STEPS: usize = 2_000;

/// Replaces `<name>` in each value by the value of that name: one of `values`, or else what `others` knows.
/// A name that nobody knows stays as it is; it may be `<HOST>`.
pub(crate) fn substitute_tags(
    values: &mut BTreeMap<String, Value>,
    others: &dyn Fn(&str) -> Result<Option<Value>, JailError>,
) -> Result<(), JailError> {
    let names: Vec<String> = values.keys().cloned().collect();
    for name in names {
        let Some(value) = values.get(&name).cloned() else { continue };
        let text = Substitution { name: &name, value: &value, values, others, times: BTreeMap::new() }.run()?;
        values.insert(name, Value { text, place: value.place });
    }
    Ok(())
}

struct Substitution<'a> {
    name: &'a str,
    value: &'a Value,
    values: &'a BTreeMap<String, Value>,
    others: &'a dyn Fn(&str) -> Result<Option<Value>, JailError>,
    times: BTreeMap<String, usize>,
}

impl Substitution<'_> {
    /// `<mdre-<mode>>`: the inner name first; where it was put in, the outer one is looked at anew.
    fn run(&mut self) -> Result<String, JailError> {
        let mut text = self.value.text.clone();
        let mut steps = 0;
        let mut from = 0;
        while let Some((start, end)) = next_tag(&text, from) {
            let tag = text[start + 1..end - 1].to_owned();
            let Some(replacement) = self.known(&tag)? else {
                from = start + 1;
                continue;
            };
            steps += 1;
            let whole = text[start..end].to_owned();
            let length = text.len() + text.matches(&whole).count() * replacement.len();
            self.check_bounds(&tag, steps, length)?;
            text = text.replace(&whole, &replacement);
            // A tag may have come into being around the place: start over from the last `<` before it.
            from = text[..start].rfind('<').unwrap_or(start);
        }
        Ok(text)
    }

    fn known(&self, tag: &str) -> Result<Option<String>, JailError> {
        if let Some(value) = self.values.get(tag) {
            return Ok(Some(value.text.clone()));
        }
        Ok((self.others)(tag)?.map(|value| value.text))
    }

    fn check_bounds(&mut self, tag: &str, steps: usize, length: usize) -> Result<(), JailError> {
        let times = self.times.entry(tag.to_owned()).or_default();
        *times += 1;
        if tag == self.name || *times > MAX_TIMES || steps > MAX_STEPS || length > MAX_VALUE {
            let what = format!("`{}` takes in `<{}>` without end", self.name, shortened(tag));
            let fix = "Break the circle of <…>, or make the value shorter.";
            return Err(JailError::new(self.value.place.clone(), what, fix));
        }
        Ok(())
    }
}

/// The next `<name>`: no space, no angle bracket inside.
fn next_tag(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut open = None;
    for (index, byte) in text.bytes().enumerate().skip(from) {
        match (byte, open) {
            (b'<', _) => open = Some(index),
            (b'>', Some(start)) if index > start + 1 => return Some((start, index + 1)),
            (b'>' | b' ', _) => open = None,
            _ => {}
        }
    }
    None
}
