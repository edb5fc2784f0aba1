// The words for cameras and microphones that both the media code and the catalogue of texts use.
export type Device = 'camera' | 'microphone';

/** What went wrong with one, as a problem that a person can do something about. */
export type MediaProblem =
  | 'blocked'
  | 'missing'
  | 'taken'
  | 'unfit'
  | 'insecure'
  | 'unsupported'
  | 'unplugged'
  | 'unknown';

/** Whose way of allowing a device is to be explained. */
export type Browser = 'chrome' | 'edge' | 'firefox' | 'safari' | 'ios' | 'android' | 'other';
