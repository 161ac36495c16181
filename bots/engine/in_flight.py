"""What bots have begun to do, and a script does not wait for at once."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

import gevent
from gevent.pool import Group

from bots.engine.bot import Bot
from bots.scenario.model import Actor

if TYPE_CHECKING:
    Task: TypeAlias = gevent.Greenlet[[], str | None]

# Done tasks are forgotten when there are at least so many.
_MANY = 100


class InFlight:
    """Tasks that have begun and may not have ended. What occupies a bot, or a name, comes after what did before."""

    def __init__(self, group: Group) -> None:
        self._group = group  # in which all tasks are, those of other parts of the script too
        self._tasks: list[Task] = []
        self._many = _MANY
        self._last: dict[Bot | str, Task] = {}  # by the bot or name that it occupies, or did
        self._names: dict[Actor, set[str]] = {}  # that an actor has, had, or will have

    def note_names(self, actor: Actor, names: Iterable[str]) -> set[str]:
        """Note that an actor has these names, gives them up, or takes them; return all such names of the actor."""
        known = self._names.setdefault(actor, set())
        known.update(names)
        return known

    def occupying(self, keys: Iterable[Bot | str]) -> "tuple[Task, ...]":
        """Return what occupies any of these bots and names."""
        return tuple(task for key in keys if (task := self._last.get(key)) is not None and not task.dead)

    def begin(self, do: Callable[[], str | None], occupied: Iterable[Bot | str]) -> "Task":
        """Begin to do something; `do` may wait."""
        task: Task = self._group.spawn(do)
        if len(self._tasks) >= self._many:
            self._forget_done()
        self._tasks.append(task)
        self._last.update(dict.fromkeys(occupied, task))
        return task

    def wait(self) -> None:
        """Wait until everything is done. What went wrong unexpectedly is raised."""
        gevent.joinall(self._tasks, raise_error=True)
        self._tasks.clear()
        self._last.clear()
        self._names.clear()

    def _forget_done(self) -> None:
        gevent.joinall([task for task in self._tasks if task.dead], raise_error=True)
        self._tasks = [task for task in self._tasks if not task.dead]
        self._many = max(_MANY, 2 * len(self._tasks))
