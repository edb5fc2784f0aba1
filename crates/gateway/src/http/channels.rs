//! What is told of channels: the public ones, one's own, one of them, and its members. Who may see it is
//! asked on every read; a channel that one may not see is not there.

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use liveloop_core::{RoomId, UserId};
use liveloop_ports::{ChannelKind, DirectoryError, Found, Member, PageLimit, Profile};
use liveloop_protocol::{IdText, RoomKind, format_id};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::oneshot;

use super::{
    Problem, Web,
    paging::{Named, PageAsked, room_named},
};
use crate::{
    clock::rfc3339,
    driver::Post,
    inquiry::{kind_told, refusal_of_directory, room_not_found},
    session::{refusal_of_archive, shown_name},
};

/// What all are told of a channel.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Room {
    /// Its id, for ever.
    id: IdText,
    /// What it is.
    kind: RoomKind,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
    /// How many members it has.
    count: u32,
}

/// A page of rooms, ascending by id.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RoomsOf{T}")]
pub(super) struct Rooms<T> {
    /// The rooms.
    rooms: Vec<T>,
    /// What to send as `after` for those after these; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<IdText>,
}

/// One channel; `user1` and `user2` in one of two.
#[derive(Serialize, JsonSchema)]
pub(super) struct RoomSeen {
    #[serde(flatten)]
    room: Room,
    /// Whether it goes on.
    #[schemars(extend("enum" = ["active", "ended"]))]
    status: &'static str,
    /// One of the two, for a member of a room of two.
    #[serde(skip_serializing_if = "Option::is_none")]
    user1: Option<IdText>,
    /// The other one.
    #[serde(skip_serializing_if = "Option::is_none")]
    user2: Option<IdText>,
}

/// One of one's own.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OwnRoom {
    #[serde(flatten)]
    room: Room,
    /// `seq` of its last message.
    last_seq: u64,
    /// Up to where one has read.
    last_read: u64,
    /// Whether one has made it.
    is_creator: bool,
    /// The other one, in a direct room.
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<Other>,
}

/// The other one of two.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Other {
    /// Who.
    user_id: IdText,
    /// What they are called.
    name: String,
}

/// A member as the others see them.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MemberSeen {
    /// Who; in a call their pseudonym.
    user_id: IdText,
    /// What they are called.
    name: String,
    /// RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    joined_at: String,
    /// Up to which `seq` they have read.
    last_read: u64,
}

/// A page of members, ascending by id.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Members {
    /// The members.
    members: Vec<MemberSeen>,
    /// What to send as `after` for those after these; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<IdText>,
}

impl Room {
    fn new(found: Found) -> Self {
        let Found { channel, count } = found;
        Self {
            id: format_id(channel.room.0),
            kind: kind_told(channel.kind),
            name: channel.name,
            created_at: rfc3339(channel.created_at),
            count,
        }
    }
}

/// A channel and who asks as its member, where they may see it.
///
/// # Errors
/// `room-not-found` where they may not, as where there is none.
pub(super) async fn seen(
    web: &Web,
    room: RoomId,
    user: Option<UserId>,
) -> Result<(Found, Option<Member>), Problem> {
    let directory = &web.door.node.directory;
    let found = directory.channel(room).await.map_err(refusal_of_directory)?;
    let member = match user {
        Some(user) => match directory.member(room, user).await {
            Err(DirectoryError::NotAMember) => None,
            member => Some(member.map_err(refusal_of_directory)?),
        },
        None => None,
    };
    if member.is_none() && !found.channel.is_public {
        return Err(room_not_found().into());
    }
    Ok((found, member))
}

