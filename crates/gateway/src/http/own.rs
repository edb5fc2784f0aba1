//! `GET /api/users/me/export` and `DELETE /api/users/me`: what is a visitor's own, to take along and to have
//! removed.
//!
//! An export is written page by page as it is read, and never faster than it is taken: whatever it holds, it
//! costs the node two pages. Nobody's lasting id is in it but the visitor's own: a partner whom they have
//! blocked has the pseudonym that the visitor has seen.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use liveloop_core::{RoomId, UserId};
use liveloop_ports::{Found, Kept, Member, PageLimit, Profile, Unavailable};
use liveloop_protocol::{IdText, RoomKind, format_id};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::{sync::oneshot, time::timeout};

use super::{Problem, Web, peer_of};
use crate::{
    clock::rfc3339,
    erasing::Wanted,
    inquiry::{kind_told, refusal_of_directory, store_unavailable},
    keeping::{archived, listed},
    node::Node,
};

/// How long one who is erased is let wait for the end of it; more goes on without them.
const ERASE_WAIT: Duration = Duration::from_secs(5);

/// Everything that is a visitor's own.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Export {
    #[serde(flatten)]
    about: About,
    /// What they are a member of, and the calls in which something was said.
    rooms: Vec<OwnRoom>,
    /// What they have said, room by room, ascending by `seq`.
    messages: Vec<OwnMessage>,
}

/// The visitor.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct About {
    /// When this was begun: RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    exported_at: String,
    /// Their lasting id.
    user_id: IdText,
    /// What they are called, where that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Since when they are known, where that is kept: RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    created_at: Option<String>,
    /// Whom they never want to meet again, as they knew them.
    blocked: Vec<IdText>,
}

/// A room of theirs.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OwnRoom {
    /// Its id.
    room_id: IdText,
    /// What it is.
    kind: RoomKind,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Since when they are a member: RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    joined_at: String,
    /// Up to which `seq` they have read.
    last_read: u64,
    /// Whether they have made it.
    is_creator: bool,
}

/// Something that they have said.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OwnMessage {
    /// Where.
    room_id: IdText,
    /// Its id.
    message_id: IdText,
    /// Its place.
    seq: u64,
    /// What they were called.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The text; absent where they have deleted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// When they said it: RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    timestamp: String,
    /// When they last changed it: RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    changed_at: Option<String>,
    /// The client's own id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// Whether they have deleted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<bool>,
}

/// `GET /api/users/me/export`.
pub(super) async fn export(State(web): State<Web>, request: Request) -> Result<Response, Problem> {
    admit(&web, &request)?;
    let user = web.visitor(request.headers()).await?.user;
    let node = web.door.node.clone();
    let about = about(&node, user).await?;
    let writing = Writing { node, user, next: Next::About(about) };
    let pages = stream::try_unfold(writing, Writing::write);
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"live-loop.json\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((StatusCode::OK, headers, Body::from_stream(pages)).into_response())
}

/// `DELETE /api/users/me`. Whoever is erased and asks again, for they have not heard the answer, gets
/// the same one.
pub(super) async fn erase(State(web): State<Web>, request: Request) -> Result<Response, Problem> {
    admit(&web, &request)?;
    let user = web.holder(request.headers())?.user;
    let (begun, has_begun) = oneshot::channel();
    let (done, is_done) = oneshot::channel();
    let wanted = Wanted { user, begun, done };
    web.erasing.try_send(wanted).map_err(|_| Problem::from(store_unavailable()))?;
    has_begun.await.map_err(|_| Problem::draining())??;
    let status = match timeout(ERASE_WAIT, is_done).await {
        Ok(Ok(())) => StatusCode::NO_CONTENT,
        _ => StatusCode::ACCEPTED,
    };
    Ok((status, [(header::CACHE_CONTROL, "no-store")]).into_response())
}

fn admit(web: &Web, request: &Request) -> Result<(), Problem> {
    let Some(peer) = peer_of(request) else { return Ok(()) };
    let key = web.door.address_key(peer, request.headers());
    let admitted = web.door.addresses.admit_export(key, web.door.node.clock.moment());
    admitted.map_err(|denied| web.door.denied(denied))
}

async fn about(node: &Node, user: UserId) -> Result<About, Problem> {
    let profile = node.directory.visitor(user).await.map_err(refusal_of_directory)?;
    let blocked = node.directory.blocked_by(user).await.map_err(refusal_of_directory)?;
    let as_seen = |other| {
        let [_, pseudonym] = node.shared.secret.pseudonyms([user, other]);
        pseudonym
    };
    let (name, created_at) =
        profile.map(|Profile { name, created_at, .. }| (name, created_at)).unzip();
    Ok(About {
        exported_at: rfc3339(node.clock.now().wall),
        user_id: format_id(user.0),
        name,
        created_at: created_at.map(rfc3339),
        blocked: blocked.into_iter().map(as_seen).collect(),
    })
}

