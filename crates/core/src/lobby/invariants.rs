//! What is true of a Lobby after every input.

use std::collections::HashSet;

use super::*;

impl Lobby {
    /// Panics where the Lobby contradicts itself.
    pub(super) fn assert_invariants(&self) {
        let (mut waiting, mut in_rooms) = (0, 0);
        for (session, member) in &self.members {
            match member.standing {
                Standing::Idle => {}
                Standing::Waiting(ticket) if member.is_away => {
                    let mut waiting = self.queues.iter().flat_map(Queue::iter);
                    assert!(waiting.all(|(place, ..)| place != ticket.place), "nor found");
                }
                Standing::Waiting(ticket) => {
                    waiting += 1;
                    let queue = &self.queues[member.request.mode as usize];
                    let held = (ticket.place, *session, member.request.user);
                    assert!(queue.iter().any(|entry| entry == held), "who waits is in its queue");
                    assert!(self.to_tell.contains(&(ticket.tell_at, *session)), "and will be told");
                }
                Standing::InRoom(id) => {
                    in_rooms += 1;
                    let room = self.rooms.get(&id).expect("the room of a session is there");
                    assert!(room.sessions.contains(session), "and knows the session");
                    assert!(!member.past.contains(id), "a present room is not a past one");
                }
            }
        }
        assert_eq!(waiting, self.waiting_count(), "no queue holds anybody else");
        assert_eq!(waiting, self.to_tell.len(), "nobody else is told");
        assert_eq!(in_rooms, 2 * self.rooms.len(), "a room is exactly two");
        for room in self.rooms.values() {
            let [first, second] = room.sessions.map(|session| &self.members[&session]);
            assert_ne!(room.sessions[0], room.sessions[1], "nobody meets the very same session");
            assert_eq!(first.request.mode, second.request.mode, "both want the same kind of call");
            assert!(
                self.policy.same_visitor || first.request.user != second.request.user,
                "nobody meets oneself"
            );
        }
        for queue in &self.queues {
            let users: HashSet<UserId> = queue.iter().map(|(_, _, user)| user).collect();
            let most = if self.policy.same_visitor { queue.len().min(1) } else { 1 };
            assert!(users.len() <= most.max(1), "nobody waits beside somebody they may meet");
            assert!(!self.policy.same_visitor || queue.len() <= 1, "not even beside oneself");
        }
    }
}
