//! The schemas say neither more nor less than the decoder and the encoder.

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    ClientEvent, ClientFrame, ErrorCode, ServerEvent,
    tests::{any_json, fixture},
};

/// The payload of each client event as a validator, with the limits of tests.
fn client_payloads(draft: Draft) -> Vec<(&'static str, Validator)> {
    let mut schemas = Schemas::new(draft);
    let events = client_events(&mut schemas);
    let definitions = schemas.into_definitions(&Limits::for_testing());
    let events = events.into_iter();
    events.map(|event| (event.name, validator(draft, &event.payload, &definitions))).collect()
}

fn validator(draft: Draft, schema: &Value, definitions: &Map<String, Value>) -> Validator {
    let whole = json!({"allOf": [schema], "components": {"schemas": definitions}});
    match draft {
        Draft::Seven => jsonschema::draft7::new(&whole),
        Draft::TwentyTwenty => jsonschema::draft202012::new(&whole),
    }
    .expect("it is a schema")
}

#[test]
fn every_event_is_there() {
    let mut schemas = Schemas::new(Draft::Seven);
    let said: Vec<_> = client_events(&mut schemas).iter().map(|event| event.name).collect();
    assert_eq!(said, ClientEvent::NAMES);
    let told: Vec<_> = server_events(&mut schemas).iter().map(|event| event.name).collect();
    assert_eq!(told, ServerEvent::NAMES);
}

#[test]
fn client_fixtures_are_judged_as_the_decoder_judges_them() {
    for draft in [Draft::Seven, Draft::TwentyTwenty] {
        let payloads = client_payloads(draft);
        for case in fixture(include_str!("../../fixtures/client.json")) {
            let named = payloads.iter().find(|(name, _)| case.frame["event"] == *name);
            let Some((_, payload)) = named else { continue };
            let data = case.frame.get("data").filter(|data| !data.is_null());
            let is_valid = payload.is_valid(data.unwrap_or(&json!({})));
            // How deep a value may be no schema can say.
            let is_beyond = case.name.ends_with("too deep");
            let is_envelope = case.error.as_deref() == Some("bad-frame");
            assert!(is_valid == case.valid || is_beyond || is_envelope, "{}", case.name);
        }
    }
}

#[test]
fn server_fixtures_fit_their_schemas() {
    let mut schemas = Schemas::new(Draft::Seven);
    let events = server_events(&mut schemas);
    let acks = client_events(&mut schemas);
    let error = schemas.written::<crate::ErrorBody<'static>>();
    let definitions = schemas.into_definitions(&Limits::for_testing());
    let fits = |schema: &Value, data: &Value| {
        let validator = validator(Draft::Seven, schema, &definitions);
        validator.iter_errors(data).map(|error| error.to_string()).collect::<Vec<_>>()
    };
    for case in fixture(include_str!("../../fixtures/server.json")) {
        let frame = &case.frame;
        if let Some(event) = events.iter().find(|event| frame["event"] == event.name) {
            let payloads = json!({"anyOf": event.payloads});
            assert_eq!(fits(&payloads, &frame["data"]), [""; 0], "{}", case.name);
            assert_eq!(frame.get("n").is_some(), event.is_numbered, "{}", case.name);
        } else if frame.get("error").is_some() {
            assert_eq!(fits(&error, &frame["error"]), [""; 0], "{}", case.name);
        } else {
            let is_one = acks.iter().any(|event| fits(&event.ack, &frame["data"]).is_empty());
            assert!(is_one, "{}", case.name);
        }
    }
}

