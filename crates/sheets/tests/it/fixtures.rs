//! Workbooks built part by part, so that every hostile one is a few readable lines.

use std::io::{Cursor, Write};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// The parts of a workbook with one sheet, to be changed and packed.
pub(crate) struct Parts(Vec<(String, Vec<u8>)>);

impl Parts {
    /// A workbook whose one sheet holds this `<sheetData>` (with whatever else goes before and after it).
    pub(crate) fn with_sheet(sheet: &str) -> Self {
        let mut parts = Self(Vec::new());
        parts.set("[Content_Types].xml", r#"<?xml version="1.0" encoding="UTF-8"?><Types/>"#);
        parts.set(
            "_rels/.rels",
            &format!(r#"<Relationships xmlns="{RELATIONSHIPS}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#),
        );
        parts.set(
            "xl/workbook.xml",
            &format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#),
        );
        parts.set(
            "xl/_rels/workbook.xml.rels",
            &format!(r#"<Relationships xmlns="{RELATIONSHIPS}"><Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#),
        );
        parts.set("xl/worksheets/sheet1.xml", &format!(r#"<worksheet xmlns="{MAIN}">{sheet}</worksheet>"#));
        parts
    }

    /// A workbook with one row of texts.
    pub(crate) fn with_texts(texts: &[&str]) -> Self {
        let cells: String = texts.iter().map(|t| format!(r#"<c t="inlineStr"><is><t>{t}</t></is></c>"#)).collect();
        Self::with_sheet(&format!("<sheetData><row>{cells}</row></sheetData>"))
    }

    /// Adds or replaces a part.
    pub(crate) fn set(&mut self, name: &str, text: &str) {
        self.set_bytes(name, text.as_bytes().to_vec());
    }

    pub(crate) fn set_bytes(&mut self, name: &str, bytes: Vec<u8>) {
        self.0.retain(|(old, _)| old != name);
        self.0.push((name.to_owned(), bytes));
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(old, _)| old != name);
        self
    }

    pub(crate) fn zip(&self) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (name, bytes) in &self.0 {
            writer.start_file(name.as_str(), options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }
}

/// Replaces every occurrence of `from` by `to`, which must be as long: a way to lie in an archive's directory.
pub(crate) fn patch(bytes: &mut [u8], from: &[u8], to: &[u8]) -> usize {
    assert_eq!(from.len(), to.len());
    let mut found = 0;
    for start in 0..=bytes.len() - from.len() {
        if &bytes[start..start + from.len()] == from {
            bytes[start..start + to.len()].copy_from_slice(to);
            found += 1;
        }
    }
    found
}
