//! What sessions ask of the stores, and what they find.
//!
//! A session asks and goes on; its event loop, which knows no question, has the answer awaited and
//! brings the [`Finding`] to wherever the session is then. Whatever a store says is put into the
//! wire's words here, and nowhere else. A question may hold several looks into the stores: it checks who asks
//! in the very question that answers them.

mod kept;

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{
    Admission, BoxFuture, Change, ChannelKind, Directory, DirectoryError, Found, Joined, Lasting,
    Profile, SecretHash, Wall,
};
use liveloop_protocol::{ErrorCode, Refusal, RoomKind};
use sha2::{Digest, Sha256};

use crate::{
    desk::AskedBy,
    node::Node,
    reading::{self, Asked, Told},
    session::{bad_token, refusal_of_archive},
};

pub(crate) use kept::{Changed, Place, UpTo};

/// How long one is told to wait while a store does not work, in milliseconds.
const STORE_RETRY_AFTER_MS: u64 = 1_000;

/// A question of a session, and the frame behind it.
#[derive(Debug)]
pub(crate) struct Inquiry {
    pub(crate) question: Question,
    pub(crate) by: AskedBy,
    /// The session's own number of what it asks; 0 where it needs none.
    pub(crate) number: u32,
}

/// What came of an inquiry.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) by: AskedBy,
    pub(crate) number: u32,
    pub(crate) outcome: Result<Reply, Refusal>,
}

/// What is asked of the stores.
#[derive(Debug)]
pub(crate) enum Question {
    /// Whether the token of somebody who comes is worth anything, and whom they have blocked.
    Known { user: UserId },
    /// To be a member of a channel, once.
    Join {
        room: RoomId,
        user: UserId,
        /// What they are called, for the other members.
        name: Option<Box<str>>,
        invite: Option<SecretHash>,
        at: Wall,
    },
    /// To have a channel take texts, and the place of its last one.
    Enter {
        channel: Box<Entered>,
        /// Whether it does already; known where it is at home.
        is_open: bool,
    },
    /// To be a member no more; in a channel of two for ever one stays.
    Leave { room: RoomId, user: UserId },
    /// Whether somebody is a member still.
    IsMember { room: RoomId, user: UserId },
    /// Whether all these are fellow members of theirs in lasting channels.
    AreFellows { user: UserId, others: Vec<UserId> },
    /// What was said in a room.
    Page {
        asked: Asked,
        reader: UserId,
        /// Whether it is of the call that they are in: of that the directory knows nothing before its
        /// first text.
        is_in_call: bool,
    },
    /// To have read up to here.
    ReadUpTo { place: Place, user: UserId, seq: u64 },
    /// To give a message another text, or none.
    Change { place: Place, change: Change, text: Option<String> },
}

/// What the stores say.
#[derive(Debug)]
pub(crate) enum Reply {
    /// They may come, or nobody knows. These they have blocked.
    Known { user: UserId, blocked: Vec<UserId> },
    /// They are a member.
    Joined {
        channel: Box<Entered>,
        user: UserId,
        /// Whether they were none before.
        is_new: bool,
    },
    /// It takes texts.
    Entered(Box<Entered>),
    /// They are no member any more.
    Left {
        room: RoomId,
        user: UserId,
        /// Whether they were one.
        was_member: bool,
    },
    /// They are a member.
    IsMember,
    /// All of them are.
    AreFellows(Vec<UserId>),
    /// What was said.
    Page(Told),
    /// They have read up to there.
    ReadUpTo(UpTo),
    /// The message is changed.
    Changed(Changed),
}

/// A channel, as one who enters it is told of it.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) room: RoomId,
    pub(crate) kind: RoomKind,
    pub(crate) name: Option<String>,
    pub(crate) count: usize,
    /// The place of its last text; of no meaning before it has been entered.
    pub(crate) last_seq: u64,
}

/// Somebody has become a member of a channel, or is none any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemberNews {
    pub(crate) room: RoomId,
    pub(crate) user: UserId,
    pub(crate) has_come: bool,
}

impl Question {
    /// The event behind [`Question::Known`].
    pub(crate) const KNOWN: &'static str = "hello";

    /// The channel at whose home it is to be asked: what opens a channel has to come in one order with
    /// what closes it, and what its listeners hear of a text after that text.
    pub(crate) fn home(&self) -> Option<RoomId> {
        match self {
            Self::Enter { channel, .. } => Some(channel.room),
            Self::ReadUpTo { place, .. } | Self::Change { place, .. } => place.home(),
            _ => None,
        }
    }

