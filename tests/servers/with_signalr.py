"""A chat as a hub of SignalR: JSON with 0x1e behind it, several of them in one message; signs of life come unasked."""

import asyncio
import json
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast, serve

_here: dict[ServerConnection, str] = {}
_PING: dict[str, Any] = {"type": 6}


def _records(*values: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(value)}\x1e" for value in values)


async def chat(connection: ServerConnection) -> None:
    await connection.recv()
    await connection.send(_records({}, _PING))
    try:
        async for text in connection:
            for record in str(text).split("\x1e"):
                call: dict[str, Any] = json.loads(record) if record else _PING
                if call.get("target") == "Join":
                    _here[connection] = call["arguments"][0]
                elif call.get("target") == "Send":
                    arguments = [_here[connection], call["arguments"][0]]
                    broadcast(_here, _records({"type": 1, "target": "ReceiveMessage", "arguments": arguments}, _PING))
                if "invocationId" in call:
                    done = {"type": 3, "invocationId": call["invocationId"], "result": None}
                    await connection.send(_records(done))
    finally:
        _here.pop(connection, None)


async def main() -> None:
    async with serve(chat, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
