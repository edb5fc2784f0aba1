//! Where a value came from, and the merge: of several sources of a setting the strongest counts.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use toml::{Table, Value};

use super::Setting;

/// Where a value came from. Later variants outrank earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The TOML file.
    File(PathBuf),
    /// The file `.env` of the current folder; it holds this variable.
    DotEnv(String),
    /// This variable of the environment.
    Environment(String),
    /// This flag, without its dashes.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::DotEnv(name) => write!(f, "{name} in .env"),
            Self::Environment(name) => write!(f, "{name} in the environment"),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// The values that are set, each with its source.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    found_by_path: BTreeMap<&'static str, (Value, Source)>,
}

impl Merged {
    /// Takes a value unless a stronger source has set it already.
    pub(super) fn offer(&mut self, setting: &'static Setting, value: Value, source: Source) {
        let is_outranked =
            self.found_by_path.get(setting.path).is_some_and(|(_, held)| *held > source);
        if !is_outranked {
            self.found_by_path.insert(setting.path, (value, source));
        }
    }

    /// Where a setting's value came from; `None` for a default.
    pub(crate) fn source(&self, path: &str) -> Option<&Source> {
        self.found_by_path.get(path).map(|(_, source)| source)
    }

    /// How many settings are set.
    pub(crate) fn count(&self) -> usize {
        self.found_by_path.len()
    }

    /// The set values as one nested table.
    pub(super) fn to_table(&self) -> Table {
        let mut table = Table::new();
        for (path, (value, _)) in &self.found_by_path {
            match path.split_once('.') {
                None => {
                    table.insert((*path).into(), value.clone());
                }
                Some((section, key)) => {
                    let inner = table.entry(section).or_insert_with(|| Table::new().into());
                    if let Value::Table(inner) = inner {
                        inner.insert(key.into(), value.clone());
                    }
                }
            }
        }
        table
    }
}
