// Tells the hub what the visitor has seen: the newest, while its place is in sight and the page is.
import { useEffect, useState } from 'react';
import type { ChannelHub } from './hub';

export function useSeen(hub: ChannelHub, roomId: string, to: number | undefined) {
  const [isAtEnd, setAtEnd] = useState(true);
  const [isVisible, setVisible] = useState(() => !document.hidden);
  useEffect(() => {
    const onChange = () => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', onChange);
    return () => document.removeEventListener('visibilitychange', onChange);
  }, []);
  useEffect(() => {
    if (isAtEnd && isVisible && to !== undefined) hub.read(roomId, to);
  }, [hub, roomId, to, isAtEnd, isVisible]);
  return setAtEnd;
}
