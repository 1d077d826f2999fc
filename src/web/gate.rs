//! The door of every page: who is there, may they, and did they mean it. The only place that
//! decides who may use a route.

use std::net::{IpAddr, SocketAddr};

use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{
    Console, accounts,
    api::{self, Call, Fault, Scope},
    frame::{Closed, Frame},
    live, oidc,
    problem::{self, Problem},
    visit::{Fields, Visit, form_token},
};
use crate::{
    domain::{canonical::Hash, person::Role, platform::Language},
    store::{GateState, Seat, Visitor},
};

/// The session's cookie. Browsers keep a `__Host-` cookie for this host alone, over TLS alone (this
/// machine's own names count as such).
pub(super) const SESSION: &str = "__Host-takaza";
/// What the forms of somebody who is not signed in are bound to.
pub(super) const DOOR: &str = "__Host-takaza-door";
/// What a browser keeps while its person is at another service. It comes along where that service
/// sends the browser back, as the others do not.
pub(super) const AWAY: &str = "__Host-takaza-away";
/// The choice of a language.
pub(super) const LANGUAGE: &str = "takaza-language";
/// The choice of light or dark.
pub(super) const THEME: &str = "takaza-theme";
/// A page that the script asks for by itself: it does not make a session longer.
const BY_ITSELF: HeaderName = HeaderName::from_static("takaza-live");
/// A form holds two texts and their reasons; more is not a form of ours.
const LARGEST_FORM: usize = 256 * 1024;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allow {
    /// Everyone, signed in or not.
    Anyone,
    /// Everyone who is signed in, even where something must still come first: their own passphrase,
    /// a second factor.
    Own,
    /// Everyone who is signed in.
    SignedIn,
    /// One of these roles.
    Roles(&'static [Role]),
}

/// Who works the queue.
pub(super) const DESK: Allow = Allow::Roles(&[Role::Officer, Role::Approver]);
/// Who writes.
pub(super) const OFFICER: Allow = Allow::Roles(&[Role::Officer]);
/// Who approves.
pub(super) const APPROVER: Allow = Allow::Roles(&[Role::Approver]);
/// Who manages people, accounts and the directory.
pub(super) const ADMINISTRATOR: Allow = Allow::Roles(&[Role::Administrator]);
/// Who sees people, and may confirm a role that somebody else gave.
pub(super) const SECOND_PERSON: Allow =
    Allow::Roles(&[Role::Approver, Role::Auditor, Role::Administrator]);

impl Allow {
    /// Whether somebody with this role, or nobody, may.
    pub fn admits(self, role: Option<Role>) -> bool {
        match (self, role) {
            (Self::Anyone, _) | (Self::Own | Self::SignedIn, Some(_)) => true,
            (Self::Roles(roles), Some(role)) => roles.contains(&role),
            (_, None) => false,
        }
    }
}

/// Lets a request through to its page, or answers in its place.
pub(super) async fn pass(console: Console, allow: Allow, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let cookies = Cookies::of(&parts.headers);
    let fresh_door = cookies.get(SESSION).is_none() && cookies.get(DOOR).is_none();
    let door = if fresh_door { Some(console.ctx().dice.token()) } else { None };
    let visit = match arrive(&console, &parts, &cookies, door.as_deref()).await {
        Ok(visit) => visit,
        Err(problem) => return problem::bare(&problem),
    };
    let mut response = match decide(&visit, allow, &parts) {
        Ok(()) => go_on(visit.clone(), parts, body, next).await,
        Err(problem) => problem.into_response(),
    };
    if let Some(problem) = response.extensions_mut().remove::<std::sync::Arc<Problem>>() {
        response = problem::page(&visit, &problem);
    }
    if let Some(door) = door {
        set_cookie(&mut response, &cookie(DOOR, &door, None));
    }
    response
}

async fn go_on(mut visit: Visit, mut parts: Parts, mut body: Body, next: Next) -> Response {
    if parts.method == Method::POST && !is(&parts.headers, "multipart/form-data") {
        let Ok(bytes) = to_bytes(body, LARGEST_FORM).await else {
            return Problem::TooLarge.into_response();
        };
        visit.form = Fields::parse(&bytes);
        if !same(visit.form.exact("token"), &visit.frame.token) {
            return Problem::StaleForm.into_response();
        }
        body = Body::empty();
    }
    let by_itself = parts.headers.contains_key(BY_ITSELF) || parts.uri.path() == "/live";
    parts.extensions.insert(visit.clone());
    let response = next.run(Request::from_parts(parts, body)).await;
    // A notice is told by a page that is shown, not by an address that only sends on.
    let shown = response.status().is_success() && !by_itself;
    if let Some(who) = visit.who.as_ref().filter(|who| shown && wants_touch(&visit, who))
        && let Err(error) = visit.store().session_seen(&who.session.id).await
    {
        return Problem::from(error).into_response();
    }
    response
}

/// How exactly it is known when a session or a token was last used.
const MINUTE: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);

