//! Why a file is not taken as a score card.

use palisade_base::Error;
use palisade_sheets::{Place, SheetError};

use crate::catalogue::MAX_NAME_CHARS;

/// A file that gives no catalogue. Its `Display` is meant for the person who uploaded it.
#[derive(Debug, thiserror::Error)]
pub enum ScoreCardError {
    /// The file itself cannot be read.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// No sheet has a category.
    #[error(
        "This workbook is not the score card: none of its sheets has a row with a category in column A and the numbers \
         1 to 5 in columns B to F. Download a blank score card to see how it must look."
    )]
    NotAScoreCard,
    /// There are categories, but no skills in any.
    #[error("The score card lists no skills. Write them in column A, below their category.")]
    NoSkills,
    /// A name is too long to be one.
    #[error("The name {0} is longer than {MAX_NAME_CHARS} characters. Shorten it and upload the file again.")]
    NameTooLong(Place),
    /// A formula that failed where a name should be.
    #[error("The cell {0} holds the error of a failed formula. Write the name there and upload the file again.")]
    ErrorCell(Place),
    /// More names than any score card has.
    #[error("The score card lists more than {0} names. Upload the company's score card only.")]
    TooManyNames(usize),
}

impl From<ScoreCardError> for Error {
    fn from(error: ScoreCardError) -> Self {
        match error {
            ScoreCardError::Sheet(error) => error.into(),
            error => Self::field("file", error.to_string()),
        }
    }
}
