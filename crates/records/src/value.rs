//! Values of fields: from text and JSON as they come in, to text and JSON as they go out.

use palisade_base::{Date, RecordId};
use palisade_store::{Value, ValueKind};
use serde_json::Value as Json;

use crate::{Field, Kind, text};

/// Something that was given for a field, not yet checked.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// As a form or a file has it. Empty is nothing.
    Text(String),
    /// As the API has it. `null` is nothing.
    Json(Json),
}

impl Field {
    /// Reads what was given; what is wrong is said in words for who gave it. Nothing given is [`Value::Null`],
    /// whether or not the field is required.
    ///
    /// # Errors
    /// It is of the wrong type or breaks the kind's rule.
    pub fn read_value(&self, given: &Given) -> Result<Value, String> {
        match given {
            Given::Text(text) => self.kind.read_text(text),
            Given::Json(Json::Null) => Ok(Value::Null(self.kind.stored_as())),
            Given::Json(json) => self.kind.read_json(json),
        }
    }
}

impl Kind {
    /// How the kind is stored.
    #[must_use]
    pub const fn stored_as(self) -> ValueKind {
        match self {
            Self::Text(_) | Self::LongText(_) | Self::Email | Self::Phone | Self::Date | Self::Choice(_) => {
                ValueKind::Text
            }
            Self::Int { .. } | Self::Tenths { .. } => ValueKind::Int,
            Self::Bool => ValueKind::Bool,
            Self::Link(_) => ValueKind::Id,
        }
    }

    fn read_text(self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        match self {
            Self::Text(max) => text::clean_line(text, max).map(Value::from),
            Self::LongText(max) => text::clean_lines(text, max).map(Value::from),
            Self::Email => text::clean_email(text).map(Value::from),
            Self::Phone => text::clean_phone(text).map(Value::from),
            _ if text.is_empty() => Ok(Value::Null(self.stored_as())),
            Self::Int { min, max } => read_int(text.parse().ok(), min, max),
            Self::Tenths { min, max } => read_tenths(text, min, max),
            Self::Bool => read_bool(text).map(Value::Bool),
            Self::Date => read_date(text).map(Value::from),
            Self::Choice(options) => read_choice(text, options),
            Self::Link(to) => {
                let id = parse_id(text).ok_or_else(|| format!("Choose {} from the list.", to.one()))?;
                Ok(Value::from(id))
            }
        }
    }

    fn read_json(self, json: &Json) -> Result<Value, String> {
        match (self, json) {
            (Self::Int { min, max }, Json::Number(number)) => {
                // JSON knows one kind of number: 3.0 is the whole number 3.
                let whole = number.as_i64().or_else(|| number.as_f64().and_then(whole_number));
                read_int(whole, min, max)
            }
            (Self::Int { .. }, _) => Err("This must be a whole number.".into()),
            (Self::Tenths { min, max }, Json::Number(number)) => read_tenths(&number.to_string(), min, max),
            (Self::Tenths { .. }, _) => Err("This must be a number.".into()),
            (Self::Bool, Json::Bool(is)) => Ok(Value::Bool(*is)),
            (Self::Bool, _) => Err("This must be true or false.".into()),
            // In a form an empty text is nothing; in JSON null is, and a blank text is a mistake of somebody's program.
            (_, Json::String(text)) if text.trim().is_empty() && !matches!(self, Self::LongText(_)) => {
                Err("Send null where there is nothing.".into())
            }
            (_, Json::String(text)) => self.read_text(text),
            _ => Err("This must be a text.".into()),
        }
    }

    /// The value as JSON.
    #[must_use]
    pub fn write_json(self, value: &Value) -> Json {
        match value {
            Value::Null(_) | Value::Bytes(_) => Json::Null,
            Value::Id(id) => Json::String(id.to_string()),
            #[expect(clippy::cast_precision_loss, reason = "declared numbers are far below 2^53")]
            Value::Int(number) if matches!(self, Self::Tenths { .. }) => Json::from(*number as f64 / 10.0),
            Value::Int(number) => Json::from(*number),
            Value::Bool(is) => Json::Bool(*is),
            Value::Text(text) => Json::String(text.clone()),
        }
    }

    /// The value as people read it, and as a form takes it back, except that a choice shows its words.
    #[must_use]
    pub fn write_text(self, value: &Value) -> String {
        match (self, value) {
            (_, Value::Null(_) | Value::Bytes(_)) => String::new(),
            (_, Value::Id(id)) => id.to_string(),
            (Self::Tenths { .. }, Value::Int(number)) => write_tenths(*number),
            (_, Value::Int(number)) => number.to_string(),
            (_, Value::Bool(is)) => if *is { "yes" } else { "no" }.to_owned(),
            (Self::Choice(options), Value::Text(text)) => {
                let option = options.iter().find(|(stored, _)| stored == text);
                option.map_or_else(|| text.clone(), |(_, label)| (*label).to_owned())
            }
            (_, Value::Text(text)) => text.clone(),
        }
    }
}

/// An id in its one canonical spelling (36 characters); the others that parsers take are nobody's links.
#[must_use]
pub fn parse_id(text: &str) -> Option<RecordId> {
    let id: RecordId = text.parse().ok()?;
    id.to_string().eq_ignore_ascii_case(text).then_some(id)
}

