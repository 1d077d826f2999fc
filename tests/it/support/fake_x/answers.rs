//! What the fake answers when nobody plays tricks.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use takaza::domain::cost::Item;

use super::{
    Ask, Post, Quirk, Resident, Town,
    server::{Asked, problem},
};

pub(super) fn respond(town: &mut Town, asked: &Asked, quirk: Option<&Quirk>) -> Response {
    if asked.ask == Ask::Other {
        return problem(404, "about:blank", "no such path");
    }
    if !town.takes(asked.token.as_ref()) {
        return problem(401, "about:blank", "Unauthorized");
    }
    if town.resident(&town.us).is_some_and(|us| us.suspended) {
        let detail = "The user used for authentication is suspended";
        return problem(403, "user-suspended", detail);
    }
    if let Some(why) = malformed(asked) {
        return problem(400, "invalid-request", &why);
    }
    if quirk == Some(&Quirk::OnlyErrors) {
        let error = error("not-authorized-for-resource", "Sorry, you may not see this.");
        return json_answer(&json!({ "errors": [error] }));
    }
    match asked.ask {
        Ask::Post => return make(town, asked, quirk),
        Ask::Delete => return delete(town, &asked.id),
        _ => {}
    }
    let mut answer = match asked.ask {
        Ask::Counts => counts(town, asked),
        Ask::Status => one_post(town, asked),
        Ask::Timeline => {
            let posts = ids(town, |town, post| post.by == asked.id && in_window(town, post, asked));
            page_of_posts(town, asked, posts, 3_200)
        }
        Ask::Mentions => {
            let us = format!("@{}", town.resident(&town.us).map_or("", |us| us.handle.as_str()));
            let of_us = |post: &Post| post.text.contains(&us) && post.by != asked.id;
            let posts = ids(town, |town, post| of_us(post) && in_window(town, post, asked));
            page_of_posts(town, asked, posts, 800)
        }
        Ask::Search => search(town, asked),
        Ask::Quotes => {
            let posts = ids(town, |_, post| post.quotes.as_ref() == Some(&asked.id));
            page_of_posts(town, asked, posts, usize::MAX)
        }
        Ask::Likes => page_of_users(town, asked, Item::LikeRead),
        Ask::Reposts => page_of_users(town, asked, Item::UserRead),
        Ask::Me => {
            let us = town.us.clone();
            one_user(town, asked, Some(&us))
        }
        _ => {
            let is = |one: &&Resident| one.handle.eq_ignore_ascii_case(&asked.id) && !one.suspended;
            let id = town.residents.iter().find(is).map(|one| one.id.clone());
            one_user(town, asked, id.as_deref())
        }
    };
    if quirk == Some(&Quirk::WithErrors) {
        answer["errors"] = json!([error("not-authorized-for-field", "A field is not yours.")]);
    }
    json_answer(&answer)
}

fn json_answer(value: &Value) -> Response {
    axum::Json(value).into_response()
}

fn error(end: &str, detail: &str) -> Value {
    let kind = format!("https://api.twitter.com/2/problems/{end}");
    json!({ "title": "Problem", "detail": detail, "type": kind, "resource_id": "1" })
}

