"""One connected user: the greenlet that reads its socket and acts on what it says."""

import logging
import secrets
import time

import gevent
from gevent.socket import SHUT_RDWR, SHUT_WR, socket

from geventchat import commands, dialects, replies
from geventchat.chat import Chat
from geventchat.dialects import slash
from geventchat.dialects.base import Reader
from geventchat.dialects.plain import PROMPT, notice
from geventchat.errors import ProtocolError, Refused
from geventchat.events import Acted, AnyEvent, Said, id_key
from geventchat.limits import MAX_HISTORY, MAX_PRIVATE_BYTES, MAX_UNENDED_BYTES, SNIFF_S
from geventchat.log import Log
from geventchat.member import Member
from geventchat.pump import Link, Pump
from geventchat.rate import Bucket
from geventchat.room import Room

log = logging.getLogger("geventchat")

_RECV_BYTES = 64 << 10
# Commands that one session may give in a row before others have their turn.
_COMMANDS_PER_SLICE = 64
# How long a user who has ended has to take what is still meant for it.
FAREWELL_S = 5.0
# How long an unframed client gets to take what was said before `exit`, which must reach it alone in one `recv`.
_EXIT_PAUSE_S = 0.1
# How long we listen on after our last word: closing at once would make the kernel throw that word away.
_LINGER_S = 1.0


def _nameless() -> ProtocolError:
    return ProtocolError("name-timeout", "no name was given in time: closing", fatal=True)


# Events that are looked through for each line that a newcomer is shown: others came and went between.
_EVENTS_PER_LINE = 4


