// Seeded random numbers for tests that walk through many orders of events.
export class Dice {
  constructor(private state: number) {}

  /** A whole number from 0, below `sides`. */
  below(sides: number): number {
    // The mixing of splitmix32.
    this.state = (this.state + 0x9e3779b9) | 0;
    let mixed = this.state ^ (this.state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % sides;
  }

  oneIn(sides: number): boolean {
    return this.below(sides) === 0;
  }

  pick<T>(of: readonly T[]): T | undefined {
    return of[this.below(of.length)];
  }
}
