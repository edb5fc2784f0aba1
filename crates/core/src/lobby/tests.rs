//! Transcripts: what goes in on the left, what comes out on the right.
//!
//! An input is `TIME SESSION VERB …`; session `a1` is of visitor `a`. Rooms are named by the order
//! in which they opened, `r1` first.

use super::*;

/// Without memory.
pub(super) fn lobby(same_visitor: bool) -> Lobby {
    lobby_of(Policy { same_visitor, memory_partners: 0, ..Policy::default() })
}

fn lobby_of(policy: Policy) -> Lobby {
    let mut last = 0;
    Lobby::new(policy, move || {
        last += 1;
        RoomId(last)
    })
}

/// With the default policy: a memory of 20 partners and one hour, steps after 5 and 10 seconds.
#[track_caller]
pub(super) fn check_remembering(inputs: &str, expected: &str) -> Lobby {
    check_with(lobby_of(Policy::default()), inputs, expected)
}

fn session(name: &str) -> SessionKey {
    SessionKey(u64::from_str_radix(name, 36).expect("a session is named like a1"))
}

fn name(session: SessionKey) -> String {
    let digit = |value: u64| char::from_digit(u32::try_from(value).unwrap(), 36).unwrap();
    format!("{}{}", digit(session.0 / 36), digit(session.0 % 36))
}

fn room(word: &str) -> RoomId {
    RoomId(word.strip_prefix('r').expect("a room is named like r1").parse().unwrap())
}

fn input(line: &str) -> (Moment, Option<Input>) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let now = Moment::from_millis(words[0].parse().unwrap());
    let Some(who) = words.get(1).map(|word| session(word)) else { return (now, None) };
    let rest = &words[3..];
    let is_room = |word: &&&str| word.len() > 1 && word[1..].parse::<u128>().is_ok();
    let named = rest.iter().filter(is_room).find(|word| word.starts_with('r'));
    let named = named.map(|word| room(word));
    // `+word` is an interest, `@word` a language.
    let marked =
        |mark: char| rest.iter().filter_map(move |word| word.strip_prefix(mark)).map(str::to_owned);
    let wishes = Wishes { interests: marked('+').collect(), languages: marked('@').collect() };
    let input = match words[2] {
        "request" => Input::Request(
            who,
            Request {
                user: UserId(u128::from(who.0 / 36)),
                mode: match rest {
                    _ if rest.contains(&"text") => Mode::Text,
                    _ if rest.contains(&"audio") => Mode::Audio,
                    _ => Mode::Video,
                },
                auto_next: !rest.contains(&"once"),
                room: named,
                wishes: (!wishes.is_empty()).then(|| Arc::new(wishes)),
                again: rest.contains(&"again"),
            },
        ),
        "cancel" => Input::Cancel(who),
        "stop" => Input::Stop(who, named),
        "undo" => Input::UndoSkip(who),
        "block" => Input::Block(who, named),
        "away" => Input::Away(who),
        "back" => Input::Back(who),
        "gone" => Input::Disconnect(who),
        verb => panic!("no such verb: {verb}"),
    };
    (now, Some(input))
}

fn output(effect: Effect) -> String {
    match effect {
        Effect::Matched { room, mode, sessions: [first, second], .. } => {
            let mode = format!("{mode:?}").to_lowercase();
            format!("r{} {mode} {} {}", room.0, name(first), name(second))
        }
        Effect::PartnerLeft { session, room, reason } => {
            format!("{} left r{} {}", name(session), room.0, format!("{reason:?}").to_lowercase())
        }
        Effect::RoomEnded { room } => format!("r{} over", room.0),
        Effect::Waiting { session, waiting, estimate, relaxed } => {
            let Relaxed { interests, languages, met_everyone } = relaxed;
            let mut line = format!("{} waits {waiting}", name(session));
            let estimate = estimate.map(|wait| format!("{}s", wait.as_secs()));
            let named = [(interests, "interests"), (languages, "languages"), (met_everyone, "met")];
            let relaxed = named.into_iter().filter(|(is, _)| *is).map(|(_, word)| word.to_owned());
            estimate.into_iter().chain(relaxed).for_each(|word| {
                line.push(' ');
                line.push_str(&word);
            });
            line
        }
        Effect::UndoLapsed { session } => format!("{} gives up", name(session)),
    }
}

