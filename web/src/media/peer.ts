// One partner's media: a peer connection that lives as long as the match, the same local tracks lent to
// it, and what arrives from the other side. Restarts ICE rather than dropping a call. Knows rooms only by
// the signals it is handed, and nothing of React.
import { Store } from '../lib/store';
import { Timers } from '../lib/timers';
import { Negotiation } from './negotiation';

export type TrackKind = 'audio' | 'video';
export type LocalTracks = Partial<Record<TrackKind, MediaStreamTrack>>;

export interface Switches {
  microphone: boolean;
  camera: boolean;
}

export interface PeerView {
  connection: 'connecting' | 'connected' | 'interrupted' | 'failed';
  audio: MediaStream | undefined;
  video: MediaStream | undefined;
  /** What the partner has switched on. */
  partner: Switches;
}

export interface PeerOptions {
  isInitiator: boolean;
  kinds: readonly TrackKind[];
  tracks: LocalTracks;
  switches: Switches;
  configuration: RTCConfiguration;
  sendOffer(offer: RTCSessionDescriptionInit): void;
  sendAnswer(answer: RTCSessionDescriptionInit): void;
  sendCandidates(candidates: RTCIceCandidateInit[]): void;
}

export const peerTimes = {
  candidates_ms: 40,
  /** How long a first connection may take before ICE is restarted. */
  first_ms: 10_000,
  restart_ms: 2_000,
  /** How much longer the polite side waits, so that both do not restart at once. */
  polite_ms: 1_000,
  again_ms: 5_000,
  /** A partner whose offer does not come is offered to. */
  offer_ms: 4_000,
  restarts_max: 5,
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
  private readonly stateChannel: RTCDataChannel;
  private readonly timers = new Timers<'candidates' | 'restart' | 'offer'>();
  private readonly stream = new MediaStream();
  private readonly tracks: LocalTracks;
  private switches: Switches;
  private outgoing: RTCIceCandidateInit[] = [];
  private isAttached = false;
  private restarts = 0;

  constructor(private readonly options: PeerOptions) {
    this.tracks = { ...options.tracks };
    this.switches = options.switches;
    this.connection = new RTCPeerConnection(options.configuration);
    this.negotiation = new Negotiation(this.connection, {
      isPolite: !options.isInitiator,
      sendDescription: (description) =>
        description.type === 'offer'
          ? options.sendOffer(description)
          : options.sendAnswer(description),
      onOffered: () => this.attach(),
    });
    this.listen();
    this.stateChannel = this.openStateChannel();
    if (options.isInitiator) void this.attach();
    this.scheduleRestart(peerTimes.first_ms);
    if (!options.isInitiator)
      this.timers.set('offer', peerTimes.offer_ms, () => void this.offerAfterAll());
  }

  hearDescription(description: unknown): void {
    if (isDescription(description)) {
      this.negotiation.hearDescription(description).catch(() => this.scheduleRestart(0));
    }
  }

  hearCandidates(candidates: readonly unknown[]): void {
    for (const candidate of candidates) {
      // One that this browser cannot use is no reason to end a call that others may carry.
      this.negotiation
        .hearCandidate(candidate as RTCIceCandidateInit | null)
        .catch(() => undefined);
    }
  }

  /** Lends another local track, or none, without a new negotiation. */
  setTrack(kind: TrackKind, track: MediaStreamTrack | undefined): void {
    if (this.tracks[kind] === track) return;
    if (track) this.tracks[kind] = track;
    else delete this.tracks[kind];
    const sender = this.isAttached ? this.transceiver(kind)?.sender : undefined;
    sender?.replaceTrack(track ?? null).catch(() => this.scheduleRestart(0));
  }

  tell(switches: Switches): void {
    this.switches = switches;
    if (this.stateChannel.readyState === 'open') this.stateChannel.send(JSON.stringify(switches));
  }

  close(): void {
    this.negotiation.close();
    this.timers.clearAll();
    this.connection.close();
  }

  private listen(): void {
    const { connection } = this;
    connection.onnegotiationneeded = () => {
      // The polite side lets the other offer first: its own tracks go into the answer.
      if (!this.isAttached) return;
      this.negotiation.offer().catch(() => this.scheduleRestart(peerTimes.again_ms));
    };
    connection.onicecandidate = ({ candidate }) => candidate && this.gather(candidate.toJSON());
    connection.onconnectionstatechange = () => this.onConnectionState();
    connection.ontrack = ({ track }) => {
      const kind = track.kind === 'audio' ? 'audio' : 'video';
      if (this.options.kinds.includes(kind)) this.show({ [kind]: new MediaStream([track]) });
    };
  }

  private gather(candidate: RTCIceCandidateInit): void {
    this.outgoing.push(candidate);
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
    await this.negotiation.offer().catch(() => this.scheduleRestart(0));
  }

  private transceiver(kind: TrackKind): RTCRtpTransceiver | undefined {
    return this.connection.getTransceivers().find((each) => each.receiver.track.kind === kind);
  }

  private onConnectionState(): void {
    switch (this.connection.connectionState) {
      case 'connected':
        this.restarts = 0;
        this.timers.clear('restart');
        return this.show({ connection: 'connected' });
      case 'disconnected':
        this.show({ connection: 'interrupted' });
        return this.scheduleRestart(peerTimes.restart_ms);
      case 'failed':
        this.show({ connection: 'interrupted' });
        return this.scheduleRestart(0);
      case 'new':
      case 'connecting':
      case 'closed':
        return;
    }
  }

  private scheduleRestart(after_ms: number): void {
    if (this.connection.connectionState === 'connected') return;
    if (this.restarts >= peerTimes.restarts_max) return this.show({ connection: 'failed' });
    const patience_ms = this.options.isInitiator ? 0 : peerTimes.polite_ms;
    this.timers.set('restart', after_ms + patience_ms, () => {
      if (this.connection.connectionState === 'closed') return;
      this.restarts += 1;
      this.connection.restartIce();
      // While an offer is unanswered the restart would wait for its answer, which may have been lost.
      const isUnanswered = this.connection.signalingState === 'have-local-offer';
      if (isUnanswered) this.negotiation.offer().catch(() => undefined);
      this.scheduleRestart(peerTimes.again_ms);
    });
  }

  private openStateChannel(): RTCDataChannel {
    const channel = this.connection.createDataChannel('state', { negotiated: true, id: 0 });
    channel.onopen = () => this.tell(this.switches);
    channel.onmessage = ({ data }) => {
      const partner =
        typeof data === 'string' && data.length < 200 ? parseSwitches(data) : undefined;
      if (partner) this.show({ partner });
    };
    return channel;
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

function parseSwitches(text: string): Switches | undefined {
  try {
    const { microphone, camera } = JSON.parse(text) as Record<string, unknown>;
    if (typeof microphone === 'boolean' && typeof camera === 'boolean')
      return { microphone, camera };
  } catch {
    // Not ours: another client may use the channel as it likes.
  }
  return undefined;
}
