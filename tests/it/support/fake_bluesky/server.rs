//! Which request is which, and how the fake refuses.

use axum::{
    http::{Method, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde_json::json;
use takaza::domain::time::Timestamp;

use super::{Ask, Quirk, Town, answers::respond};
use crate::support::hostile::{self, Server, Social, code};

pub(super) type Asked = hostile::Asked<Ask>;

impl Server for Town {
    type Ask = Ask;
    type Quirk = Quirk;

    const MAIN: Ask = Ask::Put;
    const BROKEN_OFF: (StatusCode, &'static str) = (StatusCode::OK, "{\"uri\":\"at://did:plc:th");

    fn route<'a>(method: &Method, path: &[&'a str]) -> (Ask, &'a str) {
        let posts = method == Method::POST;
        let ask = match (posts, path) {
            (true, ["xrpc", "com.atproto.repo.putRecord"]) => Ask::Put,
            (true, ["xrpc", "com.atproto.repo.uploadBlob"]) => Ask::Upload,
            (true, ["xrpc", "com.atproto.repo.deleteRecord"]) => Ask::Delete,
            (false, ["xrpc", "com.atproto.repo.getRecord"]) => Ask::GetRecord,
            (false, ["xrpc", "com.atproto.repo.listRecords"]) => Ask::ListRecords,
            (true, ["xrpc", "com.atproto.server.createSession"]) => Ask::Login,
            (true, ["xrpc", "com.atproto.server.refreshSession"]) => Ask::Refresh,
            (true, ["xrpc", "com.atproto.server.deleteSession"]) => Ask::EndSession,
            (false, ["xrpc", "com.atproto.server.getSession"]) => Ask::Session,
            (false, ["xrpc", "com.atproto.identity.resolveHandle"]) => Ask::ResolveHandle,
            (false, ["xrpc", "app.bsky.actor.getProfile"]) => Ask::Profile,
            (false, ["xrpc", "app.bsky.feed.getPostThread"]) => Ask::Thread,
            (false, ["xrpc", "app.bsky.feed.getLikes"]) => Ask::Likes,
            (false, ["xrpc", "app.bsky.feed.getRepostedBy"]) => Ask::RepostedBy,
            (false, ["xrpc", "app.bsky.feed.getQuotes"]) => Ask::Quotes,
            (false, ["xrpc", "app.bsky.notification.listNotifications"]) => Ask::Notifications,
            _ => Ask::Other,
        };
        (ask, "")
    }

    fn refuse(&mut self, asked: &Asked, quirk: &Quirk) -> Option<Response> {
        let Quirk::Refuse(status, name) = quirk else { return None };
        let token = asked.token.as_deref().unwrap_or(&self.password);
        let words = format!("no, {token}\u{7}\u{202e}<b>\n{}", "!".repeat(2_000));
        Some(error(*status, name, &words))
    }

    fn respond(&mut self, asked: &Asked, quirk: Option<&Quirk>) -> Response {
        respond(self, asked, quirk)
    }

    fn error(status: StatusCode, words: &str) -> Response {
        error(status.as_u16(), "InternalServerError", words)
    }

    fn throttled() -> Response {
        error(429, "RateLimitExceeded", "Rate Limit Exceeded")
    }
}

impl Social for Town {
    const NO_ID: Quirk = Quirk::NoUri;

    fn time(&mut self) -> &mut Timestamp {
        &mut self.now
    }

    fn made(&self) -> usize {
        self.made
    }
}

/// A refusal as the API writes it.
pub(super) fn error(status: u16, name: &str, message: &str) -> Response {
    (code(status), axum::Json(json!({ "error": name, "message": message }))).into_response()
}
