"""One connected user: the greenlet that reads its socket and acts on what it says."""

import logging
import secrets
import time

import gevent
from gevent.event import Event

from geventchat.commands import actions, commands
from geventchat.core.chat import Chat
from geventchat.core.log import Log
from geventchat.core.member import Member, nothing
from geventchat.dialects.base import Blank
from geventchat.dialects.registry import PLAIN, UNFRAMED, Dialect
from geventchat.protocol import replies
from geventchat.protocol.errors import ProtocolError, Refused
from geventchat.protocol.limits import MAX_PRIVATE_BYTES
from geventchat.server.catch_up import Backlog
from geventchat.server.cooperate import let_others_run
from geventchat.server.handshake import nameless
from geventchat.server.pump import Pump
from geventchat.server.token_bucket import Bucket
from geventchat.server.transport import Connection

logger = logging.getLogger("geventchat")

# What one session may do in a row before others have their turn, counted in commands; receiving counts for several,
# for what arrives may be no command at all.
_SLICE = 64
# What one session may have posted that is not carried out yet, and how often it looks whether it is.
_MAX_PENDING = 8
_PENDING_PAUSE_S = 0.002
_RECEIVING = 16
# How long a user who has left has to take what is still on its way.
FAREWELL_S = 5.0
# How long an unframed client gets to take what was said before `exit`, which must reach it alone in one `recv`.
_EXIT_PAUSE_S = 0.1
# How long a connection that is replaced by a newer one has to take its last words.
_MAKE_WAY_S = 1.0


