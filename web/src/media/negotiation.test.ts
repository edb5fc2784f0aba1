import { describe, expect, it, vi } from 'vitest';
import { FakePeer } from './fakePeer';
import { heldCandidates_max, Negotiation } from './negotiation';

interface Side {
  peer: FakePeer;
  negotiation: Negotiation;
  sent: RTCSessionDescriptionInit[];
}

/** Two sides whose descriptions reach each other a turn later. */
function pair(): { impolite: Side; polite: Side; settled(): Promise<void> } {
  let underway: Promise<void>[] = [];
  const side = (name: string, isPolite: boolean, other: () => Side): Side => {
    const peer = new FakePeer(name);
    const sent: RTCSessionDescriptionInit[] = [];
    const sendDescription = (description: RTCSessionDescriptionInit) => {
      sent.push(description);
      underway.push(other().negotiation.hearDescription(description));
    };
    return { peer, sent, negotiation: new Negotiation(peer, { isPolite, sendDescription }) };
  };
  const impolite: Side = side('impolite', false, () => polite);
  const polite: Side = side('polite', true, () => impolite);
  const settled = async () => {
    while (underway.length > 0) {
      const now = underway;
      underway = [];
      await Promise.all(now);
    }
  };
  return { impolite, polite, settled };
}

const types = (side: Side) => side.sent.map((description) => description.type);

describe('perfect negotiation', () => {
  it('one side offers, the other answers', async () => {
    const { impolite, polite, settled } = pair();
    await impolite.negotiation.offer();
    await settled();
    expect([types(impolite), types(polite)]).toEqual([['offer'], ['answer']]);
    expect([impolite.peer.signalingState, polite.peer.signalingState]).toEqual([
      'stable',
      'stable',
    ]);
  });

  it('when both offer at once, the polite side takes its own back and answers', async () => {
    const { impolite, polite, settled } = pair();
    await Promise.all([impolite.negotiation.offer(), polite.negotiation.offer()]);
    await settled();
    expect(polite.peer.rollbacks).toBe(1);
    expect(impolite.peer.rollbacks).toBe(0);
    expect([types(impolite), types(polite)]).toEqual([['offer'], ['offer', 'answer']]);
    expect(impolite.peer.remoteDescription?.sdp).toBe(polite.peer.localDescription?.sdp);
    expect([impolite.peer.signalingState, polite.peer.signalingState]).toEqual([
      'stable',
      'stable',
    ]);
  });

  it('a collision that meets an offer in the making is one as well', async () => {
    const { impolite, polite, settled } = pair();
    const making = impolite.negotiation.offer();
    await polite.negotiation.offer();
    await making;
    await settled();
    expect([impolite.peer.signalingState, polite.peer.signalingState]).toEqual([
      'stable',
      'stable',
    ]);
    expect(types(impolite)).toEqual(['offer']);
  });

  it('goes on to work after a collision', async () => {
    const { impolite, polite, settled } = pair();
    await Promise.all([impolite.negotiation.offer(), polite.negotiation.offer()]);
    await settled();
    await polite.negotiation.offer();
    await settled();
    expect(types(impolite)).toEqual(['offer', 'answer']);
    expect(polite.peer.signalingState).toBe('stable');
  });

  it('attaches tracks between the offer and the answer', async () => {
    const peer = new FakePeer('polite');
    const onOffered = vi.fn(async () => {
      expect(peer.signalingState).toBe('have-remote-offer');
      expect(peer.localDescription).toBeNull();
    });
    const negotiation = new Negotiation(peer, {
      isPolite: true,
      sendDescription: () => undefined,
      onOffered,
    });
    await negotiation.hearDescription({ type: 'offer', sdp: 'theirs' });
    expect(onOffered).toHaveBeenCalledOnce();
    expect(peer.localDescription?.type).toBe('answer');
  });

  it('an answer comes with the offer that it answers', async () => {
    const sendDescription = vi.fn();
    const negotiation = new Negotiation(new FakePeer('p'), { isPolite: true, sendDescription });
    const offers = ['one', 'two'].map((sdp) => ({ type: 'offer' as const, sdp }));
    await Promise.all(offers.map((offer) => negotiation.hearDescription(offer)));
    expect(sendDescription.mock.calls.map(([, answered]) => answered)).toEqual(offers);
  });

  it('an unanswered offer is repeated as it is, an answered one is not', async () => {
    const { impolite, polite, settled } = pair();
    await impolite.negotiation.offer();
    impolite.negotiation.repeatOffer();
    expect(impolite.sent[1]).toEqual(impolite.sent[0]);
    await settled();
    impolite.negotiation.repeatOffer();
    expect(types(impolite)).toEqual(['offer', 'offer']);
    expect(polite.peer.signalingState).toBe('stable');
  });

  it('an answer that belongs to nothing is dropped', async () => {
    const { polite } = pair();
    await polite.negotiation.hearDescription({ type: 'answer', sdp: 'late' });
    expect(polite.peer.remoteDescription).toBeNull();
  });
});

describe('candidates', () => {
  it('wait for the description that they belong to, and keep their order', async () => {
    const { impolite, polite, settled } = pair();
    await polite.negotiation.hearCandidate({ candidate: 'one' });
    await polite.negotiation.hearCandidate({ candidate: 'two' });
    expect(polite.peer.candidates).toEqual([]);
    await impolite.negotiation.offer();
    await settled();
    await polite.negotiation.hearCandidate(null);
    expect(polite.peer.candidates).toEqual([{ candidate: 'one' }, { candidate: 'two' }, null]);
  });

  it('of an ignored offer may fail, others may not', async () => {
    const { impolite, polite, settled } = pair();
    await impolite.negotiation.offer();
    await settled();
    const unknown = { candidate: 'unknown' };
    await expect(impolite.negotiation.hearCandidate(unknown)).rejects.toThrow();
    const making = impolite.negotiation.offer();
    await impolite.negotiation.hearDescription({ type: 'offer', sdp: 'colliding' });
    await expect(impolite.negotiation.hearCandidate(unknown)).resolves.toBeUndefined();
    await making;
    await settled();
    expect(polite.peer.signalingState).toBe('stable');
  });

  it('are held up to a bound', async () => {
    const { impolite, polite, settled } = pair();
    for (let i = 0; i < heldCandidates_max + 10; i += 1) {
      await polite.negotiation.hearCandidate({ candidate: `${i}` });
    }
    await impolite.negotiation.offer();
    await settled();
    expect(polite.peer.candidates).toHaveLength(heldCandidates_max);
  });
});

it('after close nothing is sent and nothing heard', async () => {
  const { impolite, polite, settled } = pair();
  const making = impolite.negotiation.offer();
  impolite.negotiation.close();
  await making;
  await impolite.negotiation.hearDescription({ type: 'offer', sdp: 'late' });
  await settled();
  expect([impolite.sent, polite.sent]).toEqual([[], []]);
  expect(impolite.peer.remoteDescription).toBeNull();
});
