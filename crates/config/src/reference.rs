//! The reference of all keys, made from the structs themselves, so that it can't be wrong about a default.

use std::fmt::Write as _;

use serde::Serialize;

/// A section of the file that can tell what it holds.
pub trait Section: Default + Serialize {
    /// Its keys, their defaults, and what each is for.
    fn reference() -> SectionReference;
}

/// What is told about a section.
#[derive(Clone, Debug)]
pub struct SectionReference {
    /// As it is written: `[listen]`, `[[site]]`.
    pub header: &'static str,
    /// What it is for.
    pub about: String,
    /// Its keys.
    pub keys: Vec<KeyReference>,
}

/// What is told about a key.
#[derive(Clone, Debug)]
pub struct KeyReference {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub about: String,
    /// Its default as TOML; `None` where it is not set.
    pub default: Option<String>,
}

/// Declares a section once: struct, defaults, and reference.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $header:literal $name:ident {
            $( $(#[doc = $doc:literal])+ $(#[serde($($serde:tt)*)])? $field:ident: $type:ty = $default:expr, )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $( $(#[doc = $doc])+ $(#[serde($($serde)*)])? pub $field: $type, )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )+ }
            }
        }

        impl $crate::Section for $name {
            fn reference() -> $crate::SectionReference {
                let defaults = toml::Table::try_from(Self::default()).unwrap_or_default();
                $crate::SectionReference {
                    header: $header,
                    about: $crate::reference::join_doc(&[$($about),+]),
                    keys: vec![$( $crate::KeyReference {
                        name: stringify!($field),
                        about: $crate::reference::join_doc(&[$($doc),+]),
                        default: defaults.get(stringify!($field)).map(ToString::to_string),
                    } ),+],
                }
            }
        }
    };
}
pub(crate) use section;

pub(crate) fn join_doc(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// The whole reference as Markdown.
#[must_use]
pub fn render_reference(sections: &[SectionReference]) -> String {
    let mut out = String::from(
        "# Configuration\n\n\
         `palisade.toml` holds what is fixed while the program runs; policy (passwords, factors, sessions, roles) is edited on the\n\
         administration pages. Every key has a default; an unknown key is an error. `palisade config check` reads the file, looks at\n\
         everything that it names, and says what is wrong without serving.\n\n\
         This page is made from the program: `cargo run -p palisade-config --example reference > docs/configuration.md`.\n",
    );
    for section in sections {
        let _ = write!(
            out,
            "\n## `{}`\n\n{}\n\n| key | default | what it is |\n|---|---|---|\n",
            section.header, section.about
        );
        for key in &section.keys {
            let default = key.default.as_ref().map_or_else(|| "not set".to_owned(), |text| format!("`{text}`"));
            let _ = writeln!(out, "| `{}` | {} | {} |", key.name, default, key.about.replace('|', "\\|"));
        }
    }
    out
}
