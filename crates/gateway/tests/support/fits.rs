//! Holds every frame that a server sends in any of these tests against the schemas of the wire.

use std::sync::LazyLock;

use jsonschema::Validator;
use liveloop_protocol::{
    ErrorBody, Limits,
    schema::{Draft, Schemas, client_events, server_events},
};
use serde_json::{Value, json};

/// For each event its payload, and whether it has a number; then the data of acks, and errors.
struct Wire {
    events: Vec<(&'static str, Validator, bool)>,
    acks: Validator,
    errors: Validator,
}

static WIRE: LazyLock<Wire> = LazyLock::new(|| {
    let mut schemas = Schemas::new(Draft::TwentyTwenty);
    let events = server_events(&mut schemas);
    let acks: Vec<_> = client_events(&mut schemas).into_iter().map(|event| event.ack).collect();
    let error = schemas.written::<ErrorBody<'static>>();
    let definitions = schemas.into_definitions(&Limits::default());
    let validator = |any: Vec<Value>| {
        let whole = json!({"anyOf": any, "components": {"schemas": definitions}});
        jsonschema::draft202012::new(&whole).unwrap()
    };
    let events = events.into_iter();
    let events = events.map(|event| (event.name, validator(event.payloads), event.is_numbered));
    Wire { events: events.collect(), acks: validator(acks), errors: validator(vec![error]) }
});

pub fn assert_fits(frame: &Value) {
    let (schema, data) = match (frame["event"].as_str(), frame.get("error")) {
        (Some(name), _) => {
            let known = WIRE.events.iter().find(|(each, ..)| *each == name);
            let (_, schema, is_numbered) = known.unwrap_or_else(|| panic!("no event: {frame}"));
            assert_eq!(frame.get("n").is_some(), *is_numbered, "numbered or not: {frame}");
            (schema, &frame["data"])
        }
        (None, Some(error)) => (&WIRE.errors, error),
        (None, None) => (&WIRE.acks, &frame["data"]),
    };
    let errors: Vec<_> = schema.iter_errors(data).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{frame} is not as it is documented: {errors:?}");
}
