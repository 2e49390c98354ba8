//! `[company]`

use std::fmt;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{reference::section, text::checked_text};

section! {
    /// The company.
    "[company]" CompanyConfig {
        /// Its name, on pages and in mails.
        name: String = "Our company".to_owned(),
        /// Its time zone (IANA name): what "02:00", a due date or a quarter is.
        time_zone: TimeZoneName = TimeZoneName(TimeZone::UTC),
    }
}

/// A time zone by its IANA name.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZoneName(TimeZone);

impl TimeZoneName {
    /// Reads `Europe/London`, `UTC`.
    ///
    /// # Errors
    /// How to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        TimeZone::get(text).map(Self).map_err(|_| {
            format!("{text:?} is no time zone\n  Write its IANA name, such as Europe/London, America/New_York or UTC.")
        })
    }

    /// The zone itself.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.0
    }
}

impl fmt::Debug for TimeZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

checked_text!(TimeZoneName, String, |name| name.0.iana_name().unwrap_or("UTC").to_owned());
