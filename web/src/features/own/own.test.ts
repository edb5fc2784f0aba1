import { afterEach, expect, it, vi } from 'vitest';
import { keep, keepHere, keptNames, readKept, readKeptHere } from '../../lib/kept';
import { download, erase, isKnownHere } from './own';

const asked = vi.fn<typeof fetch>();

afterEach(() => {
  vi.unstubAllGlobals();
  asked.mockReset();
  for (const name of keptNames('')) keep(name, undefined);
  keepHere('call', undefined);
});

function answers(...responses: (Response | Error)[]): void {
  for (const response of responses) {
    if (response instanceof Response) asked.mockResolvedValueOnce(response);
    else asked.mockRejectedValueOnce(response);
  }
  vi.stubGlobal('fetch', asked);
}

function known(): void {
  keep('token', 'mine');
  keep('draft.room', 'half a sentence');
  keepHere('call', 'the call of this window');
}

function problem(status: number, code: string): Response {
  return Response.json({ code }, { status });
}

it('asks with the token of this browser, and saves the file whole', async () => {
  known();
  answers(new Response('{"messages":[]}'));
  const saved: Blob[] = [];
  expect(await download((file) => saved.push(file))).toEqual({ ok: true, isOver: true });
  expect(await saved[0]?.text()).toBe('{"messages":[]}');
  expect(asked.mock.calls[0]).toEqual([
    '/api/users/me/export',
    { method: 'GET', headers: { Authorization: 'Bearer mine' } },
  ]);
  expect(readKept('token')).toBe('mine');
});

it('half a file is not saved', async () => {
  known();
  const broken = new ReadableStream({
    pull(controller) {
      controller.error(new Error('the connection is lost'));
    },
  });
  answers(new Response(broken));
  const save = vi.fn();
  expect(await download(save)).toEqual({ ok: false, code: 'link-lost' });
  expect(save).not.toHaveBeenCalled();
});

it.each([
  [204, true],
  [202, false],
])('erased (%i), this browser keeps nothing of the visitor', async (status, isOver) => {
  known();
  answers(new Response(null, { status }));
  expect(await erase()).toEqual({ ok: true, isOver });
  expect(asked.mock.calls[0]?.[1]?.method).toBe('DELETE');
  expect(keptNames('')).toEqual([]);
  expect(readKeptHere('call')).toBeUndefined();
  expect(isKnownHere()).toBe(false);
});

it('whom the server does not know any more this browser forgets too', async () => {
  known();
  answers(problem(401, 'bad-token'));
  expect(await erase()).toEqual({ ok: true, isOver: true });
  expect(keptNames('')).toEqual([]);
});

it('what has not been done is said, and nothing is forgotten', async () => {
  known();
  answers(
    problem(503, 'store-unavailable'),
    new Error('no network'),
    new Response('', { status: 500 }),
  );
  for (const code of ['store-unavailable', 'link-lost', 'internal']) {
    expect(await erase()).toEqual({ ok: false, code });
  }
  expect(readKept('token')).toBe('mine');
  expect(keptNames('')).toContain('draft.room');
});
