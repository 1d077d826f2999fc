//! The fake's answers.

use std::collections::HashMap;

use axum::{
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use takaza::domain::time::Timestamp;

use super::{Ask, Flavour, Media, Note, Post, Quirk, Resident, Town};
use crate::support::hostile::{self, Server, Social, html};

type Asked = hostile::Asked<Ask>;

impl Server for Town {
    type Ask = Ask;
    type Quirk = Quirk;

    const MAIN: Ask = Ask::Post;
    const BROKEN_OFF: (StatusCode, &'static str) = (StatusCode::OK, "{\"id\":\"10000000000");

    fn route<'a>(method: &Method, path: &[&'a str]) -> (Ask, &'a str) {
        match (method, path) {
            (&Method::POST, ["api", "v1", "statuses"]) => (Ask::Post, ""),
            (&Method::POST, ["api", "v2", "media"]) => (Ask::Media, ""),
            (&Method::GET, ["api", "v1", "media", id]) => (Ask::MediaStatus, *id),
            (&Method::DELETE, ["api", "v1", "statuses", id]) => (Ask::Delete, *id),
            (&Method::GET, ["api", "v1", "statuses", id]) => (Ask::Status, *id),
            (&Method::GET, ["api", "v1", "statuses", id, "context"]) => (Ask::Context, *id),
            (&Method::GET, ["api", "v1", "statuses", id, "favourited_by"]) => {
                (Ask::FavouritedBy, *id)
            }
            (&Method::GET, ["api", "v1", "statuses", id, "reblogged_by"]) => {
                (Ask::RebloggedBy, *id)
            }
            (&Method::GET, ["api", "v1", "statuses", id, "quotes"]) => (Ask::Quotes, *id),
            (&Method::GET, ["api", "v1", "accounts", "verify_credentials"]) => {
                (Ask::Credentials, "")
            }
            (&Method::GET, ["api", "v1", "accounts", "lookup"]) => (Ask::Lookup, ""),
            (&Method::GET, ["api", "v1", "accounts", id, "statuses"]) => (Ask::Timeline, *id),
            (&Method::GET, ["api", "v1", "notifications"]) => (Ask::Notifications, ""),
            (&Method::GET, ["api", "v1" | "v2", "instance"]) => (Ask::Instance, ""),
            (&Method::POST, ["oauth", "revoke"]) => (Ask::Revoke, ""),
            _ => (Ask::Other, ""),
        }
    }

    fn refuse(&mut self, _asked: &Asked, quirk: &Quirk) -> Option<Response> {
        let (status, words) = match quirk {
            Quirk::Unauthorized => {
                (StatusCode::UNAUTHORIZED, format!("The access token {} is invalid", self.token))
            }
            Quirk::Suspended => (StatusCode::FORBIDDEN, "Your account is suspended".to_owned()),
            Quirk::Forbidden => (StatusCode::FORBIDDEN, "This action is not allowed".to_owned()),
            Quirk::TooLong => {
                let words =
                    "Text is <b>too long</b>\u{7}\u{202e}\n".to_owned() + &"!".repeat(2_000);
                (StatusCode::UNPROCESSABLE_ENTITY, words)
            }
            Quirk::IgnoreKey | Quirk::NoId | Quirk::OtherPost => return None,
        };
        Some(error(status, &words))
    }

    fn respond(&mut self, asked: &Asked, quirk: Option<&Quirk>) -> Response {
        respond(self, asked, quirk)
    }

    fn error(status: StatusCode, words: &str) -> Response {
        error(status, words)
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

fn error(status: StatusCode, words: &str) -> Response {
    (status, axum::Json(json!({ "error": words }))).into_response()
}

/// The fields of a form in parts, read strictly.
fn in_parts(kind: &str, body: &[u8]) -> HashMap<String, Vec<u8>> {
    let Some(boundary) = kind.strip_prefix("multipart/form-data; boundary=") else {
        return HashMap::new();
    };
    assert!(boundary.len() <= 70, "RFC 2046 allows a boundary no more");
    let (mark, end) = (format!("--{boundary}\r\n"), format!("\r\n--{boundary}--\r\n"));
    let body = body.strip_prefix(mark.as_bytes()).expect("it begins with its boundary");
    let body = body.strip_suffix(end.as_bytes()).expect("it ends with its boundary");
    let between = format!("\r\n{mark}");
    let mut parts = HashMap::new();
    let mut rest = Some(body);
    while let Some(now) = rest {
        let at = find(now, between.as_bytes());
        let part = &now[..at.unwrap_or(now.len())];
        rest = at.map(|at| &now[at + between.len()..]);
        let head = find(part, b"\r\n\r\n").expect("a part has a head");
        let name = String::from_utf8_lossy(&part[..head]);
        let name = name.split("name=\"").nth(1).and_then(|name| name.split('"').next());
        parts.insert(name.expect("a part has a name").to_owned(), part[head + 4..].to_vec());
    }
    parts
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn respond(town: &mut Town, asked: &Asked, quirk: Option<&Quirk>) -> Response {
    let public = matches!(asked.ask, Ask::Instance | Ask::Revoke | Ask::Other);
    if !public && asked.token.as_ref() != Some(&town.token) {
        return error(StatusCode::UNAUTHORIZED, "The access token is invalid");
    }
    let found = |value: Option<Value>| value.map(json_answer);
    let of = |pairs: &[(String, String)]| -> Vec<String> {
        pairs.iter().filter(|(post, _)| *post == asked.id).map(|(_, by)| by.clone()).collect()
    };
    let answer = match asked.ask {
        Ask::Post => Some(make_or_refuse(town, asked, quirk)),
        Ask::Media => Some(take_media(town, asked)),
        Ask::MediaStatus => work_on(town, &asked.id),
        Ask::Delete => found(delete(town, &asked.id)),
        Ask::Status => found(town.live(&asked.id).map(|post| status(town, post))),
        Ask::Timeline => Some(json_answer(timeline(town, asked))),
        Ask::Context => {
            found(town.live(&asked.id).map(
                |_post| json!({ "ancestors": [], "descendants": descendants(town, &asked.id) }),
            ))
        }
        Ask::FavouritedBy => Some(paged(town, asked, &of(&town.likes))),
        Ask::RebloggedBy => Some(paged(town, asked, &of(&town.reposts))),
        Ask::Quotes => Some(json_answer(quotes(town, &asked.id))),
        Ask::Notifications => Some(json_answer(notifications(town, asked))),
        Ask::Lookup => found(lookup(town, asked)),
        Ask::Credentials => found(town.residents.iter().find(|one| one.id == town.us).map(account)),
        Ask::Instance => {
            Some(json_answer(json!({ "configuration": { "statuses": { "max_characters": 500 } } })))
        }
        Ask::Revoke => {
            town.revoked = true;
            Some(json_answer(json!({})))
        }
        Ask::Other => None,
    };
    answer.unwrap_or_else(|| missing(town.flavour))
}

fn json_answer(value: Value) -> Response {
    axum::Json(value).into_response()
}

fn missing(flavour: Flavour) -> Response {
    let status = match flavour {
        Flavour::Snac => return html(StatusCode::NOT_FOUND),
        Flavour::Mitra => StatusCode::BAD_REQUEST,
        Flavour::Mastodon | Flavour::GoToSocial => StatusCode::NOT_FOUND,
    };
    error(status, "Record not found")
}

/// Keeps a picture; 202 says that the server still works on it.
fn take_media(town: &mut Town, asked: &Asked) -> Response {
    let kind = asked.header("content-type").unwrap_or_default();
    let parts = in_parts(kind, &asked.bytes);
    let (Some(bytes), Some(alt)) = (parts.get("file"), parts.get("description")) else {
        return error(StatusCode::UNPROCESSABLE_ENTITY, "Validation failed: File can't be blank");
    };
    let (id, busy) = (town.next_id(), town.busy);
    let alt = String::from_utf8(alt.clone()).expect("the description is UTF-8");
    let media = Media { id: id.clone(), alt, bytes: bytes.clone(), busy, taken: false };
    town.media.push(media);
    let status = if busy > 0 { StatusCode::ACCEPTED } else { StatusCode::OK };
    (status, axum::Json(json!({ "id": id, "type": "image" }))).into_response()
}

fn work_on(town: &mut Town, id: &str) -> Option<Response> {
    let media = town.media.iter_mut().find(|media| media.id == id)?;
    let busy = media.busy > 0;
    media.busy = media.busy.saturating_sub(1);
    let status = if busy { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    Some((status, axum::Json(json!({ "id": id, "type": "image" }))).into_response())
}

/// As Mastodon: the key is asked first, then the pictures.
fn make_or_refuse(town: &mut Town, asked: &Asked, quirk: Option<&Quirk>) -> Response {
    let ids = media_ids(asked);
    let free = |id: &String| {
        town.media.iter().any(|media| media.id == *id && !media.taken && media.busy == 0)
    };
    let known = key(asked).is_some_and(|key| town.keys.contains_key(key));
    if !known && !ids.iter().all(free) {
        return error(StatusCode::UNPROCESSABLE_ENTITY, "Validation failed: Media ids are invalid");
    }
    json_answer(make(town, asked, quirk))
}

fn key(asked: &Asked) -> Option<&str> {
    asked.header("idempotency-key")
}

fn media_ids(asked: &Asked) -> Vec<String> {
    let ids = asked.body.get("media_ids").and_then(Value::as_array);
    ids.into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

/// Makes a post, or finds the one that was made with this key in the last hour.
fn make(town: &mut Town, asked: &Asked, quirk: Option<&Quirk>) -> Value {
    let honours = matches!(town.flavour, Flavour::Mastodon | Flavour::Mitra)
        && quirk != Some(&Quirk::IgnoreKey);
    let hour = SignedDuration::from_hours(1);
    let known = key(asked).and_then(|key| town.keys.get(key)).cloned();
    if let Some((id, _)) = known.filter(|(_, at)| honours && town.now.since(*at) < hour) {
        return town.live(&id).map(|post| status(town, post)).unwrap_or_default();
    }
    let text = |name: &str| asked.body.get(name).and_then(Value::as_str).map(str::to_owned);
    let (us, now) = (town.us.clone(), town.now);
    town.made += 1;
    let post = town.add_post(&us, &text("status").unwrap_or_default());
    post.spoiler = text("spoiler_text");
    post.visibility = text("visibility").unwrap_or_default();
    post.language = text("language");
    post.key = key(asked).map(str::to_owned);
    post.media = media_ids(asked);
    let post = post.clone();
    town.media
        .iter_mut()
        .filter(|one| post.media.contains(&one.id))
        .for_each(|one| one.taken = true);
    if let Some(key) = key(asked) {
        town.keys.insert(key.to_owned(), (post.id.clone(), now));
    }
    let mut made = status(town, &post);
    if quirk == Some(&Quirk::NoId) {
        made.as_object_mut().expect("a status is an object").remove("id");
    }
    if quirk == Some(&Quirk::OtherPost) {
        made["content"] = json!("<p>Good morning!</p>");
    }
    made
}

fn delete(town: &mut Town, id: &str) -> Option<Value> {
    let gone = status(town, town.live(id)?);
    town.posts.iter_mut().filter(|post| post.id == id).for_each(|post| post.deleted = true);
    Some(gone)
}

fn number(text: &str) -> u128 {
    text.parse().unwrap_or(0)
}

fn limit(asked: &Asked, most: usize) -> usize {
    asked.query.get("limit").and_then(|text| text.parse().ok()).unwrap_or(20).min(most)
}

fn timeline(town: &Town, asked: &Asked) -> Value {
    let before = asked.query.get("max_id").filter(|_| town.flavour != Flavour::Snac);
    let before = before.map_or(u128::MAX, |id| number(id));
    let page = town
        .posts
        .iter()
        .rev()
        .filter(|post| post.by == asked.id && !post.deleted && number(&post.id) < before);
    page.take(limit(asked, 40)).map(|post| status(town, post)).collect()
}

fn descendants(town: &Town, of: &str) -> Vec<Value> {
    let below = |post: &&Post| post.in_reply_to.as_deref() == Some(of) && !post.deleted;
    let children: Vec<&Post> = town.posts.iter().filter(below).collect();
    let each = children.into_iter();
    each.flat_map(|post| [vec![status(town, post)], descendants(town, &post.id)].concat()).collect()
}

fn quotes(town: &Town, of: &str) -> Value {
    let quoting = town.posts.iter().filter(|post| post.quotes.as_deref() == Some(of));
    quoting.filter(|post| !post.deleted).map(|post| status(town, post)).collect()
}

/// A page of accounts, with the `Link` to the next one under a host that is not ours to ask.
fn paged(town: &Town, asked: &Asked, all: &[String]) -> Response {
    let (from, most) =
        (asked.query.get("max_id").map_or(0, |at| number(at) as usize), limit(asked, 80));
    let page: Value = all
        .iter()
        .skip(from)
        .take(most)
        .filter_map(|id| town.residents.iter().find(|one| one.id == *id).map(account))
        .collect();
    let mut answer = json_answer(page);
    if from + most < all.len() {
        let next = format!(
            "<http://elsewhere.example{}?limit={most}&max_id={}>; rel=\"next\"",
            asked.path,
            from + most
        );
        answer.headers_mut().insert("link", next.parse().expect("a header"));
    }
    answer
}

fn notifications(town: &Town, asked: &Asked) -> Value {
    let most = limit(asked, 80);
    let show = |note: &Note| {
        let by = town.residents.iter().find(|one| one.id == note.by).map(account);
        let post = town.live(&note.post).map(|post| status(town, post));
        let at = note.at.to_string();
        json!({ "id": note.id, "type": note.kind, "created_at": at, "account": by, "status": post })
    };
    match asked.query.get("min_id") {
        // The oldest after it, shown newest first, as Mastodon does.
        Some(after) => {
            let page: Vec<Value> = town
                .notes
                .iter()
                .filter(|note| number(&note.id) > number(after))
                .take(most)
                .map(show)
                .collect();
            page.into_iter().rev().collect()
        }
        None => town.notes.iter().rev().take(most).map(show).collect(),
    }
}

fn lookup(town: &Town, asked: &Asked) -> Option<Value> {
    let acct = asked.query.get("acct")?;
    town.residents.iter().find(|one| one.acct == *acct).map(account)
}

fn account(one: &Resident) -> Value {
    let field = |verified: Option<&str>, link: &str| {
        json!({
            "name": "site",
            "value": format!("<a href=\"{link}\" rel=\"me\"><span>{link}</span></a>"),
            "verified_at": verified,
        })
    };
    let mut fields = vec![field(None, "https://anyone-can-write-this.example/")];
    fields.extend(one.verified_link.iter().map(|link| field(Some("2026-01-05T00:00:00Z"), link)));
    let user = one.acct.split('@').next();
    json!({ "id": one.id, "username": user, "acct": one.acct, "fields": fields })
}

fn status(town: &Town, post: &Post) -> Value {
    let by = town.residents.iter().find(|one| one.id == post.by).map(account);
    let quote = post
        .quotes
        .as_ref()
        .map(|id| json!({ "state": "accepted", "quoted_status": { "id": id } }));
    json!({
        "id": post.id,
        "url": format!("{}/@unit/{}", town.base_url, post.id),
        "created_at": post.at.to_string(),
        "content": markup(&post.text),
        "spoiler_text": post.spoiler,
        "visibility": post.visibility,
        "language": post.language,
        "in_reply_to_id": post.in_reply_to,
        "quote": quote,
        "account": by,
        "reblog": null,
    })
}

/// A text as Mastodon shows it: escaped, mentions without their host, lines as `<br />`.
fn markup(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let words = escaped.split(' ').map(|word| match word.strip_prefix('@') {
        Some(handle) => {
            let user = handle.split('@').next().unwrap_or(handle);
            format!("<span class=\"h-card\"><a href=\"https://x.example/@{user}\">@<span>{user}</span></a></span>")
        }
        None => word.to_owned(),
    });
    format!("<p>{}</p>", words.collect::<Vec<_>>().join(" ").replace('\n', "<br />"))
}
