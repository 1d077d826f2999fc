//! The test account: asked for until its server confirms the token, protected as far as the platform
//! can, and turned live by the approver.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use super::{
    super::{
        accounts::{ask as ask_platform, platform, usual_length},
        failure::Failure,
    },
    asking::Asker,
    people::{Signed, Team, by},
    unit::private_file,
};
use crate::{
    app::App,
    domain::{
        ids::AccountName,
        platform::{Account, MentionMode, Platform, Sender, Visibility},
    },
    store::AccountRow,
};

const NAME: &str = "test";

/// What is wanted of the account's platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Mastodon,
    Bluesky,
    X,
    HandOff,
}

impl Way {
    const fn word(self) -> &'static str {
        match self {
            Self::Mastodon => "mastodon",
            Self::Bluesky => "bluesky",
            Self::X => "x",
            Self::HandOff => "hand-off",
        }
    }
}

/// The test account of this folder, connected and live; `None` where it is not to be used yet.
pub(super) async fn account(
    asker: &Asker,
    (main, app): (&App, &mut App),
    team: &Team,
    signed: &mut Signed,
) -> Result<Option<AccountRow>, Failure> {
    let folder = app.data.display().to_string();
    let there = async |app: &App| {
        let rows = app.ctx.store.accounts().await?;
        Ok::<_, Failure>(rows.into_iter().find(|row| row.account.name.as_str() == NAME))
    };
    let row = match there(app).await?.filter(|row| !row.revoked) {
        Some(row) => row,
        None => {
            asker.tell("step-account", &[])?;
            asker.tell("account-why", &[("folder", &folder)])?;
            // Known before anything is asked for: only the administrator adds an account.
            let admin = signed.in_as(asker, main, &team.admin.id).await?;
            let Some(row) = ask_for(asker, app).await? else { return Ok(None) };
            let administrator = admin.as_administrator(app.ctx.clock.now())?;
            app.ctx.store.put_account(&by(&admin.id), &administrator, &row).await?;
            row
        }
    };
    let (handle, platform) = (row.account.handle.as_str(), row.account.platform.as_str());
    asker.tell("account-is", &[("handle", handle), ("platform", platform)])?;
    if !row.account.live {
        asker.tell("live-why", &[])?;
        let approver = signed.in_as(asker, main, &team.approver.id).await?;
        app.ctx.store.set_live(&by(&approver.id), &approver, &row.account.name, true).await?;
        let given = [("account", NAME), ("person", approver.id.as_str())];
        asker.tell("live-now", &given)?;
    }
    crate::app::connect_accounts(&mut app.ctx).await?;
    there(app).await
}

/// Asks for an account until its server says whose the token is. `None`: it is not protected yet.
async fn ask_for(asker: &Asker, app: &App) -> Result<Option<AccountRow>, Failure> {
    let way = loop {
        match asker.ask("platform-ask", &[], Some("mastodon"))?.to_lowercase().as_str() {
            "mastodon" => break Way::Mastodon,
            "bluesky" => break Way::Bluesky,
            "x" => break Way::X,
            "hand-off" | "handoff" => break Way::HandOff,
            _ => asker.tell("platform-unknown", &[])?,
        }
    };
    asker.tell(&format!("protection-{}", way.word()), &[])?;
    // A post for followers only is protected by itself; the others are asked about.
    if way != Way::Mastodon && !asker.yes(&format!("protection-ask-{}", way.word()), &[])? {
        asker.tell("protection-no", &[])?;
        return Ok(None);
    }
    if way == Way::HandOff {
        let platform = loop {
            match platform(&asker.ask("by-hand-ask", &[], Some("x"))?) {
                Ok(platform) => break platform,
                Err(problem) => asker.sorry(&Failure::Usage(problem))?,
            }
        };
        let handle = asker.ask("handle-ask", &[], None)?;
        return Ok(Some(row(asker, (way, platform), "", &handle, None)));
    }
    let platform = match way {
        Way::Mastodon | Way::HandOff => Platform::Mastodon,
        Way::Bluesky => Platform::Bluesky,
        Way::X => Platform::X,
    };
    loop {
        let (server, handle) = match way {
            Way::Mastodon => (asker.ask("server-ask", &[], None)?, String::new()),
            Way::Bluesky => {
                (asker.ask("server-ask", &[], None)?, asker.ask("handle-ask", &[], None)?)
            }
            Way::X | Way::HandOff => (String::new(), String::new()),
        };
        let from = token(asker, &app.data)?;
        let mut wanted = row(asker, (way, platform), &server, &handle, Some(from));
        asker.tell("checking", &[])?;
        match ask_platform(&app.ctx, &wanted).await {
            Err(failure) => asker.sorry(&failure)?,
            Ok(asked) => {
                wanted.account.handle = asked.identity.author.handle;
                wanted.account.stable_id = Some(asked.identity.author.stable_id);
                wanted.account.max_length = asked.max_length;
                return Ok(Some(wanted));
            }
        }
    }
}

/// Where the token is found: the file that was named, or our own that holds what was typed.
fn token(asker: &Asker, folder: &Path) -> Result<String, Failure> {
    let keys = std::path::absolute(folder.join("keys")).map_err(Failure::failed)?;
    std::fs::create_dir_all(&keys).map_err(Failure::failed)?;
    let file = keys.join("test.token");
    let shown = file.display().to_string();
    asker.tell("token-why", &[("file", &shown)])?;
    loop {
        let typed: SecretString = asker.secret("token-ask", &[])?;
        let typed = typed.expose_secret().trim();
        let Some(named) = typed.strip_prefix("file:") else {
            private_file(&file, &format!("{typed}\n"))?;
            return Ok(format!("file:{shown}"));
        };
        match std::fs::canonicalize(named) {
            Ok(path) => return Ok(format!("file:{}", path.display())),
            Err(error) => asker.sorry(&Failure::usage(format!("{named}: {error}")))?,
        }
    }
}

fn row(
    asker: &Asker,
    (way, platform): (Way, Platform),
    server: &str,
    handle: &str,
    token_from: Option<String>,
) -> AccountRow {
    // The others know no such posts; there the account itself is protected, or nothing is.
    let visibility = match way {
        Way::Mastodon | Way::HandOff => Visibility::Followers,
        Way::Bluesky | Way::X => Visibility::Public,
    };
    AccountRow {
        account: Account {
            name: AccountName::new(NAME),
            platform,
            base_url: server.trim().trim_end_matches('/').to_owned(),
            handle: handle.trim().trim_start_matches('@').to_owned(),
            stable_id: None,
            sender: if way == Way::HandOff { Sender::HandOff } else { Sender::Api },
            mention: MentionMode::PlainName,
            languages: vec![asker.language()],
            visibility,
            spoiler: None,
            max_length: usual_length(platform),
            live: false,
        },
        idempotent: false,
        token_from,
        paused_until: None,
        paused_why: None,
        revoked: false,
        last_heard_at: None,
        mention_cursor: None,
        own_checked_at: None,
    }
}
