//! `%(name)s`: the value of another option, put in its place.

use std::collections::BTreeMap;

use crate::{
    ini::{Ini, MAX_VALUE, Value, shortened},
    problem::{JailError, Place},
};

/// How deep values may name each other, as in Python's `configparser`.
const MAX_DEPTH: usize = 10;

/// Looks options up in one section, with values given from outside in front of it.
#[derive(Clone, Copy)]
pub(crate) struct Lookup<'a> {
    pub(crate) ini: &'a Ini,
    pub(crate) section: &'a str,
    /// Parameters and the jail's own options; they win over the file.
    pub(crate) given: &'a BTreeMap<String, Value>,
}

impl<'a> Lookup<'a> {
    /// The option with every `%(name)s` replaced; `None` where there is no such option.
    ///
    /// `lt_file/datepattern` means the option of another section, `known/x` what stood here before a later file.
    pub(crate) fn get(&self, option: &str) -> Result<Option<Value>, JailError> {
        let Some((section, name)) = self.elsewhere(option) else {
            let found = self.given.get(option).or_else(|| self.ini.raw(self.section, option));
            return found.map(|value| self.filled(value)).transpose();
        };
        for section in self.sections_named(section) {
            if let Some(value) = self.ini.raw(&section, name) {
                return Lookup { section: &section, ..*self }.filled(value).map(Some);
            }
        }
        Ok(None)
    }

    fn elsewhere<'t>(&self, option: &'t str) -> Option<(&'t str, &'t str)> {
        if self.given.contains_key(option) { None } else { option.split_once('/') }
    }

    fn sections_named(&self, section: &str) -> Vec<String> {
        match section.to_lowercase().as_str() {
            "known" => vec![format!("KNOWN/{}", self.section), self.section.to_owned()],
            "default" => vec!["DEFAULT".to_owned()],
            _ => vec![section.to_owned()],
        }
    }

    fn filled(&self, value: &Value) -> Result<Value, JailError> {
        let mut text = String::new();
        self.fill(&value.text, &value.place, 0, &mut text)?;
        Ok(Value { text, place: value.place.clone() })
    }

    fn fill(&self, text: &str, place: &Place, depth: usize, out: &mut String) -> Result<(), JailError> {
        if depth > MAX_DEPTH {
            let what = format!("`{}` refers to itself, or too deep", shortened(text));
            return Err(JailError::new(place.clone(), what, "Break the circle of %(…)s."));
        }
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            rest = match after.strip_prefix('%') {
                Some(rest) => {
                    out.push('%');
                    rest
                }
                None => self.fill_one(after, place, depth, out)?,
            };
        }
        out.push_str(rest);
        if out.len() > MAX_VALUE {
            let what = "a value grows beyond 256 KiB when its %(…)s are put in";
            return Err(JailError::new(place.clone(), what, "Look for an option that is put in many times."));
        }
        Ok(())
    }

    /// Replaces one `(name)s` at the start of `after`, and gives what follows it.
    fn fill_one<'t>(
        &self,
        after: &'t str,
        place: &Place,
        depth: usize,
        out: &mut String,
    ) -> Result<&'t str, JailError> {
        let Some((name, rest)) = after.strip_prefix('(').and_then(|inside| inside.split_once(")s")) else {
            let what = format!("a lone % stands before `{}`", shortened(after));
            return Err(JailError::new(place.clone(), what, "Write %% for a percent sign, or %(name)s for an option."));
        };
        if name == "__name__" {
            out.push_str(self.section);
            return Ok(rest);
        }
        let Some(value) = self.variable(&name.to_lowercase(), name) else {
            let what = format!("there is no option `{}` to put in", shortened(name));
            return Err(JailError::new(place.clone(), what, "Define it in this section or under [DEFAULT]."));
        };
        self.fill(&value.text, &value.place, depth + 1, out)?;
        Ok(rest)
    }

    /// What `%(name)s` stands for. Sections are named as written, options in lower case.
    fn variable(&self, name: &str, written: &str) -> Option<&'a Value> {
        let found = self.given.get(name).or_else(|| self.ini.raw(self.section, name));
        let (section, option) = match written.split_once('/') {
            None => return found,
            Some((section, option)) => (section, option.to_lowercase()),
        };
        found.or_else(|| {
            let known = section.eq_ignore_ascii_case("known");
            let section = if known { format!("KNOWN/{}", self.section) } else { section.to_owned() };
            self.ini.raw(&section, &option)
        })
    }
}
