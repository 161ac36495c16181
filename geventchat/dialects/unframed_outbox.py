"""What a client is still owed for which one `recv` is one message: sent so that it can tell one from the next."""

from geventchat.delivery.feed import Write
from geventchat.delivery.outbox import Outbox, Piece


class UnframedOutbox(Outbox):
    """For clients that take what one `recv` returns for one message.

    The last end of line in what is sent at once is left away; it is sent after all if more follows in the same batch,
    that is, before `next` has been empty once. A pause between one time and the next gives the client time to take the
    one before: what arrives before it has looked would look like the same message.
    """

    pause_s = 0.05
    __slots__ = ("_due",)

    def __init__(self) -> None:
        super().__init__()
        self._due = b""  # an end of line that was left away and is wanted if more follows

    def join_groups(self, write: Write) -> None:
        """Do nothing: what is sent is never just what the others are sent."""

    def next(self) -> Piece:
        """Return what is to be sent next, without a last end of line."""
        piece = super().next()
        while piece.data == b"\n":  # all that was left of a line: it counts as sent
            super().sent(piece, 1)
            self._due = b"\n"
            piece = super().next()
        if not piece.data:
            self._due = b""
            return piece
        return piece._replace(data=self._due + piece.data.removesuffix(b"\n"))

    def sent(self, piece: Piece, count: int) -> None:  # noqa: ARG002 - what counts is the piece with its end of line
        """Move on by `count` bytes, at most as many as are in the piece that `next` returned last."""
        if count:
            whole = super().next()
            count -= len(self._due)
            ended = count == len(whole.data.removesuffix(b"\n"))
            self._due = whole.data[count:] if ended else b""
            super().sent(whole, len(whole.data) if ended else count)
