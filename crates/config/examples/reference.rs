//! Prints `docs/configuration.md`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    let page = palisade_config::render_reference(&palisade_config::Config::reference());
    std::io::stdout().write_all(page.as_bytes())
}
