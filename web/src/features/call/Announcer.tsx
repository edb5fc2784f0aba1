// Says to a screen reader what the eye sees at once: who came, who left, who is away for a moment.
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import type { Announcement, CallSession } from './session';

export function Announcer({ session }: { session: CallSession }) {
  const announcement = useStore(session.announcement);
  return (
    <p className="unseen" role="status">
      {announcement && <span key={announcement.count}>{wordsFor(announcement)}</span>}
    </p>
  );
}

function wordsFor({ what, name }: Announcement): string {
  switch (what) {
    case 'connected':
      return text.call.connectedTo(name);
    case 'left':
      return text.call.nameLeft(name);
    case 'away':
      return text.call.nameAway(name);
    case 'back':
      return text.call.nameBack(name);
    case 'stopped':
      return text.call.youStopped(name);
  }
}
