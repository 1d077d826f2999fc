//! The unit's own accounts: what each may do, how it stands, what it has used and spent; and the few
//! things that people decide about one.

mod add;
mod connect;

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::Path,
    response::Response,
    routing::{get, post},
};
use jiff::SignedDuration;
use secrecy::SecretString;

use super::{
    Route,
    frame::Frame,
    gate::{ADMINISTRATOR, APPROVER, Allow, DESK},
    problem::Problem,
    visit::Visit,
    webhooks,
};
use crate::{
    domain::{
        ids::AccountName, pacing::PacingRules, person::Role, platform::Platform, time::Timestamp,
    },
    store::{AccountRow, GrantRow, UnadoptedPost},
    work::{
        accounts::{self, NotLive, Standing, has_grant},
        meter::{self, Month},
        passphrase,
    },
};

pub(super) use self::connect::{Asking, BACK};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Unadopted posts on the page.
const FEW: u32 = 20;

/// Who may take an account out of the public.
const OFF: Allow = Allow::Roles(&[Role::Officer, Role::Approver, Role::Administrator]);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/accounts", Allow::SignedIn, get(list)),
        Route::get("/accounts/add", ADMINISTRATOR, get(add::form)),
        Route::post("/accounts/add", ADMINISTRATOR, post(add::add)),
        Route::get("/accounts/{name}/connect", ADMINISTRATOR, get(connect::form)),
        Route::post("/accounts/{name}/connect", ADMINISTRATOR, post(connect::leave)),
        Route::get(BACK, Allow::Anyone, get(connect::back)),
        Route::get("/accounts/{name}/connected", ADMINISTRATOR, get(connect::end)),
        Route::get("/accounts/{name}/live", APPROVER, get(ask_live)),
        Route::post("/accounts/{name}/live", APPROVER, post(live)),
        Route::post("/accounts/{name}/off", OFF, post(off)),
        Route::post("/accounts/{name}/picture", ADMINISTRATOR, post(picture)),
        Route::post("/accounts/{name}/pause", DESK, post(pause)),
        Route::post("/accounts/{name}/go-on", DESK, post(go_on)),
        Route::post("/accounts/{name}/adopt", DESK, post(adopt)),
    ]
}

/// One account as the page shows it.
struct Line {
    row: AccountRow,
    grant: Option<GrantRow>,
    standing: Standing,
    paused: bool,
    hour: u32,
    day: u32,
    /// When the least time since its last post has passed.
    next_at: Option<Timestamp>,
    month: Option<Month>,
}

impl Line {
    fn has_grant(&self) -> bool {
        has_grant(&self.row)
    }

    fn address(&self) -> String {
        address(&self.row)
    }

    fn is_granted(&self) -> bool {
        is_granted(&self.row)
    }
}

/// Its platform grants it to us by a page of its own.
fn is_granted(row: &AccountRow) -> bool {
    row.account.platform == Platform::X && has_grant(row)
}

/// Where an account's own pages are.
fn address(row: &AccountRow) -> String {
    let name: String =
        form_urlencoded::byte_serialize(row.account.name.as_str().as_bytes()).collect();
    format!("/accounts/{}", name.replace('+', "%20"))
}

#[derive(Template)]
#[template(path = "accounts/list.html")]
struct List<'a> {
    frame: &'a Frame,
    lines: Vec<Line>,
    pacing: &'a PacingRules,
    posts: Vec<UnadoptedPost>,
    missing: Vec<&'static str>,
    may_turn_live: bool,
    may_turn_off: bool,
    may_pause: bool,
    may_connect: bool,
    may_read_webhooks: bool,
}

impl List<'_> {
    fn left(&self, most: &u32, used: &u32) -> u32 {
        most.saturating_sub(*used)
    }
}

async fn list(visit: Visit) -> Result<Response, Problem> {
    let (ctx, store) = (visit.ctx(), visit.store());
    let (now, role) = (visit.console.clock().now(), visit.person()?.role);
    let pacing = &ctx.config.pacing;
    let sent = store.posted_since(now.minus(DAY)).await?;
    let months = meter::months(ctx).await?;
    let mut months: BTreeMap<AccountName, Month> =
        months.into_iter().map(|month| (month.account.clone(), month)).collect();
    let mut lines = Vec::new();
    for row in store.accounts().await? {
        let name = &row.account.name;
        let grant = if has_grant(&row) { store.grant(name).await? } else { None };
        let none = Vec::new();
        let times = sent.get(name).unwrap_or(&none);
        let within = |window| {
            let used = times.iter().filter(|at| now.since(**at) < window).count();
            u32::try_from(used).unwrap_or(u32::MAX)
        };
        let next_at = times.last().map(|last| last.plus(pacing.account_interval));
        lines.push(Line {
            standing: Standing::of(&row, grant.as_ref(), now),
            paused: row.paused_until.is_some_and(|until| now < until),
            hour: within(HOUR),
            day: within(DAY),
            next_at: next_at.filter(|next| now < *next),
            month: months.remove(name),
            grant,
            row,
        });
    }
    visit.page(&List {
        frame: &visit.frame,
        lines,
        pacing,
        posts: store.unadopted(FEW).await?,
        missing: accounts::missing_policy(ctx),
        may_turn_live: APPROVER.admits(Some(role)),
        may_turn_off: OFF.admits(Some(role)),
        may_pause: DESK.admits(Some(role)),
        may_connect: ADMINISTRATOR.admits(Some(role)),
        may_read_webhooks: webhooks::READERS.admits(Some(role)),
    })
}

