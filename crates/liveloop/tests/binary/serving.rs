//! The start: one line for the machine, a few for people, and clear words where it cannot be.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

use crate::harness::{Sandbox, Server};

#[test]
fn it_prints_one_line_and_serves_the_page() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let host = server.address().to_owned();
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("<title>"), "{answer}");
    let (status, rest, _) = server.stop();
    assert!(status.success());
    assert_eq!(rest, "", "nothing else goes to standard output");
}

#[test]
fn the_log_is_json_where_nobody_watches_and_says_what_is_on_and_off() {
    let sandbox = Sandbox::new();
    let (_, _, log) = sandbox.serve(&["--data", "data", "--node", "node-a"]).stop();
    for line in log.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["timestamp"].is_string() && event["level"].is_string(), "{line}");
    }
    for said in [
        "node-a",
        "set ice.servers for the internet",
        "store.db",
        "two windows of one browser meet each other",
        "only pages of this server may connect",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(log.contains(sandbox.path("data").file_name().unwrap().to_str().unwrap()));
}

#[test]
fn the_log_is_text_where_that_is_asked_for() {
    let (_, _, log) = Sandbox::new().serve(&["--log-format", "text"]).stop();
    assert!(log.contains(" INFO "), "{log}");
    assert!(!log.contains('{') && !log.contains('\u{1b}'), "{log}");
}

#[test]
fn a_public_site_lets_nobody_meet_themselves() {
    let (_, _, log) = Sandbox::new().serve(&["--public-url", "https://chat.example.org"]).stop();
    assert!(log.contains("nobody meets themselves"), "{log}");
    assert!(log.contains("only pages of https://chat.example.org may connect"), "{log}");
}

#[test]
fn a_log_file_is_dated_and_holds_the_log() {
    let sandbox = Sandbox::new();
    sandbox.serve(&["--log-file", "logs/liveloop.log"]).stop();
    let files: Vec<_> = fs::read_dir(sandbox.path("logs")).unwrap().map(|e| e.unwrap()).collect();
    assert_eq!(files.len(), 1);
    let name = files[0].file_name().into_string().unwrap();
    assert!(name.starts_with("liveloop.log.20"), "{name}");
    let log = fs::read_to_string(files[0].path()).unwrap();
    assert!(log.lines().next().unwrap().starts_with('{') && log.contains("stopped"), "{log}");
}

#[test]
fn an_address_in_use_is_explained() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let outcome = Sandbox::new().run(&["serve", "--listen", &address]);
    assert_eq!((outcome.code, outcome.out.as_str()), (1, ""));
    let last = outcome.err.lines().last().unwrap();
    assert!(last.starts_with(&format!("error: {address} is in use")), "{last}");
    assert!(last.contains("--listen 127.0.0.1:"), "{last}");
}

#[test]
fn a_data_folder_that_cannot_be_is_explained() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "");
    let outcome = sandbox.run(&["serve", "--listen", "127.0.0.1:0", "--data", "file/below"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (1, ""));
    assert!(outcome.err.contains("error: the data folder cannot be made"), "{}", outcome.err);
    assert!(outcome.err.contains("choose another path"), "{}", outcome.err);
}

#[test]
fn a_log_file_that_cannot_be_is_explained() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "");
    let outcome = sandbox.run(&["serve", "--listen", "127.0.0.1:0", "--log-file", "file/log"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.err.contains("error: the log file cannot be opened"), "{}", outcome.err);
}

#[test]
fn few_open_files_are_warned_of() {
    let sandbox = Sandbox::new();
    let serve = sandbox.command(&[]);
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "ulimit -n 256; exec \"$0\" serve --listen 127.0.0.1:0"])
        .arg(serve.get_program())
        .env_clear()
        .env("HOME", sandbox.folder.path())
        .env("PATH", std::env::var_os("PATH").unwrap())
        .current_dir(sandbox.folder.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let (_, _, log) = Server::start(&mut shell).stop();
    assert!(log.contains("few open files are allowed") && log.contains("ulimit -n"), "{log}");
}

#[test]
fn a_healthcheck_tells_a_running_server_from_none() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&["--node", "node-a"]);
    let address = server.address().to_owned();
    for args in [
        ["healthcheck", "--listen", &address],
        ["healthcheck", "--url", &format!("http://{address}")],
    ] {
        let outcome = sandbox.run(&args);
        assert_eq!((outcome.code, outcome.err.as_str()), (0, ""), "{args:?}");
        assert!(outcome.out.starts_with("healthy: node-a, version "), "{}", outcome.out);
        assert_eq!(outcome.out.lines().count(), 1);
    }
    server.stop();
    let outcome = sandbox.run(&["healthcheck", "--listen", &address]);
    assert_eq!((outcome.code, outcome.out.as_str()), (1, ""));
    assert_eq!(outcome.err.lines().count(), 1, "{}", outcome.err);
}

#[test]
fn a_healthcheck_gives_up_on_a_server_that_says_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let outcome = Sandbox::new().run(&["healthcheck", "--url", &url]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.err.contains("longer than 3 seconds"), "{}", outcome.err);
}
