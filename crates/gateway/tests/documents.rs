//! The documents of the interface over real sockets, and that the server is as they say.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use jsonschema::Validator;
use liveloop_protocol::{ClientEvent, ErrorCode, Limits, ServerEvent};
use serde_json::{Value, json};
use support::{Server, settings, with_limits};

/// Every route, by method.
const ROUTES: [(&str, &str); 22] = [
    ("get", "/"),
    ("get", "/health"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/metrics"),
    ("get", "/api/status"),
    ("get", "/api/site"),
    ("post", "/api/users"),
    ("delete", "/api/users/me"),
    ("get", "/api/users/me/export"),
    ("get", "/api/users/me/rooms"),
    ("get", "/api/users/{id}/presence"),
    ("get", "/api/rooms"),
    ("post", "/api/rooms"),
    ("get", "/api/rooms/{id}"),
    ("get", "/api/rooms/{id}/members"),
    ("get", "/api/rooms/{id}/messages"),
    ("post", "/api/rooms/{id}/invite"),
    ("delete", "/api/rooms/{id}/invite"),
    ("get", "/docs"),
    ("get", "/openapi.json"),
    ("get", "/asyncapi.json"),
];

fn status(response: &str) -> u16 {
    response.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line")
}

fn body(response: &str) -> &str {
    response.split_once("\r\n\r\n").expect("head and body").1
}

/// What a JSON pointer of a document leads to, as a validator.
fn validator(document: &Value, pointer: &str) -> Validator {
    let schema = json!({
        "$ref": format!("#{pointer}"),
        "paths": document["paths"],
        "components": document["components"],
    });
    jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{pointer}: {error}"))
}

fn assert_fits(validator: &Validator, value: &Value) {
    let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{value}: {errors:?}");
}

/// Every `$ref` in a document.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_route_is_in_the_document_and_nothing_else() {
    let server = Server::start(settings()).await;
    let document = server.json("/openapi.json").await;
    let paths = document["paths"].as_object().unwrap();
    let described: BTreeSet<_> = paths
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| (method.as_str(), path.as_str()))
        })
        .collect();
    assert_eq!(described, BTreeSet::from(ROUTES));
    assert_eq!(server.json("/asyncapi.json").await["channels"]["ws"]["address"], "/ws");
    for (method, path) in described {
        let response = server.http(&format!("{} {path}", method.to_uppercase()), "").await;
        let is_lost = response.contains("there is nothing here") || status(&response) == 405;
        assert!(!is_lost, "{method} {path}: {response}");
    }
}

#[tokio::test]
async fn every_event_and_every_error_is_in_the_documents() {
    let server = Server::start(settings()).await;
    let document = server.json("/asyncapi.json").await;
    let operations = document["operations"].as_object().unwrap();
    for name in ClientEvent::NAMES {
        let operation = &operations[&format!("receive.{name}")];
        assert_eq!(operation["action"], "receive", "{name}");
        assert!(operation["reply"]["messages"].as_array().is_some_and(|acks| acks.len() == 2));
    }
    for name in ServerEvent::NAMES {
        let operation = &operations[&format!("send.{name}")];
        assert_eq!(operation["x-numbered"], ServerEvent::NUMBERED.contains(&name), "{name}");
    }
    assert_eq!(operations.len(), ClientEvent::NAMES.len() + ServerEvent::NAMES.len());
    let openapi = server.json("/openapi.json").await;
    for document in [&document, &openapi] {
        let codes = document["components"]["schemas"]["ErrorCode"]["oneOf"].as_array().unwrap();
        let codes: Vec<_> = codes.iter().map(|code| code["const"].as_str().unwrap()).collect();
        assert_eq!(codes, ErrorCode::ALL.map(ErrorCode::as_str));
        let mut found = BTreeSet::new();
        references(document, &mut found);
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("within the document");
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
        assert_eq!(document["x-limits"]["message_chars"]["value"], 20);
    }
}

#[tokio::test]
async fn golden_frames_fit_the_document() {
    let server = Server::start(settings()).await;
    let document = server.json("/asyncapi.json").await;
    let message =
        |name: &str| validator(&document, &format!("/components/messages/{name}/payload"));
    let cases = |text| {
        let fixture: Value = serde_json::from_str(text).unwrap();
        fixture["cases"].as_array().unwrap().clone()
    };
    let mut fitted = 0;
    for case in cases(include_str!("../../protocol/fixtures/client.json")) {
        if case["valid"] == true {
            let frame = &case["frame"];
            assert_fits(&message(&format!("client.{}", frame["event"].as_str().unwrap())), frame);
            fitted += 1;
        }
    }
    for case in cases(include_str!("../../protocol/fixtures/server.json")) {
        let frame = &case["frame"];
        match frame["event"].as_str() {
            Some(name) => assert_fits(&message(&format!("server.{name}")), frame),
            None if frame.get("error").is_some() => assert_fits(&message("ack.error"), frame),
            None => {
                let mut names = ClientEvent::NAMES.iter();
                let is_one = names.any(|name| message(&format!("ack.{name}")).is_valid(frame));
                assert!(is_one, "{frame}");
            }
        }
        fitted += 1;
    }
    assert!(fitted > 60, "only {fitted} frames were there");
}

