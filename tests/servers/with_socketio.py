"""A chat on Socket.IO, as python-socketio has it: a room, and events with arguments."""

import socket

import socketio
import uvicorn

_chat = socketio.AsyncServer(async_mode="asgi")
_nicks: dict[str, str] = {}


async def join(sid: str, asked: dict[str, str]) -> None:
    _nicks[sid] = asked["nick"]
    await _chat.enter_room(sid, "everyone")
    await _chat.emit("joined", asked["nick"], to=sid)


async def message(sid: str, text: str) -> None:
    await _chat.emit("message", {"nick": _nicks[sid], "text": text}, room="everyone")


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    _chat.on("join", join)
    _chat.on("message", message)
    app = socketio.ASGIApp(_chat)
    uvicorn.Server(uvicorn.Config(app, log_level="error", ws="websockets-sansio")).run([listener])
