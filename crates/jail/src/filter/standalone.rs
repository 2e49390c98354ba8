//! Filters that belong to no folder of fail2ban's: one file, or expressions that stand elsewhere.

use std::{io, path::Path};

use crate::{
    files::{ConfigFiles, Folder},
    filter::{Definition, Filter},
    ini::{Options, Value},
    problem::{JailError, Place},
};

/// What filters are read under, whatever their folder is called.
const FILTERS: &str = "filter.d";

/// What a filter's file would say, from elsewhere. Each expression is one line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expressions<'a> {
    /// What a failure looks like.
    pub fail: &'a [String],
    /// What is none although it looks like one.
    pub ignore: &'a [String],
    /// How dates are written; `None`: in one of the usual forms.
    pub date: Option<&'a str>,
}

impl Expressions<'_> {
    /// As options of a definition; lists that say nothing are none.
    fn options(&self) -> impl Iterator<Item = (String, Value)> {
        let lists = [("failregex", self.fail.join("\n")), ("ignoreregex", self.ignore.join("\n"))];
        let date = ("datepattern", self.date.unwrap_or_default().to_owned());
        let said = lists.into_iter().chain([date]).filter(|(_, text)| !text.is_empty());
        said.map(|(option, text)| (option.to_owned(), Value { text, place: Place::new(option, 1) }))
    }
}

impl Filter {
    /// A filter of these expressions. The place of an error is the list (`failregex`) and the number in it, from 1.
    ///
    /// # Errors
    /// An expression is not understood, or does not say whose failure it is.
    pub fn of_expressions(name: &str, expressions: &Expressions<'_>) -> Result<Self, JailError> {
        let (place, options) = (Place::new("failregex", 1), expressions.options().collect());
        let definition = Definition { place, options, is_list: true, known: Options::new() };
        Self::compile(name, &definition, Vec::new())
    }

    /// Reads one filter's file by its path, with parameters if there are any: `/etc/fail2ban/filter.d/sshd.conf[mode=extra]`.
    /// What it includes is found beside it. `own` stands in front of what the file says, as a jail's options do.
    ///
    /// # Errors
    /// As [`Filter::read`]; the place is the whole path.
    pub fn open(call: &str, own: &Expressions<'_>) -> Result<Self, JailError> {
        let (path, parameters) = call.split_at(call.find('[').unwrap_or(call.len()));
        let path = Path::new(path.trim());
        let stem = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".conf"));
        let folder = path.parent().filter(|_| path.is_absolute());
        let Some((stem, files)) = stem.zip(folder.and_then(Renamed::of)) else {
            let what = format!("`{}` is no path to a filter's file", path.display());
            let fix = "Write it whole, with its ending: /etc/fail2ban/filter.d/sshd.conf";
            return Err(JailError::new(Place::new(call, 0), what, fix));
        };
        let place = Place::new(&path.to_string_lossy(), 0);
        let call = Value { text: format!("{stem}{parameters}"), place };
        let located = |error: JailError| JailError { place: files.locate(&error.place), ..error };
        let mut warnings = Vec::new();
        let mut definition = Definition::read(&files, &call, &Options::new(), &mut warnings).map_err(located)?;
        definition.options.extend(own.options());
        let mut filter = Self::compile(stem, &definition, warnings).map_err(located)?;
        for warning in &mut filter.warnings {
            warning.place = files.locate(&warning.place);
        }
        Ok(filter)
    }
}

/// A folder of filters whatever it is called, with what lies beside it.
struct Renamed {
    beside: Folder,
    name: String,
}

impl Renamed {
    fn of(folder: &Path) -> Option<Self> {
        let name = folder.file_name()?.to_str()?.to_owned();
        Some(Self { beside: Folder::new(folder.parent()?), name })
    }

    fn own(&self, name: &str) -> String {
        match name.strip_prefix(FILTERS) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", self.name),
            _ => name.to_owned(),
        }
    }

    /// A place as a path, where it is in a file.
    fn locate(&self, place: &Place) -> Place {
        if !place.file.ends_with(".conf") && !place.file.ends_with(".local") {
            return place.clone();
        }
        Place::new(&self.beside.path().join(self.own(&place.file)).to_string_lossy(), place.line)
    }
}

impl ConfigFiles for Renamed {
    fn read(&self, name: &str) -> io::Result<Option<String>> {
        self.beside.read(&self.own(name))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let own = self.own(folder);
        let found = self.beside.list(&own)?;
        Ok(found.iter().filter_map(|name| name.strip_prefix(&own)).map(|rest| format!("{folder}{rest}")).collect())
    }
}
