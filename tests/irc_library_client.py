"""A client of IRC made with the library pydle: says what stands on its input, and prints what it hears.

`python -m tests.irc_library_client PORT NICK`; on the input, `say TEXT`, `nick NICK` and `msg NICK TEXT`.
"""

import asyncio
import sys
from contextlib import suppress
from typing import Any

import pydle

CHANNEL = "#lobby"


class Client(pydle.Client):  # type: ignore[misc]  # it has no types
    """Joins the lobby whenever it is connected, and comes back by itself."""

    RECONNECT_ON_ERROR = False  # the library gives up when the server is not there yet
    port = 0

    async def come(self) -> None:
        """Connect, as soon as the server is there."""
        while True:
            with suppress(OSError):
                await self.connect("127.0.0.1", self.port, tls=False)
                return
            await asyncio.sleep(0.2)

    async def on_disconnect(self, expected: bool) -> None:
        """Come back."""
        await super().on_disconnect(expected)
        await self.come()

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


async def obey(client: Client) -> None:
    """Do what stands on the input, until it ends."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        verb, _, rest = line.rstrip("\n").partition(" ")
        todo: dict[str, Any] = {
            "say": lambda rest=rest: client.message(CHANNEL, rest),
            "nick": lambda rest=rest: client.set_nickname(rest),
            "msg": lambda rest=rest: client.message(*rest.split(" ", 1)),
        }
        await todo[verb]()


async def main() -> None:
    """Connect, and go on until the input ends."""
    client = Client(sys.argv[2], realname="a library's")
    client.port = int(sys.argv[1])
    await client.come()
    await obey(client)


if __name__ == "__main__":
    asyncio.run(main())
