//! Certificates of a test's own, and clients that speak TLS.

use std::{
    fs, io,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use liveloop_gateway::{Tls, settings};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Client, Server};

/// A certificate and its key in files, and those who trust every one that was ever in them.
pub struct Files {
    folder: TempDir,
    roots: RootCertStore,
}

pub const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

impl Files {
    pub fn new() -> Self {
        let mut files =
            Self { folder: tempfile::tempdir().unwrap(), roots: RootCertStore::empty() };
        files.renew();
        files
    }

    pub fn cert(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Puts a new pair in place of the old one, and gives the new certificate.
    pub fn renew(&mut self) -> CertificateDer<'static> {
        let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let CertifiedKey { cert, signing_key } = made;
        self.roots.add(cert.der().clone()).unwrap();
        self.replace(&self.cert(), &cert.pem());
        self.replace(&self.key(), &signing_key.serialize_pem());
        cert.der().clone()
    }

    /// Replaces a file in one step, as careful programs do.
    pub fn replace(&self, path: &std::path::Path, text: &str) {
        let new = self.folder.path().join("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, path).unwrap();
    }

    pub fn settings(&self) -> settings::Tls {
        settings::Tls::for_testing(self.cert(), self.key())
    }

    pub fn tls(&self) -> Tls {
        Tls::load(self.settings()).unwrap()
    }

    pub fn connector(&self, versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }

    /// A TLS connection whose bytes go in pieces of this length at most.
    pub async fn dial(
        &self,
        server: &Server,
        versions: &[&'static SupportedProtocolVersion],
        piece: usize,
    ) -> TlsStream<Pieces> {
        let stream = TcpStream::connect(server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let pieces = Pieces { stream, max: piece };
        self.connector(versions).connect(name, pieces).await.unwrap()
    }

    pub async fn client(&self, server: &Server) -> SecureClient {
        self.client_with(server, BOTH, usize::MAX).await
    }

    pub async fn client_with(
        &self,
        server: &Server,
        versions: &[&'static SupportedProtocolVersion],
        piece: usize,
    ) -> SecureClient {
        let stream = self.dial(server, versions, piece).await;
        let url = format!("wss://localhost:{}/ws", server.address.port());
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        Client::greeted(socket).await
    }

    /// A request over TLS, and the whole answer.
    pub async fn https(&self, server: &Server, first_line: &str, headers: &str) -> String {
        let stream = self.dial(server, BOTH, usize::MAX).await;
        let host = format!("localhost:{}", server.address.port());
        let request =
            format!("{first_line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n");
        super::whole_answer(stream, &request).await
    }

    /// Waits until the metrics have a line that begins so.
    pub async fn until_metric(&self, server: &Server, line: &str) {
        let wait = async {
            loop {
                let metrics = self.https(server, "GET /metrics", "").await;
                if metrics.lines().any(|it| it.starts_with(line)) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(super::PATIENCE, wait).await.expect("the metrics show it in the end");
    }
}

pub type SecureClient = Client<TlsStream<Pieces>>;

/// The certificate that the server has shown.
pub fn shown(stream: &TlsStream<Pieces>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

/// A socket that takes and gives a few bytes at a time.
pub struct Pieces {
    pub stream: TcpStream,
    max: usize,
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut part = vec![0; self.max.min(buffer.remaining())];
        let mut part = ReadBuf::new(&mut part);
        let outcome = Pin::new(&mut self.stream).poll_read(context, &mut part);
        buffer.put_slice(part.filled());
        outcome
    }
}

impl AsyncWrite for Pieces {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let len = bytes.len().min(self.max);
        Pin::new(&mut self.stream).poll_write(context, &bytes[..len])
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Server {
    /// Waits until the status shows this many connections.
    pub async fn until_status_over(&self, files: &Files, connections: u64) {
        let line = format!("ws_connections_active {connections}");
        files.until_metric(self, &line).await;
    }
}