#[track_caller]
pub(super) fn check_with(mut lobby: Lobby, inputs: &str, expected: &str) -> Lobby {
    let mut seen = Vec::new();
    for line in inputs.split('|') {
        let (now, input) = input(line);
        lobby.handle_timeout(now);
        if let Some(input) = input
            && lobby.handle_input(input, now).is_err()
        {
            seen.push("refused".to_owned());
        }
        lobby.assert_invariants();
        seen.extend(std::iter::from_fn(|| lobby.poll_effect()).map(output));
    }
    let expected: Vec<&str> =
        expected.split('|').map(str::trim).filter(|s| !s.is_empty()).collect();
    assert_eq!(seen, expected);
    lobby
}

#[track_caller]
pub(super) fn check(inputs: &str, expected: &str) {
    check_with(lobby(false), inputs, expected);
}

#[test]
fn two_meet_and_who_waited_longer_offers() {
    check("0 a1 request | 5 b1 request", "r1 video a1 b1");
}

#[test]
fn nobody_meets_one_who_is_away_and_the_place_is_kept() {
    check("0 a1 request | 1 a1 away | 2 b1 request | 3 a1 back", "r1 video a1 b1");
    check("0 a1 request | 1 a1 away | 2 b1 request | 3 a1 gone | 4 c1 request", "r1 video b1 c1");
    check("0 a1 request | 1 a1 away | 2 a1 back | 3 a1 back | 4 b1 request", "r1 video a1 b1");
    check("0 a1 request | 1 a1 away | 500 b1 cancel", "");
    check("0 a1 request | 1 a1 away | 2 a1 back | 102 a1 cancel", "a1 waits 1");
}

#[test]
fn who_is_left_while_away_waits_and_is_not_found() {
    check(
        "0 a1 request | 1 b1 request | 2 a1 away | 3 b1 request | 4 c1 request | 5 a1 back",
        "r1 video a1 b1 | a1 left r1 next | r1 over | r2 video b1 c1",
    );
    check(
        "0 a1 request | 1 b1 request | 2 a1 away | 3 b1 stop r1 | 4 a1 back | 5 c1 request",
        "r1 video a1 b1 | a1 left r1 stopped | r1 over | r2 video a1 c1",
    );
}

#[test]
fn modes_are_apart() {
    check(
        "0 a1 request | 1 b1 request text | 2 c1 request audio | 3 d1 request text",
        "r1 text b1 d1",
    );
}

#[test]
fn nobody_meets_oneself() {
    check("0 a1 request | 1 a2 request | 2 b1 request", "r1 video a1 b1");
}

#[test]
fn unless_the_site_allows_it() {
    check_with(lobby(true), "0 a1 request | 1 a2 request", "r1 video a1 a2");
}

#[test]
fn next_brings_the_one_who_was_left_back_first() {
    check(
        "0 a1 request | 1 b1 request | 2 c1 request | 3 a1 request r1",
        "r1 video a1 b1 | b1 left r1 next | r1 over | r2 video c1 b1",
    );
}

#[test]
fn two_alone_meet_again() {
    check(
        "0 a1 request | 1 b1 request | 2 a1 request r1",
        "r1 video a1 b1 | b1 left r1 next | r1 over | r2 video b1 a1",
    );
}

#[test]
fn without_auto_next_the_one_who_was_left_is_idle() {
    check(
        "0 a1 request once | 1 b1 request | 2 b1 request r1 | 3 c1 request",
        "r1 video a1 b1 | a1 left r1 next | r1 over | r2 video b1 c1",
    );
}

#[test]
fn stop_ends_the_call_and_queues_only_the_other() {
    check(
        "0 a1 request | 1 b1 request | 2 a1 stop r1 | 3 c1 request",
        "r1 video a1 b1 | b1 left r1 stopped | r1 over | r2 video b1 c1",
    );
}

#[test]
fn stop_without_a_room_means_the_present_call_or_the_queue() {
    check("0 a1 stop | 1 a1 request | 2 a1 stop | 3 b1 request | 4 a1 request", "r1 video b1 a1");
    check(
        "0 a1 request | 1 b1 request once | 2 a1 stop",
        "r1 video a1 b1 | b1 left r1 stopped | r1 over",
    );
}

#[test]
fn stop_of_an_ended_call_takes_back_what_the_server_queued() {
    let crossing = "0 a1 request | 1 b1 request once | 2 b1 stop r1 | 3 a1 stop r1";
    let seen = "r1 video a1 b1 | a1 left r1 stopped | r1 over";
    let lobby = check_with(lobby(false), crossing, seen);
    assert_eq!(lobby.waiting_count(), 0);
}

