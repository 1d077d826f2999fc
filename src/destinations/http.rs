//! The one way out: how a client is built, how the one attempt is made, and how answers are read.
//!
//! The invariants: no request is ever repeated or redirected by the machinery below us (a repeated
//! POST is a double post); the permit is asked right before the bytes leave; *not sent* is said
//! only where it is proved that no byte of the request left; no answer is read without a limit.

use std::{error::Error as _, sync::Arc, time::Duration};

use jiff::SignedDuration;
use reqwest::{
    Body, Certificate, Client, NoProxy, Proxy, Request, Response, Url,
    header::{CONTENT_LENGTH, HeaderMap},
    redirect, retry,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use super::{Permit, Sent};
use crate::domain::{canonical::Hash, delivery::Outcome, time::Timestamp};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How to talk to a server.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// How long a connection may take, TLS included. Shorter than `request_timeout`, so that a
    /// connection that never came to be is known as such.
    pub connect_timeout: Duration,
    /// How long one request may take in all, its answer's body included.
    pub request_timeout: Duration,
    /// The longest answer that is read, in bytes; a longer one is an error.
    pub max_body: usize,
    /// A proxy's address, which may hold a password. `None`: no proxy, whatever the environment
    /// says.
    pub proxy: Option<SecretString>,
    /// Hosts that are asked without the proxy.
    pub direct: Vec<String>,
    /// Certificates that are trusted instead of the system's roots; none: the system's.
    pub roots: Vec<Certificate>,
    /// Where a server's administrator can write to: an address or a page.
    pub contact: String,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(20),
            max_body: 4 << 20,
            proxy: None,
            direct: Vec::new(),
            roots: Vec::new(),
            contact: "no contact configured".to_owned(),
        }
    }
}

/// A client that cannot be built, and what to set right.
#[derive(Debug, thiserror::Error)]
pub enum BadClient {
    /// The proxy's address does not parse. It is not shown, for it may hold a password.
    #[error("the configured proxy is not an address; write it like http://proxy.example:3128")]
    Proxy,
    /// A connection must be given up before its request is.
    #[error("connect_timeout ({connect:?}) must be shorter than request_timeout ({request:?})")]
    Timeouts {
        /// As configured.
        connect: Duration,
        /// As configured.
        request: Duration,
    },
    /// The contact holds characters that a header cannot.
    #[error("the configured contact cannot stand in a header; use plain letters")]
    Contact,
    /// The TLS library did not start.
    #[error("the HTTP client could not be built: {0}")]
    Build(String),
}

/// A server's address that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadAddress {
    /// Not an address, or one that holds a name or a password.
    #[error("the server's address does not parse; write it like https://social.example")]
    NotOne,
    /// A token must not travel in the clear.
    #[error("the server's address must begin with https:// (http:// only on this machine itself)")]
    Insecure,
}

/// The address of a server that our token may be sent to.
///
/// # Errors
/// It is none, or the token would travel in the clear.
pub fn base_url(text: &str) -> Result<Url, BadAddress> {
    let base = Url::parse(text).map_err(|_bad| BadAddress::NotOne)?;
    let host = base.host_str().ok_or(BadAddress::NotOne)?.to_lowercase();
    if !base.username().is_empty() || base.password().is_some() {
        return Err(BadAddress::NotOne);
    }
    let here = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
    let safe = base.scheme() == "https" || base.scheme() == "http" && here;
    if base.cannot_be_a_base() || !safe { Err(BadAddress::Insecure) } else { Ok(base) }
}

/// The address of a path on a server; every segment is escaped, so that an id leads nowhere else.
pub fn path(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url.set_query(None);
    url
}

