// The shell of all channels: one link to the server, the list, the outbox, and the rooms that are open. It feeds
// their machines and carries out what they decide. Decides nothing itself.
import { Store } from '../../lib/store';
import { Timers } from '../../lib/timers';
import type { ClientEvent, KeptMessage, MessageAck, RoomJoined, ServerEvent } from '../../protocol';
import { ServerLink } from '../../signaling/socket';
import type { Unsent } from '../chat/outbox';
import { Api } from './api';
import { keepInvitation } from './kept';
import { keepChannels, readChannels } from './keptList';
import { type ChannelList, type ListInput, listEmpty, stepList } from './list';
import { nameToTell, rememberNameLimit } from './name';
import { Presence } from './presence';
import { Reading } from './reading';
import { OpenRoom, type RoomRoad } from './room';
import { Sending } from './sending';

type Timer = 'list' | 'again' | 'keep' | 'back';

const list_ms = 20_000;
const again_ms = 4_000;
const keep_ms = 1_000;
const up_ms = 8_000;
const back_ms = 8_000;
/** The server lets one connection listen to fifty. */
const listening_max = 48;
const open_max = 6;

export class ChannelHub {
  readonly list = new Store<ChannelList>({ ...listEmpty, channels: readChannels() });
  readonly me = new Store<string | undefined>(undefined);
  /** For a moment, after a session that was lost: the server or its memory has gone in between. */
  readonly isBack = new Store(false);
  readonly link: ServerLink;
  readonly api = new Api(async () => {
    await this.up();
    return this.link.state.get().token;
  });
  readonly presence: Presence;
  readonly sending: Sending;
  private readonly reading: Reading;
  private readonly rooms = new Map<string, OpenRoom>();
  private readonly listening = new Set<string>();
  private readonly joining = new Set<string>();
  private readonly timers = new Timers<Timer>();
  private readonly stopWatching = new AbortController();
  private hasBegun = false;
  private isEnded = false;

  constructor(url: string) {
    this.link = new ServerLink(url, (event) => this.hear(event));
    const request = (event: ClientEvent) => this.link.request(event);
    this.presence = new Presence(request, () => this.watched());
    this.sending = new Sending(request, (entry, ack) => this.placed(entry, ack));
    this.reading = new Reading(request, (roomId) => this.listening.has(roomId));
  }

  start(): void {
    this.sending.start();
    const { signal } = this.stopWatching;
    const onVisible = () => document.hidden || void this.readList();
    document.addEventListener('visibilitychange', onVisible, { signal });
    window.addEventListener('pagehide', () => this.leavePage(), { signal });
    this.link.start(undefined, nameToTell());
  }

  end(): void {
    this.isEnded = true;
    for (const room of this.rooms.values()) room.end();
    this.stopWatching.abort();
    this.timers.clearAll();
    for (const part of [this.presence, this.sending, this.reading]) part.end();
    keepChannels(this.list.get().channels);
    this.link.stop();
  }

  private leavePage(): void {
    this.reading.tellAll();
    keepChannels(this.list.get().channels);
  }

  /** From now on the visitor is called what they have chosen; false where they are already. */
  rename(): boolean {
    const name = nameToTell();
    if (name === undefined || name === this.link.state.get().name) return false;
    this.hasBegun = false;
    this.link.rename(name);
    return true;
  }

  open(roomId: string): OpenRoom {
    const known = this.rooms.get(roomId);
    if (known) return known;
    this.closeOldest();
    const road: RoomRoad = {
      request: (event) => this.link.request(event),
      send: (event) => this.listening.has(roomId) && this.link.send(event),
      members: (id) => this.api.members(id),
      onRead: (messages) => this.sending.seen(messages, this.me.get()),
      onMembers: () => this.presence.refresh(),
    };
    const room = new OpenRoom(roomId, road);
    this.rooms.set(roomId, room);
    const channel = this.list.get().channels.find(({ id }) => id === roomId);
    if (channel && this.listening.has(roomId)) room.joined(channel.lastSeq);
    return room;
  }

  /** The code of the refusal, if there is one. */
  async join(roomId: string, invite?: string): Promise<string | undefined> {
    const data = { roomId, ...(invite !== undefined && { invite }) };
    this.joining.add(roomId);
    await this.up();
    const outcome = await this.link.request({ event: 'join-room', data });
    this.joining.delete(roomId);
    if (!outcome.ok) return outcome.error.code;
    this.joined(outcome.data as unknown as RoomJoined);
    return undefined;
  }

  async leave(roomId: string): Promise<string | undefined> {
    const outcome = await this.link.request({ event: 'leave-room', data: { roomId } });
    if (!outcome.ok) return outcome.error.code;
    this.sending.drop(roomId);
    this.forget(roomId);
    return undefined;
  }

  /** A text for another of one's own, or none to delete it; answers the code of the refusal. */
  async change(roomId: string, messageId: string, message?: string): Promise<string | undefined> {
    const room = this.open(roomId);
    const kept = room.timeline.get().run.find((each) => each.messageId === messageId);
    if (!kept) return 'not-in-room';
    const event: ClientEvent =
      message === undefined
        ? { event: 'delete-message', data: { roomId, messageId } }
        : { event: 'edit-message', data: { roomId, messageId, message } };
    const outcome = await this.link.request(event);
    if (!outcome.ok) return outcome.error.code;
    const told = message === undefined ? { deleted: true } : { message };
    const data = { roomId, messageId, seq: kept.seq, ...told };
    room.hear({ event: 'message-changed', data });
    return undefined;
  }

  /** The visitor has seen everything up to there. */
  read(roomId: string, seq: number): void {
    const channel = this.list.get().channels.find(({ id }) => id === roomId);
    if (!channel) return;
    if (channel.lastRead < seq) this.inputList({ type: 'read', id: roomId, seq });
    this.reading.read(roomId, seq);
  }

