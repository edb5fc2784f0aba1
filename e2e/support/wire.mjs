// @ts-check
// A TCP relay between the pages and the server, in which connections are cut as a network does it: without a
// word. Knows nothing of HTTP or WebSocket.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Wire {
  /** @type {Set<import('node:net').Socket>} */
  #sockets = new Set();
  #isBlocked = false;
  /** How many connections were cut. */
  cuts = 0;

  /** @param {string} target */
  constructor(target) {
    const { hostname, port } = new URL(target);
    this.server = createServer((near) => {
      if (this.#isBlocked) return near.resetAndDestroy();
      const far = connect(Number(port), hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ]) {
        this.#sockets.add(one);
        one.setNoDelay(true);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
    });
  }

  /** @param {string} target the server's address */
  static async start(target) {
    const wire = new Wire(target);
    wire.server.listen(0, '127.0.0.1');
    await once(wire.server, 'listening');
    return wire;
  }

  get url() {
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.server.address());
    return `http://127.0.0.1:${port}`;
  }

  /** Ends every connection there is; new ones are taken. */
  cut() {
    for (const socket of [...this.#sockets]) {
      this.cuts += 1;
      socket.resetAndDestroy();
    }
  }

  /** Ends every connection, and lets none through until `open`. */
  block() {
    this.#isBlocked = true;
    this.cut();
  }

  open() {
    this.#isBlocked = false;
  }

  async end() {
    this.block();
    this.server.close();
    await once(this.server, 'close');
  }
}
