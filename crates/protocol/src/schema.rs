//! JSON Schemas of the wire (drafts 7 and 2020-12), made from the very types that are read and
//! written, with the limits of one node in them.
//!
//! Knows the words of each event and of its ack. What a document around them looks like is the
//! gateway's affair.

mod bounds;
mod events;

use schemars::{
    JsonSchema, SchemaGenerator,
    generate::{Contract, SchemaSettings},
};
use serde_json::{Map, Value};

use crate::{Limits, LimitsTold};

pub use events::{ClientSchema, ServerSchema, client_events, server_events};

/// Which JSON Schema the reader of a document understands.
#[derive(Clone, Copy, Debug)]
pub enum Draft {
    /// Draft 7, as AsyncAPI 3 has it.
    Seven,
    /// 2020-12, as OpenAPI 3.1 has it.
    TwentyTwenty,
}

/// Schemas that refer to each other, for one document that keeps them in `/components/schemas`.
#[derive(Debug)]
pub struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Schemas {
    /// None yet.
    #[must_use]
    pub fn new(draft: Draft) -> Self {
        let generator = |contract| {
            let settings = match draft {
                Draft::Seven => SchemaSettings::draft07(),
                Draft::TwentyTwenty => SchemaSettings::draft2020_12(),
            };
            let here = |settings: &mut SchemaSettings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
                settings.contract = contract;
            };
            settings.with(here).into_generator()
        };
        Self { read: generator(Contract::Deserialize), written: generator(Contract::Serialize) }
    }

    /// A reference to how `T` is read, from whoever sends it.
    pub fn read<T: JsonSchema>(&mut self) -> Value {
        self.read.subschema_for::<T>().to_value()
    }

    /// A reference to how `T` is written.
    pub fn written<T: JsonSchema>(&mut self) -> Value {
        self.written.subschema_for::<T>().to_value()
    }

    /// What the references lead to, with `limits` where a type names one of them.
    ///
    /// # Panics
    /// Where a type is both read and written, and is not the same in both directions.
    #[must_use]
    pub fn into_definitions(mut self, limits: &Limits) -> Map<String, Value> {
        let mut definitions = self.read.take_definitions(true);
        let described = describe_limits_told(&mut self.written);
        for (name, definition) in self.written.take_definitions(true) {
            let before = definitions.insert(name.clone(), definition);
            let is_same = before.is_none_or(|before| before == definitions[&name]);
            assert!(is_same, "{name} is read otherwise than it is written");
        }
        if let Some(told) = definitions.get_mut(LimitsTold::schema_name().as_ref()) {
            told["properties"] = described;
        }
        definitions.values_mut().for_each(|definition| bounds::apply(definition, limits));
        definitions
    }
}

/// The properties of [`LimitsTold`], each described as the limit that it tells.
fn describe_limits_told(generator: &mut SchemaGenerator) -> Value {
    let mut told = LimitsTold::json_schema(generator).to_value();
    let limits = Limits::json_schema(generator).to_value();
    let mut properties = told["properties"].take();
    for (name, property) in properties.as_object_mut().into_iter().flatten() {
        property["description"] = limits["properties"][name]["description"].clone();
    }
    properties
}

/// Every limit in force: its name, its value (0 for none), and what it bounds.
///
/// # Panics
/// Never: limits are numbers with names.
#[must_use]
pub fn limits_in_force(limits: &Limits) -> Vec<(String, u64, String)> {
    let schema = schemars::schema_for!(Limits).to_value();
    let values = serde_json::to_value(limits).expect("limits are JSON");
    let values = values.as_object().into_iter().flatten();
    let described = values.map(|(name, value)| {
        let text = schema["properties"][name]["description"].as_str().unwrap_or_default();
        (name.clone(), value.as_u64().unwrap_or_default(), text.to_owned())
    });
    described.collect()
}

#[cfg(test)]
mod tests;
