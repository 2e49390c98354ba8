//! Whatever is given for a field is either a value that comes out as it went in, or a mistake that is told; never a crash.

use palisade_records::{Field, Given, Kind, directory::PERSON};
use proptest::prelude::*;
use serde_json::Value as Json;

const KINDS: &[Kind] = &[
    Kind::Text(50),
    Kind::LongText(200),
    Kind::Email,
    Kind::Phone,
    Kind::Int { min: -5, max: 9_999 },
    Kind::Bool,
    Kind::Date,
    Kind::Choice(&[("north", "North"), ("south", "South")]),
    Kind::Link(&PERSON),
];

/// Any JSON, and often what could be meant.
fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}".prop_map(Json::from),
        "[a-z]{1,9}@[a-z]{1,9}\\.[a-z]{2}".prop_map(Json::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Json::from))
}

proptest! {
    #[test]
    fn a_text_that_is_taken_comes_out_as_it_went_in(text in any::<String>(), kind in prop::sample::select(KINDS)) {
        let field = Field::new("x", "X", kind);
        if let Ok(value) = field.read_value(&Given::Text(text)) {
            let written = kind.write_text(&value);
            prop_assert!(!written.contains('\0'), "PostgreSQL takes no NUL");
            prop_assert_eq!(field.read_value(&Given::Text(written)), Ok(value));
        }
    }

    #[test]
    fn json_that_is_taken_comes_out_as_it_went_in(json in json(), kind in prop::sample::select(KINDS)) {
        let field = Field::new("x", "X", kind);
        if let Ok(value) = field.read_value(&Given::Json(json)) {
            prop_assert_eq!(field.read_value(&Given::Json(kind.write_json(&value))), Ok(value));
        }
    }
}

/// A day that a browser's date field can't show, or that nobody alive has to do with, is a mistake of typing.
#[test]
fn a_day_is_written_in_one_way_and_lies_within_living_memory() {
    let day = Field::new("x", "X", Kind::Date);
    for taken in ["1900-01-01", "2026-02-28", "2100-12-31"] {
        assert!(day.read_value(&Given::Text(taken.to_owned())).is_ok(), "{taken}");
    }
    for refused in ["1899-12-31", "2101-01-01", "-009999-01-01", "0000-01-01", "9999-12-31", "20260228", "2026-02-30"] {
        assert!(day.read_value(&Given::Text(refused.to_owned())).is_err(), "{refused}");
    }
}