class Session:
    """One connection, from the first byte to the last.

    People who are new are shown the last `greet_with` lines. `refusal` is why the connection may not stay, if so.
    """

    __slots__ = (
        "_address",
        "_chat",
        "_deadline",
        "_greet_with",
        "_greets",
        "_log",
        "_pump",
        "_reason",
        "_refusal",
        "_socket",
        "_stopping",
        "link",
        "member",
    )

    def __init__(
        self,
        chat: Chat,
        pump: Pump,
        log: Log,
        sock: socket,
        address: str,
        *,
        greet_with: int,
        refusal: replies.Closing | None,
    ) -> None:
        self._chat = chat
        self._pump = pump
        self._log = log
        self._socket = sock
        self._address = address
        self._refusal = refusal
        self._greet_with = greet_with
        self._greets = False
        self._deadline = time.monotonic() + chat.limits.name_timeout
        self._reason = ""  # why it ends, as others are told
        self._stopping = False
        self.member: Member | None = None
        self.link: Link | None = None

    def run(self) -> None:
        """Serve the user until the end of the connection."""
        try:
            found = self._sniff()
            if found is not None:
                self._converse(*found)
        except ProtocolError as error:
            self._turn_away(error)
        except OSError:
            self._reason = self._reason or "connection lost"
        except Exception:
            self._reason = self._reason or "an error in the server"
            log.exception("the session of %s failed; only that user is closed", self._address)
        finally:
            self._end()

    def cut(self, reason: str) -> None:
        """End the connection from outside; `run` notices."""
        self._reason = self._reason or reason
        self._shut(SHUT_RDWR)

    def stop(self, closing: replies.Closing) -> None:
        """Say the last word to the user, and take no more from it; to be sent by the pump."""
        self._stopping = True
        if self.member is not None:
            self._chat.tell(self.member, closing)

    def hang_up(self) -> None:
        """Let the user know that nothing more is coming."""
        self._shut(SHUT_WR)

    # Coming in.

    def _sniff(self) -> tuple[dialects.Dialect, bytes] | None:
        """Return how the newcomer speaks and what it has sent so far; None when it left without a word."""
        first, prompted = b"", False
        dialect = None
        while dialect is None:
            left = self._deadline - time.monotonic()
            data = self._receive(left if prompted and not first else min(left, SNIFF_S))
            if data == b"" and not first:
                return None
            if time.monotonic() > self._deadline:
                raise _nameless()
            if len(first) > MAX_UNENDED_BYTES:
                raise ProtocolError("line-too-long", "64 KiB without an end of line: closing", fatal=True)
            first += b"\n" if data == b"" else data or b""  # of a pipe that has ended, the last line may lack its end
            dialect = dialects.sniff(first, quiet=data is None)
            if data is None and dialect is None and not prompted:
                self._socket.sendall(PROMPT)
                prompted = True
        if dialect.prompted and not prompted:
            self._socket.sendall(PROMPT)
        elif prompted and not dialect.prompted:
            self._socket.sendall(b"\n")  # the prompt gets a line of its own
        return dialect, first

    def _converse(self, dialect: dialects.Dialect, first: bytes) -> None:
        limits = self._chat.limits
        self._greets = bool(self._greet_with and dialect is dialects.PLAIN)
        self.member = member = Member(dialect.speech, dialect.outbox(), secrets.token_urlsafe(12))
        member.make_way = self._make_way
        self.link = self._pump.attach(member.outbox, self._socket, self.cut)
        if self._refusal is not None:
            raise ProtocolError(self._refusal.code, self._refusal.message, fatal=True)
        reader = dialect.reader(limits.max_line)
        bucket = Bucket(limits.rate, limits.burst) if limits.rate else None
        data: bytes | None = first
        while data:
            if not self._stopping:
                reader.receive(data)
                if self._obey(reader, bucket, dialect):
                    return
            data = self._receive(None if member.key else self._deadline - time.monotonic())
        if data is None:
            raise _nameless()
        reader.end()
        if not (self._stopping or self._reason or self._obey(reader, bucket, dialect)):
            self._farewell(replies.Closing(code="gone", message="the connection was ended"))

    def _receive(self, timeout: float | None) -> bytes | None:
        """Return what arrives: empty at the end of the connection, None when nothing does in time."""
        self._socket.settimeout(timeout if timeout is None else max(timeout, 0.001))
        try:
            return self._socket.recv(_RECV_BYTES)
        except TimeoutError:
            return None

    # Being here.

    def _obey(self, reader: Reader, bucket: Bucket | None, dialect: dialects.Dialect) -> bool:
        """Do all that has arrived; whether the user said goodbye."""
        assert self.member is not None
        assert self.link is not None
        member = self.member
        count = 0
        while not self._stopping:
            try:
                command = reader.next_command()
            except ProtocolError as error:
                if error.fatal:
                    raise
                self._chat.refuse(member, error)
                self._pump.wake()
                continue
            if command is None:
                break
            if bucket is not None and (delay := bucket.take(time.monotonic())):
                gevent.sleep(delay)
                if self._stopping:
                    break
            if self.link.broken:  # nobody speaks on who is lost
                break
            if isinstance(command, commands.Bye):
                self._reason = command.reason
                self._farewell(replies.Closing(code="bye", message="bye"), alone=dialect is dialects.UNFRAMED)
                return True
            self._act(command, reader)
            self._pump.wake()
            count += 1
            if not count % _COMMANDS_PER_SLICE:
                gevent.sleep(0)
            if member.outbox.private_bytes > MAX_PRIVATE_BYTES:  # who does not take the answers is not heard either
                self._pump.drain(self.link, float("inf"), lambda: True)
        return False

    def _act(self, command: commands.AnyCommand, reader: Reader) -> None:
        assert self.member is not None
        member = self.member
        if isinstance(command, commands.History):
            self._tell_history(command)
        elif isinstance(command, commands.Help):
            self._chat.tell(member, replies.HelpText(lines=slash.help_lines()))
        elif isinstance(command, commands.Hello | commands.Join):
            self._enter(command)
            if member.key:
                reader.named()
            else:
                self._chat.tell(member, replies.NamePrompt())
        else:
            self._chat.handle(member, command, time.time())

    def _enter(self, command: commands.Hello | commands.Join) -> None:
        """Let the user into a room; who comes back, or is new here, is first told what was said before."""
        assert self.member is not None
        assert self.link is not None
        member, rooms = self.member, len(self.member.rooms)
        try:
            if command.after is not None:
                id_key(command.after)
        except Refused as refusal:
            self._chat.refuse(member, refusal, getattr(command, "ref", None))
            return
        greeted = self._greets and isinstance(command, commands.Hello)
        member.behind = greeted or command.after is not None
        self._chat.handle(member, command, time.time())
        if member.behind and len(member.rooms) > rooms and self._settle():
            try:
                room = self._chat.room_of(member, command.room)
                if command.after is not None:
                    self._tell_missed(room, command.after)
                else:
                    self._tell_earlier(room)
            except Refused as refusal:  # the log cannot be read
                self._chat.refuse(member, refusal, getattr(command, "ref", None))
            member.outbox.release()
            self._pump.go_on(self.link)
        member.behind = False

    def _tell_missed(self, room: Room, after: str) -> None:
        """Tell from the log what the room said later than the id `after`, up to where its feed goes on."""
        assert self.member is not None
        member = self.member
        member.stored |= self._log.refs(room.key, member.nick, after)
        oldest = self._log.oldest(room.key)
        if oldest is None or id_key(oldest) > id_key(after):
            self._chat.tell(member, replies.Gap(room=room.name, first=after, last=oldest or after, count=None))
        place, upto = room.place(member), member.entered
        while True:
            page = self._log.since(room.key, after, MAX_HISTORY)
            for event in page:
                if id_key(event.id) <= id_key(upto) and event.id != member.entered:
                    self._chat.tell(member, event)
            if not self._settle():
                return
            if page and id_key(page[-1].id) < id_key(upto):
                after = page[-1].id
            elif place.passed:  # meanwhile the room has said more than its feed keeps
                after, upto = upto, place.catch_up()
            else:
                return

    def _tell_earlier(self, room: Room) -> None:
        """Show a newcomer what was said last."""
        assert self.member is not None
        events = self._log.latest(room.key, self._greet_with * _EVENTS_PER_LINE, self.member.entered)
        said: list[AnyEvent] = [event for event in events if isinstance(event, Said | Acted)]
        if said:
            shown = said[-self._greet_with :]
            self._chat.tell(self.member, replies.HistoryPage(room=room.name, events=shown, more=len(said) > len(shown)))
            self._settle()

    def _settle(self) -> bool:
        """Wait until all that was posted for this user is published and sent; whether the connection still stands."""
        assert self.member is not None
        assert self.link is not None
        member = self.member
        self._pump.wake()
        return self._pump.drain(self.link, float("inf"), lambda: not member.pending)

    def _tell_history(self, asked: commands.History) -> None:
        assert self.member is not None
        self._settle()  # what the user has just said is in it then
        try:
            room = self._chat.room_of(self.member, asked.room)
            limit = max(1, min(asked.limit, MAX_HISTORY))
            if asked.after is not None:
                page = self._log.since(room.key, asked.after, limit + 1)
                shown = page[:limit]
            else:
                page = self._log.latest(room.key, limit + 1, asked.before)
                shown = page[-limit:]
            more = len(page) > limit
            self._chat.tell(self.member, replies.HistoryPage(room=room.name, events=shown, more=more, ref=asked.ref))
        except Refused as refusal:
            self._chat.refuse(self.member, refusal, asked.ref)

    # Going.

    def _make_way(self) -> None:
        """End this connection because its user has come back on another one."""
        self._stopping = True
        gevent.spawn(self._cut_when_told)

    def _cut_when_told(self) -> None:
        assert self.member is not None
        assert self.link is not None
        member = self.member
        self._pump.drain(self.link, _LINGER_S, lambda: member.gone)
        self.cut("came back on another connection")

    def _farewell(self, closing: replies.Closing, *, alone: bool = False) -> None:
        """Leave, and give the user what is still meant for it; `alone`: the last word as a packet of its own."""
        assert self.member is not None
        assert self.link is not None
        member, link = self.member, self.link
        self._chat.depart(member, self._reason)
        self._pump.wake()
        if alone and self._pump.drain(link, FAREWELL_S, lambda: not member.outbox.follows):
            gevent.sleep(_EXIT_PAUSE_S)
        self._chat.tell(member, closing)
        self._pump.wake()
        self._pump.drain(link, FAREWELL_S, lambda: member.gone)
        self._linger()

    def _turn_away(self, error: ProtocolError) -> None:
        """Close a connection that cannot go on, with a word to whoever is there."""
        log.info("closing %s: %s", self._address, error.message)
        self._reason = self._reason or error.message
        try:
            if self.member is not None:
                self._farewell(replies.Closing(code=error.code, message=error.message))
            elif error.code == "http":
                self._socket.sendall(dialects.HTTP_ANSWER)
                self._linger()
            elif error.code != "tls":
                self._socket.sendall(b"\n" + notice(error.message))
                self._linger()
        except OSError:
            return  # it is gone already

    def _linger(self) -> None:
        """Hang up, and wait a moment for the other side to do so."""
        self.hang_up()
        deadline = time.monotonic() + _LINGER_S
        while (left := deadline - time.monotonic()) > 0 and self._receive(left):
            pass

    def _shut(self, how: int) -> None:
        try:
            self._socket.shutdown(how)
        except OSError:
            return  # it is down already

    def _end(self) -> None:
        if self.member is not None and not (self._stopping or self.member.gone):
            self._chat.depart(self.member, self._reason)
            self._chat.tell(self.member, replies.Closing(code="gone", message=self._reason))
            self._pump.wake()
        if self.link is not None:
            self._pump.detach(self.link)
