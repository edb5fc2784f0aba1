// The id by which the server knows a text again when it is sent once more: 96 random bits, after the time.
export function freshClientId(): string {
  const random = crypto.getRandomValues(new Uint32Array(3));
  return [Date.now(), ...random].map((part) => part.toString(36)).join('-');
}
