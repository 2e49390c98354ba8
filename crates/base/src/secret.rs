//! Values that must not be printed.

use zeroize::Zeroize;

/// A value that has no `Debug`, no `Display` and no serialization, and is wiped when dropped.
///
/// Reading it is [`Secret::expose`], which is easy to search for.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

/// A secret text: a password, a key file's content.
pub type SecretString = Secret<String>;

impl<T: Zeroize> Secret<T> {
    /// Wraps the value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Never log, show or store what this gives.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, to be filled or changed in place.
    pub const fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<'de> serde::Deserialize<'de> for Secret<String> {
    /// Secrets come in by forms and configuration; they never go out.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}
