"""Exports that are one JSON document."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from bots.transcripts.entries import Entry
from bots.transcripts.log_text import LogText
from geventchat.protocol.errors import UsageError


@dataclass(frozen=True)
class JsonFormat:
    """An export whose document has one of several shapes that msgspec can read; it is a `LogFormat`.

    A shape names only what is needed, and something is required in it that no other export has. `entries` returns all
    that a document says, in its order.
    """

    name: str
    title: str
    shapes: tuple[Any, ...]
    entries: Callable[[Any], Iterator[Entry]]
    unit: str = "message"

    def score(self, log: LogText) -> int:
        """Return all of the text's characters if it has this shape, and 0 if it has not."""
        try:
            self._decode(log)
        except msgspec.MsgspecError:
            return 0
        return len(log.text)

    def read(self, log: LogText) -> Sequence[Entry]:
        """Return an entry for each message. Raises UsageError if the document has another shape."""
        try:
            return list(self.entries(self._decode(log)))
        except msgspec.MsgspecError as error:
            raise UsageError(f"this is no JSON as {self.title} writes it: {error}") from None

    def _decode(self, log: LogText) -> Any:
        *others, last = self.shapes
        for shape in others:
            with suppress(msgspec.MsgspecError):
                return msgspec.json.decode(log.text, type=shape)
        return msgspec.json.decode(log.text, type=last)
