// A peer connection for tests: the signalling states of the WebRTC specification without media, with
// implicit descriptions and rollback, every operation taking a turn of the event loop.
import type { PeerLike } from './negotiation';

export class FakePeer implements PeerLike {
  signalingState: RTCSignalingState = 'stable';
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  readonly candidates: (RTCIceCandidateInit | null)[] = [];
  rollbacks = 0;
  private made = 0;

  constructor(private readonly name: string) {}

  async setLocalDescription(): Promise<void> {
    await turn();
    this.made += 1;
    const isAnswer = this.signalingState === 'have-remote-offer';
    const type = isAnswer ? 'answer' : 'offer';
    this.localDescription = { type, sdp: `${this.name} ${type} ${this.made}` };
    this.signalingState = isAnswer ? 'stable' : 'have-local-offer';
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    await turn();
    if (description.type === 'offer') {
      if (this.signalingState === 'have-local-offer') this.rollbacks += 1;
      this.signalingState = 'have-remote-offer';
    } else {
      if (this.signalingState !== 'have-local-offer') throw new Error('an answer to no offer');
      this.signalingState = 'stable';
    }
    this.remoteDescription = description;
  }

  async addIceCandidate(candidate: RTCIceCandidateInit | null): Promise<void> {
    await turn();
    if (!this.remoteDescription) throw new Error('a candidate before any description');
    if (candidate?.candidate === 'unknown') throw new Error('a candidate of another description');
    this.candidates.push(candidate);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
