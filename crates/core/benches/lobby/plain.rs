//! Nobody wishes for anything or is remembered: two thousand sessions stop and ask again, as in the
//! load `match` of `liveloop-bench`.

use liveloop_core::{
    Effect, Input, Lobby, Mode, Moment, Policy, Request, RoomId, SessionKey, UserId,
};

const SESSIONS: u64 = 2_000;

/// Gives the number of rooms that are open in the end.
#[inline(never)]
fn turns(lobby: &mut Lobby, room_of: &mut [Option<RoomId>], turns: u64) -> usize {
    for turn in 0..turns {
        let session = turn.wrapping_mul(1_103) % SESSIONS;
        let key = SessionKey(session);
        if let Some(room) = room_of[usize::try_from(session).unwrap_or(0)] {
            let stop = Input::Stop(key, Some(room));
            lobby.handle_input(stop, Moment::default()).expect("its own room");
        }
        let request = Request {
            user: UserId(session.into()),
            mode: Mode::Video,
            auto_next: false,
            room: None,
            wishes: None,
            again: false,
        };
        lobby.handle_input(Input::Request(key, request), Moment::default()).expect("in no room");
        while let Some(effect) = lobby.poll_effect() {
            if let Effect::Matched { room, sessions, .. } = effect {
                for session in sessions {
                    room_of[usize::try_from(session.0).unwrap_or(0)] = Some(room);
                }
            }
        }
    }
    lobby.room_count()
}

/// So many matches, after as many that are not counted.
pub(crate) fn run(matches: usize) -> usize {
    let mut last = 0;
    let mint = move || {
        last += 1;
        RoomId(last)
    };
    let policy = Policy { memory_partners: 0, ..Policy::default() };
    let mut lobby = Lobby::new(policy, mint);
    let mut room_of = vec![None; usize::try_from(SESSIONS).unwrap_or(0)];
    turns(&mut lobby, &mut room_of, 40 * SESSIONS);
    turns_measured(&mut lobby, &mut room_of, 2 * matches as u64)
}

#[inline(never)]
fn turns_measured(lobby: &mut Lobby, room_of: &mut [Option<RoomId>], count: u64) -> usize {
    turns(lobby, room_of, count)
}
