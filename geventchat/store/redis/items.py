"""How what servers tell each other is written in Redis; `functions.lua` has what it does there."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, get_args

import msgspec

from geventchat.core import records
from geventchat.core.kept import Change
from geventchat.core.log import Entry
from geventchat.core.posts import is_kick
from geventchat.core.shared_log import Arrived, Changed, Gone, Happened, Lost, News, Person, SendAway, Told
from geventchat.protocol import names
from geventchat.protocol.events import (
    Acted,
    AnyEvent,
    AnyModeration,
    Departed,
    Joined,
    Kicked,
    Left,
    Noticed,
    Renamed,
    Said,
    TopicSet,
    content_of,
    iso_time,
    with_details,
)
from geventchat.protocol.replies import AnyReply


class Item(msgspec.Struct, array_like=True, gc=False):
    """One thing that a server tells: its kind, the uid of who did it, and what belongs to it."""

    kind: str
    by: str
    key: str = ""  # of the room, or the nick
    room: str = ""
    nick: str = ""
    text: str = ""
    ref: str = ""
    account: str = ""
    moderates: bool = False
    sender: str = ""


class Part(NamedTuple):
    """What one call has written: its id and that of the part before; who wrote it, in which batch; and the items.

    An item is None where it is kept from who reads later. `dropped` are the numbers of items that were left out.
    """

    id: str
    before: str
    server: str
    batch: str
    dropped: frozenset[int]
    items: list[Item | None]

    def ids(self) -> list[str]:
        """Return the id of each item: all are of one millisecond, and the last is the part's."""
        milliseconds, _, sequence = self.id.partition("-")
        first = int(sequence) - max(1, len(self.items)) + 1
        return [f"{milliseconds}-{first + place}" for place in range(len(self.items))]


_encoder = msgspec.msgpack.Encoder()
_items = msgspec.msgpack.Decoder(list[Item | None])
_item = msgspec.msgpack.Decoder(Item)
_reply: msgspec.json.Decoder[AnyReply | Kicked | SendAway] = msgspec.json.Decoder(AnyReply | Kicked | SendAway)
_person = msgspec.json.Decoder(Person)
_json = msgspec.json.Encoder()

# The kinds of items that are events, with how such an event is made.
_EVENTS: dict[str, Callable[..., AnyEvent]] = {
    "said": Said,
    "noticed": Noticed,
    "acted": Acted,
    "joined": Joined,
    "left": Left,
    "departed": Departed,
    "renamed": Renamed,
    "topic": TopicSet,
    **{str(kind.__struct_config__.tag): partial(with_details, kind) for kind in get_args(AnyModeration)},
    "kick-noted": partial(with_details, Kicked),
}
_KINDS: dict[type, str] = {
    **{kind: name for name, kind in _EVENTS.items() if isinstance(kind, type)},
    **{kind: str(kind.__struct_config__.tag) for kind in get_args(AnyModeration)},
}
# What only those who are there learn of an event is not kept.
_AS_KEPT = {"noticed": "said", "departed": "left"}


def head_of(part: bytes) -> list[str]:
    """Return what stands in a part before its items."""
    return part.partition(b"\n")[0].decode().split(" ")


def read_part(part: bytes) -> Part:
    """Return a part as it stands in the stream."""
    head, _, body = part.partition(b"\n")
    event_id, before, server, batch, dropped = head.decode().split(" ")
    return Part(
        event_id, before, server, batch, frozenset(map(int, filter(None, dropped.split(",")))), _items.decode(body)
    )


def words_of(items: Sequence[News | Entry], changes: Sequence[Change], heard: str = "") -> list[str | bytes]:
    """Return items as the words of a call: of each its kind, its user's uid, its key, and all of it.

    `heard` is the id of the part up to which it is known what the changes are made to.
    """
    written = [_written(item) for item in items] + [_changed(change, heard) for change in changes]
    return [word for item in written for word in (item.kind, item.by, item.key, _encoder.encode(item))]


def _written(news: News | Entry) -> Item:
    match news:
        case Entry():
            return _event("", news)
        case Happened(by=by, entry=entry):
            return _event(by, entry)
        case Arrived(by=by, nick=nick, key=key, proof=proof, person=person):
            return Item("arrived", by, key, names.skeleton(nick), nick, _json.encode(person).decode(), proof)
        case Changed(by=by, person=person):
            return Item("changed", by, text=_json.encode(person).decode())
        case Told(by=by, reply=reply):
            return Item("told", "", by, text=_json.encode(reply).decode())
        case Gone(by=by):
            return Item("gone", by)
    raise TypeError(f"{news!r} is not for others")


def _event(by: str, entry: Entry) -> Item:
    event = entry.event
    kind = "kick-noted" if isinstance(event, Kicked) and not is_kick(event) else _KINDS[type(event)]
    written = Item(kind, by, entry.room, event.room, event.nick, content_of(event), entry.ref or "")
    written.account = event.account or ""
    written.sender = entry.sender
    written.moderates = isinstance(event, Joined) and event.moderates
    return written


def _changed(change: Change, heard: str) -> Item:
    kind, key, value = records.row_of(change)
    return Item("kept", "", f"{kind} {key}", text=value or "", ref=heard)


def news_of(item: Item, event_id: str) -> News | None:
    """Return what an item tells this server, if anything."""
    if item.kind in _EVENTS:
        return Happened(item.by, _entry(item, event_id, item.kind))
    match item.kind:
        case "arrived":
            return Arrived(item.by, item.nick, item.key, item.ref, _person.decode(item.text))
        case "changed":
            return Changed(item.by, _person.decode(item.text))
        case "gone":
            return Gone(item.by, item.text)
        case "told":
            return Told(item.key, _reply.decode(item.text))
        case "lost":
            return Lost(item.by, *item.text.split(" "))
    return None


def change_of(item: Item) -> Change | None:
    """Return what has been changed of the records that are kept, if the item tells that."""
    if item.kind != "kept":
        return None
    kind, _, key = item.key.partition(" ")
    return records.change_of(kind, key, item.text or None)


def stored_entry(event_id: str, written: bytes) -> Entry:
    """Return an event as it is kept."""
    item = _item.decode(written)
    return _entry(item, event_id, _AS_KEPT.get(item.kind, item.kind))


def stamp(entry: Entry, event_id: str) -> None:
    """Give an event its id, and the time that is in that."""
    entry.event.id, entry.event.time = event_id, _time_of(event_id)


def news_of_user(uid: bytes, fields: list[bytes], event_id: str) -> Iterator[News]:
    """Yield what a server that begins is to know of a user who is here, of whom Redis has these fields and values."""
    user = dict(zip(map(bytes.decode, fields[::2]), fields[1::2], strict=True))
    if not user:  # it has left meanwhile
        return
    by, nick, key, proof = uid.decode(), *(user[name].decode() for name in ("nick", "key", "proof"))
    yield Arrived(by, nick, key, proof, _person.decode(user["who"]))
    for field, room in user.items():
        if field.startswith("in:"):
            yield Happened(by, Entry(field[3:], Joined(event_id, _time_of(event_id), room.decode(), nick), None))


def _entry(item: Item, event_id: str, kind: str) -> Entry:
    event = _EVENTS[kind](event_id, _time_of(event_id), item.room, item.nick, item.text)
    event.account = item.account or msgspec.UNSET
    if isinstance(event, Joined):
        event.moderates = item.moderates
    return Entry(item.key, event, item.ref or None, item.sender)


def _time_of(event_id: str) -> str:
    return iso_time(int(event_id.partition("-")[0]))
