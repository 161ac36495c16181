"""What did not reach a reader that must have heard it. No I/O."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from bots.hearing import Message, Reader

# Further back than this, no message is looked for that may have been taken for another with the same words.
_MAX_BACK = 1_000


def missed(messages: Sequence[Message], readers: Iterable[Reader]) -> Iterator[tuple[Reader, Message]]:
    """Yield what readers must have heard and have not; `messages` are what somebody heard, in the room's order.

    Of a reader's stay, only the messages are looked at that were first heard between its coming and its leaving: a
    reader in step with the room costs nothing, however many have come and gone.
    """
    latest_until = list(accumulate((message.first_heard for message in messages), max))
    soonest_from = list(accumulate((message.first_heard for message in reversed(messages)), min))[::-1]
    said_from = list(accumulate((message.sent for message in reversed(messages)), min))[::-1]
    for reader in readers:
        begin = max(reader.position, bisect_left(latest_until, reader.entered), 0)
        behind = messages[begin : bisect_right(soonest_from, reader.leaving)]
        unheard = [*sorted(reader.skipped, key=lambda message: message.index), *behind]
        if due := [message for message in unheard if reader.must_hear(message)]:
            entrance = slice(bisect_left(latest_until, reader.asked), bisect_left(said_from, reader.entered))
            need_not = [one for one in messages[entrance] if reader.has_heard(one) and not reader.must_hear(one)]
            spare = Counter((one.nick, one.text) for one in need_not)
            excused: Counter[tuple[str, str]] = Counter()
            for message in due:
                words = message.nick, message.text
                if spare[words] > excused[words] and _spares_before(messages, reader, message) > excused[words]:
                    excused[words] += 1
                else:
                    yield reader, message


def _spares_before(messages: Sequence[Message], reader: Reader, message: Message) -> int:
    """Return how many things that a reader heard, and was taken to hear as others, may have been this message.

    They have its words, were said while the reader came in, so that it need not have heard them, and it heard nothing
    else in between.
    """
    start, spares = min(message.index, reader.position) - 1, 0
    for index in range(start, max(-1, start - _MAX_BACK), -1):
        one = messages[index]
        if reader.has_heard(one):
            if (one.nick, one.text) != (message.nick, message.text):
                break
            spares += not reader.must_hear(one)
    return spares


def missed_by_all(unheard: Iterable[Message], readers: Iterable[Reader]) -> Iterator[tuple[Reader, Message]]:
    """Yield what readers must have heard of the messages that nobody has."""
    said = sorted((message for message in unheard if not message.uncertain), key=lambda message: message.sent)
    times = [message.sent for message in said]
    for reader in readers:
        for message in said[bisect_left(times, reader.entered) : bisect_left(times, reader.leaving)]:
            yield reader, message
