// English: the studio, and everything about cameras and microphones.

import type { Mode } from '../../../protocol';
import type { Browser, Device, MediaProblem } from '../../devices';

const deviceName: Record<Device, string> = { camera: 'camera', microphone: 'microphone' };

const allowIn: Record<Browser, (device: string) => string> = {
  chrome: (device) =>
    `Click the icon to the left of the address, allow the ${device}, then press Try again.`,
  edge: (device) => `Click the lock beside the address, allow the ${device}, then press Try again.`,
  firefox: (device) =>
    `Click the crossed-out ${device} beside the address, clear the block, then press Try again.`,
  safari: (device) =>
    `Open Safari › Settings for this website, allow the ${device}, then press Try again.`,
  ios: (device) =>
    `Open Settings › Apps › your browser, allow the ${device}, then come back and press Try again.`,
  android: (device) =>
    `Tap the icon beside the address, then Permissions, allow the ${device}, and press Try again.`,
  other: (device) =>
    `Allow the ${device} for this site in your browser's settings, then press Try again.`,
};

export const studio = {
  title: 'Studio',
  heading: 'Ready when you are',
  modeLabel: 'How would you like to talk?',
  modes: { video: 'Video', audio: 'Voice', text: 'Text' } satisfies Record<Mode, string>,
  preview: 'Your picture',
  previewOff: 'Your camera is off',
  previewAsking: 'Your browser is asking for permission. Press Allow to see yourself.',
  previewVoice: 'Voice only. Nobody sees you.',
  previewText: 'Text only. No camera, no microphone.',
  nameLabel: 'What should they call you?',
  namePlaceholder: 'Stranger',
  nameHint: 'Optional. Any name will do.',
  camera: 'Camera',
  microphone: 'Microphone',
  speaker: 'Speaker',
  speakerTest: 'Play a test tone',
  systemDevice: 'System default',
  noDevice: {
    camera: 'No camera found',
    microphone: 'No microphone found',
  } satisfies Record<Device, string>,
  deviceNumber: (kind: string, number: number) => `${kind} ${number}`,
  level: 'Microphone level',
  levelHint: 'Speak: the bar should move.',
  levelMuted: 'Your microphone is muted.',
  start: 'Start',
  startHint: {
    video: 'They will see and hear you as soon as you are connected.',
    audio: 'They will hear you as soon as you are connected.',
    text: 'You will write to each other.',
  } satisfies Record<Mode, string>,
  startWithout: {
    both: 'Neither camera nor microphone is on. You can start, and will see and hear them.',
    camera: 'Your camera is not on. They will only hear you.',
    microphone: 'Your microphone is not on. They will not hear you.',
  },
  tryAgain: 'Try again',
  goOnWithText: 'Go on with text',
  goOnWithout: 'Go on without',
  goOnWithVoice: 'Go on with voice',
  noCalls: 'This browser cannot make video or voice calls. Text works.',
  problem: (problem: MediaProblem, device: Device, browser: Browser): string => {
    const name = deviceName[device];
    switch (problem) {
      case 'blocked':
        return `Your ${name} is blocked for this site. ${allowIn[browser](name)}`;
      case 'missing':
        return `No ${name} was found. Plug one in and press Try again.`;
      case 'taken':
        return `Your ${name} is in use by another program. Close that program, then press Try again.`;
      case 'unfit':
        return `The ${name} you chose is not available. Choose another one.`;
      case 'unplugged':
        return `Your ${name} was disconnected. Plug it in again and press Try again.`;
      case 'insecure':
        return `Browsers only lend the ${name} to secure pages. Open this site with https:// in front.`;
      case 'unsupported':
        return `This browser cannot use a ${name}. A current Chrome, Edge, Firefox or Safari can.`;
      case 'unknown':
        return `Your ${name} did not start. Unplug it, plug it in again, and press Try again.`;
    }
  },
  /** Where one sentence says it for both devices. */
  problemOfBoth: (problem: MediaProblem, browser: Browser): string | undefined => {
    switch (problem) {
      case 'blocked':
        return `Your camera and microphone are blocked for this site. ${allowIn[browser]('camera and microphone')}`;
      case 'missing':
        return 'No camera and no microphone was found. Plug them in and press Try again.';
      case 'insecure':
        return 'Browsers only lend camera and microphone to secure pages. Open this site with https:// in front.';
      case 'unsupported':
        return 'This browser cannot use a camera or microphone. A current Chrome, Edge, Firefox or Safari can.';
      case 'taken':
      case 'unfit':
      case 'unplugged':
      case 'unknown':
        return undefined;
    }
  },
} as const;
