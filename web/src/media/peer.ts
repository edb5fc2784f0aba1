// One partner's media: a peer connection, the same local tracks lent to it, and what arrives from the other
// side. Restarts ICE rather than dropping a call, and says when only a new connection can help. Knows rooms
// only by the signals it is handed, and nothing of React.
import { Store } from '../lib/store';
import { Timers } from '../lib/timers';
import { judge, type Marks, newId, type Own, readMarks } from './generation';
import { Mending, mendingTimes } from './mending';
import { Negotiation } from './negotiation';
import { StateChannel, type Switches } from './stateChannel';

export type TrackKind = 'audio' | 'video';
export type LocalTracks = Partial<Record<TrackKind, MediaStreamTrack>>;

export interface PeerView {
  connection: 'connecting' | 'connected' | 'interrupted' | 'failed';
  audio: MediaStream | undefined;
  video: MediaStream | undefined;
  /** What the partner has switched on. */
  partner: Switches;
}

export interface PeerOptions {
  isPolite: boolean;
  /** Whether this side makes the first offer. */
  offersFirst: boolean;
  kinds: readonly TrackKind[];
  tracks: LocalTracks;
  switches: Switches;
  configuration: RTCConfiguration;
  sendOffer(offer: object): void;
  sendAnswer(answer: object): void;
  sendCandidates(candidates: object[]): void;
  /** Restarting has not helped: a new connection may. */
  onStuck(): void;
}

export const peerTimes = {
  candidates_ms: 40,
  /** A partner whose offer does not come is offered to. */
  offer_ms: 4_000,
} as const;

export class Peer {
  readonly view = new Store<PeerView>({
    connection: 'connecting',
    audio: undefined,
    video: undefined,
    partner: { microphone: true, camera: true },
  });
  private readonly connection: RTCPeerConnection;
  private readonly negotiation: Negotiation;
  private readonly mending: Mending;
  private readonly stateChannel: StateChannel;
  private readonly timers = new Timers<'candidates' | 'offer'>();
  private readonly stream = new MediaStream();
  private readonly tracks: LocalTracks;
  private outgoing: RTCIceCandidateInit[] = [];
  private isAttached = false;
  private readonly own: Own = { id: newId(), partnerId: undefined, offers: 0 };

  constructor(private readonly options: PeerOptions) {
    this.tracks = { ...options.tracks };
    this.connection = new RTCPeerConnection(options.configuration);
    this.negotiation = new Negotiation(this.connection, {
      isPolite: options.isPolite,
      sendDescription: (description, answered) => this.sendDescription(description, answered),
      onOffered: () => this.attach(),
    });
    this.listen();
    this.stateChannel = new StateChannel(this.connection, options.switches, (partner) =>
      this.show({ partner }),
    );
    if (options.offersFirst) void this.attach();
    this.mending = new Mending({
      isPolite: options.isPolite,
      isConnected: () => this.connection.connectionState === 'connected',
      restart: () => this.restartIce(),
      repeat: () => this.negotiation.repeatOffer(),
      onStuck: options.onStuck,
      onFailed: () => this.show({ connection: 'failed' }),
    });
    if (!options.offersFirst)
      this.timers.set('offer', peerTimes.offer_ms, () => void this.offerAfterAll());
  }

  /** False when the partner has begun anew: then a new peer has to hear it. */
  hearDescription(description: unknown): boolean {
    if (!isDescription(description)) return true;
    const marks = readMarks(description);
    const verdict = judge(this.own, description.type === 'offer' ? 'offer' : 'answer', marks);
    if (verdict !== 'hear') return verdict === 'drop';
    const isNew = this.own.partnerId === undefined;
    this.own.partnerId ??= marks.from;
    this.negotiation.hearDescription(description).then(
      // Ours may have gone to a page that is no more.
      () => isNew && description.type === 'offer' && this.negotiation.repeatOffer(),
      () => this.mending.schedule(0),
    );
    return true;
  }

  hearCandidates(candidates: readonly unknown[]): void {
    for (const candidate of candidates) {
      if (judge(this.own, 'candidates', readMarks(candidate)) !== 'hear') continue;
      // One that this browser cannot use is no reason to end a call that others may carry.
      this.negotiation
        .hearCandidate(candidate as RTCIceCandidateInit | null)
        .catch(() => undefined);
    }
  }

  /** Whether signals get through to the partner now. */
  setSignalling(canSignal: boolean): void {
    this.mending.setSignalling(canSignal);
  }

  /** To be called when signals may have been lost. */
  mend(): void {
    this.mending.mend();
  }

  /** To be called when this machine is on another network. */
  restart(): void {
    this.mending.restart();
  }

