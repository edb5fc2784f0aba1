//! `/docs`: both documents as one page for people, without a script and without anything from
//! elsewhere. It is made from the documents alone, so whatever it shows stands in them too.

mod schema;

use std::fmt::Write;

use serde_json::Value;

use schema::{definition, kind, resolve};

/// The only style of the page; its hash stands in the page's Content-Security-Policy.
pub(super) const STYLE: &str = include_str!("html/style.css");

/// What may stand in a page as text and in attributes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

/// Prose in which \`code\` stands in backticks and links are `[text](/path)`.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 1 {
            let _ = write!(out, "<code>{}</code>", escape(part));
        } else {
            out.push_str(&links(part));
        }
    }
    out
}

fn links(text: &str) -> String {
    let Some((before, rest)) = text.split_once('[') else { return escape(text) };
    let parts = rest.split_once("](").and_then(|(shown, rest)| {
        let (target, after) = rest.split_once(')')?;
        Some((shown, target, after))
    });
    match parts {
        Some((shown, target, after)) => format!(
            "{}<a href=\"{}\">{}</a>{}",
            escape(before),
            escape(target),
            escape(shown),
            links(after)
        ),
        None => escape(text),
    }
}

fn paragraphs(text: &str) -> String {
    text.split("\n\n").map(|paragraph| format!("<p>{}</p>\n", prose(paragraph))).collect()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

pub(super) fn page(openapi: &Value, asyncapi: &Value) -> String {
    let version = escape(text(&openapi["info"], "version"));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Live Loop: its interface</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>Live Loop: its interface</h1>\n<p>Version {version}. The same for programs: \
         <a href=\"/openapi.json\">/openapi.json</a> (OpenAPI 3.1), \
         <a href=\"/asyncapi.json\">/asyncapi.json</a> (AsyncAPI 3).</p>\n\
         <nav aria-label=\"Parts\"><a href=\"#rest\">REST</a> <a href=\"#say\">Events that clients \
         say</a> <a href=\"#hear\">Events that they hear</a> <a href=\"#closes\">Close codes</a> \
         <a href=\"#limits\">Limits</a> <a href=\"#types\">Types</a></nav>\n</header>\n<main>\n"
    );
    let rest = paragraphs(text(&openapi["info"], "description"));
    let _ = write!(out, "<section>\n<h2 id=\"rest\">REST</h2>\n{rest}");
    for (path, methods) in entries(&openapi["paths"]) {
        for (method, operation) in entries(methods) {
            out.push_str(&operation_article(path, method, operation));
        }
    }
    out.push_str("</section>\n");
    let _ = write!(
        out,
        "<section>\n<h2 id=\"say\">Events that clients say</h2>\n{}",
        paragraphs(text(&asyncapi["info"], "description"))
    );
    out.push_str(&events(asyncapi, "receive"));
    out.push_str("</section>\n<section>\n<h2 id=\"hear\">Events that they hear</h2>\n");
    out.push_str(&events(asyncapi, "send"));
    out.push_str("</section>\n");
    out.push_str(&close_codes(&asyncapi["channels"]["ws"]["x-close-codes"]));
    out.push_str(&limits(&openapi["x-limits"]));
    out.push_str(&types(openapi, asyncapi));
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn operation_article(path: &str, method: &str, operation: &Value) -> String {
    let method = method.to_uppercase();
    let mut out = format!(
        "<article id=\"{}\">\n<h3><code>{method} {}</code></h3>\n<p>{}</p>\n",
        escape(text(operation, "operationId")),
        escape(path),
        prose(text(operation, "summary")),
    );
    match operation["security"].as_array().map(Vec::len) {
        None => {}
        Some(1) => out.push_str("<p>With <code>Authorization: Bearer TOKEN</code>.</p>\n"),
        Some(_) => {
            out.push_str("<p>With <code>Authorization: Bearer TOKEN</code>, or without.</p>\n");
        }
    }
    out.push_str(&parameters(&operation["parameters"]));
    for (_, media) in entries(&operation["requestBody"]["content"]) {
        let may = if operation["requestBody"]["required"] == true { "" } else { " (or nothing)" };
        let _ = writeln!(out, "<p>Takes {}{may}.</p>", kind(&media["schema"]));
    }
    out.push_str("<table>\n<tr><th scope=\"col\">Status<th scope=\"col\">Meaning<th scope=\"col\">Body</tr>\n");
    for (status, response) in entries(&operation["responses"]) {
        let bodies: Vec<_> = entries(&response["content"])
            .map(|(media, content)| format!("<code>{media}</code>: {}", kind(&content["schema"])))
            .collect();
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{status}<td>{}<td>{}</tr>",
            prose(text(response, "description")),
            bodies.join("<br>"),
        );
    }
    out.push_str("</table>\n</article>\n");
    out
}

