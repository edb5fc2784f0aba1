// The shell of a visit to the call page: it feeds the call machine with what the server, the
// partner's media and the visitor say, and carries out what they decide. Decides nothing itself.
import { readKept } from '../../lib/kept';
import { Store } from '../../lib/store';
import { Timers } from '../../lib/timers';
import type { LocalMedia } from '../../media/local';
import { playChime } from '../../media/sound';
import type { Mode, ServerEvent, Welcome } from '../../protocol';
import { ServerLink } from '../../signaling/socket';
import { devicesFor } from '../studio/wishes';
import { Conversation } from './conversation';
import { type KeptCall, type KeptDevices, keepCall, matchToKeep } from './keptCall';
import { stepCall } from './machine';
import { PeerSeat } from './peerSeat';
import {
  type CallEffect,
  type CallInput,
  type CallTimer,
  callIdle,
  partnerOf,
  type Said,
  type Wish,
} from './stage';
import { Windows } from './windows';

export interface Announcement {
  what: Said;
  name: string;
  /** Rises, so that the same words said twice are heard twice. */
  count: number;
}

export class CallSession {
  readonly call = new Store(callIdle);
  readonly chat = new Conversation(() => this.link);
  readonly seat: PeerSeat;
  readonly announcement = new Store<Announcement | undefined>(undefined);
  readonly link: ServerLink;
  private readonly timers = new Timers<CallTimer>();
  private readonly unwatch: (() => void)[] = [];
  private readonly windows: Windows;
  private socketId: string | undefined;
  /** What was switched on before another window took over. */
  private devices: KeptDevices | undefined;
  private wish: Wish = callIdle.wish;
  private announcements = 0;

  constructor(
    url: string,
    private readonly media: LocalMedia,
    /** Which entry of the window's history the call belongs to. */
    private readonly entry: string,
  ) {
    this.link = new ServerLink(
      url,
      (event) => this.hear(event),
      (waking) => waking === 'online' && this.seat.peer.get()?.restart(),
    );
    this.seat = new PeerSeat(media, (event) => this.link.send(event));
    this.windows = new Windows((socketId) => this.handOver(socketId));
    this.unwatch.push(
      this.link.state.watch(() => this.onLink()),
      this.call.watch(() => this.onCall()),
      media.view.watch(() => this.remember()),
    );
  }

  start(wish: Wish): void {
    this.wish = wish;
    this.link.start();
    this.input({ type: 'start', wish });
  }

  /** Goes on with the call of a page that was loaded again. */
  restore(kept: KeptCall): void {
    this.wish = kept.wish;
    this.socketId = kept.socketId;
    this.devices = kept.devices;
    if (kept.lost) {
      this.input({ type: 'restore', wish: kept.wish, match: kept.match });
      // The partner waits: the call goes on first, and the devices come when they are open.
      this.link.start(kept.lost);
      this.openDevices(kept.wish.mode, kept.devices);
    } else {
      this.link.giveAway();
    }
  }

  next(): void {
    if (this.link.state.get().phase !== 'taken-over') this.input({ type: 'next' });
  }

  stop(): void {
    this.input({ type: 'stop' });
  }

  goBack(): void {
    this.input({ type: 'go-back' });
  }

  meetAgain(): void {
    this.input({ type: 'meet-again' });
  }

  /** After a takeover: this window is the one in use again. */
  async useHere(): Promise<void> {
    const { socketId } = this;
    const call = socketId === undefined ? undefined : await this.windows.ask(socketId);
    if (this.link.state.get().phase !== 'taken-over') return;
    const devices = call?.devices ?? this.devices;
    if (devices) this.openDevices(this.wish.mode, devices);
    if (call?.lost) {
      this.input({ type: 'restore', wish: call.wish, match: call.match });
      this.link.connect(call.lost);
    } else {
      this.link.connect();
      this.input({ type: 'start', wish: this.wish });
    }
  }

  end(): void {
    this.stop();
    for (const unwatch of this.unwatch.splice(0)) unwatch();
    this.timers.clearAll();
    this.chat.end();
    this.windows.close();
    this.seat.end();
    this.link.stop();
  }

