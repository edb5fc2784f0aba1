//! What a route is for, in the words of OpenAPI: what it takes, what it answers, and what it refuses
//! with which code. The document is made from these, and the router from the same table.

use axum::http::StatusCode;
use liveloop_protocol::{
    ErrorCode, Limits,
    schema::{Draft, Schemas},
};
use schemars::JsonSchema;
use serde_json::Value;

/// Puts a type's schema where it belongs, and gives a reference to it.
pub(super) type SchemaOf = fn(&mut Schemas) -> Value;

/// A type's own schema, with these limits.
pub(super) type QueryOf = fn(&Limits) -> Value;

pub(super) const JSON: &str = "application/json";
pub(super) const HTML: &str = "text/html";
pub(super) const TEXT: &str = "text/plain";

/// One method of one path.
#[derive(Debug)]
pub(super) struct Operation {
    /// Unique, for generated clients.
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    /// Whether it is a visitor's, by `Authorization: Bearer TOKEN`.
    pub(super) is_bearer: bool,
    /// Whether it may be somebody's and need not.
    pub(super) may_be_bearer: bool,
    /// What stands in the path, each with its meaning.
    pub(super) path: Vec<(&'static str, &'static str)>,
    /// A type of which each field may stand in the query.
    pub(super) query: Option<QueryOf>,
    pub(super) body: Option<SchemaOf>,
    /// Whether something must be in it.
    pub(super) is_body_required: bool,
    pub(super) answers: Vec<Answer>,
    pub(super) refusals: Vec<(StatusCode, Vec<ErrorCode>)>,
}

/// A response that is no problem.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) meaning: &'static str,
    /// Its media type, and its schema where that is JSON; none where there is no body.
    pub(super) content: Option<(&'static str, Option<SchemaOf>)>,
}

impl Operation {
    pub(super) fn new(id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            summary,
            is_bearer: false,
            may_be_bearer: false,
            path: Vec::new(),
            query: None,
            body: None,
            is_body_required: false,
            answers: Vec::new(),
            refusals: Vec::new(),
        }
    }

    /// For whoever holds a token.
    pub(super) fn bearer(mut self) -> Self {
        self.is_bearer = true;
        self.asks_who()
    }

    /// For whoever holds a token, and for others what is public.
    pub(super) fn maybe_bearer(mut self) -> Self {
        self.may_be_bearer = true;
        self.asks_who()
    }

    fn asks_who(self) -> Self {
        self.refuses(StatusCode::UNAUTHORIZED, &[ErrorCode::BadToken])
            .refuses(StatusCode::FORBIDDEN, &[ErrorCode::Banned])
            .looks_up()
    }

    /// Looks into a store.
    pub(super) fn looks_up(self) -> Self {
        self.refuses(StatusCode::SERVICE_UNAVAILABLE, &[ErrorCode::StoreUnavailable])
    }

    /// Names an id in its path.
    pub(super) fn path(mut self, name: &'static str, meaning: &'static str) -> Self {
        self.path.push((name, meaning));
        self
    }

    /// Takes what `T` has as its fields in the query.
    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(|limits| {
            let mut schemas = Schemas::new(Draft::TwentyTwenty);
            schemas.read::<T>();
            let mut definitions = schemas.into_definitions(limits);
            definitions.get_mut(T::schema_name().as_ref()).map(Value::take).unwrap_or_default()
        });
        self.refuses(StatusCode::BAD_REQUEST, &[ErrorCode::BadPayload])
    }

    /// Takes a JSON object, which may be left out where no field of it is required.
    pub(super) fn takes<T: JsonSchema>(mut self) -> Self {
        self.body = Some(Schemas::read::<T>);
        let bad = [ErrorCode::BadPayload, ErrorCode::TooLong];
        self.refuses(StatusCode::BAD_REQUEST, &bad)
            .refuses(StatusCode::REQUEST_TIMEOUT, &[ErrorCode::TooLong])
            .refuses(StatusCode::PAYLOAD_TOO_LARGE, &[ErrorCode::TooLong])
            .refuses(StatusCode::UNSUPPORTED_MEDIA_TYPE, &[ErrorCode::BadPayload])
    }

    /// And something must be in it.
    pub(super) fn body_required(mut self) -> Self {
        self.is_body_required = true;
        self
    }

    /// Answers with JSON.
    pub(super) fn answers<T: JsonSchema>(self, status: StatusCode, meaning: &'static str) -> Self {
        self.with(Answer { status, meaning, content: Some((JSON, Some(Schemas::written::<T>))) })
    }

    /// Answers with something that has no schema.
    pub(super) fn answers_as(
        self,
        status: StatusCode,
        media: &'static str,
        meaning: &'static str,
    ) -> Self {
        self.with(Answer { status, meaning, content: Some((media, None)) })
    }

    /// Answers with nothing but the status.
    pub(super) fn answers_nothing(self, status: StatusCode, meaning: &'static str) -> Self {
        self.with(Answer { status, meaning, content: None })
    }

    /// A file with an `ETag`, of which nothing is sent again where it has not changed.
    pub(super) fn serves_file(self, media: &'static str, meaning: &'static str) -> Self {
        let meaning_304 = "It is the one that `If-None-Match` names.";
        let unchanged =
            Answer { status: StatusCode::NOT_MODIFIED, meaning: meaning_304, content: None };
        self.answers_as(StatusCode::OK, media, meaning).with(unchanged)
    }

    fn with(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// Refuses with one of these codes.
    pub(super) fn refuses(mut self, status: StatusCode, codes: &[ErrorCode]) -> Self {
        self.add_refusal(status, codes);
        self
    }

    pub(super) fn add_refusal(&mut self, status: StatusCode, codes: &[ErrorCode]) {
        match self.refusals.iter_mut().find(|(known, _)| *known == status) {
            Some((_, known)) => known.extend(codes),
            None => self.refusals.push((status, codes.to_vec())),
        }
    }
}
