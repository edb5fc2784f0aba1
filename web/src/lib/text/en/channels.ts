// English: channels.
import { number, plural } from '../plural';

export const channels = {
  title: 'Channels',
  heading: 'Channels',
  yours: 'Your channels',
  make: 'New channel',
  none: 'You are in no channel yet.',
  noneHint: 'Make one and send the link to your friends, or join one that is open to all.',
  chooseOne: 'Choose a channel, or find another below.',
  open: 'Open to all',
  openNone: 'No channel is open to all at the moment. Make the first one.',
  openLoading: 'Looking for channels',
  openMore: 'Show more',
  join: 'Join',
  joinNamed: (name: string) => `Join ${name}`,
  members: (count: number) => plural(count, { one: '# member', other: '# members' }),
  onlineCount: (count: number) => `${number(count)} online`,
  unread: (count: number) => plural(count, { one: '# new message', other: '# new messages' }),
  unreadShort: (count: number) => (count > 99 ? '99+' : number(count)),
  unnamed: 'Channel',
  someone: 'Somebody',
  you: 'You',
  backToList: 'All channels',
  loading: 'Fetching your channels',
  /** Of somebody else; nothing where it is not known. */
  standing: (isOnline: boolean | undefined): string =>
    isOnline === undefined ? '' : isOnline ? 'Online' : 'Not here now',

  nameLabel: 'What should they call you?',
  nameHint: 'Others in the channel see this name.',
  nameMissing: 'Choose a name first, so that others know who writes.',
  newTitle: 'A new channel',
  newName: 'What is it about?',
  newNameMissing: 'Give the channel a name.',
  newPublic: 'Open to all',
  newPublicHint: 'Anybody may find and join it. Otherwise one needs the link.',
  newMake: 'Make the channel',
  cancel: 'Cancel',

  invitedTitle: 'You are invited to a channel',
  invitedText: 'Whoever is there sees your name, and you can leave at any time.',
  guestTitle: 'You are not in this channel',
  guestText: 'If it is open to all, you can join now. Otherwise ask somebody there for a link.',
  joinNow: 'Join the channel',
  toChannels: 'To the channels',

  invite: 'Invite',
  inviteTitle: 'Invite to this channel',
  inviteText: 'Whoever opens this link can join. Send it to the people you want here.',
  inviteNone: 'The link is shown only once, when it is made. A new one ends the one before.',
  inviteMake: 'Make a new link',
  inviteEnd: 'End the link',
  inviteEnded: 'The link has ended. Nobody can join with it any more.',
  inviteOther: 'Only who made this channel can make links for it.',
  inviteLink: 'Link',
  copy: 'Copy',
  copied: 'Copied',
  people: 'People',
  peopleTitle: 'People here',
  peopleMore: 'There are more than are shown here.',
  write: 'Write',
  writeTo: (name: string) => `Write to ${name}`,
  leave: 'Leave',
  leaveTitle: 'Leave this channel?',
  leaveText: 'You will not see what is written there any more. What you wrote stays.',
  leaveNow: 'Leave the channel',
  stay: 'Stay',

  linkLost: 'Reconnecting. What you write now is sent when the connection is back.',
  offline: 'You are offline. What you write is kept here, and sent when the network is back.',
  back: 'The connection was lost for a while. You are back in your channels now.',
  draining: 'The server is restarting. This goes on by itself in a moment.',

  /** What happened and what to do, for each code that may come. */
  problem: (code: string): string => {
    switch (code) {
      case 'link-lost':
        return 'The server cannot be reached. Check your connection and try again.';
      case 'room-not-found':
        return 'This channel is not there, or the link has ended. Ask for a new link.';
      case 'not-allowed':
        return 'That is not possible here any more. Load the page again to see why.';
      case 'room-full':
        return 'This channel is full. Try again when somebody has left.';
      case 'rate-limited':
        return 'That was a little fast. Wait a moment and try again.';
      case 'too-long':
        return 'That is too long. Shorten it and try again.';
      case 'bad-payload':
        return 'That was not accepted. Change it and try again.';
      case 'banned':
        return 'You cannot take part at the moment. Write to the people who run this site.';
      case 'unknown-event':
        return 'This site keeps no channels. Write to the people who run it.';
      case 'store-unavailable':
      case 'cluster-unavailable':
        return 'The server cannot keep anything just now. Try again in a moment.';
      default:
        return 'Something went wrong on the server. Try again in a moment.';
    }
  },
  changeProblem: (code: string): string | undefined =>
    code === 'not-allowed' ? 'This message is too old to be changed. Write a new one.' : undefined,
} as const;