  private hear(event: ServerEvent): void {
    if (event.event === 'welcome') this.onWelcome(event.data);
    this.input({ type: 'told', event });
    this.chat.hear(event);
    this.seat.hear(event);
  }

  private onWelcome(standing: Welcome): void {
    this.socketId = standing.socketId;
    const { unanswered } = this.link.state.get();
    const isAsking = unanswered.some(({ event }) => event.event === 'request-room');
    this.input({ type: 'link-up', standing, isAsking });
  }

  private onLink(): void {
    const { phase } = this.link.state.get();
    if (phase === 'taken-over') this.onTakenOver();
    else if (phase !== 'up' && this.call.get().isLinkUp) this.input({ type: 'link-lost' });
    this.remember();
  }

  /** This window shows and sends nothing any more; its devices are the other's. */
  private onTakenOver(): void {
    if (this.call.get().stage.kind === 'idle') return;
    this.devices = this.switchedOn();
    this.input({ type: 'taken-over' });
    this.media.stop();
  }

  private openDevices(mode: Mode, devices: KeptDevices): void {
    this.media.setMuted(devices.isMuted);
    void this.media.open(devicesFor(mode).filter((device) => devices[device]));
  }

  private switchedOn(): KeptDevices {
    const { camera, microphone, isMuted } = this.media.view.get();
    const isOn = (state: string) => state === 'on' || state === 'asking';
    return { camera: isOn(camera.state), microphone: isOn(microphone.state), isMuted };
  }

  private onCall(): void {
    const { stage, isLinkUp } = this.call.get();
    const isAway = stage.kind === 'talking' && stage.away !== undefined;
    this.seat.peer.get()?.setSignalling(isLinkUp && !isAway);
    this.remember();
  }

  /** Another window asks for the call that goes on here. */
  private handOver(socketId: string): KeptCall | undefined {
    const call = this.present();
    if (socketId !== this.socketId || !call?.lost) return undefined;
    this.link.giveAway();
    return call;
  }

  private remember(): void {
    keepCall(this.present());
  }

  private present(): KeptCall | undefined {
    const { entry, socketId } = this;
    const { phase, token, thread } = this.link.state.get();
    const { stage, wish } = this.call.get();
    const known = { entry, ...(socketId !== undefined && { socketId }) };
    if (phase === 'taken-over') {
      return { ...known, wish: this.wish, devices: this.devices ?? this.switchedOn() };
    }
    const isActive = stage.kind === 'looking' || stage.kind === 'talking';
    if (!isActive || token === undefined || !thread) return undefined;
    const match = partnerOf(this.call.get());
    return {
      ...known,
      wish,
      devices: this.switchedOn(),
      lost: { token, thread },
      ...(match && { match: matchToKeep(match) }),
    };
  }

  private input(input: CallInput): void {
    const [state, effects] = stepCall(this.call.get(), input);
    this.call.set(state);
    for (const effect of effects) this.act(effect);
  }

  private act(effect: CallEffect): void {
    switch (effect.do) {
      case 'send':
        return this.link.send(effect.event);
      case 'ask':
        return void this.link.request(effect.event).then((outcome) => {
          if (!outcome.ok) this.input({ type: 'refused', error: outcome.error });
        });
      case 'ask-back':
        return void this.link.request({ event: 'undo-skip', data: {} }).then((outcome) => {
          if (!outcome.ok) this.input({ type: 'back-refused' });
        });
      case 'open-peer': {
        const { match, isAgain } = effect;
        this.chat.begin(match, isAgain);
        return this.seat.open(match, isAgain);
      }
      case 'mend-peer':
        return this.seat.peer.get()?.mend();
      case 'restart-peer':
        return this.seat.peer.get()?.restart();
      case 'close-peer':
        this.seat.close();
        this.announcement.set(undefined);
        return this.chat.close();
      case 'wait':
        return this.timers.set(effect.timer, effect.ms, () =>
          this.input({ type: 'timer', timer: effect.timer }),
        );
      case 'forget':
        return this.timers.clear(effect.timer);
      case 'say':
        return this.announce(effect.what, effect.name);
    }
  }

  private announce(what: Said, name: string): void {
    this.announcements += 1;
    if (what === 'connected' && readKept('chime') !== 'off') playChime();
    this.announcement.set({ what, name, count: this.announcements });
  }
}
