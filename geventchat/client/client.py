"""A client as a library: one connection in the json dialect, read by a greenlet of its own."""

import itertools
import secrets
from collections.abc import Iterator
from contextlib import suppress
from typing import Self

import gevent
from gevent import socket
from gevent.event import AsyncResult, Event
from gevent.lock import BoundedSemaphore
from gevent.queue import Empty, Queue
from msgspec import structs

from geventchat.client.cleaning import cleaned
from geventchat.commands import commands
from geventchat.commands.command import Command
from geventchat.dialects import json_client
from geventchat.protocol import address as addresses
from geventchat.protocol import events, replies
from geventchat.protocol.errors import ConnectionLost, NoAnswer, ProtocolError, Refused, ServerUnavailable
from geventchat.protocol.names import LOBBY
from geventchat.tls.secure_socket import SecureSocket, shake_hands
from geventchat.tls.trust import Trust

_RECV_BYTES = 64 << 10
# With so many messages that nobody has taken yet, no more are read: the server then waits, or says what it left out.
MAX_UNREAD = 10_000
# How long a welcome is waited for where a password goes along: behind wrong ones, a server lets it wait for a minute.
_PASSWORD_S = 70.0


class ChatClient:
    """Talks to a chat server as `name`, in `room`. Use it as a context manager, or call `close` in the end.

    What the server sends comes out of iteration or `receive`, with everything removed that would act on a terminal;
    answers to this client's own requests come from the methods that ask. What is not taken is kept: who only says has
    to take what comes, too, or memory fills. A client that comes back gives `after`, the id
    of the last event that the earlier connection heard, and `token`, from its welcome. `password` is the server's, and
    `login` logs in to an account. With `tls`, all goes through TLS, to a server that it trusts.

    Raises ServerUnavailable when no server answers within `timeout` seconds, and then lets us in or turns us away
    within as many, or 70 where a password goes along; Refused when it turns us away; NotTrusted when it is perhaps not
    the one that we mean.
    """

    def __init__(
        self,
        address: tuple[str, int] = (addresses.DEFAULT_HOST, addresses.DEFAULT_PORT),
        *,
        name: str,
        room: str = LOBBY,
        after: str | None = None,
        token: str | None = None,
        password: str | None = None,
        login: commands.Credentials | None = None,
        tls: Trust | None = None,
        timeout: float = 10.0,
    ) -> None:
        self._timeout = timeout
        self._sending = BoundedSemaphore()  # one line at a time, whoever sends it
        ours = secrets.token_hex(4)  # the server takes an equal ref of an earlier connection for the same words
        self._refs = (f"{ours}-{number}" for number in itertools.count(1))
        self._waiting: dict[str, AsyncResult[replies.Response]] = {}
        self._messages: Queue[replies.Message | ConnectionLost] = Queue()
        self._reader = json_client.MessageReader()
        self._lost: ConnectionLost | None = None
        self._closing = False
        self._read_on = Event()
        where = addresses.show(address)
        with gevent.Timeout(timeout, ServerUnavailable(f"no server answers at {where} within {timeout:g} s")):
            self._socket = _reach(address, tls)
        patience_s, why = timeout, f"what answers at {where} is not a geventchat server"
        if password is not None or login is not None:
            patience_s, why = max(timeout, _PASSWORD_S), f"the server at {where} takes its time over passwords"
        hello = commands.Hello(nick=name, room=room, after=after, token=token, password=password, login=login)
        try:
            with gevent.Timeout(patience_s, ServerUnavailable(f"{why}: no welcome within {patience_s:g} s")):
                with suppress(ConnectionLost):  # the server may have said why before it hung up
                    self._send(hello)
                self.welcome = self._wait_for_welcome(address)
        except BaseException:
            self._socket.close()
            raise
        self._greenlet = gevent.spawn(self._receive)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[replies.Message]:
        """Yield what the server sends, until it says that it closes. Raises ConnectionLost when it does not say so."""
        while True:
            message = self.receive()
            assert message is not None
            yield message
            if isinstance(message, replies.Closing):
                return

    def receive(self, timeout: float | None = None) -> replies.Message | None:
        """Return the next message from the server; None when nothing comes for `timeout` seconds.

        Raises ConnectionLost when the connection has ended.
        """
        try:
            message = self._messages.get(timeout=timeout)
        except Empty:
            return None
        if isinstance(message, ConnectionLost):
            self._messages.put(message)
            raise message
        self._read_on.set()
        return message

    def say(self, text: str, room: str | None = None) -> str:
        """Send a message and return its id, once it is stored. Raises what `request` does."""
        return self._stored(commands.Say(text=text, room=room))

    def act(self, text: str, room: str | None = None) -> str:
        """Send an action, as /me does, and return its id, once it is stored."""
        return self._stored(commands.Act(text=text, room=room))

    def whisper(self, to: str, text: str) -> None:
        """Send a message to one user alone."""
        self.request(commands.Whisper(to=to, text=text))

    def join(self, room: str) -> replies.Members:
        """Enter a further room and return who is there."""
        return self._members(commands.Join(room=room))

    def who(self, room: str | None = None) -> replies.Members:
        """Return who is in a room."""
        return self._members(commands.Who(room=room))

    def history(
        self, room: str | None = None, *, before: str | None = None, after: str | None = None, limit: int = 50
    ) -> list[events.AnyEvent]:
        """Return earlier events of a room, oldest first."""
        page = self.request(commands.History(room=room, before=before, after=after, limit=limit))
        assert isinstance(page, replies.HistoryPage)
        return page.events

    def send(self, command: Command) -> None:
        """Send any command without waiting for an answer."""
        self._send(command)

    def check(self, command: Command) -> None:
        """Raise Refused if the command has a text that is longer than the server takes."""
        most = self.welcome.limits.get("line")
        if json_client.is_too_long(command, most):
            raise Refused("line-too-long", f"a text can have at most {most:g} bytes; this one was not sent")

    def request(self, command: commands.Request) -> replies.Response:
        """Send a command under its `ref`, or one of this client's own, and return the answer.

        Raises Refused if the server does not do it, ConnectionLost, and NoAnswer when none comes within the timeout.
        After the last two, a message can be sent again under its ref: it is stored once.
        """
        ref = command.ref if command.ref is not None else next(self._refs)
        command = structs.replace(command, ref=ref)
        self.check(command)
        answer = self._waiting[ref] = AsyncResult()
        self._read_on.set()  # to the answer, whatever is still unread before it
        too_late = gevent.Timeout(self._timeout)
        try:
            with too_late:
                self._send(command)
                reply = answer.get()
        except gevent.Timeout as raised:
            if raised is not too_late:  # it is the caller's
                raise
            raise self._lost or NoAnswer(f"the server did not answer within {self._timeout:g} s") from None
        finally:
            del self._waiting[ref]
        assert reply is not None
        if isinstance(reply, replies.Error):
            raise Refused(reply.code, reply.message)
        return reply

    def close(self, reason: str = "") -> None:
        """Say goodbye, and why, and end the connection, once all that was sent before has reached the server.

        That may take as long as connecting may; a server that takes nothing is then left without a goodbye.
        """
        self._closing = True
        self._read_on.set()
        if self._lost is None:
            gevent.with_timeout(self._timeout, self._say_goodbye, reason, timeout_value=None)
        self.drop()

    def drop(self) -> None:
        """End the connection at once, without a goodbye; whoever still waits for something is told that it is lost."""
        self._greenlet.kill(timeout=1)
        self._end("the connection is closed")
        self._socket.close()

    def _say_goodbye(self, reason: str) -> None:
        with suppress(ConnectionLost):
            self._send(commands.Bye(reason=reason))
            self._greenlet.join()

    def _stored(self, command: commands.Say | commands.Act) -> str:
        ack = self.request(command)
        assert isinstance(ack, replies.Ack)
        return ack.id or ""

    def _members(self, command: commands.Join | commands.Who) -> replies.Members:
        members = self.request(command)
        assert isinstance(members, replies.Members)
        return members

    def _send(self, command: Command) -> None:
        if self._lost is not None:
            raise self._lost
        line = _line(command)
        try:
            with self._sending:
                self._send_whole(line)
        except OSError as error:
            raise self._lost or ConnectionLost(f"the connection is lost ({error.strerror or error})") from None

    def _send_whole(self, line: bytes) -> None:
        try:
            self._socket.sendall(line)
        except OSError:  # what the server said before it hung up is still to be heard
            raise
        except BaseException:
            self._end("the connection is lost (a line could not be sent whole)")  # the next would be taken for its end
            raise

    def _wait_for_welcome(self, address: tuple[str, int]) -> replies.Welcome:
        with suppress(OSError, ProtocolError):
            while data := self._socket.recv(_RECV_BYTES):
                gevent.sleep(0)  # else a server that sends without a pause would never let the time run out
                self._reader.receive(data)
                while (message := self._next_message()) is not None:
                    if isinstance(message, replies.Welcome):
                        return message
                    if isinstance(message, replies.Error | replies.Closing):
                        raise Refused(message.code, message.message)
        raise ServerUnavailable(f"what answers at {addresses.show(address)} is not a geventchat server")

    def _receive(self) -> None:
        closing = "the server closed the connection"
        try:
            self._take_what_is_read()  # it came together with the welcome
            while data := self._socket.recv(_RECV_BYTES):
                self._reader.receive(data)
                self._take_what_is_read()
                self._let_others_go_on()
        except (OSError, ProtocolError) as error:
            closing = f"the connection is lost ({getattr(error, 'strerror', None) or error})"
        self._end(closing)

    def _end(self, why: str) -> None:
        """Tell whoever waits, and whoever asks from now on, that the connection is lost."""
        if self._lost is None:
            self._lost = ConnectionLost(why)
            self._messages.put(self._lost)
            for answer in self._waiting.values():
                answer.set_exception(self._lost)

    def _let_others_go_on(self) -> None:
        """Give way: where a server sends without a pause, reading would never wait by itself."""
        gevent.sleep(0)
        while self._messages.qsize() >= MAX_UNREAD and not (self._waiting or self._closing):
            self._read_on.clear()
            self._read_on.wait()

    def _take_what_is_read(self) -> None:
        while (message := self._next_message()) is not None:
            self._take(message)

    def _next_message(self) -> replies.Message | None:
        message = self._reader.next_message()
        return None if message is None else cleaned(message)

    def _take(self, message: replies.Message) -> None:
        if isinstance(message, replies.Response) and message.ref in self._waiting:
            self._waiting[message.ref].set(message)
        elif not self._closing or self._messages.qsize() < MAX_UNREAD:
            self._messages.put(message)


