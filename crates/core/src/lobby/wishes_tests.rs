//! Transcripts of whom one meets: wishes and their steps, the memory window, blocks, who is away,
//! and going back. `+word` is an interest, `@word` a language.

use super::{
    tests::{check, check_remembering, check_with, lobby},
    *,
};

#[test]
fn whoever_shares_an_interest_is_met_first_and_more_is_better() {
    check(
        "0 a1 request +go | 1 b1 request +chess | 2 c1 request +chess +go | 3 d1 request +go",
        "r1 video a1 c1",
    );
    check(
        "0 a1 request +go @en | 1 b1 request +chess @de | 2 c1 request +go +chess @de",
        "r1 video b1 c1",
    );
}

#[test]
fn wishes_are_relaxed_in_steps_and_one_is_told() {
    check(
        "0 a1 request +go | 1 b1 request +chess | 100 | 101 | 4999 | 5000 | 5001",
        "a1 waits 2 | b1 waits 2 | r1 video a1 b1",
    );
    check(
        "0 a1 request +go @en | 50 b1 request +go @de | 150 | 2200 | 4300 | 6400 | 8500 | 10050",
        "a1 waits 2 | b1 waits 2 | a1 waits 2 interests | b1 waits 2 interests | r1 video a1 b1",
    );
}

#[test]
fn who_wishes_for_nothing_is_met_only_when_that_will_do() {
    check("0 a1 request +go | 1 b1 request | 2 c1 request", "r1 video b1 c1");
    check("0 a1 request +go | 4000 b1 request | 5000", "a1 waits 1 | r1 video a1 b1");
}

#[test]
fn what_is_asked_for_anew_is_relaxed_anew_at_the_same_place() {
    check(
        "0 a1 request +go | 3000 a1 request +chess | 4000 b1 request | 5000 | 8000",
        "a1 waits 1 | b1 waits 2 | a1 waits 2 | r1 video a1 b1",
    );
}

#[test]
fn who_was_left_is_before_its_equals() {
    // `a` and `b` never meet again, so that both can wait for `d`.
    check(
        "0 a1 request once | 1 b1 request | 2 a1 block r1 | 3 a1 stop r1 | 4 c1 request \
         | 5 a1 request | 6 c1 stop r2 | 7 d1 request",
        "r1 video a1 b1 | b1 left r1 stopped | r1 over | r2 video b1 c1 \
         | b1 left r2 stopped | r2 over | r3 video b1 d1",
    );
}

#[test]
fn two_do_not_meet_again_before_others_have_been_met() {
    check_remembering(
        "0 a1 request | 1 b1 request | 2 a1 request r1 | 102 | 200 c1 request",
        "r1 video a1 b1 | b1 left r1 next | r1 over | b1 waits 2 met | a1 waits 2 met \
         | r2 video b1 c1",
    );
}

#[test]
fn nor_before_an_hour_has_passed() {
    let parted = "0 a1 request | 0 b1 request | 10 a1 request r1 | 110 | 3599999 | 3600000";
    check_remembering(
        parted,
        "r1 video a1 b1 | b1 left r1 next | r1 over | b1 waits 2 met | a1 waits 2 met \
         | r2 video b1 a1",
    );
}

#[test]
fn unless_one_asks_for_it_and_the_other_was_told_that_nobody_else_is_there() {
    check_remembering(
        "0 a1 request | 0 b1 request | 10 a1 request r1 | 20 a1 request again | 109 | 110",
        "r1 video a1 b1 | b1 left r1 next | r1 over | b1 waits 2 met | a1 waits 2 met \
         | r2 video b1 a1",
    );
    check_remembering(
        "0 a1 request | 0 b1 request | 10 a1 request r1 | 20 a1 request again | 30 b1 request again",
        "r1 video a1 b1 | b1 left r1 next | r1 over | r2 video b1 a1",
    );
}

#[test]
fn whom_one_has_blocked_one_never_meets_again() {
    for block in
        ["2 a1 block r1 | 3 a1 stop r1", "2 a1 stop r1 | 3 a1 block r1", "2 a1 stop | 3 b1 block"]
    {
        check(
            &format!(
                "0 a1 request once | 1 b1 request once | {block} | 4 a1 request | 5 b1 request | 6 a2 request"
            ),
            "r1 video a1 b1 | b1 left r1 stopped | r1 over",
        );
    }
    check("0 a1 request | 1 a1 block | 2 a1 block r1 | 3 b1 block", "refused | refused | refused");
}

