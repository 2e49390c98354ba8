//! `[site.bench]`: what of a guarded Frappe site is looked at beside its pages.

use std::path::PathBuf;

use crate::{SiteConfig, reference::section};

section! {
    /// The bench of a guarded site with preset `frappe`: its configuration files are looked at by `palisade verify` and mended by `palisade harden`. Where they are, and what restarts the bench, stands in the helper's own file (`[[bench]]`), which belongs to root.
    "[site.bench]" BenchConfig {
        /// Its name in the helper's file. Not set: the site's name.
        name: Option<String> = None,
        /// A file with the API token of a user of that site with the role System Manager, as `key:secret`: what only the site knows (System Settings, who has which role, who is asked for a second factor) is read with it. Not set: that can't be seen, and it is said so.
        token_file: Option<PathBuf> = None,
    }
}

impl SiteConfig {
    /// What the helper calls the site's bench; `None` where none is configured.
    #[must_use]
    pub fn bench_name(&self) -> Option<&str> {
        self.bench.as_ref().map(|bench| bench.name.as_deref().unwrap_or(&self.name))
    }
}
