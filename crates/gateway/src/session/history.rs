//! What was said before, where one has read up to, and changing what one has said: asked of the
//! stores, which check who asks. What comes of it in a channel its home publishes, after the text that
//! it is about; in a call it goes over the Link, as that text did.

use liveloop_core::RoomId;
use liveloop_ports::{ArchiveError, Change, Kept, MessageId};
use liveloop_protocol::{
    DeleteMessage, EditMessage, History, MessageChanged, Read, ReadAck, ReadRelayed, Refusal,
    ServerEvent, format_id, parse_id,
};

use super::{
    Call, Nothing, Publication, Published, RelayKind, Session, limiter, limiter::Verdict,
    refusal_of_archive, room_named,
};
use crate::{
    clock::{Now, rfc3339},
    close::CloseReason,
    desk::AskedBy,
    inquiry::{Changed, Finding, Inquiry, Place, Question, Reply, UpTo, room_not_found},
    reading::Asked,
};

impl Publication {
    /// What all who listen to a channel hear of a finding; asked at the channel's home.
    pub(crate) fn of_finding(finding: &Finding) -> Option<Self> {
        let (room, event) = match &finding.outcome {
            Ok(Reply::ReadUpTo(UpTo { place: Place::Channel(room), user, seq, is_news: true })) => {
                let (room_id, user_id) = (format_id(room.0), format_id(user.0));
                let event = ReadRelayed { room_id: &room_id, user_id: &user_id, seq: *seq };
                (*room, Published::new(&ServerEvent::Read(&event), None))
            }
            Ok(Reply::Changed(Changed { place: Place::Channel(room), kept, is_news: true })) => {
                let published = |event: &ServerEvent<'_>| Published::new(event, None);
                (*room, with_change(*room, kept, published))
            }
            _ => return None,
        };
        let (kind, from) = (RelayKind::Numbered, Some(finding.by.outlet));
        Some(Self { room, kind, event: Some(event), from, answer: None })
    }
}

impl Publication {
    /// What all who listen to a channel hear of a text that is erased.
    pub(crate) fn of_erased(room: RoomId, kept: &Kept) -> Self {
        let event = with_change(room, kept, |event| Published::new(event, None));
        Self { room, kind: RelayKind::Numbered, event: Some(event), from: None, answer: None }
    }
}

