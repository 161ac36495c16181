"""A chat on the library `websockets`: everyone who is connected is sent what anyone says."""

import asyncio
import json

from websockets.asyncio.server import ServerConnection, broadcast, serve

_here: dict[ServerConnection, str] = {}


async def chat(connection: ServerConnection) -> None:
    hello = json.loads(await connection.recv())
    _here[connection] = hello["user"]
    broadcast(_here, json.dumps({"type": "presence", "users": list(_here.values())}))
    await connection.send(json.dumps({"type": "hello", "user": hello["user"]}))
    try:
        async for text in connection:
            said = json.loads(text)
            if said["type"] == "msg":
                told = {"type": "msg", "from": _here[connection], "body": said["body"]}
                broadcast(_here, json.dumps(told))
    finally:
        del _here[connection]


async def main() -> None:
    async with serve(chat, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
