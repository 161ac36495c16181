"""The first moments of a connection: find out which dialect it speaks, or turn it away."""

import logging
import time

from geventchat.dialects.plain import PROMPT, notice
from geventchat.dialects.registry import HTTP_ANSWER, Dialect, sniff
from geventchat.protocol.errors import ProtocolError, Refused
from geventchat.protocol.limits import MAX_UNENDED_BYTES, SNIFF_S
from geventchat.server.transport import Connection

logger = logging.getLogger("geventchat")


class Newcomer:
    """A connection whose dialect is not known yet; it has to show it before `deadline`, on the monotonic clock.

    A newcomer that is `refused` gets only the time to be recognised, and is then told so in words for people.
    """

    __slots__ = ("_connection", "_deadline", "_prompted", "_refused")

    def __init__(self, connection: Connection, deadline: float, refused: Refused | None = None) -> None:
        self._connection = connection
        self._deadline = deadline if refused is None else time.monotonic() + SNIFF_S
        self._refused = refused
        self._prompted = False

    def meet(self) -> tuple[Dialect, bytes] | None:
        """Return the newcomer's dialect and what it has sent so far; None when it left or was turned away."""
        try:
            return self._meet()
        except ProtocolError as error:
            logger.info("closing %s: %s", self._connection.address, error.message)
            self._turn_away(error)
        except OSError as error:
            logger.debug("%s is lost before it has said anything: %s", self._connection.address, error)
        return None

    def _meet(self) -> tuple[Dialect, bytes] | None:
        first = b""
        dialect = None
        while dialect is None:
            data = self._receive(first)
            if data == b"" and not first:
                return None
            if time.monotonic() > self._deadline:
                raise self._too_late()
            if len(first) > MAX_UNENDED_BYTES:
                raise ProtocolError("line-too-long", "64 KiB without an end of line: closing", fatal=True)
            first += b"\n" if data == b"" else data or b""  # of a pipe that has ended, the last line may lack its end
            dialect = sniff(first, quiet=data is None)
            if data is None and dialect is None:
                self._prompt()
        if dialect.prompted:
            self._prompt()
        elif self._prompted:
            self._connection.say(b"\n")  # the prompt gets a line of its own
        return dialect, first

    def _too_late(self) -> ProtocolError:
        if self._refused is None:
            return nameless()
        return ProtocolError(self._refused.code, self._refused.message, fatal=True)

    def _receive(self, first: bytes) -> bytes | None:
        left = self._deadline - time.monotonic()
        return self._connection.receive(left if self._prompted and not first else min(left, SNIFF_S))

    def _prompt(self) -> None:
        if not self._prompted:
            self._connection.say(PROMPT)
            self._prompted = True

    def _turn_away(self, error: ProtocolError) -> None:
        try:
            if error.code == "http":
                self._connection.say(HTTP_ANSWER)
            elif error.code != "tls":
                self._connection.say(b"\n" * self._prompted + notice(error.message))
            self._connection.linger()
        except OSError:
            return  # it is gone already


def nameless() -> ProtocolError:
    """Return the error for a client that gave no name in time."""
    return ProtocolError("name-timeout", "no name was given in time: closing", fatal=True)
