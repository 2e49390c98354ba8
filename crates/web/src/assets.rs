//! Style sheet, scripts and pictures: compiled in, named by their content, cached for good.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect, Response},
};
use data_encoding::HEXLOWER;
use http::{HeaderValue, header};
use palisade_base::Error;
use sha2::{Digest as _, Sha256};

use crate::{Access, Failure, Outcome, Routes};

/// A file that pages refer to.
pub struct Asset {
    /// Its name in the source.
    pub name: &'static str,
    content: &'static str,
    kind: &'static str,
    path: String,
}

/// The scripts of every page: small modules, each of comfort only, each standing alone.
const SCRIPTS: &[&str] = &["rows.js", "copy.js", "keys.js", "leave.js"];

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let (script, style) = ("text/javascript; charset=utf-8", "text/css; charset=utf-8");
    vec![
        asset(
            "palisade.css",
            concat!(
                include_str!("../assets/base.css"),
                include_str!("../assets/palisade.css"),
                include_str!("../assets/charts.css")
            ),
            style,
        ),
        asset("bare.css", include_str!("../assets/base.css"), style),
        asset("icons.svg", include_str!("../assets/icons.svg"), "image/svg+xml"),
        asset("favicon.svg", include_str!("../assets/favicon.svg"), "image/svg+xml"),
        asset("rows.js", include_str!("../assets/rows.js"), script),
        asset("copy.js", include_str!("../assets/copy.js"), script),
        asset("keys.js", include_str!("../assets/keys.js"), script),
        asset("leave.js", include_str!("../assets/leave.js"), script),
        asset("wizard.js", include_str!("../assets/wizard.js"), script),
    ]
});

fn asset(name: &'static str, content: &'static str, kind: &'static str) -> Asset {
    let hash = HEXLOWER.encode(&Sha256::digest(content.as_bytes())[..8]);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    Asset { name, content, kind, path: format!("/assets/{stem}.{hash}.{extension}") }
}

/// The address of a file, such as `/assets/palisade.0123456789abcdef.css`. A name that is none gives an address that
/// is not found.
#[must_use]
pub fn path(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("/assets/missing", |asset| asset.path.as_str())
}

/// The addresses of the scripts that every page loads.
pub fn scripts() -> impl Iterator<Item = &'static str> {
    SCRIPTS.iter().map(|name| path(name))
}

/// The routes of the files, and `/favicon.ico` for who asks without reading the page.
#[must_use]
pub fn routes() -> Routes {
    Routes::new(())
        .get("/assets/{file}", Access::Public, serve)
        .get("/favicon.ico", Access::Public, async || Redirect::permanent(path("favicon.svg")))
}

async fn serve(Path(file): Path<String>) -> Outcome {
    file_named(&file)
}

/// The file of this name, as addresses have it: for sites whose router is not ours.
///
/// # Errors
/// There is no such file.
pub fn file_named(file: &str) -> Outcome {
    let asset = ASSETS.iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(file));
    let asset = asset.ok_or_else(|| Failure::from(Error::not_found()))?;
    Ok(respond(asset))
}

fn respond(asset: &'static Asset) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, asset.content).into_response()
}
