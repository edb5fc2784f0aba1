//! Groups as one session knows them: joining, leaving, and what it says there.
//!
//! A visitor is seen by their lasting id in a group, the connection by an id of that group alone.

use std::sync::{Arc, atomic::AtomicBool};

use liveloop_core::{GroupRejection, GroupView, Moment, RoomId, SocketId};
use liveloop_ports::ArchiveError;
use liveloop_protocol::{
    Encoded, ErrorCode, IdText, JoinRoom, LeaveRoom, Refusal, RoomJoined, RoomKind, ServerEvent,
    format_id,
};

use super::{Effect, RelayKind, Session, messages::refusal_of_archive, room_named};
use crate::{
    desk::{Ask, AskedBy, Wish},
    plane::ConnId,
};

/// A group that a session listens to; ids are in their text form, for they go into every event.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) room: RoomId,
    pub(super) room_id: IdText,
    /// This connection, in this group alone.
    pub(super) own: SocketId,
    pub(super) own_id: IdText,
}

/// An event for all who listen to a group, but the connection that it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Publication {
    pub(crate) room: RoomId,
    pub(crate) kind: RelayKind,
    /// None where that connection alone is told something.
    pub(crate) event: Option<Arc<Published>>,
    /// The place of the text that it tells of, where it does.
    pub(crate) seq: Option<u64>,
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

/// What the desk says to a `join-room`.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) room: RoomId,
    pub(crate) reference: Option<u64>,
    pub(crate) outcome: Result<GroupView, GroupRejection>,
    /// The last text's place when this session begins to listen, read by its own thread: were it
    /// read sooner, a text of between would be neither in the history that it asks for nor heard.
    pub(crate) last_seq: Result<u64, ArchiveError>,
}

/// What a visitor is told of a group that refuses them.
pub(crate) fn refusal_of(rejection: GroupRejection) -> Refusal {
    let (code, message) = match rejection {
        GroupRejection::NotFound => {
            (ErrorCode::RoomNotFound, "there is no such group for you: check the link")
        }
        GroupRejection::Full => {
            (ErrorCode::RoomFull, "this group has as many members as it may: try again later")
        }
        GroupRejection::TooMany => {
            (ErrorCode::NotAllowed, "no more groups can be made: use one of those that you have")
        }
    };
    Refusal::new(code, message)
}

impl Session {
    pub(super) fn join_room(&mut self, join: &JoinRoom<'_>, reference: Option<u64>) {
        let room = room_named(Some(&join.room_id)).unwrap_or(RoomId::NEVER);
        let most = self.shared.settings.limits.groups_per_connection;
        let is_known = self.listening(room).is_some() || self.joining().contains(&room);
        if !is_known && most > 0 && self.groups().len() + self.joining().len() >= most {
            let reason = "you listen to as many groups as one may: leave one of them first";
            let refusal = Refusal::new(ErrorCode::NotAllowed, reason);
            return self.refuse(reference, Some("join-room"), Some(&join.room_id), &refusal);
        }
        if !is_known {
            self.traces.get_or_insert_default().joining.push(room);
        }
        self.ask_for_group(Wish::Join(room, self.user), "join-room", reference);
    }

    pub(super) fn leave_room(&mut self, leave: &LeaveRoom<'_>, reference: Option<u64>) {
        let room = room_named(Some(&leave.room_id)).unwrap_or(RoomId::NEVER);
        let was_joining = self.forget_joining(room);
        if !was_joining && self.listening(room).is_none() {
            let refusal = Refusal::not_in_room();
            return self.refuse(reference, Some("leave-room"), Some(&leave.room_id), &refusal);
        }
        if let Some(traces) = &mut self.traces {
            traces.groups.retain(|group| group.room != room);
        }
        self.effects.push_back(Effect::Unlisten(room, self.outlet));
        self.ask_for_group(Wish::Leave(room, self.user), "leave-room", reference);
    }

    fn ask_for_group(&mut self, wish: Wish, event: &'static str, reference: Option<u64>) {
        let (Wish::Join(room, _) | Wish::Leave(room, _)) = wish else { return };
        let by = AskedBy { event, room: Some(room), reference, outlet: self.outlet };
        self.effects.push_back(Effect::Ask(Ask { wish, by: Some(by) }));
    }

    pub(super) fn joined(&mut self, joined: &Joined) {
        let room_id = format_id(joined.room.0);
        let is_wanted = self.forget_joining(joined.room);
        let view = match &joined.outcome {
            Ok(view) => view,
            Err(rejection) => {
                let refusal = refusal_of(*rejection);
                let known = Some(room_id.as_str()).filter(|_| joined.room != RoomId::NEVER);
                return self.refuse(joined.reference, Some("join-room"), known, &refusal);
            }
        };
        let last_seq = match &joined.last_seq {
            Ok(last_seq) => *last_seq,
            Err(error) => {
                let refusal = refusal_of_archive(error);
                return self.refuse(joined.reference, Some("join-room"), Some(&room_id), &refusal);
            }
        };
        let ack = RoomJoined {
            room_id: &room_id,
            kind: RoomKind::Group,
            name: view.name.as_deref(),
            count: view.count,
            last_seq,
        };
        self.acknowledge(joined.reference, &ack);
        if is_wanted {
            let own = self.shared.secret.connection_in(joined.room, self.socket);
            let own_id = format_id(own.0);
            let listening = Listening { room: joined.room, room_id, own, own_id };
            self.traces.get_or_insert_default().groups.push(Arc::new(listening));
            self.effects.push_back(Effect::Listen(joined.room, self.outlet));
        }
    }

    /// Takes what was told in a group while this session was about to listen to it.
    pub(crate) fn hear(&mut self, publication: &Publication) {
        let Some(event) = &publication.event else { return };
        let encoded = Encoded::clone(&event.encoded);
        let effect = match self.number_for(publication.kind) {
            Some(n) => Effect::Number(encoded, n, None),
            None => Effect::Send(encoded.into_frame(None)),
        };
        self.effects.push_back(effect);
    }

    /// The number of the next event of this kind, where such are numbered.
    pub(crate) fn number_for(&mut self, kind: RelayKind) -> Option<u64> {
        kind.is_numbered().then(|| self.next_n())
    }

    /// The groups that this session listens to.
    pub(crate) fn listens_to(&self) -> Vec<RoomId> {
        self.groups().iter().map(|group| group.room).collect()
    }

    fn groups(&self) -> &[Arc<Listening>] {
        self.traces.as_ref().map_or(&[], |traces| &traces.groups)
    }

    fn joining(&self) -> &[RoomId] {
        self.traces.as_ref().map_or(&[], |traces| &traces.joining)
    }

    /// Whether `room` was being joined; from now on it is not.
    fn forget_joining(&mut self, room: RoomId) -> bool {
        let Some(traces) = &mut self.traces else { return false };
        let place = traces.joining.iter().position(|joining| *joining == room);
        place.map(|place| traces.joining.swap_remove(place)).is_some()
    }

    fn listening(&self, room: RoomId) -> Option<&Arc<Listening>> {
        self.groups().iter().find(|group| group.room == room)
    }

    /// The group that is named, where this session listens to it.
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
        Effect::Publish(Publication { room, kind, event, seq: None, from, answer: None })
    }
}
