//! The form of `ice.servers`: what stands in each table, and what a STUN or TURN URL looks like.
//! No message here repeats a user name or a credential.

use liveloop_protocol::IceServer;
use toml::{Table, Value};

use super::{Problem, nearest::nearest};

const KEYS: [&str; 3] = ["urls", "username", "credential"];
const SCHEMES: [&str; 4] = ["stun", "stuns", "turn", "turns"];

/// Checks the tables of the list; a single text as `urls` becomes a list of one.
pub(super) fn check_form(items: Vec<Value>) -> Result<Vec<Value>, String> {
    let tables = items.into_iter().enumerate();
    tables.map(|(at, item)| server(item).map_err(|why| format!("server [{at}]: {why}"))).collect()
}

fn server(item: Value) -> Result<Value, String> {
    let Value::Table(mut table) = item else {
        return Err(r#"it is not a table: write { urls = ["stun:stun.example.org"] }"#.into());
    };
    if let Some(unknown) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let hint = nearest(unknown, KEYS).map(|key| format!("; did you mean {key}?"));
        let keys = KEYS.join(", ");
        return Err(format!("there is no `{unknown}`, only {keys}{}", hint.unwrap_or_default()));
    }
    let urls = match table.remove("urls") {
        Some(Value::String(url)) => vec![Value::String(url)],
        Some(Value::Array(urls)) if urls.iter().all(Value::is_str) => urls,
        Some(_) => return Err("its urls are no texts".into()),
        None => return Err("it has no urls".into()),
    };
    table.insert("urls".into(), Value::Array(urls));
    is_text(&table, "username")?;
    is_text(&table, "credential")?;
    Ok(Value::Table(table))
}

fn is_text(table: &Table, key: &str) -> Result<(), String> {
    match table.get(key) {
        None | Some(Value::String(_)) => Ok(()),
        Some(_) => Err(format!("its {key} is no text: put it in quotes")),
    }
}

/// Checks what the servers say.
pub(super) fn check(servers: &[IceServer]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, server) in servers.iter().enumerate() {
        let field = format!("ice.servers[{at}]");
        if server.urls.is_empty() {
            problems
                .push(Problem::new(format!("{field}.urls"), "it is empty: name one URL or more"));
        }
        for (nth, url) in server.urls.iter().enumerate() {
            if let Err(why) = check_url(url) {
                problems.push(Problem::new(format!("{field}.urls[{nth}]"), why));
            }
        }
        let is_turn = server.urls.iter().any(|url| url.starts_with("turn"));
        for (key, value) in [("username", &server.username), ("credential", &server.credential)] {
            if is_turn && value.as_deref().is_none_or(str::is_empty) {
                let why = format!("a TURN server needs a {key}: browsers refuse it without");
                problems.push(Problem::new(format!("{field}.{key}"), why));
            }
        }
    }
    problems
}

/// RFC 7064 and RFC 7065: `scheme:host[:port][?transport=udp|tcp]`, without slashes.
fn check_url(url: &str) -> Result<(), String> {
    let scheme_and_rest = url.split_once(':').filter(|(scheme, _)| SCHEMES.contains(scheme));
    let Some((scheme, rest)) = scheme_and_rest else {
        return Err("it begins with none of stun:, stuns:, turn: and turns:".into());
    };
    if rest.starts_with('/') {
        return Err(format!("it has slashes: write {scheme}:host:port"));
    }
    let (place, query) = rest.split_once('?').map_or((rest, None), |(p, q)| (p, Some(q)));
    let is_transport = |query| matches!(query, "transport=udp" | "transport=tcp");
    if query.is_some_and(|query| !scheme.starts_with("turn") || !is_transport(query)) {
        return Err("only ?transport=udp and ?transport=tcp may follow, and only on TURN".into());
    }
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (place, None),
    };
    if host.is_empty() || host.contains(|c: char| c.is_whitespace() || "/@#".contains(c)) {
        return Err(format!("it names no host: write {scheme}:host or {scheme}:host:port"));
    }
    if port.is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
        return Err("its port is none: write a number from 1 to 65535".into());
    }
    Ok(())
}
