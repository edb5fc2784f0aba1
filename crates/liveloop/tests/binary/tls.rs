//! TLS of the binary's own: how it starts, where it cannot, and a new certificate on SIGHUP.

use std::{net::TcpStream, sync::Arc};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustix::process::Signal;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};

use crate::harness::{Sandbox, Server};

const FILES: [&str; 4] = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];

/// Writes a fresh pair into the sandbox and gives its certificate.
fn make_pair(sandbox: &Sandbox) -> CertificateDer<'static> {
    let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let CertifiedKey { cert, signing_key } = made;
    sandbox.write("cert.pem", &cert.pem());
    sandbox.write("key.pem", &signing_key.serialize_pem());
    cert.der().clone()
}

/// The certificate that the server shows, to one who trusts these.
fn shown(server: &Server, trusted: &[CertificateDer<'static>]) -> CertificateDer<'static> {
    let mut roots = RootCertStore::empty();
    trusted.iter().for_each(|root| roots.add(root.clone()).unwrap());
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).unwrap();
    }
    connection.peer_certificates().unwrap()[0].clone().into_owned()
}

#[test]
fn it_says_https_and_a_healthcheck_finds_it() {
    let sandbox = Sandbox::new();
    let pair = make_pair(&sandbox);
    let server = sandbox.serve(&FILES);
    assert!(server.announced.starts_with("listening on https://"), "{}", server.announced);
    assert_eq!(shown(&server, std::slice::from_ref(&pair)), pair);
    let address = server.address().to_owned();
    let of_configuration = [&["healthcheck", "--listen", &address][..], &FILES].concat();
    let of_url = ["healthcheck", "--url", &format!("https://{address}")];
    for args in [&of_configuration[..], &of_url] {
        let outcome = sandbox.run(args);
        assert_eq!((outcome.code, outcome.err.as_str()), (0, ""), "{args:?}");
        assert!(outcome.out.starts_with("healthy: "), "{}", outcome.out);
    }
    let plain = sandbox.run(&["healthcheck", "--url", &format!("http://{address}")]);
    assert_eq!(plain.code, 1);
    let (status, _, log) = server.stop();
    assert!(status.success());
    assert!(log.contains("on, with the certificate in cert.pem"), "{log}");
    assert!(log.contains("nobody meets themselves"), "{log}");
}

#[test]
fn a_hangup_brings_a_new_certificate_and_a_bad_one_is_kept_out() {
    let sandbox = Sandbox::new();
    let first = make_pair(&sandbox);
    let mut server = sandbox.serve(&FILES);
    server.wait_for_log("a certificate is in use");
    let second = make_pair(&sandbox);
    server.signal(Signal::HUP);
    server.wait_for_log("a certificate is in use");
    let trusted = [first, second.clone()];
    assert_eq!(shown(&server, &trusted), second);
    sandbox.write("key.pem", "nonsense");
    server.signal(Signal::HUP);
    server.wait_for_log("holds no private key in PEM");
    assert_eq!(shown(&server, &trusted), second);
    assert!(server.is_running());
}

#[test]
fn a_pair_that_cannot_be_used_is_explained_and_nothing_listens() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.run(&[&["serve", "--listen", "127.0.0.1:0"][..], &FILES].concat());
    assert_eq!((outcome.code, outcome.out.as_str()), (1, ""));
    let last = outcome.err.lines().last().unwrap();
    assert!(last.starts_with("error: tls.cert: cert.pem cannot be read"), "{last}");
    assert!(last.ends_with("name a file that is there"), "{last}");
    let half = sandbox.run(&["serve", "--tls-cert", "cert.pem"]);
    assert_eq!((half.code, half.out.as_str()), (2, ""));
    assert!(half.err.contains("tls.key: it is not set"), "{}", half.err);
}
