//! `POST /api/rooms`: a group, a room of two by link, or the channel of two; and its invitation.

use std::borrow::Cow;

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use liveloop_core::{RoomId, UserId};
use liveloop_ports::{Channel, ChannelKind, Wall};
use liveloop_protocol::{ErrorCode, IdText, Refusal, clean_name, format_id, parse_id, whole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{
    Problem, Web, body,
    channels::seen,
    paging::{Named, room_named},
    peer_of,
};
use crate::{
    clock::random_id,
    desk::Befriended,
    driver::Post,
    inquiry::{hash_of_secret, is_fellow, put_name, refusal_of_directory},
};

/// What can be made.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Kind {
    /// Of many, public or by invitation.
    Group,
    /// A group of two by invitation.
    Invite,
    /// Of two who know each other; they have one for ever.
    Direct,
}

/// The room to make.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("if" = {"properties": {"kind": {"const": "direct"}}},
    "then" = {"required": ["userId"], "properties": {"userId": {"type": "string"}}}))]
pub(super) struct NewRoom {
    /// What it is.
    kind: Kind,
    /// What it is called; of no meaning in a direct one.
    #[serde(default)]
    #[schemars(extend("x-limit" = "name_chars"))]
    name: Option<String>,
    /// Whether anybody may join; false where absent.
    #[serde(default)]
    public: Option<bool>,
    /// How many members it may have; the node's own bound holds as well.
    #[serde(default, deserialize_with = "whole::optional")]
    #[schemars(range(min = 1))]
    capacity: Option<u32>,
    /// For a direct one: the other's `userId`, or the present partner's pseudonym.
    #[serde(default)]
    user_id: Option<String>,
}

/// A room that was made.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RoomMade")]
pub(super) struct Room {
    /// Its id, for ever.
    room_id: IdText,
    /// The link that lets others in, where the room is not public; it is told this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    invite_url: Option<String>,
}

/// The one valid invitation.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invitation {
    /// The link; it is told this once.
    invite_url: String,
}

pub(super) async fn create(State(web): State<Web>, request: Request) -> Result<Response, Problem> {
    let creator = web.visitor(request.headers()).await?;
    if let Some(peer) = peer_of(&request) {
        let key = web.door.address_key(peer, request.headers());
        let admitted = web.door.addresses.admit_group(key, web.door.node.clock.moment());
        admitted.map_err(|denied| web.door.denied(denied))?;
    }
    let origin = web.site_origin(&request);
    let new: NewRoom = body::read(&web, request).await?;
    let now = web.door.node.clock.now().wall;
    let directory = &*web.door.node.directory;
    put_name(directory, creator.user, creator.name, now).await?;
    let room = if new.kind == Kind::Direct {
        let Some(wanted) = new.user_id else {
            return Err(Refusal::bad_field("userId", "present and not null").into());
        };
        let other = partner(&web, creator.user, &wanted).await?;
        let room_id = direct(&web, [creator.user, other], now).await?;
        Room { room_id, invite_url: None }
    } else {
        group(&web, creator.user, new, (&origin, now)).await?
    };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(room)).into_response())
}

async fn group(
    web: &Web,
    creator: UserId,
    new: NewRoom,
    (origin, now): (&str, Wall),
) -> Result<Room, Problem> {
    let limits = &web.door.node.shared.settings.limits;
    let name = clean_name(new.name.map(Cow::Owned), limits)?.map(Cow::into_owned);
    if new.capacity == Some(0) {
        return Err(Refusal::bad_field("capacity", "1 or more").into());
    }
    let most = match limits.group_members {
        0 => u32::MAX,
        most => u32::try_from(most).unwrap_or(u32::MAX),
    };
    let (capacity, is_public) = match new.kind {
        Kind::Invite => (2, false),
        _ => (new.capacity.map_or(most, |wanted| wanted.min(most)), new.public.unwrap_or(false)),
    };
    let directory = &web.door.node.directory;
    if limits.groups_per_visitor > 0 {
        let made = directory.groups_made_by(creator).await.map_err(refusal_of_directory)?;
        if made as usize >= limits.groups_per_visitor {
            let reason = "no more groups can be made: use one of those that you have";
            return Err(Refusal::new(ErrorCode::NotAllowed, reason).into());
        }
    }
    let room = RoomId(random_id());
    let channel = Channel {
        room,
        kind: ChannelKind::Group,
        name,
        is_public,
        capacity,
        creator: Some(creator),
        created_at: now,
    };
    directory.create(channel, vec![creator]).await.map_err(refusal_of_directory)?;
    let invite_url = match is_public {
        true => None,
        false => Some(new_invitation(web, room, creator, origin).await?),
    };
    Ok(Room { room_id: format_id(room.0), invite_url })
}

