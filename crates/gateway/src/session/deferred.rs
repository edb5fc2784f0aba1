//! Frames that name a channel while the stores have yet to answer the `join-room` before them. They wait
//! here, so that what a client sends acts in the order in which it was sent; other frames pass.

use std::{collections::VecDeque, sync::Arc};

use liveloop_core::RoomId;
use liveloop_protocol::{ClientEvent, ClientFrame, Refusal};

use super::{Session, room_named};
use crate::clock::Now;

/// How many may wait, of one session.
const FRAMES_MAX: usize = 64;
/// And how many bytes of them.
const BYTES_MAX: usize = 64 << 10;
/// What one is told for which there is no room, in milliseconds.
const RETRY_AFTER_MS: u64 = 1_000;

/// A frame that waits; it was counted and its `ref` taken when it came.
#[derive(Debug)]
pub(super) struct Deferred {
    room: RoomId,
    text: Box<str>,
    now: Now,
}

impl Session {
    /// The channel whose answer a frame has to wait for.
    pub(super) fn has_to_wait_for(&self, event: &ClientEvent<'_>) -> Option<RoomId> {
        let traces = self.traces.as_ref()?;
        let room = room_named(event.room_id())?;
        let follows = || traces.deferred.iter().any(|deferred| deferred.room == room);
        let waits = match event {
            ClientEvent::NewMessage(_)
            | ClientEvent::Typing(_)
            | ClientEvent::History(_)
            | ClientEvent::Read(_)
            | ClientEvent::EditMessage(_)
            | ClientEvent::DeleteMessage(_) => {
                traces.joining.iter().any(|joining| joining.room == room) || follows()
            }
            ClientEvent::JoinRoom(_) | ClientEvent::LeaveRoom(_) => follows(),
            _ => false,
        };
        waits.then_some(room)
    }

    pub(super) fn defer(
        &mut self,
        room: RoomId,
        text: &str,
        (event, reference): (&ClientEvent<'_>, Option<u64>),
        now: Now,
    ) {
        let deferred = &mut self.traces.get_or_insert_default().deferred;
        let bytes: usize = deferred.iter().map(|deferred| deferred.text.len()).sum();
        if deferred.len() >= FRAMES_MAX || bytes + text.len() > BYTES_MAX {
            let refusal = Refusal::rate_limited(RETRY_AFTER_MS);
            return self.refuse(reference, Some(event.name()), event.room_id(), &refusal);
        }
        deferred.push_back(Deferred { room, text: text.into(), now });
    }

    /// The stores have answered for `room`: what has waited for that acts now.
    pub(super) fn take_up(&mut self, room: RoomId) {
        let Some(traces) = &mut self.traces else { return };
        let waiting = std::mem::take(&mut traces.deferred);
        let (due, others): (VecDeque<_>, _) = waiting.into_iter().partition(|it| it.room == room);
        traces.deferred = others;
        for Deferred { room, text, now } in due {
            let shared = Arc::clone(&self.shared);
            let Ok(frame) = ClientFrame::decode(&text, &shared.settings.limits) else { continue };
            if self.has_to_wait_for(&frame.event).is_some() {
                self.defer(room, &text, (&frame.event, frame.reference), now);
            } else {
                self.handle_event(&frame.event, frame.reference, false, now);
            }
        }
    }
}
