"""How often wrong passwords came from each address, and how long the next try from there has to wait."""

from geventchat.core.address_memory import AddressMemory
from geventchat.protocol.errors import Refused
from geventchat.protocol.ip import host_of
from geventchat.protocol.limits import FREE_TRIES, LONGEST_PAUSE_S

# How soon a try asks again that is the next one to be looked at, and how late one does with many before it.
_AGAIN_S = 0.05
_AGAIN_AT_MOST_S = 2.0
# After so long without a try, an address is as good as new.
_FORGET_S = 900.0


class _Record:
    """What is known of one address."""

    __slots__ = ("last", "next", "wrong")

    def __init__(self) -> None:
        self.wrong = 0  # tries that were wrong
        self.last = 0.0  # when the last one came
        self.next = 0.0  # when the next one may be looked at


class _Queue:
    """The tries from one host that have begun and not ended, by when they came."""

    __slots__ = ("_count", "_waiting", "in_hand")

    def __init__(self) -> None:
        self.in_hand: set[float] = set()
        self._waiting: dict[float, int] = {}  # numbered in the order in which they came
        self._count = 0

    def before(self, came: float) -> int:
        """Return how many wait before one that came at a time, and waits too from now on; some may have ended."""
        if came not in self._waiting:
            self._waiting[came] = self._count
            self._count += 1
        return self._waiting[came] - next(iter(self._waiting.values()))

    def take(self, came: float) -> None:
        """Note that one is looked at from now on."""
        del self._waiting[came]
        self.in_hand.add(came)

    def end(self, came: float) -> bool:
        """Forget one; return whether it was the last."""
        self._waiting.pop(came, None)
        self.in_hand.discard(came)
        return not (self._waiting or self.in_hand)


class Tries:
    """Counts tries by their address, in text; times are in seconds, on a clock that never goes back.

    FREE_TRIES cost nothing; then each waits twice as long as the one before, up to LONGEST_PAUSE_S. A right password
    does not make up for wrong ones: else who has one could go on guessing others.

    To look at one takes time: no more are in hand at once than might be wrong for nothing, and who came first is first.
    """

    def __init__(self) -> None:
        self._records = AddressMemory[_Record]()  # by hosts
        self._queues: dict[str, _Queue] = {}  # by hosts

    def wait_s(self, address: str, now: float, came: float) -> float:
        """Return after how long to ask again for a try that came at a time; 0 if it is to be looked at now.

        Until `end`, others wait for it. Raises Refused when its turn would not come within LONGEST_PAUSE_S.
        """
        host = host_of(address)
        record = self._records.get(host)
        if record is None or now > record.last + _FORGET_S:
            record = _Record()
        if record.next > came + LONGEST_PAUSE_S:
            raise Refused("login-failed", "too many wrong passwords from your address: try again in some minutes")
        queue = self._queues.setdefault(host, _Queue())
        before = queue.before(came)
        if record.next > now:
            return record.next - now
        if before or len(queue.in_hand) >= max(1, FREE_TRIES - record.wrong):
            # A crowd behind one address would else ask all the time, each to learn that it is not its turn.
            return min(_AGAIN_S * max(1.0, before / FREE_TRIES), _AGAIN_AT_MOST_S)
        queue.take(came)
        return 0.0

    def end(self, address: str, came: float) -> None:
        """Let others have their turn: a try that came at a time was looked at, or is not to be any more."""
        host = host_of(address)
        if (queue := self._queues.get(host)) is not None and queue.end(came):
            del self._queues[host]

    def was_wrong(self, address: str, now: float) -> None:
        """Count a wrong try: those that come after it wait."""
        record = self._record(address, now)
        record.wrong += 1
        record.next = max(now, record.next) + _pause_s(record.wrong)

    def _record(self, address: str, now: float) -> _Record:
        """Return what is known of an address from which a try comes now."""
        key = host_of(address)
        record = self._records.get(key)
        if record is None or now > record.last + _FORGET_S:
            record = _Record()
        self._records.put(key, record)
        record.last = now
        return record


def _pause_s(wrong: int) -> float:
    return 0.0 if wrong < FREE_TRIES else min(LONGEST_PAUSE_S, 2.0 ** min(wrong - FREE_TRIES, 30))
