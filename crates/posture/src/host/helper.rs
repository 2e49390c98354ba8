//! What only root may see is asked of the helper.

use crate::{Mend, Sight};

/// Without a helper it is unseen.
pub(super) fn no_helper(what: &str) -> Sight {
    let mend =
        Mend::new("Set up the helper (docs/helper.md): its file, its unit, and [helper] socket in palisade.toml.")
            .by("palisade helper --check");
    Sight::unseen(format!("Root alone may see {what}, and no helper is configured."), mend)
}
