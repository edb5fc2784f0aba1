// The timeline against a server that is played: whatever is lost, doubled, late or changed meanwhile, the page
// comes to hold what the server holds.
import { describe, expect, it } from 'vitest';
import type { HistoryPage, KeptMessage, MessageChanged } from '../../protocol';
import {
  type Ask,
  stepTimeline,
  type Timeline,
  type TimelineInput,
  timelineEmpty,
  timelineLimits,
} from './timeline';
import { Dice } from './walk';

const stamp = (at: number) => new Date(at * 1_000).toISOString();
const said = (seq: number, text = `text ${seq}`): KeptMessage => ({
  messageId: `m${seq}`,
  seq,
  userId: 'ada',
  name: 'Ada',
  message: text,
  timestamp: stamp(seq),
});
const saidUpTo = (count: number) => Array.from({ length: count }, (_, at) => said(at + 1));

/** The server's side: what it keeps, and how it answers `history`. */
class Kept {
  messages: KeptMessage[] = [];
  lastSeq = 0;
  clock = 0;

  say(): KeptMessage {
    this.lastSeq += 1;
    const message = said(this.lastSeq);
    this.messages.push(message);
    return message;
  }

  change(at: number, deleted: boolean): MessageChanged | undefined {
    const message = this.messages[at];
    if (!message || message.deleted) return undefined;
    const { messageId, seq, userId, timestamp } = message;
    this.clock += 1;
    const editedAt = stamp(1_000_000 + this.clock);
    const text = `edit ${this.clock}`;
    this.messages[at] = deleted
      ? { messageId, seq, timestamp, deleted: true, ...(userId && { userId }) }
      : { ...message, message: text, editedAt };
    const change = { roomId: 'r', messageId, seq };
    return deleted ? { ...change, deleted: true } : { ...change, message: text, editedAt };
  }

  page(ask: Ask): HistoryPage {
    const { messages } = this;
    if ('after' in ask) {
      const rest = messages.filter(({ seq }) => seq > ask.after);
      const page = rest.slice(0, ask.limit);
      const last = page.at(-1);
      return { messages: page, ...(rest.length > page.length && last && { nextAfter: last.seq }) };
    }
    const rest = 'before' in ask ? messages.filter(({ seq }) => seq < ask.before) : messages;
    const page = rest.slice(-ask.limit);
    return {
      messages: page,
      ...(rest.length > page.length && page[0] && { nextBefore: page[0].seq }),
    };
  }
}

/** A page on a link to that server, on which nothing is delivered before it is asked for. */
class Reader {
  state: Timeline = timelineEmpty;
  /** In the order in which the server sent it. */
  onTheWay: TimelineInput[] = [];
  resting = 0;

  constructor(private readonly server: Kept) {}

  input(input: TimelineInput): void {
    const before = this.state.asked;
    const [state, effects] = stepTimeline(this.state, input);
    this.state = state;
    for (const effect of effects) {
      if (effect.do === 'rest') this.resting += 1;
      else {
        expect(before === undefined || before.ticket !== effect.ticket).toBe(true);
        const page = structuredClone(this.server.page(effect.ask));
        this.onTheWay.push({ type: 'page', ticket: effect.ticket, page });
      }
    }
    this.isWell();
  }

  join(): void {
    this.input({ type: 'joined', lastSeq: this.server.lastSeq });
  }

  deliver(): void {
    const next = this.onTheWay.shift();
    if (next) this.input(next);
  }

  deliverAll(): void {
    while (this.onTheWay.length > 0) this.deliver();
  }

  readToTheBeginning(): void {
    for (let round = 0; round < 1_000 && this.state.hasOlder; round += 1) {
      this.input({ type: 'older' });
      this.deliverAll();
    }
  }

  private isWell(): void {
    const { run, to, ahead } = this.state;
    const rises = (list: readonly KeptMessage[]) =>
      list.every(({ seq }, at) => seq > (list[at - 1]?.seq ?? 0));
    expect([rises(run), rises(ahead)]).toEqual([true, true]);
    expect(run.at(-1)?.seq ?? 0).toBeLessThanOrEqual(to ?? 0);
    if (to !== undefined && ahead[0]) expect(ahead[0].seq).toBeGreaterThan(to + 1);
  }
}

function reading(count: number): [Kept, Reader] {
  const server = new Kept();
  for (let at = 0; at < count; at += 1) server.say();
  const reader = new Reader(server);
  reader.join();
  return [server, reader];
}

const seqs = ({ state }: Reader) => state.run.map(({ seq }) => seq);

describe('history', () => {
  it('begins with the newest, and the rest comes when it is wanted', () => {
    const [, reader] = reading(200);
    reader.deliverAll();
    expect(seqs(reader)).toEqual(
      saidUpTo(200)
        .slice(-60)
        .map(({ seq }) => seq),
    );
    reader.input({ type: 'older' });
    reader.deliverAll();
    expect(seqs(reader)).toHaveLength(160);
    reader.readToTheBeginning();
    expect(seqs(reader)).toHaveLength(200);
    expect(reader.state.hasOlder).toBe(false);
  });

  it('of an empty room is empty, and what is said then is shown at once', () => {
    const [server, reader] = reading(0);
    reader.deliverAll();
    expect(reader.state).toMatchObject({ run: [], to: 0, hasOlder: false });
    reader.input({ type: 'heard', message: server.say() });
    expect(seqs(reader)).toEqual([1]);
  });

  it('is asked for once at a time', () => {
    const [, reader] = reading(500);
    for (let at = 0; at < 5; at += 1) reader.input({ type: 'older' });
    expect(reader.onTheWay).toHaveLength(1);
  });
});

