// The thin shell around the link machine: a WebSocket, timers, and the browser's words on the network.
// Decides nothing; every decision is in link.ts.
import { keep, readKept } from '../lib/kept';
import { Store } from '../lib/store';
import { Timers } from '../lib/timers';
import { type ClientEvent, decode, encode, type ServerEvent } from '../protocol';
import { stepLink } from './link';
import {
  type LinkEffect,
  type LinkInput,
  type LinkState,
  type LinkTimer,
  linkOff,
  type Outcome,
  type Thread,
} from './linkState';
import { type Waking, watchWakening } from './wakening';

/** A session to go on with, of a page that was loaded again or of another window. */
export interface Lost {
  token: string;
  thread: Thread;
}

export class ServerLink {
  readonly state = new Store<LinkState>(linkOff);
  private socket: WebSocket | undefined;
  private readonly timers = new Timers<LinkTimer>();
  private readonly settle_by_ticket = new Map<number, (outcome: Outcome) => void>();
  private nextTicket = 1;
  private readonly stopListening = new AbortController();

  constructor(
    private readonly url: string,
    private readonly onEvent: (event: ServerEvent) => void,
    private readonly onWakening: (waking: Waking) => void = () => undefined,
  ) {}

  start(lost?: Lost, name?: string): void {
    watchWakening((waking) => {
      this.input({ type: waking });
      this.onWakening(waking);
    }, this.stopListening.signal);
    this.connect(lost, name);
  }

  /** Begins a new session, in which the visitor is called so. */
  rename(name: string): void {
    this.input({ type: 'stop' });
    this.connect(undefined, name);
  }

  /** Opens a link that is off, or was taken over by another window. */
  connect(lost?: Lost, name?: string): void {
    const token = readKept('token');
    const called = name === undefined ? {} : { name };
    this.input({ type: 'start', ...(lost ?? (token ? { token } : {})), ...called });
  }

  /** Lets another window go on with the session. */
  giveAway(): void {
    this.input({ type: 'given-away' });
  }

  stop(): void {
    this.stopListening.abort();
    this.input({ type: 'stop' });
  }

  send(event: ClientEvent): void {
    this.input({ type: 'send', event });
  }

  request(event: ClientEvent): Promise<Outcome> {
    const ticket = this.nextTicket++;
    return new Promise((resolve) => {
      this.settle_by_ticket.set(ticket, resolve);
      this.input({ type: 'send', event, ticket });
    });
  }

  private input(input: LinkInput): void {
    const [state, effects] = stepLink(this.state.get(), input);
    // The state is set first: what an effect leads to must find it.
    this.state.set(state);
    for (const effect of effects) this.act(effect);
  }

  private act(effect: LinkEffect): void {
    switch (effect.do) {
      case 'open':
        return this.open(effect.isGreeting);
      case 'close':
        return this.close();
      case 'transmit':
        if (this.socket?.readyState === WebSocket.OPEN) {
          this.socket.send(encode(effect.event, effect.ref));
        }
        return;
      case 'wait':
        return this.timers.set(effect.timer, effect.ms, () =>
          this.input({ type: 'timer', timer: effect.timer, random: Math.random() }),
        );
      case 'forget':
        return this.timers.clear(effect.timer);
      case 'keep-token':
        return keep('token', effect.token);
      case 'emit':
        return this.onEvent(effect.event);
      case 'settle': {
        const settle = this.settle_by_ticket.get(effect.ticket);
        this.settle_by_ticket.delete(effect.ticket);
        return settle?.(effect.outcome);
      }
    }
  }

  private open(isGreeting: boolean): void {
    this.close();
    const socket = new WebSocket(isGreeting ? `${this.url}?hello=1` : this.url);
    this.socket = socket;
    const isPresent = () => this.socket === socket;
    socket.onopen = () => isPresent() && this.input({ type: 'opened' });
    socket.onmessage = (message) => {
      if (!isPresent() || typeof message.data !== 'string') return;
      const frame = decode(message.data);
      if (frame) this.input({ type: 'frame', frame });
    };
    socket.onclose = (event) => {
      if (!isPresent()) return;
      this.socket = undefined;
      this.input({ type: 'closed', code: event.code, random: Math.random() });
      if (!navigator.onLine) this.input({ type: 'offline' });
    };
  }

  private close(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close(1000);
  }
}

export function serverUrl(location: Location): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
}
