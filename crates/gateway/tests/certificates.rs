//! Certificates that change while the node serves, and pairs that cannot be used.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use liveloop_gateway::{Tls, TlsError};
use rcgen::generate_simple_self_signed;
use rustls::pki_types::CertificateDer;
use serde_json::json;
use support::{
    Server,
    secure::{BOTH, Files, shown},
    settings,
};

async fn shown_now(files: &Files, server: &Server) -> CertificateDer<'static> {
    shown(&files.dial(server, BOTH, usize::MAX).await)
}

async fn reloaded(files: &Files, server: &Server, outcome: &str, count: u32) {
    let line = format!("liveloop_tls_reloads_total{{outcome=\"{outcome}\"}} {count}");
    files.until_metric(server, &line).await;
}

#[tokio::test]
async fn a_new_pair_comes_into_use_when_the_files_change_and_old_connections_live_on() {
    let mut files = Files::new();
    let server = Server::start_with(settings(), Some(files.tls())).await;
    let first = shown_now(&files, &server).await;
    let mut client = files.client(&server).await;
    let second = files.renew();
    reloaded(&files, &server, "done", 1).await;
    assert_ne!(first, second);
    assert_eq!(shown_now(&files, &server).await, second);
    assert!(client.ask("heartbeat", json!({})).await["data"]["serverTime"].is_string());
}

#[tokio::test]
async fn links_that_are_pointed_elsewhere_are_a_change() {
    let mut files = Files::new();
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("fullchain.pem"), folder.path().join("privkey.pem"));
    let point = |target: &std::path::Path, link: &std::path::Path| {
        let new = folder.path().join("new");
        std::os::unix::fs::symlink(target, &new).unwrap();
        fs::rename(new, link).unwrap();
    };
    point(&files.cert(), &cert);
    point(&files.key(), &key);
    let tls = Tls::load(liveloop_gateway::settings::Tls::for_testing(cert.clone(), key.clone()));
    let server = Server::start_with(settings(), Some(tls.unwrap())).await;
    let (old_cert, old_key) = (folder.path().join("1.pem"), folder.path().join("2.pem"));
    // The old pair stays where it is; the links alone change.
    fs::rename(files.cert(), &old_cert).unwrap();
    fs::rename(files.key(), &old_key).unwrap();
    point(&old_cert, &cert);
    point(&old_key, &key);
    let renewed = files.renew();
    point(&files.cert(), &cert);
    point(&files.key(), &key);
    reloaded(&files, &server, "done", 1).await;
    assert_eq!(shown_now(&files, &server).await, renewed);
}

#[tokio::test]
async fn a_pair_that_does_not_fit_is_kept_out_until_it_does() {
    let mut files = Files::new();
    let server = Server::start_with(settings(), Some(files.tls())).await;
    let first = shown_now(&files, &server).await;
    let foreign = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    files.replace(&files.key(), &foreign.signing_key.serialize_pem());
    reloaded(&files, &server, "failed", 1).await;
    assert_eq!(shown_now(&files, &server).await, first);
    fs::remove_file(files.cert()).unwrap();
    reloaded(&files, &server, "failed", 2).await;
    assert_eq!(shown_now(&files, &server).await, first);
    let second = files.renew();
    reloaded(&files, &server, "done", 1).await;
    assert_eq!(shown_now(&files, &server).await, second);
}

#[tokio::test]
async fn a_reload_that_is_asked_for_comes_at_once() {
    let mut files = Files::new();
    let mut patient = files.settings();
    patient.look_every = std::time::Duration::from_secs(3_600);
    let tls = Tls::load(patient).unwrap();
    let server = Server::start_with(settings(), Some(tls.clone())).await;
    let second = files.renew();
    tls.reload();
    reloaded(&files, &server, "done", 1).await;
    assert_eq!(shown_now(&files, &server).await, second);
    // Without a change it is read again all the same.
    tls.reload();
    reloaded(&files, &server, "done", 2).await;
}

#[test]
fn what_is_wrong_with_a_pair_is_said_with_the_way_out() {
    let files = Files::new();
    let check = |settings: liveloop_gateway::settings::Tls, parts: &[&str]| {
        let error: TlsError = Tls::load(settings).unwrap_err();
        let said = error.to_string();
        for part in parts {
            assert!(said.contains(part), "{part}: {said}");
        }
    };
    let mut missing = files.settings();
    missing.cert.set_file_name("no-such-file.pem");
    check(missing, &["tls.cert", "no-such-file.pem", "name a file that is there"]);
    let mut swapped = files.settings();
    std::mem::swap(&mut swapped.cert, &mut swapped.key);
    check(swapped, &["tls.cert", "no certificate in PEM", "fullchain.pem"]);
    let mut keyless = files.settings();
    keyless.key = keyless.cert.clone();
    check(keyless, &["tls.key", "no private key in PEM", "privkey.pem"]);
    let foreign = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    files.replace(&files.key(), &foreign.signing_key.serialize_pem());
    check(files.settings(), &["tls.key", "does not belong to the first certificate"]);
    files.replace(&files.cert(), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    check(files.settings(), &["cannot be used", "ECDSA"]);
    let mut folder = files.settings();
    folder.key.pop();
    check(folder, &["tls.key", "cannot be read"]);
}
