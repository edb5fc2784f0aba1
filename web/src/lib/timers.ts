// Named timers for the shells around the machines: setting one again replaces it, and all of them end
// with their owner. Knows nothing of what a timer is for.
export class Timers<Name extends string> {
  private readonly running = new Map<Name, ReturnType<typeof setTimeout>>();

  set(name: Name, ms: number, act: () => void): void {
    this.clear(name);
    const timer = setTimeout(() => {
      this.running.delete(name);
      act();
    }, ms);
    this.running.set(name, timer);
  }

  clear(name: Name): void {
    const timer = this.running.get(name);
    if (timer !== undefined) clearTimeout(timer);
    this.running.delete(name);
  }

  clearAll(): void {
    for (const name of [...this.running.keys()]) this.clear(name);
  }
}
