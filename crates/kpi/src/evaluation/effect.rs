//! What follows from a transition of an evaluation, in the same transaction.

use std::pin::Pin;

use palisade_base::Error;
use palisade_records::Effecting;

type Done<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

pub(crate) fn complete(_effecting: Effecting<'_>) -> Done<'_> {
    Box::pin(async { Ok(()) })
}

pub(crate) fn reopen(_effecting: Effecting<'_>) -> Done<'_> {
    Box::pin(async { Ok(()) })
}

pub(crate) fn review(_effecting: Effecting<'_>) -> Done<'_> {
    Box::pin(async { Ok(()) })
}
