//! What the fake answers when nobody plays a trick: as a PDS was seen to answer.

use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use takaza::domain::canonical::Hash;

use super::{
    Ask, Note, Quirk, Record, Resident, Town,
    server::{Asked, error},
};

/// An answer, or a refusal: status, name, words.
type Answer = Result<Value, (u16, &'static str, &'static str)>;

pub(super) fn respond(town: &mut Town, asked: &Asked, quirk: Option<&Quirk>) -> Response {
    let answer = authorised(town, asked).and_then(|_granted| match asked.ask {
        Ask::Put => put(town, asked, quirk),
        Ask::Upload => upload(town, asked, quirk),
        Ask::Delete => delete(town, asked),
        Ask::GetRecord => get(town, asked, quirk),
        Ask::ListRecords => list(town, asked),
        Ask::Login => login(town, asked),
        Ask::Refresh => Ok(session_and_tokens(town)),
        Ask::EndSession => {
            town.tickets.retain(|ticket| Some(&ticket.jwt) != asked.token.as_ref());
            Ok(json!({}))
        }
        Ask::Session if town.status == Some("takendown") => {
            Err((400, "InvalidRequest", "Could not find user info for account"))
        }
        Ask::Session => Ok(session(town)),
        Ask::ResolveHandle => resolve(town, asked),
        Ask::Profile => profile(town, asked),
        Ask::Thread => thread(town, asked),
        Ask::Likes => {
            Ok(page(town, asked, "likes", &town.likes, |actor| json!({ "actor": actor })))
        }
        Ask::RepostedBy => Ok(page(town, asked, "repostedBy", &town.reposts, |actor| actor)),
        Ask::Quotes => Ok(quotes(town, asked)),
        Ask::Notifications => Ok(notifications(town, asked)),
        Ask::Other => Err((501, "MethodNotImplemented", "Method Not Implemented")),
    });
    let refuse = |(status, name, words)| error(status, name, words);
    answer.map_or_else(refuse, |value| axum::Json(value).into_response())
}

/// A bad token is a 400 here, and none at all a 401.
fn authorised(town: &Town, asked: &Asked) -> Answer {
    if matches!(asked.ask, Ask::Login | Ask::Other) {
        return Ok(Value::Null);
    }
    let Some(token) = &asked.token else {
        return Err((401, "AuthMissing", "Authentication Required"));
    };
    let wants_refresh = matches!(asked.ask, Ask::Refresh | Ask::EndSession);
    let known = town.tickets.iter().find(|one| one.jwt == *token && one.refresh == wants_refresh);
    let Some(ticket) = known else {
        return Err((400, "InvalidToken", "Token could not be verified"));
    };
    if ticket.ends <= town.now {
        return Err((400, "ExpiredToken", "Token has expired"));
    }
    let judged = matches!(asked.ask, Ask::Put | Ask::Upload | Ask::Delete | Ask::Refresh);
    match town.status {
        Some("takendown") if judged => Err((401, "AccountTakedown", "Account has been taken down")),
        Some(_) if judged => Err((401, "AccountDeactivated", "Account is deactivated")),
        _ => Ok(Value::Null),
    }
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

fn of_query<'a>(asked: &'a Asked, name: &str) -> &'a str {
    asked.param(name).unwrap_or_default()
}

/// Keeps bytes under the CID that names them.
fn upload(town: &mut Town, asked: &Asked, quirk: Option<&Quirk>) -> Answer {
    let (kind, size) = (asked.header("content-type").unwrap_or_default(), asked.bytes.len());
    if size > 2_000_000 {
        return Err((413, "PayloadTooLarge", "request entity too large"));
    }
    let mut cid = vec![0x01, 0x55, 0x12, 0x20];
    cid.extend_from_slice(Hash::of(&asked.bytes).bytes());
    let mut cid = format!("b{}", base32(&cid));
    town.blobs.insert(cid.clone(), asked.bytes.to_vec());
    if quirk == Some(&Quirk::OtherBlob) {
        cid = cid.chars().rev().collect();
    }
    Ok(json!({ "blob":
        { "$type": "blob", "ref": { "$link": cid }, "mimeType": kind, "size": size } }))
}

/// RFC 4648, in small letters and without padding.
fn base32(bytes: &[u8]) -> String {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let bits = bits.as_bytes().chunks(5).map(|five| {
        let five = format!("{:0<5}", std::str::from_utf8(five).expect("ones and zeros"));
        usize::from_str_radix(&five, 2).expect("five bits")
    });
    bits.map(|at| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[at])).collect()
}

