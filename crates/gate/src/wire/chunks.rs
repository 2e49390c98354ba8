//! Where a chunked body ends.

/// Follows a chunked body through its bytes. Stricter than RFC 9112: CRLF only, no space around the size, and no chunk
/// extensions, which mean nothing to anybody and have carried several attacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunks {
    at: At,
    /// Bytes of trailers so far: nobody needs many.
    trailers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Size { value: u64, digits: u8 },
    SizeEnd { left: u64 },
    Data { left: u64 },
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerEnd,
    LastLf,
    Done,
}

/// The most bytes of trailers.
const TRAILER_BYTES: usize = 4_096;

/// The body breaks the rules of its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadChunk;

impl Chunks {
    /// Before the first chunk.
    pub(crate) const fn new() -> Self {
        Self { at: At::Size { value: 0, digits: 0 }, trailers: 0 }
    }

    /// Whether the body has ended.
    pub(crate) fn is_done(&self) -> bool {
        self.at == At::Done
    }

    /// Takes what belongs to the body from the front of `bytes`; gives how many that were.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> Result<usize, BadChunk> {
        let mut taken = 0;
        while let Some(&byte) = bytes.get(taken) {
            match self.at {
                At::Done => break,
                At::Data { left } => {
                    let there = u64::try_from(bytes.len() - taken).unwrap_or(u64::MAX);
                    let step = there.min(left);
                    taken += usize::try_from(step).unwrap_or(usize::MAX);
                    self.at = if step == left { At::DataCr } else { At::Data { left: left - step } };
                }
                at => {
                    self.at = self.step(at, byte)?;
                    taken += 1;
                }
            }
        }
        Ok(taken)
    }

    fn step(&mut self, at: At, byte: u8) -> Result<At, BadChunk> {
        match (at, byte) {
            (At::Size { value, digits }, _) if byte.is_ascii_hexdigit() && digits < 15 => {
                let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
                Ok(At::Size { value: value * 16 + digit, digits: digits + 1 })
            }
            (At::Size { value, digits: 1.. }, b'\r') => Ok(At::SizeEnd { left: value }),
            (At::SizeEnd { left: 0 }, b'\n') => Ok(At::TrailerStart),
            (At::SizeEnd { left }, b'\n') => Ok(At::Data { left }),
            (At::DataCr, b'\r') => Ok(At::DataLf),
            (At::DataLf, b'\n') => Ok(At::Size { value: 0, digits: 0 }),
            (At::TrailerStart, b'\r') => Ok(At::LastLf),
            (At::TrailerStart | At::Trailer, _) if is_text(byte) => self.count(At::Trailer),
            (At::Trailer, b'\r') => Ok(At::TrailerEnd),
            (At::TrailerEnd, b'\n') => Ok(At::TrailerStart),
            (At::LastLf, b'\n') => Ok(At::Done),
            _ => Err(BadChunk),
        }
    }

    fn count(&mut self, at: At) -> Result<At, BadChunk> {
        self.trailers += 1;
        if self.trailers > TRAILER_BYTES { Err(BadChunk) } else { Ok(at) }
    }
}

const fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= 0x20 && byte != 0x7f)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn follow(bytes: &[u8]) -> Result<(usize, bool), BadChunk> {
        let mut chunks = Chunks::new();
        let taken = chunks.advance(bytes)?;
        Ok((taken, chunks.is_done()))
    }

    #[test]
    fn a_body_ends_where_it_ends_and_not_later() {
        let body = b"4\r\nWiki\r\n0a\r\n0123456789\r\n0\r\n\r\n";
        assert_eq!(follow(&[body.as_slice(), b"GET / HTTP/1.1"].concat()), Ok((body.len(), true)));
        assert_eq!(follow(b"0\r\nExpires: now\r\n\r\nX"), Ok((19, true)));
        assert_eq!(follow(b"5\r\nab"), Ok((5, false)));
    }

    #[test]
    fn bad_chunks_are_refused() {
        for body in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            " 5\r\n",
            "5 \r\n",
            "5\n",
            "0x5\r\n",
            "5;a=b\r\n",
            "5\r\nabcdeX",
            "5\r\nabcde\nX",
            "1000000000000000\r\n",
            "0\r\n\n",
            "0\r\nA: b\n\r\n",
            "0\r\nA: \0\r\n\r\n",
        ] {
            assert_eq!(follow(body.as_bytes()), Err(BadChunk), "{body:?}");
        }
        assert_eq!(follow(format!("0\r\nA: {}", "b".repeat(5_000)).as_bytes()), Err(BadChunk));
    }

    proptest! {
        #[test]
        fn how_the_bytes_are_cut_makes_no_difference(
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..6),
            cut in 1_usize..9,
        ) {
            let mut body = Vec::new();
            for part in &parts {
                body.extend(format!("{:x}\r\n", part.len()).bytes());
                body.extend(part.iter().chain(b"\r\n"));
            }
            body.extend(b"0\r\n\r\n");
            let mut chunks = Chunks::new();
            let mut taken = 0;
            for piece in [body.as_slice(), b"rest"].concat().chunks(cut) {
                taken += chunks.advance(piece).map_err(|_| TestCaseError::fail("refused"))?;
            }
            prop_assert!(chunks.is_done());
            prop_assert_eq!(taken, body.len());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = follow(&bytes);
        }
    }
}
