"""What did not reach a reader that must have heard it. No I/O."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from bots.ledger.model import Message, Reader


def missed(messages: Sequence[Message], readers: Iterable[Reader]) -> Iterator[tuple[Reader, Message]]:
    """Yield what readers must have heard and have not; `messages` are what somebody heard, in the room's order.

    Of a reader's stay, only the messages are looked at that were first heard between its coming and its leaving: a
    reader in step with the room costs nothing, however many have come and gone.
    """
    latest_until = list(accumulate((message.first_heard for message in messages), max))
    soonest_from = list(accumulate((message.first_heard for message in reversed(messages)), min))[::-1]
    for reader in readers:
        begin = max(reader.position, bisect_left(latest_until, reader.entered), 0)
        behind = messages[begin : bisect_right(soonest_from, reader.leaving)]
        unheard = [*sorted(reader.skipped, key=lambda message: message.index), *behind]
        for message in unheard:
            if reader.must_hear(message):
                yield reader, message


def missed_by_all(lost: Iterable[Message], readers: Iterable[Reader]) -> Iterator[tuple[Reader, Message]]:
    """Yield what readers must have heard of the messages that were lost for everyone."""
    said = sorted(lost, key=lambda message: message.sent)
    times = [message.sent for message in said]
    for reader in readers:
        for message in said[bisect_left(times, reader.entered) : bisect_left(times, reader.leaving)]:
            yield reader, message