/// The session's last page is written once a minute, and where it told a notice.
fn wants_touch(visit: &Visit, who: &Visitor) -> bool {
    who.notice.is_some() || visit.console.clock().now().since(who.session.seen_at) >= MINUTE
}

/// Lets a call of the API through, or answers in its place. Cookies count for nothing here: what no
/// browser sends by itself needs no form's token.
pub(super) async fn pass_by_token(
    console: Console,
    (allow, scope): (Allow, Scope),
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match call(console, (allow, scope), &parts).await {
        Ok(call) => {
            parts.extensions.insert(call);
            api::shaped(next.run(Request::from_parts(parts, body)).await)
        }
        Err(fault) => fault.into_response(),
    }
}

/// Who calls, and whether they may: by the same table as the pages, and by what the token is for.
async fn call(
    console: Console,
    (allow, scope): (Allow, Scope),
    parts: &Parts,
) -> Result<Call, Fault> {
    expected_host(&console, &parts.headers).map_err(|_other| Fault::OtherHost)?;
    if allow == Allow::Anyone {
        return Ok(Call { console, by: None });
    }
    let given = bearer(&parts.headers).ok_or(Fault::Token(false))?;
    let store = &console.ctx().store;
    let known = store.bearer(&Hash::of(given.as_bytes())).await?.ok_or(Fault::Token(true))?;
    if known.first_passphrase {
        let first = "The token's person must first choose a passphrase of their own.";
        return Err(Fault::Forbidden(first.to_owned()));
    }
    let now = console.clock().now();
    known.person.in_force(now)?;
    if !allow.admits(Some(known.person.role)) {
        let person = &known.person.id;
        tracing::info!(%person, method = %parts.method, path = parts.uri.path(), "was not admitted");
        return Err(Fault::Role(known.person.role));
    }
    if !known.token.scopes.iter().any(|one| one == scope.as_str()) {
        return Err(Fault::Scope(scope));
    }
    if known.token.used_at.is_none_or(|used| now.since(used) >= MINUTE) {
        store.token_used(&known.token.id).await?;
    }
    Ok(Call { by: Some((known.person, known.token)), console })
}

/// The token that a call came with (RFC 6750).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn is(headers: &HeaderMap, kind: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    given.is_some_and(|given| given.starts_with(kind))
}

/// Compared over hashes, so that the time it takes tells nothing.
pub(super) fn same(one: &str, other: &str) -> bool {
    Hash::of(one.as_bytes()) == Hash::of(other.as_bytes())
}

/// Whether they may, and meant it.
fn decide(visit: &Visit, allow: Allow, parts: &Parts) -> Result<(), Problem> {
    let Some(who) = &visit.who else {
        return if allow == Allow::Anyone { Ok(()) } else { Err(Problem::SignIn) };
    };
    if allow == Allow::Anyone || allow == Allow::Own {
        return Ok(());
    }
    if who.first_passphrase {
        return Err(Problem::Must("/me/passphrase"));
    }
    if visit.lacks_second_factor() {
        return Err(Problem::Must("/me/second-factor"));
    }
    who.person.in_force(visit.console.clock().now())?;
    if !allow.admits(Some(who.person.role)) {
        tracing::info!(person = %who.person.id, method = %parts.method, path = parts.uri.path(), "was not admitted");
        return Err(Problem::Role(who.person.role));
    }
    Ok(())
}

/// Who is there.
async fn arrive(
    console: &Console,
    parts: &Parts,
    cookies: &Cookies,
    door: Option<&str>,
) -> Result<Visit, Problem> {
    let headers = &parts.headers;
    expected_host(console, headers)?;
    if parts.method != Method::GET && parts.method != Method::HEAD {
        own_origin(console, headers)?;
    }
    let cookie = cookies.get(SESSION);
    let id = cookie.map(|cookie| Hash::of(cookie.as_bytes()));
    let seen = console.ctx().store.visit(id.as_ref(), &console.session_rules()).await?;
    let bound = cookie.or_else(|| cookies.get(DOOR)).or(door).unwrap_or_default();
    let language = language(cookies, headers);
    let unit = &console.ctx().config.unit;
    let frame = Frame {
        words: console.words(language),
        person: seen.who.as_ref().map(|who| who.person.clone()),
        token: form_token(bound),
        path: own_path(parts),
        theme: cookies
            .get(THEME)
            .filter(|theme| ["light", "dark"].contains(theme))
            .unwrap_or_default()
            .to_owned(),
        closed: closed(seen.gate, seen.stopped_by.map(|who| who.to_string())),
        notice: seen.who.as_ref().and_then(|who| who.notice.clone()),
        alarms: if seen.who.is_some() { seen.alarms } else { 0 },
        asks_code: seen.who.as_ref().is_some_and(|who| who.second_factor),
        seen: live::seen(console),
        demo: console.0.demo,
        unit: unit.name(language).to_owned(),
    };
    Ok(Visit {
        console: console.clone(),
        frame,
        who: seen.who,
        seat: seat(console, parts),
        here: here(console, headers),
        away: cookies.get(AWAY).unwrap_or_default().to_owned(),
        query: Fields::parse(parts.uri.query().unwrap_or_default().as_bytes()),
        form: Fields::default(),
    })
}

