//! What is true of a Lobby after every input.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::*;
use crate::{index::Key, words::ANY};

impl Lobby {
    /// Panics where the Lobby contradicts itself.
    pub(super) fn assert_invariants(&self) {
        assert_eq!(self.slots.len(), self.members.len(), "every session is one member");
        let (mut waiting, mut in_rooms) = (0, 0);
        let mut asks = BTreeSet::new();
        for (session, slot) in self.slots.iter() {
            let session = SessionKey(session);
            let member = &self.members[slot];
            assert_eq!(member.session, session);
            match member.standing {
                Standing::Idle => assert!(member.topics.is_empty(), "the idle hold no words"),
                Standing::Waiting(ticket) => {
                    waiting += 1;
                    self.assert_ticket(ticket, slot);
                }
                Standing::InRoom(room, partner) => {
                    in_rooms += 1;
                    self.assert_room(room, slot, partner);
                }
            }
            if let Some(until) = member.parting.and_then(|parting| parting.asks_until) {
                asks.insert((until, session));
            }
        }
        assert_eq!(waiting, self.tickets.len(), "no ticket is anybody else's");
        assert_eq!(in_rooms, 2 * self.room_count, "a room is exactly two");
        assert_eq!(asks, self.asks, "every ask lapses some day");
        assert!(self.to_look.is_empty(), "whoever may have found somebody has looked");
        self.assert_crowds();
        self.assert_uses();
        self.assert_nobody_waits_in_vain();
    }

    fn assert_ticket(&self, ticket: u32, member: u32) {
        let held = &self.tickets[ticket];
        let owner = &self.members[member];
        assert_eq!((held.member, held.mode), (member, owner.mode));
        assert_eq!(held.visitor, owner.visitor);
        assert_eq!(held.is_seated, !owner.is_away, "who is away sits nowhere");
        let is_to_be_told = self.lines.is_in_notice_line(&self.tickets, ticket);
        assert_eq!(is_to_be_told, !owner.is_away, "who is there will be told");
        assert_eq!(held.notice != NoticeLine::None, is_to_be_told);
        let has_something_to_relax = match held.stance.step {
            Step::Nothing => !owner.topics.is_empty(),
            Step::Interests => !owner.topics.languages().is_empty(),
            Step::Languages => false,
        };
        let is_in_step_line = self.lines.steps(&self.tickets).any(|other| other == ticket);
        assert_eq!(is_in_step_line, has_something_to_relax, "no wish outlasts its step");
        let tabs = self.visitors.visitors[held.visitor].tabs[held.mode as usize];
        let tabs: Vec<u32> = tabs.iter(&self.tickets, TABS).collect();
        assert_eq!(tabs.contains(&ticket), held.is_seated);
        let is_first = tabs.first() == Some(&ticket);
        assert_eq!(held.is_listed, held.is_seated && (is_first || self.policy.same_visitor));
        let keys = if held.is_listed { self.keys_of(ticket) } else { HashSet::new() };
        let listed = self.index.keys(held.stands);
        assert_eq!(listed.len(), keys.len(), "once under each key");
        assert_eq!(listed.into_iter().collect::<HashSet<_>>(), keys, "listed as it stands");
    }

    fn keys_of(&self, ticket: u32) -> HashSet<Key> {
        let held = &self.tickets[ticket];
        let topics = &self.members[held.member].topics;
        let (mut interests, mut languages) =
            (topics.interests().to_vec(), topics.languages().to_vec());
        if held.stance.step != Step::Nothing || interests.is_empty() {
            interests.push(ANY);
        }
        if held.stance.step == Step::Languages || languages.is_empty() {
            languages.push(ANY);
        }
        let keys = |interest: &u32| {
            let interest = *interest;
            languages.iter().map(move |language| Key::new(held.mode, interest, *language))
        };
        interests.iter().flat_map(keys).collect()
    }

    fn assert_room(&self, room: RoomId, member: u32, partner: u32) {
        assert_ne!(member, partner, "nobody meets the very same session");
        let [own, other] = [member, partner].map(|slot| &self.members[slot]);
        assert!(
            matches!(other.standing, Standing::InRoom(id, back) if (id, back) == (room, member))
        );
        assert!(!own.past.contains(room), "a present room is not a past one");
        assert_eq!(own.mode, other.mode, "both want the same kind of call");
        let is_one_visitor = own.visitor == other.visitor;
        assert!(self.policy.same_visitor || !is_one_visitor, "nobody meets oneself");
    }

    fn assert_crowds(&self) {
        for mode in Mode::ALL {
            let tickets = || self.tickets.iter().filter(|(_, held)| held.mode == mode);
            let crowd = &self.modes[mode as usize];
            assert_eq!(crowd.present, tickets().filter(|(_, held)| held.is_seated).count());
            assert_eq!(crowd.listed, tickets().filter(|(_, held)| held.is_listed).count());
            let open = Key::of_the_open(mode);
            assert_eq!(self.index.open_count(mode), self.index.under(open).count());
        }
        assert!(self.lines.are_in_order(&self.tickets, &self.policy), "what is due first is first");
        for (key, ranks) in self.index.ranks() {
            assert!(ranks.is_sorted(), "under {key:?} whoever came first is first");
            assert!(!ranks.is_empty(), "an empty chain is no longer there");
        }
    }

    fn assert_uses(&self) {
        let mut sessions: HashMap<u32, u32> = HashMap::new();
        for (_, member) in self.members.iter() {
            *sessions.entry(member.visitor).or_default() += 1;
        }
        let mut met: HashMap<u32, Vec<u32>> = HashMap::new();
        for ([one, other], _) in self.meetings.all() {
            met.entry(one).or_default().push(other);
            met.entry(other).or_default().push(one);
        }
        for (visitor, session_count, remembered, partners) in self.visitors.all() {
            assert_eq!(session_count, sessions.remove(&visitor).unwrap_or(0));
            let met = met.remove(&visitor).unwrap_or_default();
            assert_eq!(remembered as usize, met.len());
            let dropped = met.len().saturating_sub(self.policy.memory_partners as usize);
            assert_eq!(partners, met[dropped..], "the last partners");
            assert!(session_count + remembered > 0, "kept as long as spoken of");
        }
        assert!(sessions.is_empty() && met.is_empty(), "and not forgotten before");
        let words = self.members.iter().flat_map(|(_, member)| {
            [member.topics.interests(), member.topics.languages()].concat()
        });
        assert_eq!(self.words.used_count(), words.collect::<HashSet<u32>>().len());
    }

    fn assert_nobody_waits_in_vain(&self) {
        for (ticket, held) in self.tickets.iter().filter(|(_, held)| held.is_listed) {
            let found = self.find(held.member, held.stance);
            assert_eq!(found, None, "{ticket} waits beside somebody whom it may meet");
        }
    }

    /// Panics unless nothing at all is left.
    pub(super) fn assert_empty(&self) {
        assert_eq!((self.members.len(), self.tickets.len(), self.room_count), (0, 0, 0));
        assert!(self.index.is_empty() && self.asks.is_empty() && self.slots.len() == 0);
        assert_eq!((self.meetings.len(), self.words.used_count()), (0, 0));
        assert_eq!(self.visitors.all().count(), 0);
        assert_eq!(self.poll_timeout(), None);
    }
}