def _line(command: Command) -> bytes:
    """Return a command as it is sent. Raises Refused if that cannot be."""
    try:
        return json_client.encode(command)
    except UnicodeEncodeError:
        raise Refused("bad-text", "half a character, a lone surrogate, cannot be sent") from None


def _reach(address: tuple[str, int], trust: Trust | None) -> socket.socket | SecureSocket:
    sock = _connect(address)
    if trust is None:
        return sock
    try:
        return _inside_tls(sock, address, trust)
    except BaseException:
        sock.close()
        raise


def _inside_tls(sock: socket.socket, address: tuple[str, int], trust: Trust) -> SecureSocket:
    try:
        return SecureSocket(sock, shake_hands(sock, address, trust))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ServerUnavailable(f"what answers at {addresses.show(address)} does not speak TLS ({why})") from None


def _connect(address: tuple[str, int]) -> socket.socket:
    try:
        address[0].encode("idna")  # else gevent would print what the look-up of a..b raises
    except UnicodeError:
        raise ServerUnavailable(f"there is no host {address[0]!r} (that is not a name)") from None
    try:
        return socket.create_connection(address)
    except socket.gaierror as error:
        raise ServerUnavailable(f"there is no host {address[0]!r} ({error.strerror})") from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        start = "; geventchat-serve starts one" if isinstance(error, ConnectionRefusedError) else ""
        raise ServerUnavailable(f"no server answers at {addresses.show(address)} ({why}){start}") from None