/// A configured duration; configured ones are never longer than 292 billion years.
pub fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// A client that never repeats, never follows, never asks the environment for a proxy, and gives
/// up in time.
///
/// # Errors
/// The configuration cannot be used, and why.
#[expect(clippy::disallowed_methods, reason = "this is the one place that builds clients")]
pub fn client(config: &HttpConfig) -> Result<Client, BadClient> {
    let (connect, request) = (config.connect_timeout, config.request_timeout);
    if connect >= request {
        return Err(BadClient::Timeouts { connect, request });
    }
    let agent = format!("takaza/{} (+{})", env!("CARGO_PKG_VERSION"), config.contact);
    let agent =
        reqwest::header::HeaderValue::from_str(&agent).map_err(|_bad| BadClient::Contact)?;
    let mut builder = Client::builder()
        .retry(retry::never())
        .redirect(redirect::Policy::none())
        .connect_timeout(connect)
        .timeout(request)
        // Shorter than servers keep an idle connection: a request on one that the server has just
        // closed ends as unknown.
        .pool_idle_timeout(Duration::from_secs(15))
        .user_agent(agent)
        .no_proxy();
    if !config.roots.is_empty() {
        builder = builder.tls_certs_only(config.roots.clone());
    }
    if let Some(proxy) = &config.proxy {
        let proxy = Proxy::all(proxy.expose_secret()).map_err(|_bad| BadClient::Proxy)?;
        builder = builder.proxy(proxy.no_proxy(NoProxy::from_string(&config.direct.join(","))));
    }
    builder.build().map_err(|error| BadClient::Build(describe(&error)))
}

/// Makes the one attempt: asks the permit, starts the request, and says what came of it when there
/// is no answer. The permit is asked again when the connection stands and the body is about to
/// leave, for connecting may take seconds and a stop must hold within one.
///
/// # Errors
/// [`Sent::NotNow`] when the permit said no: no byte of the body has left; *not sent* when the
/// name, the connection or TLS failed, which is before the first byte of a request; *unknown* for
/// all else.
pub async fn send_once(
    client: &Client,
    mut request: Request,
    permit: &dyn Permit,
) -> Result<Response, Sent> {
    permit.renew().await;
    permit.check().map_err(Sent::NotNow)?;
    let body_asks = hold_body(&mut request);
    let sending = client.execute(request);
    tokio::pin!(sending);
    let answer = tokio::select! {
        Ok(go) = body_asks => {
            permit.renew().await;
            permit.check().map_err(Sent::NotNow)?;
            // A body that nobody waits for any more ends with its request, below.
            let _gone = go.send(());
            sending.await
        }
        answer = &mut sending => answer,
    };
    answer.map_err(|error| {
        let reason = describe(&error);
        Sent::Attempted(if error.is_connect() || error.is_builder() {
            Outcome::NotSent { reason }
        } else {
            Outcome::Unknown { reason }
        })
    })
}

/// What came of something that goes before the post and makes nothing public: what is unknown of it
/// is no doubt about the post, of which no byte has left.
#[must_use]
pub fn before_the_post(what: &str, sent: Sent) -> Sent {
    let said = |reason: String| format!("{what}: {reason}");
    match sent {
        Sent::Attempted(outcome) => Sent::Attempted(match outcome {
            Outcome::Unknown { reason } | Outcome::NotSent { reason } => {
                Outcome::NotSent { reason: said(reason) }
            }
            Outcome::Throttled { until, reason } => {
                Outcome::Throttled { until, reason: said(reason) }
            }
            Outcome::AccountBlocked { reason } => Outcome::AccountBlocked { reason: said(reason) },
            Outcome::Refused { reason } => Outcome::Refused { reason: said(reason) },
            Outcome::Accepted(receipt) => Outcome::Accepted(receipt),
        }),
        not_now => not_now,
    }
}

/// Holds a request's body back until it is told to go; what is returned asks for that, once the
/// connection stands. A request without a body never asks.
fn hold_body(request: &mut Request) -> oneshot::Receiver<oneshot::Sender<()>> {
    let (ask, body_asks) = oneshot::channel::<oneshot::Sender<()>>();
    let Some(bytes) = request.body().and_then(Body::as_bytes).map(<[u8]>::to_vec) else {
        return body_asks;
    };
    // Said explicitly, for some servers do not understand a body of unstated length.
    request.headers_mut().insert(CONTENT_LENGTH, bytes.len().into());
    let held = async move {
        let (go, told) = oneshot::channel();
        let stopped = || std::io::Error::other("the request was stopped");
        ask.send(go).map_err(|_gone| stopped())?;
        told.await.map_err(|_stopped| stopped())?;
        Ok::<_, std::io::Error>(bytes)
    };
    *request.body_mut() = Some(Body::wrap_stream(futures::stream::once(held)));
    body_asks
}

