//! The whole trail as a file, for an auditor.

use axum::{
    body::{Body, Bytes},
    extract::State,
    response::IntoResponse as _,
};
use futures_util::stream;
use http::{HeaderValue, header};
use palisade_web::{Outcome, Visitor};
use tokio::io::{AsyncReadExt as _, DuplexStream};

use super::trace;
use crate::ConsoleState;

/// How much is ready before the reader takes it.
const BUFFER_BYTES: usize = 64 * 1024;

pub(super) async fn download(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    trace(&state, &visitor, "trail.export", "").await?;
    let (reader, mut writer) = tokio::io::duplex(BUFFER_BYTES);
    let trail = state.trail.clone();
    tokio::spawn(async move {
        // Who stops reading stops the export; anything else is for the log. The file's last line says how much there
        // was, so that a part is not taken for the whole.
        if let Err(error) = trail.export(&mut writer).await {
            tracing::warn!(%error, "the export of the trail ended early");
        }
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/jsonl")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"trail.jsonl\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(stream::unfold(reader, next_chunk))).into_response())
}

async fn next_chunk(mut reader: DuplexStream) -> Option<(std::io::Result<Bytes>, DuplexStream)> {
    let mut buffer = vec![0; BUFFER_BYTES];
    match reader.read(&mut buffer).await {
        Ok(0) => None,
        Ok(n) => {
            buffer.truncate(n);
            Some((Ok(Bytes::from(buffer)), reader))
        }
        Err(error) => Some((Err(error), reader)),
    }
}
