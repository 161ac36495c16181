"""Logging in while registering: the mechanism PLAIN (RFC 4616) of https://ircv3.net/specs/extensions/sasl-3.1."""

import base64
import binascii
from collections.abc import Iterable

from geventchat.commands import commands
from geventchat.dialects.irc.answers import Request, answer, too_few, wrong
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.lines import Out
from geventchat.dialects.irc.names import name_from_irc

MECHANISMS = "PLAIN"
# What one message may have of an answer; one that has so much is followed by another.
_PIECE = 400
# The longest answer: account and password have room in three pieces.
_MAX_ANSWER = 3 * _PIECE


class Sasl:
    """One client's exchange: the mechanism is named first, then the answer comes in pieces."""

    __slots__ = ("_answer",)

    def __init__(self) -> None:
        self._answer: str | None = None  # None before the mechanism is named

    def take(self, asked: Asked, params: list[str]) -> Iterable[Request]:
        """Carry out an AUTHENTICATE."""
        if not params:
            return [too_few(asked)]
        if params[0] == "*":
            self._answer = None
            return [wrong(asked, "906", "SASL authentication aborted")]
        if self._answer is None:
            return [self._begin(asked, params[0].upper())]
        if len(params[0]) > _PIECE or len(self._answer) + len(params[0]) > _MAX_ANSWER:
            self._answer = None
            return [wrong(asked, "905", "SASL message too long")]
        self._answer += "" if params[0] == "+" else params[0]
        if len(params[0]) == _PIECE:
            return []
        given, self._answer = self._answer, None
        return [_read(asked, given)]

    def _begin(self, asked: Asked, mechanism: str) -> Request:
        if mechanism == MECHANISMS:
            self._answer = ""
            return answer(asked, lambda _: [Out("AUTHENTICATE +")])
        return answer(
            asked,
            lambda to: [
                to.numeric("908", MECHANISMS, "are available SASL mechanisms"),
                to.numeric("904", "SASL authentication failed"),
            ],
        )


def _read(asked: Asked, given: str) -> Request:
    """Return the login that an answer asks for: whom to act as, which account, and the password."""
    try:
        acting, account, password = base64.b64decode(given, validate=True).decode().split("\0")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return wrong(asked, "904", "SASL authentication failed: that is no answer to PLAIN")
    if acting not in ("", account):
        return wrong(asked, "904", "SASL authentication failed: nobody acts as somebody else here")
    return commands.Login(account=name_from_irc(account), password=password, ref=asked.ref)
