//! Who may meet whom.

use liveloop_core::Policy;
use serde::{Deserialize, Serialize};

use super::Span;

/// Settings of matching.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matching {
    /// Whether two windows of one visitor may meet each other.
    pub same_visitor: bool,
    /// Whether two who have met may meet again at once: there is no memory window.
    pub repeat: bool,
    /// How many last partners one does not meet again; 0 forgets at once.
    pub memory_partners: u32,
    /// For how long a partner is remembered.
    pub memory_time: Span,
    /// After this long a partner need not share an interest; zero: from the start.
    pub relax_interests_after: Span,
    /// After this long a partner need not share a language either.
    pub relax_languages_after: Span,
}

impl Matching {
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            same_visitor: self.same_visitor,
            memory_partners: if self.repeat { 0 } else { self.memory_partners },
            memory_time: self.memory_time.0,
            relax_interests_after: self.relax_interests_after.0,
            relax_languages_after: self.relax_languages_after.0,
        }
    }
}

impl Default for Matching {
    fn default() -> Self {
        let Policy {
            same_visitor,
            memory_partners,
            memory_time,
            relax_interests_after,
            relax_languages_after,
        } = Policy::default();
        Self {
            same_visitor,
            repeat: false,
            memory_partners,
            memory_time: Span(memory_time),
            relax_interests_after: Span(relax_interests_after),
            relax_languages_after: Span(relax_languages_after),
        }
    }
}
