"""What actors have begun to do, and a script does not wait for at once."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

import gevent

from bots.engine.bot import Bot

if TYPE_CHECKING:
    Doing: TypeAlias = gevent.Greenlet[[], str | None]

# Done things are forgotten when there are at least so many.
_MANY = 100


class UnderWay:
    """Things that are being done. What occupies a bot, or a name, comes after what occupied it before."""

    def __init__(self) -> None:
        self._doings: list[Doing] = []
        self._many = _MANY
        self._last: dict[Bot | str, Doing] = {}  # by the bot or name that it occupies, or did
        self._names: dict[Bot, set[str]] = {}  # that a bot has, had, or will have

    def note_names(self, bot: Bot, names: Iterable[str]) -> set[str]:
        """Note that a bot has these names, gives them up, or takes them; return all such names of the bot."""
        known = self._names.setdefault(bot, set())
        known.update(names)
        return known

    def occupying(self, keys: Iterable[Bot | str]) -> "tuple[Doing, ...]":
        """Return what occupies any of these bots and names."""
        return tuple(doing for key in keys if (doing := self._last.get(key)) is not None and not doing.dead)

    def begin(self, do: Callable[[], str | None], occupied: Iterable[Bot | str]) -> "Doing":
        """Begin to do something; `do` may wait."""
        doing: Doing = gevent.spawn(do)
        if len(self._doings) >= self._many:
            self._forget_done()
        self._doings.append(doing)
        self._last.update(dict.fromkeys(occupied, doing))
        return doing

    def wait(self) -> None:
        """Wait until everything is done. What went wrong unexpectedly is raised."""
        gevent.joinall(self._doings, raise_error=True)
        self._doings.clear()
        self._last.clear()
        self._names.clear()

    def _forget_done(self) -> None:
        gevent.joinall([doing for doing in self._doings if doing.dead], raise_error=True)
        self._doings = [doing for doing in self._doings if not doing.dead]
        self._many = max(_MANY, 2 * len(self._doings))
