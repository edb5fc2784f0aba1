// Perfect negotiation as the WebRTC specification describes it: either side may offer at any time, the
// impolite one wins a collision and the polite one takes its own offer back. Remote candidates are held
// until there is a description that they belong to. Knows no transport, track or timer.
// Invariants: descriptions are handled in the order in which they came; after `close` nothing is sent.
export interface PeerLike {
  readonly signalingState: RTCSignalingState;
  readonly localDescription: RTCSessionDescriptionInit | null;
  readonly remoteDescription: RTCSessionDescriptionInit | null;
  setLocalDescription(): Promise<void>;
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>;
  addIceCandidate(candidate: RTCIceCandidateInit | null): Promise<void>;
}

export interface NegotiationTies {
  isPolite: boolean;
  /** An answer comes with the offer that it answers. */
  sendDescription(
    description: RTCSessionDescriptionInit,
    answered?: RTCSessionDescriptionInit,
  ): void;
  /** Called with a remote offer in place and before the answer is made: the moment to attach tracks. */
  onOffered?(): Promise<void>;
}

export const heldCandidates_max = 256;

export class Negotiation {
  private isMakingOffer = false;
  private isAnswerPending = false;
  private isIgnoringOffer = false;
  private isClosed = false;
  private held: (RTCIceCandidateInit | null)[] = [];
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly peer: PeerLike,
    private readonly ties: NegotiationTies,
  ) {}

  /** To be called on `negotiationneeded`. */
  async offer(): Promise<void> {
    if (this.isClosed) return;
    this.isMakingOffer = true;
    try {
      await this.peer.setLocalDescription();
      this.sendLocal();
    } finally {
      this.isMakingOffer = false;
    }
  }

  /** Sends the offer that is still unanswered once more, where there is one. */
  repeatOffer(): void {
    if (this.peer.signalingState === 'have-local-offer') this.sendLocal();
  }

  /** A description from the partner. Resolves when it has been dealt with. */
  hearDescription(description: RTCSessionDescriptionInit): Promise<void> {
    const dealt = this.turn.then(() => this.deal(description));
    this.turn = dealt.catch(() => undefined);
    return dealt;
  }

  async hearCandidate(candidate: RTCIceCandidateInit | null): Promise<void> {
    if (this.isClosed) return;
    if (!this.peer.remoteDescription) {
      if (this.held.length < heldCandidates_max) this.held.push(candidate);
      return;
    }
    try {
      await this.peer.addIceCandidate(candidate);
    } catch (error) {
      // A candidate of an offer that lost a collision has no description here, and is not missed.
      if (!this.isIgnoringOffer && !this.isClosed) throw error;
    }
  }

  close(): void {
    this.isClosed = true;
    this.held = [];
  }

  private async deal(description: RTCSessionDescriptionInit): Promise<void> {
    if (this.isClosed) return;
    const isOffer = description.type === 'offer';
    const isReady =
      !this.isMakingOffer && (this.peer.signalingState === 'stable' || this.isAnswerPending);
    this.isIgnoringOffer = isOffer && !isReady && !this.ties.isPolite;
    if (this.isIgnoringOffer) return;
    // An answer to an offer that we took back belongs to nothing any more.
    if (!isOffer && this.peer.signalingState !== 'have-local-offer') return;
    this.isAnswerPending = !isOffer;
    try {
      await this.peer.setRemoteDescription(description);
    } finally {
      this.isAnswerPending = false;
    }
    if (this.isClosed) return;
    const held = this.held.splice(0);
    if (isOffer) {
      await this.ties.onOffered?.();
      await this.peer.setLocalDescription();
      this.sendLocal(description);
    }
    for (const candidate of held) await this.hearCandidate(candidate);
  }

  private sendLocal(answered?: RTCSessionDescriptionInit): void {
    const description = this.peer.localDescription;
    if (this.isClosed || !description) return;
    this.ties.sendDescription({ type: description.type, sdp: description.sdp ?? '' }, answered);
  }
}
