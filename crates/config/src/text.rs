//! Texts of the configuration that are checked when they are read.

/// Joins a type with a `parse` to serde and to whoever has a text: what is read is checked, and what is written reads the same.
///
/// `checked_text!(PathPrefix, String, |path| path.0)`: the type, what its `parse` complains in, and the text of a value.
macro_rules! checked_text {
    ($type:ty, $error:ty, |$value:ident| $text:expr) => {
        impl TryFrom<String> for $type {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$type> for String {
            fn from($value: $type) -> Self {
                $text
            }
        }
    };
}

pub(crate) use checked_text;
