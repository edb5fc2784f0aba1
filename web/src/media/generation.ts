// Which peer connection a signal comes from and which one it is meant for. A page that is loaded again has a
// new one, and what was said to the former is of no use to it; see docs/decisions/0008. The marks lie inside
// offers, answers and candidates, which the server passes on unchanged and browsers do not look at.
// A client that sets no marks is heard as if there were one connection on each side.
export interface Marks {
  /** The sender's connection. */
  from?: string;
  /** The receiver's, as far as the sender knows it. */
  to?: string;
  /** Which of the sender's offers this is, or which of the receiver's it answers. */
  offerNumber?: number;
}

export interface Own {
  id: string;
  /** The partner's connection that this one is tied to, once it is known. */
  partnerId: string | undefined;
  /** How many offers were made. */
  offers: number;
}

export type Kind = 'offer' | 'answer' | 'candidates';

/** `renew`: the partner has begun anew, and this side has to as well. */
export type Verdict = 'hear' | 'drop' | 'renew';

export function judge(own: Own, kind: Kind, { from, to, offerNumber }: Marks): Verdict {
  if (to !== undefined && to !== own.id) return 'drop';
  const isLate = kind === 'answer' && offerNumber !== undefined && offerNumber !== own.offers;
  if (isLate) return 'drop';
  const isTied = from === undefined || own.partnerId === undefined || from === own.partnerId;
  if (isTied) return 'hear';
  return kind === 'offer' ? 'renew' : 'drop';
}

export function readMarks(payload: unknown): Marks {
  if (typeof payload !== 'object' || payload === null) return {};
  const { from, to, offerNumber } = payload as Record<string, unknown>;
  return {
    ...(typeof from === 'string' && { from }),
    ...(typeof to === 'string' && { to }),
    ...(typeof offerNumber === 'number' && { offerNumber }),
  };
}

/** An id that no other connection of this call has. */
export function newId(): string {
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint32Array(2));
  return a.toString(36) + b.toString(36);
}
