"""The work that liveloop-bench measures, on FastAPI and uvicorn (uvloop, httptools, websockets)."""

import os
import secrets
import socket
from dataclasses import dataclass, field
from datetime import datetime, timezone

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()


@dataclass(eq=False)
class Visitor:
    socket: WebSocket
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    partner: "Visitor | None" = None
    room_id: str | None = None

    async def send(self, event: str, data: dict) -> None:
        try:
            await self.socket.send_json({"event": event, "data": data})
        except (RuntimeError, WebSocketDisconnect):
            pass  # It has just gone; its own task will tell its partner.


# A dict keeps the order in which they came, and forgets one of them at once.
waiting: dict[Visitor, None] = {}


async def leave(visitor: Visitor, reason: str) -> None:
    waiting.pop(visitor, None)
    partner, room_id = visitor.partner, visitor.room_id
    if partner is None:
        return
    visitor.partner = partner.partner = None
    visitor.room_id = partner.room_id = None
    await partner.send("stop-by-remote-user", {"roomId": room_id, "reason": reason})


async def request(visitor: Visitor) -> None:
    first = next(iter(waiting), None)
    if first is None:
        waiting[visitor] = None
        return
    del waiting[first]
    room_id = secrets.token_urlsafe(16)
    for one, other in ((first, visitor), (visitor, first)):
        one.partner, one.room_id = other, room_id
    for one, other, initiator in ((first, visitor, True), (visitor, first, False)):
        await one.send(
            "match-done",
            {
                "message": "Connected to partner",
                "roomId": room_id,
                "initiator": initiator,
                "mode": "video",
                "remoteUserDetails": {
                    "socket": other.id,
                    "userId": other.id,
                    "userName": "Stranger",
                },
                "commonInterests": [],
                "iceServers": [],
                "iceCandidatePoolSize": 0,
                "relayOnly": False,
            },
        )


async def handle(visitor: Visitor, event: str, data: dict) -> dict:
    if event == "request-room":
        await leave(visitor, "next")
        await request(visitor)
    elif event == "stop-call":
        if data.get("roomId", visitor.room_id) == visitor.room_id:
            await leave(visitor, "stopped")
    elif event == "send-new-ice-candidates":
        if visitor.partner is not None:
            await visitor.partner.send(
                "new-ice-candidates",
                {
                    "candidate": data["candidate"],
                    "roomId": visitor.room_id,
                    "remoteSocketId": visitor.id,
                },
            )
    elif event == "heartbeat":
        now = datetime.now(timezone.utc)
        return {"serverTime": now.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    return {}


@app.websocket("/ws")
async def ws(websocket: WebSocket) -> None:
    await websocket.accept()
    visitor = Visitor(websocket)
    await visitor.send("welcome", {"socketId": visitor.id})
    try:
        while True:
            frame = await websocket.receive_json()
            answer = await handle(visitor, frame["event"], frame["data"])
            if "ref" in frame:
                await websocket.send_json({"ack": frame["ref"], "data": answer})
    except WebSocketDisconnect:
        pass
    finally:
        await leave(visitor, "disconnected")


if __name__ == "__main__":
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(os.environ.get("PORT", "0"))))
    listener.listen(4096)
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    # Nothing is compressed and nobody is pinged, as with every other peer.
    config = uvicorn.Config(
        app,
        log_level="warning",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        backlog=4096,
    )
    uvicorn.Server(config).run(sockets=[listener])
