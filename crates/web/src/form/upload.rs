//! Forms with files.

use axum::extract::{
    DefaultBodyLimit, FromRequest, FromRequestParts as _, Multipart, Request,
    multipart::{Field, MultipartError},
};
use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
use palisade_base::{Error, Kind};

use super::{Fields, MAX_FIELDS, check_token, csrf, stale_form, wrong_content_type};
use crate::{Failure, Visitor, same_origin};

/// The largest upload, files and fields together, in bytes.
pub const UPLOAD_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// The longest text field of an upload, in bytes.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// A file that came with a form.
pub struct UploadedFile {
    /// The field that it came in.
    pub field: String,
    /// Its name without any path, as the client gave it: for messages, never for a path of ours.
    pub name: String,
    /// Its content.
    pub content: Bytes,
}

/// The fields and files of a form that a page of ours sent, with the checks of [`super::ProtectedForm`].
///
/// The token must be the first part (`{{ visitor.csrf }}` right after `<form>`): what follows is not read without it.
pub struct ProtectedUpload {
    /// The text fields.
    pub fields: Fields,
    /// The files, in order. A file field that was left empty is not there.
    pub files: Vec<UploadedFile>,
}

impl ProtectedUpload {
    /// The one file of a field.
    ///
    /// # Errors
    /// No file was chosen, or more than one.
    pub fn file(&self, field: &'static str) -> Result<&UploadedFile, Error> {
        let mut files = self.files.iter().filter(|file| file.field == field);
        match (files.next(), files.next()) {
            (Some(file), None) => Ok(file),
            (None, _) => Err(Error::field(field, "Choose a file.")),
            (Some(_), Some(_)) => Err(Error::field(field, "Choose one file only.")),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for ProtectedUpload {
    type Rejection = Failure;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Failure> {
        DefaultBodyLimit::max(UPLOAD_LIMIT_BYTES).apply(&mut request);
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        same_origin::provenance(&parts)?;
        let announced = parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > UPLOAD_LIMIT_BYTES) {
            return Err(too_large());
        }
        let request = Request::from_parts(parts, body);
        let parts = Multipart::from_request(request, state).await.map_err(|_| wrong_content_type())?;
        read_parts(parts, &visitor).await
    }
}

async fn read_parts(mut parts: Multipart, visitor: &Visitor) -> Result<ProtectedUpload, Failure> {
    let mut upload = ProtectedUpload { fields: Fields::default(), files: Vec::new() };
    let mut count = 0;
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        if count == 0 {
            let mut first = Fields::default();
            if name != csrf::FIELD {
                return Err(stale_form("missing").into());
            }
            first.push(&name, &read_text(part, &name).await?)?;
            check_token(&mut first, &visitor.csrf)?;
        } else if part.file_name().is_some() {
            upload.files.extend(read_file(part, name).await?);
        } else {
            let text = read_text(part, &name).await?;
            upload.fields.push(&name, &text)?;
        }
        count += 1;
        if count > MAX_FIELDS {
            return Err(Error::field("form", format!("A form has at most {MAX_FIELDS} fields.")).into());
        }
    }
    if count == 0 { Err(stale_form("missing").into()) } else { Ok(upload) }
}

async fn read_text(mut part: Field<'_>, name: &str) -> Result<String, Failure> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = part.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > MAX_TEXT_BYTES {
            return Err(Error::field(name.to_owned(), "This text is too long.").into());
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes.to_vec())
        .map_err(|_| Error::field(name.to_owned(), "This has characters that can't be read. Type it again.").into())
}

/// `None` where the field was left empty: browsers then send a file without name and content.
async fn read_file(part: Field<'_>, field: String) -> Result<Option<UploadedFile>, Failure> {
    let name = base_name(part.file_name().unwrap_or_default());
    let content = part.bytes().await.map_err(broken)?;
    Ok((!(name.is_empty() && content.is_empty())).then_some(UploadedFile { field, name, content }))
}

/// The last part of a name that may be a path of any system; control characters are left out.
fn base_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn broken(error: MultipartError) -> Failure {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Error::new(Kind::Invalid, "The upload broke off or can't be read. Choose the file again and send it once more.")
        .caused_by(error)
        .into()
}

fn too_large() -> Failure {
    let message = format!("The file is larger than the {} MiB that can be taken.", UPLOAD_LIMIT_BYTES / 1024 / 1024);
    Error::new(Kind::TooLarge, message).into()
}

#[cfg(test)]
mod tests {
    use super::base_name;

    #[test]
    fn a_file_name_has_no_path() {
        assert_eq!(base_name("../../etc/passwd"), "passwd");
        assert_eq!(base_name(r"C:\Users\x\score card.xlsx"), "score card.xlsx");
        assert_eq!(base_name("a\r\nb\0.csv"), "ab.csv");
        assert_eq!(base_name(".."), "..");
    }
}
