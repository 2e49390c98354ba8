//! `palisade serve`

use std::path::Path;

use palisade_server::logging;

use super::{config::source, server::load};
use crate::failure::Failure;

/// Serves until told to stop.
pub(crate) async fn run(config: &Path) -> Result<(), Failure> {
    let source = source(config);
    let config = load(config)?;
    config.check()?;
    logging::start(&config.log);
    Ok(palisade_server::serve(config, source).await?)
}