/// What the specification does not allow (and X answers with 400).
fn malformed(asked: &Asked) -> Option<String> {
    let (smallest, known): (u32, &[&str]) = match asked.ask {
        Ask::Counts => (0, &["ids", "post.fields"]),
        Ask::Status => (0, &["post.fields"]),
        Ask::Timeline => (5, &["max_results", "pagination_token", "start_time", "post.fields"]),
        Ask::Mentions => (
            5,
            &[
                "max_results",
                "pagination_token",
                "since_id",
                "until_id",
                "post.fields",
                "expansions",
                "user.fields",
            ],
        ),
        Ask::Search => (
            10,
            &[
                "query",
                "max_results",
                "next_token",
                "sort_order",
                "post.fields",
                "expansions",
                "user.fields",
            ],
        ),
        Ask::Quotes => {
            (10, &["max_results", "pagination_token", "post.fields", "expansions", "user.fields"])
        }
        Ask::Likes | Ask::Reposts => (1, &["max_results", "pagination_token", "user.fields"]),
        Ask::Me | Ask::User => (0, &["user.fields", "expansions"]),
        _ => (0, &[]),
    };
    for (name, value) in &asked.query {
        if !known.contains(&name.as_str()) {
            return Some(format!("The query parameter [{name}] is not one of {known:?}"));
        }
        let most = value.parse::<u32>().ok().filter(|most| (smallest..=100).contains(most));
        if name == "max_results" && most.is_none() {
            return Some(format!("max_results is not between {smallest} and 100"));
        }
    }
    let ids = asked.query.get("ids").map_or(1, |ids| ids.split(',').count());
    (ids > 100).then(|| "ids holds more than 100".to_owned())
}

fn make(town: &mut Town, asked: &Asked, quirk: Option<&Quirk>) -> Response {
    let us = town.us.clone();
    let Some(text) = asked.body.get("text").and_then(Value::as_str) else {
        return problem(400, "invalid-request", "text is missing");
    };
    let same = |post: &Post| post.by == us && !post.deleted && post.text == text;
    if town.minds_duplicates && town.posts.iter().any(same) {
        let detail = "You are not allowed to create a Tweet with duplicate content.";
        return problem(403, "about:blank", detail);
    }
    let setting = asked.body.get("reply_settings").and_then(Value::as_str).map(str::to_owned);
    town.made += 1;
    let post = town.add_post(&us, text, None);
    post.reply_settings = setting;
    let post = post.clone();
    let mut made = json!({
        "data": { "id": post.id, "text": written(text).0, "edit_history_post_ids": [post.id] },
    });
    match quirk {
        Some(Quirk::NoId) => {
            made["data"].as_object_mut().expect("an object").remove("id");
        }
        Some(Quirk::OtherPost) => made["data"]["text"] = json!("Good morning!"),
        Some(Quirk::WithErrors) => {
            made["errors"] = json!([error("not-authorized-for-field", "A field is not yours.")]);
        }
        _ => {}
    }
    (StatusCode::CREATED, axum::Json(made)).into_response()
}

