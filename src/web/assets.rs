//! Style, script and font: compiled in, each under an address that names its contents, so that a
//! browser keeps it for ever and an upgrade is seen at once.

use std::sync::LazyLock;

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tower_http::compression::CompressionLayer;

use super::Console;
use crate::domain::canonical::Hash;

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const FONT: Asset = Asset {
    name: "noto-sans-devanagari.woff2",
    kind: "font/woff2",
    bytes: include_bytes!("assets/noto-sans-devanagari.woff2"),
};
const SCRIPT: Asset = Asset {
    name: "console.js",
    kind: "text/javascript; charset=utf-8",
    bytes: include_bytes!("assets/console.js"),
};
const ICON: Asset =
    Asset { name: "icon.svg", kind: "image/svg+xml", bytes: include_bytes!("assets/icon.svg") };
const STYLE: Asset = Asset {
    name: "console.css",
    kind: "text/css; charset=utf-8",
    bytes: include_bytes!("assets/console.css"),
};

const ALL: &[&Asset] = &[&FONT, &SCRIPT, &ICON, &STYLE];

/// Changes when any of them does.
static EDITION: LazyLock<String> = LazyLock::new(|| {
    let all: Vec<u8> = ALL.iter().flat_map(|asset| asset.bytes.iter().copied()).collect();
    Hash::of(&all).to_string().chars().take(12).collect()
});

/// Where the assets of this edition are: `/assets/0123456789ab`.
pub(super) fn place() -> String {
    format!("/assets/{}", *EDITION)
}

pub(super) fn routes() -> Router<Console> {
    // No secret is in them, so that their compressed length tells nothing.
    Router::new()
        .route("/assets/{edition}/{name}", get(asset))
        .layer(CompressionLayer::new().gzip(true))
}

async fn asset(Path((edition, name)): Path<(String, String)>) -> Response {
    let found = ALL.iter().find(|asset| asset.name == name).filter(|_| edition == *EDITION);
    let Some(asset) = found else { return StatusCode::NOT_FOUND.into_response() };
    let kept = "public, max-age=31536000, immutable";
    ([(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, kept)], asset.bytes)
        .into_response()
}
