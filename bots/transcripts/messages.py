"""What a message becomes that an export gives as a whole, with its time and who wrote it."""

from collections.abc import Sequence

from bots.transcripts import entries
from bots.transcripts.deletions import tells_of_deletion
from bots.transcripts.entries import Entry
from bots.transcripts.stamps import Stamp
from geventchat.protocol import events


class People:
    """Gives everybody one nick, and nobody's to another, however they are called at different times."""

    def __init__(self) -> None:
        self._nicks: dict[str, str] = {}
        self._taken: set[str] = set()

    def nick(self, identity: object, *names: str | None) -> str:
        """Return the nick of somebody: the first of the names that is not empty, with a number if another has it."""
        key = str(identity)
        if key not in self._nicks:
            base = next((name.strip() for name in names if name and name.strip()), f"user {key}")
            nick, number = base, 2
            while nick in self._taken:
                nick, number = f"{base} {number}", number + 1
            self._taken.add(nick)
            self._nicks[key] = nick
        return self._nicks[key]


def message(
    number: int,
    stamp: Stamp | None,
    nick: str,
    text: str,
    left_out: Sequence[str] = (),
    *,
    acted: bool = False,
    room: str = "",
) -> Entry:
    """Return the entry of a message: its lines become one; of one with no more than an attachment nothing is said.

    Nor is anything said where words stand in the place of one that was deleted.
    """
    if tells_of_deletion(text):
        return Entry(number, stamp, (), (*left_out, entries.DELETED), text)
    lines = text.splitlines()
    line = " ".join(part.strip() for part in lines if part.strip())
    breaks = (entries.LINE_BREAK,) * (sum(1 for part in lines if part.strip()) - 1)
    kind = events.Acted if acted else events.Said
    happened = () if left_out and not line else (kind("", "", room, nick, line),)
    return Entry(number, stamp, happened, (*left_out, *breaks), text)
