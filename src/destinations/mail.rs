//! Mail by SMTP: one attempt, and what is known of it.
//!
//! The invariants: a mail is *accepted* when the server says so after its last byte, *refused* when it
//! says no, and *not sent* where nothing of it can have left; all else is unknown. The password is in
//! no reason.

use std::{future::Future, time::Duration};

use anyhow::Context as _;
use lettre::{
    Message,
    message::{Attachment, MultiPart, SinglePart, header::ContentType},
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{
            AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters, TlsParametersBuilder,
        },
        extension::ClientId,
    },
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::{time::Timestamp, weekly::MailTls};

/// Servers look into a mail before they take it: so many times the time of a step.
const PATIENCE: u32 = 5;

/// A mail server, and who we are to it.
pub struct MailServer {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is guarded.
    pub tls: MailTls,
    /// The user and the password.
    pub login: Option<(String, SecretString)>,
    /// Certificates (PEM) that are trusted instead of the public authorities'.
    pub roots: Option<Vec<u8>>,
    /// How long each step may take; the whole mail takes five times that at most.
    pub within: Duration,
}

/// A mail with one file.
pub struct Mail {
    /// Who sends it.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
    /// What it is about.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Its id without its host: the same at every try, so that it counts once.
    pub id: String,
    /// When it is sent.
    pub at: Timestamp,
    /// The file's name.
    pub file_name: String,
    /// The file, a PDF.
    pub pdf: Vec<u8>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The server has it.
    Accepted(String),
    /// Nothing of it left, or the server said no.
    Refused(String),
    /// It may have arrived.
    Unknown(String),
}

/// Sends a mail, in one attempt.
///
/// # Errors
/// The mail or the server's description is no sound one: nothing was tried.
pub async fn send(server: &MailServer, mail: Mail) -> anyhow::Result<Sent> {
    let message = message(mail)?;
    let envelope = message.envelope().clone();
    let bytes = message.formatted();
    let mut connection = match open(server).await? {
        Ok(connection) => connection,
        Err(why) => return Ok(Sent::Refused(why)),
    };
    let sending = connection.send(&envelope, &bytes);
    // From here on the server may have taken it whatever we see, unless it says no itself.
    let within = server.within * PATIENCE;
    let sent = match tokio::time::timeout(within, sending).await {
        Err(_) => Sent::Unknown(format!("the server did not answer within {within:?}")),
        Ok(Ok(answer)) => Sent::Accepted(answer.first_line().unwrap_or_default().to_owned()),
        Ok(Err(error)) if error.status().is_some() => Sent::Refused(said(&error)),
        Ok(Err(error)) => Sent::Unknown(said(&error)),
    };
    if matches!(sent, Sent::Accepted(_)) {
        // Good manners alone; the mail is theirs already.
        let _ = tokio::time::timeout(server.within, connection.quit()).await;
    }
    Ok(sent)
}

/// Greets the server and signs in, and sends nothing.
///
/// # Errors
/// The server's description is no sound one, or the server did not let us in.
pub async fn greet(server: &MailServer) -> anyhow::Result<()> {
    let mut connection = open(server).await?.map_err(anyhow::Error::msg)?;
    let _ = tokio::time::timeout(server.within, connection.quit()).await;
    Ok(())
}

/// A connection on which a mail can be sent, or why there is none.
async fn open(server: &MailServer) -> anyhow::Result<Result<AsyncSmtpConnection, String>> {
    let tls = tls(server)?;
    let hello = ClientId::default();
    let (within, address) = (server.within, (server.host.as_str(), server.port));
    let first = if server.tls == MailTls::Tls { Some(tls.clone()) } else { None };
    let connecting =
        AsyncSmtpConnection::connect_tokio1(address, Some(within), &hello, first, None);
    let mut connection = match step(within, connecting).await {
        Ok(connection) => connection,
        Err(why) => return Ok(Err(format!("{}:{}: {why}", server.host, server.port))),
    };
    if server.tls == MailTls::Starttls
        && let Err(why) = step(within, connection.starttls(tls, &hello)).await
    {
        return Ok(Err(format!("STARTTLS: {why}")));
    }
    if let Some((user, password)) = &server.login {
        let login = Credentials::new(user.clone(), password.expose_secret().to_owned());
        let signed =
            tokio::time::timeout(within, connection.auth(DEFAULT_MECHANISMS, &login)).await;
        // What the server says to a password is not repeated.
        let why = match signed {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.status().map_or("no".to_owned(), |code| code.to_string())),
            Err(_) => Some("no answer".to_owned()),
        };
        if let Some(why) = why {
            return Ok(Err(format!("the server did not accept the user and the password: {why}")));
        }
    }
    Ok(Ok(connection))
}

async fn step<T>(
    within: Duration,
    doing: impl Future<Output = Result<T, Error>>,
) -> Result<T, String> {
    match tokio::time::timeout(within, doing).await {
        Err(_) => Err(format!("no answer within {within:?}")),
        Ok(done) => done.map_err(|error| said(&error)),
    }
}

/// An error with its causes, in one line.
fn said(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

fn tls(server: &MailServer) -> anyhow::Result<TlsParameters> {
    let mut tls = TlsParametersBuilder::new(server.host.clone());
    if let Some(pem) = &server.roots {
        let roots = Certificate::from_pem(pem).context("network.roots")?;
        tls = tls.certificate_store(CertificateStore::None).add_root_certificate(roots);
    }
    tls.build_rustls().context("TLS to the mail server")
}

fn message(mail: Mail) -> anyhow::Result<Message> {
    let from: lettre::message::Mailbox = mail.from.parse().context("report.from")?;
    let host = from.email.domain().to_owned();
    let at = std::time::UNIX_EPOCH
        + Duration::from_micros(u64::try_from(mail.at.micros()).unwrap_or_default());
    let mut builder = Message::builder()
        .from(from)
        .subject(mail.subject)
        .date(at)
        .message_id(Some(format!("<{}@{host}>", mail.id)));
    for to in &mail.to {
        builder = builder.to(to.parse().context("report.weekly_to")?);
    }
    let pdf = Attachment::new(mail.file_name)
        .body(mail.pdf, ContentType::parse("application/pdf").context("a media type")?);
    let parts = MultiPart::mixed().singlepart(SinglePart::plain(mail.text)).singlepart(pdf);
    builder.multipart(parts).context("the mail")
}
