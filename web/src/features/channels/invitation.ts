// Links of invitation, as they are opened. Plain functions.
const fragment = /^#invite=([\w.~-]{1,128})$/;

/** The secret in the fragment of an address. */
export function invitationIn(hash: string): string | undefined {
  return fragment.exec(hash)?.[1];
}
