//! What reading and writing spreadsheets promises, tried with honest and with hostile files.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may fail like tests do")]

mod csv;
mod fixtures;
mod hostile;
mod property;
mod round_trip;
