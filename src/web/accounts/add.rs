//! Adding an account with an API: its token is typed once and shown nowhere again.

use askama::Template;
use axum::response::Response;
use secrecy::SecretString;

use super::super::{frame::Frame, problem::Problem, visit::Visit};
use crate::{
    domain::{
        ids::AccountName,
        platform::{Account, Language, MentionMode, Platform, Sender, Visibility},
    },
    store::AccountRow,
    work::accounts::{
        adding::{self, NotAdded},
        has_grant,
    },
};

/// The platforms that are spoken to.
const PLATFORMS: &[Platform] = &[Platform::Mastodon, Platform::Bluesky, Platform::X];

#[derive(Template)]
#[template(path = "accounts/add.html")]
struct Form<'a> {
    frame: &'a Frame,
    platforms: &'a [Platform],
}

pub(super) async fn form(visit: Visit) -> Result<Response, Problem> {
    visit.page(&Form { frame: &visit.frame, platforms: PLATFORMS })
}

pub(super) async fn add(visit: Visit) -> Result<Response, Problem> {
    let mut row = asked_for(&visit)?;
    visit.prove().await?;
    let (ctx, by) = (visit.ctx(), visit.by("account add")?);
    let administrator = visit.person()?.as_administrator(visit.console.clock().now())?;
    let name = row.account.name.clone();
    let kept = if row.account.platform == Platform::X {
        None
    } else {
        if adding::is_taken(ctx, &name).await? {
            return Err(Problem::Told("accounts-taken"));
        }
        let given = SecretString::from(visit.form.filled("secret", "accounts-secret")?);
        let data = &visit.console.0.data;
        let from = adding::keep_token(ctx, data, &name, &given);
        Some(from.map_err(|error| Problem::Failed(error.into()))?)
    };
    row.token_from.clone_from(&kept);
    let added = adding::add(ctx, (&by, &administrator), row, None).await;
    if let (Err(_), Some(path)) =
        (&added, kept.as_ref().and_then(|from| from.strip_prefix("file:")))
        && let Err(error) = std::fs::remove_file(path)
    {
        tracing::warn!("{path} is of no use and could not be deleted: {error}");
    }
    let row = added.map_err(not_added)?;
    let told = if has_grant(&row) { "accounts-added-x" } else { "accounts-added" };
    visit.done("/accounts", told, name.as_str()).await
}

/// The account as the form has it, without its token.
fn asked_for(visit: &Visit) -> Result<AccountRow, Problem> {
    let form = &visit.form;
    let name = form.filled("name", "accounts-name")?;
    // It names a file too.
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.len() > 40 || !name.chars().all(plain) || matches!(name, "add" | "back") {
        return Err(Problem::Told("accounts-name-plain"));
    }
    let platform = Platform::parse(form.get("platform"));
    let platform = platform.filter(|one| PLATFORMS.contains(one)).ok_or(Problem::StaleForm)?;
    let base_url = match platform {
        Platform::X => form.get("server"),
        _ => form.filled("server", "accounts-server")?,
    };
    let handle = match platform {
        Platform::Bluesky => form.filled("handle", "accounts-handle")?,
        _ => form.get("handle"),
    };
    let languages: Vec<Language> = form.all("language").filter_map(Language::parse).collect();
    if languages.is_empty() {
        return Err(Problem::Missing("accounts-languages"));
    }
    let mention =
        if form.get("mention") == "yes" { MentionMode::Mention } else { MentionMode::PlainName };
    Ok(AccountRow::new(Account {
        name: AccountName::new(name),
        platform,
        base_url: base_url.trim_end_matches('/').to_owned(),
        handle: handle.trim_start_matches('@').to_owned(),
        stable_id: None,
        sender: Sender::Api,
        mention,
        languages,
        visibility: Visibility::Public,
        spoiler: None,
        max_length: adding::usual_length(platform),
        picture: platform.shows_pictures(),
        live: false,
    }))
}

fn not_added(error: NotAdded) -> Problem {
    match error {
        NotAdded::Taken(_) => Problem::Told("accounts-taken"),
        NotAdded::Store(error) => error.into(),
        error @ (NotAdded::Others { .. } | NotAdded::TooLong { .. } | NotAdded::Unconfirmed(_)) => {
            Problem::Wrong(error.to_string())
        }
    }
}
