//! Which request is which, and what X's own quirks answer.

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

    const MAIN: Ask = Ask::Post;
    const BROKEN_OFF: (StatusCode, &'static str) =
        (StatusCode::CREATED, "{\"data\":{\"id\":\"19000000000");

    fn route<'a>(method: &Method, path: &[&'a str]) -> (Ask, &'a str) {
        match (method, path) {
            (&Method::POST, ["2", "tweets"]) => (Ask::Post, ""),
            (&Method::GET, ["2", "tweets"]) => (Ask::Counts, ""),
            (&Method::GET, ["2", "tweets", "search", "recent"]) => (Ask::Search, ""),
            (&Method::DELETE, ["2", "tweets", id]) => (Ask::Delete, *id),
            (&Method::GET, ["2", "tweets", id]) => (Ask::Status, *id),
            (&Method::GET, ["2", "tweets", id, "quote_tweets"]) => (Ask::Quotes, *id),
            (&Method::GET, ["2", "tweets", id, "liking_users"]) => (Ask::Likes, *id),
            (&Method::GET, ["2", "tweets", id, "retweeted_by"]) => (Ask::Reposts, *id),
            (&Method::GET, ["2", "users", "me"]) => (Ask::Me, ""),
            (&Method::GET, ["2", "users", id, "tweets"]) => (Ask::Timeline, *id),
            (&Method::GET, ["2", "users", id, "mentions"]) => (Ask::Mentions, *id),
            (&Method::GET, ["2", "users", "by", "username", handle]) => (Ask::User, *handle),
            _ => (Ask::Other, ""),
        }
    }

    fn refuse(&mut self, _asked: &Asked, quirk: &Quirk) -> Option<Response> {
        Some(match quirk {
            Quirk::UsageCapped(period) => usage_capped(period),
            Quirk::Problem(status, end, detail) => problem(*status, end, detail),
            Quirk::Unauthorized => {
                problem(401, "about:blank", &format!("The token {} is not good", self.token))
            }
            Quirk::Echo => problem(400, "invalid-request", &format!("{} asked for it", self.token)),
            Quirk::TokenEnds => {
                self.next_token();
                problem(401, "about:blank", "Unauthorized")
            }
            Quirk::NoId | Quirk::WithErrors | Quirk::OtherPost | Quirk::OnlyErrors => return None,
        })
    }

    fn respond(&mut self, asked: &Asked, quirk: Option<&Quirk>) -> Response {
        respond(self, asked, quirk)
    }

    fn error(status: StatusCode, words: &str) -> Response {
        problem(status.as_u16(), "about:blank", words)
    }

    fn throttled() -> Response {
        problem(429, "rate-limit-exceeded", "Too Many Requests")
    }

    /// X's own clock stands in every answer.
    fn stamp(&self, answer: &mut Response) {
        let at = self.now.plus(self.skew).in_zone(&jiff::tz::TimeZone::UTC);
        let date = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        answer.headers_mut().entry("date").or_insert(date.parse().expect("a header"));
    }
}

impl Social for Town {
    const NO_ID: Quirk = Quirk::NoId;

    fn time(&mut self) -> &mut Timestamp {
        &mut self.now
    }

    fn made(&self) -> usize {
        self.made
    }
}

/// A problem as X writes it.
pub(super) fn problem(status: u16, end: &str, detail: &str) -> Response {
    let kind = match end {
        "about:blank" => end.to_owned(),
        end => format!("https://api.twitter.com/2/problems/{end}"),
    };
    let body = json!({ "title": "Problem", "detail": detail, "type": kind, "status": status });
    (code(status), [("content-type", "application/problem+json")], body.to_string()).into_response()
}

fn usage_capped(period: &str) -> Response {
    let body = json!({
        "account_id": 1_900_000_000_000_000_000_u64,
        "product_name": "standard-basic",
        "title": "UsageCapExceeded",
        "period": period,
        "scope": "Product",
        "detail": format!("Usage cap exceeded: {period} product cap"),
        "type": "https://api.twitter.com/2/problems/usage-capped",
    });
    // The minute's own limit is not what is used up, and says so.
    let headers = [("x-rate-limit-remaining", "39999"), ("x-rate-limit-reset", "1795500300")];
    (StatusCode::TOO_MANY_REQUESTS, headers, axum::Json(body)).into_response()
}
