//! Python's regular expressions with fail2ban's tags, on engines that end in good time.

mod compile;
mod host;
mod prefilter;
mod translate;

pub(crate) use compile::{Captures, GaveUp, Pattern, PatternOptions};
pub(crate) use host::{HostReading, Sighted, read_host};
pub(crate) use prefilter::{Gate, Prefilter};

/// A pattern of dates in the syntax of the linear engine; look-around and back-references have no place there.
pub(crate) fn for_dates(python: &str) -> Result<translate::Translated, String> {
    let translated = translate::translate(python, false)?;
    match translated.is_hard {
        true => Err("a date pattern can't look around or back".to_owned()),
        false => Ok(translated),
    }
}
