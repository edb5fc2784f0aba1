// The shell of one open channel: it feeds the machines of its history and of who writes there, and carries out what
// they decide. Decides nothing itself; knows nothing of other channels, nor of what is not sent yet.
import { Store } from '../../lib/store';
import { Timers } from '../../lib/timers';
import type { ClientEvent, HistoryPage, KeptMessage, ServerEvent } from '../../protocol';
import type { Outcome } from '../../signaling/linkState';
import { stepTelling, type TellInput, type TellTimer } from '../chat/telling';
import { stepTimeline, type TimelineInput, timelineEmpty } from '../chat/timeline';
import { nextEnd, stepTypists, type Typist, type TypistsInput } from '../chat/typists';
import type { Answer, Member } from './api';

export interface RoomRoad {
  request(event: ClientEvent): Promise<Outcome>;
  /** What is lost when the link is away. */
  send(event: ClientEvent): void;
  members(roomId: string): Promise<Answer<{ items: Member[]; isWhole: boolean }>>;
  /** A page of history has come. */
  onRead(messages: readonly KeptMessage[]): void;
  onMembers(): void;
}

export interface Members {
  items: readonly Member[];
  isKnown: boolean;
  isWhole: boolean;
}

const membersRest_ms = 1_000;
const membersAgain_ms = 5_000;

export class OpenRoom {
  readonly timeline = new Store(timelineEmpty);
  readonly typists = new Store<readonly Typist[]>([]);
  readonly members = new Store<Members>({ items: [], isKnown: false, isWhole: false });
  private isTold = false;
  private isEnded = false;
  private readonly timers = new Timers<TellTimer | 'retry' | 'typists' | 'members'>();

  constructor(
    readonly id: string,
    private readonly road: RoomRoad,
  ) {}

  joined(lastSeq: number): void {
    this.input({ type: 'joined', lastSeq });
    this.readMembers();
  }

  heard(message: KeptMessage): void {
    this.input({ type: 'heard', message });
    if (message.userId) this.inputTypists({ type: 'said', userId: message.userId });
  }

  hear(event: ServerEvent): void {
    switch (event.event) {
      case 'message-changed':
        return this.input({ type: 'changed', change: event.data });
      case 'typing': {
        const { userId, typing } = event.data;
        return this.inputTypists({ type: 'typing', userId, typing, now: performance.now() });
      }
      case 'room-members':
        // Many may come at once: the list is fetched when they have come.
        return this.timers.set('members', membersRest_ms, () => this.readMembers());
      default:
        return;
    }
  }

  older(): void {
    this.input({ type: 'older' });
  }

  retry(): void {
    this.timers.clear('retry');
    this.input({ type: 'retry' });
  }

  typed(isEmpty: boolean): void {
    this.tell(isEmpty ? 'emptied' : 'typed');
  }

  end(): void {
    this.isEnded = true;
    this.tell('emptied');
    this.timers.clearAll();
    this.inputTypists({ type: 'closed' });
  }

  nameOf(userId: string): string | undefined {
    const member = this.members.get().items.find((each) => each.userId === userId);
    if (member?.name) return member.name;
    return this.timeline.get().run.findLast((message) => message.userId === userId)?.name;
  }

  private tell(input: TellInput): void {
    const [isTold, effects] = stepTelling(this.isTold, input);
    this.isTold = isTold;
    for (const effect of effects) {
      if (effect.do === 'forget') this.timers.clear(effect.timer);
      else if (effect.do === 'wait') {
        this.timers.set(effect.timer, effect.ms, () => this.tell(effect.timer));
      } else {
        const { typing } = effect;
        this.road.send({ event: 'typing', data: { roomId: this.id, typing } });
      }
    }
  }

  private inputTypists(input: TypistsInput): void {
    const typists = stepTypists(this.typists.get(), input);
    this.typists.set(typists);
    const end = nextEnd(typists);
    if (end === undefined) return this.timers.clear('typists');
    this.timers.set('typists', Math.max(0, end - performance.now()) + 1, () =>
      this.inputTypists({ type: 'passed', now: performance.now() }),
    );
  }

  private input(input: TimelineInput): void {
    const [state, effects] = stepTimeline(this.timeline.get(), input);
    this.timeline.set(state);
    for (const effect of effects) {
      if (effect.do === 'rest') {
        this.timers.set('retry', effect.ms, () => this.input({ type: 'retry' }));
      } else {
        const { ticket, ask } = effect;
        const data = { roomId: this.id, ...ask };
        void this.road
          .request({ event: 'history', data })
          .then((outcome) => this.answered(ticket, outcome));
      }
    }
  }

  private answered(ticket: number, outcome: Outcome): void {
    if (!outcome.ok) {
      const { code, retryAfterMs } = outcome.error;
      const rest = retryAfterMs === undefined ? {} : { retryAfter_ms: retryAfterMs };
      return this.input({ type: 'refused', ticket, code, ...rest });
    }
    const page = outcome.data as unknown as HistoryPage;
    this.road.onRead(page.messages);
    this.input({ type: 'page', ticket, page });
  }

  private async readMembers(): Promise<void> {
    this.timers.clear('members');
    const answer = await this.road.members(this.id);
    if (this.isEnded) return;
    if (!answer.ok) return this.timers.set('members', membersAgain_ms, () => this.readMembers());
    this.members.set({ ...answer.value, isKnown: true });
    this.road.onMembers();
  }
}
