//! What comes back is taken over whole, or refused.

use super::*;
use crate::{Effect, EndReason, Input, Request};

const ROOM: RoomId = RoomId(1_000);

fn at(millis: u64) -> Moment {
    Moment::from_millis(millis)
}

fn lobby() -> Lobby {
    let mut last = ROOM.0;
    Lobby::new(Policy::default(), move || {
        last += 1;
        RoomId(last - 1)
    })
}

fn request(session: u64) -> Input {
    let wishes = Wishes { interests: vec!["chess".into()], languages: vec!["en".into()] };
    let request = Request {
        user: UserId(session.into()),
        mode: Mode::Video,
        auto_next: true,
        room: None,
        wishes: Some(std::sync::Arc::new(wishes)),
        again: false,
    };
    Input::Request(SessionKey(session), request)
}

fn effects(lobby: &mut Lobby) -> Vec<Effect> {
    std::iter::from_fn(|| lobby.poll_effect()).collect()
}

/// 1 and 2 talk; 3 has left 4, and both wait: 4 at the front, for it was left.
fn estate() -> LobbyEstate {
    let mut lobby = lobby();
    for (session, millis) in [(1, 10), (2, 20), (3, 30), (4, 40), (3, 50)] {
        lobby.handle_input(request(session), at(millis)).unwrap();
    }
    lobby.handle_input(Input::Block(SessionKey(1), None), at(60)).unwrap();
    lobby.bequeath()
}

fn inherit(estate: &LobbyEstate) -> Result<Lobby, Unsound> {
    Lobby::inherit(Policy::default(), || RoomId(7), estate)
}

#[test]
fn what_is_left_is_what_is_taken_over() {
    let estate = estate();
    let mut lobby = inherit(&estate).unwrap();
    lobby.assert_invariants();
    assert_eq!((lobby.room_count(), lobby.waiting_count(), lobby.meeting_count()), (1, 0, 2));
    assert_eq!(lobby.bequeath(), estate);
}

#[test]
fn nobody_is_matched_before_they_are_back_and_then_in_their_old_order() {
    let mut lobby = inherit(&estate()).unwrap();
    lobby.handle_input(request(5), at(100)).unwrap();
    assert!(effects(&mut lobby).is_empty(), "who waits is away");
    lobby.handle_input(Input::Cancel(SessionKey(5)), at(101)).unwrap();
    for session in [3, 4] {
        lobby.handle_input(Input::Back(SessionKey(session)), at(110)).unwrap();
    }
    assert!(effects(&mut lobby).is_empty(), "the two have met lately");
    lobby.handle_input(request(5), at(120)).unwrap();
    let sessions = [4, 5].map(SessionKey);
    assert!(
        matches!(effects(&mut lobby)[..], [Effect::Matched { sessions: met, .. }] if met == sessions),
        "who was left is before who was not"
    );
}

#[test]
fn who_does_not_come_back_leaves_the_other_as_ever() {
    let mut lobby = inherit(&estate()).unwrap();
    lobby.handle_input(Input::Back(SessionKey(1)), at(100)).unwrap();
    lobby.handle_input(Input::Disconnect(SessionKey(2)), at(200)).unwrap();
    let (session, reason) = (SessionKey(1), EndReason::Disconnected);
    let left = Effect::PartnerLeft { session, room: ROOM, reason };
    assert_eq!(effects(&mut lobby)[..2], [left, Effect::RoomEnded { room: ROOM }]);
}

#[test]
fn what_contradicts_itself_is_refused() {
    type Damage = fn(&mut LobbyEstate);
    fn session(estate: &mut LobbyEstate, session: u64) -> &mut SessionEstate {
        estate.sessions.iter_mut().find(|it| it.session.0 == session).unwrap()
    }
    fn ticket(estate: &mut LobbyEstate, holder: u64) -> &mut TicketEstate {
        match &mut session(estate, holder).standing {
            StandingEstate::Waiting(ticket) => ticket,
            other => panic!("{holder} waits: {other:?}"),
        }
    }
    let damages: [Damage; 16] = [
        |it| it.sessions.push(it.sessions[0].clone()),
        |it| it.sessions.retain(|heir| heir.session.0 != 2),
        |it| session(it, 2).standing = StandingEstate::Idle,
        |it| session(it, 2).mode = Mode::Text,
        |it| session(it, 1).standing = StandingEstate::InRoom(ROOM, SessionKey(1)),
        |it| session(it, 1).standing = StandingEstate::InRoom(ROOM, SessionKey(9)),
        |it| session(it, 1).standing = StandingEstate::InRoom(RoomId(5), SessionKey(2)),
        |it| session(it, 1).past.push(ROOM),
        |it| {
            session(it, 3).standing = StandingEstate::InRoom(ROOM, SessionKey(4));
            session(it, 4).standing = StandingEstate::InRoom(ROOM, SessionKey(3));
            it.sessions.iter_mut().for_each(|heir| heir.past.clear());
        },
        |it| session(it, 3).past = (0..17).map(RoomId).collect(),
        |it| session(it, 3).standing = StandingEstate::Idle,
        |it| ticket(it, 3).number = ticket(it, 4).number,
        |it| ticket(it, 3).steps = 3,
        |it| it.next_number = ticket(it, 3).number,
        |it| it.next_number = u64::MAX,
        |it| it.meetings.reverse(),
    ];
    let whole = estate();
    for (nth, damage) in damages.into_iter().enumerate() {
        let mut damaged = whole.clone();
        damage(&mut damaged);
        assert!(damaged != whole && inherit(&damaged).is_err(), "damage {nth}");
    }
}
