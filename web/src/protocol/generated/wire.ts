// Made from the protocol crate by its test `typescript_types_are_current`; not to be edited.

export type Hello = { 
/**
 * A token from an earlier `welcome`.
 */
token?: string, 
/**
 * The resume secret of a lost session.
 */
resume?: string, 
/**
 * The last `n` seen in that session; 0 where absent.
 */
after?: number, 
/**
 * The name that partners see.
 */
name?: string, };

export type RequestRoom = { 
/**
 * The name that the partner sees.
 */
name?: string, 
/**
 * A small picture, as a `data:image/png|jpeg|webp;base64,` URL.
 */
userImage?: string, 
/**
 * The kind of call; video where absent.
 */
mode?: "video" | "audio" | "text", 
/**
 * What the visitor likes to talk about.
 */
interests?: Array<string>, 
/**
 * What the visitor speaks: BCP 47 tags, of which the first part counts.
 */
languages?: Array<string>, 
/**
 * The call that is to be left: a stale one is refused.
 */
roomId?: string, 
/**
 * Whether to be queued again when the partner leaves; true where absent.
 */
autoNext?: boolean, 
/**
 * Whether partners of the memory window will do as well; false where absent.
 */
again?: boolean, };

export type CancelRequest = Record<symbol, never>;

export type StopCall = { 
/**
 * The call to leave; the present one where absent.
 */
roomId?: string, };

export type UndoSkip = Record<symbol, never>;

export type BlockUser = { 
/**
 * The call whose partner is meant; the present or the last one where absent.
 */
roomId?: string, };

export type NegotiationCallOffer = { 
/**
 * An `RTCSessionDescriptionInit`; opaque.
 */
offer: unknown, 
/**
 * The call; the present one where absent.
 */
roomId?: string, 
/**
 * The partner's socket id.
 */
remoteSocketId?: string, };

export type NegotiationCallAnswer = { 
/**
 * An `RTCSessionDescriptionInit`; opaque.
 */
ans: unknown, 
/**
 * The call; the present one where absent.
 */
roomId?: string, 
/**
 * The partner's socket id.
 */
remoteSocketId?: string, };

export type SendNewIceCandidates = { 
/**
 * One `RTCIceCandidateInit`, or `null` for the end of candidates; opaque.
 */
candidate?: unknown, 
/**
 * An array of them; opaque.
 */
candidates?: Array<unknown>, 
/**
 * The call; the present one where absent.
 */
roomId?: string, 
/**
 * The partner's socket id.
 */
to?: string, };

export type NewMessage = { 
/**
 * The text; trimmed, and something must be left.
 */
message: string, 
/**
 * The room; the present call where absent.
 */
roomId?: string, 
/**
 * The client's own id of this message: a repeat stores nothing.
 */
clientId?: string, };

export type Typing = { 
/**
 * The room; the present call where absent.
 */
roomId?: string, 
/**
 * Whether the visitor is writing.
 */
typing: boolean, };

export type JoinRoom = { 
/**
 * The channel.
 */
roomId: string, 
/**
 * The secret of an invitation, where the channel is not public.
 */
invite?: string, };

export type LeaveRoom = { 
/**
 * The channel.
 */
roomId: string, };

export type History = { 
/**
 * The call or channel.
 */
roomId: string, 
/**
 * The newest below this `seq`.
 */
before?: number, 
/**
 * The oldest above this `seq`.
 */
after?: number, 
/**
 * How many at most: 1 to 200, 50 where absent.
 */
limit?: number, };

export type Read = { 
/**
 * The channel, or the present call.
 */
roomId: string, 
/**
 * The place of the last message that was read.
 */
seq: number, };

export type EditMessage = { 
/**
 * Where it was said.
 */
roomId: string, 
/**
 * Which message.
 */
messageId: string, 
/**
 * The text; trimmed, and something must be left.
 */
message: string, };

export type DeleteMessage = { 
/**
 * Where it was said.
 */
roomId: string, 
/**
 * Which message.
 */
messageId: string, };

export type WatchPresence = { 
/**
 * Fellow members of a lasting channel.
 */
userIds: Array<string>, };

