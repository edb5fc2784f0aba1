// When to tell the others in a room that one is writing, and when that one has fallen still. Pure; in what room,
// and by what road, is not known here.
export type TellTimer = 'tell-again' | 'fell-still';

export type TellInput = 'typed' | 'emptied' | TellTimer;

export type TellEffect =
  | { do: 'tell'; typing: boolean }
  | { do: 'wait'; timer: TellTimer; ms: number }
  | { do: 'forget'; timer: TellTimer };

export const tellLimits = { tell_again_ms: 3_000, fell_still_ms: 4_000 } as const;

/** `isTold`: the others have been told, and may not be told again yet. */
export function stepTelling(isTold: boolean, input: TellInput): [boolean, TellEffect[]] {
  const wait: TellEffect = { do: 'wait', timer: 'fell-still', ms: tellLimits.fell_still_ms };
  switch (input) {
    case 'typed':
      if (isTold) return [true, [wait]];
      return [
        true,
        [
          wait,
          { do: 'tell', typing: true },
          { do: 'wait', timer: 'tell-again', ms: tellLimits.tell_again_ms },
        ],
      ];
    case 'emptied': {
      const effects: TellEffect[] = [
        { do: 'forget', timer: 'fell-still' },
        { do: 'forget', timer: 'tell-again' },
      ];
      return [false, isTold ? [...effects, { do: 'tell', typing: false }] : effects];
    }
    case 'tell-again':
      return [false, []];
    case 'fell-still':
      return [false, [{ do: 'tell', typing: false }]];
  }
}
