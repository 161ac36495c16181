"""A client of IRC made with the library pydle: says what stands on its input, and prints what it hears.

`python -m tests.irc_library_client PORT NICK`; on the input, `say TEXT`, `nick NICK` and `msg NICK TEXT`.
"""

import asyncio
import sys
from contextlib import suppress

import pydle

CHANNEL = "#lobby"


class Client(pydle.Client):  # type: ignore[misc]  # it has no types
    """Joins the lobby when it is connected; `lost` is set when it is not any more."""

    RECONNECT_ON_ERROR = False  # the library would try once, and not after a reset

    def __init__(self, nick: str) -> None:
        super().__init__(nick, realname="a library's")
        self.lost = asyncio.Event()

    async def handle_forever(self) -> None:
        """Hear the server until the connection ends, in whatever way."""
        with suppress(OSError):
            await super().handle_forever()
        self.lost.set()

    async def on_connect(self) -> None:
        """Enter the lobby."""
        await super().on_connect()
        await self.join(CHANNEL)

    async def on_join(self, channel: str, user: str) -> None:
        """Print who came in."""
        await super().on_join(channel, user)
        say("joined", channel, user)

    async def on_message(self, target: str, by: str, message: str) -> None:
        """Print what was said."""
        await super().on_message(target, by, message)
        say("message", target, by, message)

    async def on_nick_change(self, old: str, new: str) -> None:
        """Print a new name."""
        await super().on_nick_change(old, new)
        say("nick", old, new)


def say(*words: str) -> None:
    """Print a line, at once."""
    print(*words, flush=True)


async def obey(now: list[Client]) -> None:
    """Do what stands on the input, until it ends, with the client of that time."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        verb, _, rest = line.rstrip("\n").partition(" ")
        match verb:
            case "say":
                await now[-1].message(CHANNEL, rest)
            case "nick":
                await now[-1].set_nickname(rest)
            case "msg":
                await now[-1].message(*rest.split(" ", 1))


async def main() -> None:
    """Connect, and come back as often as the connection is lost, until the input ends."""
    now: list[Client] = []
    obeying = asyncio.create_task(obey(now))
    while not obeying.done():
        client = Client(sys.argv[2])
        try:
            await client.connect("127.0.0.1", int(sys.argv[1]), tls=False)
        except OSError:  # the server is not there yet
            await asyncio.sleep(0.2)
            continue
        now.append(client)
        await client.lost.wait()


if __name__ == "__main__":
    asyncio.run(main())
