// @ts-check
// What runs inside a page before its own scripts. The product has no hooks for tests: these look at it
// from the browser's side only, or take the place of hardware that a machine has or lacks.

/** Collects the peer connections, what moved without being asked to, and refusals by the content policy. */
export function watchPage() {
  const seen = { peers: [], shift: 0, shifts: [], refusals: [] };
  Object.assign(window, { seenByTest: seen });

  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(configuration) {
      super(configuration);
      seen.peers.push(this);
    }
  };

  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      seen.shift += entry.value;
      const moved = entry.sources.map(({ node }) => node?.className || node?.nodeName || '?');
      seen.shifts.push(`${entry.value.toFixed(4)} ${moved.join(', ')}`);
    }
  }).observe({ type: 'layout-shift', buffered: true });

  document.addEventListener('securitypolicyviolation', (event) => {
    seen.refusals.push(`${event.violatedDirective}: ${event.blockedURI}`);
  });
}

/** The first connection understands no answer, and nothing mends it. */
export function breakFirstConnection() {
  const Real = window.RTCPeerConnection;
  let isFirst = true;
  window.RTCPeerConnection = class extends Real {
    isBroken = isFirst;

    constructor(configuration) {
      super(configuration);
      isFirst = false;
    }

    setRemoteDescription(description) {
      return this.isBroken
        ? Promise.reject(new DOMException('broken', 'OperationError'))
        : super.setRemoteDescription(description);
    }
  };
}

/** A computer that has neither camera nor microphone. */
export function haveNoDevices() {
  const missing = () => Promise.reject(new DOMException('no device', 'NotFoundError'));
  Object.assign(MediaDevices.prototype, {
    getUserMedia: missing,
    enumerateDevices: () => Promise.resolve([]),
  });
}

/** A camera whose permission was refused; the microphone is lent as ever. */
export function refuseCamera() {
  const lend = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = function ask(constraints) {
    return constraints?.video
      ? Promise.reject(new DOMException('refused', 'NotAllowedError'))
      : lend.call(this, constraints);
  };
}

/** What comes in over the present call, summed up from the statistics of its peer connection. */
export async function readIncoming() {
  const live = window.seenByTest.peers.filter(
    ({ connectionState }) => connectionState !== 'closed',
  );
  const incoming = { peers: live.length, framesDecoded: 0, audioEnergy: 0 };
  for (const peer of live) {
    for (const report of (await peer.getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue;
      if (report.kind === 'video') incoming.framesDecoded += report.framesDecoded ?? 0;
      if (report.kind === 'audio') incoming.audioEnergy += report.totalAudioEnergy ?? 0;
    }
  }
  return incoming;
}

/** Walks through the conversation from its first line to its last, and comes back to where it was. */
export async function readLines() {
  const log = document.querySelector('[role="log"]');
  if (!log) return [];
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => resolve(undefined)));
  const before = log.scrollTop;
  const lines = new Map();
  // Older ones may come in above while the first are in sight.
  for (let height = -1; height !== log.scrollHeight; ) {
    height = log.scrollHeight;
    log.scrollTop = 0;
    for (let wait = 0; wait < 20; wait += 1) await frame();
  }
  for (let top = 0; ; top += log.clientHeight / 2) {
    log.scrollTop = top;
    await frame();
    await frame();
    for (const line of log.querySelectorAll('[data-line]')) {
      const words = line.querySelector('p [dir="auto"]')?.closest('p');
      if (words) lines.set(line.getAttribute('data-line'), words.innerText);
    }
    if (top >= log.scrollHeight - log.clientHeight) break;
  }
  log.scrollTop = before;
  return [...lines.values()];
}
