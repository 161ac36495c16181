"""Bytes to commands: lines are messages, and until a client has registered, only those that belong to that."""

from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum, auto

from geventchat.commands import commands
from geventchat.dialects.base import Answer, Dialect, EmptyLine
from geventchat.dialects.irc import texts
from geventchat.dialects.irc.answers import Request, answer, too_few, wrong
from geventchat.dialects.irc.asked import MAX_LABEL, SEVERAL, Asked, batch_begins, batch_ends
from geventchat.dialects.irc.capabilities import Negotiation
from geventchat.dialects.irc.lines import MAX_BYTES, MAX_TAG_BYTES, Line, build, parse
from geventchat.dialects.irc.names import SERVER, name_from_irc
from geventchat.dialects.irc.sasl import Sasl
from geventchat.dialects.irc.verbs import VERBS
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.lines import LineBuffer
from geventchat.protocol.questions import Question

# What a client may send that has not registered, beside what registers it.
_ANY_TIME = ("PING", "PONG", "QUIT", "ERROR")


class _State(Enum):
    """How far a client's registration is."""

    REGISTERING = auto()  # it has not said all that is needed, or the nick that it has given cannot be had
    REGISTERED = auto()


class IrcReader:
    """Reads messages. `spoken` says which dialect to speak to a client that has agreed on these capabilities."""

    __slots__ = (
        "_given",
        "_lines",
        "_negotiation",
        "_nick",
        "_password",
        "_ready",
        "_sasl",
        "_spoken",
        "_state",
        "_user",
        "_wanted",
        "ended",
    )

    def __init__(self, spoken: Callable[[frozenset[str]], Dialect]) -> None:
        self._spoken = spoken
        self._lines = LineBuffer(MAX_TAG_BYTES + MAX_BYTES)
        self._ready: deque[Request] = deque()
        self._negotiation = Negotiation()
        self._sasl = Sasl()
        self._nick = ""
        self._wanted = ""  # the nick that was last given
        self._password: str | None = None  # the server's, as PASS gives it
        self._given: str | None = None  # the one of these that was given last ahead of an account's
        self._user: tuple[str, str] | None = None  # the username and what the user says of itself, as USER gives them
        self._state = _State.REGISTERING
        self.ended = False

    def receive(self, data: bytes) -> None:
        """Take in bytes that have arrived."""
        self._lines.receive(data)

    def end(self) -> None:
        """Take in the end of the connection: a last line that lacks its end is complete."""
        self._lines.end()

    def data_to_send(self) -> bytes:
        """Return nothing: all that a client is sent comes in its turn."""
        return b""

    def ping(self) -> bytes:
        """Return what a living client answers."""
        return b"PING :geventchat\r\n"

    def asked(self, question: Question | None) -> None:
        """Tell a client that has come in how many are here, and the message of the day.

        One whose password was wrong can give another, and is then called as it had wanted.
        """
        if question is not None:
            if question is Question.SERVER_PASSWORD:
                self._nick = self._wanted
            return
        if self._state is _State.REGISTERED:  # clients take the end of that message for their coming in
            return
        self._state = _State.REGISTERED
        self._ready.append(commands.Status(ref=Asked("LUSERS").ref))
        self._ready.append(commands.Motd(ref=Asked("MOTD").ref))

    def next_command(self) -> Request | EmptyLine | None:
        """Return what the next line asks for; None when more must arrive first. Raises ProtocolError."""
        if self._ready:
            return self._ready.popleft()
        line = self._lines.next_line()
        if line is None:
            return None
        try:
            message = parse(line)
        except ProtocolError as error:
            raise ProtocolError(error.code, error.message, ref=self._asked("", error.ref or "").ref) from None
        if not message.command:
            return EmptyLine()
        self._ready.extend(self._requests(message))
        return self._ready.popleft() if self._ready else EmptyLine()

    def _asked(self, verb: str, label: str) -> Asked:
        awaited = "labeled-response" in self._negotiation.agreed
        return Asked(verb, label[:MAX_LABEL] if awaited else "")

    def _requests(self, message: Line) -> Iterable[Request]:
        asked = self._asked(message.command, message.tags.get("label", ""))
        if message.command == "CAP":
            return self._negotiate(asked, message.params)
        if message.command == "AUTHENTICATE":
            return [*self._take_password(), *self._sasl.take(asked, message.params)]
        if self._state is _State.REGISTERING and message.command not in _ANY_TIME:
            return self._register(asked, message.params)
        verb = VERBS.get(message.command)
        if verb is None:
            return [wrong(asked._replace(verb=""), "421", message.command, "Unknown command")]
        requests = list(verb(asked, message.params))
        if len(requests) > 1 and asked.label:  # the label goes to a batch of all answers
            requests = list(verb(Asked(asked.verb, batch=SEVERAL), message.params))
            begin = answer(asked, lambda _: [batch_begins(SEVERAL, "labeled-response")])
            return [begin, *requests, answer(Asked(""), lambda _: [batch_ends(SEVERAL)])]
        if not requests and asked.label:
            return [answer(asked, lambda _: [])]
        return requests

    # Registration.

    def _negotiate(self, asked: Asked, params: list[str]) -> Iterable[Request]:
        was_open, agreed = self._negotiation.is_open, self._negotiation.agreed
        words = self._negotiation.take(params)
        if words is None:
            yield wrong(asked, "410", params[0] if params else "*", "That is no subcommand of CAP")
            return
        subcommand, names = words
        dialect = None if self._negotiation.agreed == agreed else self._spoken(self._negotiation.agreed)
        if subcommand or dialect is not None:
            told = answer(asked, lambda to: [to.said_by_server("CAP", to.me, subcommand, names)] if subcommand else [])
            yield Answer(told.encode, dialect)
        if was_open and not self._negotiation.is_open:
            yield from self._complete()

    def _register(self, asked: Asked, params: list[str]) -> Iterable[Request]:
        match asked.verb:
            case "NICK":
                if not params or not params[0]:
                    return [wrong(asked, "431", "No nickname given")]
                self._nick = self._wanted = params[0]
            case "USER":
                if len(params) < 4 or not params[0] or not params[3]:
                    return [too_few(asked)]
                self._user = texts.plain(params[0]), texts.plain(params[3])
            case "PASS":
                if not params:
                    return [too_few(asked)]
                self._password = params[0]
            case "REGISTER":
                why = build(SERVER, "FAIL", "REGISTER", "COMPLETE_CONNECTION_REQUIRED", "*", "Come in first")
                return [answer(asked, lambda _: [why])]
            case _:
                return [wrong(asked, "451", "You have not registered")]
        return self._complete()

    def _take_password(self) -> Iterable[Request]:
        """Give the server's password, if there is one, before the account's: once, as each wrong one counts."""
        if self._state is _State.REGISTERING and self._password not in (None, self._given):
            self._given = self._password
            yield commands.ServerPassword(password=self._password)

    def _complete(self) -> Iterable[Request]:
        """Come in, once all is known that is needed, and no capabilities are being negotiated."""
        if self._nick and self._user is not None and not self._negotiation.is_open:
            username, about = self._user
            nick, self._nick = name_from_irc(self._nick), ""  # if it cannot be had, another is needed
            yield commands.Hello(nick=nick, room="", username=username, about=about, password=self._password)
