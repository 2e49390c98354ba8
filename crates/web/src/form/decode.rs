//! Fields into types, by serde; whatever does not fit is an error of its field.

use std::{borrow::Cow, fmt};

use palisade_base::{Error, FieldError};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer as _, MapAccess, SeqAccess,
    VariantAccess, Visitor,
    value::{StrDeserializer, StringDeserializer},
};

use super::{
    Fields,
    fields::{REPEATED, UNKNOWN},
};

/// Reads `T` from fields.
///
/// # Errors
/// A field is unknown, repeated, missing, or does not read as its type: each a field error.
pub fn decode_fields<T: DeserializeOwned>(fields: &Fields) -> Result<T, Error> {
    T::deserialize(FormDeserializer(fields)).map_err(|error| Error::invalid(error.0))
}

#[derive(Debug)]
struct Wrong(Vec<FieldError>);

impl Wrong {
    fn field(name: &str, message: impl Into<String>) -> Self {
        Self(vec![FieldError { field: Cow::Owned(name.to_owned()), message: message.into() }])
    }

    /// Names the field of an error that was made where the name was not known.
    fn on(mut self, name: &str) -> Self {
        for error in &mut self.0 {
            if error.field.is_empty() {
                error.field = Cow::Owned(name.to_owned());
            }
        }
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field does not fit")
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::field("", message.to_string())
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::field("", "This can't be read. Check how it is written.")
    }

    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::field("", "This value is not possible here.")
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::field("", "Choose one of the offered answers.")
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::field(field, UNKNOWN)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::field(field, "This is missing.")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::field(field, REPEATED)
    }
}

struct FormDeserializer<'a>(&'a Fields);

impl<'de> Deserializer<'de> for FormDeserializer<'_> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_map(Entries { rest: self.0.iter().collect(), current: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let unknown = self.0.iter().filter(|(name, _)| !known.contains(name));
        let errors: Vec<_> = unknown.flat_map(|(name, _)| Wrong::field(name, UNKNOWN).0).collect();
        if errors.is_empty() { self.deserialize_any(visitor) } else { Err(Wrong(errors)) }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Entries<'a> {
    rest: std::collections::VecDeque<(&'a str, &'a [String])>,
    current: Option<(&'a str, &'a [String])>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        self.current = self.rest.pop_front();
        let Some((name, _)) = self.current else { return Ok(None) };
        let key: StrDeserializer<'_, Wrong> = name.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let (name, values) = self.current.take().unwrap_or(("", &[]));
        seed.deserialize(Answers(values)).map_err(|error| error.on(name))
    }
}

/// The texts of one field.
struct Answers<'a>(&'a [String]);

impl Answers<'_> {
    fn single(&self) -> Result<&str, Wrong> {
        match self.0 {
            [one] => Ok(one),
            [] => Err(Wrong::field("", "This is missing.")),
            _ => Err(Wrong::field("", REPEATED)),
        }
    }

    fn number<T: std::str::FromStr>(&self) -> Result<T, Wrong> {
        let text = self.single()?.trim();
        text.parse().map_err(|_| Wrong::field("", "This must be a number, in digits."))
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            visitor.$visit(self.number()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Answers<'_> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_string(self.single()?.to_owned())
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.single()? {
            "on" | "true" | "1" | "yes" => visitor.visit_bool(true),
            "" | "false" | "0" | "no" => visitor.visit_bool(false),
            _ => Err(Wrong::field("", "This must be yes or no.")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if matches!(self.0, [only] if only.trim().is_empty()) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_seq(Each(self.0.iter()))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_enum(OneOf(self.single()?.to_owned()))
    }

    numbers! {
        deserialize_i8 visit_i8; deserialize_i16 visit_i16; deserialize_i32 visit_i32; deserialize_i64 visit_i64;
        deserialize_u8 visit_u8; deserialize_u16 visit_u16; deserialize_u32 visit_u32; deserialize_u64 visit_u64;
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier
        ignored_any
    }
}

struct Each<'a>(std::slice::Iter<'a, String>);

impl<'de> SeqAccess<'de> for Each<'_> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        self.0.next().map(|text| seed.deserialize(Answers(std::slice::from_ref(text)))).transpose()
    }
}

/// A variant by its name alone.
struct OneOf(String);

impl<'de> EnumAccess<'de> for OneOf {
    type Error = Wrong;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Wrong> {
        let name: StringDeserializer<Wrong> = self.0.clone().into_deserializer();
        seed.deserialize(name).map(|value| (value, self))
    }
}

impl<'de> VariantAccess<'de> for OneOf {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Wrong> {
        Err(Wrong::field("", "Choose one of the offered answers."))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Wrong> {
        Err(Wrong::field("", "Choose one of the offered answers."))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Wrong> {
        Err(Wrong::field("", "Choose one of the offered answers."))
    }
}