/// Creates, finds unchanged, or refuses: `swapRecord: null` says that nothing may stand there.
fn put(town: &mut Town, asked: &Asked, quirk: Option<&Quirk>) -> Answer {
    let body = &asked.body;
    let (did, collection, key) = (text(body, "repo"), text(body, "collection"), text(body, "rkey"));
    if did != town.us {
        return Err((401, "AuthMissing", "Authentication Required"));
    }
    let valid_key =
        key.len() == 13 && key.bytes().all(|b| b"234567abcdefghijklmnopqrstuvwxyz".contains(&b));
    let picture = &body["record"]["embed"]["images"][0]["image"]["ref"]["$link"];
    if picture.as_str().is_some_and(|cid| !town.blobs.contains_key(cid)) {
        return Err((400, "BlobNotFound", "Could not find blob"));
    }
    if !valid_key || text(&body["record"], "text").len() > 3_000 {
        return Err((400, "InvalidRequest", "Invalid app.bsky.feed.post record"));
    }
    let value = body["record"].clone();
    let mut record = Record {
        did: did.to_owned(),
        collection: collection.to_owned(),
        key: key.to_owned(),
        value,
        at: town.now,
    };
    match town.at(did, collection, key) {
        Some(at) if town.records[at].value == record.value => {}
        Some(_) if body.get("swapRecord") == Some(&Value::Null) => {
            return Err((400, "InvalidSwap", "Record was at bafyreib"));
        }
        Some(at) => {
            town.overwritten += 1;
            town.records[at].value = record.value.clone();
        }
        None => {
            town.made += 1;
            town.records.push(record.clone());
        }
    }
    if quirk == Some(&Quirk::OtherUri) {
        record.key = "3zzzzzzzzzzzz".to_owned();
    }
    let mut answer = json!({ "uri": record.uri(), "cid": "bafyreia", "validationStatus": "valid" });
    if quirk == Some(&Quirk::NoUri) {
        answer.as_object_mut().expect("it is one").remove("uri");
    }
    Ok(answer)
}

fn delete(town: &mut Town, asked: &Asked) -> Answer {
    let body = &asked.body;
    let at = town.at(text(body, "repo"), text(body, "collection"), text(body, "rkey"));
    at.map(|at| town.records.remove(at));
    Ok(json!({}))
}

fn get(town: &Town, asked: &Asked, quirk: Option<&Quirk>) -> Answer {
    let query = |name| of_query(asked, name);
    let Some(at) = town.at(query("repo"), query("collection"), query("rkey")) else {
        return Err((400, "RecordNotFound", "Could not locate record"));
    };
    let record = &town.records[at];
    let mut value = record.value.clone();
    if let Some(Quirk::OtherText(words)) = quirk {
        value["text"] = json!(words);
    }
    Ok(json!({ "uri": record.uri(), "cid": "bafyreia", "value": value }))
}

fn limit(asked: &Asked) -> usize {
    of_query(asked, "limit").parse().unwrap_or(50).min(100)
}

/// By key, newest first.
fn list(town: &Town, asked: &Asked) -> Answer {
    let (did, cursor) = (of_query(asked, "repo"), asked.query.get("cursor"));
    if !town.residents.iter().any(|one| one.did == did) {
        return Err((400, "InvalidRequest", "Could not find repo"));
    }
    let mut records: Vec<&Record> = town
        .records
        .iter()
        .filter(|one| one.did == did && one.collection == of_query(asked, "collection"))
        .filter(|one| cursor.is_none_or(|cursor| one.key < *cursor))
        .collect();
    records.sort_by(|one, other| other.key.cmp(&one.key));
    records.truncate(limit(asked));
    let show = |one: &&Record| json!({ "uri": one.uri(), "cid": "bafyreia", "value": one.value });
    let cursor = records.last().map(|last| last.key.clone());
    Ok(json!({ "records": records.iter().map(show).collect::<Value>(), "cursor": cursor }))
}

fn session(town: &Town) -> Value {
    let us = town.residents.iter().find(|one| one.did == town.us).expect("we live here");
    let (active, status) = (town.status.is_none(), town.status);
    json!({ "did": us.did, "handle": us.handle, "active": active, "status": status })
}

fn session_and_tokens(town: &mut Town) -> Value {
    let (access, refresh) = town.tickets();
    let mut answer = session(town);
    answer["accessJwt"] = json!(access);
    answer["refreshJwt"] = json!(refresh);
    answer
}

