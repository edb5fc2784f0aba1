//! Signals and typing: checked against the present call, and passed to the partner unchanged.

use liveloop_core::{Moment, SocketId};
use liveloop_protocol::{
    AnswerRelayed, CandidateRelayed, CandidatesRelayed, NegotiationCallAnswer,
    NegotiationCallOffer, OfferRelayed, Refusal, RemoteUserBrief, SendNewIceCandidates,
    ServerEvent, Typing, TypingRelayed, format_id, parse_id,
};

use super::{Call, RelayKind, Session, profile};

impl Session {
    /// The present call, if room and destination are what the client says they are.
    fn call_to(&self, room_id: Option<&str>, to: Option<&str>) -> Result<&Call, Refusal> {
        let call = self.call_named(room_id)?;
        match to {
            Some(to) if parse_id(to).map(SocketId) != Some(call.partner.socket) => {
                Err(Refusal::not_in_room())
            }
            _ => Ok(call),
        }
    }

    fn shown_name(&self) -> &str {
        profile::shown_name(self.name.as_deref())
    }

    pub(super) fn offer(
        &mut self,
        offer: &NegotiationCallOffer<'_>,
        read_at: Moment,
    ) -> Result<(), Refusal> {
        let call = self.call_to(offer.room_id.as_deref(), offer.remote_socket_id.as_deref())?;
        let event = OfferRelayed {
            remote_user_details: RemoteUserBrief {
                socket: &call.own_socket_id,
                user_name: self.shown_name(),
            },
            room_id: &call.room_id,
            offer: offer.offer,
        };
        let effect = call.relay(RelayKind::Numbered, &ServerEvent::Offer(&event), Some(read_at));
        self.effects.push_back(effect);
        Ok(())
    }

    pub(super) fn answer(
        &mut self,
        answer: &NegotiationCallAnswer<'_>,
        read_at: Moment,
    ) -> Result<(), Refusal> {
        let call = self.call_to(answer.room_id.as_deref(), answer.remote_socket_id.as_deref())?;
        let event = AnswerRelayed {
            ans: answer.ans,
            room_id: &call.room_id,
            name: self.shown_name(),
            remote_socket_id: &call.own_socket_id,
        };
        let effect = call.relay(RelayKind::Numbered, &ServerEvent::Answer(&event), Some(read_at));
        self.effects.push_back(effect);
        Ok(())
    }

    pub(super) fn candidates(
        &mut self,
        sent: &SendNewIceCandidates<'_>,
        read_at: Moment,
    ) -> Result<(), Refusal> {
        let call = self.call_to(sent.room_id.as_deref(), sent.to.as_deref())?;
        let (room_id, remote_socket_id) = (call.room_id.as_str(), call.own_socket_id.as_str());
        let one = sent.candidate.map(|candidate| {
            let event = CandidateRelayed { candidate, room_id, remote_socket_id };
            call.relay(RelayKind::Numbered, &ServerEvent::Candidate(&event), Some(read_at))
        });
        let many = sent.candidates.map(|candidates| {
            let event = CandidatesRelayed { candidates, room_id, remote_socket_id };
            call.relay(RelayKind::Numbered, &ServerEvent::Candidates(&event), Some(read_at))
        });
        self.effects.extend(one.or(many));
        Ok(())
    }

    pub(super) fn typing(&mut self, typing: &Typing<'_>, read_at: Moment) -> Result<(), Refusal> {
        let room_id = typing.room_id.as_deref();
        if let Some(group) = self.group_named(room_id) {
            let user_id = format_id(self.user.0);
            let event =
                TypingRelayed { room_id: &group.room_id, user_id: &user_id, typing: typing.typing };
            let event = ServerEvent::Typing(&event);
            let effect = self.publish(group.room, RelayKind::Passing, &event, read_at);
            self.effects.push_back(effect);
            return Ok(());
        }
        let call = self.call_named(room_id)?;
        let event = TypingRelayed {
            room_id: &call.room_id,
            user_id: &call.own_pseudonym,
            typing: typing.typing,
        };
        let effect = call.relay(RelayKind::Passing, &ServerEvent::Typing(&event), Some(read_at));
        self.effects.push_back(effect);
        Ok(())
    }
}