class Session:
    """One connection from the moment its dialect is known; people are shown the last `greet_with` lines of a room."""

    __slots__ = (
        "_backlog",
        "_bucket",
        "_chat",
        "_connection",
        "_deadline",
        "_dialect",
        "_in_hand",
        "_parted",
        "_pump",
        "_reader",
        "_reason",
        "_stopped",
        "_worked",
        "link",
        "member",
    )

    def __init__(
        self, chat: Chat, pump: Pump, log: Log, connection: Connection, dialect: Dialect, *, greet_with: int
    ) -> None:
        limits = chat.limits
        self._chat = chat
        self._pump = pump
        self._connection = connection
        self._dialect = dialect
        self._reader = dialect.reader(limits.max_line)
        self._bucket = Bucket(limits.rate, limits.burst) if limits.rate else None
        self._worked = 0  # since others were last let run
        self._in_hand = False  # whether a command waits to be done
        self._stopped = Event()  # no more is taken from the user
        self._parted = False  # whether the last word has been posted; nothing may follow it
        self._deadline = 0.0  # for a name, on the monotonic clock
        self._reason = ""  # why it ends, as others are told
        self.member = Member(dialect.encoder, dialect.outbox(), secrets.token_urlsafe(12))
        self.member.make_way = self._make_way
        self.link = pump.attach(self.member.outbox, connection.socket, self.cut)
        self._backlog = Backlog(chat, pump, log, self.member, self.link, greet_with if dialect is PLAIN else 0)

    def run(self, first: bytes, deadline: float, refused: Refused | None = None) -> None:
        """Serve the user until the end of the connection, beginning with what it has sent `first`.

        The user has to give a name before `deadline`, on the monotonic clock. A user who is `refused` is only told so.
        """
        try:
            if refused is not None:
                raise ProtocolError(refused.code, refused.message, fatal=True)
            self._deadline = deadline
            self._converse(first)
        except ProtocolError as error:
            self._send_away(error)
        except OSError:
            self._reason = self._reason or "connection lost"
        except Exception:
            self._reason = self._reason or "an error in the server"
            logger.exception("the session of %s failed; only that user is closed", self._connection.address)
        finally:
            self._end()

    def stop(self, closing: replies.Closing) -> None:
        """Say the last word to the user, and take no more from it; to be sent by the pump."""
        self._parted = True
        self._stopped.set()
        if self._in_hand or self._has_more():
            unsaid = "not all that you sent was said: it was waiting for its turn"
            self._chat.tell(self.member, replies.Error(code="not-stored", message=unsaid))
        self._chat.tell(self.member, closing)

    def drain(self, timeout: float) -> None:
        """Wait until the user has been sent the last word, for at most `timeout` seconds."""
        self._pump.drain(self.link, timeout, lambda: self.member.gone)

    def hang_up(self) -> None:
        """Let the user know that nothing more is coming."""
        self._connection.hang_up()

    def cut(self, reason: str) -> None:
        """End the connection from outside; `run` notices."""
        self._reason = self._reason or reason
        self._stopped.set()
        self._connection.cut()

    # Being here.

    def _converse(self, first: bytes) -> None:
        data: bytes | None = first
        while data:
            if not self._stopped.is_set():
                self._reader.receive(data)
                if self._obey():
                    return
            self._let_others_run(_RECEIVING)
            self._check_named()
            data = self._connection.receive(None if self.member.key else self._deadline - time.monotonic())
        if data is None:
            raise nameless()
        self._reader.end()
        if not (self._stopped.is_set() or self._obey()):
            self._farewell(replies.Closing(code="gone", message="the connection was ended"))

    def _obey(self) -> bool:
        """Do all that has arrived; whether the user said goodbye."""
        while not self._is_over and (asked := self._next()) is not None:
            self._check_named()
            self._in_hand = not isinstance(asked, Blank)
            # A new name is told in every room, so it costs as much as a message in each.
            self._wait_for_its_turn(len(self.member.rooms) if isinstance(asked, commands.Rename) else 1)
            self._in_hand = False
            if self._is_over:
                break
            if isinstance(asked, commands.Bye):
                self._reason = asked.reason
                closing = replies.Closing(code="bye", message="bye")
                self._farewell(closing, alone=self._dialect is UNFRAMED)
                return True
            if isinstance(asked, ProtocolError):
                self._chat.refuse(self.member, asked)
            else:
                self._do(asked)
            self._pump.wake()
        return False

    def _check_named(self) -> None:
        """Raise ProtocolError, fatal, when the time to give a name is over and none was given."""
        if not self.member.key and time.monotonic() > self._deadline:
            raise nameless()

    @property
    def _is_over(self) -> bool:
        """Whether nothing more is taken from the user."""
        return self._stopped.is_set() or self.link.broken

    def _next(self) -> commands.AnyCommand | Blank | ProtocolError | None:
        """Return what the next line asks for, or why it cannot; None when more must arrive first."""
        try:
            return self._reader.next_command()
        except ProtocolError as error:
            if error.fatal:
                raise
            return error

    def _has_more(self) -> bool:
        """Whether the user has asked for more, which will not be done any more."""
        try:
            while isinstance(asked := self._next(), Blank):
                continue
        except ProtocolError:
            return True
        return asked is not None

    def _wait_for_its_turn(self, tokens: int) -> None:
        """Wait while the user is over the rate, has had its slice, is ahead of the pump, or reads no answers."""
        if self._bucket is not None and (delay := self._bucket.take(time.monotonic(), tokens)):
            self._stopped.wait(delay)
        self._let_others_run(1)
        while self.member.pending > _MAX_PENDING and not self._is_over:
            gevent.sleep(_PENDING_PAUSE_S)
        if self.member.outbox.private_bytes > MAX_PRIVATE_BYTES:
            self._pump.drain(self.link, float("inf"), lambda: True)

    def _let_others_run(self, work: int) -> None:
        self._worked += work
        if self._worked >= _SLICE:
            self._worked = 0
            let_others_run()

    def _do(self, command: commands.AnyCommand | Blank) -> None:
        match command:
            case Blank():
                return
            case commands.History() if self.member.key:
                self._backlog.tell_page(command)
            case commands.Hello() | commands.Join():
                self._backlog.enter(command)
                if self.member.key:
                    self._reader.named()
                else:
                    self._chat.tell(self.member, replies.NamePrompt())
            case _:
                actions.do(self._chat, self.member, command, time.time())

    # Going.

    def _make_way(self) -> None:
        """End this connection, because its user has come back on another one."""
        self._parted = True
        self._stopped.set()
        gevent.spawn(self._cut_when_told)

    def _cut_when_told(self) -> None:
        self.drain(_MAKE_WAY_S)
        self.cut("came back on another connection")

    def _send_away(self, error: ProtocolError) -> None:
        """Close a connection that cannot go on, with a word to whoever is there."""
        logger.info("closing %s: %s", self._connection.address, error.message)
        self._reason = self._reason or error.message
        try:
            self._farewell(replies.Closing(code=error.code, message=error.message))
        except OSError:
            return  # it is gone already

    def _farewell(self, closing: replies.Closing, *, alone: bool = False) -> None:
        """Leave, and send the user what is still due; with `alone`, the last word is a packet of its own."""
        if alone:
            self._chat.depart(self.member, self._reason)
            self._pump.wake()
            if self._pump.drain(self.link, FAREWELL_S, lambda: not self.member.outbox.follows):
                gevent.sleep(_EXIT_PAUSE_S)
        self._part(closing)
        self.drain(FAREWELL_S)
        self._connection.linger()

    def _part(self, closing: replies.Closing) -> None:
        """Take the user out of its rooms, with a last word, unless that has been done."""
        if not self._parted:
            self._parted = True
            self._chat.depart(self.member, self._reason)
            self._chat.tell(self.member, closing)
            self._pump.wake()

    def _end(self) -> None:
        self._pump.detach(self.link)
        self._part(replies.Closing(code="gone", message=self._reason))
        self.member.make_way = nothing  # or session and member would hold each other
