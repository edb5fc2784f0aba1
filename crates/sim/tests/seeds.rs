//! What a seed is worth: the same run each time, and one in which everything happens.

use liveloop_sim::{Counts, Plan, run};

#[test]
fn a_seed_is_one_run() {
    for seed in [3, 8] {
        let plan = Plan { seed, steps: 150, visitors: 6 };
        let [first, second] = [0, 1].map(|_| run(plan, &plan.all_steps(), true));
        assert!(first.broken.is_none(), "{:?}", first.broken);
        assert_eq!(first.transcript, second.transcript);
        assert_eq!((first.digest, &first.counts), (second.digest, &second.counts));
        let other = Plan { seed: seed + 1, ..plan };
        assert_ne!(run(other, &other.all_steps(), false).digest, first.digest);
    }
}

#[test]
fn steps_may_be_left_out() {
    let plan = Plan { seed: 5, steps: 150, visitors: 6 };
    for every in [2, 3, 10] {
        let steps: Vec<u64> = plan.all_steps().into_iter().filter(|it| it % every == 0).collect();
        let outcome = run(plan, &steps, false);
        assert!(outcome.broken.is_none(), "{:?}", outcome.broken);
        assert_eq!(outcome.steps_done, steps.len());
    }
}

/// A course, shrunk, in which the model once saw a rule broken that the node had kept.
#[test]
fn the_model_is_not_mistaken_again() {
    // The node closes a socket and the machine sleeps for longer than the grace: the partner is told that
    // the session is over before its own visitor hears that the socket is gone.
    let plan = Plan { seed: 75_641, steps: 300, visitors: 8 };
    let steps = [5, 14, 16, 45, 58, 85, 86, 89, 101, 107, 110, 113, 119, 130, 134, 145];
    let outcome = run(plan, &steps, false);
    assert!(outcome.broken.is_none(), "{:?}", outcome.broken);
}

#[test]
fn nothing_is_asleep() {
    let mut counts = Counts::default();
    for seed in 0..16 {
        let plan = Plan { seed, steps: 300, visitors: 8 };
        let outcome = run(plan, &plan.all_steps(), false);
        assert!(outcome.broken.is_none(), "seed {seed}: {:?}", outcome.broken);
        counts.merge(&outcome.counts);
    }
    for what in [
        "matches seen by both",
        "left by next",
        "left by stop",
        "left by a lost session",
        "resumes",
        "resumes not recovered",
        "resumes refused",
        "events sent again",
        "partner away",
        "partner back",
        "texts",
        "signals",
        "blocks",
        "relaxed: interests",
        "relaxed: languages",
        "relaxed: met everyone",
        "takeovers",
        "sockets fallen silent",
        "slow readers",
        "sleeps",
        "drains",
        "restarts",
        "checks of the whole",
    ] {
        assert!(counts.of(what) > 0, "{what} never happens:\n{counts}");
    }
    let codes = ["not-in-room", "not-allowed", "bad-frame", "bad-payload", "bad-token"];
    for code in codes.into_iter().chain(["resume-expired", "rate-limited", "unknown-event"]) {
        assert!(counts.refused(code) > 0, "nothing is refused with {code}:\n{counts}");
    }
}