describe('a hole', () => {
  it('holds back what lies beyond it until it is closed', () => {
    const [server, reader] = reading(3);
    reader.deliverAll();
    const [, fifth] = [server.say(), server.say()];
    reader.input({ type: 'heard', message: fifth });
    expect(seqs(reader)).toEqual([1, 2, 3]);
    reader.deliverAll();
    expect(seqs(reader)).toEqual([1, 2, 3, 4, 5]);
  });

  it('that retention has made is no reason to ask for ever', () => {
    const [server, reader] = reading(3);
    reader.deliverAll();
    server.say();
    const fifth = server.say();
    server.messages = [];
    reader.input({ type: 'heard', message: fifth });
    reader.deliverAll();
    expect(seqs(reader)).toEqual([1, 2, 3, 5]);
    expect(reader.state.asked).toBeUndefined();
  });

  it('too wide to be closed lets the page begin with the newest again', () => {
    const [server, reader] = reading(3);
    reader.deliverAll();
    for (let at = 0; at <= timelineLimits.gap_max; at += 1) server.say();
    reader.join();
    reader.deliverAll();
    expect(seqs(reader).at(-1)).toBe(server.lastSeq);
    expect(reader.state.run).toHaveLength(timelineLimits.first_page);
    reader.readToTheBeginning();
    expect(reader.state.run).toEqual(server.messages);
  });
});

describe('changes', () => {
  it('that overtake a page that was made before them are not undone by it', () => {
    const [server, reader] = reading(3);
    const edit = server.change(0, false) as MessageChanged;
    const removal = server.change(1, true) as MessageChanged;
    reader.input({ type: 'changed', change: edit });
    reader.input({ type: 'changed', change: removal });
    reader.deliverAll();
    expect(reader.state.run).toEqual(server.messages);
  });

  it('that were made while nobody listened are read again', () => {
    const [server, reader] = reading(300);
    reader.deliverAll();
    reader.readToTheBeginning();
    server.change(0, false);
    server.change(150, true);
    server.change(299, false);
    reader.join();
    reader.deliverAll();
    expect(reader.state.run).toEqual(server.messages);
  });

  it('do not make a tombstone speak', () => {
    const [server, reader] = reading(1);
    reader.deliverAll();
    const edit = server.change(0, false) as MessageChanged;
    const removal = server.change(0, true) as MessageChanged;
    reader.input({ type: 'changed', change: removal });
    reader.input({ type: 'changed', change: edit });
    expect(reader.state.run[0]).toMatchObject({ deleted: true });
    expect(reader.state.run[0]?.message).toBeUndefined();
  });
});

describe('a refusal', () => {
  it('is asked again after a rest, and told meanwhile', () => {
    const [, reader] = reading(3);
    reader.onTheWay = [];
    reader.input({ type: 'refused', ticket: 1, code: 'store-unavailable' });
    expect(reader.state.trouble).toBe('store-unavailable');
    expect(reader.resting).toBe(1);
    reader.input({ type: 'retry' });
    reader.deliverAll();
    expect(seqs(reader)).toEqual([1, 2, 3]);
    expect(reader.state.trouble).toBeUndefined();
  });

  it('for good is not asked again', () => {
    const [, reader] = reading(3);
    reader.input({ type: 'refused', ticket: 1, code: 'room-not-found' });
    expect(reader.resting).toBe(0);
  });

  it('of an older question changes nothing', () => {
    const [, reader] = reading(3);
    reader.join();
    const before = reader.state;
    reader.input({ type: 'refused', ticket: 1, code: 'internal' });
    expect(reader.state).toBe(before);
  });
});

/** One life of a page: all that a link and a room can do to it, in an order of the seed's. */
function live(seed: number): [Kept, Reader] {
  const dice = new Dice(seed);
  const server = new Kept();
  for (let at = dice.below(400); at > 0; at -= 1) server.say();
  const reader = new Reader(server);
  let isUp = false;
  const tell = (input: TimelineInput) => {
    // What is sent while nobody listens is missed, and so is now and then what should not be.
    if (!isUp || dice.oneIn(20)) return;
    reader.onTheWay.push(structuredClone(input));
    if (dice.oneIn(10)) reader.onTheWay.push(structuredClone(input));
  };
  for (let at = 0; at < 300; at += 1) {
    switch (dice.below(9)) {
      case 0:
      case 1:
      case 2:
        tell({ type: 'heard', message: server.say() });
        break;
      case 3: {
        const change = server.change(dice.below(server.messages.length + 1), dice.oneIn(3));
        // A change that is lost while the link lives would be a fault of the server's.
        if (change && isUp) reader.onTheWay.push({ type: 'changed', change });
        break;
      }
      case 4:
        reader.input({ type: 'older' });
        break;
      case 5:
        if (dice.oneIn(4)) {
          reader.onTheWay = [];
          isUp = false;
          for (let missed = dice.below(50); missed > 0; missed -= 1) server.say();
        }
        break;
      default:
        if (!isUp) {
          isUp = true;
          reader.onTheWay = [];
          reader.join();
        }
        reader.deliver();
    }
  }
  reader.onTheWay = [];
  isUp = true;
  reader.join();
  reader.deliverAll();
  return [server, reader];
}

it.each(Array.from({ length: 150 }, (_, seed) => seed))('converges, seed %i', (seed) => {
  const [server, reader] = live(seed);
  expect(reader.state.run).toEqual(server.messages.slice(-reader.state.run.length));
  reader.readToTheBeginning();
  expect(reader.state.run).toEqual(server.messages);
  expect(reader.state).toMatchObject({ ahead: [], asked: undefined, changes: [] });
});
