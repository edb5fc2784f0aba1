// The shell of a visit to the call page: it feeds the call and chat machines with what the server, the
// partner's media and the visitor say, and carries out what they decide. Decides nothing itself.
import { readKept } from '../../lib/kept';
import { Store } from '../../lib/store';
import { Timers } from '../../lib/timers';
import type { LocalMedia } from '../../media/local';
import { type LocalTracks, Peer, type Switches, type TrackKind } from '../../media/peer';
import { playChime } from '../../media/sound';
import type { MatchDone, Mode, ServerEvent } from '../../protocol';
import { ServerLink } from '../../signaling/socket';
import { type ChatEffect, type ChatInput, type ChatTimer, chatEmpty, stepChat } from './chat';
import { stepCall } from './machine';
import { type CallEffect, type CallInput, callIdle, partnerOf, type Wish } from './stage';

export interface Announcement {
  what: 'connected' | 'left' | 'stopped';
  name: string;
  /** Rises, so that the same words said twice are heard twice. */
  count: number;
}

const kindsByMode: Record<Mode, readonly TrackKind[]> = {
  video: ['audio', 'video'],
  audio: ['audio'],
  text: [],
};

export class CallSession {
  readonly call = new Store(callIdle);
  readonly chat = new Store(chatEmpty);
  readonly peer = new Store<Peer | undefined>(undefined);
  readonly announcement = new Store<Announcement | undefined>(undefined);
  readonly link: ServerLink;
  isChatShown = true;
  private readonly timers = new Timers<ChatTimer | 'hold'>();
  private readonly unwatch: (() => void)[] = [];
  private lineCount = 0;
  private announcements = 0;

  constructor(
    url: string,
    private readonly media: LocalMedia,
  ) {
    this.link = new ServerLink(url, (event) => this.hear(event));
    this.unwatch.push(
      this.link.state.watch(() => {
        const isUp = this.link.state.get().phase === 'up';
        if (!isUp && this.call.get().isLinkUp) this.input({ type: 'link-lost' });
      }),
      media.view.watch(() => this.lend()),
    );
  }

  start(wish: Wish): void {
    this.link.start();
    this.input({ type: 'start', wish });
  }

  next(): void {
    this.input({ type: 'next' });
  }

  stop(): void {
    this.input({ type: 'stop' });
  }

  /** After a takeover: this window is the one in use again. */
  useHere(): void {
    this.link.connect();
  }

  end(): void {
    this.stop();
    for (const unwatch of this.unwatch.splice(0)) unwatch();
    this.timers.clearAll();
    this.link.stop();
  }

  say(text: string): void {
    this.lineCount += 1;
    const id = `${Date.now().toString(36)}-${this.lineCount}-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36)}`;
    this.chatInput({ type: 'said', id, text });
  }

  retry(id: string): void {
    this.chatInput({ type: 'retry', id });
  }

  typed(isEmpty: boolean): void {
    this.chatInput({ type: 'typed', isEmpty });
  }

  showChat(isShown: boolean): void {
    this.isChatShown = isShown;
    if (isShown) this.chatInput({ type: 'read' });
  }

  private hear(event: ServerEvent): void {
    if (event.event === 'welcome') this.input({ type: 'link-up' });
    this.input({ type: 'told', event });
    this.chatInput({ type: 'told', event, isShown: this.isChatShown });
    this.hearSignal(event);
  }

  private hearSignal(event: ServerEvent): void {
    const roomId = partnerOf(this.call.get())?.roomId;
    const peer = this.peer.get();
    if (!peer || !roomId) return;
    switch (event.event) {
      case 'negotiation-call-offer':
        return event.data.roomId === roomId ? peer.hearDescription(event.data.offer) : undefined;
      case 'negotiation-call-answer':
        return event.data.roomId === roomId ? peer.hearDescription(event.data.ans) : undefined;
      case 'new-ice-candidates': {
        const all = 'candidates' in event.data ? event.data.candidates : [event.data.candidate];
        return event.data.roomId === roomId ? peer.hearCandidates(all) : undefined;
      }
      default:
        return;
    }
  }

