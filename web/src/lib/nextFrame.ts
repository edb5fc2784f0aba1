// What is to be done before the next picture is drawn, once, however often it is asked for. A page that nobody sees draws
// none, and does it a little later. Knows nothing of what is done.
const unseen_ms = 100;

class NextFrame {
  private readonly waiting = new Set<() => void>();
  private forget: (() => void) | undefined;

  add(act: () => void): void {
    this.waiting.add(act);
    if (this.forget) return;
    const frame = requestAnimationFrame(() => this.run());
    const timer = setTimeout(() => this.run(), unseen_ms);
    this.forget = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }

  remove(act: () => void): void {
    this.waiting.delete(act);
  }

  private run(): void {
    this.forget?.();
    this.forget = undefined;
    const acts = [...this.waiting];
    this.waiting.clear();
    for (const act of acts) act();
  }
}

export const nextFrame = new NextFrame();
