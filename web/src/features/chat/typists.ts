// Who is writing in a room: those who have said so and not fallen still since. Who vanishes without a word is
// forgotten after a while. Pure; time is an input.
// Invariant: no more are held than anybody would want to read.
export interface Typist {
  userId: string;
  /** Milliseconds, of the clock that the inputs bring. */
  until: number;
}

export type TypistsInput =
  | { type: 'typing'; userId: string; typing: boolean; now: number }
  /** A text has come of it. */
  | { type: 'said'; userId: string }
  | { type: 'passed'; now: number }
  | { type: 'closed' };

export const typistsLimits = { typing_ms: 6_000, typists_max: 20 } as const;

export function stepTypists(typists: readonly Typist[], input: TypistsInput): readonly Typist[] {
  switch (input.type) {
    case 'typing': {
      const others = typists.filter(({ userId }) => userId !== input.userId);
      if (!input.typing) return others.length === typists.length ? typists : others;
      const until = input.now + typistsLimits.typing_ms;
      return [...others, { userId: input.userId, until }].slice(-typistsLimits.typists_max);
    }
    case 'said':
      return typists.some(({ userId }) => userId === input.userId)
        ? typists.filter(({ userId }) => userId !== input.userId)
        : typists;
    case 'passed':
      return typists.some(({ until }) => until <= input.now)
        ? typists.filter(({ until }) => until > input.now)
        : typists;
    case 'closed':
      return typists.length === 0 ? typists : [];
  }
}

/** When the next of them is to be forgotten; undefined while nobody writes. */
export function nextEnd(typists: readonly Typist[]): number | undefined {
  return typists.length === 0 ? undefined : Math.min(...typists.map(({ until }) => until));
}
