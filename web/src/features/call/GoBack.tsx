// The way back to the one whom Next has left, while there is one. The button stays where it is when it has been
// pressed, and says what became of it.
import { Undo2 } from 'lucide-react';
import { useStore } from '../../lib/store';
import { text } from '../../lib/text';
import { Button } from '../../ui/Button';
import type { CallSession } from './session';

const words = text.call;

interface GoBackProps {
  session: CallSession;
  className?: string | undefined;
}

export function GoBack({ session, className }: GoBackProps) {
  const { skipped } = useStore(session.call);
  if (!skipped) return null;
  const name = skipped.name || words.stranger;
  const said = words.goBack[skipped.state](name);
  return (
    <>
      <Button
        className={className}
        icon={<Undo2 />}
        aria-disabled={skipped.state !== 'offered'}
        data-state={skipped.state}
        onClick={() => session.goBack()}
      >
        {said}
      </Button>
      <span className="unseen" role="status">
        {skipped.state === 'offered' ? '' : said}
      </span>
    </>
  );
}