/// Gives a change as the wire has it to `write`.
fn with_change<R>(room: RoomId, kept: &Kept, write: impl FnOnce(&ServerEvent<'_>) -> R) -> R {
    let (room_id, message_id) = (format_id(room.0), format_id(kept.message.0));
    let edited_at = kept.changed_at.filter(|_| kept.body.is_some()).map(rfc3339);
    write(&ServerEvent::MessageChanged(&MessageChanged {
        room_id: &room_id,
        message_id: &message_id,
        seq: kept.seq,
        message: kept.body.as_ref().map(|body| body.text.as_str()),
        edited_at: edited_at.as_deref(),
        deleted: kept.body.is_none().then_some(true),
    }))
}

impl Session {
    pub(super) fn history(&mut self, history: &History<'_>, reference: Option<u64>) {
        if let Err(refusal) = self.ask_for_page(history, reference) {
            self.refuse(reference, Some("history"), Some(&history.room_id), &refusal);
        }
    }

    fn ask_for_page(
        &mut self,
        history: &History<'_>,
        reference: Option<u64>,
    ) -> Result<(), Refusal> {
        let room = room_named(Some(&history.room_id)).unwrap_or(RoomId::NEVER);
        if room == RoomId::NEVER {
            return Err(room_not_found());
        }
        let asked = Asked::new(room, history.before, history.after, history.limit)?;
        let is_in_call = self.call.as_ref().is_some_and(|call| call.room == room);
        let question = Question::Page { asked, reader: self.user, is_in_call };
        let by = self.asked_by("history", Some(room), reference);
        self.inquire(Inquiry { question, by, number: 0 })
    }

    pub(super) fn read(&mut self, read: &Read<'_>, reference: Option<u64>) {
        let asked = self.place_named(&read.room_id).and_then(|place| {
            let question = Question::ReadUpTo { place, user: self.user, seq: read.seq };
            let by = self.asked_by("read", Some(place.room()), reference);
            self.inquire(Inquiry { question, by, number: 0 })
        });
        if let Err(refusal) = asked {
            self.refuse(reference, Some("read"), Some(&read.room_id), &refusal);
        }
    }

    pub(super) fn edit_message(
        &mut self,
        edit: &EditMessage<'_>,
        reference: Option<u64>,
        now: Now,
    ) {
        let named = (&*edit.room_id, &*edit.message_id);
        self.change("edit-message", named, Some(edit.message.to_string()), (reference, now));
    }

    pub(super) fn delete_message(
        &mut self,
        delete: &DeleteMessage<'_>,
        reference: Option<u64>,
        now: Now,
    ) {
        let named = (&*delete.room_id, &*delete.message_id);
        self.change("delete-message", named, None, (reference, now));
    }

    /// Counted as a text: as many hear of it.
    fn change(
        &mut self,
        event: &'static str,
        (room_id, message_id): (&str, &str),
        text: Option<String>,
        (reference, now): (Option<u64>, Now),
    ) {
        let place = match self.limiter.message(&self.shared.rates, now.moment) {
            Verdict::Pass => self.place_named(room_id),
            Verdict::Wait(wait) => Err(limiter::refusal(wait)),
            Verdict::Flood => return self.close(CloseReason::Flood),
        };
        let asked = place.and_then(|place| {
            let message = parse_id(message_id).map(MessageId);
            let change = Change {
                room: place.room(),
                message: message.ok_or_else(|| refusal_of_archive(&ArchiveError::NotFound))?,
                user: self.user,
                at: now.wall,
                within: self.shared.settings.messages.change_within.0,
            };
            let question = Question::Change { place, change, text };
            let by = self.asked_by(event, Some(place.room()), reference);
            self.inquire(Inquiry { question, by, number: 0 })
        });
        if let Err(refusal) = asked {
            self.refuse(reference, Some(event), Some(room_id), &refusal);
        }
    }

    /// The channel that this session listens to, or its present call.
    fn place_named(&self, room_id: &str) -> Result<Place, Refusal> {
        match self.group_named(Some(room_id)) {
            Some(group) => Ok(Place::Channel(group.room)),
            None => self.call_named(Some(room_id)).map(|call| Place::Call(call.room)),
        }
    }

    pub(super) fn has_read(&mut self, by: &AskedBy, up_to: &UpTo) {
        self.acknowledge(by.reference, &ReadAck { seq: up_to.seq });
        if let Some(call) = self.call_at(up_to.place).filter(|_| up_to.is_news) {
            let (room_id, user_id) = (&*call.room_id, &*call.own_pseudonym);
            let event = ServerEvent::Read(&ReadRelayed { room_id, user_id, seq: up_to.seq });
            let effect = call.relay(RelayKind::Numbered, &event, None);
            self.effects.push_back(effect);
        }
    }

    pub(super) fn has_changed(&mut self, by: &AskedBy, changed: &Changed) {
        self.acknowledge(by.reference, &Nothing {});
        if let Some(call) = self.call_at(changed.place).filter(|_| changed.is_news) {
            let relay = |event: &ServerEvent<'_>| call.relay(RelayKind::Numbered, event, None);
            let effect = with_change(call.room, &changed.kept, relay);
            self.effects.push_back(effect);
        }
    }

    /// The call that a finding is of, if this session is in it still.
    fn call_at(&self, place: Place) -> Option<&Call> {
        let Place::Call(room) = place else { return None };
        self.call.as_deref().filter(|call| call.room == room)
    }
}
