//! What is never logged, at any level: who visitors are, where they come from, what they say.

use std::net::{IpAddr, TcpStream};

use serde_json::{Value, json};

use crate::{
    client::Client,
    harness::{Sandbox, Server},
};

/// Part of each thing that a visitor says, sends or is called.
const MARK: &str = "Wolpertinger";
/// Where the visitors come from, as the proxy in front says.
const CLIENTS: [&str; 2] = ["198.51.100.23", "2001:db8::bad:cafe"];

/// One who comes by way of a proxy.
fn visitor(server: &Server, address: &str) -> Client {
    let headers = [("x-forwarded-for", address), ("user-agent", MARK)];
    Client::greeted(server, &format!("/ws?from={MARK}"), &headers)
}

/// All that tells who this is: ids and tokens, as the server gave them.
fn identity(client: &Client) -> Vec<String> {
    let welcome = |key: &str| client.welcome[key].as_str().unwrap().to_owned();
    ["token", "resume", "userId", "socketId"].map(welcome).into()
}

/// Everything that two can do in a call, some of it wrongly.
fn play(server: &Server) -> Vec<String> {
    let mut ada = visitor(server, CLIENTS[0]);
    let mut ben = visitor(server, CLIENTS[1]);
    let mut secrets: Vec<String> = [identity(&ada), identity(&ben)].concat();
    ada.say("hello", &json!({"token": ada.welcome["token"], "name": format!("{MARK} Ada")}));
    secrets.push(ada.until("welcome")["token"].as_str().unwrap().to_owned());
    ben.say("hello", &json!({"token": format!("1.{MARK}.forged")}));
    ben.until("error");
    let interests = json!([MARK]);
    ada.say("request-room", &json!({"interests": interests}));
    ada.until("waiting");
    ben.say("request-room", &json!({"name": format!("{MARK} Ben"), "interests": interests}));
    ada.until("match-done");
    let room = ben.until("match-done")["roomId"].clone();
    let sdp = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.44\r\ns={MARK}\r\n");
    ada.say("negotiation-call-offer", &json!({"offer": {"type": "offer", "sdp": sdp}}));
    ben.until("negotiation-call-offer");
    ben.say("negotiation-call-answer", &json!({"ans": {"type": "answer", "sdp": sdp}}));
    ada.until("negotiation-call-answer");
    let candidate = format!("candidate:1 1 UDP 1 192.0.2.45 5000 typ host {MARK}");
    ada.say("send-new-ice-candidates", &json!({"candidate": {"candidate": candidate}}));
    ben.until("new-ice-candidates");
    ada.say("newMessage", &json!({"message": format!("I am a {MARK}"), "roomId": room}));
    ben.until("newMessage");
    for wrong in [
        MARK.to_owned(),
        json!({"event": MARK, "data": {}}).to_string(),
        json!({"event": "newMessage", "data": {"message": MARK.repeat(1_000)}}).to_string(),
        json!({"event": "newMessage", "data": {"message": [MARK]}}).to_string(),
        json!({"event": "typing", "data": {"typing": true, "roomId": MARK}}).to_string(),
        json!({"event": "negotiation-call-offer", "data": {"offer": {}, "remoteSocketId": MARK}})
            .to_string(),
    ] {
        ada.send(&wrong);
        ada.until("error");
    }
    let token = ada.welcome["token"].as_str().unwrap().to_owned();
    post(server, "/api/users", &token, &json!({"name": MARK}));
    let made =
        post(server, "/api/rooms", &token, &json!({"kind": "group", "name": MARK, "public": true}));
    let group = &made["roomId"];
    secrets.push(group.as_str().unwrap().to_owned());
    ada.say("join-room", &json!({"roomId": group}));
    ben.say("join-room", &json!({"roomId": group}));
    ben.until("room-members");
    ada.say("newMessage", &json!({"message": MARK, "roomId": group}));
    ben.until("newMessage");
    // She is lost, comes back, and somebody tries her secret with another token.
    let lost = ada.welcome.clone();
    drop(ada);
    ben.until("partner-away");
    let mut thief = visitor(server, CLIENTS[1]);
    thief.say("hello", &json!({"resume": lost["resume"], "token": thief.welcome["token"]}));
    thief.until("error");
    let mut ada = visitor(server, CLIENTS[0]);
    ada.say("hello", &json!({"resume": lost["resume"], "after": 1, "name": MARK}));
    ada.welcome = ada.until("welcome");
    assert_eq!(ada.welcome["resumed"], true);
    secrets.extend(identity(&ada));
    ben.until("partner-back");
    ada.say("stop-call", &json!({"roomId": room}));
    ben.until("stop-by-remote-user");
    let request =
        format!("GET /{MARK}?{MARK} HTTP/1.1\r\nHost: {MARK}\r\nAuthorization: {MARK}\r\n");
    http(server, &format!("{request}Connection: close\r\n\r\n"));
    http(server, &format!("{MARK}\r\n\r\n"));
    // One breaks the protocol, one is lost, and one says goodbye.
    let mut breaker = visitor(server, CLIENTS[0]);
    std::io::Write::write_all(breaker.socket.get_mut(), MARK.as_bytes()).unwrap();
    while breaker.socket.read().is_ok() {}
    drop(ada);
    ben.socket.close(None).unwrap();
    while ben.socket.read().is_ok() {}
    secrets
}