/// A form of these fields and one file, a PNG, as its `Content-Type` and its bytes. Whole bytes and
/// not a stream, so that they are held back like every body.
pub fn multipart(name: &Hash, fields: &[(&str, &str)], png: &[u8]) -> (String, Vec<u8>) {
    // Half of the file's own hash, which cannot stand in it: a boundary has 70 characters at most.
    let boundary: String = format!("takaza-{name}").chars().take(40).collect();
    let mut body = Vec::with_capacity(png.len() + 1_024);
    for (field, value) in fields {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n{value}\r\n"
        );
        body.extend_from_slice(head.as_bytes());
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; \
         filename=\"card.png\"\r\nContent-Type: image/png\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(png);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// An answer whose body could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBody {
    /// Longer than the limit; the rest was not read and the connection is dropped.
    #[error("the answer is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// It broke off, or took too long.
    #[error("the answer broke off: {0}")]
    Broken(String),
}

/// Reads an answer's body, `limit` bytes at most.
///
/// # Errors
/// It is longer, broke off, or did not end within the request's timeout.
pub async fn read_body(mut response: Response, limit: usize) -> Result<Vec<u8>, BadBody> {
    let too_long = BadBody::TooLong { limit };
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_long);
    }
    let mut body = Vec::new();
    loop {
        let chunk = response.chunk().await.map_err(|error| BadBody::Broken(describe(&error)))?;
        let Some(chunk) = chunk else { return Ok(body) };
        if body.len() + chunk.len() > limit {
            return Err(too_long);
        }
        body.extend_from_slice(&chunk);
    }
}

/// An answer, read whole; where its body could not be had, why.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Result<Vec<u8>, BadBody>,
}

impl Answer {
    /// Reads a whole answer, `limit` bytes of its body at most.
    pub async fn of(response: Response, limit: usize) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: read_body(response, limit).await }
    }

    /// The answer without a secret of ours, which a server may echo.
    #[must_use]
    pub fn without(mut self, secret: &SecretString) -> Self {
        let secret = secret.expose_secret();
        self.body = self.body.map(|body| match str::from_utf8(&body) {
            Ok(text) if !secret.is_empty() && text.contains(secret) => {
                text.replace(secret, "[secret]").into_bytes()
            }
            _ => body,
        });
        self
    }

    /// The body; empty where it could not be had.
    pub fn bytes(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }
}

/// A transport error in words, with its causes and without its address (which may hold what a log
/// must not).
pub fn describe(error: &reqwest::Error) -> String {
    let what = if error.is_connect() && error.is_timeout() {
        "no connection in time"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_timeout() {
        "no answer in time"
    } else if error.is_builder() {
        "the request could not be built"
    } else {
        "the connection broke"
    };
    // The last cause says it best (`Connection refused`), and none but reqwest's own holds a URL.
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| what.to_owned(), |cause| format!("{what}: {cause}"))
}

/// What a server said, made fit for a log and a person: no control or invisible characters, none of
/// our secrets though the server may echo them, 300 characters at most.
pub fn said(text: &str, secrets: &[&SecretString]) -> String {
    const MOST: usize = 300;
    let mut text = text.to_owned();
    for secret in secrets.iter().map(|secret| secret.expose_secret()).filter(|s| !s.is_empty()) {
        text = text.replace(secret, "[secret]");
    }
    let shown: String =
        text.chars().map(|c| if invisible(c) { ' ' } else { c }).collect::<String>();
    let words: Vec<&str> = shown.split_whitespace().collect();
    let joined = words.join(" ");
    match joined.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &joined[..end]),
        None => joined,
    }
}

/// Control characters, and those that hide or turn around the text beside them.
fn invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
