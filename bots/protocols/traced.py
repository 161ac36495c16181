"""A protocol's file as it is spoken, frame by frame, each beside what it was understood as: for its author. No I/O."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from bots.protocols.base import Heard, shown
from bots.protocols.described import Described, of_another
from bots.protocols.description import Await, Description, Named, Send
from bots.protocols.patterns import Names
from geventchat.protocol import events, replies
from geventchat.protocol.text import decode


class Frame(NamedTuple):
    """What was sent, or came, made safe to show, and what it means."""

    sent: bool
    content: str
    meaning: str
    understood: bool


class Traced(Described):
    """One connection; `note` is told of each frame, both ways."""

    def __init__(self, description: Description, host: str, note: Callable[[Frame], None]) -> None:
        super().__init__(description, host)
        self._note = note
        self._sent: list[Frame] | None = None  # what is sent in answer to a frame, until that is noted

    def _content(self, message: Any, names: Names) -> bytes:
        content = super()._content(message, names)
        frame = Frame(True, shown(decode(content)), self._name_of(message), True)
        if self._sent is None:
            self._note(frame)
        else:
            self._sent.append(frame)
        return content

    def _understand(self, content: bytes) -> Iterator[Heard]:
        steps, answers = list(self._steps), self._answers
        known, self._sent = dict(self._names), []
        told = list(super()._understand(content))
        if len(steps) > len(self._steps) and isinstance(step := steps[0], Await):
            meaning, understood = step.pattern.name, True
        elif not told and self._answers != answers:
            meaning, understood = "answers", True
        else:
            meaning, understood = _meaning(told)
            if meaning == "ignore" and steps and isinstance(step := steps[0], Await):
                meaning += self._why_not(step.pattern, content, known)
        sent, self._sent = self._sent, None
        for frame in (Frame(False, shown(decode(content)), meaning, understood), *sent):
            self._note(frame)
        yield from told

    def _why_not(self, awaited: Named, content: bytes, known: Names) -> str:
        """Return why a frame that is ignored is not what is awaited, where it looks like it."""
        value = self._description.content.read(content)
        return f"; not {awaited.name}: {of_another(awaited, value, known)}" if awaited.pattern.match(value, {}) else ""

    def _name_of(self, message: Any) -> str:
        """Return under which key of the file a message stands."""
        description = self._description
        named = {"say": description.say, "ping": description.ping, "leave": description.leave}
        if any(isinstance(step, Send) and step.message is message for step in description.steps):
            return "join"
        return next((name for name, one in named.items() if one is message), "answers")


def as_bytes(data: bytes) -> str:
    """Return what a class sent or was sent, safe to show: bytes that are no text in hexadecimal."""
    try:
        return shown(data.decode())
    except UnicodeDecodeError:
        return data.hex(" ")


def in_words(told: list[Heard]) -> str:
    """Return what a class has understood."""
    return "; ".join(_in_words(one) for one in told) or "nothing"


def _in_words(heard: Heard) -> str:
    match heard:
        case events.Said() | replies.Pong():
            return _meaning([heard])[0]
        case replies.Welcome(nick=nick, room=room):
            return f"joined: {nick} in {room}"
        case replies.Error(message=message):
            return f"refused: {message}"
    return type(heard).__name__.lower()


def _meaning(told: list[Heard]) -> tuple[str, bool]:
    """Return what a frame means in words, and whether it means anything."""
    match told:
        case [events.Said(nick=nick, text=text, room=room, id=event_id)]:
            beside = f", id {event_id}" if event_id else ""
            return f"heard: in {room}, {nick} said {text!r}{beside}", True
        case [replies.Pong(token=token)]:
            return f"pong: {token}", True
        case [replies.Error(code="refused", message=message)]:
            return f"refused: {message}", True
        case [replies.Error(message=message)]:
            return message.partition(" fits no pattern: ")[2], False
    return "ignore", True