  async readList(): Promise<void> {
    this.timers.clear('list');
    this.inputList({ type: 'asked' });
    const answer = await this.api.ownRooms();
    if (this.isEnded) return;
    if (answer.ok) {
      const { items, isWhole } = answer.value;
      this.inputList({ type: 'listed', rooms: items, isWhole });
      for (const { id, lastRead } of items) this.reading.known(id, lastRead);
      for (const { id, lastRead } of this.list.get().channels) this.reading.read(id, lastRead);
      this.joinMissing();
      this.presence.refresh();
    } else this.inputList({ type: 'failed', code: answer.code });
    // Another may have begun a direct chat: nobody tells, so one looks.
    this.timers.set('list', list_ms, () => document.hidden || void this.readList());
  }

  private hear(event: ServerEvent): void {
    switch (event.event) {
      case 'welcome': {
        this.me.set(event.data.userId);
        rememberNameLimit(event.data.limits.name_chars);
        // How long a name this site takes is known now: the visitor's may not have been said yet.
        if (this.rename()) return;
        if (!(event.data.resumed && event.data.recovered)) this.begin();
        return;
      }
      case 'newMessage': {
        const { roomId, ...message } = event.data;
        this.sending.seen([message], this.me.get());
        this.rooms.get(roomId)?.heard(message);
        return this.bump(roomId, message);
      }
      case 'read':
        if (event.data.userId !== this.me.get()) return;
        this.reading.known(event.data.roomId, event.data.seq);
        return this.inputList({ type: 'read', id: event.data.roomId, seq: event.data.seq });
      case 'room-members': {
        const { roomId, count } = event.data;
        this.inputList({ type: 'counted', id: roomId, count });
        return this.rooms.get(roomId)?.hear(event);
      }
      case 'message-changed':
        return this.rooms.get(event.data.roomId)?.hear(event);
      case 'typing':
        if (event.data.userId === this.me.get()) return;
        return this.rooms.get(event.data.roomId)?.hear(event);
      case 'presence':
        return this.presence.hear(event.data);
      default:
        return;
    }
  }

  /** Resolves when the link is up, or has not come up for a while. */
  private up(): Promise<void> {
    const isUp = () => this.link.state.get().phase === 'up';
    if (isUp()) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        unwatch();
        resolve();
      };
      const timer = setTimeout(end, up_ms);
      const unwatch = this.link.state.watch(() => isUp() && end());
    });
  }

  /** A new session hears nothing yet. */
  private begin(): void {
    if (this.hasBegun) {
      this.isBack.set(true);
      this.timers.set('back', back_ms, () => this.isBack.set(false));
    }
    this.hasBegun = true;
    this.listening.clear();
    this.joining.clear();
    this.sending.close();
    this.presence.forget();
    this.joinMissing();
    void this.readList();
  }

  private joinMissing(): void {
    const { channels } = this.list.get();
    const isOpen = (id: string) => this.rooms.has(id);
    const ids = channels.map(({ id }) => id);
    const wanted = [...ids.filter(isOpen), ...ids.filter((id) => !isOpen(id))];
    for (const id of wanted) {
      if (this.listening.size + this.joining.size >= listening_max) return;
      if (!this.listening.has(id) && !this.joining.has(id)) void this.joinAgain(id);
    }
  }

  private async joinAgain(roomId: string): Promise<void> {
    const code = await this.join(roomId);
    if (code === undefined || this.isEnded) return;
    if (code === 'room-not-found' || code === 'not-allowed') return this.forget(roomId);
    this.timers.set('again', again_ms, () => this.joinMissing());
  }

  private joined(joined: RoomJoined): void {
    const { roomId, lastSeq } = joined;
    this.listening.add(roomId);
    keepInvitation(roomId, undefined);
    this.inputList({ type: 'joined', joined, now: new Date().toISOString() });
    this.rooms.get(roomId)?.joined(lastSeq);
    this.sending.open(roomId);
    void this.reading.tell(roomId);
    this.presence.refresh();
  }

  private forget(roomId: string): void {
    this.listening.delete(roomId);
    this.rooms.get(roomId)?.end();
    this.rooms.delete(roomId);
    this.sending.close(roomId);
    this.inputList({ type: 'left', id: roomId });
  }

  /** What one does not look at is read again when one does. */
  private closeOldest(): void {
    for (const [id, room] of this.rooms) {
      if (this.rooms.size < open_max) return;
      room.end();
      this.rooms.delete(id);
    }
  }

  private watched(): string[] {
    const partners = this.list.get().channels.flatMap((channel) => channel.with?.userId ?? []);
    const members = [...this.rooms.values()].flatMap((room) => room.members.get().items);
    const ids = new Set([...partners, ...members.map(({ userId }) => userId)]);
    ids.delete(this.me.get() ?? '');
    return [...ids];
  }

  private bump(id: string, { seq, timestamp: at, userId }: KeptMessage): void {
    this.inputList({ type: 'heard', id, seq, at, isOwn: userId === this.me.get() });
  }

  private inputList(input: ListInput): void {
    this.list.set(stepList(this.list.get(), input));
    this.timers.set('keep', keep_ms, () => keepChannels(this.list.get().channels));
  }

  private placed({ roomId, clientId, message }: Unsent, ack: MessageAck): void {
    const { messageId, seq, timestamp } = ack;
    const userId = this.me.get();
    const kept = { messageId, seq, timestamp, message, clientId, ...(userId && { userId }) };
    this.rooms.get(roomId)?.heard(kept);
    this.bump(roomId, kept);
  }
}
