"""The classroom task's protocol: what one packet brings is one message. Nothing else says where a message ends."""

from collections.abc import Iterator

from bots.protocols.base import Heard, shown
from bots.protocols.plain import PROMPT, Plain
from geventchat.protocol.text import decode


class Unframed(Plain):
    """The unframed dialect: plain without ends of lines. What runs together cannot be told apart."""

    framed = False
    answers_pings = False
    # So that one line is taken before the next is sent. Within a line the scenario's pace decides; if it is slowed down
    # (--speed 0.2), two messages never come closer than this.
    pause_s = 0.1

    def receive(self, data: bytes) -> Iterator[Heard]:
        """Yield what one packet means."""
        text = decode(data)
        if text == PROMPT:
            return
        for line in text.split("\n"):
            if line:
                yield self._read(shown(line))

    def _end(self, line: str) -> bytes:
        return line.encode()
