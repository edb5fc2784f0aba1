//! Who waits and who is with whom.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// The way to one visitor.
pub trait Inbox {
    fn send(&self, text: String);
}

struct Visitor<I> {
    inbox: I,
    /// The partner and the room.
    call: Option<(Uuid, Uuid)>,
}

pub struct Strangers<I> {
    visitors: HashMap<Uuid, Visitor<I>>,
    waiting: VecDeque<Uuid>,
}

impl<I> Default for Strangers<I> {
    fn default() -> Self {
        Self { visitors: HashMap::new(), waiting: VecDeque::new() }
    }
}

#[derive(Deserialize)]
struct Frame<'a> {
    event: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(rename = "ref")]
    reference: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StopCall {
    room_id: Option<Uuid>,
}

#[derive(Deserialize)]
struct SendNewIceCandidates<'a> {
    #[serde(borrow)]
    candidate: &'a RawValue,
}

#[derive(Serialize)]
struct Event<'a, T> {
    event: &'a str,
    data: T,
}

#[derive(Serialize)]
struct Ack<T> {
    ack: u64,
    data: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Welcome {
    socket_id: Uuid,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HeartbeatAck {
    server_time: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewIceCandidates<'a> {
    candidate: &'a RawValue,
    room_id: Uuid,
    remote_socket_id: Uuid,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StopByRemoteUser {
    room_id: Uuid,
    reason: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RemoteUser {
    socket: Uuid,
    user_id: Uuid,
    user_name: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MatchDone {
    message: &'static str,
    room_id: Uuid,
    initiator: bool,
    mode: &'static str,
    remote_user_details: RemoteUser,
    common_interests: [(); 0],
    ice_servers: [(); 0],
    ice_candidate_pool_size: u8,
    relay_only: bool,
}

impl<I: Inbox> Strangers<I> {
    pub fn arrive(&mut self, inbox: I) -> Uuid {
        let id = Uuid::new_v4();
        self.visitors.insert(id, Visitor { inbox, call: None });
        self.send(id, &Event { event: "welcome", data: Welcome { socket_id: id } });
        id
    }

    pub fn gone(&mut self, id: Uuid) {
        self.leave(id, "disconnected");
        self.visitors.remove(&id);
    }

    /// Acts on one frame; what is no frame of ours is ignored.
    pub fn handle(&mut self, id: Uuid, text: &str) {
        let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) else { return };
        let call = self.visitors.get(&id).and_then(|visitor| visitor.call);
        match frame.event {
            "request-room" => {
                self.leave(id, "next");
                self.request(id);
            }
            "stop-call" => {
                let Ok(StopCall { room_id }) = serde_json::from_str(frame.data.get()) else {
                    return;
                };
                if room_id.is_none() || room_id == call.map(|(_, room_id)| room_id) {
                    self.leave(id, "stopped");
                }
            }
            "send-new-ice-candidates" => {
                let data = serde_json::from_str::<SendNewIceCandidates<'_>>(frame.data.get());
                if let (Ok(data), Some((partner, room_id))) = (data, call) {
                    let data = NewIceCandidates {
                        candidate: data.candidate,
                        room_id,
                        remote_socket_id: id,
                    };
                    self.send(partner, &Event { event: "new-ice-candidates", data });
                }
            }
            "heartbeat" => {
                if let Some(ack) = frame.reference {
                    let server_time = format!("{:.3}", jiff::Timestamp::now());
                    self.send(id, &Ack { ack, data: HeartbeatAck { server_time } });
                }
            }
            _ => {}
        }
    }

    fn leave(&mut self, id: Uuid, reason: &'static str) {
        self.waiting.retain(|waiting| *waiting != id);
        let call = self.visitors.get_mut(&id).and_then(|visitor| visitor.call.take());
        let Some((partner, room_id)) = call else { return };
        if let Some(other) = self.visitors.get_mut(&partner) {
            other.call = None;
        }
        let data = StopByRemoteUser { room_id, reason };
        self.send(partner, &Event { event: "stop-by-remote-user", data });
    }

    fn request(&mut self, id: Uuid) {
        let Some(first) = self.waiting.pop_front() else {
            self.waiting.push_back(id);
            return;
        };
        let room_id = Uuid::new_v4();
        for (one, other, initiator) in [(first, id, true), (id, first, false)] {
            if let Some(visitor) = self.visitors.get_mut(&one) {
                visitor.call = Some((other, room_id));
            }
            let data = MatchDone {
                message: "Connected to partner",
                room_id,
                initiator,
                mode: "video",
                remote_user_details: RemoteUser {
                    socket: other,
                    user_id: other,
                    user_name: "Stranger",
                },
                common_interests: [],
                ice_servers: [],
                ice_candidate_pool_size: 0,
                relay_only: false,
            };
            self.send(one, &Event { event: "match-done", data });
        }
    }

    fn send(&self, id: Uuid, frame: &impl Serialize) {
        let Some(visitor) = self.visitors.get(&id) else { return };
        if let Ok(text) = serde_json::to_string(frame) {
            visitor.inbox.send(text);
        }
    }
}
