//! `/openapi.json`: the REST interface in OpenAPI 3.1.

use axum::http::StatusCode;
use liveloop_protocol::{
    ErrorCode, Limits,
    schema::{Draft, Schemas, limits_in_force},
};
use serde_json::{Map, Value, json};

use crate::{
    http::{
        Problem,
        operation::{Answer, JSON, Operation},
        routes::Route,
    },
    settings::Settings,
};

const ABOUT: &str = "What of Live Loop is not live. What is live goes over the WebSocket at `/ws`, which \
    [/asyncapi.json](/asyncapi.json) describes.\n\nErrors are problem documents (RFC 9457) whose \
    `code` says what to do; it is the same as on the WebSocket. A request over a limit is \
    `rate-limited` and says in `Retry-After` and `retryAfterMs` when to come again. Unknown fields \
    are ignored; `null` in an optional field counts as absent. Every path that answers GET answers \
    HEAD; any other method is answered with 405 and `Allow`.";

pub(super) fn document(settings: &Settings, routes: &[Route]) -> Value {
    let mut schemas = Schemas::new(Draft::TwentyTwenty);
    let mut paths = Map::new();
    for route in routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        let described = operation(&route.operation, &mut schemas, &settings.limits);
        path[route.method.as_str().to_lowercase()] = described;
    }
    let limits: Map<String, Value> = limits_in_force(&settings.limits)
        .into_iter()
        .map(|(name, value, text)| (name, json!({"value": value, "description": text})))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Live Loop",
            "version": settings.version,
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This node"}],
        "externalDocs": {"url": "/asyncapi.json", "description": "The WebSocket"},
        "tags": [
            {"name": "visitors", "description": "Who somebody is."},
            {"name": "rooms", "description": "Conversations that last."},
            {"name": "node", "description": "How this node is."},
            {"name": "documents", "description": "The page, and these documents."},
        ],
        "paths": paths,
        "components": {
            "schemas": schemas.into_definitions(&settings.limits),
            "securitySchemes": {"token": {
                "type": "http",
                "scheme": "bearer",
                "description": "The token of a visitor, from `welcome` or `POST /api/users`.",
            }},
        },
        "x-limits": limits,
    })
}

fn operation(operation: &Operation, schemas: &mut Schemas, limits: &Limits) -> Value {
    let mut responses = Map::new();
    for answer in &operation.answers {
        responses.insert(answer.status.as_str().into(), response(answer, schemas));
    }
    for (status, codes) in &operation.refusals {
        responses.insert(status.as_str().into(), refusal(*status, codes, schemas));
    }
    let mut document = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "responses": responses,
    });
    if operation.is_bearer {
        document["security"] = json!([{"token": []}]);
    } else if operation.may_be_bearer {
        document["security"] = json!([{"token": []}, {}]);
    }
    let parameters = parameters(operation, limits);
    if !parameters.is_empty() {
        document["parameters"] = parameters.into();
    }
    if let Some(body) = operation.body {
        let content = json!({JSON: {"schema": body(schemas)}});
        let is_required = operation.is_body_required;
        document["requestBody"] = json!({"required": is_required, "content": content});
    }
    document
}

fn parameters(operation: &Operation, limits: &Limits) -> Vec<Value> {
    let in_path = operation.path.iter().map(|(name, meaning)| {
        let schema = json!({"type": "string", "minLength": 1});
        json!({"name": name, "in": "path", "required": true, "description": meaning, "schema": schema})
    });
    let query = operation.query.map(|query| query(limits)).unwrap_or_default();
    let fields = query["properties"].as_object().into_iter().flatten();
    let fields = fields.map(|(name, field)| {
        let mut schema = field.clone();
        if let Some(keywords) = schema.as_object_mut() {
            // A query has no word for nothing: there, what is absent is left out.
            if let Some(kinds) = keywords.get("type").and_then(Value::as_array) {
                let kind = kinds.iter().find(|kind| *kind != "null").cloned();
                keywords.insert("type".into(), kind.unwrap_or_default());
            }
        }
        (name.clone(), schema)
    });
    // Fields that exclude each other only an object of them can describe; it is sent as they are.
    if !query["not"].is_null() {
        let fields: Map<String, Value> = fields.collect();
        let schema = json!({"type": "object", "properties": fields, "not": query["not"]});
        let meaning = &query["description"];
        let whole = json!({
            "name": "asked", "in": "query", "style": "form", "explode": true, "required": false,
            "description": meaning, "schema": schema,
        });
        return in_path.chain([whole]).collect();
    }
    let in_query = fields.map(|(name, mut schema)| {
        let meaning = schema["description"].take();
        if let Some(keywords) = schema.as_object_mut() {
            keywords.remove("description");
        }
        json!({"name": name, "in": "query", "required": false, "description": meaning, "schema": schema})
    });
    in_path.chain(in_query).collect()
}

fn response(answer: &Answer, schemas: &mut Schemas) -> Value {
    let Some((media, schema)) = answer.content else {
        return json!({"description": answer.meaning});
    };
    let schema = match schema {
        Some(schema) => schema(schemas),
        None if media == JSON => json!({"type": "object"}),
        None => json!({"type": "string"}),
    };
    json!({"description": answer.meaning, "content": {media: {"schema": schema}}})
}

fn refusal(status: StatusCode, codes: &[ErrorCode], schemas: &mut Schemas) -> Value {
    let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    let which = json!({
        "properties": {"status": {"const": status.as_u16()}, "code": {"enum": names}},
    });
    let schema = json!({"allOf": [schemas.written::<Problem>(), which]});
    let named: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let mut response = json!({
        "description": format!("Refused: {}.", named.join(" or ")),
        "content": {"application/problem+json": {"schema": schema}},
    });
    let header = |meaning: &str, schema: &Value| json!({"description": meaning, "schema": schema});
    response["headers"] = match status {
        StatusCode::UNAUTHORIZED => json!({
            "WWW-Authenticate": header("How to say who one is.", &json!({"const": "Bearer"})),
        }),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => json!({
            "Retry-After": header(
                "Seconds until it will do, where that is known.",
                &json!({"type": "integer", "minimum": 1}),
            ),
        }),
        _ => return response,
    };
    response
}