export type Heartbeat = Record<symbol, never>;

export type LimitsTold = { 
/**
 * See [`Limits::frame_bytes`].
 */
frame_bytes: number, 
/**
 * See [`Limits::message_chars`].
 */
message_chars: number, 
/**
 * See [`Limits::name_chars`].
 */
name_chars: number, 
/**
 * See [`Limits::image_bytes`].
 */
image_bytes: number, 
/**
 * See [`Limits::interests`].
 */
interests: number, 
/**
 * See [`Limits::interest_chars`].
 */
interest_chars: number, 
/**
 * See [`Limits::events_per_second`].
 */
events_per_second: number, 
/**
 * See [`Limits::messages_per_second`].
 */
messages_per_second: number, 
/**
 * See [`Limits::requests_per_minute`].
 */
requests_per_minute: number, };

export type IceServer = { 
/**
 * `stun:` and `turn:` URLs (RFC 7064, RFC 7065).
 */
urls: Array<string>, 
/**
 * For TURN.
 */
username?: string, 
/**
 * For TURN.
 */
credential?: string, };

export type SessionState = "idle" | "waiting" | "call";

export type HeartbeatTold = { 
/**
 * The server sends a Ping this often.
 */
intervalMs: number, 
/**
 * It gives up this long after a Ping without any frame.
 */
timeoutMs: number, };

export type Welcome = { 
/**
 * Public id of this session.
 */
socketId: string, 
/**
 * The visitor's lasting id.
 */
userId: string, 
/**
 * Proves to be that visitor, in a later `hello`.
 */
token: string, 
/**
 * Proves to be this session, in a later `hello` on another socket.
 */
resume: string, 
/**
 * Whether a lost session goes on.
 */
resumed: boolean, 
/**
 * Whether nothing was lost on the way.
 */
recovered: boolean, 
/**
 * Where the session stands.
 */
state: SessionState, 
/**
 * The present call.
 */
roomId?: string, 
/**
 * Highest `ref` handled.
 */
lastRef: number, 
/**
 * Highest `n` sent.
 */
lastN: number, 
/**
 * Name of the node.
 */
node: string, 
/**
 * Bounds to keep to.
 */
limits: LimitsTold, 
/**
 * STUN and TURN servers.
 */
iceServers: Array<IceServer>, 
/**
 * `RTCConfiguration.iceCandidatePoolSize`.
 */
iceCandidatePoolSize: number, 
/**
 * How the connection is watched.
 */
heartbeat: HeartbeatTold, 
/**
 * RFC 3339.
 */
serverTime: string, };

export type Relaxation = "interests" | "languages" | "met-everyone";

export type Waiting = { 
/**
 * For people.
 */
message: string, 
/**
 * How many wait for a partner in this mode, the receiver included.
 */
waiting: number, 
/**
 * How much longer it may take, from what others really waited; absent when unknown.
 */
estimateSeconds?: number, 
/**
 * What of the receiver's wishes no longer counts, in the order of the steps.
 */
relaxed?: Array<Relaxation>, };

export type RemoteUser = { 
/**
 * The partner's socket id.
 */
socket: string, 
/**
 * A pseudonym of the partner, for this pair alone.
 */
userId: string, 
/**
 * The partner's name.
 */
userName: string, 
/**
 * A data URL.
 */
userImage?: string, };

export type MatchDone = { 
/**
 * For people.
 */
message: string, 
/**
 * This call, for ever.
 */
roomId: string, 
/**
 * Whether the receiver offers first, and is the impolite peer.
 */
initiator: boolean, 
/**
 * `video`, `audio` or `text`.
 */
mode: "video" | "audio" | "text", 
/**
 * The partner.
 */
remoteUserDetails: RemoteUser, 
/**
 * What both like to talk about.
 */
commonInterests: Array<string>, 
/**
 * STUN and TURN servers.
 */
iceServers: Array<IceServer>, 
/**
 * `RTCConfiguration.iceCandidatePoolSize`.
 */
iceCandidatePoolSize: number, 
/**
 * Whether only relayed candidates may be used.
 */
relayOnly: boolean, };

