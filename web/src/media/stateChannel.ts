// The small channel beside picture and sound on which each side says what it has switched on. Knows nothing
// of tracks: a partner's word on them is all that it carries.
export interface Switches {
  microphone: boolean;
  camera: boolean;
}

const message_max = 200;

export class StateChannel {
  private readonly channel: RTCDataChannel;

  constructor(
    connection: RTCPeerConnection,
    private switches: Switches,
    onPartner: (switches: Switches) => void,
  ) {
    this.channel = connection.createDataChannel('state', { negotiated: true, id: 0 });
    this.channel.onopen = () => this.tell(this.switches);
    this.channel.onmessage = ({ data }) => {
      const partner =
        typeof data === 'string' && data.length < message_max ? parseSwitches(data) : undefined;
      if (partner) onPartner(partner);
    };
  }

  tell(switches: Switches): void {
    this.switches = switches;
    if (this.channel.readyState === 'open') this.channel.send(JSON.stringify(switches));
  }
}

function parseSwitches(text: string): Switches | undefined {
  try {
    const { microphone, camera } = JSON.parse(text) as Record<string, unknown>;
    if (typeof microphone === 'boolean' && typeof camera === 'boolean')
      return { microphone, camera };
  } catch {
    // Not ours: another client may use the channel as it likes.
  }
  return undefined;
}