  /** Lends another local track, or none, without a new negotiation. */
  setTrack(kind: TrackKind, track: MediaStreamTrack | undefined): void {
    if (this.tracks[kind] === track) return;
    if (track) this.tracks[kind] = track;
    else delete this.tracks[kind];
    const sender = this.isAttached ? this.transceiver(kind)?.sender : undefined;
    sender?.replaceTrack(track ?? null).catch(() => this.mending.schedule(0));
  }

  tell(switches: Switches): void {
    this.stateChannel.tell(switches);
  }

  /** Nothing has helped. */
  giveUp(): void {
    this.mending.done();
    this.show({ connection: 'failed' });
  }

  close(): void {
    this.negotiation.close();
    this.timers.clearAll();
    this.mending.end();
    this.connection.close();
  }

  private listen(): void {
    const { connection } = this;
    connection.onnegotiationneeded = () => {
      // The polite side lets the other offer first: its own tracks go into the answer.
      if (!this.isAttached) return;
      this.negotiation.offer().catch(() => this.mending.schedule(mendingTimes.again_ms));
    };
    connection.onicecandidate = ({ candidate }) => candidate && this.gather(candidate.toJSON());
    connection.onconnectionstatechange = () => this.onConnectionState();
    connection.ontrack = ({ track }) => {
      const kind = track.kind === 'audio' ? 'audio' : 'video';
      if (this.options.kinds.includes(kind)) this.show({ [kind]: new MediaStream([track]) });
    };
  }

  private sendDescription(
    description: RTCSessionDescriptionInit,
    answered: RTCSessionDescriptionInit | undefined,
  ): void {
    const marked = { ...description, ...this.marks() };
    if (description.type === 'offer') {
      this.own.offers += 1;
      return this.options.sendOffer({ ...marked, offerNumber: this.own.offers });
    }
    const { offerNumber } = readMarks(answered);
    this.options.sendAnswer(offerNumber === undefined ? marked : { ...marked, offerNumber });
  }

  private marks(): Marks {
    const { id, partnerId } = this.own;
    return partnerId === undefined ? { from: id } : { from: id, to: partnerId };
  }

  private gather(candidate: RTCIceCandidateInit): void {
    this.outgoing.push({ ...candidate, ...this.marks() });
    if (this.outgoing.length > 1) return;
    this.timers.set('candidates', peerTimes.candidates_ms, () =>
      this.options.sendCandidates(this.outgoing.splice(0)),
    );
  }

  private async attach(): Promise<void> {
    this.timers.clear('offer');
    if (this.isAttached) return;
    this.isAttached = true;
    // All are added before anything is awaited, so that one offer carries them all.
    const lent = this.options.kinds.map((kind) => {
      const track = this.tracks[kind];
      const offered = this.transceiver(kind);
      if (!offered) {
        const init: RTCRtpTransceiverInit = { direction: 'sendrecv', streams: [this.stream] };
        this.connection.addTransceiver(track ?? kind, init);
        return Promise.resolve();
      }
      offered.direction = 'sendrecv';
      offered.sender.setStreams?.(this.stream);
      return offered.sender.replaceTrack(track ?? null);
    });
    await Promise.all(lent);
  }

  private async offerAfterAll(): Promise<void> {
    await this.attach();
    // What was needed before the tracks were there is not announced a second time.
    await this.negotiation.offer().catch(() => this.mending.schedule(0));
  }

  private transceiver(kind: TrackKind): RTCRtpTransceiver | undefined {
    return this.connection.getTransceivers().find((each) => each.receiver.track.kind === kind);
  }

  private onConnectionState(): void {
    switch (this.connection.connectionState) {
      case 'connected':
        this.mending.done();
        return this.show({ connection: 'connected' });
      case 'disconnected':
        this.show({ connection: 'interrupted' });
        return this.mending.schedule(mendingTimes.restart_ms);
      case 'failed':
        this.show({ connection: 'interrupted' });
        return this.mending.schedule(0);
      case 'new':
      case 'connecting':
      case 'closed':
        return;
    }
  }

  private restartIce(): void {
    this.connection.restartIce();
    // While an offer is unanswered the restart would wait for its answer, which may have been lost.
    const isUnanswered = this.connection.signalingState === 'have-local-offer';
    if (isUnanswered) this.negotiation.offer().catch(() => undefined);
  }

  private show(change: Partial<PeerView>): void {
    this.view.set({ ...this.view.get(), ...change });
  }
}

function isDescription(value: unknown): value is RTCSessionDescriptionInit {
  if (typeof value !== 'object' || value === null) return false;
  const { type, sdp } = value as Record<string, unknown>;
  return (type === 'offer' || type === 'answer') && typeof sdp === 'string';
}
