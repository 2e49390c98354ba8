//! Files that a page gives out.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};

/// The kinds of file that are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Comma-separated values.
    Csv,
    /// An Excel workbook.
    Xlsx,
    /// A certificate.
    Pem,
}

impl FileKind {
    /// The ending of its name.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Pem => "pem",
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Pem => "application/x-pem-file",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// The file as an answer: saved under `stem` with the kind's ending, kept by nobody on the way.
pub fn download(kind: FileKind, stem: &str, content: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{stem}.{}\"", kind.ending());
    let disposition = HeaderValue::from_str(&disposition).unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind.media_type())),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, content).into_response()
}
