// Who waits and who is with whom: what the peers in JavaScript have in common. It knows no socket;
// a visitor brings `send(event, data)`.
import { randomUUID } from "node:crypto";

export class Visitor {
  id = randomUUID();
  partner = null;
  roomId = null;

  constructor(send) {
    this.send = send;
  }
}

export class Strangers {
  #waiting = new Set();

  welcome(visitor) {
    visitor.send("welcome", { socketId: visitor.id });
  }

  // Acts on one event; what it returns, if anything, is the answer to it.
  handle(visitor, event, data) {
    switch (event) {
      case "request-room":
        this.#leave(visitor, "next");
        this.#request(visitor);
        return;
      case "stop-call":
        if (data.roomId === undefined || data.roomId === visitor.roomId) {
          this.#leave(visitor, "stopped");
        }
        return;
      case "send-new-ice-candidates":
        visitor.partner?.send("new-ice-candidates", {
          candidate: data.candidate,
          roomId: visitor.roomId,
          remoteSocketId: visitor.id,
        });
        return;
      case "heartbeat":
        return { serverTime: new Date().toISOString() };
    }
  }

  gone(visitor) {
    this.#leave(visitor, "disconnected");
  }

  #leave(visitor, reason) {
    this.#waiting.delete(visitor);
    const { partner, roomId } = visitor;
    if (partner === null) return;
    visitor.partner = partner.partner = null;
    visitor.roomId = partner.roomId = null;
    partner.send("stop-by-remote-user", { roomId, reason });
  }

  #request(visitor) {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#waiting.add(visitor);
      return;
    }
    this.#waiting.delete(first);
    const roomId = randomUUID();
    for (const [one, other, initiator] of [
      [first, visitor, true],
      [visitor, first, false],
    ]) {
      one.partner = other;
      one.roomId = roomId;
      one.send("match-done", {
        message: "Connected to partner",
        roomId,
        initiator,
        mode: "video",
        remoteUserDetails: { socket: other.id, userId: other.id, userName: "Stranger" },
        commonInterests: [],
        iceServers: [],
        iceCandidatePoolSize: 0,
        relayOnly: false,
      });
    }
  }
}
