"""A chat on the library `websockets`: everyone is sent what anyone says; inside TLS, if it is given a key."""

import asyncio
import json
import os
import ssl

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
    tls = None
    if "CERTIFICATE" in os.environ:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(os.environ["CERTIFICATE"], os.environ["KEY"])
    async with serve(chat, "127.0.0.1", 0, ssl=tls) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
