//! Channels as one session knows them: joining, leaving, and what it says there.
//!
//! A visitor is seen by their lasting id in a channel, the connection by an id of that channel alone.
//! Who is a member the stores know. A session that may come in listens first and asks for the place
//! of the last text then: so a text of between is in the history that it asks for, or heard, or both.

use std::sync::{Arc, atomic::AtomicBool};

use liveloop_core::{MembersChange, Moment, RoomId, SocketId, UserId};
use liveloop_protocol::{
    Encoded, ErrorCode, IdText, JoinRoom, LeaveRoom, Refusal, RoomJoined, RoomMembers, ServerEvent,
    format_id,
};

use super::{Effect, Nothing, RelayKind, Session, room_named};
use crate::{
    clock::Now,
    desk::AskedBy,
    inquiry::{Entered, Finding, Inquiry, Question, Reply, hash_of_secret, room_not_found},
    plane::ConnId,
};

/// How many inquiries of one session may be unanswered.
const UNANSWERED_MAX: u8 = 16;
/// What one is told who has as many, in milliseconds.
const RETRY_AFTER_MS: u64 = 1_000;

/// A channel that a session listens to; ids are in their text form, for they go into every event.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) room: RoomId,
    pub(super) room_id: IdText,
    /// This connection, in this channel alone.
    pub(super) own: SocketId,
    pub(super) own_id: IdText,
}

impl Listening {
    /// `own` is what the others see of the connection.
    pub(super) fn new(room: RoomId, own: SocketId) -> Self {
        Self { room, room_id: format_id(room.0), own, own_id: format_id(own.0) }
    }
}

/// A `join-room` that is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Joining {
    pub(super) room: RoomId,
    /// Of the inquiry: after a `leave-room` another attempt has another one.
    number: u32,
}

/// An event for all who listen to a channel, but the connection that it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Publication {
    pub(crate) room: RoomId,
    pub(crate) kind: RelayKind,
    /// None where that connection alone is told something.
    pub(crate) event: Option<Arc<Published>>,
    pub(crate) from: Option<ConnId>,
    /// What that connection is told in its place, so that it hears its own text's place in order too.
    pub(crate) answer: Option<Box<[u8]>>,
}

/// What is published, once for all event loops.
#[derive(Debug)]
pub(crate) struct Published {
    /// Shared with all that keep it, to send it again.
    pub(crate) encoded: Arc<Encoded>,
    /// When the frame behind it was read, where there was one.
    pub(crate) read_at: Option<Moment>,
    /// Whether there is anybody to hear it. Set by each event loop for its own listeners.
    pub(crate) is_heard: AtomicBool,
}

impl Published {
    pub(crate) fn new(event: &ServerEvent<'_>, read_at: Option<Moment>) -> Arc<Self> {
        let encoded = Arc::new(event.encode().shrunk());
        Arc::new(Self { encoded, read_at, is_heard: AtomicBool::new(false) })
    }
}

impl Publication {
    /// Who has come and gone, for all who listen; the channel has `count` members now.
    pub(crate) fn of_members(change: &MembersChange, count: usize) -> Self {
        let room_id = format_id(change.room.0);
        let ids = |users: &[UserId]| users.iter().map(|user| format_id(user.0)).collect();
        let (joined, left): (Vec<IdText>, Vec<IdText>) = (ids(&change.joined), ids(&change.left));
        let event = ServerEvent::RoomMembers(&RoomMembers {
            room_id: &room_id,
            count,
            joined: (!joined.is_empty()).then(|| joined.iter().map(IdText::as_str).collect()),
            left: (!left.is_empty()).then(|| left.iter().map(IdText::as_str).collect()),
        });
        let (room, kind) = (change.room, RelayKind::Numbered);
        Self { room, kind, event: Some(Published::new(&event, None)), from: None, answer: None }
    }
}

impl Session {
    pub(super) fn join_room(&mut self, join: &JoinRoom<'_>, reference: Option<u64>, now: Now) {
        let refused = |session: &mut Self, refusal: &Refusal| {
            session.refuse(reference, Some("join-room"), Some(&join.room_id), refusal);
        };
        let room = room_named(Some(&join.room_id)).unwrap_or(RoomId::NEVER);
        if room == RoomId::NEVER {
            return refused(self, &room_not_found());
        }
        let attempt = self.joining().iter().find(|joining| joining.room == room).copied();
        let most = self.shared.settings.limits.groups_per_connection;
        let is_new = attempt.is_none() && self.listening(room).is_none();
        if is_new && most > 0 && self.listened() >= most {
            let reason = "you listen to as many channels as one may: leave one of them first";
            return refused(self, &Refusal::new(ErrorCode::NotAllowed, reason));
        }
        let question = Question::Join {
            room,
            user: self.user,
            name: self.name.clone(),
            invite: join.invite.as_deref().map(hash_of_secret),
            at: now.wall,
        };
        let number = attempt.map_or_else(|| self.next_number(), |attempt| attempt.number);
        let by = self.asked_by("join-room", Some(room), reference);
        if let Err(refusal) = self.inquire(Inquiry { question, by, number }) {
            return refused(self, &refusal);
        }
        if attempt.is_none() {
            self.traces.get_or_insert_default().joining.push(Joining { room, number });
        }
    }

