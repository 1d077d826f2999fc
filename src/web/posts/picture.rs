//! A post's picture, by the hash of its bytes: it never changes.

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse as _, Response},
};

use crate::{
    domain::canonical::Hash,
    web::{problem::Problem, visit::Visit},
};

pub(super) async fn show(visit: Visit, Path(hash): Path<String>) -> Result<Response, Problem> {
    let hash = Hash::parse(&hash).ok_or(Problem::NotFound)?;
    let png = visit.store().picture(&hash).await?;
    let headers = [
        (header::CONTENT_TYPE, "image/png"),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
    ];
    Ok((headers, png).into_response())
}
