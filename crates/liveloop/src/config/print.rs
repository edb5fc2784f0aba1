//! The effective configuration as a TOML file that says of each setting what it does and, where it is
//! not the default, where it comes from. Credentials are replaced by a word.

use std::fmt::Write;

use toml::{Table, Value};

use super::{Config, Kind, Loaded, SETTINGS, Setting};

const HIDDEN: &str = "(hidden)";
const WIDTH: usize = 96;

/// The text of `config print`.
pub(crate) fn print(loaded: &Loaded) -> String {
    let values = values_of(&loaded.config);
    let mut text = String::from(
        "# The configuration in effect. What comes from elsewhere than the defaults says from where.\n",
    );
    let mut section = "";
    for setting in SETTINGS {
        if setting.section() != section {
            section = setting.section();
            let _ = write!(text, "\n[{section}]\n");
        }
        entry(&mut text, setting, value_at(&values, setting), loaded);
    }
    text
}

/// The values as the TOML file nests them; credentials are hidden.
pub(super) fn values_of(config: &Config) -> Table {
    let mut table = Table::try_from(config).expect("a configuration is made of TOML's own types");
    let servers =
        table.get_mut("ice").and_then(|ice| ice.get_mut("servers")).and_then(Value::as_array_mut);
    for server in servers.into_iter().flatten() {
        if let Some(credential) = server.get_mut("credential") {
            *credential = HIDDEN.into();
        }
    }
    table
}

/// A setting's value in such a table.
pub(super) fn value_at<'a>(values: &'a Table, setting: &Setting) -> Option<&'a Value> {
    match setting.section() {
        "" => values.get(setting.key()),
        section => values.get(section)?.get(setting.key()),
    }
}

/// A value as TOML writes it behind the equals sign.
pub(super) fn written(value: &Value) -> String {
    let mut text = String::new();
    let to = toml::ser::ValueSerializer::new(&mut text);
    serde::Serialize::serialize(value, to).expect("a TOML value can be written");
    text
}

fn entry(text: &mut String, setting: &Setting, value: Option<&Value>, loaded: &Loaded) {
    text.push('\n');
    comment(text, setting.doc);
    if let Kind::Choice(words) = setting.kind {
        comment(text, &format!("One of {}.", words.join(", ")));
    }
    if let Some(source) = loaded.merged.source(setting.path) {
        comment(text, &format!("From {source}."));
    }
    let key = setting.key();
    match value {
        Some(value) => {
            let _ = writeln!(text, "{key} = {}", written(value));
        }
        None => {
            comment(text, &format!("Not set: {}.", setting.unset.unwrap_or("nothing")));
            let effective = match setting.path {
                "matching.same_visitor" => loaded.config.is_same_visitor_matched().into(),
                "matching.repeat" => loaded.config.is_repeat_matched().into(),
                "data" => crate::data::default_folder()
                    .map_or("".into(), |path| path.display().to_string().into()),
                _ => Value::from(""),
            };
            let _ = writeln!(text, "# {key} = {}", written(&effective));
        }
    }
}

fn comment(text: &mut String, sentence: &str) {
    let mut line = String::from("#");
    for word in sentence.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{line}");
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}
