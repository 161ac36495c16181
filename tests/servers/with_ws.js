// A chat on Node's ws, with rooms: one can be in several.
const { WebSocketServer } = require("ws");

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("listening", () => console.log(server.address().port));
server.on("connection", (connection) => {
  connection.rooms = new Set();
  connection.on("message", (data) => {
    const asked = JSON.parse(data);
    if (asked.type === "join") {
      connection.nick = asked.nick;
      connection.rooms.add(asked.room);
      connection.send(JSON.stringify({ type: "joined", room: asked.room }));
    } else if (asked.type === "leave") {
      connection.rooms.delete(asked.room);
    } else if (asked.type === "ping") {
      connection.send(JSON.stringify({ type: "pong", token: asked.token }));
    } else {
      const told = JSON.stringify({ type: "chat", room: asked.room, nick: connection.nick, text: asked.text });
      for (const one of server.clients) {
        if (one.rooms.has(asked.room)) one.send(told);
      }
    }
  });
});
