//! Secrets stay secret, and the kept one stays the same.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::harness::{Outcome, Sandbox, Server};

const SECRET: &str = "a-secret-that-nobody-may-see";
const CREDENTIAL: &str = "credential-that-nobody-may-see";

#[test]
fn no_output_holds_a_secret() {
    let sandbox = Sandbox::new();
    sandbox.write(".env", &format!("LIVELOOP_SECRET={SECRET}\n"));
    sandbox.write(
        "site.toml",
        &format!(
            "log.level = \"trace\"\n[[ice.servers]]\nurls = [\"turn:turn.example.org\"]\n\
             username = \"u\"\ncredential = \"{CREDENTIAL}\"\n"
        ),
    );
    let with_file = ["--config", "site.toml"];
    let mut told = String::new();
    for command in [&["config", "print"][..], &["config", "check"], &["healthcheck"]] {
        for wrong in [&[][..], &["--listen", "wrong"]] {
            let outcome = sandbox.run(&[command, &with_file, wrong].concat());
            told += &(outcome.out + &outcome.err);
        }
    }
    assert!(told.contains("credential = \"(hidden)\""), "{told}");
    let server = sandbox.serve(&["--config", "site.toml", "--log-file", "liveloop.log"]);
    told += &server.announced;
    let (_, rest, log) = server.stop();
    assert!(log.contains("from LIVELOOP_SECRET"), "{log}");
    told += &(rest + &log);
    assert!(!fs::exists(sandbox.path(".local/share/liveloop/secret")).unwrap());
    for entry in fs::read_dir(sandbox.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("liveloop.log") {
            told += &fs::read_to_string(path).unwrap();
        }
    }
    assert!(!told.contains(SECRET) && !told.contains(CREDENTIAL), "{told}");
}

#[test]
fn the_kept_secret_is_private_stable_and_never_shown() {
    let sandbox = Sandbox::new();
    let (_, _, log) = sandbox.serve(&["--data", "data", "--log-level", "trace"]).stop();
    let file = sandbox.path("data/secret");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(sandbox.path("data")), mode(file.clone())), (0o700, 0o600));
    let kept = fs::read_to_string(&file).unwrap();
    assert!(!log.contains(kept.trim()), "{log}");

    let server = sandbox.serve(&["--data", "data"]);
    server.stop();
    assert_eq!(fs::read_to_string(&file).unwrap(), kept);
}

#[test]
fn a_readable_secret_is_made_private_with_a_warning() {
    let sandbox = Sandbox::new();
    sandbox.serve(&["--data", "data"]).stop();
    let file = sandbox.path("data/secret");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let (_, _, log) = sandbox.serve(&["--data", "data"]).stop();
    assert!(log.contains("others on this machine could read the secret"), "{log}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_secret_file_is_used_and_a_short_one_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("secret", SECRET);
    let (_, _, log) = sandbox.serve(&["--secret-file", "secret"]).stop();
    assert!(log.contains("from secret_file") && !log.contains(SECRET), "{log}");
    sandbox.write("secret", "short");
    let outcome = sandbox.run(&["serve", "--listen", "127.0.0.1:0", "--secret-file", "secret"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.err.contains("secret_file secret: it is too short"), "{}", outcome.err);
}

#[test]
fn a_short_secret_is_refused() {
    let sandbox = Sandbox::new();
    let output = sandbox.command(&["serve"]).env("LIVELOOP_SECRET", "short").output().unwrap();
    let outcome = Outcome::of(output);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("LIVELOOP_SECRET: it is too short"), "{}", outcome.err);
}

#[test]
fn the_environment_outranks_dot_env_for_the_secret_too() {
    let sandbox = Sandbox::new();
    sandbox.write(".env", "LIVELOOP_SECRET=short");
    let mut command = sandbox.command(&["serve", "--listen", "127.0.0.1:0"]);
    let (status, _, _) = Server::start(command.env("LIVELOOP_SECRET", SECRET)).stop();
    assert!(status.success());
}