async fn find(visit: &Visit, name: &str) -> Result<AccountRow, Problem> {
    let rows = visit.store().accounts().await?;
    rows.into_iter().find(|row| row.account.name.as_str() == name).ok_or(Problem::NotFound)
}

#[derive(Template)]
#[template(path = "accounts/live.html")]
struct AskLive<'a> {
    frame: &'a Frame,
    row: AccountRow,
    policy: &'a str,
    authorisation: &'a str,
    missing: Vec<&'static str>,
    demo: bool,
}

async fn ask_live(visit: Visit, Path(name): Path<String>) -> Result<Response, Problem> {
    let row = find(&visit, &name).await?;
    let unit = &visit.ctx().config.unit;
    visit.page(&AskLive {
        frame: &visit.frame,
        row,
        policy: unit.policy_number.as_deref().unwrap_or_default(),
        authorisation: unit.authorisation_number.as_deref().unwrap_or_default(),
        missing: accounts::missing_policy(visit.ctx()),
        demo: visit.frame.demo,
    })
}

async fn live(visit: Visit, Path(name): Path<String>) -> Result<Response, Problem> {
    let row = find(&visit, &name).await?;
    let person = visit.person()?;
    // Whoever sits at an open browser is not yet the approver. In the demo nobody has a passphrase.
    if !visit.frame.demo {
        let given = SecretString::from(visit.form.exact("passphrase"));
        passphrase::verify(visit.store(), &person.id, &given).await?;
    }
    let by = visit.by("account live")?;
    accounts::turn_live(visit.ctx(), &by, person, &row).await.map_err(not_live)?;
    visit.done("/accounts", "accounts-is-live", &name).await
}

fn not_live(error: NotLive) -> Problem {
    match error {
        NotLive::NotAllowed(error) => error.into(),
        NotLive::Store(error) => error.into(),
        NotLive::NoPolicy { .. } => Problem::Told("accounts-no-policy"),
        NotLive::Revoked(_) => Problem::Told("accounts-revoked-first"),
        NotLive::NotConnected(_) => Problem::Told("accounts-connect-first"),
    }
}

async fn off(visit: Visit, Path(name): Path<String>) -> Result<Response, Problem> {
    let (by, account) = (visit.by("account unlive")?, AccountName::new(&name));
    visit.store().set_live(&by, visit.person()?, &account, false).await?;
    visit.done("/accounts", "accounts-is-off", &name).await
}

/// It holds for what is drafted from then on.
async fn picture(visit: Visit, Path(name): Path<String>) -> Result<Response, Problem> {
    let administrator = visit.person()?.as_administrator(visit.console.clock().now())?;
    let (row, on) = (find(&visit, &name).await?, visit.form.get("on") == "yes");
    if on && !row.account.can_show_pictures() {
        return Err(Problem::Told("accounts-no-picture-there"));
    }
    let by = visit.by("account picture")?;
    visit.store().set_picture(&by, &administrator, &row.account.name, on).await?;
    let told = if on { "accounts-picture-is-on" } else { "accounts-picture-is-off" };
    visit.done("/accounts", told, &name).await
}

async fn pause(visit: Visit, Path(name): Path<String>) -> Result<Response, Problem> {
    let why = visit.form.filled("why", "accounts-why")?;
    let until = match visit.form.get("until") {
        "" => None,
        _ => Some(visit.instant("until", "accounts-until")?),
    };
    if until.is_some_and(|until| until <= visit.console.clock().now()) {
        return Err(Problem::Told("accounts-passed"));
    }
    let (by, account) = (visit.by("account pause")?, AccountName::new(&name));
    accounts::pause(visit.ctx(), &by, visit.person()?, &account, (until, why)).await?;
    visit.done("/accounts", "accounts-is-paused", &name).await
}

async fn go_on(visit: Visit, Path(name): Path<String>) -> Result<Response, Problem> {
    let (by, account) = (visit.by("account pause")?, AccountName::new(&name));
    accounts::go_on(visit.ctx(), &by, visit.person()?, &account).await?;
    visit.done("/accounts", "accounts-goes-on", &name).await
}

async fn adopt(visit: Visit, Path(name): Path<String>) -> Result<Response, Problem> {
    let desk = visit.person()?.as_desk(visit.console.clock().now())?;
    let post = visit.form.filled("post", "accounts-post")?;
    let (by, account) = (visit.by("account adopt")?, AccountName::new(&name));
    visit.store().adopt_own_post(&by, &desk, &account, post).await?;
    visit.done("/accounts", "accounts-adopted", post).await
}
