//! Whom one never wants to meet again: the partner of a call, and those of former times.

use super::{Lobby, Rejection, Standing};
use crate::{Moment, RoomId, SessionKey, UserId};

/// What [`Input::Block`](super::Input::Block) of a session would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocking {
    /// Who blocks.
    pub who: UserId,
    /// Whom.
    pub whom: UserId,
    /// Whether they have not done so before, as far as is known here.
    pub is_new: bool,
}

impl Lobby {
    /// Whom a session would block that names this room, or none. None where that would be refused, and
    /// where it is its own visitor, whom nobody can block.
    #[must_use]
    pub fn blocking_of(&self, session: SessionKey, room: Option<RoomId>) -> Option<Blocking> {
        let member = self.slots.get(session.0)?;
        let [who, whom] = self.who_blocks_whom(member, room).ok()?;
        let is_new = !self.blocks.has(who, whom);
        (who != whom).then_some(Blocking { who, whom, is_new })
    }

    /// A visitor who comes has blocked these before. Those past [`Lobby::BLOCKS_PER_VISITOR`] are not
    /// known here.
    pub fn know_blocks(&mut self, who: UserId, blocked: &[UserId], now: Moment) {
        for whom in blocked.iter().take(Self::BLOCKS_PER_VISITOR).filter(|whom| **whom != who) {
            self.add_block(who, *whom);
        }
        self.look_again(now);
    }

    pub(super) fn block(&mut self, member: u32, room: Option<RoomId>) -> Result<(), Rejection> {
        let [who, whom] = self.who_blocks_whom(member, room)?;
        if who != whom {
            self.add_block(who, whom);
        }
        Ok(())
    }

    fn who_blocks_whom(&self, member: u32, room: Option<RoomId>) -> Result<[UserId; 2], Rejection> {
        let own = &self.members[member];
        let visitors = &self.visitors.visitors;
        let (met_in, whom) = match (own.standing, own.parting) {
            (Standing::InRoom(present, partner), parting) => {
                let last = parting.filter(|last| room == Some(last.room));
                last.map_or_else(
                    || (present, visitors[self.members[partner].visitor].user),
                    |last| (last.room, last.partner_user),
                )
            }
            (_, Some(last)) => (last.room, last.partner_user),
            (_, None) => return Err(Rejection::NotInRoom),
        };
        if room.is_some_and(|room| room != met_in) {
            return Err(Rejection::NotInRoom);
        }
        Ok([visitors[own.visitor].user, whom])
    }

    fn add_block(&mut self, who: UserId, whom: UserId) {
        if let Some((one, _)) = self.blocks.add(who, whom)
            && let Some(visitor) = self.visitors.slot(one)
        {
            self.let_look(visitor);
        }
        for user in [who, whom] {
            if let Some(visitor) = self.visitors.slot(user) {
                self.visitors.visitors[visitor].is_in_blocks = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Effect, Input, Mode, Policy, Request};

    fn lobby() -> Lobby {
        let mut rooms = 0;
        Lobby::new(Policy { memory_partners: 0, ..Policy::default() }, move || {
            rooms += 1;
            RoomId(rooms)
        })
    }

    fn wait(lobby: &mut Lobby, user: u32, session: u64, mode: Mode) {
        let user = UserId(user.into());
        let (auto_next, room, wishes, again) = (false, None, None, false);
        let request = Request { user, mode, auto_next, room, wishes, again };
        let input = Input::Request(SessionKey(session), request);
        lobby.handle_input(input, Moment::default()).expect("anybody may wait");
    }

    /// Whether two visitors meet, each in a session that is over then.
    fn meet(lobby: &mut Lobby, users: [u32; 2], sessions: [u64; 2]) -> bool {
        for (user, session) in users.into_iter().zip(sessions) {
            wait(lobby, user, session, Mode::Text);
        }
        let have_met = std::iter::from_fn(|| lobby.poll_effect())
            .any(|effect| matches!(effect, Effect::Matched { .. }));
        for session in sessions {
            let gone = Input::Disconnect(SessionKey(session));
            lobby.handle_input(gone, Moment::default()).expect("anybody may go");
        }
        have_met
    }

    #[test]
    fn whom_one_has_blocked_in_former_times_one_does_not_meet_either_way() {
        let (one, other, now) = (UserId(1), UserId(2), Moment::default());
        for users in [[1, 2], [2, 1]] {
            let mut lobby = lobby();
            lobby.know_blocks(one, &[other, one], now);
            assert!(!meet(&mut lobby, users, [10, 11]), "{users:?}");
            assert!(
                meet(&mut lobby, [1, 3], [12, 13]),
                "others they meet, and themselves they are"
            );
        }
    }

    #[test]
    fn they_are_known_of_those_too_who_are_there_already() {
        let mut lobby = lobby();
        assert!(meet(&mut lobby, [1, 2], [1, 2]), "before");
        wait(&mut lobby, 2, 3, Mode::Audio);
        lobby.know_blocks(UserId(1), &[UserId(2)], Moment::default());
        assert!(!meet(&mut lobby, [1, 2], [4, 5]));
    }

    #[test]
    fn past_so_many_they_are_not_known() {
        let mut lobby = lobby();
        let most = u32::try_from(Lobby::BLOCKS_PER_VISITOR).expect("few");
        let blocked: Vec<_> = (10..10 + most + 1).map(|user| UserId(user.into())).collect();
        lobby.know_blocks(UserId(1), &blocked, Moment::default());
        assert!(!meet(&mut lobby, [1, 10], [1, 2]));
        assert!(!meet(&mut lobby, [1, 9 + most], [3, 4]));
        assert!(meet(&mut lobby, [1, 10 + most], [5, 6]));
    }

    #[test]
    fn whom_one_would_block_is_known_before() {
        let mut lobby = lobby();
        let session = SessionKey(1);
        assert_eq!(lobby.blocking_of(session, None), None);
        (1..=2).for_each(|user| wait(&mut lobby, user, user.into(), Mode::Text));
        let (room, _) = lobby.room_of(session).expect("they have met");
        let (who, whom) = (UserId(1), UserId(2));
        for is_new in [true, false] {
            let blocking = Some(Blocking { who, whom, is_new });
            assert_eq!(lobby.blocking_of(session, None), blocking);
            assert_eq!(lobby.blocking_of(session, Some(room)), blocking);
            assert_eq!(lobby.blocking_of(session, Some(RoomId(404))), None);
            let input = Input::Block(session, Some(room));
            lobby.handle_input(input, Moment::default()).expect("they are in it");
        }
    }
}
