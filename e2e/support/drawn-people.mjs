// @ts-check
// Drawn people in front of the camera, for screenshots: a test pattern shows nothing of what the product is
// for. In the manner of the drawings on the start page. Sound still comes from the fake microphone.

const curls = [
  [64, 78, 15],
  [62, 58, 16],
  [76, 42, 17],
  [98, 35, 18],
  [121, 41, 17],
  [136, 57, 16],
  [137, 78, 15],
];
const curl = ([x, y, r]) =>
  `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;

/** Colours, and the hair behind and before the face as paths in a square of 200. */
export const people = {
  Ada: {
    room: ['#8a5836', '#5b3520'],
    lamp: '#f2b56b',
    skin: '#8a5638',
    shade: '#6f4129',
    shirt: '#f3e3c8',
    hair: '#2a1a14',
    behind: curls.map(curl).join(''),
    before: 'M66 72c4-22 18-30 34-30s30 8 34 30c-20-14-46-14-68 0z',
  },
  Mika: {
    room: ['#356a7a', '#1d424f'],
    lamp: '#9fdbe8',
    skin: '#f0c6a2',
    shade: '#d8a783',
    shirt: '#26343f',
    hair: '#8d4529',
    behind:
      'M54 98c-6-52 22-68 46-68s52 16 46 68c0 22 7 38 4 54c-10 9-26 8-36 2V82H86v72c-10 6-26 7-36-2c-3-16 4-32 4-54z',
    before: 'M62 88c-2-36 18-48 39-48s39 10 37 44c-15-3-28-11-36-24-8 13-22 23-40 28z',
  },
  Noor: {
    room: ['#5c4a78', '#392c50'],
    lamp: '#d9c2f5',
    skin: '#c68a5e',
    shade: '#a86f47',
    shirt: '#d2664a',
    hair: '#16120f',
    behind: 'M60 92c-4-44 16-62 40-62s44 18 40 62c-2 12-8 10-10-2H70c-2 12-8 14-10 2z',
    before: 'M64 78c0-30 16-40 36-40s36 10 36 40c-10-14-22-20-36-20s-26 6-36 20z',
  },
};

/**
 * Runs in the page before its own scripts.
 * @param {{ look: typeof people['Ada'], isUpright: boolean }} manner upright as a phone is held, or 16:9
 */
export function sitBeforeCamera({ look, isUpright }) {
  const lend = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function ask(constraints) {
    const stream = await lend.call(this, constraints);
    const [pattern] = stream.getVideoTracks();
    if (!pattern) return stream;
    pattern.stop();
    const track = film();
    const settings = pattern.getSettings();
    track.getSettings = () => settings;
    return new MediaStream([...stream.getAudioTracks(), track]);
  };

  const names = {
    videoinput: 'Built-in camera',
    audioinput: 'Built-in microphone',
    audiooutput: 'Built-in speakers',
  };
  const list = MediaDevices.prototype.enumerateDevices;
  MediaDevices.prototype.enumerateDevices = async function listNamed() {
    const all = await list.call(this);
    return all.map(({ kind, deviceId }) => ({ kind, deviceId, label: deviceId && names[kind] }));
  };

  function film() {
    const size = isUpright ? { width: 720, height: 1280 } : { width: 1280, height: 720 };
    const canvas = Object.assign(document.createElement('canvas'), size);
    const pen = canvas.getContext('2d');
    if (!pen) throw new Error('no canvas');
    setInterval(() => draw(pen, performance.now() / 1000), 66);
    const [track] = canvas.captureStream(15).getVideoTracks();
    // Drawn lines are to stay sharp, rather than the movement smooth.
    track.contentHint = 'detail';
    return track;
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number} at_s
   */
  function draw(pen, at_s) {
    const fill = (colour, path) => {
      pen.fillStyle = colour;
      pen.fill(new Path2D(path));
    };
    pen.setTransform(3.6, 0, 0, 3.6, isUpright ? 0 : 280, 0);
    const wall = pen.createLinearGradient(0, 0, 0, isUpright ? 360 : 200);
    wall.addColorStop(0, look.room[0]);
    wall.addColorStop(1, look.room[1]);
    pen.fillStyle = wall;
    pen.fillRect(-90, 0, 380, 400);
    const glow = pen.createRadialGradient(190, 46, 6, 190, 46, 90);
    glow.addColorStop(0, `${look.lamp}cc`);
    glow.addColorStop(0.2, `${look.lamp}44`);
    glow.addColorStop(1, `${look.lamp}00`);
    pen.fillStyle = glow;
    pen.fillRect(-90, 0, 380, 400);
    fill(
      'rgb(0 0 0 / 0.16)',
      'M-80 128h84v72h-84zM-60 92h12v36h-12zM-45 98h9v30h-9zM-33 88h14v40h-14z',
    );

    pen.translate(100 + Math.sin(at_s) * 1.5, (isUpright ? 232 : 204) + Math.sin(at_s * 1.7) * 0.8);
    pen.scale(0.9, 0.9);
    pen.translate(-100, -200);
    fill(look.hair, look.behind);
    fill(look.shade, 'M84 112h32v34c0 20-32 20-32 0z');
    fill(look.shirt, 'M24 204c2-44 32-58 60-60 4 12 28 12 32 0 28 2 58 16 60 60l9 200H15z');
    pen.fillStyle = look.skin;
    pen.beginPath();
    pen.ellipse(100, 90, 35, 42, 0, 0, 7);
    pen.fill();
    fill(
      'rgb(229 115 79 / 0.2)',
      'M71 104a7 5 0 1 0 14 0a7 5 0 1 0-14 0zM115 104a7 5 0 1 0 14 0a7 5 0 1 0-14 0z',
    );
    fill(look.hair, look.before);
    fill('#20140f', 'M82 90a4 5 0 1 0 8 0a4 5 0 1 0-8 0zM110 90a4 5 0 1 0 8 0a4 5 0 1 0-8 0z');
    fill('#7a2626', 'M87 111c6 3 20 3 26 0-2 12-24 12-26 0z');
    pen.lineCap = 'round';
    pen.lineWidth = 2.6;
    pen.strokeStyle = '#20140f';
    pen.stroke(new Path2D('M79 79c4-3 9-3 12-1M109 78c4-2 9-2 12 1'));
    pen.strokeStyle = look.shade;
    pen.stroke(new Path2D('M100 92c3 6 3 9-2 10'));
  }
}
