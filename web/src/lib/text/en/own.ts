// English: what the visitor has here, and its end.
export const own = {
  title: 'Your data',
  intro:
    'Nobody signs in here. This browser keeps a key that says who you are, and with it the server keeps what you have written and where you are a member.',
  nothing: 'There is nothing of you here yet: this browser has not been in a call or a channel.',
  downloadTitle: 'Take it along',
  downloadText:
    'One file with everything that is yours: your name, your channels, whom you have blocked, and all that you have written.',
  download: 'Download what is mine',
  downloading: 'Fetching it',
  downloaded: 'The file is in your downloads.',
  eraseTitle: 'Leave no trace',
  eraseText: 'Everything that is yours is removed, here and on the server. It cannot be undone.',
  erase: 'Erase me',
  confirmTitle: 'Erase everything that is yours?',
  goes: 'What goes',
  goesItems: [
    'Your name, and the key in this browser by which you are known here.',
    'The words of everything that you have written, in channels and in calls.',
    'Your place in every channel, and the list of those whom you have blocked.',
    'A call that you are in, in any window: it ends now.',
  ],
  stays: 'What stays',
  staysItems: [
    'In the place of each text of yours: “deleted”, without your name.',
    'Channels that you have made, for those who are in them.',
    'What others have written, also to you, and what they have saved themselves.',
  ],
  confirmYes: 'Erase me',
  confirmNo: 'Keep everything',
  erasing: 'Erasing',
  failed: {
    'store-unavailable':
      'The server cannot reach its store at the moment. Nothing has changed: try again shortly.',
    'rate-limited': 'That was asked too often just now. Wait a minute, then try again.',
    'link-lost': 'The server does not answer. Check your connection, then try again.',
    'bad-token': 'The server does not know this browser any more. There is nothing of you here.',
    other: 'That went wrong on the server. Please try again.',
  },
} as const;
