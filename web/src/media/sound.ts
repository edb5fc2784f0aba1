// Everything the page itself plays or measures with Web Audio: the two-note chime, the speaker test and
// the loudness of a track. One audio context, made at the first need and put to sleep when unused.
let shared: AudioContext | undefined;
let users = 0;

function context(): AudioContext | undefined {
  if (typeof AudioContext === 'undefined') return undefined;
  shared ??= new AudioContext();
  if (shared.state === 'suspended') void shared.resume().catch(() => undefined);
  return shared;
}

function release(): void {
  users -= 1;
  if (users === 0) void shared?.suspend().catch(() => undefined);
}

interface Note {
  frequency_hz: number;
  at_s: number;
  length_s: number;
}

export function playChime(): void {
  play([
    { frequency_hz: 587.3, at_s: 0, length_s: 0.35 },
    { frequency_hz: 880, at_s: 0.14, length_s: 0.5 },
  ]);
}

/** A short rising phrase on the chosen speaker, where the browser lets one choose. */
export function playSpeakerTest(speakerId: string | undefined): void {
  const audio = context() as (AudioContext & { setSinkId?(id: string): Promise<void> }) | undefined;
  const notes = [392, 494, 587, 784].map((frequency_hz, i) => ({
    frequency_hz,
    at_s: i * 0.16,
    length_s: 0.4,
  }));
  const chosen = audio?.setSinkId?.(speakerId ?? '') ?? Promise.resolve();
  void chosen.catch(() => undefined).then(() => play(notes));
}

function play(notes: readonly Note[]): void {
  const audio = context();
  if (!audio) return;
  users += 1;
  const end_s = Math.max(...notes.map((note) => note.at_s + note.length_s));
  for (const { frequency_hz, at_s, length_s } of notes) {
    const oscillator = audio.createOscillator();
    const gain = audio.createGain();
    const start = audio.currentTime + 0.02 + at_s;
    oscillator.type = 'sine';
    oscillator.frequency.value = frequency_hz;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.12, start + 0.015);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + length_s);
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(start);
    oscillator.stop(start + length_s);
  }
  setTimeout(release, (end_s + 0.2) * 1000);
}

/** Calls `onLevel` with the loudness of a track, 0 to 1, once a frame, until stopped. */
export function measureLevel(
  track: MediaStreamTrack,
  onLevel: (level: number) => void,
): () => void {
  const audio = context();
  if (!audio) return () => undefined;
  users += 1;
  const source = audio.createMediaStreamSource(new MediaStream([track]));
  const analyser = audio.createAnalyser();
  analyser.fftSize = 512;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let level = 0;
  let frame = requestAnimationFrame(function tick() {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    // Decibels from -60 (silence) to -12 (loud speech), falling more slowly than they rise.
    const loud = Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-9) + 60) / 48));
    level = Math.max(loud, level * 0.9);
    onLevel(level);
    frame = requestAnimationFrame(tick);
  });
  return () => {
    cancelAnimationFrame(frame);
    source.disconnect();
    onLevel(0);
    release();
  };
}
