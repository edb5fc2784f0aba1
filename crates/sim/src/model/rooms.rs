//! Rooms: two sessions each, of two visitors, who are told the same of it.

use serde_json::Value;

use super::{Mode, Model, Named, Place, Rule, broken};

/// How a session has left a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// It was told that the partner is gone.
    Told,
    /// By a command of its own.
    Own,
    /// It is not known how: its socket was lost meanwhile.
    Unknown,
}

/// What one of the two was told.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) session: usize,
    pub(crate) partner: usize,
    is_initiator: bool,
    pseudonym: String,
    pub(crate) farewell: Option<Farewell>,
    pub(super) matched_at: u64,
    pub(super) last_signal: u64,
    pub(super) last_seq: u64,
    /// It has come back and was not sent everything.
    pub(super) has_missed: bool,
}

/// A text of a room.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) serial: u64,
    pub(super) sender: usize,
    pub(super) is_acknowledged: bool,
    pub(super) is_received: bool,
}

/// A call.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: String,
    pub(super) mode: Mode,
    pub(crate) sides: Vec<Side>,
    pub(super) first_seen: u64,
    pub(super) first_epoch: u64,
    /// It was seen as it came, and not sent again later.
    pub(super) is_seen_live: bool,
    pub(super) is_judged: bool,
    pub(super) texts: std::collections::BTreeMap<u64, Text>,
}

impl Room {
    pub(crate) fn side(&self, session: usize) -> Option<&Side> {
        self.sides.iter().find(|side| side.session == session)
    }

    pub(super) fn side_mut(&mut self, session: usize) -> Option<&mut Side> {
        self.sides.iter_mut().find(|side| side.session == session)
    }
}

impl Model {
    /// The room of that id, which may be new.
    pub(crate) fn room(&mut self, id: &str) -> usize {
        if let Some(room) = self.by_room.get(id) {
            return *room;
        }
        let number = self.rooms.len();
        self.by_room.insert(id.to_owned(), number);
        self.rooms.push(Room {
            id: id.to_owned(),
            mode: "",
            sides: Vec::new(),
            first_seen: self.now,
            first_epoch: self.epoch,
            is_seen_live: false,
            is_judged: false,
            texts: std::collections::BTreeMap::new(),
        });
        number
    }

    pub(super) fn match_done(&mut self, session: usize, data: &Value) -> Rule {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let is_new = !self.by_room.contains_key(data["roomId"].as_str().unwrap_or_default());
        let room = self.room(&text(&data["roomId"]));
        let remote = &data["remoteUserDetails"];
        let Some(&partner) = self.by_socket.get(remote["socket"].as_str().unwrap_or_default())
        else {
            return broken("two-in-a-room", format!("{remote} is nobody's socket"));
        };
        let mode = ["video", "audio", "text"].into_iter().find(|mode| data["mode"] == *mode);
        let side = Side {
            session,
            partner,
            is_initiator: data["initiator"] == true,
            pseudonym: text(&remote["userId"]),
            farewell: None,
            matched_at: self.tick,
            last_signal: 0,
            last_seq: 0,
            has_missed: self.sessions[session].missed_at == Some(self.epoch),
        };
        if let Some(before) = self.rooms[room].side(session) {
            let is_same = (before.partner, before.is_initiator, &before.pseudonym)
                == (side.partner, side.is_initiator, &side.pseudonym);
            let is_there = self.sessions[session].place == Place::Room(room);
            if is_same && is_there && before.farewell.is_none() {
                return Ok(());
            }
            return broken(
                "match-once",
                format!("{} is matched in it again: {data}", side.session),
            );
        }
        self.leave_for(session, room)?;
        // Who goes back may come with nothing that they wished for.
        if self.now <= self.sessions[session].undo_until {
            self.sessions[session].is_wish_held = false;
        }
        if is_new {
            let own = &self.sessions[session];
            let is_live = own.catch_up.is_none() && own.missed_at != Some(self.epoch);
            self.rooms[room].is_seen_live = is_live;
        }
        self.join(room, side, mode.unwrap_or_default())?;
        self.set_place(session, Place::Room(room));
        self.sessions[session].rooms.push(room);
        self.check_not_kept_apart(session, partner)
    }

    /// A match may come only to those who wait, or who go back to somebody.
    fn leave_for(&mut self, session: usize, room: usize) -> Rule {
        let own = &self.sessions[session];
        let goes_back = self.now <= own.undo_until;
        let is_unsure = own.is_vague || own.unsure_until > self.epoch;
        match own.place {
            Place::Waiting(_) => Ok(()),
            Place::Room(before) if before == room => Ok(()),
            Place::Room(before) if goes_back || is_unsure => {
                let farewell = if is_unsure { Farewell::Unknown } else { Farewell::Own };
                self.depart(session, before, farewell);
                Ok(())
            }
            Place::Idle if goes_back || is_unsure => Ok(()),
            place => {
                let (id, room) = (&own.id, &self.rooms[room].id);
                broken("one-place", format!("{id} is matched in {room} while {place:?}"))
            }
        }
    }

    fn join(&mut self, number: usize, side: Side, mode: Mode) -> Rule {
        let room = &mut self.rooms[number];
        let told = format!("in {}: {:?} and {side:?}", room.id, room.sides);
        let users = [side.session, side.partner].map(|session| self.sessions[session].user);
        if users[0] == users[1] {
            return broken("never-oneself", told);
        }
        match &room.sides[..] {
            [] => room.mode = mode,
            [first] => {
                let are_mirrored = first.session == side.partner
                    && first.partner == side.session
                    && first.is_initiator != side.is_initiator
                    && room.mode == mode;
                if !are_mirrored {
                    return broken("two-in-a-room", told);
                }
                self.counts.add("matches seen by both");
            }
            _ => return broken("two-in-a-room", told),
        }
        if room.sides.is_empty() {
            self.counts.add("matches");
        }
        room.sides.push(side);
        Ok(())
    }

    pub(super) fn depart(&mut self, session: usize, room: usize, farewell: Farewell) {
        if let Some(side) = self.rooms[room].side_mut(session) {
            side.farewell.get_or_insert(farewell);
        }
    }

    /// The room that a command of `session` is about.
    pub(super) fn meant(&self, session: usize, named: Named) -> Option<usize> {
        match (named, self.sessions[session].place) {
            (Named::None, Place::Room(room)) | (Named::Room(room), _) => Some(room),
            _ => None,
        }
    }
}