fn login(town: &mut Town, asked: &Asked) -> Answer {
    let us = session(town);
    let who = text(&asked.body, "identifier");
    let known = who == text(&us, "did") || who == text(&us, "handle");
    if !known || text(&asked.body, "password") != town.password {
        return Err((401, "AuthenticationRequired", "Invalid identifier or password"));
    }
    if town.status == Some("takendown") {
        return Err((401, "AccountTakedown", "Account has been taken down"));
    }
    Ok(session_and_tokens(town))
}

/// The last to take a handle has it.
fn resolve(town: &Town, asked: &Asked) -> Answer {
    let handle = of_query(asked, "handle");
    let holder = town.residents.iter().rev().find(|one| one.handle == handle);
    match holder {
        Some(one) => Ok(json!({ "did": one.did })),
        None => Err((400, "InvalidRequest", "Unable to resolve handle")),
    }
}

fn profile(town: &Town, asked: &Asked) -> Answer {
    let found = town.residents.iter().find(|one| one.did == of_query(asked, "actor"));
    found.map(actor).ok_or((400, "InvalidRequest", "Profile not found"))
}

fn actor(one: &Resident) -> Value {
    let mut actor = json!({ "did": one.did, "handle": one.handle });
    if let Some(issuer) = &one.vouched_by {
        actor["verification"] = json!({
            "verifiedStatus": "valid",
            "verifications": [{ "issuer": issuer, "isValid": true }],
        });
    }
    actor
}

fn actor_of(town: &Town, did: &str) -> Value {
    town.residents.iter().find(|one| one.did == did).map(actor).unwrap_or_default()
}

fn view(town: &Town, post: &Record) -> Value {
    json!({
        "uri": post.uri(), "cid": "bafyreia", "author": actor_of(town, &post.did),
        "record": post.value, "indexedAt": post.at.to_string(),
    })
}

fn thread(town: &Town, asked: &Asked) -> Answer {
    let uri = of_query(asked, "uri");
    match town.by_uri(uri) {
        Some(post) => Ok(json!({ "thread": node(town, post) })),
        None => Err((400, "NotFound", "Post not found")),
    }
}

fn node(town: &Town, post: &Record) -> Value {
    let uri = post.uri();
    let below = town.records.iter().filter(|one| one.value["reply"]["parent"]["uri"] == uri);
    let replies: Value = below.map(|reply| node(town, reply)).collect();
    let kind = "app.bsky.feed.defs#threadViewPost";
    json!({ "$type": kind, "post": view(town, post), "replies": replies })
}

fn page(
    town: &Town,
    asked: &Asked,
    name: &str,
    pairs: &[(String, String)],
    show: impl Fn(Value) -> Value,
) -> Value {
    let from: usize = of_query(asked, "cursor").parse().unwrap_or(0);
    let all: Vec<&String> =
        pairs.iter().filter(|(post, _)| post == of_query(asked, "uri")).map(|(_, by)| by).collect();
    let rows: Value =
        all.iter().skip(from).take(limit(asked)).map(|by| show(actor_of(town, by))).collect();
    let end = from + limit(asked);
    let cursor = (end < all.len()).then(|| end.to_string());
    json!({ "uri": of_query(asked, "uri"), name: rows, "cursor": cursor })
}

fn quotes(town: &Town, asked: &Asked) -> Value {
    let uri = of_query(asked, "uri");
    let quoting = town.records.iter().filter(|one| one.value["embed"]["record"]["uri"] == uri);
    json!({ "posts": quoting.map(|post| view(town, post)).collect::<Value>() })
}

/// Newest first; the cursor is a place in that order.
fn notifications(town: &Town, asked: &Asked) -> Value {
    let from: usize = of_query(asked, "cursor").parse().unwrap_or(0);
    let show = |note: &Note| {
        let record = town.by_uri(&note.uri).map(|record| record.value.clone());
        json!({
            "uri": note.uri, "cid": "bafyreia", "author": actor_of(town, &note.by),
            "reason": note.reason, "reasonSubject": note.subject, "record": record,
            "isRead": false, "indexedAt": note.at.to_string(),
        })
    };
    let rows: Value = town.notes.iter().rev().skip(from).take(limit(asked)).map(show).collect();
    let end = from + limit(asked);
    let cursor = (end < town.notes.len()).then(|| end.to_string());
    json!({ "notifications": rows, "cursor": cursor })
}