/// The page that forms lead back to. What another service sends a browser back with holds a code,
/// which no page repeats.
fn own_path(parts: &Parts) -> String {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let shown =
        parts.method == Method::GET && ![oidc::BACK, accounts::BACK].contains(&parts.uri.path());
    if shown { path.to_owned() } else { "/".to_owned() }
}

fn closed(gate: GateState, who: Option<String>) -> Option<Closed> {
    let stopped = gate.stopped.map(|why| Closed { by: "stopped", why, who });
    let tripped = gate.tripped.map(|why| Closed { by: "tripped", why, who: None });
    let restored = gate.restored.map(|why| Closed { by: "restored", why, who: None });
    stopped.or(tripped).or(restored)
}

fn language(cookies: &Cookies, headers: &HeaderMap) -> Language {
    let chosen = cookies.get(LANGUAGE).and_then(Language::parse);
    chosen.unwrap_or_else(|| {
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        if asked.is_some_and(|asked| asked.starts_with("hi")) { Language::Hi } else { Language::En }
    })
}

/// From where the visitor comes: the connection's other end, or what a proxy that is trusted says.
fn seat(console: &Console, parts: &Parts) -> Seat {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let trusted = |address: &IpAddr| {
        let proxies = &console.ctx().config.console.trusted_proxies;
        proxies.iter().any(|network| network.contains(address))
    };
    let behind = peer.filter(&trusted).and_then(|_| {
        let hops = text("x-forwarded-for")?.rsplit(',').map(|hop| hop.trim().parse::<IpAddr>());
        hops.map_while(Result::ok).find(|hop| !trusted(hop))
    });
    let agent: String = text("user-agent").unwrap_or_default().chars().take(200).collect();
    let address = behind.or(peer).map_or_else(String::new, |address| address.to_string());
    Seat { address, agent }
}

/// How the browser reaches the console; its host was looked at before.
fn here(console: &Console, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let public = console.ctx().config.console.public_url.as_ref();
    public.map_or_else(|| format!("http://{host}"), |url| url.trim_end_matches('/').to_owned())
}

/// A page answers to its own host alone: a name that somebody else points here is not ours.
fn expected_host(console: &Console, headers: &HeaderMap) -> Result<(), Problem> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let own = match &console.ctx().config.console.public_url {
        Some(url) => url.trim_end_matches('/').strip_prefix("https://") == Some(host),
        None => {
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            ["127.0.0.1", "localhost", "[::1]"].contains(&name)
        }
    };
    if own { Ok(()) } else { Err(Problem::OtherHost) }
}

/// An act comes from a page of ours.
fn own_origin(console: &Console, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(Problem::OtherHost);
    }
    let Some(origin) = text("origin") else { return Ok(()) };
    let own = match &console.ctx().config.console.public_url {
        Some(url) => origin == url.trim_end_matches('/'),
        None => origin.strip_prefix("http://") == text("host"),
    };
    if own { Ok(()) } else { Err(Problem::OtherHost) }
}

/// The cookies of a request.
pub(super) struct Cookies(Vec<(String, String)>);

impl Cookies {
    fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A cookie of ours. `seconds`: how long it is kept; without it, until the browser is closed.
pub(super) fn cookie(name: &str, value: &str, seconds: Option<i64>) -> String {
    let secret = name.starts_with("__Host-");
    let kept = seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    let guard = if secret { "; Secure; HttpOnly" } else { "" };
    let site = if name == AWAY { "Lax" } else { "Strict" };
    format!("{name}={value}; Path=/; SameSite={site}{guard}{kept}")
}

/// Adds a cookie to an answer.
pub(super) fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// The headers of every answer (OWASP ASVS 14.4).
pub(super) async fn headers(secure: bool, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    );
    if secure {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
