//! The console: where officers, the approver, auditors and administrators work. One file a page,
//! beside the HTML that it fills.
//!
//! The invariants: every act goes through the same function as the command line's; every route
//! stands in one table with who may use it ([`table`]), and the gate asks that table and nothing
//! else; a page says nothing of another host and runs no code that is not in `assets/`.

mod accounts;
mod alarms;
mod api;
mod assets;
mod audit;
mod banks;
mod file;
mod frame;
mod gate;
mod live;
mod me;
mod oidc;
mod orders;
mod people;
mod posts;
mod problem;
mod queue;
mod reports;
mod second_factor;
mod served;
mod settings;
mod sign_in;
mod source;
mod stop;
mod tokens;
mod visit;
mod webhooks;

use std::{
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    extract::Request,
    http::Method,
    middleware::{self, Next},
    response::IntoResponse as _,
    routing::{MethodRouter, get},
};
use jiff::tz::TimeZone;

pub use self::{
    api::Scope,
    gate::Allow,
    served::{Certificate, serve},
};

use self::{
    accounts::Asking, frame::Words, live::Pulse, oidc::HalfWay, orders::Rehearsals,
    sign_in::Throttle,
};
use crate::{
    cases::embedded::EmbeddedCases,
    clock::Clock,
    domain::platform::Language,
    locale::Locale,
    store::SessionRules,
    work::{Ctx, oidc::Service},
};

/// The program's version, at the foot of every page.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The running console.
#[derive(Clone)]
pub struct Console(Arc<Inner>);

struct Inner {
    ctx: Ctx,
    data: PathBuf,
    embedded: Option<EmbeddedCases>,
    words: [Arc<Locale>; 2],
    throttle: Throttle,
    oidc: Option<Service>,
    half_way: HalfWay,
    pulse: Pulse,
    asking: Asking,
    rehearsals: Rehearsals,
    checks: audit::Checks,
    imports: source::Readings,
    first: Option<String>,
    demo: bool,
}

/// How a console is opened.
pub struct Opening {
    /// What every act works with.
    pub ctx: Ctx,
    /// The data folder.
    pub data: PathBuf,
    /// The embedded case database, where that is the case source.
    pub embedded: Option<EmbeddedCases>,
    /// The token of the one-time link that makes the first administrator, where nobody is known.
    pub first: Option<String>,
    /// Everybody here is invented: people sign in by a click.
    pub demo: bool,
}

impl Console {
    /// Opens it.
    ///
    /// # Errors
    /// Its messages or its configuration cannot be read.
    pub fn open(opening: Opening) -> anyhow::Result<Self> {
        let Opening { ctx, data, embedded, first, demo } = opening;
        let words = [Arc::new(Locale::new(Language::En)?), Arc::new(Locale::new(Language::Hi)?)];
        let (throttle, pulse) = (Throttle::default(), Pulse::default());
        let (oidc, half_way) = (Service::configured(&ctx)?, HalfWay::default());
        let (asking, rehearsals) = (Asking::default(), Rehearsals::default());
        let (checks, imports) = (audit::Checks::default(), source::Readings::default());
        Ok(Self(Arc::new(Inner {
            ctx,
            data,
            embedded,
            words,
            throttle,
            oidc,
            half_way,
            pulse,
            asking,
            rehearsals,
            checks,
            imports,
            first,
            demo,
        })))
    }

    fn ctx(&self) -> &Ctx {
        &self.0.ctx
    }

    fn clock(&self) -> &Clock {
        &self.0.ctx.clock
    }

    fn zone(&self) -> &TimeZone {
        self.0.ctx.limits.calendar().zone()
    }

    fn words(&self, language: Language) -> Words {
        let locale = match language {
            Language::En => &self.0.words[0],
            Language::Hi => &self.0.words[1],
        };
        Words::new(locale.clone(), self.zone().clone(), self.clock().now())
    }

    fn session_rules(&self) -> SessionRules {
        let console = &self.0.ctx.config.console;
        SessionRules { idle: console.idle, longest: console.longest }
    }

    /// Every page and act. `addresses` of visitors come with the connection.
    pub fn router(&self) -> Router {
        let mut router = Router::new();
        for route in routes() {
            let (allow, console) = (route.allow, self.clone());
            let gated = match route.scope {
                None => {
                    route.handler.layer(middleware::from_fn(move |request: Request, next: Next| {
                        gate::pass(console.clone(), allow, request, next)
                    }))
                }
                Some(scope) => {
                    route.handler.layer(middleware::from_fn(move |request: Request, next: Next| {
                        gate::pass_by_token(console.clone(), (allow, scope), request, next)
                    }))
                }
            };
            router = router.route(route.path, gated);
        }
        let lost = self.clone();
        let fallback = get(problem::nothing_here).layer(middleware::from_fn(
            move |request: Request, next: Next| {
                let (lost, api) = (lost.clone(), request.uri().path().starts_with("/api/"));
                async move {
                    if api {
                        return api::Fault::NotFound.into_response();
                    }
                    gate::pass(lost, Allow::Anyone, request, next).await
                }
            },
        ));
        let secure = self.0.ctx.config.console.public_url.is_some();
        router
            .fallback_service(fallback.with_state(self.clone()))
            .merge(assets::routes())
            .layer(middleware::from_fn(move |request: Request, next: Next| {
                gate::headers(secure, request, next)
            }))
            .with_state(self.clone())
    }
}

/// A page or an act, and who may use it.
pub(crate) struct Route {
    method: Method,
    path: &'static str,
    allow: Allow,
    /// A call of the API: authorised by a token that is for this, never by a cookie.
    scope: Option<api::Scope>,
    handler: MethodRouter<Console>,
}

impl Route {
    fn get(path: &'static str, allow: Allow, handler: MethodRouter<Console>) -> Self {
        Self { method: Method::GET, path, allow, scope: None, handler }
    }

    fn post(path: &'static str, allow: Allow, handler: MethodRouter<Console>) -> Self {
        Self { method: Method::POST, path, allow, scope: None, handler }
    }

    fn call(
        method: Method,
        path: &'static str,
        allow: Allow,
        scope: api::Scope,
        handler: MethodRouter<Console>,
    ) -> Self {
        Self { method, path, allow, scope: Some(scope), handler }
    }
}

/// Every route of the console, page by page.
fn routes() -> Vec<Route> {
    let pages: &[fn() -> Vec<Route>] = &[
        sign_in::routes,
        oidc::routes,
        settings::routes,
        live::routes,
        me::routes,
        queue::routes,
        stop::routes,
        posts::routes,
        alarms::routes,
        orders::routes,
        banks::routes,
        reports::routes,
        tokens::routes,
        api::routes,
        second_factor::routes,
        people::routes,
        source::routes,
        accounts::routes,
        audit::routes,
        webhooks::routes,
    ];
    pages.iter().flat_map(|page| page()).collect()
}

/// The table of who may use what: method, path, who.
pub fn table() -> &'static [(Method, &'static str, Allow)] {
    static TABLE: LazyLock<Vec<(Method, &'static str, Allow)>> = LazyLock::new(|| {
        let pages = routes().into_iter().filter(|route| route.scope.is_none());
        pages.map(|route| (route.method, route.path, route.allow)).collect()
    });
    &TABLE
}

/// The API's part of that table: method, path, who, and what their token is for.
pub fn calls() -> Vec<(Method, &'static str, Allow, Scope)> {
    let call = |route: Route| Some((route.method, route.path, route.allow, route.scope?));
    routes().into_iter().filter_map(call).collect()
}
