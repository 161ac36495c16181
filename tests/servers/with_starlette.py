"""A chat on Starlette, as with FastAPI: the nick stands in the path, and messages have numbers."""

import socket

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

_here: set[WebSocket] = set()
_said = 0


async def chat(connection: WebSocket) -> None:
    global _said
    await connection.accept()
    nick = connection.path_params["nick"]
    _here.add(connection)
    await connection.send_json({"event": "welcome"})
    try:
        while True:
            asked = await connection.receive_json()
            if asked["do"] == "ping":
                await connection.send_json({"event": "pong", "token": asked["token"]})
                continue
            _said += 1
            told = {"event": "message", "id": _said, "sender": {"name": nick}, "text": asked["text"]}
            for one in tuple(_here):
                await one.send_json(told)
    except WebSocketDisconnect:
        _here.discard(connection)


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    app = Starlette(routes=[WebSocketRoute("/ws/{nick}", chat)])
    uvicorn.Server(uvicorn.Config(app, log_level="error", ws="websockets-sansio")).run([listener])