export type RemoteUserBrief = { 
/**
 * The partner's socket id.
 */
socket: string, 
/**
 * The partner's name.
 */
userName: string, };

export type OfferRelayed = { 
/**
 * Who sent it.
 */
remoteUserDetails: RemoteUserBrief, 
/**
 * The call.
 */
roomId: string, 
/**
 * As it was sent.
 */
offer: unknown, };

export type AnswerRelayed = { 
/**
 * As it was sent.
 */
ans: unknown, 
/**
 * The call.
 */
roomId: string, 
/**
 * The partner's name.
 */
name: string, 
/**
 * The partner's socket id.
 */
remoteSocketId: string, };

export type CandidateRelayed = { 
/**
 * As it was sent.
 */
candidate: unknown, 
/**
 * The call.
 */
roomId: string, 
/**
 * The partner's socket id.
 */
remoteSocketId: string, };

export type CandidatesRelayed = { 
/**
 * As they were sent.
 */
candidates: Array<unknown>, 
/**
 * The call.
 */
roomId: string, 
/**
 * The partner's socket id.
 */
remoteSocketId: string, };

export type StopReason = "stopped" | "next" | "disconnected";

export type StopByRemoteUser = { 
/**
 * The call that has ended.
 */
roomId: string, 
/**
 * Why.
 */
reason: StopReason, };

export type PartnerAway = { 
/**
 * The call, which goes on.
 */
roomId: string, 
/**
 * The partner's socket id.
 */
socketId: string, 
/**
 * How long the partner may still come back, in milliseconds from now.
 */
untilMs?: number, };

export type PartnerBack = { 
/**
 * The call.
 */
roomId: string, 
/**
 * The partner's socket id.
 */
socketId: string, };

export type MessageRelayed = { 
/**
 * Id of the message, for ever.
 */
messageId: string, 
/**
 * Its place in the room, from 1, without holes.
 */
seq: number, 
/**
 * The sender's socket id.
 */
from: string, 
/**
 * The sender's pseudonym.
 */
userId: string, 
/**
 * The sender's name.
 */
name: string, 
/**
 * The text.
 */
message: string, 
/**
 * RFC 3339.
 */
timestamp: string, 
/**
 * The room.
 */
roomId: string, 
/**
 * The sender's own id of the message.
 */
clientId?: string, };

export type MessageAck = { 
/**
 * Id of the message, for ever.
 */
messageId: string, 
/**
 * Its place in the room.
 */
seq: number, 
/**
 * RFC 3339.
 */
timestamp: string, };

export type HeartbeatAck = { 
/**
 * RFC 3339.
 */
serverTime: string, };

export type TypingRelayed = { 
/**
 * The room.
 */
roomId: string, 
/**
 * The partner's pseudonym.
 */
userId: string, 
/**
 * Whether they are writing.
 */
typing: boolean, };

export type RoomMembers = { 
/**
 * The channel.
 */
roomId: string, 
/**
 * How many members it has.
 */
count: number, 
/**
 * The `userId` of each who came; absent where nobody did, or too many to name.
 */
joined?: Array<string>, 
/**
 * The `userId` of each who went; absent likewise.
 */
left?: Array<string>, };

export type RoomKind = "group" | "direct" | "call";

export type RoomJoined = { 
/**
 * The channel.
 */
roomId: string, 
/**
 * What it is.
 */
kind: RoomKind, 
/**
 * What it is called.
 */
name?: string, 
/**
 * How many members it has.
 */
count: number, 
/**
 * `seq` of its last message; 0 where there is none.
 */
lastSeq: number, };

export type KeptMessage = { 
/**
 * Id of the message, for ever.
 */
messageId: string, 
/**
 * Its place in the room, from 1, without holes.
 */
seq: number, 
/**
 * The sender's connection, as the room knows it; absent in a tombstone.
 */
from?: string, 
/**
 * The sender, in a call their pseudonym; absent once they have had it erased.
 */
userId?: string, 
/**
 * What the sender was called; absent in a tombstone.
 */
name?: string, 
/**
 * The text; absent in a tombstone.
 */
message?: string, 
/**
 * When it was said, RFC 3339.
 */
timestamp: string, 
/**
 * The sender's own id of the message.
 */
clientId?: string, 
/**
 * When its text was last changed, RFC 3339.
 */
editedAt?: string, 
/**
 * True for a tombstone.
 */
deleted?: boolean, };

