"""The moderator's link: whoever opens the page with it first is a moderator, and comes back as one for a day."""

from collections.abc import Callable

from geventchat.core.kept import Change, Kept, Record
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import LINK_S
from geventchat.protocol.passwords import is_word, quick_hash


class Grant(Record, tag="grant"):
    """Whoever has the token with this proof comes back as a moderator, until a time in seconds since 1970."""

    digest: str
    until: float

    @property
    def key(self) -> str:
        """The proof, which all servers know: the token itself is not kept."""
        return self.digest


class Links:
    """The link that has not been opened yet, if there is one, and the connections that have opened one."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._digest = ""
        self.is_changed = False  # whether some who had opened a link may moderate no more
        kept.listen(Grant, self._changed)

    def _changed(self, _: str) -> None:
        self.is_changed = True

    def offer(self, secret: str) -> None:
        """Offer the link with this secret, which can be opened once, instead of one before."""
        self._digest = quick_hash(secret)

    def check(self, secret: str) -> bool:
        """Return True if that is the link. Raises Refused ("link-used") if it is not, or was opened before."""
        if not is_word(secret, self._digest):
            raise Refused("link-used", "that moderator's link has been opened already, or is not of this server")
        return True

    def open(self, secret: str, proof: str, now: float, undone: Callable[[], None]) -> list[Change]:
        """Make the connection whose token has this proof a moderator's, and nobody who has opened a link before.

        So a new link is also the way to be rid of somebody who was faster. Return what is to be stored; if it cannot
        be, the link is as good as before, and `undone` is called. Raises Refused as `check` does.
        """
        self.check(secret)
        digest, self._digest = self._digest, ""

        def close() -> None:
            self._digest = self._digest or digest  # unless another one is offered now
            undone()

        ended = [self._kept.remove(Grant, one.key) for one in list(self._kept.of(Grant))]
        return [*ended, self._kept.put(Grant(digest=proof, until=now + LINK_S), close)]

    def end(self, proof: str) -> list[Change]:
        """End the right to moderate of the connection whose token has this proof. Return what is to be stored."""
        grant = self._kept.get(Grant, proof)
        return [] if grant is None else [self._kept.remove(Grant, grant.key)]

    def holds(self, proof: str, now: float) -> bool:
        """Return whether a connection whose token has this proof has opened a link."""
        grant = self._kept.get(Grant, proof)
        return grant is not None and now < grant.until
