//! A filter's options with every substitution made: still text, but final.

use crate::{
    files::ConfigFiles,
    filter::options::split_options,
    ini::{Ini, Lookup, Options, Value, check_name, load, substitute_tags},
    problem::{JailError, Place, Warning},
};

/// What a filter may say. Everything else in its file is there to be put into these.
const OPTIONS: [&str; 7] =
    ["usedns", "prefregex", "ignoreregex", "failregex", "maxlines", "datepattern", "journalmatch"];

/// A filter as text, with each of its lines' places.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) place: Place,
    pub(crate) options: Options,
    /// Each line of an option stands at its own place: the option's line plus its number.
    pub(crate) is_list: bool,
    /// Every option of the file, for a jail's `%(known/…)s`.
    pub(crate) known: Options,
}

impl Definition {
    /// Reads `filter.d/NAME.conf` for `NAME[parameters]`.
    pub(crate) fn read(
        files: &dyn ConfigFiles,
        call: &Value,
        jail: &Options,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, JailError> {
        let (name, mut given) = split_options(&call.text, &call.place)?;
        check_name(&name, &call.place)?;
        let ini = load(files, &format!("filter.d/{name}"), warnings).map_err(|error| match error.place.line {
            0 if error.what.starts_with("there is no such file") => {
                JailError { place: call.place.clone(), what: format!("there is no filter `{name}`"), ..error }
            }
            _ => error,
        })?;
        for (option, value) in jail {
            given.entry(option.clone()).or_insert_with(|| value.clone());
        }
        resolve(&ini, given)
    }

    /// The option, unless it is empty.
    pub(crate) fn get(&self, option: &str) -> Option<&Value> {
        self.options.get(option).filter(|value| !value.text.trim().is_empty())
    }

    /// The option's lines, empty ones left out.
    pub(crate) fn lines(&self, option: &str) -> impl Iterator<Item = (&str, Place)> {
        let lines = self.options.get(option).into_iter().flat_map(|value| {
            let place = |number| if self.is_list { value.place.below(number) } else { value.place.clone() };
            value.text.split('\n').enumerate().map(move |(number, line)| (line.trim_end_matches('\r'), place(number)))
        });
        lines.filter(|(line, _)| !line.trim().is_empty())
    }
}

fn resolve(ini: &Ini, mut given: Options) -> Result<Definition, JailError> {
    let lookup = Lookup { ini, section: "Definition", given: &given.clone() };
    let mut options = Options::new();
    for option in OPTIONS {
        if let Some(value) = lookup.get(option)? {
            options.insert(option.to_owned(), value);
        }
    }
    add_init(ini, &mut given)?;
    // Parameters and [Init] stand in front of what the definition says.
    options.extend(given.clone());
    let lookup = Lookup { ini, section: "Definition", given: &given };
    substitute_tags(&mut options, &|name| lookup.get(name))?;
    let known = known_options(ini, &lookup, &options)?;
    options.retain(|name, _| OPTIONS.contains(&name.as_str()));
    Ok(Definition { place: ini.place.clone(), options, is_list: false, known })
}

/// The values of [Init] are parameters that nobody gave.
fn add_init(ini: &Ini, given: &mut Options) -> Result<(), JailError> {
    let before = given.clone();
    let lookup = Lookup { ini, section: "Init", given: &before };
    let Some(init) = ini.sections.get("Init") else { return Ok(()) };
    for option in init.keys() {
        if let Some(own) = (Lookup { given: &Options::new(), ..lookup }).get(option)? {
            given.insert(format!("known/{option}"), own);
        }
        if !given.contains_key(option)
            && let Some(value) = lookup.get(option)?
        {
            given.insert(option.clone(), value);
        }
    }
    Ok(())
}

fn known_options(ini: &Ini, lookup: &Lookup<'_>, options: &Options) -> Result<Options, JailError> {
    let mut known = options.clone();
    for option in ini.sections.get("Definition").into_iter().flat_map(Options::keys) {
        if !known.contains_key(option)
            && let Some(value) = lookup.get(option)?
        {
            known.insert(option.clone(), value);
        }
    }
    Ok(known)
}
