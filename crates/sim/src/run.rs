//! One run: a seed, and the steps of it that are done.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{counts::Counts, model::Broken, random::Random, world::World};

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What everything follows from.
    pub seed: u64,
    /// How many steps there are.
    pub steps: u64,
    /// How many visitors.
    pub visitors: usize,
}

/// What has come of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The rule that is broken, if one is.
    pub broken: Option<Broken>,
    /// After how many of the steps.
    pub steps_done: usize,
    /// What has happened.
    pub counts: Counts,
    /// A digest of all frames that visitors have received.
    pub digest: u64,
    /// The course of it, where it was kept.
    pub transcript: Vec<String>,
}

impl Plan {
    /// All steps of the plan.
    #[must_use]
    pub fn all_steps(&self) -> Vec<u64> {
        (0..self.steps).collect()
    }
}

/// Does the `steps` of a plan, and keeps the course of it where `is_kept`.
#[must_use]
pub fn run(plan: Plan, steps: &[u64], is_kept: bool) -> Outcome {
    let mut world = World::new(plan.seed, plan.visitors, is_kept);
    let mut steps_done = 0;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        for step in steps {
            steps_done += 1;
            world.step(*step)?;
        }
        world.end(&mut Random::new(plan.seed, u64::MAX - 1))
    }));
    let broken = match outcome {
        Ok(outcome) => outcome.err(),
        Err(panic) => Some(Broken { rule: "no-panic", detail: message_of(panic.as_ref()) }),
    };
    let World { model, transcript, .. } = world;
    let mut counts = model.counts;
    counts.add_many("milliseconds", model.now);
    let (transcript, digest) = transcript.finish();
    Outcome { broken, steps_done, counts, digest, transcript }
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}
