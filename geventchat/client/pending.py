"""What was sent and not acknowledged: it is sent again, once, after a lost connection."""

import itertools
from dataclasses import dataclass

from geventchat.commands import commands

Whisper = commands.Whisper | commands.WhisperBack
Spoken = commands.Say | commands.Act | Whisper


@dataclass(slots=True)
class _Message:
    command: Spoken
    sent: bool


class Pending:
    """Messages that the server has not acknowledged yet, under refs that begin with `prefix`, which nobody else uses.

    Sent again with its ref, a message is stored once whether or not the first try arrived. A whisper is not stored, and
    so is not repeated when it may have arrived.
    """

    def __init__(self, prefix: str) -> None:
        self._refs = (f"{prefix}-{number}" for number in itertools.count(1))
        self._messages: dict[str, _Message] = {}

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, command: Spoken, *, sent: bool) -> Spoken:
        """Give a message its ref and keep it; `sent` says that it is on its way to the server."""
        command.ref = next(self._refs)
        self._messages[command.ref] = _Message(command, sent)
        return command

    def settle(self, ref: str | None) -> Spoken | None:
        """Forget a message because the server has stored or refused it, and return it; None if it is not ours."""
        message = self._messages.pop(ref or "", None)
        return message.command if message else None

    def unacknowledged(self) -> list[Spoken]:
        """Return the messages in the order in which they were said."""
        return [message.command for message in self._messages.values()]

    def lose(self) -> list[Whisper]:
        """Forget, and return, the whispers that may or may not have arrived before the connection was lost."""
        sent = [message.command for message in self._messages.values() if message.sent]
        whispers = [command for command in sent if isinstance(command, Whisper)]
        for whisper in whispers:
            self.settle(whisper.ref)
        return whispers

    def resend(self) -> list[Spoken]:
        """Return what to send now that the connection is back."""
        for message in self._messages.values():
            message.sent = True
        return self.unacknowledged()