#[tokio::test]
async fn acks_fit_the_document() {
    let server = Server::start(settings()).await;
    let document = server.json("/asyncapi.json").await;
    let mut ada = server.client().await;
    let mut ben = server.client().await;
    support::meet(&mut ada, &mut ben).await;
    let room = support::group(&server, ada.welcome["token"].as_str().unwrap()).await;
    for (event, data) in [
        ("join-room", json!({"roomId": room})),
        ("newMessage", json!({"roomId": room, "message": "hi"})),
        ("newMessage", json!({"message": "hi"})),
        ("typing", json!({"typing": true})),
        ("negotiation-call-offer", json!({"offer": {}})),
        ("read", json!({"roomId": room, "seq": 1})),
        ("history", json!({"roomId": room})),
        ("leave-room", json!({"roomId": room})),
        ("stop-call", json!({})),
        ("heartbeat", json!({})),
        ("request-room", json!({})),
        ("cancel-request", json!({})),
    ] {
        let ack = ada.ask(event, data).await;
        let pointer = format!("/components/messages/ack.{event}/payload");
        assert_fits(&validator(&document, &pointer), &ack);
    }
    ada.ask("join-room", json!({"roomId": room})).await;
    let said = ada.ask("newMessage", json!({"roomId": room, "message": "helo"})).await;
    let path = format!("/api/rooms/{room}/messages");
    for event in ["edit-message", "delete-message"] {
        let id = &said["data"]["messageId"];
        let data = json!({"roomId": room, "messageId": id, "message": "hello"});
        let ack = ada.ask(event, data).await;
        let pointer = format!("/components/messages/ack.{event}/payload");
        assert_fits(&validator(&document, &pointer), &ack);
        let ack = ada.ask("history", json!({"roomId": room, "limit": 1})).await;
        let pointer = "/components/messages/ack.history/payload";
        assert_fits(&validator(&document, pointer), &ack);
        let page = server.json(&format!("{path}?limit=1")).await;
        assert_eq!(page, ack["data"]);
        let pointer = "/paths/~1api~1rooms~1%7Bid%7D~1messages/get/responses/200/content/application~1json/schema";
        assert_fits(&validator(&server.json("/openapi.json").await, pointer), &page);
    }
    let refused = ada.ask("newMessage", json!({"message": ""})).await;
    assert_fits(&validator(&document, "/components/messages/ack.error/payload"), &refused);
}

#[tokio::test]
async fn answers_of_rest_fit_the_document() {
    let server = Server::start(settings()).await;
    let document = server.json("/openapi.json").await;
    let mut answers = Vec::new();
    for path in ["/health", "/api/status", "/api/site"] {
        answers.push(("get", path, server.http(&format!("GET {path}"), "").await));
    }
    let json = "Content-Type: application/json; charset=utf-8\r\n";
    let post = |length: usize| format!("{json}Content-Length: {length}\r\n");
    for text in ["{}", "{\"name\":\"Ada\"}", "{\"name\":7}", "[]", "{", "{\"name\":\"123456789\"}"]
    {
        let response = server.http_with_body("POST /api/users", &post(text.len()), text).await;
        answers.push(("post", "/api/users", response));
    }
    answers.push(("post", "/api/users", server.http("POST /api/users", "").await));
    let long = format!("{{\"name\":\"{}\"}}", "x".repeat(5_000));
    let response = server.http_with_body("POST /api/users", &post(long.len()), &long).await;
    answers.push(("post", "/api/users", response));
    let text = "Content-Type: text/plain\r\nContent-Length: 2\r\n";
    let response = server.http_with_body("POST /api/users", text, "{}").await;
    answers.push(("post", "/api/users", response));
    answers.push(("post", "/api/rooms", server.http("POST /api/rooms", &post(0)).await));
    let mut seen = BTreeSet::new();
    for (method, path, response) in &answers {
        let status = status(response);
        seen.insert(status);
        let operation = format!("/paths/{}/{method}/responses/{status}", path.replace('/', "~1"));
        let content = document.pointer(&operation).unwrap_or_else(|| panic!("{operation}"));
        let (media, _) = content["content"].as_object().unwrap().iter().next().unwrap();
        assert!(response.contains(&format!("content-type: {media}")), "{response}");
        let pointer = format!("{operation}/content/{}/schema", media.replace('/', "~1"));
        let value = serde_json::from_str(body(response)).unwrap();
        assert_fits(&validator(&document, &pointer), &value);
    }
    assert_eq!(seen, BTreeSet::from([200, 201, 400, 401, 413, 415]));
}