    pub(super) fn leave_room(&mut self, leave: &LeaveRoom<'_>, reference: Option<u64>) {
        let refused = |session: &mut Self, refusal: &Refusal| {
            session.refuse(reference, Some("leave-room"), Some(&leave.room_id), refusal);
        };
        let room = room_named(Some(&leave.room_id)).unwrap_or(RoomId::NEVER);
        let is_joining = self.joining().iter().any(|joining| joining.room == room);
        if !is_joining && self.listening(room).is_none() {
            return refused(self, &Refusal::not_in_room());
        }
        let by = self.asked_by("leave-room", Some(room), reference);
        let question = Question::Leave { room, user: self.user };
        if let Err(refusal) = self.inquire(Inquiry { question, by, number: 0 }) {
            return refused(self, &refusal);
        }
        let Some(traces) = &mut self.traces else { return };
        traces.joining.retain(|joining| joining.room != room);
        match traces.groups.iter().position(|group| group.room == room) {
            // It says nothing there any more, and hears what is said until it has left.
            Some(place) => traces.leaving.push(traces.groups.remove(place)),
            None => self.effects.push_back(Effect::Unlisten(room, self.outlet)),
        }
    }

    pub(super) fn asked_by(
        &self,
        event: &'static str,
        room: Option<RoomId>,
        reference: Option<u64>,
    ) -> AskedBy {
        AskedBy { event, room, reference, outlet: self.outlet }
    }

    /// Asks the stores, unless too much is unanswered.
    pub(super) fn inquire(&mut self, inquiry: Inquiry) -> Result<(), Refusal> {
        let unanswered = &mut self.traces.get_or_insert_default().unanswered;
        if *unanswered >= UNANSWERED_MAX {
            return Err(Refusal::rate_limited(RETRY_AFTER_MS));
        }
        *unanswered += 1;
        self.effects.push_back(Effect::Inquire(Box::new(inquiry)));
        Ok(())
    }

    /// A number that no inquiry of this session has had.
    pub(super) fn next_number(&mut self) -> u32 {
        let traces = self.traces.get_or_insert_default();
        traces.last_number = traces.last_number.wrapping_add(1).max(1);
        traces.last_number
    }

    /// The stores have answered.
    pub(super) fn found(&mut self, finding: Finding) {
        if let Question::KNOWN = finding.by.event {
            return match finding.outcome {
                Ok(_) => self.arrived(),
                Err(refusal) => self.not_arrived(&refusal),
            };
        }
        if let Some(traces) = &mut self.traces {
            traces.unanswered = traces.unanswered.saturating_sub(1);
        }
        let Finding { by, number, outcome } = finding;
        match outcome {
            Ok(Reply::Joined { channel, .. }) => self.admitted(by, number, channel),
            Ok(Reply::Entered(channel)) => self.entered(&by, number, &channel),
            Ok(Reply::Left { room, .. }) => {
                self.left(room);
                self.acknowledge(by.reference, &Nothing {});
            }
            Ok(Reply::IsMember | Reply::Known { .. }) => {}
            Ok(Reply::AreFellows(users)) => self.may_watch(by, number, users),
            Ok(Reply::ReadUpTo(up_to)) => self.has_read(&by, &up_to),
            Ok(Reply::Changed(changed)) => self.has_changed(&by, &changed),
            Ok(Reply::Page(told)) => told.with(|page| self.acknowledge(by.reference, page)),
            Err(refusal) => self.not_found(&by, number, &refusal),
        }
    }

    /// They are a member: from now on this session listens.
    fn admitted(&mut self, by: AskedBy, number: u32, channel: Box<Entered>) {
        let room = channel.room;
        if self.is_joining(room, number) {
            if let Some(traces) = &mut self.traces {
                traces.leaving.retain(|group| group.room != room);
            }
            self.effects.push_back(Effect::Listen(room, self.outlet));
        }
        self.become_present();
        let question = Question::Enter { channel, is_open: false };
        if let Some(traces) = &mut self.traces {
            // It is the same frame still, which was let pass.
            traces.unanswered += 1;
        }
        self.effects.push_back(Effect::Inquire(Box::new(Inquiry { question, by, number })));
    }

    fn entered(&mut self, by: &AskedBy, number: u32, channel: &Entered) {
        let room_id = format_id(channel.room.0);
        let ack = RoomJoined {
            room_id: &room_id,
            kind: channel.kind,
            name: channel.name.as_deref(),
            count: channel.count,
            last_seq: channel.last_seq,
        };
        self.acknowledge(by.reference, &ack);
        let is_wanted = self.forget_joining(channel.room, number);
        if is_wanted && self.listening(channel.room).is_none() {
            let own = self.shared.secret.connection_in(channel.room, self.socket);
            let listening = Listening::new(channel.room, own);
            self.traces.get_or_insert_default().groups.push(Arc::new(listening));
        }
        self.take_up(channel.room);
    }

