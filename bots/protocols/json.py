"""JSON Lines, as in `geventchat.dialects.json`."""

from collections.abc import Iterator

from bots.protocols.base import Heard
from geventchat.commands import commands
from geventchat.dialects import json_client


class Json:
    """The json dialect: everything has its own message, and every event its id."""

    in_lines = True
    answers_pings = True
    several_rooms = True
    gives_ids = True
    catches_up = True
    tells_refusals = True
    pause_s = 0.0

    def __init__(self) -> None:
        self._reader = json_client.MessageReader()

    def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
        """Return what is sent first."""
        return json_client.encode(commands.Hello(nick=nick, room=room, after=after, token=token))

    def encode(self, command: commands.AnyCommand) -> bytes:
        """Return a command as one line."""
        return json_client.encode(command)

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what bytes from the server mean."""
        self._reader.receive(data)
        while (message := self._reader.next_message()) is not None:
            yield message

    def cannot_say(self, text: str) -> str:
        """Return why a text cannot be said: every text can."""
        del text
        return ""
