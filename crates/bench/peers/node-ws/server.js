// The work that liveloop-bench measures, on Node and `ws`.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { Strangers, Visitor } from "../strangers.js";

const strangers = new Strangers();
const server = createServer();
const sockets = new WebSocketServer({ server, path: "/ws" });

sockets.on("connection", (socket) => {
  const visitor = new Visitor((event, data) => socket.send(JSON.stringify({ event, data })));
  socket.on("message", (bytes) => {
    const { event, data, ref } = JSON.parse(bytes);
    const answer = strangers.handle(visitor, event, data);
    if (ref !== undefined) socket.send(JSON.stringify({ ack: ref, data: answer ?? {} }));
  });
  socket.on("close", () => strangers.gone(visitor));
  socket.on("error", () => socket.terminate());
  strangers.welcome(visitor);
});

server.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 0), backlog: 4096 }, () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
