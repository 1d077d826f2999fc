//! Every request that we make of X, held to the specification that X publishes: by Prism, and, for
//! what Prism lets pass, by the specification's own text.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::Value;
use takaza::{
    destinations::{
        Destination as _,
        http::{self, HttpConfig},
        x::{Replies, XConfig},
    },
    domain::engagement::{Author, Watched},
};

use super::{config, connect, outcome, tag, with};
use crate::support::{
    claimed::{Wanted, watched},
    fake_x::{FakeX, Trick},
    servers,
};

const SPECIFICATION: &str = include_str!("../../data/x-openapi.json");

/// Everything that the destination ever asks, in every form.
async fn everything_asked() -> Vec<(String, String)> {
    let fake = FakeX::start().await;
    let x = connect(&fake);
    for (number, replies) in
        [Replies::Restricted, Replies::Following, Replies::Everyone].into_iter().enumerate()
    {
        let x = with(&fake, XConfig { replies, ..config(&fake) });
        outcome(&x, &tag(u32::try_from(number).unwrap(), &fake)).await;
    }
    let plain =
        Wanted { text: "4 लियन लंबित। GGM-T0009".to_owned(), ..tag(9, &fake) };
    outcome(&x, &plain).await;
    fake.hostile(Trick::DropAfter);
    outcome(&x, &tag(5, &fake)).await;
    x.look(tag(5, &fake).claim().delivery()).await;

    let post = fake.posts()[0].id.clone();
    let bank = fake.bank_account("PeepalCare");
    let start = fake.reply(&post, &bank, "noted");
    for n in 0..120 {
        let by = fake.account(&format!("reader{n}"));
        fake.reply(&post, &by, "hm");
        fake.quote(&post, &by, "see");
        fake.like(&post, &by);
        fake.repost(&post, &by);
        fake.post_in_our_name(&format!("No. {n}"));
    }
    let author = Author { stable_id: bank, handle: "PeepalCare".to_owned() };
    let post = Watched { bank: Some(author), ..watched(&post) };
    x.stirred(std::slice::from_ref(&post)).await.unwrap();
    x.engagement(&post).await.unwrap();
    x.mentions(None).await.unwrap();
    x.mentions(Some(&start)).await.unwrap();
    // Somewhere in a gap.
    x.mentions(Some(&format!("{start}~1900000000000000500~1900000000000000600"))).await.unwrap();
    x.own_posts(fake.now().minus(SignedDuration::from_hours(1))).await.unwrap();
    x.resolve("PeepalCare").await.unwrap();
    x.whoami().await.unwrap();
    let retraction = Wanted::retraction(7, &post.post, fake.now());
    outcome(&x, &retraction).await;
    x.look(retraction.claim().delivery()).await;
    fake.recorded()
}

/// An operation of the specification: its id, and its query parameters with their allowed values.
struct Operation {
    id: String,
    query: BTreeMap<String, BTreeSet<String>>,
}

/// The operation that answers a request.
fn operation(specification: &Value, method: &str, path: &str) -> Operation {
    let fits = |template: &str| {
        let (known, asked): (Vec<_>, Vec<_>) =
            (template.split('/').collect(), path.split('/').collect());
        let pairs = || known.iter().zip(&asked);
        known.len() == asked.len() && pairs().all(|(k, a)| k == a || k.starts_with('{'))
    };
    let paths = specification["paths"].as_object().unwrap();
    let mut found: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
    // A literal path goes before one with a hole in it.
    found.sort_by_key(|(template, _)| template.matches('{').count());
    let (_, path_item) = found.first().unwrap_or_else(|| panic!("no such path: {path}"));
    let operation = &path_item[method.to_lowercase()];
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let resolved = parameters.iter().map(|parameter| match parameter["$ref"].as_str() {
        Some(link) => specification.pointer(link.trim_start_matches('#')).unwrap(),
        None => parameter,
    });
    let allowed = |parameter: &Value| {
        let values = parameter.pointer("/schema/items/enum").and_then(Value::as_array);
        values.into_iter().flatten().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let query = resolved
        .filter(|parameter| parameter["in"] == "query")
        .map(|parameter| (parameter["name"].as_str().unwrap().to_owned(), allowed(parameter)))
        .collect();
    Operation { id: operation["operationId"].as_str().expect("documented").to_owned(), query }
}

#[tokio::test]
async fn no_request_asks_for_what_the_specification_does_not_know() {
    let specification: Value = serde_json::from_str(SPECIFICATION).unwrap();
    let mut used = BTreeSet::new();
    for (line, body) in everything_asked().await {
        let (method, uri) = line.split_once(' ').unwrap();
        let url = reqwest::Url::parse(&format!("http://x{uri}")).unwrap();
        let operation = operation(&specification, method, url.path());
        for (name, value) in url.query_pairs() {
            let known = operation.query.get(&*name);
            let known = known.unwrap_or_else(|| panic!("{line}: {name} is not documented"));
            let unknown: Vec<_> =
                value.split(',').filter(|v| !known.is_empty() && !known.contains(*v)).collect();
            assert!(unknown.is_empty(), "{line}: {name} has no {unknown:?}");
        }
        if let Ok(Value::Object(body)) = serde_json::from_str(&body) {
            let known = &specification["components"]["schemas"]["CreatePostsRequest"]["properties"];
            assert!(body.keys().all(|key| known.get(key).is_some()), "{body:?}");
        }
        used.insert(operation.id);
    }
    let expected = [
        "createPosts",
        "deletePosts",
        "getPostsById",
        "getPostsByIds",
        "getPostsLikingUsers",
        "getPostsQuotedPosts",
        "getPostsRepostedBy",
        "getUsersByUsername",
        "getUsersMe",
        "getUsersMentions",
        "getUsersPosts",
        "searchPostsRecent",
    ];
    assert_eq!(used.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn prism_finds_every_request_valid() {
    let Some(prism) = servers::prism() else { return };
    let client = http::client(&HttpConfig::default()).unwrap();
    let ask = async |line: &str, body: &str| {
        let (method, uri) = line.split_once(' ').unwrap();
        let mut request = client
            .request(method.parse().unwrap(), format!("{prism}{uri}"))
            .header("authorization", "Bearer any");
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        let answer = request.send().await.unwrap();
        let violations = answer.headers().get("sl-violations").map(|text| text.as_bytes());
        let violations: Value = serde_json::from_slice(violations.unwrap_or(b"[]")).unwrap();
        // Of its own invented answers Prism complains too.
        let ours = |one: &&Value| one["location"][0] == "request";
        let ours = violations.as_array().unwrap().iter().filter(ours).count();
        (answer.status().as_u16(), ours)
    };
    let mut asked = 0;
    for (line, body) in everything_asked().await {
        let (status, violations) = ask(&line, &body).await;
        assert_eq!(violations, 0, "{line} {body}");
        assert!(status < 300, "{line} {body}: {status}");
        asked += 1;
    }
    assert!(asked > 20, "{asked}");
    // It would say so.
    let (status, violations) = ask("POST /2/tweets", r#"{"text":"a","reply_settings":"no"}"#).await;
    assert!(status == 422 && violations > 0, "{status} {violations}");
}
