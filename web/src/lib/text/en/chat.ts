// English: what is written, in channels and in calls.
import { number, plural } from '../plural';

export const chat = {
  conversation: 'Conversation',
  message: 'Message',
  placeholder: (name: string) => `Write to ${name}`,
  send: 'Send',
  save: 'Save',
  editing: 'You are changing your message',
  editStop: 'Keep it as it was',
  empty: 'Nothing has been said here yet. Say hello.',
  beginning: 'This is where it begins.',
  fetching: 'Fetching what was said',
  newBegins: 'New since you were here',
  toNewest: 'To the newest',
  newBelow: (count: number) =>
    plural(count, { one: '# new message below', other: '# new messages below' }),
  edited: 'Edited',
  removed: 'This message was deleted.',
  more: 'Change or delete',
  moreOf: (message: string) => `Change or delete: ${message}`,
  edit: 'Edit',
  remove: 'Delete',
  removeTitle: 'Delete this message?',
  removeText: 'It goes for everybody. A note that something stood here stays.',
  keepIt: 'Keep it',
  state: {
    waiting: 'Waiting for the connection',
    sending: 'Sending',
    kept: 'Sent',
    failed: 'Not sent',
  },
  retry: 'Try again',
  letGo: 'Remove',
  letGoText: (message: string) => `Remove without sending: ${message}`,
  announce: (name: string, message: string) => `${name}: ${message}`,
  typing: (names: readonly string[]): string => {
    const [first, second] = names;
    if (first === undefined) return '';
    if (second === undefined) return `${first} is typing`;
    if (names.length === 2) return `${first} and ${second} are typing`;
    return `${number(names.length)} people are typing`;
  },
  full: 'Too much is waiting to be sent. Go on when the connection is back.',
  charactersLeft: (count: number) =>
    plural(count, { one: '# character left', other: '# characters left' }),
  charactersOver: (count: number) =>
    plural(count, { one: '# character too many', other: '# characters too many' }),
  rowProblem: (code: string): string | undefined => {
    switch (code) {
      case 'too-long':
        return 'Too long';
      case 'rate-limited':
        return 'Too fast';
      case 'room-not-found':
      case 'not-allowed':
      case 'not-in-room':
        return 'This conversation is over';
      case 'store-unavailable':
      case 'cluster-unavailable':
        return 'The server could not keep it';
      default:
        return undefined;
    }
  },
  /** Why it waits to be sent by itself. */
  rowDelay: (code: string): string => {
    switch (code) {
      case 'rate-limited':
        return 'A little fast, sent in a moment';
      case 'store-unavailable':
      case 'cluster-unavailable':
        return 'The server cannot keep it yet, trying again';
      default:
        return 'Not taken yet, trying again';
    }
  },
} as const;
