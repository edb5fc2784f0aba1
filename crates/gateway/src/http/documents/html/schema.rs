//! JSON Schemas as people read them.

use std::fmt::Write;

use serde_json::Value;

use super::{entries, escape, prose, text};

/// What a reference within its document leads to, or the value itself.
pub(super) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

/// One type: its fields, or its values.
pub(super) fn definition(name: &str, schema: &Value) -> String {
    let mut out = format!(
        "<article id=\"type-{name}\">\n<h3>{name}</h3>\n<p>{}</p>\n",
        prose(text(schema, "description"))
    );
    if let Some(values) = schema["oneOf"].as_array().filter(|_| !schema["properties"].is_object()) {
        out.push_str("<dl>\n");
        for value in values {
            let said = prose(text(value, "description"));
            let _ = writeln!(out, "<dt>{}<dd>{said}", kind_of_value(value));
        }
        out.push_str("</dl>\n");
    }
    let rows = fields(schema);
    if !rows.is_empty() {
        let _ = write!(
            out,
            "<table>\n<tr><th scope=\"col\">Field<th scope=\"col\">Type<th scope=\"col\">Meaning</tr>\n\
             {rows}</table>\n"
        );
    }
    out.push_str("</article>\n");
    out
}

fn fields(schema: &Value) -> String {
    let required = |name: &String| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|each| each == name))
    };
    let mut rows = String::new();
    for (name, field) in entries(&schema["properties"]) {
        let optional = if required(name) { "" } else { " <small>optional</small>" };
        let _ = writeln!(
            rows,
            "<tr><th scope=\"row\"><code>{}</code>{optional}<td>{}<td>{}</tr>",
            escape(name),
            kind(field),
            prose(text(field, "description")),
        );
    }
    rows
}

/// What a value of this schema is, with its bounds.
pub(super) fn kind(schema: &Value) -> String {
    let base = kind_of_value(schema);
    let bounds = bounds(schema);
    if bounds.is_empty() { base } else { format!("{base}, {}", bounds.join(", ")) }
}

fn kind_of_value(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = escape(reference.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#type-{name}\">{name}</a>");
    }
    if let Some(all) = schema["allOf"].as_array().and_then(|all| all.first()) {
        let codes = codes_of(schema);
        return format!("{}{codes}", kind_of_value(all));
    }
    for either in ["anyOf", "oneOf"] {
        if let Some(kinds) = schema[either].as_array() {
            return kinds.iter().map(kind_of_value).collect::<Vec<_>>().join(" or ");
        }
    }
    if !schema["const"].is_null() {
        return format!("<code>{}</code>", escape(&schema["const"].to_string()));
    }
    if let Some(values) = schema["enum"].as_array() {
        let values =
            values.iter().map(|value| format!("<code>{}</code>", escape(&value.to_string())));
        return values.collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) if name == "object" && schema["additionalProperties"].is_object() => {
            format!("object of {}", kind(&schema["additionalProperties"]))
        }
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str);
            let named = |name: &str| match name {
                "array" => format!("list of {}", kind(&schema["items"])),
                name => name.to_owned(),
            };
            names.map(named).collect::<Vec<_>>().join(" or ")
        }
        _ => "any JSON".into(),
    }
}

/// The codes of a problem, where only some are possible.
fn codes_of(schema: &Value) -> String {
    let codes = &schema["allOf"][1]["properties"]["code"];
    if codes.is_null() { String::new() } else { format!(" with {}", kind_of_value(codes)) }
}

fn bounds(schema: &Value) -> Vec<String> {
    let mut bounds = Vec::new();
    if let Some(limit) = schema["x-limit"].as_str() {
        bounds.push(format!("up to <a href=\"#limit-{limit}\">{limit}</a>"));
    } else if let Some(most) = schema["maxLength"].as_u64() {
        bounds.push(format!("up to {most} bytes"));
    } else if let Some(pattern) = schema["pattern"].as_str() {
        bounds.push(format!("<code>{}</code>", escape(pattern)));
    }
    if let Some(format) = schema["format"].as_str() {
        bounds.push(escape(format));
    }
    match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
        (Some(least), Some(most)) if most < u64::from(u32::MAX) => {
            bounds.push(format!("{least} to {most}"));
        }
        (Some(least), _) => bounds.push(format!("{least} or more")),
        _ => {}
    }
    bounds
}
