//! What stands between takaza and a server: TLS by an authority of our own making, and a proxy.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};

use super::secrets;

/// An authority that no system knows.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// Its own certificate, as `network.roots` takes it.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for `localhost` and its key, in PEM.
    pub fn certificate(&self) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    /// Puts TLS for `localhost` before a server that speaks plainly at `http://127.0.0.1:PORT`;
    /// the address that is gone to instead.
    pub async fn before(&self, plain: &str) -> String {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .expect("a sound configuration");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let behind = plain.trim_start_matches("http://").to_owned();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                tokio::spawn(async move {
                    let Ok(mut tls) = acceptor.accept(socket).await else { return };
                    let Ok(mut plain) = TcpStream::connect(behind).await else { return };
                    let _closed = copy_bidirectional(&mut tls, &mut plain).await;
                });
            }
        });
        format!("https://localhost:{port}")
    }
}

/// An HTTP proxy that asks for a name and password and opens tunnels.
pub struct TunnelProxy {
    address: String,
    refusals: Arc<AtomicUsize>,
}

fn user() -> String {
    format!("unit:{}", secrets::plant("proxy-password"))
}

impl TunnelProxy {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound").to_string();
        let refusals = Arc::<AtomicUsize>::default();
        let refused = refusals.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let refused = refused.clone();
                tokio::spawn(async move {
                    if !tunnel(socket).await {
                        refused.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        Self { address, refusals }
    }

    /// Its address as a unit writes it into a file, with this user and password.
    pub fn url(&self, user: &str) -> String {
        format!("http://{user}@{}", self.address)
    }

    /// The same with the right ones.
    pub fn good_url(&self) -> String {
        self.url(&user())
    }

    pub fn refusals(&self) -> usize {
        self.refusals.load(Ordering::SeqCst)
    }
}

/// One CONNECT; whether the tunnel was opened.
async fn tunnel(socket: TcpStream) -> bool {
    let mut socket = BufReader::new(socket);
    let (mut target, mut known) = (String::new(), false);
    let credentials = format!("Basic {}", STANDARD.encode(user()));
    loop {
        let mut line = String::new();
        let read = socket.read_line(&mut line).await;
        if !matches!(read, Ok(1..)) || line.trim().is_empty() {
            break;
        }
        if let Some(rest) = line.strip_prefix("CONNECT ") {
            target = rest.split(' ').next().unwrap_or_default().to_owned();
        }
        let header = line.trim().split_once(": ");
        known |= header.is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("proxy-authorization") && value == credentials
        });
    }
    let answer = if known { "200 OK" } else { "407 Proxy Authentication Required" };
    let answer = format!("HTTP/1.1 {answer}\r\n\r\n");
    let _sent = socket.write_all(answer.as_bytes()).await;
    if !known {
        return false;
    }
    let Ok(mut behind) = TcpStream::connect(target).await else { return false };
    let _closed = copy_bidirectional(&mut socket, &mut behind).await;
    true
}
