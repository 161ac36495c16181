"""What must survive a restart beside the events: records, which the log keeps, and which are read without any I/O.

A record is replaced, never altered, and counts from the moment at which it is changed. The change goes to the log with
what tells of it, in one batch: so nobody is told of it before it is safe. If it cannot be stored, it is undone.

Where others have changed the same record meanwhile, a change of some fields is made to what they have made of it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace


class Record(msgspec.Struct, tag_field="kind", kw_only=True, omit_defaults=True):
    """Something to be kept. Each kind is a class with a `tag`, and is named in `core.records`."""

    @property
    def key(self) -> str:
        """What it is found by; of each kind and key there is one."""
        raise NotImplementedError


def nothing() -> None:
    """Do nothing."""


class Change(NamedTuple):
    """A record that is there from now on in place of the one with its key; None for none any more.

    `undone` is called if that is taken back: it takes back what was done at once because of it. `fields` are those that
    the change is about, where it is not about the whole record: one that others have removed stays away then. `blank`
    is a record that is as good as none, if there may be one.
    """

    kind: type[Record]
    key: str
    record: Record | None
    undone: Callable[[], None] = nothing
    fields: Sequence[str] = ()
    blank: Record | None = None

    def over(self, record: Record | None) -> Record | None:
        """Return what becomes of a record by this change, though others may have made it another one."""
        if not self.fields:
            return self.record
        before = record or self.blank
        if before is None:
            return None
        after = replace(before, **{name: getattr(self.record, name) for name in self.fields})
        return after if after != self.blank else None


_Kind = TypeVar("_Kind", bound=Record)
_Place = tuple[type[Record], str]
_NONE: Mapping[str, Any] = {}


class Kept:
    """All records of one log.

    `on_elsewhere` is called when others have changed some: another server, or a command. No greenlet runs meanwhile.
    """

    def __init__(self) -> None:
        self._now: dict[type[Record], dict[str, Any]] = {}  # of each kind, its own
        self._stored: dict[_Place, Record] = {}
        self.unstored: list[Change] = []  # changes on their way to the log, in their order
        self._listeners: dict[type[Record], list[Callable[[str], None]]] = {}
        self.on_elsewhere: Callable[[], None] = nothing

    def get(self, kind: type[_Kind], key: str) -> _Kind | None:
        """Return one record, if it is there."""
        found: _Kind | None = self._now.get(kind, _NONE).get(key)
        return found

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        """Return all records of a kind."""
        return list(self._now.get(kind, _NONE).values())

    def listen(self, kind: type[Record], changed: Callable[[str], None]) -> None:
        """Have `changed` called with the key of each record of a kind that changes, here or elsewhere."""
        self._listeners.setdefault(kind, []).append(changed)

    def put(self, record: Record, undone: Callable[[], None] = nothing) -> Change:
        """Add or replace a record, as of now. Return the change, to be posted with what tells of it."""
        return self._begin(Change(type(record), record.key, record, undone))

    def change(
        self,
        record: Record,
        fields: Mapping[str, object],
        undone: Callable[[], None] = nothing,
        blank: Record | None = None,
    ) -> Change:
        """Give fields of a record other values, as of now. Return the change, to be posted with what tells of it."""
        changed = replace(record, **fields)
        return self._begin(Change(type(record), record.key, changed, undone, tuple(fields), blank))

    def remove(self, kind: type[Record], key: str, undone: Callable[[], None] = nothing) -> Change:
        """Remove a record, as of now. Return the change, to be posted with what tells of it."""
        return self._begin(Change(kind, key, None, undone))

    def _begin(self, change: Change) -> Change:
        self.unstored.append(change)
        self._show(change.kind, change.key)
        return change

    # For logs, and those who use them.

    def load(self, records: Iterable[Record]) -> None:
        """Take these to be all records that are stored."""
        stored: dict[_Place, Record] = {(type(record), record.key): record for record in records}
        different = {place for place in {*stored, *self._stored} if stored.get(place) != self._stored.get(place)}
        self._stored = stored
        for place in different:
            self._show(*place)

    def to_store(self, changes: Sequence[Change]) -> list[Change]:
        """Return these changes, each with the record that is to be stored, after all that is known to be stored."""
        stored: dict[_Place, Record | None] = {}
        made = []
        for change in changes:
            place = (change.kind, change.key)
            stored[place] = change.over(stored[place] if place in stored else self._stored.get(place))
            made.append(change._replace(record=stored[place]))
        return made

    def settle(self, changes: Sequence[Change]) -> None:
        """Take these changes to be stored, those of others too."""
        if not changes:  # as nearly always
            return
        for change in self.to_store(changes):
            place = (change.kind, change.key)
            if change.record is None:
                self._stored.pop(place, None)
            else:
                self._stored[place] = change.record
        self._end(changes)

    def undo(self, changes: Sequence[Change]) -> None:
        """Take back what could not be stored, or is not to be: the last change first."""
        for change in reversed(changes):
            self._end([change])
            change.undone()

    def _end(self, changes: Sequence[Change]) -> None:
        ended = {id(change) for change in changes}
        self.unstored = [other for other in self.unstored if id(other) not in ended]
        for change in changes:
            self._show(change.kind, change.key)

    def _show(self, kind: type[Record], key: str) -> None:
        """Take what is stored, with the changes on their way to the log, for what holds now."""
        record = self._stored.get((kind, key))
        for change in self.unstored:
            if (change.kind, change.key) == (kind, key):
                record = change.over(record)
        self._let_count(kind, key, record)

    def _let_count(self, kind: type[Record], key: str, record: Record | None) -> None:
        now = self._now.setdefault(kind, {})
        if now.get(key) == record:
            return
        if record is None:
            del now[key]
        else:
            now[key] = record
        for changed in self._listeners.get(kind, ()):
            changed(key)
