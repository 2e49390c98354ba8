//! The archive around a workbook: checked, unpacked within bounds, and packed anew from what passed.

use std::io::{Cursor, Read, Seek, Write};

use zip::{CompressionMethod, ZipArchive, ZipWriter, read::ZipFile, result::ZipError, write::SimpleFileOptions};

use crate::{Limits, Place, SheetError, xml};

/// The first bytes of a zip archive with at least one entry.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
/// The first bytes of an OLE container: an old .xls, or any Office file under a password.
const OLE_MAGIC: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// Parts without which there is no workbook.
const REQUIRED: [&str; 2] = ["[Content_Types].xml", "_rels/.rels"];
/// Up to here the ratio of packed to unpacked size says nothing.
const RATIO_FROM_BYTES: u64 = 1 << 20;

/// Checks the archive and returns one with its XML parts alone, unpacked, for the spreadsheet library.
///
/// Packing anew means that the library sees exactly the bytes that were checked here: two zip readers that understand
/// one hostile archive differently cannot be played against each other.
pub(crate) fn checked(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, SheetError> {
    check_kind(bytes, limits)?;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(Place::File, e))?;
    check_directory(&mut archive, limits)?;
    check_parts(&archive)?;
    let mut packed = ZipWriter::new(Cursor::new(Vec::new()));
    let mut budget = limits.unpacked_bytes;
    for index in 0..archive.len() {
        let Some((name, part)) = unpack(&mut archive, index, budget, limits)? else { continue };
        budget = budget.saturating_sub(part.len() as u64);
        xml::check(&name, &part, limits)?;
        store(&mut packed, &name, &part).map_err(|e| damaged(Place::Part(name), e))?;
    }
    packed.finish().map(Cursor::into_inner).map_err(|e| damaged(Place::File, e))
}

/// Tells apart what people upload by mistake.
fn check_kind(bytes: &[u8], limits: &Limits) -> Result<(), SheetError> {
    if bytes.is_empty() {
        return Err(SheetError::Empty);
    }
    if bytes.len() > limits.file_bytes {
        return Err(too_large(Place::File, "its size in bytes", limits.file_bytes as u64));
    }
    if bytes.starts_with(OLE_MAGIC) {
        return Err(if holds_encrypted_package(bytes) {
            SheetError::Encrypted
        } else {
            SheetError::OtherFormat("an old Office file, such as .xls")
        });
    }
    if bytes.starts_with(ZIP_MAGIC) { Ok(()) } else { Err(SheetError::NotAWorkbook) }
}

/// An Office file under a password is an OLE container with a stream of this name, in UTF-16.
fn holds_encrypted_package(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.windows(name.len()).any(|window| window == name)
}

/// Everything the central directory says, before anything is unpacked.
fn check_directory<R: Read + Seek>(archive: &mut ZipArchive<R>, limits: &Limits) -> Result<(), SheetError> {
    if archive.len() > limits.entries {
        return Err(too_large(Place::File, "the number of its parts", limits.entries as u64));
    }
    if archive.has_duplicate_names() {
        return Err(refused(Place::File, "it holds two parts of one name"));
    }
    if archive.has_overlapping_files().map_err(|e| damaged(Place::File, e))? {
        return Err(refused(Place::File, "parts of its archive overlap"));
    }
    let mut total = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|e| damaged(Place::File, e))?;
        check_entry(&entry, limits)?;
        total = total.saturating_add(entry.size());
    }
    if total > limits.unpacked_bytes {
        return Err(too_large(Place::File, "its size in bytes once unpacked", limits.unpacked_bytes));
    }
    Ok(())
}

/// One entry by what the directory says of it. Its sizes may be lies; [`unpack`] counts for itself.
fn check_entry<R: Read>(entry: &ZipFile<'_, R>, limits: &Limits) -> Result<(), SheetError> {
    let name = entry.name().map_err(|e| damaged(Place::File, e))?.into_owned();
    if entry.encrypted() {
        return Err(SheetError::Encrypted);
    }
    if !is_plain_name(&name) || entry.is_symlink() {
        return Err(refused(Place::Part(name), "the name of one of its parts leads outside the file"));
    }
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(refused(Place::Part(name), "it is packed in a way that workbooks are not"));
    }
    if entry.size() > limits.part_bytes {
        return Err(too_large(Place::Part(name), "the size in bytes once unpacked", limits.part_bytes));
    }
    if entry.size() > RATIO_FROM_BYTES && entry.size() / limits.ratio.max(1) > entry.compressed_size() {
        return Err(too_large(Place::Part(name), "how many times it grows when unpacked", limits.ratio));
    }
    Ok(())
}

/// A relative path of plain segments, as Office writes them.
fn is_plain_name(name: &str) -> bool {
    let segments = name.strip_suffix('/').unwrap_or(name);
    !segments.is_empty()
        && !name.contains(['\\', ':', '\0'])
        && segments.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

/// The parts that make an archive a workbook, or a hint at what else it is.
fn check_parts<R: Read + Seek>(archive: &ZipArchive<R>) -> Result<(), SheetError> {
    let has = |name: &str| archive.index_for_name(name).is_some();
    if has("mimetype") {
        return Err(SheetError::OtherFormat("an OpenDocument file, such as .ods"));
    }
    if has("xl/workbook.bin") {
        return Err(SheetError::OtherFormat("a binary workbook (.xlsb)"));
    }
    if has("word/document.xml") {
        return Err(SheetError::OtherFormat("a text document (.docx)"));
    }
    match REQUIRED.into_iter().find(|part| !has(part)) {
        Some(missing) => Err(SheetError::MissingPart(missing)),
        None => Ok(()),
    }
}

/// The bytes of one XML part, read no further than the limits; `None` for folders and what is not XML (pictures, printer
/// settings, macros): nobody needs those here.
fn unpack<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    index: usize,
    budget: u64,
    limits: &Limits,
) -> Result<Option<(String, Vec<u8>)>, SheetError> {
    let entry = archive.by_index(index).map_err(|e| damaged(Place::File, e))?;
    let name = entry.name().map_err(|e| damaged(Place::File, e))?.into_owned();
    if !is_xml(&name) {
        return Ok(None);
    }
    let most = budget.min(limits.part_bytes);
    let mut part = Vec::new();
    entry.take(most.saturating_add(1)).read_to_end(&mut part).map_err(|e| damaged(Place::Part(name.clone()), e))?;
    if part.len() as u64 > most {
        return Err(too_large(Place::Part(name), "the size in bytes once unpacked", most));
    }
    Ok(Some((name, part)))
}

fn is_xml(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".xml") || name.ends_with(".rels")
}

/// Adds a part as it is: it lives in memory for a moment only, so packing it would cost time for nothing.
fn store<W: Write + Seek>(packed: &mut ZipWriter<W>, name: &str, part: &[u8]) -> Result<(), ZipError> {
    packed.start_file(name, SimpleFileOptions::default().compression_method(CompressionMethod::Stored))?;
    packed.write_all(part)?;
    Ok(())
}

fn damaged(place: Place, detail: impl std::fmt::Display) -> SheetError {
    SheetError::Damaged { place, detail: detail.to_string() }
}

fn refused(place: Place, what: &'static str) -> SheetError {
    SheetError::Refused { place, what }
}

fn too_large(place: Place, what: &'static str, limit: u64) -> SheetError {
    SheetError::TooLarge { place, what, limit }
}
