//! Who may meet whom: a site's own rules.

use std::time::Duration;

/// Who may meet whom.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Whether two sessions of one visitor may meet.
    pub same_visitor: bool,
    /// Nobody meets any of this many last partners again; 0 forgets at once.
    pub memory_partners: u32,
    /// For how long a partner is remembered; zero forgets at once.
    pub memory_time: Duration,
    /// After waiting so long a partner need not share an interest. Zero: from the start.
    pub relax_interests_after: Duration,
    /// After waiting so long a partner need not share a language either. Not before interests.
    pub relax_languages_after: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            same_visitor: false,
            memory_partners: 20,
            memory_time: Duration::from_secs(3_600),
            relax_interests_after: Duration::from_secs(5),
            relax_languages_after: Duration::from_secs(10),
        }
    }
}

/// How far wishes are relaxed: a visitor goes through the steps in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// A partner shares an interest and a language, where one has any.
    Nothing,
    /// A language is enough.
    Interests,
    /// Anybody will do.
    Languages,
}

impl Policy {
    /// The step at which one begins.
    pub(super) fn first_step(&self) -> Step {
        match (self.relax_interests_after.is_zero(), self.languages_after().is_zero()) {
            (false, _) => Step::Nothing,
            (true, false) => Step::Interests,
            (true, true) => Step::Languages,
        }
    }

    /// After how long the step ends.
    pub(super) fn end_of(&self, step: Step) -> Option<Duration> {
        match step {
            Step::Nothing => Some(self.relax_interests_after),
            Step::Interests => Some(self.languages_after()),
            Step::Languages => None,
        }
    }

    fn languages_after(&self) -> Duration {
        self.relax_languages_after.max(self.relax_interests_after)
    }
}

impl Step {
    pub(super) fn next(self) -> Self {
        match self {
            Self::Nothing => Self::Interests,
            Self::Interests | Self::Languages => Self::Languages,
        }
    }
}

/// What of a visitor's wishes no longer counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relaxed {
    /// A partner need not share an interest.
    pub interests: bool,
    /// A partner need not share a language.
    pub languages: bool,
    /// Everybody who waits has been a partner lately; a request with `again` meets them anew.
    pub met_everyone: bool,
}