/// Gives a group the one invitation that is valid from now on. Only its hash is kept.
async fn new_invitation(
    web: &Web,
    room: RoomId,
    creator: UserId,
    origin: &str,
) -> Result<String, Problem> {
    let secret = format_id(random_id());
    let hash = hash_of_secret(&secret);
    let directory = &web.door.node.directory;
    directory.invite(room, creator, Some(hash)).await.map_err(refusal_of_directory)?;
    Ok(format!("{origin}/channels/{}#invite={secret}", format_id(room.0)))
}

/// Whom a visitor may have a channel with: somebody with whom they share one, or the present partner
/// where both want it. `wanted` is their `userId`, or the partner's pseudonym.
async fn partner(web: &Web, user: UserId, wanted: &str) -> Result<UserId, Problem> {
    let directory = &*web.door.node.directory;
    let fellow = parse_id(wanted).map(UserId).filter(|other| *other != user);
    if let Some(other) = fellow
        && is_fellow(directory, user, other).await?
    {
        return unblocked(web, user, other).await;
    }
    let (answer, answered) = oneshot::channel();
    web.threads[0].post(Post::Befriend(user, wanted.into(), answer));
    match answered.await {
        Ok(Befriended::Both(other)) => unblocked(web, user, other).await,
        Ok(Befriended::Asked) => {
            let reason = "your partner has to ask for it too: ask again once they have";
            Err(Refusal::new(ErrorCode::NotAllowed, reason).into())
        }
        Ok(Befriended::Nobody) => Err(stranger().into()),
        Err(_) => Err(Problem::draining()),
    }
}

async fn unblocked(web: &Web, user: UserId, other: UserId) -> Result<UserId, Problem> {
    for (by, of) in [(user, other), (other, user)] {
        let blocked = web.door.node.directory.blocked_by(by).await.map_err(refusal_of_directory)?;
        if blocked.contains(&of) {
            return Err(stranger().into());
        }
    }
    Ok(other)
}

fn stranger() -> Refusal {
    let reason = "you may write to those only with whom you share a channel or a call";
    Refusal::new(ErrorCode::NotAllowed, reason)
}

/// The channel of two, which is one for ever.
async fn direct(web: &Web, two: [UserId; 2], now: Wall) -> Result<IdText, Problem> {
    let channel = Channel {
        room: RoomId(random_id()),
        kind: ChannelKind::Direct,
        name: None,
        is_public: false,
        capacity: 2,
        creator: Some(two[0]),
        created_at: now,
    };
    let found = web.door.node.directory.create(channel, two.to_vec()).await;
    Ok(format_id(found.map_err(refusal_of_directory)?.channel.room.0))
}

/// `POST /api/rooms/{id}/invite`: another invitation, of which the former one is over.
pub(super) async fn invite(
    State(web): State<Web>,
    named: Named,
    request: Request,
) -> Result<Response, Problem> {
    let room = room_named(named)?;
    let creator = web.visitor(request.headers()).await?.user;
    let origin = web.site_origin(&request);
    seen(&web, room, Some(creator)).await?;
    let invite_url = new_invitation(&web, room, creator, &origin).await?;
    let invitation = Invitation { invite_url };
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, no_store, Json(invitation)).into_response())
}

/// `DELETE /api/rooms/{id}/invite`: from now on there is none.
pub(super) async fn revoke(
    State(web): State<Web>,
    named: Named,
    request: Request,
) -> Result<StatusCode, Problem> {
    let room = room_named(named)?;
    let creator = web.visitor(request.headers()).await?.user;
    seen(&web, room, Some(creator)).await?;
    let directory = &web.door.node.directory;
    directory.invite(room, creator, None).await.map_err(refusal_of_directory)?;
    Ok(StatusCode::NO_CONTENT)
}
