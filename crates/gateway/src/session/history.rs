//! What was said before, and where one has read up to: asked of the stores, which check who asks.

use liveloop_core::RoomId;
use liveloop_protocol::{History, Refusal};

use super::{Session, room_named};
use crate::{
    inquiry::{Inquiry, Question, room_not_found},
    reading::Asked,
};

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
}