#[tokio::test]
async fn bodies_are_taken_as_the_document_says() {
    let server = Server::start(settings()).await;
    for (capacity, is_whole) in [("3", true), ("3.0", true), ("3e0", true), ("2.5", false)] {
        let body = format!("{{\"kind\":\"group\",\"public\":true,\"capacity\":{capacity}}}");
        let (_, token) = server.user("Ada").await;
        let (status, made) = server.rest("POST /api/rooms", Some(&token), &body).await;
        assert_eq!(status, if is_whole { 201 } else { 400 }, "{capacity}: {made}");
        assert_eq!(made["field"] == "capacity", !is_whole, "{made}");
    }
    // White space is no JSON, and not nothing either.
    for body in ["\t", " ", "\r\n"] {
        let (status, refused) = server.rest("POST /api/users", None, body).await;
        assert_eq!(status, 400, "{body:?}: {refused}");
    }
}

#[tokio::test]
async fn methods_that_a_route_does_not_know_are_told_which_it_does() {
    let server = Server::start(settings()).await;
    for (path, allow) in [
        ("/health", "GET,HEAD"),
        ("/api/status", "GET,HEAD"),
        ("/api/users", "POST"),
        ("/api/rooms", "GET,HEAD,POST"),
        ("/metrics", "GET,HEAD"),
        ("/docs", "GET,HEAD"),
        ("/openapi.json", "GET,HEAD"),
        ("/", "GET,HEAD"),
    ] {
        for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
            let response = server.http(&format!("{method} {path}"), "").await;
            assert_eq!(status(&response), 405, "{method} {path}: {response}");
            assert!(response.contains(&format!("allow: {allow}\r\n")), "{method}: {response}");
            assert!(response.contains("content-type: application/problem+json"), "{response}");
        }
    }
    let head = server.http("HEAD /api/status", "").await;
    assert!(status(&head) == 200 && body(&head).is_empty(), "{head}");
    let origin = format!("Origin: http://{}\r\n", server.address);
    let asks = format!("{origin}Access-Control-Request-Method: POST\r\n");
    let preflight = server.http("OPTIONS /api/rooms", &asks).await;
    assert_eq!(status(&preflight), 200, "{preflight}");
    assert!(preflight.contains("access-control-allow-methods: GET,POST"), "{preflight}");
}

#[tokio::test]
async fn who_has_no_token_is_told_how_to_say_who_they_are() {
    let server = Server::start(settings()).await;
    for header in ["", "Authorization: Bearer nonsense\r\n", "Authorization: Basic YTpi\r\n"] {
        let response = server.http("POST /api/rooms", header).await;
        assert_eq!(status(&response), 401, "{response}");
        assert!(response.contains("www-authenticate: Bearer\r\n"), "{response}");
    }
}

#[tokio::test]
async fn documents_are_sent_once_and_say_the_limits_in_force() {
    let limits = Limits { name_chars: 11, ..Limits::for_testing() };
    let server = Server::start(with_limits(limits)).await;
    for path in ["/openapi.json", "/asyncapi.json", "/docs"] {
        let response = server.http(&format!("GET {path}"), "").await;
        assert_eq!(status(&response), 200, "{path}");
        let etag = response.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
        let again = format!("If-None-Match: W/\"x\", {etag}\r\n");
        let again = server.http(&format!("GET {path}"), &again).await;
        assert!(status(&again) == 304 && body(&again).is_empty(), "{again}");
    }
    let document = server.json("/openapi.json").await;
    let pattern = &document["components"]["schemas"]["NewUser"]["properties"]["name"]["pattern"];
    assert!(pattern.as_str().is_some_and(|pattern| pattern.contains("{0,11}")), "{pattern}");
}

#[tokio::test]
async fn the_page_of_the_documents_needs_nothing_but_itself() {
    let server = Server::start(settings()).await;
    let response = server.http("GET /docs", "").await;
    let policy = response.lines().find_map(|line| line.strip_prefix("content-security-policy: "));
    let policy = policy.unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(response.matches("content-security-policy:").count(), 1);
    let page = body(&response);
    for what in ["<script", "src=", "<link", "@import", "url(", " style=", "http://", "https://"] {
        assert!(!page.contains(what), "the page has {what}");
    }
    for name in ClientEvent::NAMES {
        assert!(page.contains(&format!("id=\"receive.{name}\"")), "{name}");
    }
    for name in ServerEvent::NAMES {
        assert!(page.contains(&format!("id=\"send.{name}\"")), "{name}");
    }
    for (_, path) in ROUTES {
        assert!(page.contains(&format!(" {path}</code></h3>")), "{path}");
    }
    let mut links = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
    let lost = links.find(|target| !page.contains(&format!("id=\"{target}\"")));
    assert_eq!(lost, None, "every link of the page leads somewhere");
}
