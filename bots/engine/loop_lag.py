"""How late the bots look for what has come. What they say late shows that too, but some only listen."""

import time

import gevent

from bots.report.outcome import Outcome

# So often they should look. The dialects of which packets are messages keep two of them apart by 50 ms or more: who
# looks later than this may find both at once.
_EVERY_S = 0.01
_LATE_S = 0.025


def watch_loop(outcome: Outcome) -> None:
    """Note how late the loop gets its turn, as long as this greenlet lives; unless messages are framed, also when."""
    due = time.monotonic()
    while True:
        due += _EVERY_S
        gevent.sleep(max(0.0, due - time.monotonic()))
        now = time.monotonic()
        if not outcome.framed and now > due + _LATE_S:
            outcome.looked_away.append((due, now))
        while due + _EVERY_S <= now:  # all the times that it should have looked meanwhile
            outcome.looked_late.add(now - due)
            due += _EVERY_S
        outcome.looked_late.add(now - due)
