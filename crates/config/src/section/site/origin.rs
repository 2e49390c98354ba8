//! Origins of pages, as browsers name them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::upstream::split_port;
use crate::{HostName, text::checked_text};

/// The origin of a page: `https://shop.example.com`, with a port where it is not 443.
///
/// Plain HTTP is refused: whoever sits on the way could put a script of their own into such a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebOrigin(String);

impl WebOrigin {
    /// Reads an origin.
    ///
    /// # Errors
    /// What is wrong and how to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        const HOW: &str = "Write scheme and host, without a path: \"https://shop.example.com\".";
        let lower = text.to_ascii_lowercase();
        let Some(authority) = lower.strip_prefix("https://") else {
            let why =
                if lower.starts_with("http://") { "can be forged by whoever sits on the way" } else { "is no origin" };
            return Err(format!("{text:?} {why}\n  {HOW}"));
        };
        let Some((host, port)) = split_port(authority, 443) else {
            return Err(format!("{text:?} has no port that can be used\n  {HOW}"));
        };
        let host = HostName::parse(host).map_err(|_| format!("{text:?} is no origin\n  {HOW}"))?;
        // Browsers leave the usual port out.
        Ok(Self(if port == 443 { format!("https://{host}") } else { format!("https://{host}:{port}") }))
    }

    /// As browsers write it in `Origin`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

checked_text!(WebOrigin, String, |origin| origin.0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_browsers_write_it() {
        for (text, origin) in [
            ("https://Shop.Example.com", "https://shop.example.com"),
            ("https://shop.example.com:443", "https://shop.example.com"),
            ("HTTPS://shop.example.com:8443", "https://shop.example.com:8443"),
            ("https://[2001:DB8::7]:444", "https://[2001:db8::7]:444"),
        ] {
            assert_eq!(WebOrigin::parse(text).unwrap().as_str(), origin, "{text}");
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "https://",
            "https://*",
            "https://*.example.com",
            "https://a.example/",
            "https://a.example/x",
            "https://ada@a.example",
            "https://a.example:0",
            "https://a.example:https",
            "shop.example.com",
            "https://a b",
        ] {
            let refusal = WebOrigin::parse(text).unwrap_err();
            assert!(refusal.contains("https://shop.example.com"), "{text}: {refusal}");
        }
        assert!(WebOrigin::parse("http://shop.example.com").unwrap_err().contains("on the way"));
    }
}
