// How many people are here now, asked gently: not while the page is hidden, more rarely while the server
// does not answer. Undefined until it is known, and again when it cannot be known.
import { useEffect, useState } from 'react';

const poll_ms = 15_000;
const poll_max_ms = 120_000;

export function useHereNow(): number | undefined {
  const [count, setCount] = useState<number>();
  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let rest_ms: number = poll_ms;
    const ask = async () => {
      clearTimeout(timer);
      if (document.hidden) return;
      const found = await fetchHereNow(leaving.signal);
      if (leaving.signal.aborted) return;
      setCount(found);
      rest_ms = found === undefined ? Math.min(rest_ms * 2, poll_max_ms) : poll_ms;
      timer = setTimeout(ask, rest_ms);
    };
    void ask();
    const onVisible = () => void ask();
    document.addEventListener('visibilitychange', onVisible, { signal: leaving.signal });
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, []);
  return count;
}

async function fetchHereNow(signal: AbortSignal): Promise<number | undefined> {
  try {
    const answer = await fetch('/api/status', { signal });
    return answer.ok ? readHereNow(await answer.json()) : undefined;
  } catch {
    return undefined;
  }
}

export function readHereNow(answer: unknown): number | undefined {
  if (typeof answer !== 'object' || answer === null || !('cluster' in answer)) return undefined;
  const { cluster } = answer;
  if (typeof cluster !== 'object' || cluster === null) return undefined;
  const count = (cluster as Record<string, unknown>).activeConnections;
  return typeof count === 'number' && count >= 0 ? count : undefined;
}
