// The work that liveloop-bench measures, on Bun's own server.
import { Strangers, Visitor } from "../strangers.js";

const strangers = new Strangers();

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT ?? 0),
  fetch(request, server) {
    const isOurs = new URL(request.url).pathname === "/ws";
    if (isOurs && server.upgrade(request, { data: { visitor: null } })) return;
    return new Response("there is a WebSocket at /ws", { status: 404 });
  },
  websocket: {
    open(socket) {
      const send = (event, data) => socket.send(JSON.stringify({ event, data }));
      socket.data.visitor = new Visitor(send);
      strangers.welcome(socket.data.visitor);
    },
    message(socket, text) {
      const { event, data, ref } = JSON.parse(text);
      const answer = strangers.handle(socket.data.visitor, event, data);
      if (ref !== undefined) socket.send(JSON.stringify({ ack: ref, data: answer ?? {} }));
    },
    close(socket) {
      strangers.gone(socket.data.visitor);
    },
  },
});

console.log(`listening on http://127.0.0.1:${server.port}`);
