//! The console of a story's world: really listening, on the clock that the story moves.

use std::sync::OnceLock;

use secrecy::SecretString;
use takaza::{
    cases::embedded::EmbeddedCases,
    clock::Dice,
    domain::ids::PersonId,
    web::{self, Opening},
    work::passphrase,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{browser::Browser, secrets, world::World};

/// A world with its console.
pub struct Desk {
    pub world: World,
    pub base: String,
    _open: DropGuard,
}

/// Everybody's passphrase, and its hash: hashing is slow, and one is as good as another.
fn everybodys() -> &'static (String, String) {
    static BOTH: OnceLock<(String, String)> = OnceLock::new();
    BOTH.get_or_init(|| {
        let text = format!("everybody has {}", secrets::plant("passphrase"));
        let hash = passphrase::hash(&SecretString::from(text.as_str()), &Dice::seeded(3));
        (text, hash.expect("a hash"))
    })
}

/// Everybody's passphrase.
pub fn passphrase() -> &'static str {
    &everybodys().0
}

impl Desk {
    /// A world on SQLite, in which everybody has chosen their passphrase.
    pub async fn new() -> Self {
        Self::over(World::new().await).await
    }

    /// The console over this world.
    pub async fn over(world: World) -> Self {
        Self::open(world, None).await
    }

    /// A console whose case source is an embedded database, and that database.
    pub async fn with_cases(world: World) -> (Self, EmbeddedCases) {
        let cases = EmbeddedCases::open(world.folder().join("cases.db")).await.expect("it opens");
        (Self::open(world, Some(cases.clone())).await, cases)
    }

    async fn open(world: World, embedded: Option<EmbeddedCases>) -> Self {
        for id in ["root", "asha", "ravi", "auditor", "dcp"] {
            let (by, id) = (world.by(id), PersonId::new(id));
            world.ctx.store.set_passphrase(&by, &id, &everybodys().1).await.expect("it is set");
        }
        let console = web::Console::open(Opening {
            ctx: world.ctx.clone(),
            data: world.folder().to_owned(),
            embedded,
            first: None,
            demo: false,
        });
        let console = console.expect("it opens");
        let stopping = CancellationToken::new();
        let here = ([127, 0, 0, 1], 0).into();
        let listening = web::serve(console, here, stopping.clone()).await;
        let base = format!("http://{}", listening.expect("it listens").0);
        Self { world, base, _open: stopping.drop_guard() }
    }

    /// A browser that has not been here before.
    pub fn browser(&self) -> Browser {
        Browser::at(&self.base)
    }

    /// The browser of somebody who is signed in.
    pub async fn signed_in(&self, person: &str) -> Browser {
        let mut browser = self.browser();
        let page = browser.sign_in(person, passphrase()).await;
        page.ok().says_not("sign-in");
        browser
    }
}
