"""What Tab makes of a line: each press puts the next of the nicks, commands or rooms that fit in place."""

import re
from itertools import islice

from geventchat.client.terminal import user_input
from geventchat.client.terminal.status import Status
from geventchat.commands.table import TYPED

# What is offered at once; a line has no room for more.
CHOICES = 20

# Where more can stand behind a name, one with spaces needs quotes.
_BEFORE_MORE = [
    name for name, info in TYPED.items() if len(info.fields) > 1 and info.typed.split()[1] in ("NAME", "ID")
]
_NAMES_FOLLOW = re.compile(rf"/(?:{'|'.join(_BEFORE_MORE)}) +$", re.IGNORECASE)
_OPENING = "([{<\"'«„“@"
_ROOMS_FOLLOW = re.compile(r"/(?:join|room) +$", re.IGNORECASE)


def candidates(before: str, known: Status) -> tuple[str, list[str]]:
    """Return what of the text before the cursor stays, and what can follow it, the likeliest first.

    Nicks stand in the order of who spoke last; at the begin of a line a nick is spoken to: `alice: `. What opens
    before a nick, as in `(ali`, stays, and most likely something closes after it.
    """
    head, space, word = before.rpartition(" ")
    head += space
    if not head and word.startswith("/"):
        return "", [f"/{name} " for name in user_input.COMMANDS if name.startswith(word[1:].lower())]
    if _ROOMS_FOLLOW.match(head):
        return head, _beginning(word, known.rooms)
    if _NAMES_FOLLOW.match(head):
        nicks = _beginning(word.removeprefix('"'), known.nicks)
        return head, [f'"{nick}" ' if " " in nick else f"{nick} " for nick in nicks]
    nicks = _beginning(word, known.nicks)
    name = word.lstrip(_OPENING)
    if not nicks and name:
        return head + word.removesuffix(name), _beginning(name, known.nicks)
    return head, [nick + (" " if head else ": ") for nick in nicks]


def _beginning(word: str, names: tuple[str, ...]) -> list[str]:
    wanted = word.casefold()
    return [name for name in names if name.casefold().startswith(wanted)]


class Completion:
    """One run of Tab presses: what is possible, and which of it stands in the line."""

    def __init__(self) -> None:
        self._head = ""
        self._words: list[str] = []
        self._index = 0

    def press(self, before: str, known: Status, step: int = 1) -> str | None:
        """Return what is to stand before the cursor now; None if nothing fits. `step` is -1 to go back."""
        if self._stands(before):
            self._index = (self._index + step) % len(self._words)
        else:
            self._head, self._words = candidates(before, known)
            self._index = 0 if step > 0 else len(self._words) - 1
        return self._head + self._words[self._index] if self._words else None

    def choices(self, before: str) -> list[tuple[str, bool]]:
        """Return what can be chosen from, and which of it is, if the text before the cursor is one of several.

        If there are many, only a few around the chosen one are returned.
        """
        if len(self._words) < 2 or not self._stands(before):
            return []
        first = self._index - self._index % CHOICES
        shown = islice(enumerate(self._words), first, first + CHOICES)
        return [(word.strip(), number == self._index) for number, word in shown]

    def _stands(self, before: str) -> bool:
        return bool(self._words) and before == self._head + self._words[self._index]