/// An export that is being written.
struct Writing {
    node: Node,
    user: UserId,
    next: Next,
}

/// What comes next.
enum Next {
    About(About),
    Rooms {
        after: Option<RoomId>,
        is_first: bool,
    },
    /// Which rooms there are messages of.
    Messages,
    Of {
        rooms: std::vec::IntoIter<RoomId>,
        room: RoomId,
        after: u64,
        is_first: bool,
    },
    End,
    Nothing,
}

/// Why an export breaks off: whoever takes it sees that it is not whole.
type Broken = Unavailable;

impl Writing {
    /// The next page, and what is left after it.
    async fn write(mut self) -> Result<Option<(Bytes, Self)>, Broken> {
        let mut out = Vec::new();
        // What is empty would end the body.
        while out.is_empty() {
            self.next = match self.next {
                Next::Nothing => return Ok(None),
                next => self.node.write(self.user, next, &mut out).await?,
            };
        }
        Ok(Some((out.into(), self)))
    }
}

impl Node {
    async fn write(&self, user: UserId, next: Next, out: &mut Vec<u8>) -> Result<Next, Broken> {
        let limit = PageLimit::new(PageLimit::MAX.into()).unwrap_or_default();
        Ok(match next {
            Next::About(about) => {
                put(out, &about);
                // The object goes on.
                out.pop();
                out.extend_from_slice(b",\"rooms\":[");
                Next::Rooms { after: None, is_first: true }
            }
            Next::Rooms { after, mut is_first } => {
                let page = listed(self.directory.channels_of(user, after, limit).await)?;
                let after = page.last().map(|(found, _)| found.channel.room);
                let is_last = page.len() < limit.get();
                for (found, member) in page {
                    put_next(out, &OwnRoom::new(found, member), &mut is_first);
                }
                if is_last { Next::Messages } else { Next::Rooms { after, is_first } }
            }
            Next::Messages => {
                out.extend_from_slice(b"],\"messages\":[");
                let mut rooms = archived(self.archive.rooms_of(user).await)?;
                rooms.sort_unstable();
                first_of(rooms.into_iter(), true)
            }
            Next::Of { rooms, room, after, mut is_first } => {
                let page = archived(self.archive.export(user, room, after, limit).await)?;
                let after = page.last().map(|kept| kept.seq).filter(|_| page.len() >= limit.get());
                for kept in page {
                    put_next(out, &OwnMessage::new(room, kept), &mut is_first);
                }
                match after {
                    Some(after) => Next::Of { rooms, room, after, is_first },
                    None => first_of(rooms, is_first),
                }
            }
            Next::End => {
                out.extend_from_slice(b"]}\n");
                Next::Nothing
            }
            Next::Nothing => Next::Nothing,
        })
    }
}

fn first_of(mut rooms: std::vec::IntoIter<RoomId>, is_first: bool) -> Next {
    match rooms.next() {
        Some(room) => Next::Of { rooms, room, after: 0, is_first },
        None => Next::End,
    }
}

fn put(out: &mut Vec<u8>, part: &impl Serialize) {
    serde_json::to_writer(out, part).expect("it is plain JSON, and memory takes it");
}

/// The next element of an array.
fn put_next(out: &mut Vec<u8>, part: &impl Serialize, is_first: &mut bool) {
    if !std::mem::take(is_first) {
        out.push(b',');
    }
    put(out, part);
}

impl OwnRoom {
    fn new(found: Found, member: Member) -> Self {
        let channel = found.channel;
        Self {
            room_id: format_id(channel.room.0),
            kind: kind_told(channel.kind),
            name: channel.name,
            joined_at: rfc3339(member.joined_at),
            last_read: member.last_read,
            is_creator: channel.creator == Some(member.user),
        }
    }
}

impl OwnMessage {
    fn new(room: RoomId, kept: Kept) -> Self {
        let deleted = kept.body.is_none().then_some(true);
        let (name, message) = kept.body.map(|body| (body.name, body.text)).unzip();
        Self {
            room_id: format_id(room.0),
            message_id: format_id(kept.message.0),
            seq: kept.seq,
            name,
            message,
            timestamp: rfc3339(kept.said_at),
            changed_at: kept.changed_at.map(rfc3339),
            client_id: kept.client_id,
            deleted,
        }
    }
}