fn read_int(number: Option<i64>, min: i64, max: i64) -> Result<Value, String> {
    match number {
        Some(number) if (min..=max).contains(&number) => Ok(Value::Int(number)),
        _ => Err(format!("Enter a whole number from {min} to {max}.")),
    }
}

/// `3`, `3.5`, and `3,5` as other countries write it.
fn read_tenths(text: &str, min: i64, max: i64) -> Result<Value, String> {
    let (whole, tenth) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let is_plain =
        |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let number = (is_plain(whole, 6) && is_plain(tenth, 1)).then(|| format!("{whole}{tenth}").parse::<i64>().ok());
    match number.flatten() {
        Some(number) if (min..=max).contains(&number) => Ok(Value::Int(number)),
        _ => Err(format!("Enter a number from {} to {}, such as 3 or 3.5.", write_tenths(min), write_tenths(max))),
    }
}

/// Tenths as people write them: `3`, `3.5`.
fn write_tenths(number: i64) -> String {
    if number % 10 == 0 { (number / 10).to_string() } else { format!("{}.{}", number / 10, number % 10) }
}

fn whole_number(number: f64) -> Option<i64> {
    // 2^53: beyond it not every whole number is a double.
    let is_exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 53 bits, as just checked")]
    is_exact.then_some(number as i64)
}

pub(crate) fn read_bool(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "yes" | "true" | "y" | "1" | "on" => Ok(true),
        "no" | "false" | "n" | "0" | "off" => Ok(false),
        _ => Err("Write yes or no.".into()),
    }
}

/// Reads a day as forms, files and calls write it: `2026-03-31`, in a year that somebody now alive has to do with.
///
/// # Errors
/// It is written in another way, or lies before 1900 or after 2100.
pub fn read_date(text: &str) -> Result<Date, String> {
    let wrong = || "Write a date like 2026-03-31: year, month, day.".to_owned();
    let date: Date = text.parse().map_err(|_| wrong())?;
    // The parser takes more spellings than the one that is stored and sorted by.
    if date.to_string() != text {
        return Err(wrong());
    }
    if (1900..=2100).contains(&date.year()) {
        Ok(date)
    } else {
        Err("Write a day between 1900 and 2100, such as 2026-03-31.".to_owned())
    }
}

fn read_choice(text: &str, options: &[(&'static str, &'static str)]) -> Result<Value, String> {
    let matches = |(stored, label): &&(&str, &str)| text == *stored || text.eq_ignore_ascii_case(label);
    options.iter().find(matches).map(|(stored, _)| Value::from(*stored)).ok_or_else(|| {
        let labels: Vec<&str> = options.iter().map(|(_, label)| *label).collect();
        format!("Choose one of: {}.", labels.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TIER: Kind = Kind::Int { min: 1, max: 5 };

    #[test]
    fn json_values_must_have_the_declared_type() {
        assert_eq!(TIER.read_json(&json!(3)), Ok(Value::Int(3)));
        assert_eq!(TIER.read_json(&json!(3.0)), Ok(Value::Int(3)));
        for wrong in [json!(0), json!(6), json!(2.5), json!("3"), json!(true), json!([3]), json!(1e300)] {
            assert!(TIER.read_json(&wrong).is_err(), "{wrong}");
        }
        for wrong in [json!("true"), json!(1), json!({})] {
            assert!(Kind::Bool.read_json(&wrong).is_err(), "{wrong}");
        }
        for wrong in [json!(7), json!(true), json!(["x"]), json!({ "x": 1 })] {
            assert!(Kind::Text(10).read_json(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tenths_are_written_with_a_point_and_read_with_a_comma_too() {
        let mean = Kind::Tenths { min: 10, max: 50 };
        for (text, tenths) in [("3", 30), ("3.5", 35), ("3,5", 35), ("1.0", 10), ("5", 50)] {
            assert_eq!(mean.read_text(text), Ok(Value::Int(tenths)), "{text}");
        }
        for wrong in ["0.9", "5.1", "3.", ".5", "3.55", "-3", "three", "3.5.1", "99999999999999999999", "٣"] {
            assert!(mean.read_text(wrong).is_err(), "{wrong}");
        }
        assert_eq!(mean.read_json(&json!(3.5)), Ok(Value::Int(35)));
        assert_eq!(mean.read_json(&json!(4)), Ok(Value::Int(40)));
        assert!(mean.read_json(&json!("3.5")).is_err() && mean.read_json(&json!(1e30)).is_err());
        assert_eq!(mean.write_json(&Value::Int(35)), json!(3.5));
        assert_eq!((mean.write_text(&Value::Int(35)), mean.write_text(&Value::Int(30))), ("3.5".into(), "3".into()));
    }

    #[test]
    fn dates_have_one_spelling() {
        assert_eq!(Kind::Date.read_text(" 2024-02-29 "), Ok(Value::Text("2024-02-29".into())));
        for wrong in ["2023-02-29", "20240229", "2024-2-9", "2024-02-29T10:00", "+002024-02-29", "tomorrow"] {
            assert!(Kind::Date.read_text(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ids_have_one_spelling() {
        assert!(parse_id("0195b0d4-0000-7000-8000-000000000001").is_some());
        for wrong in ["0195b0d4000070008000000000000001", "{0195b0d4-0000-7000-8000-000000000001}", "1", "' OR 1=1 --"]
        {
            assert!(parse_id(wrong).is_none(), "{wrong}");
        }
    }
}
