//! What was said, for whoever may read it: a page of a room, with its people as the reader knows them.
//!
//! Membership is looked up on every read. What is not for the reader is not there for them.

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{ChannelKind, Kept, Page, PageLimit, Span};
use liveloop_protocol::{History, HistoryPage, IdText, KeptMessage, Refusal, format_id};

use crate::{
    clock::rfc3339,
    inquiry::{refusal_of_directory, room_not_found},
    node::Node,
    session::refusal_of_archive,
};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) room: RoomId,
    pub(crate) span: Span,
    pub(crate) limit: PageLimit,
}

impl Asked {
    /// Of `room`, between positions of which one at most is there.
    ///
    /// # Errors
    /// `bad-payload` that names the field.
    pub(crate) fn new(
        room: RoomId,
        before: Option<u64>,
        after: Option<u64>,
        limit: Option<u64>,
    ) -> Result<Self, Refusal> {
        History::check(before, after, limit)?;
        let limit = limit.and_then(PageLimit::new).unwrap_or_default();
        // No message is so far: what stores count in holds no more.
        let clamped = |position: u64| position.min(i64::MAX.unsigned_abs());
        let span = match (before, after) {
            (Some(before), _) => Span::Before(clamped(before)),
            (None, Some(after)) => Span::After(clamped(after)),
            (None, None) => Span::Newest,
        };
        Ok(Self { room, span, limit })
    }
}

/// A page, and who is who in it; the default has nothing.
#[derive(Debug, Default)]
pub(crate) struct Told {
    page: Page,
    /// Of a call: its two, each with their pseudonym; nobody where one of them is not known any more,
    /// for then nothing says who they were to each other.
    pseudonyms: Option<Vec<(UserId, IdText)>>,
}

/// Reads a page for `reader`; for nobody in particular what is public.
///
/// # Errors
/// `room-not-found`, `store-unavailable`.
pub(crate) async fn read(
    node: &Node,
    reader: Option<UserId>,
    asked: Asked,
) -> Result<Told, Refusal> {
    let kind = admit(node, reader, asked.room).await?;
    let pseudonyms = match kind {
        ChannelKind::Call => Some(pseudonyms(node, asked.room).await?),
        ChannelKind::Group | ChannelKind::Direct => None,
    };
    let page = node.archive.page(asked.room, asked.span, asked.limit).await;
    let page = page.map_err(|error| refusal_of_archive(&error))?;
    Ok(Told { page, pseudonyms })
}

/// What the room is, where the reader may read it.
async fn admit(node: &Node, reader: Option<UserId>, room: RoomId) -> Result<ChannelKind, Refusal> {
    let channel = node.directory.channel(room).await.map_err(refusal_of_directory)?.channel;
    if channel.is_public && channel.kind == ChannelKind::Group {
        return Ok(channel.kind);
    }
    let reader = reader.ok_or_else(room_not_found)?;
    node.directory.member(room, reader).await.map_err(refusal_of_directory)?;
    Ok(channel.kind)
}

/// Who the two of a call are to each other.
async fn pseudonyms(node: &Node, room: RoomId) -> Result<Vec<(UserId, IdText)>, Refusal> {
    let members = node.directory.members(room, None, PageLimit::default()).await;
    let members = members.map_err(refusal_of_directory)?;
    let [one, other] = &members[..] else { return Ok(Vec::new()) };
    let pair = [one.user, other.user];
    Ok(pair.into_iter().zip(node.shared.secret.pseudonyms(pair)).collect())
}

/// The texts that a message is written from.
struct Line<'a> {
    kept: &'a Kept,
    message_id: IdText,
    user_id: Option<IdText>,
    from: Option<IdText>,
    timestamp: String,
    edited_at: Option<String>,
}

impl Told {
    /// Gives the page as the wire has it to `write`.
    pub(crate) fn with<R>(&self, write: impl FnOnce(&HistoryPage<'_>) -> R) -> R {
        let lines: Vec<Line<'_>> = self.page.messages.iter().map(|kept| self.line(kept)).collect();
        let page = HistoryPage {
            messages: lines.iter().map(Line::told).collect(),
            next_before: self.page.next_before,
            next_after: self.page.next_after,
        };
        write(&page)
    }

    fn line<'a>(&self, kept: &'a Kept) -> Line<'a> {
        let body = kept.body.as_ref();
        Line {
            kept,
            message_id: format_id(kept.message.0),
            user_id: kept.user.and_then(|user| self.user_id(user)),
            from: body.map(|body| format_id(body.from.0)),
            timestamp: rfc3339(kept.said_at),
            edited_at: kept.changed_at.filter(|_| body.is_some()).map(rfc3339),
        }
    }

    fn user_id(&self, user: UserId) -> Option<IdText> {
        match &self.pseudonyms {
            Some(pair) => pair.iter().find(|(of, _)| *of == user).map(|(_, pseudonym)| *pseudonym),
            None => Some(format_id(user.0)),
        }
    }
}

impl Line<'_> {
    fn told(&self) -> KeptMessage<'_> {
        let body = self.kept.body.as_ref();
        KeptMessage {
            message_id: &self.message_id,
            seq: self.kept.seq,
            from: self.from.as_deref(),
            user_id: self.user_id.as_deref(),
            name: body.map(|body| body.name.as_str()),
            message: body.map(|body| body.text.as_str()),
            timestamp: &self.timestamp,
            client_id: self.kept.client_id.as_deref().filter(|_| body.is_some()),
            edited_at: self.edited_at.as_deref(),
            deleted: body.is_none().then_some(true),
        }
    }
}
