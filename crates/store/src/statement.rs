//! SQL text and its arguments. Text comes only from `&'static str`, so no input can become SQL.

use std::{borrow::Cow, fmt::Write as _};

use crate::{Engine, Value};

/// A named SQL statement, written for both engines.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// Its name in the code: for tests and errors.
    pub name: &'static str,
    /// The text for SQLite.
    pub sqlite: &'static str,
    /// The text for PostgreSQL.
    pub postgres: &'static str,
}

/// Declares the statements of a `store.rs` as constants, and the list `STATEMENTS` of them all, which a test
/// prepares on both engines.
///
/// ```
/// palisade_store::statements! {
///     /// One user by id.
///     FIND_USER = "SELECT id, name FROM app_user WHERE id = $1";
///     /// The two engines differ here.
///     TOUCH = {
///         sqlite: "UPDATE app_user SET n = max(n, $1) WHERE id = $2",
///         postgres: "UPDATE app_user SET n = greatest(n, $1) WHERE id = $2",
///     };
/// }
/// assert_eq!(STATEMENTS.len(), 2);
/// ```
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:tt;)*) => {
        $($(#[$doc])* pub(crate) const $name: $crate::Statement = $crate::statements!(@one $name $text);)*
        /// Every statement of this module.
        #[allow(unreachable_pub, reason = "crates re-export their lists for the test that prepares them all")]
        pub const STATEMENTS: &[$crate::Statement] = &[$($name),*];
    };
    (@one $name:ident { sqlite: $sqlite:expr, postgres: $postgres:expr $(,)? }) => {
        $crate::Statement { name: stringify!($name), sqlite: $sqlite, postgres: $postgres }
    };
    (@one $name:ident $text:literal) => {
        $crate::Statement { name: stringify!($name), sqlite: $text, postgres: $text }
    };
}

impl Statement {
    /// The statement with its first argument; more follow with [`Sql::bind`].
    pub fn bind(self, value: impl Into<Value>) -> Sql {
        self.sql().bind(value)
    }

    /// The statement without arguments.
    #[must_use]
    pub const fn sql(self) -> Sql {
        Sql { text: Text::Named(self), args: Vec::new() }
    }
}

/// SQL with its arguments, ready to run.
#[derive(Clone, Debug)]
pub struct Sql {
    text: Text,
    args: Vec<Value>,
}

#[derive(Clone, Debug)]
enum Text {
    Named(Statement),
    Built(String),
}

impl Sql {
    /// Binds the next argument (`$1`, `$2`, …).
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.args.push(value.into());
        self
    }

    pub(crate) fn into_parts(self, engine: Engine) -> (Cow<'static, str>, Vec<Value>) {
        let text = match (self.text, engine) {
            (Text::Built(text), _) => Cow::Owned(text),
            (Text::Named(statement), Engine::Sqlite) => Cow::Borrowed(statement.sqlite),
            (Text::Named(statement), Engine::Postgres) => Cow::Borrowed(statement.postgres),
        };
        (text, self.args)
    }
}

/// SQL that is put together at run time: fixed fragments, declared identifiers, bound values; nothing else fits in.
#[derive(Clone, Debug, Default)]
pub struct SqlBuilder {
    text: String,
    args: Vec<Value>,
}

impl SqlBuilder {
    /// Starts with a fixed fragment.
    #[must_use]
    pub fn new(fragment: &'static str) -> Self {
        Self { text: fragment.to_owned(), args: Vec::new() }
    }

    /// Appends a fixed fragment.
    pub fn push(&mut self, fragment: &'static str) -> &mut Self {
        self.text.push_str(fragment);
        self
    }

    /// Appends a declared identifier, quoted.
    pub fn ident(&mut self, name: &'static str) -> &mut Self {
        let _ = write!(self.text, "\"{}\"", name.replace('"', "\"\""));
        self
    }

    /// Appends a fixed prefix with a number, `l3`: the alias of one of several joined tables or columns.
    pub fn numbered(&mut self, prefix: &'static str, number: usize) -> &mut Self {
        let _ = write!(self.text, "{prefix}{number}");
        self
    }

    /// Appends a placeholder and binds its value.
    pub fn value(&mut self, value: impl Into<Value>) -> &mut Self {
        self.args.push(value.into());
        let _ = write!(self.text, "${}", self.args.len());
        self
    }

    /// Appends a list of placeholders, `$1, $2, $3`. An empty list becomes `NULL`, which matches nothing in `IN (…)`.
    pub fn values<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        let mut first = true;
        for value in values {
            if !std::mem::take(&mut first) {
                self.push(", ");
            }
            self.value(value);
        }
        if first {
            self.push("NULL");
        }
        self
    }

    /// Appends another builder's text and values, renumbered.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        let offset = self.args.len();
        let mut rest = other.text.as_str();
        // Placeholders are the only `$` there can be: fragments with a dollar sign in a literal are not written here.
        while let Some(at) = rest.find('$') {
            self.text.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: usize = rest[..digits].parse().unwrap_or(0);
            let _ = write!(self.text, "${}", number + offset);
            rest = &rest[digits..];
        }
        self.text.push_str(rest);
        self.args.extend(other.args.iter().cloned());
        self
    }

    /// Whether nothing has been pushed yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The finished statement.
    #[must_use]
    pub fn build(self) -> Sql {
        Sql { text: Text::Built(self.text), args: self.args }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_appended_builder_is_renumbered() {
        let mut tail = SqlBuilder::new(" AND b = ");
        tail.value(2_i64).push(" AND c IN (").values([3_i64, 4]).push(")");
        let mut sql = SqlBuilder::new("SELECT 1 WHERE a = ");
        sql.value(1_i64).append(&tail);
        let (text, args) = sql.build().into_parts(Engine::Sqlite);
        assert_eq!(text, "SELECT 1 WHERE a = $1 AND b = $2 AND c IN ($3, $4)");
        assert_eq!(args, [1_i64, 2, 3, 4].map(Value::from));
    }

    #[test]
    fn an_empty_list_matches_nothing() {
        let mut sql = SqlBuilder::new("x IN (");
        sql.values(Vec::<i64>::new()).push(")");
        assert_eq!(sql.build().into_parts(Engine::Postgres).0, "x IN (NULL)");
    }
}
