//! `sshd[mode=aggressive, port="22"]`: a filter's name with parameters.

use std::collections::BTreeMap;

use crate::{
    ini::{Value, shortened},
    problem::{JailError, Place},
};

/// Splits the name from its parameters.
pub(crate) fn split_options(text: &str, place: &Place) -> Result<(String, BTreeMap<String, Value>), JailError> {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('[') else { return Ok((text.to_owned(), BTreeMap::new())) };
    let mut options = BTreeMap::new();
    let mut rest = rest.trim_start();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if let Some(after) = rest.strip_prefix(']') {
            match after.trim_start().strip_prefix('[') {
                Some(next) => rest = next,
                None if after.trim().is_empty() => return Ok((name.trim().to_owned(), options)),
                None => return Err(unexpected(after, place)),
            }
            continue;
        }
        rest = take_option(rest, place, &mut options)?;
    }
}

fn take_option<'t>(text: &'t str, place: &Place, options: &mut BTreeMap<String, Value>) -> Result<&'t str, JailError> {
    let (name, rest) = text.split_once('=').ok_or_else(|| unexpected(text, place))?;
    let rest = rest.trim_start();
    let (value, rest) = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => rest[1..].split_once(quote).ok_or_else(|| unexpected(rest, place))?,
        _ => rest.split_at(rest.find([',', ']']).ok_or_else(|| unexpected(rest, place))?),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.trim().is_empty() || !name.trim().chars().all(is_name) {
        return Err(unexpected(text, place));
    }
    let value = Value { text: value.trim().to_owned(), place: place.clone() };
    options.insert(name.trim().to_lowercase(), value);
    Ok(rest)
}

fn unexpected(text: &str, place: &Place) -> JailError {
    let what = format!("the parameters are not understood at `{}`", shortened(text));
    JailError::new(place.clone(), what, "Write them as name[one=value, two=\"another value\"].")
}