/// The whole answer, if any.
fn http(server: &Server, request: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(server: &Server, path: &str, token: &str, body: &Value) -> Value {
    let (host, body) = (server.address(), body.to_string());
    let answer = http(
        server,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {}\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            CLIENTS[0],
            body.len()
        ),
    );
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// Every IP address in a text.
fn addresses(text: &str) -> Vec<IpAddr> {
    // A word of letters too, so that a path of a module is none.
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "_.:".contains(c)));
    words
        .flat_map(|word| [word, word.rsplit_once(':').map_or(word, |(host, _)| host)])
        .filter_map(|word| word.trim_matches('.').parse().ok())
        .collect()
}

/// What of the visitors stands in a log.
fn betrayed(log: &str, secrets: &[String]) -> Vec<String> {
    let mut found: Vec<String> = addresses(log).iter().map(ToString::to_string).collect();
    let words = secrets.iter().map(String::as_str).chain([MARK, "typ host", "v=0"]);
    found.extend(words.filter(|word| log.contains(word)).map(str::to_owned));
    found
}

#[test]
fn a_log_of_everything_says_nothing_of_anybody() {
    for format in ["json", "text"] {
        let sandbox = Sandbox::new();
        let args =
            ["--log-level", "trace", "--log-format", format, "--trusted-proxies", "127.0.0.0/8"];
        let server = sandbox.serve(&args);
        let secrets = play(&server);
        let (status, _, log) = server.stop();
        assert!(status.success());
        for there in ["TRACE", "negotiation-call-offer", "two have met", "a connection ends"] {
            assert!(log.contains(there), "the call was logged: {there}: {log}");
        }
        assert_eq!(betrayed(&log, &secrets), [""; 0], "{log}");
    }
}

#[test]
fn what_would_betray_somebody_is_seen() {
    let secrets = ["abcDEF".to_owned()];
    for line in [
        "peer=127.0.0.1:5000",
        "{\"peer\":\"[2001:db8::1]:80\"}",
        "from 2001:db8::1.",
        "Some(198.51.100.23)",
        "said Wolpertinger",
        "token abcDEF",
        "a=candidate:1 1 UDP 1 x typ host",
    ] {
        assert!(!betrayed(line, &secrets).is_empty(), "{line}");
    }
    let harmless = r#"{"timestamp":"2026-11-24T07:19:03.123456Z","bytes":512,"target":"liveloop_gateway::de::c"}"#;
    assert_eq!(betrayed(harmless, &secrets), [""; 0]);
}
