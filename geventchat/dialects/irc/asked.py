"""What a client has asked for, as the ref of its command: it comes back with the reply, which is worded by it."""

from collections.abc import Sequence
from typing import NamedTuple

from geventchat.dialects.irc.lines import Out, render
from geventchat.dialects.irc.names import SERVER
from geventchat.protocol.limits import MAX_REF

_BETWEEN = "\x1f"  # stands in nothing that clients send
# What a label may have (https://ircv3.net/specs/extensions/labeled-response); with the rest it makes a ref.
MAX_LABEL = 64
# The ids of batches: one is closed before another of its kind is opened.
_LABELED = "L"
SEVERAL = "S"


class Asked(NamedTuple):
    """The verb, the label that the answer is to have, the batch that it is to be in, and what else it depends on."""

    verb: str
    label: str = ""
    batch: str = ""
    detail: str = ""

    @classmethod
    def of(cls, ref: str | None) -> "Asked":
        """Return what a reply with this ref answers."""
        return cls(*ref.split(_BETWEEN, 3)) if ref else cls("")

    @property
    def ref(self) -> str:
        """What the command takes along."""
        return _BETWEEN.join(self)

    @property
    def left(self) -> int:
        """How many characters a detail may have: with it, a ref has to be no longer than it may be."""
        return MAX_REF - len(self.about("").ref)

    @property
    def ref_if_awaited(self) -> str | None:
        """The same for what is answered only where the client has asked for that, by a label."""
        return self.ref if self.label or self.batch else None

    def about(self, detail: str) -> "Asked":
        """Return the same with what else the answer depends on."""
        return self._replace(detail=detail)

    def answer(self, messages: Sequence[Out]) -> bytes:
        """Return messages as the answer: with the label, and as one batch if there are several."""
        if self.batch:
            return render([message.tagged(batch=self.batch) for message in messages])
        if not self.label:
            return render(messages)
        if not messages:
            return render([Out(f":{SERVER} ACK").tagged(label=self.label)])
        first, *others = messages
        if not others or first.body.startswith(f":{SERVER} BATCH +"):
            return render([first.tagged(label=self.label), *others])
        inside = [message.tagged(batch=_LABELED) for message in messages]
        begin = batch_begins(_LABELED, "labeled-response").tagged(label=self.label)
        return render([begin, *inside, batch_ends(_LABELED)])


def batch_begins(name: str, kind: str, *params: str) -> Out:
    """Return the message that opens a batch."""
    return Out(" ".join([f":{SERVER} BATCH +{name} {kind}", *params]))


def batch_ends(name: str) -> Out:
    """Return the message that closes a batch."""
    return Out(f":{SERVER} BATCH -{name}")
