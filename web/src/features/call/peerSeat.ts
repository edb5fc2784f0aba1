// The place of the partner's media: at most one peer, for the room that we are in, lent the present tracks,
// and replaced when either side has begun anew. Hands signals on; decides nothing about rooms.
import { Store } from '../../lib/store';
import type { LocalMedia } from '../../media/local';
import { type LocalTracks, Peer, type TrackKind } from '../../media/peer';
import type { Switches } from '../../media/stateChannel';
import type { ClientEvent, MatchDone, Mode, ServerEvent } from '../../protocol';

const kindsByMode: Record<Mode, readonly TrackKind[]> = {
  video: ['audio', 'video'],
  audio: ['audio'],
  text: [],
};

/** So many new connections in one call; what does not help three times will not help the fourth. */
const freshStarts_max = 3;

export class PeerSeat {
  readonly peer = new Store<Peer | undefined>(undefined);
  private match: MatchDone | undefined;
  private freshStarts = 0;
  private readonly unwatch: () => void;

  constructor(
    private readonly media: LocalMedia,
    private readonly send: (event: ClientEvent) => void,
  ) {
    this.unwatch = media.view.watch(() => this.lend());
  }

  /** `isAgain`: the partner does not know of this connection yet, so this side offers first. */
  open(match: MatchDone, isAgain: boolean): void {
    this.match = match;
    this.freshStarts = 0;
    this.replace(match, isAgain || match.initiator);
  }

  close(): void {
    this.peer.get()?.close();
    this.match = undefined;
    this.peer.set(undefined);
  }

  end(): void {
    this.unwatch();
    this.close();
  }

  hear(event: ServerEvent): void {
    const { match } = this;
    if (!match) return;
    switch (event.event) {
      case 'negotiation-call-offer':
        return event.data.roomId === match.roomId
          ? this.hearDescription(match, event.data.offer)
          : undefined;
      case 'negotiation-call-answer':
        return event.data.roomId === match.roomId
          ? this.hearDescription(match, event.data.ans)
          : undefined;
      case 'new-ice-candidates': {
        const all = 'candidates' in event.data ? event.data.candidates : [event.data.candidate];
        return event.data.roomId === match.roomId
          ? this.peer.get()?.hearCandidates(all)
          : undefined;
      }
      default:
        return;
    }
  }

  private hearDescription(match: MatchDone, description: unknown): void {
    if (this.peer.get()?.hearDescription(description) !== false) return;
    this.replace(match, false);
    this.peer.get()?.hearDescription(description);
  }

  private beginAnew(match: MatchDone): void {
    this.freshStarts += 1;
    if (this.freshStarts <= freshStarts_max) this.replace(match, true);
    else this.peer.get()?.giveUp();
  }

  private replace(match: MatchDone, offersFirst: boolean): void {
    this.peer.get()?.close();
    const { roomId } = match;
    const kinds = kindsByMode[match.mode];
    if (kinds.length === 0 || typeof RTCPeerConnection === 'undefined') return;
    const peer = new Peer({
      isPolite: !match.initiator,
      offersFirst,
      kinds,
      tracks: this.tracks(),
      switches: this.switches(),
      configuration: {
        iceServers: match.iceServers as RTCIceServer[],
        iceCandidatePoolSize: match.iceCandidatePoolSize,
      },
      sendOffer: (offer) => this.send({ event: 'negotiation-call-offer', data: { roomId, offer } }),
      sendAnswer: (ans) => this.send({ event: 'negotiation-call-answer', data: { roomId, ans } }),
      sendCandidates: (candidates) =>
        this.send({ event: 'send-new-ice-candidates', data: { roomId, candidates } }),
      onStuck: () => this.beginAnew(match),
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
}
