//! Every bound on what comes from outside, with its default. 0 turns a limit off.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The limits of a node. A `…_burst` is how much may come at once before the rate holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Longest frame from a client, in bytes; a longer one closes the connection (1009).
    pub frame_bytes: usize,
    /// Longest text message, in Unicode scalar values after trimming.
    pub message_chars: usize,
    /// Longest name of a visitor, in Unicode scalar values after trimming.
    pub name_chars: usize,
    /// Longest `userImage`, in bytes of its data URL.
    pub image_bytes: usize,
    /// Memory for all images held at one time, in bytes; what does not fit is dropped.
    pub images_total_bytes: usize,
    /// How many interests a visitor may name.
    pub interests: usize,
    /// Longest interest, in Unicode scalar values after trimming.
    pub interest_chars: usize,
    /// Deepest nesting of arrays and objects in an offer, answer or candidate.
    pub json_depth: usize,
    /// Events of one client, per second.
    pub events_per_second: u32,
    /// Events of one client that may come at once.
    pub events_per_second_burst: u32,
    /// Text messages of one client, per second.
    pub messages_per_second: u32,
    /// Text messages of one client that may come at once.
    pub messages_per_second_burst: u32,
    /// `request-room` events of one client, per minute.
    pub requests_per_minute: u32,
    /// `request-room` events of one client that may come at once.
    pub requests_per_minute_burst: u32,
    /// Live connections of one address (an IPv6 address counts by its /64).
    pub connections_per_address: u32,
    /// WebSocket upgrades per second, all addresses together.
    pub upgrades_per_second: u32,
    /// WebSocket upgrades per second of one address.
    pub upgrades_per_address_per_second: u32,
    /// REST requests of one address, per second.
    pub rest_per_address_per_second: u32,
    /// REST requests of one address that may come at once.
    pub rest_per_address_per_second_burst: u32,
    /// `POST /api/users` of one address, per minute.
    pub users_per_address_per_minute: u32,
    /// `POST /api/users` of one address that may come at once.
    pub users_per_address_per_minute_burst: u32,
    /// `POST /api/rooms` of one address, per minute.
    pub groups_per_address_per_minute: u32,
    /// `POST /api/rooms` of one address that may come at once.
    pub groups_per_address_per_minute_burst: u32,
    /// `GET /api/users/me/export` and `DELETE /api/users/me` of one address, per minute.
    pub exports_per_address_per_minute: u32,
    /// `GET /api/users/me/export` and `DELETE /api/users/me` of one address that may come at once.
    pub exports_per_address_per_minute_burst: u32,
    /// Groups of one visitor's making that there may be at a time.
    pub groups_per_visitor: usize,
    /// Members of one group.
    pub group_members: usize,
    /// Channels that one connection may listen to.
    pub groups_per_connection: usize,
    /// Visitors whose presence one connection may watch.
    pub watched_visitors: usize,
    /// Bytes that may wait for a slow reader before it is cut off (1013).
    pub outbox_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 65_536,
            message_chars: 1_000,
            name_chars: 40,
            image_bytes: 32_768,
            images_total_bytes: 64 << 20,
            interests: 10,
            interest_chars: 32,
            json_depth: 64,
            events_per_second: 50,
            events_per_second_burst: 400,
            messages_per_second: 5,
            messages_per_second_burst: 20,
            requests_per_minute: 60,
            requests_per_minute_burst: 20,
            connections_per_address: 1_000,
            upgrades_per_second: 5_000,
            upgrades_per_address_per_second: 200,
            rest_per_address_per_second: 20,
            rest_per_address_per_second_burst: 200,
            users_per_address_per_minute: 30,
            users_per_address_per_minute_burst: 30,
            groups_per_address_per_minute: 10,
            groups_per_address_per_minute_burst: 20,
            exports_per_address_per_minute: 5,
            exports_per_address_per_minute_burst: 10,
            groups_per_visitor: 20,
            group_members: 10_000,
            groups_per_connection: 50,
            watched_visitors: 200,
            outbox_bytes: 1 << 20,
        }
    }
}

impl Limits {
    /// Tiny limits, so that a test reaches each of them with little effort.
    #[must_use]
    pub fn for_testing() -> Self {
        Self {
            frame_bytes: 4_096,
            message_chars: 20,
            name_chars: 8,
            image_bytes: 64,
            images_total_bytes: 128,
            interests: 3,
            interest_chars: 8,
            json_depth: 8,
            groups_per_visitor: 2,
            groups_per_connection: 2,
            watched_visitors: 3,
            ..Self::default()
        }
    }

    /// What `welcome` tells a client, so that it can keep to it.
    #[must_use]
    pub fn told(&self) -> LimitsTold {
        LimitsTold {
            frame_bytes: self.frame_bytes,
            message_chars: self.message_chars,
            name_chars: self.name_chars,
            image_bytes: self.image_bytes,
            interests: self.interests,
            interest_chars: self.interest_chars,
            events_per_second: self.events_per_second,
            messages_per_second: self.messages_per_second,
            requests_per_minute: self.requests_per_minute,
        }
    }
}

/// The limits that matter to a client, as `welcome.limits`; 0 stands for no limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, TS)]
pub struct LimitsTold {
    /// See [`Limits::frame_bytes`].
    pub frame_bytes: usize,
    /// See [`Limits::message_chars`].
    pub message_chars: usize,
    /// See [`Limits::name_chars`].
    pub name_chars: usize,
    /// See [`Limits::image_bytes`].
    pub image_bytes: usize,
    /// See [`Limits::interests`].
    pub interests: usize,
    /// See [`Limits::interest_chars`].
    pub interest_chars: usize,
    /// See [`Limits::events_per_second`].
    pub events_per_second: u32,
    /// See [`Limits::messages_per_second`].
    pub messages_per_second: u32,
    /// See [`Limits::requests_per_minute`].
    pub requests_per_minute: u32,
}
