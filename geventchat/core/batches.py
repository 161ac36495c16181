"""From what was posted to what is to be sent: take a batch, append it to the log, publish what came back, seal. No I/O.

The pump sends what a batch shows; tests carry out batches without a pump.
"""

from contextlib import suppress
from typing import NamedTuple

from geventchat.core.chat import Chat
from geventchat.core.log import Log
from geventchat.core.posts import Batch, PendingEvent, changes_of, without_promises
from geventchat.core.room import RoomFeed
from geventchat.core.shared_log import Written
from geventchat.delivery.outbox import Outbox
from geventchat.protocol.errors import NotStored, Refused


class Shown(NamedTuple):
    """Where there is something new to be sent: outboxes with private lines, and feeds."""

    outboxes: dict[Outbox, None]
    feeds: list[RoomFeed]


def carry_out(chat: Chat, log: Log, wall_time: float, now: float) -> Shown:
    """Carry out the next batch. `wall_time` is in seconds since 1970, `now` on a clock that never goes back."""
    batch = chat.take_batch()
    _recall_topics(chat, log)
    written = _append(chat, log, batch, wall_time)
    outboxes = chat.publisher.publish(written, wall_time, now)
    chat.heed_accounts(wall_time)
    return Shown(outboxes, chat.publisher.seal(now))


def _append(chat: Chat, log: Log, batch: Batch, wall_time: float) -> Written:
    changes = changes_of(batch)
    if log.shared is not None:
        return chat.elsewhere.write(log.shared, batch, changes, wall_time)
    entries = [post.entry for post in batch if isinstance(post, PendingEvent)]
    if entries or changes:
        try:
            log.append(entries, wall_time, changes)
        except NotStored as error:
            chat.kept.undo(changes)
            batch = without_promises(batch, str(error))
    return Written(batch)


def _recall_topics(chat: Chat, log: Log) -> None:
    """Give rooms that were made just now the topic that they had earlier, if the log can be read."""
    if rooms := chat.new_rooms():
        with suppress(Refused):  # the log cannot be read, and has said so
            topics = log.topics([room.key for room in rooms])
            for room in rooms:
                room.topic = topics.get(room.key, "")
