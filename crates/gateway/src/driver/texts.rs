//! The way of a text: to the archive, back with its place, and out to those who hear it.
//!
//! Answers that come later are told in the order in which the archive was asked, room by room. That
//! the store does not work is told at once.

use std::{collections::VecDeque, sync::Arc};

use futures_util::FutureExt;
use liveloop_core::RoomId;
use liveloop_ports::{
    Appended, Appending, ArchiveError, Archived, DirectoryError, Found, MessageId,
};

use super::{Driver, Post};
use crate::{
    plane::{ConnId, Io, Net},
    session::{Effect, Said},
};

/// What the archive says to a text.
pub(crate) type SaidAnswer = Result<Appended, ArchiveError>;

/// A text whose place is not known yet, or those before it in its room are not told.
pub(super) struct Unanswered {
    from: ConnId,
    said: Said,
    answer: Option<SaidAnswer>,
}

impl<N: Net> Driver<N> {
    /// A text of the session that is reached at `outlet` wants its place. In a call its own thread asks
    /// for that; in a group the group's home does, and publishes in the same order: so everybody who
    /// listens hears texts by their place.
    pub(super) fn say(&mut self, outlet: ConnId, said: Said, effects: &mut VecDeque<Effect>) {
        if let Some(room) = said.group() {
            return match self.elsewhere(room.0) {
                Some(home) => home.post(Post::Say(outlet, said)),
                None => self.say_at_home(outlet, said),
            };
        }
        match self.append_in_call(&said) {
            Appending::Now(answer) if self.is_told_at_once(said.message.room, &answer) => {
                let answer = self.doubtful.settle(said.message.message, answer);
                let Some(session) = self.session_mut(outlet) else { return };
                // What its client has sent after the text comes after it.
                let later: Vec<Effect> = effects.drain(..).collect();
                session.swap_effects(effects);
                session.handle_said(&said, answer);
                session.swap_effects(effects);
                effects.extend(later);
            }
            appending => self.stand_in_line(outlet, said, appending),
        }
    }

    /// A text of a group whose home this thread is.
    pub(super) fn say_at_home(&mut self, from: ConnId, said: Said) {
        match self.wires.door.node.archive.append(said.message.clone()) {
            Appending::Now(answer) if self.is_told_at_once(said.message.room, &answer) => {
                self.publish_said(from, &said, answer);
            }
            appending => self.stand_in_line(from, said, appending),
        }
    }

    /// While others of its room wait for their answers they are before it.
    fn is_told_at_once(&self, room: RoomId, answer: &SaidAnswer) -> bool {
        let is_failure = matches!(answer, Err(ArchiveError::Unavailable(_)));
        is_failure || !self.unanswered.contains_key(&room)
    }

    /// Gives a text of a call its place. The first one is answered to only when the directory knows the
    /// call too: what was acknowledged can be read by those who were in it.
    fn append_in_call(&self, said: &Said) -> Appending {
        let node = &self.wires.door.node;
        let appending = node.archive.append(said.message.clone());
        let Some(call) = said.unentered_call() else { return appending };
        if let Appending::Now(Err(_)) = appending {
            return appending;
        }
        let call = Arc::clone(call);
        let (channel, members) = call.entry(said.message.said_at);
        let mut entering = node.directory.create(channel, members);
        let both = move |entered: Result<Found, DirectoryError>, answer| match entered {
            Err(DirectoryError::Unavailable(why)) => Err(why.into()),
            _ => {
                call.set_entered();
                answer
            }
        };
        match (appending, (&mut entering).now_or_never()) {
            (Appending::Now(answer), Some(entered)) => Appending::Now(both(entered, answer)),
            (appending, entered) => Appending::Later(Box::pin(async move {
                let answer = appending.answer().await;
                let entered = match entered {
                    Some(entered) => entered,
                    None => entering.await,
                };
                both(entered, answer)
            })),
        }
    }

    /// A text waits behind those of its room that were said before it.
    fn stand_in_line(&mut self, from: ConnId, said: Said, appending: Appending) {
        let (room, message) = (said.message.room, said.message.message);
        let answer = match appending {
            Appending::Now(answer) => Some(answer),
            Appending::Later(answer) => {
                self.await_answer(room, message, answer);
                None
            }
        };
        self.unanswered.entry(room).or_default().push_back(Unanswered { from, said, answer });
    }

    fn await_answer(&mut self, room: RoomId, message: MessageId, answer: Archived<Appended>) {
        self.awaited.add(async move { Post::Said(room, message, answer.await) });
    }

    /// The archive has answered: told once those before it have been.
    pub(super) fn answered(
        &mut self,
        io: &mut Io<N>,
        room: RoomId,
        message: MessageId,
        answer: SaidAnswer,
    ) {
        let Some(waiting) = self.unanswered.get_mut(&room) else { return };
        let mut places = waiting.iter_mut();
        if let Some(place) = places.find(|it| it.said.message.message == message) {
            place.answer = Some(answer);
        }
        while let Some(waiting) = self.unanswered.get_mut(&room) {
            match waiting.pop_front() {
                Some(Unanswered { from, said, answer: Some(answer) }) => match said.group() {
                    Some(_) => self.publish_said(from, &said, answer),
                    None => {
                        let answer = self.doubtful.settle(said.message.message, answer);
                        self.with_addressee(io, from, |it| it.handle_said(&said, answer));
                    }
                },
                Some(unanswered) => return waiting.push_front(unanswered),
                None => {
                    self.unanswered.remove(&room);
                }
            }
        }
    }

    fn publish_said(&mut self, from: ConnId, said: &Said, answer: SaidAnswer) {
        let answer = self.doubtful.settle(said.message.message, answer);
        let figures = &self.wires.door.node.shared.figures;
        if let Some(publication) = said.publication(from, answer, figures) {
            self.publish(publication);
        }
    }
}
