//! A file with everything that it includes and everything that overrides it.

use std::collections::BTreeMap;

use crate::{
    files::ConfigFiles,
    ini::{
        Ini, Options, Value,
        parse::{ParsedFile, parse_file},
    },
    problem::{JailError, Place, Warning},
};

/// How deep files may include each other.
const MAX_DEPTH: usize = 8;
/// How many files one configuration may be made of.
const MAX_FILES: usize = 200;

/// Reads `base.conf`, `base.d/*.conf`, `base.local` and `base.d/*.local`, in this order, with their includes.
pub(crate) fn load(files: &dyn ConfigFiles, base: &str, warnings: &mut Vec<Warning>) -> Result<Ini, JailError> {
    let mut order = Vec::new();
    for name in candidates(files, base)? {
        Includes { files, order: &mut order, warnings }.follow(&name, &mut Vec::new())?;
    }
    let place = Place::new(&format!("{base}.conf"), 0);
    if order.is_empty() {
        let fix = "Check the name, or install the file.";
        return Err(JailError::new(place, "there is no such file", fix));
    }
    let mut ini = Ini { place, defaults: Options::new(), sections: BTreeMap::new() };
    for (_, parsed) in order {
        lay_over(&mut ini, parsed);
    }
    Ok(ini)
}

fn candidates(files: &dyn ConfigFiles, base: &str) -> Result<Vec<String>, JailError> {
    let folder = format!("{base}.d");
    let inside = files.list(&folder).map_err(|error| unreadable(&folder, &error))?;
    let ending = |end: &'static str| inside.iter().filter(move |name| name.ends_with(end)).cloned();
    let mut names = vec![format!("{base}.conf")];
    names.extend(ending(".conf"));
    names.push(format!("{base}.local"));
    names.extend(ending(".local"));
    Ok(names)
}

fn unreadable(name: &str, error: &std::io::Error) -> JailError {
    let fix = "Check that it is a plain file or folder, and who may read it.";
    JailError::new(Place::new(name, 0), format!("it cannot be read ({error})"), fix)
}

/// Collects files in the order in which they are laid over each other.
struct Includes<'a> {
    files: &'a dyn ConfigFiles,
    order: &'a mut Vec<(String, ParsedFile)>,
    warnings: &'a mut Vec<Warning>,
}

impl Includes<'_> {
    /// The files named before it, the file itself, the ones named after it. A file that is not there is skipped:
    /// filters name `.local` files which few people have.
    fn follow(&mut self, name: &str, open: &mut Vec<String>) -> Result<(), JailError> {
        if self.order.iter().any(|(read, _)| read == name) {
            return Ok(());
        }
        let Some(text) = self.files.read(name).map_err(|error| unreadable(name, &error))? else { return Ok(()) };
        if self.order.len() >= MAX_FILES || open.len() >= MAX_DEPTH {
            let what = "too many files include each other";
            return Err(JailError::new(Place::new(name, 0), what, "Look for a circle under [INCLUDES]."));
        }
        let parsed = parse_file(name, &text, self.warnings)?;
        let (before, after) = (included(name, &parsed, "before")?, included(name, &parsed, "after")?);
        open.push(name.to_owned());
        for other in before {
            self.follow_with_local(&other, open)?;
        }
        self.order.push((name.to_owned(), parsed));
        for other in after {
            self.follow_with_local(&other, open)?;
        }
        open.pop();
        Ok(())
    }

    fn follow_with_local(&mut self, name: &str, open: &mut Vec<String>) -> Result<(), JailError> {
        // Files that include each other: the first one is read already, or is about to be.
        if open.iter().any(|opened| opened == name) {
            return Ok(());
        }
        self.follow(name, open)?;
        match name.strip_suffix(".conf") {
            Some(stem) => self.follow(&format!("{stem}.local"), open),
            None => Ok(()),
        }
    }
}

/// The names under [INCLUDES], as seen from the root.
fn included(name: &str, parsed: &ParsedFile, option: &str) -> Result<Vec<String>, JailError> {
    let lists = parsed.sections.iter().filter(|(section, _)| section == "INCLUDES");
    let mut names = Vec::new();
    for list in lists.filter_map(|(_, options)| options.get(option)) {
        for entry in list.text.lines().map(str::trim).filter(|entry| !entry.is_empty()) {
            names.push(resolved(name, entry, list)?);
        }
    }
    Ok(names)
}

/// The name that `entry` means in the file `name`. It never leads out of the root.
fn resolved(name: &str, entry: &str, list: &Value) -> Result<String, JailError> {
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    for part in entry.split('/') {
        match part {
            "." => {}
            ".." if !parts.is_empty() => {
                parts.pop();
            }
            "" | ".." => return Err(leads_out(entry, list.place.clone())),
            part => parts.push(part),
        }
    }
    match entry.contains(['\0', '\\']) || parts.is_empty() {
        true => Err(leads_out(entry, list.place.clone())),
        false => Ok(parts.join("/")),
    }
}

fn leads_out(entry: &str, place: Place) -> JailError {
    let what = format!("`{}` leads out of the folder", super::shortened(entry));
    JailError::new(place, what, "Include only files that lie below the folder, by a relative name.")
}

/// A name that is put into a path: it has no path of its own.
pub(crate) fn check_name(name: &str, place: &Place) -> Result<(), JailError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '@');
    match !name.is_empty() && name.len() <= 100 && !name.starts_with('.') && name.chars().all(is_plain) {
        true => Ok(()),
        false => Err(leads_out(name, place.clone())),
    }
}

fn lay_over(ini: &mut Ini, parsed: ParsedFile) {
    for (section, options) in parsed.sections {
        if section == "DEFAULT" {
            ini.defaults.extend(options);
            continue;
        }
        // `[Init?family=inet6]` belongs to actions.
        if section.contains('?') || section == "INCLUDES" {
            continue;
        }
        let replaced: Vec<(String, Value)> =
            options.keys().filter_map(|name| Some((name.clone(), ini.own(&section, name)?.clone()))).collect();
        ini.sections.entry(format!("KNOWN/{section}")).or_default().extend(replaced);
        ini.sections.entry(section).or_default().extend(options);
    }
}
