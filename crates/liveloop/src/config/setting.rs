//! What a setting is: its path in the file, its kind, and its line of documentation. The names of its
//! flag and its environment variable follow from the path.

use super::Kind;

/// One setting, as the table declares it.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Where it stands in the TOML file: `limits.frame_bytes`.
    pub(crate) path: &'static str,
    /// What its value looks like.
    pub(crate) kind: Kind,
    /// What it does, in a sentence or two.
    pub(crate) doc: &'static str,
    /// What happens where it is not set and has no default value.
    pub(crate) unset: Option<&'static str>,
    /// Whether the short help shows it.
    pub(crate) is_common: bool,
}

impl Setting {
    pub(super) const fn new(path: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { path, kind, doc, unset: None, is_common: false }
    }

    pub(super) const fn unset(mut self, meaning: &'static str) -> Self {
        self.unset = Some(meaning);
        self
    }

    pub(super) const fn common(mut self) -> Self {
        self.is_common = true;
        self
    }

    /// `LIVELOOP_LIMITS_FRAME_BYTES`.
    pub(crate) fn variable(&self) -> String {
        format!("LIVELOOP_{}", self.path.replace('.', "_").to_uppercase())
    }

    /// `limits-frame-bytes`, without the dashes before it.
    pub(crate) fn flag(&self) -> String {
        self.path.replace(['.', '_'], "-")
    }

    /// The table of the file in which it stands; empty at the top level.
    pub(crate) fn section(&self) -> &'static str {
        self.path.split_once('.').map_or("", |(section, _)| section)
    }

    /// Its name within its table.
    pub(crate) fn key(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(_, key)| key)
    }
}
