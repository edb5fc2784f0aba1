// The work that liveloop-bench measures, on Node and Socket.IO: the same events in its own framing.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { Strangers, Visitor } from "../strangers.js";

const EVENTS = ["request-room", "stop-call", "send-new-ice-candidates", "heartbeat"];

const strangers = new Strangers();
const server = createServer();
// As its documentation advises where clients speak WebSocket alone and nothing is compressed.
const io = new Server(server, { transports: ["websocket"], serveClient: false });

io.on("connection", (socket) => {
  const visitor = new Visitor((event, data) => socket.emit(event, data));
  for (const event of EVENTS) {
    socket.on(event, (data, ack) => {
      const answer = strangers.handle(visitor, event, data);
      if (typeof ack === "function") ack(answer ?? {});
    });
  }
  socket.on("disconnect", () => strangers.gone(visitor));
  strangers.welcome(visitor);
});

server.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 0), backlog: 4096 }, () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
