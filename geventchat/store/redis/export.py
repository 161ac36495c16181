"""What a Redis that servers share keeps of what was said, read by another program."""

from collections.abc import Iterator
from contextlib import closing
from itertools import islice

from redis.exceptions import ResponseError

from geventchat.protocol.events import AnyEvent, id_of
from geventchat.store.redis import items
from geventchat.store.redis.history import entries, streams_of
from geventchat.store.redis.lease import FORMAT
from geventchat.store.redis.link import PREFIX, Address, Link
from geventchat.store.redis.log import said_in_one_line


def pages(url: str, room: str | None, after: int, page: int) -> Iterator[list[AnyEvent]]:
    """Yield what is later than the id with this number, in the room with this key or in all, so many at once.

    A Redis that was started again is read as it is, even if no server has opened the log yet. Raises UsageError.
    """
    address = Address(url)
    with closing(Link(address)) as link, said_in_one_line(address.shown):
        kept = link.call("HGET", f"{PREFIX}meta", "format")
        if kept is not None and kept.decode() != FORMAT:
            raise ResponseError(f"FORMAT {kept.decode()}")
        streams = [f"{PREFIX}{kind}:{room}".encode() for kind in ("talk", "moves")]
        found = entries(link.call, streams_of(link.call) if room is None else streams, id_of(max(0, after + 1)))
        while events := [items.stored_entry(*one).event for one in islice(found, page)]:
            yield events
