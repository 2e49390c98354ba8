//! Seals as text: a C2SP tlog-checkpoint in a signed note.
//!
//! ```text
//! palisade/trail/0123456789abcdef
//! 15368405
//! 31JQUq8EyQx5lpqtKRqryJzA+77WD2xmTyuB4uIlXeE=
//!
//! — palisade/trail/0123456789abcdef Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
//! ```

use data_encoding::BASE64;
use palisade_base::leaf::Hash;
use thiserror::Error as ThisError;

use crate::{VerifierKey, key::SigningKey};

/// The longest note that is read, and the most signatures that are looked at.
const LONGEST: usize = 16 * 1024;
const MOST_SIGNATURES: usize = 16;
/// How a signature line starts: an em dash and a space.
const SIGNATURE: &str = "\u{2014} ";

/// What a seal states: after `size` leaves the tree has this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which trail.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The tree's root then.
    pub root: Hash,
}

/// A signed note over a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    checkpoint: Checkpoint,
    signatures: Vec<Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Signature {
    name: String,
    hash: [u8; 4],
    signature: Vec<u8>,
}

/// A text is no seal.
#[derive(Debug, ThisError, PartialEq, Eq)]
#[error("this is not a seal: {0}")]
pub struct NoteError(&'static str);

impl Checkpoint {
    fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root))
    }

    fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(NoteError("it does not have the three lines of a checkpoint"));
        };
        let has_leading_zero = size.len() > 1 && size.starts_with('0');
        if !size.bytes().all(|b| b.is_ascii_digit()) || has_leading_zero {
            return Err(NoteError("its second line is not a number"));
        }
        let size = size.parse().map_err(|_| NoteError("its second line is not a number"))?;
        let root = BASE64.decode(root.as_bytes()).ok().and_then(|root| root.try_into().ok());
        let root = root.ok_or(NoteError("its third line is not a hash in base64"))?;
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

impl Note {
    /// Signs a checkpoint of the key's own trail.
    pub(crate) fn sign(size: u64, root: Hash, key: &SigningKey) -> Self {
        let name = key.verifier().name().to_owned();
        let checkpoint = Checkpoint { origin: name.clone(), size, root };
        let text = checkpoint.to_text();
        let signature = Signature { name, hash: key.verifier().hash(), signature: key.sign(&text) };
        Self { text, checkpoint, signatures: vec![signature] }
    }

    /// Reads a signed note.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        if text.len() > LONGEST {
            return Err(NoteError("it is too long"));
        }
        let (body, signatures) = text.rsplit_once("\n\n").ok_or(NoteError("it has no empty line before signatures"))?;
        let body = format!("{body}\n");
        let checkpoint = Checkpoint::parse(&body)?;
        if !signatures.ends_with('\n') {
            return Err(NoteError("its last line is cut off"));
        }
        let signatures =
            signatures.lines().take(MOST_SIGNATURES).map(Signature::parse).collect::<Result<Vec<_>, _>>()?;
        if signatures.is_empty() {
            return Err(NoteError("it has no signature"));
        }
        Ok(Self { text: body, checkpoint, signatures })
    }

    /// What it states. Believe it only where [`Note::is_signed_by`] says so.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Whether this key has signed it, for the trail that the key is named after.
    #[must_use]
    pub fn is_signed_by(&self, key: &VerifierKey) -> bool {
        let by_key = |s: &&Signature| s.name == key.name() && s.hash == key.hash();
        self.checkpoint.origin == key.name()
            && self.signatures.iter().find(by_key).is_some_and(|s| key.verifies(&self.text, &s.signature))
    }

    /// The whole note, ending with a newline.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.text);
        for signature in &self.signatures {
            text.push_str(&signature.to_line());
        }
        text
    }
}

