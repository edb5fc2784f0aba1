// What the visitor has here: the file of it, and its end. The server knows them by the token that this browser keeps.
import { forgetAll, readKept } from '../../lib/kept';

/** What came of a wish: how it went, or the code of the server's refusal; `link-lost` where it does not answer. */
export type Outcome = { ok: true; isOver: boolean } | { ok: false; code: string };

export function isKnownHere(): boolean {
  return readKept('token') !== undefined;
}

/** Everything that is the visitor's, as a file. */
export async function download(save: (file: Blob) => void): Promise<Outcome> {
  const answer = await ask('GET', '/api/users/me/export');
  if (!answer.ok) return answer;
  try {
    // It breaks off where the server's store fails: half a file is none.
    save(await answer.response.blob());
    return { ok: true, isOver: true };
  } catch {
    return { ok: false, code: 'link-lost' };
  }
}

/** Has the server forget the visitor; then this browser forgets them too. A token that is good for nothing is as good. */
export async function erase(): Promise<Outcome> {
  const answer = await ask('DELETE', '/api/users/me');
  if (!answer.ok && answer.code !== 'bad-token') return answer;
  forgetAll();
  return { ok: true, isOver: !answer.ok || answer.response.status !== 202 };
}

type Asked = { ok: true; response: Response } | { ok: false; code: string };

async function ask(method: string, path: string): Promise<Asked> {
  const token = readKept('token');
  if (token === undefined) return { ok: false, code: 'bad-token' };
  try {
    const response = await fetch(path, { method, headers: { Authorization: `Bearer ${token}` } });
    if (response.ok) return { ok: true, response };
    const problem: unknown = await response.json().catch(() => undefined);
    return { ok: false, code: codeOf(problem) };
  } catch {
    return { ok: false, code: 'link-lost' };
  }
}

function codeOf(problem: unknown): string {
  const code = typeof problem === 'object' && problem !== null && 'code' in problem && problem.code;
  return typeof code === 'string' ? code : 'internal';
}
