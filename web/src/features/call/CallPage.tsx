// The call page: begins a session with what was chosen in the studio, goes on with the one that was here before
// the page was loaded again, and ends it when the visitor leaves. Without a choice there is nothing to begin,
// and the studio is the place to be.
import { useEffect, useState } from 'react';
import { Navigate, useLocation } from 'react-router';
import { localMedia } from '../../media/local';
import { serverUrl } from '../../signaling/socket';
import { canCall, devicesFor, readMode } from '../studio/wishes';
import { CallScreen } from './CallScreen';
import { readKeptCall } from './keptCall';
import { CallSession } from './session';
import type { Wish } from './stage';

export default function CallPage() {
  const { state, key } = useLocation();
  const [kept] = useState(() => readKeptCall(key));
  const [wish] = useState(() => kept?.wish ?? readWish(state));
  const [session, setSession] = useState<CallSession>();

  useEffect(() => {
    if (!wish) return;
    const letGo = localMedia.hold();
    const begun = new CallSession(serverUrl(window.location), localMedia, key);
    setSession(begun);
    let isHere = true;
    if (kept) begun.restore(kept);
    else {
      // Whom we meet should not wait for our camera: devices that were on in the studio are on already.
      void localMedia.open(wantedNow(wish)).then(() => isHere && begun.start(wish));
    }
    return () => {
      isHere = false;
      begun.end();
      letGo();
    };
  }, [wish, kept, key]);

  if (!wish) return <Navigate to="/studio" replace />;
  return session ? <CallScreen session={session} mode={wish.mode} /> : null;
}

/** Devices that failed in the studio were seen to fail there, and are not asked for again. */
function wantedNow(wish: Wish) {
  const media = localMedia.view.get();
  const isFresh = media.camera.state === 'off' && media.microphone.state === 'off';
  return isFresh ? devicesFor(wish.mode) : [];
}

function readWish(state: unknown): Wish | undefined {
  if (typeof state !== 'object' || state === null) return undefined;
  const { mode, name } = state as Record<string, unknown>;
  if (typeof mode !== 'string') return undefined;
  return {
    mode: canCall() ? readMode(mode) : 'text',
    name: typeof name === 'string' ? name : '',
  };
}
