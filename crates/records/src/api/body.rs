//! The body and the headers of a change.

use std::fmt;

use http::{HeaderMap, StatusCode, header};
use palisade_base::Error;
use palisade_web::Failure;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value as Json;

use super::CanonicalId;
use crate::{Draft, Given, parse_id, service::is_other_version};

/// A JSON object, its members in order and none swallowed: a member that is given twice is found out.
pub(super) struct Body(Vec<(String, Json)>);

impl Body {
    /// One without members.
    pub(super) const fn empty() -> Self {
        Self(Vec::new())
    }

    /// The fields, and the member `version` where there is one.
    pub(super) fn into_draft(self) -> (Draft, Option<Json>) {
        let mut version = None;
        let mut draft = Draft::new();
        for (name, value) in self.0 {
            if name == "version" && version.is_none() {
                version = Some(value);
            } else {
                draft = draft.give(name, Given::Json(value));
            }
        }
        (draft, version)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Body;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Body(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// The version that a change is based on, and how it was named: that decides how a conflict is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version {
    pub(super) number: i64,
    by_header: bool,
}

impl Version {
    /// The version as it is.
    pub(super) const fn unconditional(number: i64) -> Self {
        Self { number, by_header: false }
    }

    /// A conflict of versions is 412 to who sent If-Match, and 409 otherwise.
    pub(super) fn failure(self, error: Error) -> Failure {
        if self.by_header && is_other_version(&error) {
            return Failure::with_status(error, StatusCode::PRECONDITION_FAILED);
        }
        error.into()
    }
}

/// The version that the header If-Match or the member `version` names.
///
/// # Errors
/// It can't be one, or both are given and differ.
pub(super) fn asked_version(headers: &HeaderMap, member: Option<Json>) -> Result<Option<Version>, Error> {
    let by_header = match headers.get(header::IF_MATCH) {
        Some(tag) => Some(
            read_tag(tag.to_str().unwrap_or_default())
                .ok_or_else(|| Error::field("If-Match", "Send the ETag of the record as you got it, such as \"3\"."))?,
        ),
        None => None,
    };
    let by_member = match member {
        Some(value) => Some(value.as_i64().filter(|number| *number > 0).ok_or_else(|| {
            Error::field("version", "This must be the version of the record as you got it, a whole number.")
        })?),
        None => None,
    };
    match (by_header, by_member) {
        (Some(tag), Some(member)) if tag != member => {
            Err(Error::field("version", "If-Match and version name different versions. Send one of them."))
        }
        (Some(number), _) => Ok(Some(Version { number, by_header: true })),
        (None, number) => Ok(number.map(Version::unconditional)),
    }
}

fn read_tag(tag: &str) -> Option<i64> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| digits.parse().ok()).flatten()
}

impl std::str::FromStr for CanonicalId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        parse_id(text).map(Self).ok_or(())
    }
}