#[test]
fn nobody_meets_who_is_away_and_a_place_is_kept() {
    check("0 a1 request | 1 a1 away | 2 b1 request | 3 a1 back", "r1 video a1 b1");
    check(
        "0 a1 request | 1 b1 request | 2 a1 away | 3 b1 request r1 | 150 | 200 a1 back",
        "r1 video a1 b1 | a1 left r1 next | r1 over | b1 waits 1 | r2 video a1 b1",
    );
}

#[test]
fn only_the_first_window_of_a_visitor_is_found_and_the_next_one_follows() {
    check(
        "0 a1 request +go | 1 a2 request | 2 b1 request | 3 c1 request +go | 4 d1 request",
        "r1 video a1 c1 | r2 video a2 b1",
    );
}

#[test]
fn who_left_comes_back_to_one_who_still_waits() {
    check(
        "0 a1 request | 1 b1 request once | 2 b1 stop r1 | 3 b1 undo",
        "r1 video a1 b1 | a1 left r1 stopped | r1 over | r2 video a1 b1",
    );
    check(
        "0 a1 request | 1 b1 request once | 2 b1 stop r1 | 29000 c1 request +go | 30002 b1 undo",
        "r1 video a1 b1 | a1 left r1 stopped | r1 over | a1 waits 1 | refused | c1 waits 2",
    );
}

#[test]
fn who_was_left_comes_back_only_if_the_other_asks_too() {
    check(
        "0 a1 request once | 1 b1 request once | 2 b1 stop r1 | 3 a1 undo | 4 b1 undo",
        "r1 video a1 b1 | a1 left r1 stopped | r1 over | r2 video a1 b1",
    );
    check(
        "0 a1 request once | 1 b1 request once | 2 b1 stop r1 | 3 a1 undo | 30001 | 30002 | 30003 b1 undo",
        "r1 video a1 b1 | a1 left r1 stopped | r1 over | a1 gives up | refused",
    );
}

#[test]
fn going_back_leaves_the_present_call_and_its_partner_is_queued() {
    check(
        "0 a1 request | 1 b1 request | 2 c1 request | 3 b1 request r1 | 4 d1 request \
         | 5 b1 undo | 6 a1 undo",
        "r1 video a1 b1 | a1 left r1 next | r1 over | r2 video c1 a1 | r3 video b1 d1 \
         | d1 left r3 next | r3 over | c1 left r2 next | r2 over | r4 video d1 c1 | r5 video b1 a1",
    );
}

#[test]
fn nobody_comes_back_to_who_is_gone_away_or_blocked() {
    for (before, outcome) in [
        ("2 a1 gone", "b1 left r1 disconnected | r1 over | refused"),
        ("2 a1 stop r1 | 3 a1 block r1", "b1 left r1 stopped | r1 over | refused"),
        ("2 b1 stop r1 | 3 a1 away", "a1 left r1 stopped | r1 over"),
    ] {
        check(
            &format!("0 a1 request once | 1 b1 request once | {before} | 4 b1 undo"),
            &format!("r1 video a1 b1 | {outcome}"),
        );
    }
}

#[test]
fn one_visitor_with_very_many_windows_is_looked_past_in_one_step() {
    let mut lobby = lobby(false);
    let request = |user: u128| Request {
        user: UserId(user),
        mode: Mode::Video,
        auto_next: true,
        room: None,
        wishes: None,
        again: false,
    };
    for key in 0..1_000 {
        let asked =
            lobby.handle_input(Input::Request(SessionKey(key), request(1)), Moment::default());
        assert_eq!(asked, Ok(()));
    }
    assert_eq!(lobby.waiting_count(), 1_000);
    let listed = lobby.index.under(crate::index::Key::of_the_open(Mode::Video)).count();
    assert_eq!(listed, 1, "nobody has to look past the others");
    for key in 1_000..2_000 {
        let user = u128::from(key);
        let asked =
            lobby.handle_input(Input::Request(SessionKey(key), request(user)), Moment::default());
        assert_eq!(asked, Ok(()));
    }
    assert_eq!((lobby.waiting_count(), lobby.room_count()), (0, 1_000));
    lobby.assert_invariants();
}

#[test]
fn an_estimate_comes_from_what_others_waited() {
    let met = |at: u64, one: &str, other: &str| {
        format!("{at} {one} request once | {} {other} request once", at + 2_000)
    };
    let inputs = [met(0, "a1", "b1"), met(3_000, "c1", "d1"), met(6_000, "e1", "f1")].join(" | ");
    check_with(
        lobby(false),
        &format!("{inputs} | 9000 g1 request | 9100"),
        "a1 waits 1 | r1 video a1 b1 | c1 waits 1 | r2 video c1 d1 | e1 waits 1 | r3 video e1 f1 \
         | g1 waits 1 2s",
    );
}
