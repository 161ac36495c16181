"""JSON Lines, as in `geventchat.dialects.json`."""

from collections.abc import Iterator
from typing import Any

from bots.protocols.base import ClientDialect, Heard, shown
from geventchat.commands import commands
from geventchat.dialects import json_client
from geventchat.protocol import events


class Json(ClientDialect):
    """The json dialect: everything has its own message, and every event its id."""

    answers_pings = True
    several_rooms = True
    gives_ids = True
    catches_up = True
    tells_refusals = True
    half_closes = False

    def __init__(self, host: str = "") -> None:
        super().__init__(host)
        self._reader = json_client.MessageReader()

    def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
        """Return what is sent first."""
        return json_client.encode(
            commands.Hello(nick=nick, room=room, after=after, token=token, password=self.password or None)
        )

    def encode(self, command: commands.AnyCommand) -> bytes:
        """Return a command as one line."""
        return json_client.encode(command)

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what bytes from the server mean."""
        self._reader.receive(data)
        while (message := self._reader.next_message()) is not None:
            _make_safe(message)
            yield message


def _make_safe(message: Heard) -> None:
    """Make all texts in a message safe to show."""
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if isinstance(value, str) and not value.isprintable():
            setattr(message, name, shown(value))
        elif isinstance(value, list | dict):
            setattr(message, name, _safe(value))


def _safe(value: Any) -> Any:
    match value:
        case str():
            return shown(value)
        case list():
            return [_safe(one) for one in value]
        case dict():
            return {shown(key): one for key, one in value.items()}
        case events.Event():
            _make_safe(value)
    return value
