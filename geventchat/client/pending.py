"""What was said and is not yet known to be stored: to be said again, once, after a lost connection."""

import itertools
from dataclasses import dataclass

from geventchat.commands import commands

Whisper = commands.Whisper | commands.WhisperBack
Spoken = commands.Say | commands.Act | Whisper


@dataclass(slots=True)
class _Line:
    command: Spoken
    sent: bool


class Pending:
    """Messages by their `ref`, which nobody else uses: it begins with `prefix`.

    Said again with its ref, a message is stored once whether or not the first try arrived. A whisper is not stored, and
    so is not repeated when it may have arrived.
    """

    def __init__(self, prefix: str) -> None:
        self._refs = (f"{prefix}-{number}" for number in itertools.count(1))
        self._lines: dict[str, _Line] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, command: Spoken, *, sent: bool) -> Spoken:
        """Give a message its ref and keep it; `sent` says that it is on its way to the server."""
        command.ref = next(self._refs)
        self._lines[command.ref] = _Line(command, sent)
        return command

    def settle(self, ref: str | None) -> Spoken | None:
        """Forget a message because the server has stored or refused it, and return it."""
        line = self._lines.pop(ref or "", None)
        return line.command if line else None

    def lost(self) -> list[Whisper]:
        """Forget, and return, the whispers of which nobody knows whether they arrived before the connection broke."""
        doubtful = [line.command for line in self._lines.values() if line.sent]
        whispers = [command for command in doubtful if isinstance(command, Whisper)]
        for whisper in whispers:
            self.settle(whisper.ref)
        return whispers

    def again(self) -> list[Spoken]:
        """Return what is to be sent now that the connection is back, in the order in which it was said."""
        for line in self._lines.values():
            line.sent = True
        return [line.command for line in self._lines.values()]
