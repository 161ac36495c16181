"""The classroom task's protocol: what one packet brings is one message. Nothing else says where a message ends."""

from collections.abc import Iterator

from bots.protocols.base import Heard, shown
from bots.protocols.plain import PASSWORD_PROMPT, PROMPT, Plain
from geventchat.protocol.text import decode


class Unframed(Plain):
    """The unframed dialect: plain without ends of lines. What runs together cannot be told apart."""

    framed = False
    answers_pings = False
    # So that one line is taken before the next is sent. Within a line the scenario's pace decides; if it is slowed down
    # (--speed 0.2), two messages never come closer than this.
    pause_s = 0.1

    def __init__(self, host: str = "") -> None:
        super().__init__(host)
        self._nick = b""  # which is sent when it is asked for, behind a password
        self._answer = b""

    def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
        """Return what is sent first: a name, or the server's password, if there is one."""
        del room, after, token
        name = self._end(nick)
        if not self.password:
            return name
        self._nick = name
        return self._end(self.password)

    def data_to_send(self) -> bytes:
        """Return the name, when it has been asked for."""
        answer, self._answer = self._answer, b""
        return answer

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what one packet means."""
        text = decode(data)
        if text.endswith(PROMPT):
            self._answer, self._nick = self._nick, b""
            return
        if text == PASSWORD_PROMPT:
            return
        for line in text.split("\n"):
            if line:
                yield self._read(shown(line))

    def _end(self, line: str) -> bytes:
        return line.encode()
