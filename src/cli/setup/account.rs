//! The test account: asked for until its server confirms the token or the grant, protected as far as
//! the platform can, and turned live by the approver.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use super::{
    super::{
        accounts::{ask as ask_platform, has_grant, is_connected, platform, usual_length},
        failure::Failure,
    },
    asking::Asker,
    on_x,
    people::{Signed, Team, by},
    unit::{UnitFile, private_file},
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
    /// What is said of how its posts are protected, and what is asked where they are not by
    /// themselves.
    const fn protection(self) -> (&'static str, Option<&'static str>) {
        match self {
            // A post for followers only is protected by itself.
            Self::Mastodon => ("protection-mastodon", None),
            Self::Bluesky => ("protection-bluesky", Some("protection-ask-bluesky")),
            Self::X => ("protection-x", Some("protection-ask-x")),
            Self::HandOff => ("protection-hand-off", Some("protection-ask-hand-off")),
        }
    }
}

/// The test account of this folder, connected and live; `None` where it is not to be used yet.
pub(super) async fn account(
    asker: &Asker,
    (unit, main, app): (&UnitFile, &App, &mut App),
    team: &Team,
    signed: &mut Signed,
) -> Result<Option<AccountRow>, Failure> {
    let found = there(app).await?.filter(|row| !row.revoked);
    let row = match found {
        Some(row) if !has_grant(&row) || is_connected(&app.ctx, &row).await? => Some(row),
        found => added(asker, (unit, main, &mut *app), team, signed, found).await?,
    };
    let Some(row) = row else { return Ok(None) };
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

/// The folder's test account, whatever became of it.
async fn there(app: &App) -> Result<Option<AccountRow>, Failure> {
    let rows = app.ctx.store.accounts().await?;
    Ok(rows.into_iter().find(|row| row.account.name.as_str() == NAME))
}

/// The account, asked for and added. One that was to be connected on X, and was not (`begun`), is not
/// asked about again. `None` where it is not to be used yet.
async fn added(
    asker: &Asker,
    (unit, main, app): (&UnitFile, &App, &mut App),
    team: &Team,
    signed: &mut Signed,
    begun: Option<AccountRow>,
) -> Result<Option<AccountRow>, Failure> {
    asker.tell("step-account", &[])?;
    asker.tell("account-why", &[("folder", &app.data.display().to_string())])?;
    // Known before anything is asked for: only the administrator adds an account.
    let admin = signed.in_as(asker, main, &team.admin.id).await?;
    let administrator = admin.as_administrator(app.ctx.clock.now())?;
    let wanted = match begun {
        Some(row) => Some(row),
        None => ask_for(asker, app).await?,
    };
    let Some(wanted) = wanted else { return Ok(None) };
    if !has_grant(&wanted) {
        app.ctx.store.put_account(&by(&admin.id), &administrator, &wanted).await?;
        return Ok(Some(wanted));
    }
    if !on_x::client(asker, (unit, main, &mut *app), team).await? {
        return Ok(None);
    }
    on_x::connect(asker, app, (&administrator, team), wanted).await
}

/// Asks for an account until its server says whose the token is. `None`: it is not protected yet.
async fn ask_for(asker: &Asker, app: &App) -> Result<Option<AccountRow>, Failure> {
    let way = ask_way(asker)?;
    if !is_protected(asker, way)? {
        asker.tell("protection-no", &[])?;
        return Ok(None);
    }
    let wanted = match way {
        Way::Mastodon => confirmed(asker, app, (way, Platform::Mastodon)).await?,
        Way::Bluesky => confirmed(asker, app, (way, Platform::Bluesky)).await?,
        // X grants the account to us when it is connected.
        Way::X => row(asker, (way, Platform::X), "", "", None),
        Way::HandOff => by_hand(asker)?,
    };
    Ok(Some(wanted))
}

fn ask_way(asker: &Asker) -> Result<Way, Failure> {
    loop {
        match asker.ask("platform-ask", &[], Some("mastodon"))?.to_lowercase().as_str() {
            "mastodon" => return Ok(Way::Mastodon),
            "bluesky" => return Ok(Way::Bluesky),
            "x" => return Ok(Way::X),
            "hand-off" | "handoff" => return Ok(Way::HandOff),
            _ => asker.tell("platform-unknown", &[])?,
        }
    }
}

/// Whether the public cannot see what is posted there, by itself or by the person's word.
fn is_protected(asker: &Asker, way: Way) -> Result<bool, Failure> {
    let (protection, question) = way.protection();
    asker.tell(protection, &[])?;
    question.map_or(Ok(true), |question| asker.yes(question, &[]))
}

/// An account on which a person posts by hand: no server is asked.
fn by_hand(asker: &Asker) -> Result<AccountRow, Failure> {
    let platform = loop {
        match platform(&asker.ask("by-hand-ask", &[], Some("x"))?) {
            Ok(platform) => break platform,
            Err(_) => {
                let all: Vec<&str> = Platform::ALL.iter().map(|one| one.as_str()).collect();
                asker.not_done("platform-none", &[("all", &all.join(", "))])?;
            }
        }
    };
    let handle = asker.ask("handle-ask", &[], None)?;
    Ok(row(asker, (Way::HandOff, platform), "", &handle, None))
}

/// An account as its server confirms it: server and token are asked for until it does.
async fn confirmed(
    asker: &Asker,
    app: &App,
    (way, platform): (Way, Platform),
) -> Result<AccountRow, Failure> {
    loop {
        let server = asker.ask("server-ask", &[], None)?;
        // A session on Bluesky begins with the handle; elsewhere the token alone tells whose it is.
        let handle = match way {
            Way::Bluesky => asker.ask("handle-ask", &[], None)?,
            Way::Mastodon | Way::X | Way::HandOff => String::new(),
        };
        let from = token(asker, &app.data)?;
        let mut wanted = row(asker, (way, platform), &server, &handle, Some(from));
        asker.tell("checking", &[])?;
        match ask_platform(&app.ctx, &wanted).await {
            Err(unconfirmed) => {
                let given = [("server", server.trim()), ("reason", &unconfirmed.reason)];
                asker.not_done("not-confirmed", &given)?;
            }
            Ok(asked) => {
                wanted.account.handle = asked.identity.author.handle;
                wanted.account.stable_id = Some(asked.identity.author.stable_id);
                wanted.account.max_length = asked.max_length;
                return Ok(wanted);
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
            Err(error) => {
                let given = [("file", named), ("reason", &error.to_string())];
                asker.not_done("no-such-file", &given)?;
            }
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
    let account = Account {
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
        // The trial's words say that it is a test, and a picture would not.
        picture: false,
        live: false,
    };
    AccountRow { token_from, ..AccountRow::new(account) }
}