fn delete(town: &mut Town, id: &str) -> Response {
    if town.live(id).is_none() {
        return problem(404, "resource-not-found", "Could not find tweet with that id.");
    }
    town.posts.iter_mut().filter(|post| post.id == id).for_each(|post| post.deleted = true);
    json_answer(&json!({ "data": { "deleted": true } }))
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

/// The ids of the posts that stand and are asked for, newest first.
fn ids(town: &Town, asked_for: impl Fn(&Town, &Post) -> bool) -> Vec<String> {
    let posts = town.posts.iter().rev();
    posts
        .filter(|post| !post.deleted && asked_for(town, post))
        .map(|post| post.id.clone())
        .collect()
}

fn in_window(town: &Town, post: &Post, asked: &Asked) -> bool {
    let start = asked.param("start_time").and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let after = asked.param("since_id").is_none_or(|id| number(&post.id) > number(id));
    let before = asked.param("until_id").is_none_or(|id| number(&post.id) < number(id));
    start.is_none_or(|start| post.at.plus(town.skew) >= start.into()) && after && before
}

/// `conversation_id:` and `from:` (a handle or an id), of the last seven days.
fn search(town: &mut Town, asked: &Asked) -> Value {
    let query = asked.param("query").unwrap_or_default().to_owned();
    let week_ago = town.now.minus(SignedDuration::from_hours(7 * 24));
    let matches = |town: &Town, post: &Post, term: &str| match term.split_once(':') {
        Some(("conversation_id", id)) => post.conversation == id,
        Some(("from", who)) => {
            let by = town.resident(&post.by);
            post.by == who || by.is_some_and(|one| one.handle.eq_ignore_ascii_case(who))
        }
        Some(("-from", who)) => post.by != who,
        _ => false,
    };
    let posts = ids(town, |town, post| {
        post.at >= week_ago && query.split(' ').all(|term| matches(town, post, term))
    });
    page_of_posts(town, asked, posts, usize::MAX)
}

/// The page that is asked for, and the token of the next.
fn cut(asked: &Asked, all: &[String], most: usize) -> (Vec<String>, Option<String>) {
    let all = &all[..all.len().min(most)];
    let token = asked.param("pagination_token").or(asked.param("next_token"));
    let from = token.and_then(|token| token.strip_prefix("page")?.parse().ok()).unwrap_or(0);
    let size = asked.param("max_results").and_then(|n| n.parse().ok()).unwrap_or(10_usize);
    let page = all.iter().skip(from).take(size).cloned().collect();
    (page, (from + size < all.len()).then(|| format!("page{}", from + size)))
}

fn meta(count: usize, next: Option<String>) -> Value {
    let mut meta = json!({ "result_count": count });
    if let Some(next) = next {
        meta["next_token"] = json!(next);
    }
    meta
}

fn page_of_posts(town: &mut Town, asked: &Asked, all: Vec<String>, most: usize) -> Value {
    let (page, next) = cut(asked, &all, most);
    let mut answer = json!({ "meta": meta(page.len(), next) });
    if page.is_empty() {
        return answer;
    }
    let own = asked.ask == Ask::Mentions;
    let posts: Vec<Value> = page.iter().map(|id| post(town, asked, id, own)).collect();
    answer["data"] = json!(posts);
    with_authors(town, asked, &page, &mut answer);
    answer
}

fn with_authors(town: &mut Town, asked: &Asked, posts: &[String], answer: &mut Value) {
    if !asked.param("expansions").is_some_and(|list| list.split(',').any(|e| e == "author_id")) {
        return;
    }
    let mut by: Vec<String> =
        posts.iter().filter_map(|id| Some(town.live(id)?.by.clone())).collect();
    by.sort();
    by.dedup();
    let users: Vec<Value> = by.iter().filter_map(|id| user(town, asked, id)).collect();
    answer["includes"] = json!({ "users": users });
}

fn page_of_users(town: &mut Town, asked: &Asked, item: Item) -> Value {
    let pairs = if item == Item::LikeRead { &town.likes } else { &town.reposts };
    let all: Vec<String> =
        pairs.iter().filter(|(post, _)| *post == asked.id).map(|(_, by)| by.clone()).collect();
    let (page, next) = cut(asked, &all, usize::MAX);
    let users: Vec<Value> =
        page.iter().filter_map(|id| Some(show_user(town.resident(id)?, asked))).collect();
    for id in &page {
        let like = format!("{}:{id}", asked.id);
        town.charge(item, if item == Item::LikeRead { &like } else { id });
    }
    let mut answer = json!({ "meta": meta(page.len(), next) });
    if !users.is_empty() {
        answer["data"] = json!(users);
    }
    answer
}

fn not_found(id: &str) -> Value {
    let detail = format!("Could not find it with id: [{id}].");
    json!({
        "value": id, "detail": detail, "title": "Not Found Error", "resource_id": id,
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    })
}

fn counts(town: &mut Town, asked: &Asked) -> Value {
    let wanted: Vec<String> =
        asked.param("ids").unwrap_or_default().split(',').map(str::to_owned).collect();
    let (there, gone): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|id| town.live(id).is_some());
    let mut answer = json!({});
    if !there.is_empty() {
        let posts: Vec<Value> = there.iter().map(|id| post(town, asked, id, false)).collect();
        answer["data"] = json!(posts);
    }
    if !gone.is_empty() {
        answer["errors"] = gone.iter().map(|id| not_found(id)).collect();
    }
    answer
}

fn one_post(town: &mut Town, asked: &Asked) -> Value {
    match town.live(&asked.id).map(|post| post.id.clone()) {
        Some(id) => json!({ "data": post(town, asked, &id, false) }),
        None => json!({ "errors": [not_found(&asked.id)] }),
    }
}