#[test]
fn but_not_what_the_visitor_asked_for_since() {
    let lobby = check_with(
        lobby(false),
        "0 a1 request | 1 b1 request once | 2 b1 stop r1 | 3 a1 request | 4 a1 stop r1",
        "r1 video a1 b1 | a1 left r1 stopped | r1 over",
    );
    assert_eq!(lobby.waiting_count(), 1);
}

#[test]
fn a_late_stop_leaves_the_next_call_alone() {
    check(
        "0 a1 request | 1 b1 request | 2 c1 request | 3 b1 request r1 | 4 a1 stop r1 | 5 a1 stop r1",
        "r1 video a1 b1 | a1 left r1 next | r1 over | r2 video c1 a1",
    );
}

#[test]
fn a_late_next_is_refused_in_another_call() {
    check(
        "0 a1 request | 1 b1 request | 2 c1 request | 3 b1 request r1 | 4 a1 request r1",
        "r1 video a1 b1 | a1 left r1 next | r1 over | r2 video c1 a1 | refused",
    );
}

#[test]
fn a_foreign_room_is_refused() {
    check(
        "0 a1 request | 1 b1 request | 2 c1 stop r1 | 3 c1 request | 4 c1 stop r1 | 5 c1 stop r7",
        "r1 video a1 b1 | refused | refused | refused",
    );
}

#[test]
fn in_no_call_a_named_room_counts_as_absent() {
    check("0 a1 request r9 | 1 b1 request", "r1 video a1 b1");
}

#[test]
fn both_press_next_at_once() {
    check(
        "0 a1 request | 1 b1 request | 2 a1 request r1 | 2 b1 request r1",
        "r1 video a1 b1 | b1 left r1 next | r1 over | r2 video b1 a1 | refused",
    );
}

#[test]
fn a_lost_session_leaves_its_partner_waiting() {
    check(
        "0 a1 request | 1 b1 request | 2 a1 gone | 3 a1 gone | 4 c1 request",
        "r1 video a1 b1 | b1 left r1 disconnected | r1 over | r2 video b1 c1",
    );
}

#[test]
fn a_second_request_keeps_the_place() {
    check(
        "0 a1 request | 1 a2 request | 2 a1 request once | 3 b1 request | 4 c1 request",
        "r1 video a1 b1 | r2 video a2 c1",
    );
}

#[test]
fn a_change_of_mode_keeps_the_place() {
    check("0 a1 request | 1 b1 request text | 2 a1 request text", "r1 text a1 b1");
}

#[test]
fn cancel_leaves_the_queue_and_nothing_else() {
    check(
        "0 a1 cancel | 1 a1 request | 2 a1 cancel | 3 b1 request | 4 c1 request | 5 b1 cancel",
        "r1 video b1 c1",
    );
}

#[test]
fn who_waits_is_told_and_then_of_changes_only() {
    check(
        "0 a1 request | 99 | 100 | 150 a2 request | 250 | 2099 | 2100 | 4100 | 4200 a2 cancel | 6100 | 6200 b1 request | 9000",
        "a1 waits 1 | a2 waits 2 | a1 waits 2 | a1 waits 1 | r1 video a1 b1",
    );
}

#[test]
fn a_match_says_how_long_the_longer_one_waited() {
    for (inputs, expected) in [
        ("5 a1 request | 12 b1 request", vec![7]),
        ("0 a1 request | 30 a1 request | 40 b1 request", vec![40]),
        ("0 a1 request | 10 b1 request text | 50 a1 request text", vec![50]),
        ("0 a1 request text | 10 b1 request | 50 b1 request text", vec![50]),
        ("0 a1 request | 10 b1 request | 100 a1 stop | 130 c1 request", vec![10, 30]),
        ("0 a1 request | 10 a1 cancel | 20 a1 request | 50 b1 request", vec![30]),
    ] {
        let mut lobby = lobby(false);
        let mut waits = Vec::new();
        for line in inputs.split('|') {
            let (now, input) = input(line);
            lobby.handle_input(input.unwrap(), now).unwrap();
            waits.extend(std::iter::from_fn(|| lobby.poll_effect()).filter_map(|it| match it {
                Effect::Matched { waited, .. } => Some(waited.as_millis()),
                _ => None,
            }));
        }
        assert_eq!(waits, expected, "{inputs}");
    }
}

#[test]
fn nothing_is_left_when_all_have_gone() {
    let lobby = check_with(
        lobby(false),
        "0 a1 request | 1 b1 request | 2 c1 request text | 3 a1 gone | 4 b1 gone | 5 c1 gone",
        "r1 video a1 b1 | b1 left r1 disconnected | r1 over",
    );
    lobby.assert_empty();
}
