//! One file: sections of options, read as Python's `configparser` reads them.

use std::sync::Arc;

use crate::{
    ini::{Options, Value},
    problem::{JailError, Place, Warning},
};

/// One file's sections in their order; the options before any section are an error.
#[derive(Debug, Default)]
pub(crate) struct ParsedFile {
    pub(crate) sections: Vec<(String, Options)>,
}

/// Reads one file.
pub(crate) fn parse_file(name: &str, text: &str, warnings: &mut Vec<Warning>) -> Result<ParsedFile, JailError> {
    let mut reader = Reader { file: name.into(), parsed: ParsedFile::default(), open: None, warnings };
    for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        reader.read_line(line, index + 1)?;
    }
    reader.close_option();
    Ok(reader.parsed)
}

/// An option whose value may go on in the next line.
struct OpenOption {
    name: String,
    indent: usize,
    line: usize,
    parts: Vec<String>,
}

struct Reader<'a> {
    file: Arc<str>,
    parsed: ParsedFile,
    open: Option<OpenOption>,
    warnings: &'a mut Vec<Warning>,
}

impl Reader<'_> {
    fn read_line(&mut self, line: &str, number: usize) -> Result<(), JailError> {
        let trimmed = line.trim();
        if trimmed.starts_with(['#', ';']) {
            return Ok(());
        }
        let content = without_comment(line).trim();
        if content.is_empty() {
            if let Some(open) = &mut self.open {
                open.parts.push(String::new());
            }
            return Ok(());
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if let Some(open) = &mut self.open
            && indent > open.indent
        {
            open.parts.push(content.to_owned());
            return Ok(());
        }
        self.close_option();
        match content.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')) {
            Some((section, _)) => self.open_section(section),
            None => self.open_option(content, indent, number)?,
        }
        Ok(())
    }

    fn open_section(&mut self, name: &str) {
        self.parsed.sections.push((name.to_owned(), Options::default()));
    }

    fn open_option(&mut self, content: &str, indent: usize, line: usize) -> Result<(), JailError> {
        let place = Place { file: Arc::clone(&self.file), line };
        if self.parsed.sections.is_empty() {
            let fix = "Put a section in front of it, for example [Definition].";
            return Err(JailError::new(place, "an option stands before the first section", fix));
        }
        let Some((name, value)) = content.split_once(['=', ':']) else {
            let fix = "Write `name = value`, or indent the line so that it belongs to the value above.";
            return Err(JailError::new(place, format!("`{}` is no option", shortened(content)), fix));
        };
        let name = name.trim().to_lowercase();
        self.open = Some(OpenOption { name, indent, line, parts: vec![value.trim().to_owned()] });
        Ok(())
    }

    fn close_option(&mut self) {
        let (Some(open), Some((section, options))) = (self.open.take(), self.parsed.sections.last_mut()) else {
            return;
        };
        let place = Place { file: Arc::clone(&self.file), line: open.line };
        let text = open.parts.join("\n").trim_end().to_owned();
        if options.insert(open.name.clone(), Value { text, place: place.clone() }).is_some() {
            let what = format!("`{}` stands twice in [{section}]; the last one counts", open.name);
            self.warnings.push(Warning::new(place, what, "Delete the one that is not wanted."));
        }
    }
}

/// The line without a comment that follows the value: a semicolon after a space.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (index, c) in line.char_indices() {
        if c == ';' && before.is_whitespace() {
            return &line[..index];
        }
        before = c;
    }
    line
}

/// Enough of a text to recognise it by.
pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