    fn not_found(&mut self, by: &AskedBy, number: u32, refusal: &Refusal) {
        let Some(room) = by.room else {
            return self.refuse(by.reference, Some(by.event), None, refusal);
        };
        let is_over = refusal.code != ErrorCode::StoreUnavailable;
        match by.event {
            "join-room" => {
                let is_wanted = self.forget_joining(room, number);
                if is_wanted && self.listening(room).is_none() {
                    self.effects.push_back(Effect::Unlisten(room, self.outlet));
                } else if is_wanted && is_over {
                    self.stop_listening(room);
                }
            }
            "leave-room" => self.stay(room),
            // Nobody has asked but the node itself.
            "" => {
                if is_over && !self.joining().iter().any(|joining| joining.room == room) {
                    self.stop_listening(room);
                }
                return;
            }
            _ => {}
        }
        let room_id = format_id(room.0);
        self.refuse(by.reference, Some(by.event), Some(&room_id), refusal);
        self.take_up(room);
    }

    /// A `leave-room` was refused.
    fn stay(&mut self, room: RoomId) {
        let Some(traces) = &mut self.traces else { return };
        let Some(place) = traces.leaving.iter().position(|group| group.room == room) else {
            return;
        };
        let group = traces.leaving.remove(place);
        if !traces.groups.iter().any(|other| other.room == room) {
            traces.groups.push(group);
        }
    }

    /// A `leave-room` was granted, and no `join-room` after it.
    fn left(&mut self, room: RoomId) {
        let Some(traces) = &mut self.traces else { return };
        if let Some(place) = traces.leaving.iter().position(|group| group.room == room) {
            traces.leaving.remove(place);
            self.effects.push_back(Effect::Unlisten(room, self.outlet));
        }
    }

    /// Hears nothing more of a channel.
    fn stop_listening(&mut self, room: RoomId) {
        let Some(traces) = &mut self.traces else { return };
        if let Some(place) = traces.groups.iter().position(|group| group.room == room) {
            traces.groups.remove(place);
            self.effects.push_back(Effect::Unlisten(room, self.outlet));
        }
    }

    /// The visitor may be a member of `room` no more, for one of their sessions has left it.
    pub(crate) fn check_membership(&mut self, room: RoomId) {
        if self.listening(room).is_none() {
            return;
        }
        let by = self.asked_by("", Some(room), None);
        let question = Question::IsMember { room, user: self.user };
        if self.inquire(Inquiry { question, by, number: 0 }).is_err() {
            // It asks too much to be asked for.
            self.stop_listening(room);
        }
    }

    /// The number of the next event of this kind, where such are numbered.
    pub(crate) fn number_for(&mut self, kind: RelayKind) -> Option<u64> {
        kind.is_numbered().then(|| self.next_n())
    }

    /// The channels that this session listens to, and those that it may.
    pub(crate) fn listens_to(&self) -> Vec<RoomId> {
        let leaving = self.traces.iter().flat_map(|traces| &traces.leaving);
        let listened = self.groups().iter().chain(leaving).map(|group| group.room);
        listened.chain(self.joining().iter().map(|joining| joining.room)).collect()
    }

    /// How many those are.
    fn listened(&self) -> usize {
        let is_new = |joining: &&Joining| self.listening(joining.room).is_none();
        self.groups().len() + self.joining().iter().filter(is_new).count()
    }

    fn groups(&self) -> &[Arc<Listening>] {
        self.traces.as_ref().map_or(&[], |traces| &traces.groups)
    }

    fn joining(&self) -> &[Joining] {
        self.traces.as_ref().map_or(&[], |traces| &traces.joining)
    }

    fn is_joining(&self, room: RoomId, number: u32) -> bool {
        self.joining().contains(&Joining { room, number })
    }

    /// Whether `room` was being joined by this attempt; from now on it is not.
    fn forget_joining(&mut self, room: RoomId, number: u32) -> bool {
        let is_joining = self.is_joining(room, number);
        if let Some(traces) = self.traces.as_mut().filter(|_| is_joining) {
            traces.joining.retain(|joining| joining.room != room);
        }
        is_joining
    }

    fn listening(&self, room: RoomId) -> Option<&Arc<Listening>> {
        self.groups().iter().find(|group| group.room == room)
    }

    /// The channel that is named, where this session listens to it.
    pub(super) fn group_named(&self, room_id: Option<&str>) -> Option<&Arc<Listening>> {
        let room_id = room_id?;
        self.groups().iter().find(|group| *group.room_id == *room_id)
    }

    pub(super) fn publish(
        &self,
        room: RoomId,
        kind: RelayKind,
        event: &ServerEvent<'_>,
        read_at: Moment,
    ) -> Effect {
        let event = Published::new(event, Some(read_at));
        let (event, from) = (Some(event), Some(self.outlet));
        Effect::Publish(Publication { room, kind, event, from, answer: None })
    }
}
