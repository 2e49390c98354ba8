//! fail2ban's dialect of ini files: includes, `.local` overrides, defaults, and two kinds of substitution.

mod interpolate;
mod load;
mod parse;
mod tags;

use std::collections::BTreeMap;

use crate::problem::Place;

pub(crate) use interpolate::Lookup;
pub(crate) use load::{check_name, load};
pub(crate) use parse::shortened;
pub(crate) use tags::substitute_tags;

/// No value grows longer than this, whatever is put into it.
pub(crate) const MAX_VALUE: usize = 1 << 18;

/// A value as written, and where.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) text: String,
    pub(crate) place: Place,
}

/// The options of a section by their names, in lower case.
pub(crate) type Options = BTreeMap<String, Value>;

/// Several files laid over each other.
#[derive(Clone, Debug)]
pub(crate) struct Ini {
    /// The file that was asked for.
    pub(crate) place: Place,
    /// `[DEFAULT]`: what every section has.
    pub(crate) defaults: Options,
    /// The other sections. `KNOWN/x` holds what section `x` had before a later file replaced it.
    pub(crate) sections: BTreeMap<String, Options>,
}

impl Ini {
    /// The option as written in the section, or else in the defaults.
    pub(crate) fn raw(&self, section: &str, option: &str) -> Option<&Value> {
        self.own(section, option).or_else(|| self.defaults.get(option))
    }

    /// The option as written in the section itself.
    pub(crate) fn own(&self, section: &str, option: &str) -> Option<&Value> {
        self.sections.get(section)?.get(option)
    }
}