  private input(input: CallInput): void {
    const [state, effects] = stepCall(this.call.get(), input);
    this.call.set(state);
    for (const effect of effects) this.act(effect);
  }

  private act(effect: CallEffect): void {
    switch (effect.do) {
      case 'send':
        return this.link.send(effect.event);
      case 'ask':
        return void this.link.request(effect.event).then((outcome) => {
          if (!outcome.ok) this.input({ type: 'refused', error: outcome.error });
        });
      case 'open-peer':
        return this.openPeer(effect.match);
      case 'close-peer':
        this.peer.get()?.close();
        this.peer.set(undefined);
        this.announcement.set(undefined);
        return this.chatInput({ type: 'ended' });
      case 'hold':
        return this.timers.set('hold', effect.ms, () => this.input({ type: 'held-long-enough' }));
      case 'release':
        return this.timers.clear('hold');
      case 'say': {
        this.announcements += 1;
        const count = this.announcements;
        if (effect.what === 'connected' && readKept('chime') !== 'off') playChime();
        return this.announcement.set({ what: effect.what, name: effect.name, count });
      }
    }
  }

  private openPeer(match: MatchDone): void {
    const { roomId } = match;
    this.chatInput({ type: 'opened', roomId, name: match.remoteUserDetails.userName });
    const kinds = kindsByMode[match.mode];
    if (kinds.length === 0 || typeof RTCPeerConnection === 'undefined') return;
    const peer = new Peer({
      isInitiator: match.initiator,
      kinds,
      tracks: this.tracks(),
      switches: this.switches(),
      configuration: {
        iceServers: match.iceServers as RTCIceServer[],
        iceCandidatePoolSize: match.iceCandidatePoolSize,
      },
      sendOffer: (offer) =>
        this.link.send({ event: 'negotiation-call-offer', data: { roomId, offer } }),
      sendAnswer: (ans) =>
        this.link.send({ event: 'negotiation-call-answer', data: { roomId, ans } }),
      sendCandidates: (candidates) =>
        this.link.send({ event: 'send-new-ice-candidates', data: { roomId, candidates } }),
    });
    this.peer.set(peer);
  }

  /** Hands the present local tracks to the present peer. */
  private lend(): void {
    const peer = this.peer.get();
    if (!peer) return;
    const tracks = this.tracks();
    peer.setTrack('audio', tracks.audio);
    peer.setTrack('video', tracks.video);
    peer.tell(this.switches());
  }

  private tracks(): LocalTracks {
    const { camera, microphone } = this.media.view.get();
    return {
      ...(microphone.track && { audio: microphone.track }),
      ...(camera.track && { video: camera.track }),
    };
  }

  private switches(): Switches {
    const { camera, microphone, isMuted } = this.media.view.get();
    return { camera: camera.state === 'on', microphone: microphone.state === 'on' && !isMuted };
  }

  private chatInput(input: ChatInput): void {
    const [state, effects] = stepChat(this.chat.get(), input);
    this.chat.set(state);
    for (const effect of effects) this.actOnChat(effect);
  }

  private actOnChat(effect: ChatEffect): void {
    switch (effect.do) {
      case 'send':
        return this.link.send(effect.event);
      case 'deliver':
        return void this.link.request(effect.event).then((outcome) => {
          const problem = outcome.ok ? undefined : outcome.error.code;
          this.chatInput({
            type: 'settled',
            id: effect.id,
            ok: outcome.ok,
            ...(problem ? { problem } : {}),
          });
        });
      case 'wait':
        return this.timers.set(effect.timer, effect.ms, () =>
          this.chatInput({ type: 'timer', timer: effect.timer }),
        );
      case 'forget':
        return this.timers.clear(effect.timer);
    }
  }
}