    /// What its home knows.
    pub(crate) fn note_open(&mut self, is_known_open: bool) {
        if let Self::Enter { is_open, .. } = self {
            *is_open = is_known_open;
        }
    }

    /// Asks the stores. What changes something is asked of them when this is first polled, so that
    /// questions of one session act in the order in which they were polled first.
    pub(crate) fn ask(self, node: &Node) -> BoxFuture<'static, Result<Reply, Refusal>> {
        let stores = node.clone();
        Box::pin(async move {
            match self {
                Self::Known { user } => stores.known(user).await,
                Self::Join { room, user, name, invite, at } => {
                    let joined = stores.join((room, user), invite, at).await?;
                    let Joined { found, is_new } = joined;
                    // Where that fails it is put down when they next come.
                    let _ = put_name(&*stores.directory, user, name.map(String::from), at).await;
                    let channel = Box::new(Entered::new(found));
                    Ok(Reply::Joined { channel, user, is_new })
                }
                Self::Enter { channel, is_open } => stores.enter(channel, is_open).await,
                Self::Leave { room, user } => stores.leave(room, user).await,
                Self::IsMember { room, user } => {
                    let member = stores.directory.member(room, user).await;
                    member.map(|_| Reply::IsMember).map_err(unseen)
                }
                Self::AreFellows { user, others } => stores.are_fellows(user, others).await,
                Self::ReadUpTo { place, user, seq } => stores.read_up_to(place, user, seq).await,
                Self::Change { place, change, text } => stores.change(place, change, text).await,
                Self::Page { asked, reader, is_in_call } => {
                    let read = reading::read(&stores, Some(reader), asked).await;
                    match read {
                        Err(refusal) if is_in_call && refusal.code == ErrorCode::RoomNotFound => {
                            Ok(Reply::Page(Told::default()))
                        }
                        told => told.map(Reply::Page),
                    }
                }
            }
        })
    }
}

impl Finding {
    /// Whose membership has changed.
    pub(crate) fn news(&self) -> Option<MemberNews> {
        match self.outcome {
            Ok(Reply::Joined { ref channel, user, is_new: true }) => {
                Some(MemberNews { room: channel.room, user, has_come: true })
            }
            Ok(Reply::Left { room, user, was_member: true }) => {
                Some(MemberNews { room, user, has_come: false })
            }
            _ => None,
        }
    }

    /// The channel that takes texts now.
    pub(crate) fn opened(&self) -> Option<RoomId> {
        match &self.outcome {
            Ok(Reply::Entered(channel)) => Some(channel.room),
            _ => None,
        }
    }
}

impl Entered {
    fn new(found: Found) -> Self {
        let Found { channel, count } = found;
        Self {
            room: channel.room,
            kind: kind_told(channel.kind),
            name: channel.name,
            count: count as usize,
            last_seq: 0,
        }
    }
}

/// What takes more than one look.
impl Node {
    /// While the store does not say they are let in, for calls need none.
    async fn known(&self, user: UserId) -> Result<Reply, Refusal> {
        match self.directory.blocked_by(user).await {
            Ok(blocked) => Ok(Reply::Known { user, blocked }),
            Err(DirectoryError::NotAllowed) => Err(bad_token()),
            Err(error) => {
                tracing::debug!(%error, "a visitor comes whom nobody can look up");
                Ok(Reply::Known { user, blocked: Vec::new() })
            }
        }
    }

    async fn join(
        &self,
        (room, user): (RoomId, UserId),
        invite: Option<SecretHash>,
        at: Wall,
    ) -> Result<Joined, Refusal> {
        let by = invite.map_or(Admission::Public, Admission::Invited);
        let joined = match self.directory.join(room, user, by, at).await {
            // A link of former times leads into what has become public.
            Err(DirectoryError::NotAllowed) if invite.is_some() => {
                self.directory.join(room, user, Admission::Public, at).await
            }
            joined => joined,
        };
        let joined = joined.map_err(unseen)?;
        // In a call two are known by their pseudonyms: nobody listens to it as to a channel.
        if joined.found.channel.kind == ChannelKind::Call {
            return Err(room_not_found());
        }
        Ok(joined)
    }

