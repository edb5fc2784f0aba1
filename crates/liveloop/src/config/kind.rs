//! The kinds of value that settings have: how each is written as text (flag, environment variable),
//! and what a TOML value must look like to be one. Bounds and relations are checked elsewhere.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use liveloop_gateway::settings::Span;
use toml::Value;

use super::{ice, nearest::nearest};

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An IP address and a port.
    Address,
    /// A path of the file system.
    Path,
    /// Any text.
    Text,
    /// `true` or `false`.
    Switch,
    /// A whole number from 0.
    Number,
    /// `250ms`, `25s`, `1h`.
    Duration,
    /// A list of words; as text separated by commas.
    Words,
    /// A list of sentences; as text an array, or one sentence.
    Sentences,
    /// A list of networks; as text separated by commas.
    Networks,
    /// A list of STUN and TURN servers; as text an array of tables or objects.
    IceServers,
    /// One of these words.
    Choice(&'static [&'static str]),
}

impl Kind {
    /// What help calls the value.
    pub(crate) fn placeholder(self) -> &'static str {
        match self {
            Self::Address => "ADDRESS:PORT",
            Self::Path => "PATH",
            Self::Text => "TEXT",
            Self::Switch => "true|false",
            Self::Number => "NUMBER",
            Self::Duration => "DURATION",
            Self::Words => "A,B,…",
            Self::Sentences | Self::IceServers => "ARRAY",
            Self::Networks => "CIDR,…",
            Self::Choice(_) => "WORD",
        }
    }

    /// Whether a value of this kind may hold a credential, and so must not stand in an error.
    pub(crate) fn is_secret(self) -> bool {
        self == Self::IceServers
    }

    /// Reads what a flag or an environment variable says.
    pub(crate) fn read(self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        let value = match self {
            Self::Switch => match text {
                "true" | "on" | "yes" | "1" => Value::Boolean(true),
                "false" | "off" | "no" | "0" => Value::Boolean(false),
                _ => return Err(format!("`{text}` is neither true nor false")),
            },
            Self::Number => match text.replace('_', "").parse() {
                Ok(number) => Value::Integer(number),
                Err(_) => return Err(format!("`{text}` is not a whole number")),
            },
            Self::Words | Self::Networks | Self::Sentences | Self::IceServers
                if text.starts_with('[') =>
            {
                array(text)?
            }
            Self::Words | Self::Networks => {
                let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
                Value::Array(words.map(Value::from).collect())
            }
            Self::Sentences => Value::Array(vec![text.into()]),
            Self::IceServers => {
                return Err(
                    r#"it is not an array: write it like [{"urls":["stun:stun.example.org"]}]"#
                        .into(),
                );
            }
            Self::Address | Self::Path | Self::Text | Self::Duration | Self::Choice(_) => {
                Value::from(text)
            }
        };
        self.check(value)
    }

    /// Checks a value's form, and brings it into the one that [`super::Config`] reads.
    pub(crate) fn check(self, value: Value) -> Result<Value, String> {
        match (self, value) {
            (Self::Address, Value::String(text)) => match text.parse::<SocketAddr>() {
                Ok(_) => Ok(text.into()),
                Err(_) => Err(format!(
                    "`{text}` is not an IP address with a port: write it like 127.0.0.1:8000, \
                     0.0.0.0:8000 or [::]:8000"
                )),
            },
            (Self::Path | Self::Text, Value::String(text)) if text.trim().is_empty() => {
                Err("it is empty: give it a value, or leave it out".into())
            }
            (Self::Path | Self::Text, value @ Value::String(_)) => Ok(value),
            (Self::Switch, value @ Value::Boolean(_)) => Ok(value),
            (Self::Number, Value::Integer(number)) if number >= 0 => Ok(number.into()),
            (Self::Number, Value::Integer(number)) => {
                Err(format!("{number} is below 0: write 0 or more"))
            }
            (Self::Duration, Value::String(text)) => {
                text.parse::<Span>().map(|span| span.to_string().into())
            }
            (Self::Words | Self::Sentences, Value::Array(items)) => {
                items.into_iter().map(text_of).collect::<Result<_, _>>().map(Value::Array)
            }
            (Self::Networks, Value::Array(items)) => {
                items.into_iter().map(network).collect::<Result<_, _>>().map(Value::Array)
            }
            (Self::IceServers, Value::Array(items)) => ice::check_form(items).map(Value::Array),
            (Self::Choice(words), Value::String(text)) => choose(words, &text),
            (kind, value) => Err(format!(
                "it is {}, where {} is wanted",
                with_article(value.type_str()),
                kind.wanted()
            )),
        }
    }

    fn wanted(self) -> String {
        match self {
            Self::Address => "an address such as \"127.0.0.1:8000\"".into(),
            Self::Path => "a path in quotes".into(),
            Self::Text => "a text in quotes".into(),
            Self::Switch => "true or false".into(),
            Self::Number => "a whole number".into(),
            Self::Duration => "a duration such as \"250ms\", \"25s\" or \"1h\"".into(),
            Self::Words => "an array of words".into(),
            Self::Sentences => "an array of sentences".into(),
            Self::Networks => "an array of networks such as [\"10.0.0.0/8\"]".into(),
            Self::IceServers => "an array of tables, each with `urls`".into(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
        }
    }
}

/// JSON is tried before TOML: where both would do they mean the same.
fn array(text: &str) -> Result<Value, String> {
    serde_json::from_str::<Value>(text).ok().or_else(|| toml_array(text)).ok_or_else(|| {
        r#"it is neither a JSON nor a TOML array: check its brackets and quotes, like ["a", "b"]"#
            .into()
    })
}

fn toml_array(text: &str) -> Option<Value> {
    format!("value = {text}").parse::<toml::Table>().ok()?.remove("value")
}

fn text_of(item: Value) -> Result<Value, String> {
    match item {
        Value::String(text) if text.trim().is_empty() => Err("one of its texts is empty".into()),
        Value::String(text) => Ok(text.trim().into()),
        other => {
            Err(format!("it holds {}, where a text is wanted", with_article(other.type_str())))
        }
    }
}

fn network(item: Value) -> Result<Value, String> {
    let Value::String(text) = item else {
        return Err("it holds something else than texts: write [\"10.0.0.0/8\"]".into());
    };
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match net {
        Ok(net) => Ok(net.to_string().into()),
        Err(_) => Err(format!("`{text}` is no network: write it like 10.0.0.0/8 or fd00::/8")),
    }
}

fn choose(words: &[&str], text: &str) -> Result<Value, String> {
    if words.contains(&text) {
        return Ok(text.into());
    }
    let hint = nearest(text, words.iter().copied()).map(|word| format!("; did you mean {word}?"));
    Err(format!("`{text}` is not one of {}{}", words.join(", "), hint.unwrap_or_default()))
}

/// `an array`, `a string`.
pub(super) fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}
