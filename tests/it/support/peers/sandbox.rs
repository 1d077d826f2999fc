//! The sandbox's town square, which has no tricks of its own: they are played at its door.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use takaza::{
    clock::Clock,
    demo::{
        cast::Unit,
        square::{Post, Square, http},
    },
    destinations::{Destination, sandbox::Sandbox},
    domain::{ids::AccountName, platform::Platform},
};
use tokio::task::JoinHandle;

use super::{Mischief, Peer, Residence, Standing, told_by};
use crate::support::{
    hostile::{code, drop_connection},
    secrets,
};

/// What the door knows: the tricks to come, and the requests that are let in at the release.
#[derive(Default)]
struct Door {
    tricks: Mutex<VecDeque<Mischief>>,
    parked: Mutex<Vec<(Next, Request)>>,
}

struct SandboxPeer {
    square: Arc<Square>,
    door: Arc<Door>,
    base_url: String,
    token: String,
    /// The posts that the unit had made before the story.
    before: usize,
    task: JoinHandle<()>,
}

impl Drop for SandboxPeer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub async fn sandbox(clock: Clock) -> Arc<dyn Peer> {
    sandbox_and_square(clock).await.0
}

/// The sandbox, and its square, where others can be made to speak.
pub async fn sandbox_and_square(clock: Clock) -> (Arc<dyn Peer>, Arc<Square>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let token = secrets::plant("sandbox");
    let unit = Unit::default();
    let square = Square::new(&unit, &base_url, token.clone().into(), 7, told_by(&clock));
    let (square, door) = (Arc::new(square), Arc::new(Door::default()));
    let router = http::router(Arc::clone(&square));
    let app = router.layer(from_fn_with_state(Arc::clone(&door), at_the_door));
    let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let before = ours(&square).len();
    let peer = SandboxPeer { square: Arc::clone(&square), door, base_url, token, before, task };
    (Arc::new(peer), square)
}

/// The unit's own posts, read from what the square saves.
fn ours(square: &Square) -> Vec<Post> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("square.json");
    square.save(&path).unwrap();
    let mut saved: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let posts: BTreeMap<String, Post> = serde_json::from_value(saved["posts"].take()).unwrap();
    let us = &square.accounts()[0].id;
    posts.into_values().filter(|post| post.author == *us).collect()
}

async fn at_the_door(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    if request.method() == Method::GET {
        return next.run(request).await;
    }
    let trick = door.tricks.lock().unwrap().pop_front();
    // Read whole first, so that a request which is let in late is let in whole.
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, 1 << 20).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let request = Request::from_parts(parts, Body::from(body));
    let refuse = |status| (code(status), "{\"error\":\"who knows\"}").into_response();
    match trick {
        None | Some(Mischief::LateAfter) => next.run(request).await,
        Some(Mischief::DropBefore) => drop_connection(),
        Some(Mischief::DropAfter) => {
            next.run(request).await;
            drop_connection()
        }
        Some(Mischief::ErrorBefore(status)) => refuse(status),
        Some(Mischief::ErrorAfter(status)) => {
            next.run(request).await;
            refuse(status)
        }
        // The asker is sent away at once: it would wait five seconds.
        Some(Mischief::LateBefore) => {
            door.parked.lock().unwrap().push((next, request));
            drop_connection()
        }
        Some(Mischief::Truncated) => {
            next.run(request).await;
            "{\"id\":\"1000".into_response()
        }
        Some(Mischief::NoId) => {
            next.run(request).await;
            "{}".into_response()
        }
        Some(Mischief::RateLimited) => refuse(429),
    }
}

#[async_trait]
impl Peer for SandboxPeer {
    fn account(&self) -> Residence {
        Residence {
            platform: Platform::Sandbox,
            base_url: self.base_url.clone(),
            handle: Unit::default().handle,
            max_length: 500,
            idempotent: true,
        }
    }

    fn connect(&self, _name: &AccountName, _clock: &Clock) -> Arc<dyn Destination> {
        Arc::new(Sandbox::new(&self.base_url, self.token.clone().into()).unwrap())
    }

    fn play(&self, mischief: Mischief) -> Option<()> {
        // The sandbox's patience of five seconds is not configurable, and to wait for it shows no
        // more than a dropped connection does.
        if mischief == Mischief::LateAfter {
            return None;
        }
        self.door.tricks.lock().unwrap().push_back(mischief);
        Some(())
    }

    fn play_on_delete(&self, mischief: Mischief) -> Option<()> {
        // One door, for posts and deletions alike.
        self.play(mischief)
    }

    fn calm(&self) {
        self.door.tricks.lock().unwrap().clear();
    }

    async fn somebody_is_parked(&self) {
        // Whoever is parked was sent away only then.
    }

    async fn release(&self) {
        let parked = std::mem::take(&mut *self.door.parked.lock().unwrap());
        for (next, request) in parked {
            next.run(request).await;
        }
    }

    fn posts(&self) -> Vec<Standing> {
        let handle = Unit::default().handle;
        let standing = |post: Post| Standing {
            id: post.id.to_string(),
            permalink: format!("{}/@{handle}/{}", self.base_url, post.id),
            text: post.text,
            at: post.at,
        };
        let stands = |post: &Post| post.deleted_at.is_none();
        ours(&self.square).into_iter().skip(self.before).filter(stands).map(standing).collect()
    }

    fn post_in_our_name(&self, text: &str) -> String {
        self.square.post(text, text, None).unwrap().id.to_string()
    }

    fn made(&self) -> usize {
        ours(&self.square).len() - self.before
    }

    /// The square reads the world's own clock.
    fn advance(&self, _by: SignedDuration) {}
}