#[test]
fn a_schema_has_the_limits_that_are_in_force() {
    let bounds = |limits: &Limits| {
        let mut schemas = Schemas::new(Draft::TwentyTwenty);
        client_events(&mut schemas);
        schemas.into_definitions(limits)
    };
    let some = bounds(&Limits::for_testing());
    assert_eq!(some["RequestRoom"]["properties"]["interests"]["maxItems"], 3);
    let none = Limits { name_chars: 0, image_bytes: 0, interests: 0, ..Limits::for_testing() };
    let none = bounds(&none);
    assert!(none["Hello"]["properties"]["name"].get("pattern").is_none());
    assert!(none["RequestRoom"]["properties"]["userImage"].get("maxLength").is_none());
    let named = limits_in_force(&Limits::for_testing());
    let (_, value, text) = named.iter().find(|(name, ..)| name == "message_chars").unwrap();
    assert_eq!(*value, 20);
    assert!(text.contains("Unicode scalar values"), "{text}");
}

/// Texts of just about the lengths that are allowed, with white space and what names may not hold.
fn edgy_text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => Just('x'),
        1 => Just(' '),
        1 => Just('\u{3000}'),
        1 => Just('\n'),
        1 => Just('\u{0}'),
        1 => Just('\u{202e}'),
        1 => Just('e'),
        1 => Just('\u{301}'),
        1 => Just('\u{1f600}'),
    ];
    prop::collection::vec(character, 0..26).prop_map(|characters| characters.into_iter().collect())
}

/// Payloads that are right but for one text, as a rule.
fn nearly_right() -> impl Strategy<Value = (&'static str, Value)> {
    let whole = prop_oneof![Just(-1_i64), Just(0), Just(1), Just(200), Just(201), any::<i64>()];
    let number = prop_oneof![
        2 => whole.prop_map(Value::from),
        // `200.0` is as whole as `200`, and `200.5` is not.
        1 => (-2..410_i32).prop_map(|halves| Value::from(f64::from(halves) / 2.0)),
    ];
    let field = |event: &'static str, make: fn(String) -> Value| {
        edgy_text().prop_map(move |text| (event, make(text)))
    };
    prop_oneof![
        field("newMessage", |text| json!({"message": text})),
        field("edit-message", |text| json!({"roomId": "r", "messageId": "m", "message": text})),
        field("hello", |text| json!({"name": text})),
        field("request-room", |text| json!({"name": text, "interests": [text]})),
        field("request-room", |text| json!({"languages": [text, "en", "de"]})),
        (number.clone(), number.clone()).prop_map(|(before, limit)| {
            ("history", json!({"roomId": "r", "before": before, "limit": limit}))
        }),
        number
            .clone()
            .prop_map(|at| { ("history", json!({"roomId": "r", "before": at, "after": at})) }),
        number.prop_map(|seq| ("read", json!({"roomId": "r", "seq": seq}))),
        prop::collection::vec(edgy_text(), 0..5)
            .prop_map(|ids| ("watch-presence", json!({"userIds": ids}))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_payload_that_fits_is_taken_and_one_that_does_not_is_refused(
        (name, data) in prop_oneof![
            nearly_right(),
            (0..ClientEvent::NAMES.len(), any_json())
                .prop_map(|(index, data)| (ClientEvent::NAMES[index], data)),
        ],
    ) {
        thread_local! {
            static PAYLOADS: Vec<(&'static str, Validator)> = client_payloads(Draft::TwentyTwenty);
        }
        let is_valid = PAYLOADS.with(|payloads| {
            let (_, payload) = payloads.iter().find(|(each, _)| *each == name).unwrap();
            // Nothing counts as an empty object.
            let nothing = Value::Object(Map::new());
            payload.is_valid(if data.is_null() { &nothing } else { &data })
        });
        let frame = json!({"event": name, "data": data}).to_string();
        match ClientFrame::decode(&frame, &Limits::for_testing()) {
            Ok(_) => prop_assert!(is_valid, "{frame} is taken"),
            // Ids are bounded in bytes, which a schema cannot count.
            Err(refused) if refused.refusal.code == ErrorCode::TooLong => {
                let field = refused.refusal.field.unwrap_or_default();
                let is_id = field.ends_with("Id") || field == "to" || field == "clientId";
                prop_assert!(!is_valid || is_id, "{frame} is refused");
            }
            Err(_) => prop_assert!(!is_valid, "{frame} is refused"),
        }
    }
}
