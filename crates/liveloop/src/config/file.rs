//! The TOML file. What it says must be known: a key that is not is an error that names the nearest
//! one. Messages never show a line of the file, which may hold a credential.

use std::{fs, path::Path};

use toml::{Table, Value};

use super::{Merged, Problem, SETTINGS, Source, find, nearest::nearest};

/// Merges what the file says.
pub(super) fn gather(path: &Path, merged: &mut Merged, problems: &mut Vec<Problem>) {
    let shown = path.display().to_string();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let why = format!("the configuration file cannot be read: {}", error.kind());
            problems.push(Problem::new(shown, why));
            return;
        }
    };
    let table = match text.parse::<Table>() {
        Ok(table) => table,
        Err(error) => {
            problems.push(Problem::new(place(&shown, &text, &error), "it is not valid TOML here"));
            return;
        }
    };
    let mut reader = Reader { source: Source::File(path.into()), merged, problems };
    for (key, value) in table {
        reader.read_entry(&key, value);
    }
}

fn place(shown: &str, text: &str, error: &toml::de::Error) -> String {
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => format!("{shown}, line {}", before.matches('\n').count() + 1),
        None => shown.to_owned(),
    }
}

struct Reader<'a> {
    source: Source,
    merged: &'a mut Merged,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn read_entry(&mut self, path: &str, value: Value) {
        if let Some(setting) = find(path) {
            match setting.kind.check(value) {
                Ok(value) => self.merged.offer(setting, value, self.source.clone()),
                Err(why) => self.report(path, why),
            }
            return;
        }
        let is_section = SETTINGS.iter().any(|setting| setting.section() == path);
        match value {
            Value::Table(table) if is_section => {
                for (key, value) in table {
                    self.read_entry(&format!("{path}.{key}"), value);
                }
            }
            _ if is_section => self.report(path, format!("it is a table: write [{path}]")),
            _ if path == "secret" => self.report(
                path,
                "a secret does not belong into this file: set LIVELOOP_SECRET or secret_file",
            ),
            _ => {
                let paths = SETTINGS.iter().flat_map(|setting| [setting.path, setting.section()]);
                let hint = match nearest(path, paths.filter(|path| !path.is_empty())) {
                    Some(near) => format!("did you mean {near}?"),
                    None => "`liveloop config print` lists all there are".into(),
                };
                self.report(path, format!("there is no such setting; {hint}"));
            }
        }
    }

    fn report(&mut self, path: &str, why: impl Into<String>) {
        self.problems.push(Problem::new(path, why).found_in(&self.source));
    }
}
