"""A chat on asyncio: in front of each message of JSON stands its length in four bytes. Nobody hears itself."""

import asyncio
import json

_here: dict[asyncio.StreamWriter, str] = {}


def framed(message: object) -> bytes:
    content = json.dumps(message).encode()
    return len(content).to_bytes(4) + content


async def chat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            asked = json.loads(await reader.readexactly(int.from_bytes(await reader.readexactly(4))))
            if asked["op"] == "login":
                _here[writer] = asked["as"]
                writer.write(framed({"op": "ok"}))
                continue
            for one in _here:
                if one is not writer:
                    one.write(framed({"op": "said", "by": _here[writer], "what": asked["what"]}))
    except (asyncio.IncompleteReadError, ConnectionError):
        _here.pop(writer, None)
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(chat, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
