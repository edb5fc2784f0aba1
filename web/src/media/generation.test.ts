import { describe, expect, it } from 'vitest';
import { judge, newId, type Own, readMarks } from './generation';

const own: Own = { id: 'mine', partnerId: 'theirs', offers: 2 };
const untied: Own = { ...own, partnerId: undefined };

describe('a signal', () => {
  it('from the connection that we are tied to is heard', () => {
    for (const kind of ['offer', 'answer', 'candidates'] as const) {
      expect(judge(own, kind, { from: 'theirs', to: 'mine', offerNumber: 2 })).toBe('hear');
    }
  });

  it('for a former connection of ours is dropped, whoever sent it', () => {
    for (const from of ['theirs', 'another']) {
      expect(judge(own, 'offer', { from, to: 'former' })).toBe('drop');
      expect(judge(untied, 'answer', { from, to: 'former' })).toBe('drop');
    }
  });

  it('is heard from anybody while we are tied to nobody', () => {
    expect(judge(untied, 'offer', { from: 'another' })).toBe('hear');
    expect(judge(untied, 'answer', { from: 'another', to: 'mine', offerNumber: 2 })).toBe('hear');
  });

  it('from a new connection begins anew by an offer alone', () => {
    expect(judge(own, 'offer', { from: 'another' })).toBe('renew');
    expect(judge(own, 'answer', { from: 'another' })).toBe('drop');
    expect(judge(own, 'candidates', { from: 'another' })).toBe('drop');
  });

  it('that answers an earlier offer of ours is dropped', () => {
    expect(judge(own, 'answer', { from: 'theirs', to: 'mine', offerNumber: 1 })).toBe('drop');
  });

  it('without marks is heard: other clients set none', () => {
    expect(judge(own, 'offer', readMarks({ type: 'offer', sdp: '' }))).toBe('hear');
    expect(judge(own, 'answer', readMarks({ type: 'answer', sdp: '' }))).toBe('hear');
    expect(judge(own, 'candidates', readMarks(null))).toBe('hear');
  });
});

it('marks of a wrong type are none', () => {
  expect(readMarks({ from: 1, to: null, offerNumber: '2' })).toEqual({});
  expect(readMarks('text')).toEqual({});
});

it('no two connections have one id', () => {
  const ids = new Set(Array.from({ length: 1_000 }, newId));
  expect(ids.size).toBe(1_000);
});

// Two sides that only exchange marks, in every order of reloads: they come to be tied to each other.
it('after any two reloads and lost answers, the one who offers anew is answered', () => {
  const left: Own = { id: 'l2', partnerId: undefined, offers: 1 };
  for (const partnerId of ['l1', 'l0', undefined]) {
    const right: Own = { id: 'r1', partnerId, offers: 3 };
    const verdict = judge(right, 'offer', { from: left.id, offerNumber: 1 });
    expect(verdict).toBe(partnerId === undefined ? 'hear' : 'renew');
    const answered = verdict === 'renew' ? 'r2' : 'r1';
    expect(judge(left, 'answer', { from: answered, to: 'l2', offerNumber: 1 })).toBe('hear');
  }
});
