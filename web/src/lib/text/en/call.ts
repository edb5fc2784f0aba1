// English: the call.
import type { Mode, StopReason } from '../../../protocol';
import { plural } from '../plural';

export const call = {
  title: 'Call',
  heading: 'Your call',
  titleLooking: 'Looking for someone',
  titleWith: (name: string) => `With ${name}`,
  you: 'You',
  stranger: 'Stranger',
  next: 'Next',
  stop: 'Stop',
  mute: 'Mute',
  unmute: 'Unmute',
  cameraOff: 'Turn camera off',
  cameraOn: 'Turn camera on',
  openChat: 'Open chat',
  closeChat: 'Close chat',
  unread: (count: number) => plural(count, { one: '# new message', other: '# new messages' }),
  settings: (mode: Mode, hasKeys: boolean) => {
    const what = mode === 'text' ? 'Sound' : 'Devices';
    return hasKeys ? `${what} and keys` : what;
  },
  chime: 'A soft chime when you meet somebody',
  keys: 'Keyboard shortcuts',
  controls: 'Call controls',
  theirPicture: (name: string) => `${name}'s picture`,
  yourPicture: 'Your picture',
  moveTile: 'Move your picture to another corner',

  looking: 'Looking for someone',
  lookingBecause: {
    start: 'This usually takes a moment.',
    next: 'On to the next person.',
    linkReturned: 'The connection was lost and is back. Looking for somebody again.',
  },
  callOver: (name: string) =>
    `The connection to the server was lost, and your call with ${name} with it. Looking for someone else.`,
  usually: (wait_s: number): string =>
    wait_s < 90
      ? plural(Math.max(1, Math.round(wait_s)), {
          one: 'This usually takes a second.',
          other: 'This usually takes about # seconds.',
        })
      : plural(Math.round(wait_s / 60), {
          one: 'This usually takes about a minute.',
          other: 'This usually takes about # minutes.',
        }),
  /** What is no longer held to, by the wire's word for it. */
  relaxed: (wish: string): string | undefined => {
    switch (wish) {
      case 'interests':
        return 'Nobody who shares your interests is free, so others will do now.';
      case 'languages':
        return 'Nobody who speaks your languages is free, so others will do now.';
      case 'met-everyone':
        return 'You have met everyone who is waiting.';
      default:
        return undefined;
    }
  },
  meetThemAgain: 'Meet them again',
  goBack: {
    offered: (name: string) => `Go back to ${name}`,
    asked: (name: string) => `Asked ${name} to come back`,
    refused: (name: string) => `No way back to ${name} now`,
  },
  left: (name: string, reason: StopReason): string => {
    switch (reason) {
      case 'disconnected':
        return `${name} lost the connection. Looking for someone else.`;
      case 'stopped':
      case 'next':
        return `${name} left. Looking for someone else.`;
    }
  },
  aloneHere: 'You are the only one here.',
  /** Others may be here: in a call, or waiting for one of another kind. */
  aloneWaiting: {
    video: 'You are the only one waiting for a video call.',
    audio: 'You are the only one waiting for a voice call.',
    text: 'You are the only one waiting to write.',
  } satisfies Record<Mode, string>,
  aloneHint: 'Share the link with somebody, and this page finds them by itself.',
  others: (count: number) =>
    plural(count, {
      one: '# other person is waiting too.',
      other: '# other people are waiting too.',
    }),
  share: 'Share the link',
  copyLink: 'Copy the link',
  copied: 'Link copied',
  held: 'That was a lot of Next. Carrying on in a few seconds.',

  idleTitle: 'You have stopped',
  idleText: {
    video: 'Nobody sees or hears you. Start again whenever you like.',
    audio: 'Nobody hears you. Start again whenever you like.',
    text: 'Start again whenever you like.',
  } satisfies Record<Mode, string>,
  idlePictured: 'Your picture is shown only to you. Start again whenever you like.',
  meetAgain: 'Meet someone',
  toStudio: 'Back to the studio',

  refusedTitle: 'That did not work',
  refused: (code: string): string => {
    switch (code) {
      case 'too-long':
      case 'bad-payload':
        return 'The name you chose was not accepted. Change it in the studio.';
      default:
        return 'The server could not look for a partner just now. Try again in a moment.';
    }
  },
  tryAgain: 'Try again',

  connecting: (name: string) => `Connecting to ${name}`,
  interrupted: 'The picture is interrupted. Trying to get it back.',
  away: (name: string, until_ms: number | undefined): string =>
    until_ms === undefined
      ? `${name} is reconnecting. You can wait, or press Next.`
      : plural(Math.max(1, Math.round(until_ms / 1_000)), {
          one: `${name} is reconnecting. Waiting up to a second.`,
          other: `${name} is reconnecting. Waiting up to # seconds.`,
        }),
  noMedia: 'No picture or sound gets through between you. You can still write, or press Next.',
  theirCameraOff: (name: string) => `${name}'s camera is off`,
  theirMuted: 'Muted',
  voiceCall: 'Voice call',
  textCall: 'You are writing to each other',
  yourCameraOff: 'Your camera is off',
  tapToHear: 'Tap to hear',

  linkLost: 'Reconnecting. Your call goes on.',
  linkLostText: 'Reconnecting. What you write now is sent when the connection is back.',
  linkLostLooking: 'Reconnecting. You will keep looking when it is back.',
  offline: 'You are offline. This goes on by itself when the network is back.',
  draining: 'The server is restarting. You will be connected again in a moment.',
  takenOver: 'Live Loop is open in another window.',
  takenOverText: 'It goes on there. You can take it back here.',
  useHere: 'Use it here',

  chat: 'Chat',
  chatEmpty: (name: string) => `Say hello to ${name}.`,
  chatLater: 'What was written earlier is not shown here.',
  chatIdle: 'When you meet somebody, you can write to them here.',
  chatOver: (name: string) => `Your talk with ${name} has ended.`,

  connectedTo: (name: string) => `Connected to ${name}`,
  nameAway: (name: string) => `${name} is reconnecting`,
  nameBack: (name: string) => `${name} is back`,
  nameLeft: (name: string) => `${name} left`,
  youStopped: (name: string) => `You stopped the call with ${name}`,

  keysList: [
    { key: 'N', does: 'Next person' },
    { key: 'B', does: 'Back to the person before' },
    { key: 'S', does: 'Stop' },
    { key: 'M', does: 'Mute or unmute' },
    { key: 'V', does: 'Camera on or off' },
    { key: 'C', does: 'Show or hide the chat' },
    { key: '/', does: 'Write a message' },
    { key: '?', does: 'Show these keys' },
  ],
} as const;
