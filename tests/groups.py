"""What tests ask of a feed's groups of readers, and do to them as the pump does."""

from geventchat.delivery.feed import Cursor, Feed, Group


def waiting(feed: Feed) -> list[Cursor]:
    """Return who is in a group that has still to be sent the newest chunk."""
    return [cursor for group in _waiting_groups(feed) for cursor in group.readers]


def sent(feed: Feed) -> list[Cursor]:
    """Return who is in a group that has been sent the newest chunk."""
    return [cursor for group in feed.groups if group.chunk is feed.tail for cursor in group.readers]


def send_newest(feed: Feed) -> None:
    """Send the newest chunk to all who are caught up."""
    for group in _waiting_groups(feed):
        group.chunk = feed.tail


def _waiting_groups(feed: Feed) -> list[Group]:
    return [group for group in feed.groups if group.chunk is not feed.tail]
