//! Settings of matching, of which some follow from others where they are not set.

use liveloop_gateway::settings::{self, Span};
use serde::{Deserialize, Serialize};

/// What [`settings::Matching`] is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Matching {
    pub(crate) same_visitor: Option<bool>,
    pub(crate) repeat: Option<bool>,
    pub(crate) memory_partners: u32,
    pub(crate) memory_time: Span,
    pub(crate) relax_interests_after: Span,
    pub(crate) relax_languages_after: Span,
}

impl Matching {
    /// With what was decided on the two that may not be set.
    pub(crate) fn settings(&self, same_visitor: bool, repeat: bool) -> settings::Matching {
        settings::Matching {
            same_visitor,
            repeat,
            memory_partners: self.memory_partners,
            memory_time: self.memory_time,
            relax_interests_after: self.relax_interests_after,
            relax_languages_after: self.relax_languages_after,
        }
    }
}

impl Default for Matching {
    fn default() -> Self {
        let settings::Matching {
            same_visitor: _,
            repeat: _,
            memory_partners,
            memory_time,
            relax_interests_after,
            relax_languages_after,
        } = settings::Matching::default();
        Self {
            same_visitor: None,
            repeat: None,
            memory_partners,
            memory_time,
            relax_interests_after,
            relax_languages_after,
        }
    }
}
