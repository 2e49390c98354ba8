//! Lines above the certificate in a file of ours: what it was made for, for the program and for whoever opens the file.

/// What stands in the file above the certificate.
pub(crate) struct Label(Vec<(&'static str, String)>);

impl Label {
    pub(crate) const fn new(lines: Vec<(&'static str, String)>) -> Self {
        Self(lines)
    }

    pub(crate) fn to_text(&self) -> String {
        let mut text = String::from("# Made by Palisade; it is replaced on its own.\n");
        for (key, value) in &self.0 {
            text.push_str(&format!("# {key}: {value}\n"));
        }
        text
    }

    /// The value of a line.
    pub(crate) fn value<'a>(pem: &'a str, key: &str) -> Option<&'a str> {
        let labelled = |line: &'a str| line.strip_prefix("# ")?.strip_prefix(key)?.strip_prefix(':');
        pem.lines().find_map(labelled).map(str::trim)
    }
}
