//! The whole trail as JSON Lines, for an auditor who verifies it without trusting the company or its database.
//!
//! The first line is the head, with the key that checks the seals. Then comes each seal, followed by the leaves that
//! it covers, then the leaves that are not sealed yet; the last line counts what there was (`line.rs` has the fields).

mod line;
mod read;

use palisade_store::{Conn, leaf_from_row};
use serde::Serialize;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use self::line::{EndLine, HeadLine, LeafLine, Line, SealLine};
pub use self::read::verify_export;
use crate::{Seal, Trail, TrailError, store};

/// Leaves and seals read at once.
const LEAVES_AT_ONCE: i64 = 500;
const SEALS_AT_ONCE: i64 = 4;

/// What was exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExportSummary {
    /// How many leaves.
    pub leaves: u64,
    /// How many seals.
    pub seals: u64,
}

impl Trail {
    /// Writes the whole trail as JSON Lines, in bounded memory. What comes meanwhile is left out.
    ///
    /// # Errors
    /// The database can't be read, or `out` can't be written.
    pub async fn export<W: AsyncWrite + Unpin + Send>(&self, out: &mut W) -> Result<ExportSummary, TrailError> {
        // As in verification: what the seals cover was there before them.
        let sealed = store::read_head(&mut *self.0.store.read().await?).await?.map_or(0, |head| head.size);
        let ends = store::read_ends(&mut *self.0.store.read().await?).await?;
        let end = ends.map_or(0, |(_, last)| store::unsigned(last.saturating_add(1)));
        let head = HeadLine { version: 1, vkey: self.vkey().to_string(), end };
        write_line(out, &Line::Head(head)).await?;
        let mut export = Export { trail: self, out, sealed, end, summary: ExportSummary::default() };
        export.write_seals_and_leaves().await?;
        let ExportSummary { leaves, seals } = export.summary;
        write_line(out, &Line::End(EndLine { leaves, seals })).await?;
        out.flush().await?;
        Ok(ExportSummary { leaves, seals })
    }
}

/// An export under way.
struct Export<'a, W> {
    trail: &'a Trail,
    out: &'a mut W,
    /// Size of the last seal to write.
    sealed: u64,
    /// One more than the last leaf to write.
    end: u64,
    summary: ExportSummary,
}

impl<W: AsyncWrite + Unpin + Send> Export<'_, W> {
    async fn write_seals_and_leaves(&mut self) -> Result<(), TrailError> {
        let (mut next, mut after) = (0, 0);
        while after < self.sealed {
            let mut seals = store::read_seals(&mut *self.connect().await?, after, SEALS_AT_ONCE).await?;
            seals.retain(|seal| seal.size <= self.sealed);
            if seals.is_empty() {
                break;
            }
            for seal in seals {
                after = seal.size;
                next = self.write_seal(seal, next).await?;
            }
        }
        self.write_leaves(next, self.end).await
    }

    /// A seal and the leaves up to its size; gives the number of the leaf after them.
    async fn write_seal(&mut self, seal: Seal, next: u64) -> Result<u64, TrailError> {
        let size = seal.size;
        write_line(self.out, &Line::Seal(SealLine::new(&seal))).await?;
        self.summary.seals += 1;
        self.write_leaves(next, size).await?;
        Ok(size.max(next))
    }

    async fn write_leaves(&mut self, from: u64, to: u64) -> Result<(), TrailError> {
        let mut next = from;
        while next < to {
            let rows = store::read_leaf_page(&mut *self.connect().await?, next, to, LEAVES_AT_ONCE).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            next = store::unsigned(last.get("seq")?) + 1;
            for row in rows {
                let seq = store::unsigned(row.get("seq")?);
                write_line(self.out, &Line::Leaf(LeafLine::new(seq, leaf_from_row(&row).ok()))).await?;
                self.summary.leaves += 1;
            }
        }
        Ok(())
    }

    async fn connect(&self) -> Result<impl std::ops::DerefMut<Target = Conn> + use<W>, TrailError> {
        Ok(self.trail.0.store.read().await?)
    }
}

async fn write_line<W: AsyncWrite + Unpin + Send>(out: &mut W, line: &Line) -> Result<(), TrailError> {
    let mut text = serde_json::to_vec(line).map_err(std::io::Error::from)?;
    text.push(b'\n');
    Ok(out.write_all(&text).await?)
}