pub(super) fn told(body: impl Serialize) -> Response {
    (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// `GET /api/rooms`: the public groups.
pub(super) async fn public(State(web): State<Web>, request: Request) -> Result<Response, Problem> {
    let asked = PageAsked::read(request.uri())?;
    let directory = &web.door.node.directory;
    let found = directory.public(asked.after.map(RoomId), asked.limit).await;
    let found = found.map_err(refusal_of_directory)?;
    let next_after = asked.next(&found, |found| found.channel.room.0).map(format_id);
    Ok(told(Rooms { rooms: found.into_iter().map(Room::new).collect(), next_after }))
}

/// `GET /api/rooms/{id}`.
pub(super) async fn one(
    State(web): State<Web>,
    named: Named,
    request: Request,
) -> Result<Response, Problem> {
    let room = room_named(named)?;
    let user = web.visitor_if_any(request.headers()).await?;
    let (found, member) = seen(&web, room, user).await?;
    let status = match (found.channel.kind, &member) {
        (ChannelKind::Call, Some(member)) if !is_in_call(&web, member.user, room).await? => "ended",
        _ => "active",
    };
    let [user1, user2] = match member {
        Some(_) if found.channel.kind != ChannelKind::Group => {
            let two = members_shown(&web, &found, None, PageLimit::default()).await?;
            let mut ids = two.into_iter().map(|(_, id)| id);
            [ids.next(), ids.next()]
        }
        _ => [None, None],
    };
    Ok(told(RoomSeen { room: Room::new(found), status, user1, user2 }))
}

pub(super) async fn is_in_call(web: &Web, user: UserId, room: RoomId) -> Result<bool, Problem> {
    let (answer, answered) = oneshot::channel();
    web.threads[0].post(Post::IsInCall(user, room, answer));
    answered.await.map_err(|_| Problem::draining())
}

/// Some members of a channel, each with the id that its members know them by: in a call their pseudonym.
async fn members_shown(
    web: &Web,
    found: &Found,
    after: Option<UserId>,
    limit: PageLimit,
) -> Result<Vec<(Member, IdText)>, Problem> {
    let node = &web.door.node;
    let (room, kind) = (found.channel.room, found.channel.kind);
    // Those of a call know each other by what both are.
    let page =
        if kind == ChannelKind::Call { (None, PageLimit::default()) } else { (after, limit) };
    let members = node.directory.members(room, page.0, page.1).await;
    let members = members.map_err(refusal_of_directory)?;
    let ids: Vec<IdText> = match (kind, &members[..]) {
        (ChannelKind::Call, [one, other]) => {
            node.shared.secret.pseudonyms([one.user, other.user]).to_vec()
        }
        // One of them was erased, and nobody has a pseudonym with nobody.
        (ChannelKind::Call, _) => Vec::new(),
        _ => members.iter().map(|member| format_id(member.user.0)).collect(),
    };
    let shown = members.into_iter().zip(ids).filter(|(it, _)| after.is_none_or(|at| it.user > at));
    Ok(shown.take(limit.get()).collect())
}

/// `GET /api/users/me/rooms`: one's own, but for calls.
pub(super) async fn own(State(web): State<Web>, request: Request) -> Result<Response, Problem> {
    let asked = PageAsked::read(request.uri())?;
    let user = web.visitor(request.headers()).await?.user;
    let directory = &web.door.node.directory;
    let found = directory.channels_of(user, asked.after.map(RoomId), asked.limit).await;
    let found = found.map_err(refusal_of_directory)?;
    let next_after = asked.next(&found, |(found, _)| found.channel.room.0).map(format_id);
    let mut rooms = Vec::new();
    for (found, member) in found {
        if found.channel.kind != ChannelKind::Call {
            rooms.push(own_room(&web, found, member).await?);
        }
    }
    Ok(told(Rooms { rooms, next_after }))
}

async fn own_room(web: &Web, found: Found, member: Member) -> Result<OwnRoom, Problem> {
    let node = &web.door.node;
    let last_seq = node.archive.last_seq(found.channel.room).await;
    let last_seq = last_seq.map_err(|error| refusal_of_archive(&error))?;
    let with = match found.channel.kind {
        ChannelKind::Direct => {
            let two = members_shown(web, &found, None, PageLimit::default()).await?;
            let other = two.into_iter().find(|(other, _)| other.user != member.user);
            match other {
                Some((other, user_id)) => {
                    let profile = node.directory.visitors(vec![other.user]).await;
                    let profile = profile.map_err(refusal_of_directory)?.pop().flatten();
                    Some(Other { user_id, name: name_of(profile) })
                }
                None => None,
            }
        }
        _ => None,
    };
    Ok(OwnRoom {
        last_seq,
        last_read: member.last_read,
        is_creator: found.channel.creator == Some(member.user),
        with,
        room: Room::new(found),
    })
}

fn name_of(profile: Option<Profile>) -> String {
    let name = profile.map(|profile| profile.name).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| shown_name(None).to_owned())
}

/// `GET /api/rooms/{id}/members`, for its members.
pub(super) async fn members(
    State(web): State<Web>,
    named: Named,
    request: Request,
) -> Result<Response, Problem> {
    let room = room_named(named)?;
    let asked = PageAsked::read(request.uri())?;
    let user = web.visitor(request.headers()).await?.user;
    let (found, Some(_)) = seen(&web, room, Some(user)).await? else {
        return Err(room_not_found().into());
    };
    let members = members_shown(&web, &found, asked.after.map(UserId), asked.limit).await?;
    let next_after = asked.next(&members, |(member, _)| member.user.0).map(format_id);
    let users = members.iter().map(|(member, _)| member.user).collect();
    let profiles = web.door.node.directory.visitors(users).await.map_err(refusal_of_directory)?;
    let members =
        members.into_iter().zip(profiles).map(|((member, user_id), profile)| MemberSeen {
            user_id,
            name: name_of(profile),
            joined_at: rfc3339(member.joined_at),
            last_read: member.last_read,
        });
    Ok(told(Members { members: members.collect(), next_after }))
}