impl Signature {
    fn parse(line: &str) -> Result<Self, NoteError> {
        let problem = NoteError("a signature line is malformed");
        let Some((name, encoded)) = line.strip_prefix(SIGNATURE).and_then(|rest| rest.split_once(' ')) else {
            return Err(problem);
        };
        let Ok(bytes) = BASE64.decode(encoded.as_bytes()) else { return Err(problem) };
        let Some((hash, signature)) = bytes.split_first_chunk::<4>() else { return Err(problem) };
        Ok(Self { name: name.to_owned(), hash: *hash, signature: signature.to_vec() })
    }

    fn to_line(&self) -> String {
        let bytes = [self.hash.as_slice(), &self.signature].concat();
        format!("{SIGNATURE}{} {}\n", self.name, BASE64.encode(&bytes))
    }
}

/// The notes in a text from outside, and how many places look like one and can't be read.
///
/// Understood are notes one after the other (as the file sink writes them), and lines of a log that hold a note with
/// `\n` for its line ends (as syslog receives them). What lies between them is passed over.
#[must_use]
pub fn find_notes(text: &str) -> (Vec<Note>, usize) {
    let (mut notes, mut unreadable) = (Vec::new(), 0);
    let lines: Vec<&str> = text.lines().collect();
    for (n, line) in lines.iter().enumerate() {
        let found = if line.contains(&format!("\\n\\n{SIGNATURE}")) {
            parse_log_line(line)
        } else if line.is_empty() && lines.get(n + 1).is_some_and(|next| next.starts_with(SIGNATURE)) && n >= 3 {
            let signatures = lines[n + 1..].iter().take_while(|line| line.starts_with(SIGNATURE)).count();
            Note::parse(&(lines[n - 3..=n + signatures].join("\n") + "\n"))
        } else {
            continue;
        };
        match found {
            Ok(note) => notes.push(note),
            Err(_) => unreadable += 1,
        }
    }
    (notes, unreadable)
}

/// `… seal: origin\n15\nroot\n\n— name signature\n`
fn parse_log_line(line: &str) -> Result<Note, NoteError> {
    let escaped = line.rsplit_once("seal: ").map_or(line, |(_, note)| note);
    Note::parse(&escaped.trim_end().replace("\\n", "\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(n: u8) -> SigningKey {
        SigningKey::from_seed(&[n; 32]).unwrap()
    }

    #[test]
    fn a_signed_note_is_read_back_and_believed() {
        let note = Note::sign(15, [9; 32], &key(1));
        let read = Note::parse(&note.to_text()).unwrap();
        assert_eq!(read, note);
        assert!(read.is_signed_by(key(1).verifier()));
        assert!(!read.is_signed_by(key(2).verifier()));
        assert_eq!(read.checkpoint().size, 15);
    }

    #[test]
    fn a_note_has_the_form_of_the_specification() {
        let note = Note::sign(15, [0; 32], &key(1)).to_text();
        let name = key(1).verifier().name().to_owned();
        let head = format!("{name}\n15\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u{2014} {name} ");
        assert!(note.starts_with(&head) && note.ends_with('\n'), "{note}");
        assert_eq!(note.lines().count(), 5);
    }

    #[test]
    fn an_edited_note_is_not_believed() {
        let text = Note::sign(15, [9; 32], &key(1)).to_text();
        let edited = Note::parse(&text.replacen("\n15\n", "\n16\n", 1)).unwrap();
        assert!(!edited.is_signed_by(key(1).verifier()));
    }

    #[test]
    fn notes_are_found_in_files_and_logs_even_after_half_a_note() {
        let (one, two) = (Note::sign(15, [9; 32], &key(1)), Note::sign(20, [8; 32], &key(1)));
        let half = &one.to_text()[..60];
        let line = format!("Mar  2 host palisade: seal: {}\n", two.to_text().replace('\n', "\\n"));
        let text = format!("{}\n{half}\n\n{}\n{line}", one.to_text(), two.to_text());
        assert_eq!(find_notes(&text), (vec![one, two.clone(), two], 0));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(\u{2014} |\\\\n|\n|seal: |[0-9A-Za-z+/= ]){0,60}") {
            let _ = Note::parse(&text);
            let _ = find_notes(&text);
            let _ = VerifierKey::parse(&text);
        }
    }
}