fn one_user(town: &mut Town, asked: &Asked, id: Option<&str>) -> Value {
    let Some(shown) = id.and_then(|id| user(town, asked, id)) else {
        let suspended = town.residents.iter().any(|one| one.suspended && one.handle == asked.id);
        let mut error = not_found(&asked.id);
        if suspended {
            error["detail"] = json!(format!("User has been suspended: [{}].", asked.id));
            error["title"] = json!("Forbidden");
        }
        return json!({ "errors": [error] });
    };
    let mut answer = json!({ "data": shown });
    let label = id.and_then(|id| town.resident(id)).and_then(|one| one.label.clone());
    let wanted = asked.param("expansions") == Some("affiliation");
    if let Some((description, by)) = label.filter(|_| wanted) {
        answer["data"]["affiliation"] = json!({ "description": description, "user_id": [by] });
        let beside: Vec<Value> = user(town, asked, &by).into_iter().collect();
        answer["includes"] = json!({ "users": beside });
    }
    answer
}

/// A user, charged for.
fn user(town: &mut Town, asked: &Asked, id: &str) -> Option<Value> {
    let shown = show_user(town.resident(id)?, asked);
    town.charge(Item::UserRead, id);
    Some(shown)
}

/// With the fields that were asked for, as X does it.
fn wanted(asked: &Asked, list: &str, name: &str) -> bool {
    asked.param(list).is_some_and(|fields| fields.split(',').any(|field| field == name))
}

fn show_user(one: &Resident, asked: &Asked) -> Value {
    let mut shown = json!({ "id": one.id, "name": one.handle, "username": one.handle });
    for (field, value) in [
        ("verified_type", json!(one.verified_type)),
        ("description", json!(one.bio)),
        ("protected", json!(false)),
    ] {
        if wanted(asked, "user.fields", field) {
            shown[field] = value;
        }
    }
    shown
}

/// A post, charged for.
fn post(town: &mut Town, asked: &Asked, id: &str, mention: bool) -> Value {
    let Some(post) = town.live(id).cloned() else { return Value::Null };
    let own = post.by == town.us || mention;
    town.charge(if own { Item::OwnRead } else { Item::PostRead }, id);
    let (text, urls) = written(&post.text);
    let mut shown = json!({ "id": post.id, "text": text, "edit_history_post_ids": [post.id] });
    let at = town.skew;
    for (field, value) in [
        ("created_at", json!(post.at.plus(at).to_string())),
        ("conversation_id", json!(post.conversation)),
        ("entities", json!({ "urls": urls })),
        ("public_metrics", metrics(town, id)),
    ] {
        if wanted(asked, "post.fields", field) {
            shown[field] = value;
        }
    }
    if wanted(asked, "expansions", "author_id") {
        shown["author_id"] = json!(post.by);
    }
    shown
}

fn metrics(town: &Town, id: &str) -> Value {
    // Direct answers alone, as X counts.
    let below = |post: &&Post| !post.deleted && post.in_reply_to.as_deref() == Some(id);
    let of = |pairs: &[(String, String)]| pairs.iter().filter(|(post, _)| post == id).count();
    let quoting = |post: &&Post| post.quotes.as_deref() == Some(id) && !post.deleted;
    json!({
        "reply_count": town.posts.iter().filter(below).count(),
        "like_count": of(&town.likes),
        "repost_count": of(&town.reposts),
        "quote_count": town.posts.iter().filter(quoting).count(),
        "bookmark_count": 0,
        "impression_count": 1_000,
    })
}

/// A text as X writes it, with the links that it put in.
fn written(text: &str) -> (String, Vec<Value>) {
    let mut urls = Vec::new();
    let words = text.split(' ').map(|word| {
        if !word.starts_with("https://") && !word.starts_with("http://") {
            return word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        }
        let short = format!("https://t.co/a{}", urls.len());
        urls.push(json!({ "url": short, "expanded_url": word, "display_url": word }));
        short
    });
    (words.collect::<Vec<_>>().join(" "), urls)
}
