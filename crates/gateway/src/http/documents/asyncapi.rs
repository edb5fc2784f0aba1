//! `/asyncapi.json`: the WebSocket and its events in AsyncAPI 3, seen from the node: what it receives,
//! with the ack that replies to it, and what it sends.

use liveloop_protocol::{
    ErrorBody,
    schema::{
        ClientSchema, Draft, Schemas, ServerSchema, client_events, limits_in_force, server_events,
    },
};
use serde_json::{Map, Value, json};

use crate::{close::CloseReason, settings::Settings};

/// The largest integer that every JSON reader keeps exactly (RFC 8259, section 6).
const NUMBER_MAX: u64 = (1 << 53) - 1;

const ABOUT: &str = "Live Loop over a plain WebSocket, in text frames of JSON. What is not live goes by \
    REST, which [/openapi.json](/openapi.json) describes.\n\nA client says \
    `{\"event\":NAME,\"data\":{…},\"ref\":N?}`. With `ref`, which must rise, it is answered once, by \
    `{\"ack\":N,\"data\":{…}}` or `{\"ack\":N,\"error\":{…}}`; without, success is silent and a refusal \
    comes as an `error` event. The server says `{\"event\":NAME,\"data\":{…},\"n\":K?}`; `n` numbers, \
    from 1, the events of a session that must not be lost. `hello` with the `resume` of the last \
    `welcome` and the last `n` as `after` goes on with a lost session, and what was missed is sent \
    again. Unknown fields are ignored; `null` in an optional field counts as absent. A malformed frame \
    gets its error and changes nothing.";

pub(super) fn document(settings: &Settings) -> Value {
    let mut schemas = Schemas::new(Draft::Seven);
    let mut messages = Map::new();
    let mut operations = Map::new();
    for event in client_events(&mut schemas) {
        let (said, ack) = (format!("client.{}", event.name), format!("ack.{}", event.name));
        operations.insert(format!("receive.{}", event.name), receives(&event, &said, &ack));
        messages.insert(ack, ack_of(&event));
        messages.insert(said, said_by_client(&event));
    }
    for event in server_events(&mut schemas) {
        let told = format!("server.{}", event.name);
        operations.insert(format!("send.{}", event.name), sends(&event, &told));
        messages.insert(told, said_by_server(event));
    }
    messages.insert(REFUSED.into(), refusal(&mut schemas));
    let references: Map<String, Value> = messages
        .keys()
        .map(|name| (name.clone(), json!({"$ref": format!("#/components/messages/{name}")})))
        .collect();
    let limits: Map<String, Value> = limits_in_force(&settings.limits)
        .into_iter()
        .map(|(name, value, text)| (name, json!({"value": value, "description": text})))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Live Loop",
            "version": settings.version,
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"node": server(settings)},
        "channels": {"ws": {
            "address": "/ws",
            "title": "One visitor's connection",
            "description": "The node greets with `welcome` at once, or with `?hello=1` after a \
                `hello`, which must then come within 5 seconds. A page's `Origin` must be allowed.",
            "messages": references,
            "bindings": {"ws": {
                "method": "GET",
                "query": {"type": "object", "properties": {"hello": {"type": "string", "enum": ["1"]}}},
            }},
            "x-close-codes": close_codes(),
        }},
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": schemas.into_definitions(&settings.limits),
            "securitySchemes": {"token": {
                "type": "http",
                "scheme": "bearer",
                "description": "Not in a header, for browsers set none: the token goes into `hello`. \
                    Without one the visitor is new, and gets theirs in `welcome`.",
            }},
        },
        "x-limits": limits,
    })
}

const REFUSED: &str = "ack.error";

fn server(settings: &Settings) -> Value {
    let security = json!([{"$ref": "#/components/securitySchemes/token"}]);
    match settings.public_url.as_deref().and_then(|url| url.split_once("://")) {
        Some((scheme, host)) => {
            let protocol = if scheme == "https" { "wss" } else { "ws" };
            let host = host.trim_end_matches('/');
            json!({"host": host, "protocol": protocol, "security": security})
        }
        None => json!({
            "host": "{host}",
            "protocol": "ws",
            "description": "`wss` where the page is https.",
            "variables": {"host": {"default": "localhost:8000"}},
            "security": security,
        }),
    }
}

/// Every code with which the node closes, once, with its reasons.
fn close_codes() -> Value {
    let mut codes = Map::new();
    for reason in CloseReason::ALL {
        if let Some(code) = reason.code() {
            codes.insert(code.to_string(), reason.as_str().into());
        }
    }
    codes.into()
}

fn on_channel(message: &str) -> Value {
    json!({"$ref": format!("#/channels/ws/messages/{message}")})
}

fn receives(event: &ClientSchema, said: &str, ack: &str) -> Value {
    json!({
        "action": "receive",
        "channel": {"$ref": "#/channels/ws"},
        "summary": event.effect,
        "messages": [on_channel(said)],
        "reply": {
            "channel": {"$ref": "#/channels/ws"},
            "messages": [on_channel(ack), on_channel(REFUSED)],
        },
    })
}

fn sends(event: &ServerSchema, told: &str) -> Value {
    json!({
        "action": "send",
        "channel": {"$ref": "#/channels/ws"},
        "summary": event.meaning,
        "messages": [on_channel(told)],
        "x-numbered": event.is_numbered,
    })
}

fn number(meaning: &str) -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": NUMBER_MAX, "description": meaning})
}

fn said_by_client(event: &ClientSchema) -> Value {
    json!({
        "name": event.name,
        "title": format!("{} (client)", event.name),
        "summary": event.effect,
        "payload": {
            "type": "object",
            "required": ["event"],
            "properties": {
                "event": {"const": event.name},
                "data": event.payload,
                "ref": number("Where present, the frame is answered once, with this number."),
            },
        },
    })
}

fn said_by_server(event: ServerSchema) -> Value {
    let mut payloads = event.payloads;
    let data = if payloads.len() == 1 { payloads.remove(0) } else { json!({"anyOf": payloads}) };
    let mut payload = json!({
        "type": "object",
        "required": ["event", "data"],
        "properties": {"event": {"const": event.name}, "data": data},
    });
    if event.is_numbered {
        payload["required"] = json!(["event", "data", "n"]);
        payload["properties"]["n"] = number("Its number in this session.");
    } else {
        payload["not"] = json!({"required": ["n"]});
    }
    json!({
        "name": event.name,
        "title": format!("{} (server)", event.name),
        "summary": event.meaning,
        "payload": payload,
        "x-numbered": event.is_numbered,
    })
}

fn ack_of(event: &ClientSchema) -> Value {
    json!({
        "name": format!("ack of {}", event.name),
        "summary": "It is done.",
        "payload": {
            "type": "object",
            "required": ["ack", "data"],
            "properties": {"ack": number("The `ref` that is answered."), "data": event.ack},
        },
    })
}

fn refusal(schemas: &mut Schemas) -> Value {
    json!({
        "name": "ack with an error",
        "summary": "It is refused, and the state is as before.",
        "payload": {
            "type": "object",
            "required": ["ack", "error"],
            "properties": {
                "ack": number("The `ref` that is answered."),
                "error": schemas.written::<ErrorBody<'static>>(),
            },
        },
    })
}