export type HistoryPage = { 
/**
 * The messages; none past either end.
 */
messages: Array<KeptMessage>, 
/**
 * What to send as `before` for those before these; absent where there are none.
 */
nextBefore?: number, 
/**
 * What to send as `after` for those after these; absent where there are none.
 */
nextAfter?: number, };

export type MessageChanged = { 
/**
 * Where it was said.
 */
roomId: string, 
/**
 * Which message.
 */
messageId: string, 
/**
 * Its place, which stays.
 */
seq: number, 
/**
 * Its text from now on; absent where it was deleted.
 */
message?: string, 
/**
 * When it was changed, RFC 3339.
 */
editedAt?: string, 
/**
 * True where it was deleted.
 */
deleted?: boolean, };

export type ReadRelayed = { 
/**
 * The room.
 */
roomId: string, 
/**
 * Who has read; in a call their pseudonym.
 */
userId: string, 
/**
 * Up to which place.
 */
seq: number, };

export type ReadAck = { 
/**
 * Up to which place one has read now.
 */
seq: number, };

export type Presence = { 
/**
 * Who.
 */
userId: string, 
/**
 * Whether any connection of theirs lives.
 */
online: boolean, };

export type PresenceWatched = { 
/**
 * Whether each is online, by `userId`.
 */
online: { [userId in string]: boolean }, };

export type Draining = { 
/**
 * Come back after this long; each client is told another time.
 */
reconnectInMs: number, };

export type ErrorCode = "bad-frame" | "unknown-event" | "bad-payload" | "too-long" | "not-in-room" | "room-full" | "room-not-found" | "not-allowed" | "bad-token" | "resume-expired" | "banned" | "rate-limited" | "store-unavailable" | "draining" | "internal";

export type Category = "network" | "webrtc" | "validation" | "system";

export type ErrorBody = { 
/**
 * Why.
 */
code: ErrorCode, 
/**
 * Which kind of trouble.
 */
category: Category, 
/**
 * One sentence for a person.
 */
message: string, 
/**
 * The event that was refused.
 */
event?: string, 
/**
 * The room that was named.
 */
roomId?: string, 
/**
 * The field at fault.
 */
field?: string, 
/**
 * When it may be tried again, in milliseconds from now.
 */
retryAfterMs?: number, };

/** Every event that a client may send, with its payload. */
export interface ClientEvents {
  hello: Hello;
  "request-room": RequestRoom;
  "cancel-request": CancelRequest;
  "stop-call": StopCall;
  "undo-skip": UndoSkip;
  "block-user": BlockUser;
  "negotiation-call-offer": NegotiationCallOffer;
  "negotiation-call-answer": NegotiationCallAnswer;
  "send-new-ice-candidates": SendNewIceCandidates;
  newMessage: NewMessage;
  typing: Typing;
  "join-room": JoinRoom;
  "leave-room": LeaveRoom;
  history: History;
  read: Read;
  "edit-message": EditMessage;
  "delete-message": DeleteMessage;
  "watch-presence": WatchPresence;
  heartbeat: Heartbeat;
}

/** Every event that the server may send, with its payload. */
export interface ServerEvents {
  welcome: Welcome;
  waiting: Waiting;
  "match-done": MatchDone;
  "negotiation-call-offer": OfferRelayed;
  "negotiation-call-answer": AnswerRelayed;
  "new-ice-candidates": CandidateRelayed | CandidatesRelayed;
  "stop-by-remote-user": StopByRemoteUser;
  "partner-away": PartnerAway;
  "partner-back": PartnerBack;
  newMessage: MessageRelayed;
  typing: TypingRelayed;
  "room-members": RoomMembers;
  "message-changed": MessageChanged;
  read: ReadRelayed;
  presence: Presence;
  error: ErrorBody;
  draining: Draining;
}
