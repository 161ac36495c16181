"""One connected user: the greenlet that reads its connection and does what it asks for."""

import logging
import secrets
import time
from enum import Enum, auto

import gevent

from geventchat.commands import actions, commands
from geventchat.commands.command import Command
from geventchat.commands.followups import (
    CatchUp,
    CheckPassword,
    ClaimNick,
    FindEvent,
    Followup,
    Goodbye,
    HashPassword,
    MakeWord,
    ReadHistory,
    ReadRecent,
)
from geventchat.commands.talk import is_said_again
from geventchat.core.member import Member, nothing
from geventchat.dialects.base import Answer, Dialect, EmptyLine
from geventchat.protocol import replies
from geventchat.protocol.errors import ProtocolError, Refused
from geventchat.server.handshake import nameless
from geventchat.server.history_sender import HistorySender
from geventchat.server.pace import Pace
from geventchat.server.password_guard import PasswordGuard
from geventchat.server.pump import Sender
from geventchat.server.services import Services
from geventchat.server.transport import Transport

logger = logging.getLogger("geventchat")

# How long a user who has left has to take what is still on its way.
GOODBYE_S = 5.0
# How long a client for which one packet is one message gets to take what came before the last word.
_LAST_WORD_PAUSE_S = 0.1
# How long a connection that is replaced by a newer one, or sent away, has to take its last words.
_SENT_AWAY_S = 1.0
# What is told of what has arrived and is not taken any more.
_UNSAID = replies.Error(code="not-stored", message="not all that you sent was said: it was waiting for its turn")

# What a line asks for, or why it cannot.
_Asked = commands.AnyCommand | Answer | EmptyLine | ProtocolError


class State(Enum):
    """How far a session is."""

    READING = auto()  # the user's commands are taken
    LOST = auto()  # the connection is no more; the others have not been told yet
    PARTED = auto()  # the last word is posted: nothing may follow it, and nothing is taken


_NEXT_STATES = {
    State.READING: {State.LOST, State.PARTED},
    State.LOST: {State.PARTED},
    State.PARTED: set[State](),
}