fn parameters(parameters: &Value) -> String {
    let mut rows = String::new();
    for parameter in parameters.as_array().into_iter().flatten() {
        let _ = writeln!(
            rows,
            "<tr><th scope=\"row\"><code>{}</code><td>{}<td>{}<td>{}</tr>",
            escape(text(parameter, "name")),
            escape(text(parameter, "in")),
            kind(&parameter["schema"]),
            prose(text(parameter, "description")),
        );
    }
    if rows.is_empty() {
        return rows;
    }
    format!(
        "<table>\n<tr><th scope=\"col\">Parameter<th scope=\"col\">In<th scope=\"col\">Type\
         <th scope=\"col\">Meaning</tr>\n{rows}</table>\n"
    )
}

fn events(asyncapi: &Value, action: &str) -> String {
    let mut out = String::new();
    let operations = entries(&asyncapi["operations"]);
    for (id, operation) in operations.filter(|(_, operation)| operation["action"] == action) {
        let message = |at: &Value| resolve(asyncapi, resolve(asyncapi, at)).clone();
        let said = message(&operation["messages"][0]);
        let _ = write!(
            out,
            "<article id=\"{id}\">\n<h3><code>{}</code></h3>\n<p>{}</p>\n<p>{}: {}",
            escape(text(&said, "name")),
            prose(text(operation, "summary")),
            if action == "send" { "Data" } else { "Takes" },
            kind(&said["payload"]["properties"]["data"]),
        );
        if action == "receive" {
            let ack = message(&operation["reply"]["messages"][0]);
            let _ = write!(out, ". Ack: {}", kind(&ack["payload"]["properties"]["data"]));
        } else if operation["x-numbered"] == true {
            out.push_str(". Numbered, and sent again after a resume");
        }
        out.push_str(".</p>\n</article>\n");
    }
    out
}

fn close_codes(codes: &Value) -> String {
    let rows: String = entries(codes)
        .map(|(code, reason)| {
            let reason = escape(reason.as_str().unwrap_or_default());
            format!("<tr><th scope=\"row\">{code}<td>{reason}</tr>\n")
        })
        .collect();
    format!(
        "<section>\n<h2 id=\"closes\">Close codes</h2>\n<p>With which the server closes a \
         WebSocket.</p>\n<table>\n<tr><th scope=\"col\">Code<th scope=\"col\">Why</tr>\n{rows}\
         </table>\n</section>\n"
    )
}

fn limits(limits: &Value) -> String {
    let rows: String = entries(limits)
        .map(|(name, limit)| {
            let value = limit["value"].as_u64().unwrap_or_default();
            let meaning = prose(text(limit, "description"));
            format!(
                "<tr id=\"limit-{name}\"><th scope=\"row\"><code>{name}</code><td>{value}<td>{meaning}\
                 </tr>\n"
            )
        })
        .collect();
    format!(
        "<section>\n<h2 id=\"limits\">Limits</h2>\n<p>Of this node; 0 is none. The operator sets them \
         as <code>limits.NAME</code>.</p>\n<table>\n<tr><th scope=\"col\">Limit<th scope=\"col\">Value\
         <th scope=\"col\">What it bounds</tr>\n{rows}</table>\n</section>\n"
    )
}

/// The types of both documents, each once.
fn types(openapi: &Value, asyncapi: &Value) -> String {
    let mut all = serde_json::Map::new();
    for document in [openapi, asyncapi] {
        for (name, schema) in entries(&document["components"]["schemas"]) {
            all.entry(name.clone()).or_insert_with(|| schema.clone());
        }
    }
    let articles: String = all.iter().map(|(name, schema)| definition(name, schema)).collect();
    format!("<section>\n<h2 id=\"types\">Types</h2>\n{articles}</section>\n")
}
