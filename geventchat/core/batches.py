"""From what was posted to what is to be sent: take a batch, append it to the log, publish what came back, seal. No I/O.

The pump sends what a batch shows.
"""

from contextlib import suppress
from typing import NamedTuple

from geventchat.core.chat import Chat
from geventchat.core.kept import Change
from geventchat.core.log import Log
from geventchat.core.posts import Batch, PendingEvent, unsettled
from geventchat.core.room import RoomFeed
from geventchat.core.shared_log import Written
from geventchat.delivery.outbox import Outbox
from geventchat.protocol.errors import NotStored, Refused
from geventchat.protocol.names import LOBBY, LOG_ROOM


class Shown(NamedTuple):
    """Where there is something new to be sent: outboxes with private lines, and feeds."""

    outboxes: dict[Outbox, None]
    feeds: list[RoomFeed]


def store(chat: Chat, log: Log, wall_time: float) -> Written:
    """Take the next batch to the log, and return what is to be shown; `wall_time` is in seconds since 1970."""
    batch = chat.take_batch()
    owned = _recall(chat, log)
    return _append(chat, log, batch, owned, wall_time)


def show(chat: Chat, written: Written, wall_time: float, now: float) -> Shown:
    """Show what is in the log; `wall_time` is in seconds since 1970, `now` on a clock that never goes back."""
    for news in written.before:
        chat.remote_users.follow(news, wall_time, now)
    chat.publisher.publish(written.batch, wall_time, now)
    for news in written.after:
        chat.remote_users.follow(news, wall_time, now)
    chat.naming.apply_accounts(wall_time)
    chat.enforcement.apply_bans(wall_time)
    chat.enforcement.apply_links(wall_time)
    return Shown(chat.publisher.take_outboxes(), chat.publisher.seal(now))


def _append(chat: Chat, log: Log, batch: Batch, owned: list[Change], wall_time: float) -> Written:
    transactions = unsettled(batch)
    changes = [*owned, *(change for transaction in transactions for change in transaction.changes)]
    if log.shared is not None:
        written = chat.remote_users.write(log.shared, batch, changes, wall_time)
    else:
        entries = [post.entry for post in batch if isinstance(post, PendingEvent)]
        if entries or changes:
            try:
                log.append(entries, wall_time, changes)
            except NotStored as error:
                batch = chat.give_up(batch, changes, str(error))
        written = Written(batch)
    for transaction in transactions:
        transaction.is_settled = True
    return written


def _recall(chat: Chat, log: Log) -> list[Change]:
    """Give rooms that were made just now the topic that they had earlier, if the log can be read.

    One of which the log knows nothing belongs to the account that makes it. Return what is to be stored of that.
    """
    owned: list[Change] = []
    if rooms := chat.rooms.take_new():
        with suppress(Refused):  # the log cannot be read, and has said so
            topics = log.topics([room.key for room, _ in rooms])
            for room, maker in rooms:
                room.topic = topics.get(room.key, "")
                if maker and room.key not in (LOBBY, LOG_ROOM) and not log.since(room.key, "0-0", 1):
                    owned += chat.moderation.rules.own(room.key, maker)
    return owned