    async fn enter(&self, mut channel: Box<Entered>, is_open: bool) -> Result<Reply, Refusal> {
        let room = channel.room;
        let last_seq = match is_open {
            true => self.archive.last_seq(room),
            false => self.archive.open_room(room, Lasting::Channel),
        };
        channel.last_seq = last_seq.await.map_err(|error| refusal_of_archive(&error))?;
        Ok(Reply::Entered(channel))
    }

    async fn leave(&self, room: RoomId, user: UserId) -> Result<Reply, Refusal> {
        match self.directory.leave(room, user).await {
            Ok(_) => Ok(Reply::Left { room, user, was_member: true }),
            Err(DirectoryError::NotAMember | DirectoryError::NotAllowed) => {
                Ok(Reply::Left { room, user, was_member: false })
            }
            Err(error) => Err(refusal_of_directory(error)),
        }
    }

    async fn are_fellows(&self, user: UserId, others: Vec<UserId>) -> Result<Reply, Refusal> {
        for other in &others {
            if !is_fellow(&*self.directory, user, *other).await? {
                return Err(not_a_fellow());
            }
        }
        Ok(Reply::AreFellows(others))
    }
}

/// Whether two share a lasting channel, or are one.
pub(crate) async fn is_fellow(
    directory: &dyn Directory,
    user: UserId,
    other: UserId,
) -> Result<bool, Refusal> {
    if user == other {
        return Ok(true);
    }
    directory.are_fellows(user, other).await.map_err(refusal_of_directory)
}

/// Puts down what a visitor is called: the members of a channel read each other's names.
pub(crate) async fn put_name(
    directory: &dyn Directory,
    user: UserId,
    name: Option<String>,
    at: Wall,
) -> Result<(), Refusal> {
    let Some(name) = name else { return Ok(()) };
    let known = directory.visitor(user).await.map_err(refusal_of_directory)?;
    if known.is_some_and(|known| known.name == name) {
        return Ok(());
    }
    let profile = Profile { user, name, created_at: at };
    directory.put_visitor(profile).await.map_err(refusal_of_directory)
}

/// What the directory keeps of an invitation's secret.
pub(crate) fn hash_of_secret(secret: &str) -> SecretHash {
    SecretHash(Sha256::digest(secret).into())
}

/// A kind of channel, as the wire says it.
pub(crate) fn kind_told(kind: ChannelKind) -> RoomKind {
    match kind {
        ChannelKind::Group => RoomKind::Group,
        ChannelKind::Direct => RoomKind::Direct,
        ChannelKind::Call => RoomKind::Call,
    }
}

/// What a visitor is told who wants to know of somebody with whom they share no channel.
pub(crate) fn not_a_fellow() -> Refusal {
    let reason = "you may watch those only with whom you share a channel";
    Refusal::new(ErrorCode::NotAllowed, reason)
}

/// What a visitor is told where a room is not for them to see: whether it is there or not.
pub(crate) fn room_not_found() -> Refusal {
    let reason = "there is no such channel for you: check the link";
    Refusal::new(ErrorCode::RoomNotFound, reason)
}

/// What a visitor is told by whom the directory is asked for a channel that they may not see.
pub(crate) fn unseen(error: DirectoryError) -> Refusal {
    match error {
        DirectoryError::NotAllowed => room_not_found(),
        error => refusal_of_directory(error),
    }
}

/// What a visitor is told of what the directory says.
pub(crate) fn refusal_of_directory(error: DirectoryError) -> Refusal {
    match error {
        DirectoryError::NotFound | DirectoryError::NotAMember => room_not_found(),
        DirectoryError::NotAllowed => {
            let reason = "you may not do that: ask whoever made the channel";
            Refusal::new(ErrorCode::NotAllowed, reason)
        }
        DirectoryError::Full => {
            let reason = "this channel has as many members as it may: try again later";
            Refusal::new(ErrorCode::RoomFull, reason)
        }
        DirectoryError::Exists => {
            Refusal::new(ErrorCode::Internal, "that went wrong here: please try again")
        }
        DirectoryError::Unavailable(why) => {
            tracing::debug!(cause = ?why.cause, "the directory is unavailable");
            store_unavailable()
        }
    }
}

/// What a visitor is told while a store does not work.
pub(crate) fn store_unavailable() -> Refusal {
    let reason = "nothing can be kept at the moment: try again shortly";
    Refusal {
        retry_after_ms: Some(STORE_RETRY_AFTER_MS),
        ..Refusal::new(ErrorCode::StoreUnavailable, reason)
    }
}
