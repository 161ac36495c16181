"""Nicks from elsewhere, made such that a server takes them and a script can call them by name."""

import re
from collections.abc import Iterable
from itertools import count

from bots.scenario.cast import not_a_name
from geventchat.protocol import names
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import Limits
from geventchat.protocol.text import clean

_MAX_CHARS = Limits().max_name


class LegalNames:
    """Gives out names, no two of which are the same to a server, or look the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._looks: set[str] = set()

    def give(self, wish: str) -> str:
        """Return a legal name that nobody has, as near as possible to what is wished for."""
        base = _mended(wish)
        for number in count(1):
            suffix = f"_{number}" if number > 1 else ""
            name = base[: _MAX_CHARS - len(suffix)] + suffix
            if self.give_exactly(name):
                return name
        raise AssertionError("there is always one number more")

    def give_exactly(self, wish: str) -> bool:
        """Give out just this name, if it is legal and nobody has it; return whether it was."""
        try:
            shown, key = names.nick(wish, _MAX_CHARS)
        except Refused:
            return False
        if shown != wish or key in self._taken or names.skeleton(shown) in self._looks or not_a_name(wish):
            return False
        self._taken.add(key)
        self._looks.add(names.skeleton(shown))
        return True


def one_to_one(nicks: Iterable[str], legal: LegalNames) -> dict[str, str]:
    """Return a name for each nick: itself where that is possible, and never one name for two nicks."""
    wishes = list(dict.fromkeys(nicks))
    kept = {nick: nick for nick in wishes if legal.give_exactly(nick)}
    return kept | {nick: legal.give(nick) for nick in wishes if nick not in kept}


def _mended(nick: str) -> str:
    """Return a nick without what no name can hold; it may still be taken, or reserved."""
    text = "".join(char if names.key(char) and char != ":" else "_" for char in clean(nick).replace(" ", "_"))
    if text.startswith(("*", "/", "{")):
        text = "_" + text[1:]
    text = text[:_MAX_CHARS]
    while len(names.key(text)) > _MAX_CHARS:  # one character may be several once its case is folded
        text = text[:-1]
    try:
        return names.nick(text, _MAX_CHARS)[0]
    except Refused:
        return re.sub(r"\W", "_", text, flags=re.ASCII) or "_"