class Session:
    """One connection from the moment its dialect is known, and the user has sent its `first` bytes.

    The user has to give a name before `deadline`, on the monotonic clock. A user who is `refused` is only told so.
    """

    __slots__ = (
        "_asked_at",
        "_deadline",
        "_dialect",
        "_first",
        "_in_hand",
        "_is_coming_in",
        "_pace",
        "_reader",
        "_reason",
        "_refused",
        "_services",
        "_state",
        "_transport",
        "member",
        "sender",
    )

    def __init__(
        self,
        services: Services,
        transport: Transport,
        dialect: Dialect,
        first: bytes,
        deadline: float,
        refused: Refused | None,
    ) -> None:
        limits = services.chat.limits
        self._services = services
        self._transport = transport
        self._dialect = dialect
        self._reader = dialect.reader(limits.max_line)
        self._in_hand: _Asked | None = None  # what waits to be done
        self._state = State.READING
        self._first = first
        self._deadline = deadline
        self._refused = refused
        self._asked_at = 0.0  # when it asked for something last, on that clock, before it was in
        self._is_coming_in = False
        self._reason = ""  # why it ends, as others are told
        self.member = Member(
            dialect.encoder, dialect.can, dialect.outbox(), secrets.token_urlsafe(12), transport.address
        )
        self._reader.asked(services.chat.door.question(self.member))
        self.member.on_sent_away = self._sent_away
        self.sender = Sender(self.member.outbox, transport, self.abort)
        self._pace = Pace(services.pump, services.chat.counters, self.member, self.sender, limits)

    def run(self) -> None:
        """Serve the user until the end of the connection."""
        try:
            if self._refused is not None:
                raise ProtocolError(self._refused.code, self._refused.message, fatal=True)
            self._converse()
        except ProtocolError as error:
            error.forget_frames()
            self._send_away(error)
        except OSError:
            self._reason = self._reason or "connection lost"
        except Exception:
            self._reason = self._reason or "an error in the server"
            logger.exception("the session of %s failed; only that user is closed", self._transport.address)
        finally:
            self._end()

    def stop(self, closing: replies.Closing) -> None:
        """Post the last word to the user, and take no more from it."""
        self._move_on(State.PARTED)
        chat = self._services.chat
        if self._leaves_unsaid():
            chat.tell(self.member, _UNSAID)
        chat.tell(self.member, closing)

    def drain(self, timeout: float) -> None:
        """Wait until the user has been sent the last word, for at most `timeout` seconds."""
        self._services.pump.drain(self.sender, lambda: self.member.closed, timeout)

    def close_write(self) -> None:
        """Tell the user's client that nothing more is coming."""
        self._transport.close_write()

    def waits_since(self, moment: float) -> bool:
        """Whether a newcomer has had no answer since then, on the monotonic clock."""
        has_none = self._is_coming_in or self.member.unpublished > 0
        return has_none and not self.member.welcomed and self._asked_at < moment and self._state is State.READING

    def turn_away(self, closing: replies.Closing) -> None:
        """Say the last word to a newcomer past all that waits, and end the connection."""
        if self._move_on(State.LOST):
            self._services.chat.counters.refusals[closing.code] += 1
            logger.info("turning %s away: %s", self._transport.address, closing.message)
            self.member.outbox.put(self.member.encoder.reply(self.member, closing))
            self._services.pump.offer(self.sender)
            gevent.spawn(self._hang_up_when_told)

    def abort(self, reason: str) -> None:
        """End the connection from outside; `run` notices."""
        self._reason = self._reason or reason
        self._move_on(State.LOST)
        self._transport.abort()

    def _move_on(self, state: State) -> bool:
        """Go to another state; return False, and stay, if it does not follow the present one."""
        if state not in _NEXT_STATES[self._state]:
            return False
        self._state = state
        self.sender.wake()
        return True

    # Being here.

    def _converse(self) -> None:
        data, self._first = self._first or self._receive(), b""
        while data:
            if self._state is State.READING:
                self._reader.receive(data)
                if self._obey():
                    return
            data = b"" if self._reader.ended else self._receive()
        self._reader.end()
        if self._state is State.READING and not self._obey():
            self._goodbye(replies.Closing(code="gone", message="the connection was ended"))

    def _receive(self) -> bytes:
        """Return what arrives next, empty at the end; asks a silent client for a sign of life, where it can give one.

        Raises ProtocolError, fatal, when no name is given in time, and OSError when the connection is lost.
        """
        if not self.member.key:
            data = self._transport.receive(self._deadline - time.monotonic())
            if data is None:
                raise nameless()
            return data
        ping = self._reader.ping()
        if not ping:
            return self._transport.receive(None) or b""
        patience = self._services.chat.limits.keepalive / 2
        data = self._transport.receive(patience)
        if data is None:
            self.member.outbox.put(ping)
            self._services.pump.offer(self.sender)
            data = self._transport.receive(patience)
        if data is None:
            self._reason = "no sign of life"
            raise TimeoutError
        return data

    def _send_by_itself(self) -> None:
        """Send what the dialect answers without asking the chat."""
        if data := self._reader.data_to_send():
            self.member.outbox.put(data)
            self._services.pump.offer(self.sender)

    def _obey(self) -> bool:
        """Do all that has arrived; whether the user said goodbye."""
        while self._state is State.READING and (asked := self._next()) is not None:
            self._send_by_itself()
            if not self.member.welcomed:
                self._check_named()
                self._asked_at = time.monotonic()
            self._in_hand = asked
            tokens = actions.cost(self._services.chat, self.member, asked) if isinstance(asked, Command) else 1
            self._pace.wait(tokens, self._is_over)
            self._in_hand = None
            if self._state is not State.READING:
                break
            if isinstance(asked, Command):
                if self._do(asked):
                    return True
            elif isinstance(asked, ProtocolError):
                self._services.chat.refuse(self.member, asked, asked.ref)
            elif isinstance(asked, Answer):
                self._answer(asked)
            self._services.pump.wake()
        return False

    def _check_named(self) -> None:
        """Raise ProtocolError, fatal, when the time to give a name is over and none was given."""
        if not self.member.key and time.monotonic() > self._deadline:
            raise nameless()

    def _is_over(self) -> bool:
        """Return whether nothing more is taken from the user."""
        return self._state is not State.READING

    def _next(self) -> _Asked | None:
        """Return what the next line asks for, or why it cannot; None when more must arrive first."""
        try:
            return self._reader.next_command()
        except ProtocolError as error:
            if error.fatal:
                raise
            error.forget_frames()
            return error

    def _leaves_unsaid(self) -> bool:
        """Whether something has arrived that is not done any more, and that the client will not say again elsewhere."""
        try:
            asked = self._in_hand or self._next()
            while isinstance(asked, EmptyLine) or (asked is not None and is_said_again(self.member, asked)):
                asked = self._next()
        except ProtocolError:
            return True
        return asked is not None

    def _answer(self, answer: Answer) -> None:
        """Give the user an answer of its dialect's, and speak to it in another variant of that from there on."""
        member, dialect = self.member, answer.dialect
        if dialect is None:
            self._services.chat.tell(member, lambda: answer.encode(member))
        else:
            self._dialect = dialect
            self._services.chat.speak(member, dialect.encoder, dialect.can, lambda: answer.encode(member))

    def _do(self, command: commands.AnyCommand) -> bool:
        """Do what a command asks for; return whether it was the goodbye."""
        if isinstance(command, commands.Login) or (isinstance(command, commands.Hello) and command.login is not None):
            self._services.log.refresh_records()
        followup = self._act(command) if self.member.key else self._act_as_newcomer(command)
        return followup is not None and self._follow_up(followup)

    def _act_as_newcomer(self, command: commands.AnyCommand) -> Followup | None:
        """Do what somebody asks for who is not in yet, and may be in by that: some at a time, until all hear of it."""
        member = self.member
        self._guard().look_at_servers(command)
        self._is_coming_in = True
        with self._services.joins:
            if self._is_over():  # it was sent away while it waited
                return None
            followup = self._act(command)
            if member.key:
                self._services.pump.wake()
                self._services.pump.wait_until(self.sender, lambda: not member.unpublished)
        self._is_coming_in = False
        self._reader.asked(self._services.chat.door.question(member))
        if member.key:
            self._services.chat.counters.joined += 1
            how = f"{self._dialect.name}, TLS" if self._transport.is_secure else self._dialect.name
            logger.info("%s joined from %s (%s)", member.nick, self._transport.address, how)
        return followup

    def _act(self, command: commands.AnyCommand) -> Followup | None:
        followup = actions.do(self._services.chat, self.member, command, time.time())
        if isinstance(followup, ClaimNick) and self._services.claims is not None:
            return self._services.claims.claim(followup, self.member, self.sender)
        return followup

    def _guard(self) -> PasswordGuard:
        services = self._services
        return PasswordGuard(
            services.chat, services.passwords, services.registrar, self.member, self._wait, self._is_over
        )

    def _wait(self, seconds: float) -> None:
        """Wait, unless it is over before; the time to give a name is longer by that."""
        self._deadline += seconds
        self._services.pump.wait_until(self.sender, self._is_over, seconds)

    def _follow_up(self, followup: Followup) -> bool:
        """Do what a command needs beside the chat; return whether that was the end."""
        match followup:
            case CatchUp():
                self._history().catch_up(followup)
            case ReadHistory():
                self._history().send_page(followup.asked)
            case ReadRecent():
                self._history().send_recent(followup.asked)
            case FindEvent():
                self._history().find(followup)
            case CheckPassword() | HashPassword() | MakeWord():
                following = self._guard().work_on(followup)
                self._reader.asked(self._services.chat.door.question(self.member))
                return following is not None and self._do(following)
            case Goodbye():
                self._reason = followup.reason
                self._goodbye(replies.Closing(code="bye", message="bye"), alone=self.member.outbox.pause_s > 0)
                return True
        return False

    def _history(self) -> HistorySender:
        services = self._services
        return HistorySender(
            services.chat, services.pump, services.log, self.member, self.sender, services.greet_with, services.started
        )

    # Going.

    def _sent_away(self, reason: str) -> None:
        """End this connection: its user has come back on another one, was sent away, or the server lost the others."""
        self._move_on(State.PARTED)
        if self._leaves_unsaid():
            self.member.outbox.put(self.member.encoder.reply(self.member, _UNSAID))
        gevent.spawn(self._abort_when_told, reason)

    def _abort_when_told(self, reason: str) -> None:
        self.drain(_SENT_AWAY_S)
        self.abort(reason)

    def _hang_up_when_told(self) -> None:
        self._services.pump.drain(self.sender, lambda: True, _SENT_AWAY_S)
        self.sender.end()
        self._transport.close_write()
        gevent.sleep(_SENT_AWAY_S)
        self.abort("connection lost")

    def _send_away(self, error: ProtocolError) -> None:
        """Close a connection that cannot go on, and tell the user why."""
        logger.info("closing %s: %s", self._transport.address, error.message)
        self._reason = self._reason or error.message
        try:
            self._goodbye(replies.Closing(code=error.code, message=error.message))
        except OSError:
            return  # it is gone already

    def _goodbye(self, closing: replies.Closing, *, alone: bool = False) -> None:
        """Leave, and send the user what is still due; with `alone`, the last word is a packet of its own."""
        pump = self._services.pump
        if alone:
            self._services.chat.depart(self.member, self._reason)
            pump.wake()
            if pump.drain(self.sender, lambda: not self.member.outbox.follows, GOODBYE_S):
                gevent.sleep(_LAST_WORD_PAUSE_S)
        self._part(closing)
        self.drain(GOODBYE_S)
        self._send_by_itself()
        self._transport.drain_read()

    def _part(self, closing: replies.Closing) -> None:
        """Take the user out of its rooms, with a last word, unless that has been done."""
        if self._move_on(State.PARTED):
            self._services.chat.depart(self.member, self._reason)
            self._services.chat.tell(self.member, closing)
            self._services.pump.wake()

    def _end(self) -> None:
        self._services.pump.detach(self.sender)
        self._part(replies.Closing(code="gone", message=self._reason))
        self.member.on_sent_away = nothing  # or session and member would hold each other
        if self.member.key:
            self._services.chat.counters.left += 1
            logger.info("%s left%s", self.member.nick, f": {self._reason}" if self._reason else "")
