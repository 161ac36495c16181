"""The user's side of the chat, without any I/O: what is typed and received goes in, and what to do comes out."""

import itertools

from msgspec import structs

from geventchat.client.pending import Pending, Spoken
from geventchat.client.terminal import user_input
from geventchat.client.terminal.effects import Alert, Effect, Heading, Leave, Notice, Retry
from geventchat.client.terminal.mention import mentions
from geventchat.client.terminal.rooms import KEPT, Room, Rooms, is_later
from geventchat.commands import commands, moderation
from geventchat.dialects import json_client
from geventchat.protocol import events, replies
from geventchat.protocol.crowd import JoinLeaveSummary
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import CROWD, GREET_WITH, MAX_HISTORY
from geventchat.protocol.roles import Role
from geventchat.protocol.wording import EVERYBODY

# What can be done about not being let in again.
_HINTS = dict.fromkeys(("nick-taken", "bad-nick"), "; /nick NAME takes another") | dict.fromkeys(
    ("nick-registered", "login-failed"), "; /login NAME PASSWORD does, or /nick NAME takes another name"
)
_HINTS |= dict.fromkeys(("password-needed", "wrong-password"), "; leave and start again to be asked for it")
# Why a room is not to be entered; a ban can also be one from everywhere.
_OF_A_ROOM = ("locked", "key-needed", "banned", "forbidden")
# What is about the room that is shown; and what is about people, there or everywhere.
_IN_ROOM = (
    *(commands.Who, commands.History, commands.Topic, commands.Invite),
    *(moderation.Kick, moderation.Slow, moderation.Lock, moderation.Unlock, moderation.Delete),
)
_TO_PEOPLE = (moderation.Ban, moderation.Unban, moderation.Bans, moderation.Mute, moderation.Unmute)


class Conversation:
    """Who the user is, in which rooms, and what has been said. `prefix` is for refs: nobody else may use it."""

    def __init__(self, nick: str, room: str, prefix: str, login: commands.Credentials | None = None) -> None:
        self.nick = nick
        self._login = login  # what we come back with
        self._logins: dict[str, commands.Credentials] = {}  # those that were typed, by refs
        self.rooms = Rooms()
        self.pending = Pending(prefix)
        self.connected = False
        self._first_room = room
        self._token: str | None = None
        self._refs = (f"{prefix}-do-{number}" for number in itertools.count(1))
        self.role = Role.USER
        self._passwords: dict[str, str] = {}  # of rooms, in small letters, to come back with
        self._joining: dict[str, str] = {}  # refs to rooms that are being entered
        self._leaving: dict[str, str] = {}
        self._greeting: set[str] = set()  # refs of history asked for on entering a room
        self._crowd = JoinLeaveSummary()
        self._closing = ""  # the server's last word
        self._max_line: float | None = None  # bytes
        self._trouble: Refused | None = None  # why we cannot come back, as told to the user
        self._in_no_room = False  # whether we come back into none, as hello cannot bring us into the first

    # The connection.

    def hello(self) -> commands.Hello:
        """Return what to introduce ourselves with, the first time or again."""
        room = next(iter(self.rooms), None)
        if self._in_no_room:
            return commands.Hello(nick=self.nick, room="", token=self._token, login=self._login)
        if room is None:
            return commands.Hello(nick=self.nick, room=self._first_room, token=self._token, login=self._login)
        return commands.Hello(nick=self.nick, room=room.name, after=room.last, token=self._token, login=self._login)

    def welcomed(self, welcome: replies.Welcome) -> list[Effect]:
        """Receive the answer to hello: enter the rooms again that the user was in, and send what could not be sent."""
        again = self._token is not None
        self.nick, self._token = welcome.nick, welcome.token
        self.connected, self._closing, self._trouble, self.role = True, "", None, welcome.role
        self._max_line = welcome.limits.get("line")
        before = list(self.rooms)
        effects: list[Effect] = [Notice("connected again")]
        if not self._in_no_room:
            if before:  # the first of them is the one that our hello named
                self.rooms.rename(before.pop(0).name, welcome.room)
            room = self.rooms.enter(welcome.room, welcome.id, welcome.members, welcome.count)
            if not again:
                hint = Notice(f"welcome, {self.nick}; /help lists what can be typed")
                effects = [hint, *self._arrive(room, welcome.id, welcome.topic)]
        self._in_no_room = False
        wanted: list[tuple[str, str | None]] = [(other.name, other.last) for other in before]
        wanted += [(name, None) for name in self._joining.values() if self._called(name) is None]
        self._joining.clear()
        return [*effects, *(self._join(name, after) for name, after in wanted), *self.pending.resend()]

    def lost(self, why: str) -> list[Effect]:
        """Go on without the connection."""
        self.connected = False
        self._leaving.clear()
        effects: list[Effect] = [Notice(f"{self._closing or why}; trying to come back")]
        doubtful = self.pending.lose()
        for whisper in doubtful:
            to = whisper.to if isinstance(whisper, commands.Whisper) else "whoever whispered last"
            effects.append(Notice(f"nobody knows whether this reached {to}: {whisper.text}"))
        return effects

    def turned_away(self, refusal: Refused) -> list[Effect]:
        """Receive why the server does not let the user in again; the user is told once.

        If that is for the room, the user comes back into none, and joins each: with its password, or not there alone.
        """
        if refusal.code in _OF_A_ROOM and not self._in_no_room:
            self._in_no_room = True
            return [Retry()]
        if self._trouble is not None and refusal.message == self._trouble.message:
            return []
        self._trouble = refusal
        hint = _HINTS.get(refusal.code, "")
        return [Notice(f"cannot come back: {refusal.message}{hint}")]

    # What is heard.

    def heard(self, message: replies.Message) -> list[Effect]:
        """Receive a message from the server."""
        match message:
            case events.Event():
                return self._happened(message)
            case replies.Whispered(nick=nick) if nick != self.nick:
                return [message, Alert()]
            case replies.Ack():
                self.pending.settle(message.ref)
                return self._left(message.ref)
            case replies.Members():
                return self._members(message)
            case replies.AccountIs(account=account, role=role, ref=ref):
                self.role = role
                login = self._logins.pop(ref or "", self._login)
                self._login = structs.replace(login, account=account) if login is not None and account else None
            case replies.Error():
                return self._refused(message)
            case replies.HistoryPage(ref=ref) if ref in self._greeting:
                self._greeting.discard(ref or "")
                return self._earlier(message)
            case replies.Closing(code="replaced" | "banned" | "kicked"):
                return [Leave(message.message)]
            case replies.Closing():
                self._closing = message.message
                return []
        return [message]

    def _happened(self, event: events.AnyEvent) -> list[Effect]:
        room = self.rooms.get(event.room)
        if room is None or not room.hear(event):
            return []
        mine = event.nick == self.nick
        is_now = is_later(event.id, room.since)
        if isinstance(event, events.Kicked) and event.who == self.nick and is_now:
            return self._put_out(room, event)
        if isinstance(event, events.Joined | events.Left):
            if mine or room is not self.rooms.current:  # the user knows, or does not look
                return []
            if room.count > CROWD:
                self._crowd.add(event, now=0.0)
                return []
        if mine and isinstance(event, events.Renamed) and is_now:
            self.nick = event.new
        called = False
        if isinstance(event, events.Said | events.Acted):
            called = not mine and mentions(event.text, self.nick)
            if room is not self.rooms.current:
                room.unread += 1
                room.mentioned = room.mentioned or called
        is_shown = room is self.rooms.current or isinstance(event, events.Deleted)  # which may be on the screen still
        shown: list[Effect] = [*self.gathered(), event] if is_shown else []
        return [*shown, Alert()] if called else shown

    def _put_out(self, room: Room, kicked: events.Kicked) -> list[Effect]:
        """Receive that somebody who moderates does not want the user in a room; without any, the chat is over."""
        why = f"{kicked.nick} put you out of {room.name}{f': {kicked.reason}' if kicked.reason else ''}"
        effects = self._out_of(room, why)
        return effects if self.rooms.current is not None else [Leave(why)]

    def gathered(self) -> list[Effect]:
        """Return, in few lines, who came to and went from a crowded room since the last call."""
        return [Notice(told) if isinstance(told, str) else told for told in self._crowd.take()]

    def _members(self, members: replies.Members) -> list[Effect]:
        joining = self._joining.pop(members.ref or "", None)
        if joining is not None:
            self.rooms.rename(joining, members.room)
        room = self.rooms.get(members.room)
        if joining is None:
            if room is not None:
                room.census(room.last, members.members, members.count)
            return [members]
        since = members.id or "0-0"
        if room is not None:  # we were in it before the connection was lost
            self.rooms.enter(members.room, since, members.members, members.count)
            return []
        room = self.rooms.enter(members.room, since, members.members, members.count)
        self.rooms.current = room
        return [*self.gathered(), *self._arrive(room, since, members.topic)]  # who came stands below the other heading

    def _arrive(self, room: Room, since: str, topic: str) -> list[Effect]:
        ref = next(self._refs)
        self._greeting.add(ref)
        history = commands.History(room=room.name, before=since, limit=MAX_HISTORY, ref=ref)
        return [Heading(room.name, room.count, topic), history]

    def _earlier(self, page: replies.HistoryPage) -> list[Effect]:
        """Return what was said before we came; who came and went meanwhile is of no use."""
        said = [event for event in page.events if isinstance(event, events.Said | events.Acted)]
        shown: list[events.AnyEvent] = list(said[-GREET_WITH:])
        return [replies.HistoryPage(room=page.room, events=shown, more=page.more)] if shown else []

    def _left(self, ref: str) -> list[Effect]:
        name = self._leaving.pop(ref, None)
        if name is None:
            return []
        room = self.rooms.get(name)
        return [] if room is None else self._out_of(room, f"you left {name}")

    def _out_of(self, left: Room, why: str) -> list[Effect]:
        """Leave a room out; if it was the one that is looked at, look at the next."""
        was = self.rooms.current
        self.rooms.leave(left.name)
        room = self.rooms.current
        return [Notice(why)] if room is was or room is None else [Notice(why), *self._look(room)]

    def _refused(self, error: replies.Error) -> list[Effect]:
        ref = error.ref or ""
        said = self.pending.settle(ref)
        name = self._joining.pop(ref, None)
        self._leaving.pop(ref, None)
        self._logins.pop(ref, None)
        if ref in self._greeting:
            self._greeting.discard(ref)
            return []
        room = self._called(name or "")
        if room is not None and error.code == "already-here":
            return []
        if name is not None and room is not None:
            return self._out_of(room, f"you are no longer in {name}: {error.message}")
        return [Notice(f"{error.message}: {said.text}") if said else error]

    # What is typed.

    def entered(self, entered: user_input.UserInput) -> list[Effect]:
        """Receive what the user has entered; an empty line means not to wait for the next try to reconnect."""
        match entered:
            case "" if not self.connected:
                return [Retry()]
            case None:
                return [Leave()]
            case user_input.Switch():
                return self._switch(entered)
            case user_input.Paste(lines=lines):
                return [effect for line in lines for effect in self._do(commands.Say(text=line))]
            case str():
                try:
                    command = user_input.read(entered)
                except Refused as refusal:
                    return [Notice(refusal.message)]
                return [] if command is None else self._do(command)

    def _do(self, command: commands.AnyCommand | user_input.Switch | user_input.Find) -> list[Effect]:
        match command:
            case user_input.Find():
                return [command]
            case user_input.Switch():
                return self._switch(command)
            case commands.Bye(reason=goodbye):
                return [Leave(goodbye=goodbye)]
            case commands.Help():
                return [replies.HelpText(lines=user_input.help_lines())]
            case commands.Say() | commands.Act():
                if self.rooms.current is None:
                    return [Notice("you are in no room; /join ROOM enters one")]
                command.room = self.rooms.current.name
                return self._speak(command)
            case commands.Whisper():
                return self._speak(command)
            case commands.WhisperBack() if self.connected:  # the server knows whom, also after a change of nick
                return self._speak(command)
            case commands.WhisperBack():
                return [Notice("a reply needs the connection; /msg NAME TEXT is kept and sent when it is back")]
            case commands.Join(room=name) if (room := self._called(name)) is not None:
                return self._look(room)
            case commands.Rename(nick=nick) if not self.connected:
                if self._trouble is not None and self._trouble.code == "login-failed":
                    self._login = None  # it was of no use, and would be of none with another name
                self.nick, self._trouble = nick, None
                return [Notice(f"trying to come back as {nick}"), Retry()]
            case commands.Login(account=account, password=password) if not self.connected:
                self._login, self._trouble = commands.Credentials(account=account, password=password), None
                return [Notice(f"trying to come back, logged in to {account}"), Retry()]
            case _ if not self.connected:
                return [Notice("not possible without a connection; what is said is kept and sent when it is back")]
            case commands.Join(room=name):
                asked = any(name.casefold() == other.casefold() for other in self._joining.values())
                if command.password:
                    self._passwords[name.casefold()] = command.password
                return [] if asked else [self._join(name)]
            case commands.Leave():
                return self._go(command)
            case commands.Register() | commands.Login() | commands.Password():
                command.ref = next(self._refs)
                account = command.account if isinstance(command, commands.Login) else self.nick
                self._logins[command.ref] = commands.Credentials(account=account, password=command.password)
        if isinstance(command, _IN_ROOM) and self.rooms.current is not None:
            command.room = command.room or self.rooms.current.name
        # What a moderator does to a person holds everywhere, and what others do, or do to everyone, here.
        is_here = not self.role.may(Role.MODERATOR) or getattr(command, "nick", "") == EVERYBODY
        if isinstance(command, _TO_PEOPLE) and is_here and self.rooms.current is not None:
            command.room = self.rooms.current.name
        return [command]

    def _switch(self, to: user_input.Switch) -> list[Effect]:
        room = self.rooms.beside(to.step) if to.step else self.rooms.find(to.to)
        if room is None:
            return [Notice(f"you are in no room {to.to}; /join {to.to} enters one")]
        return [] if room is self.rooms.current else self._look(room)

    def _called(self, name: str) -> Room | None:
        wanted = name.casefold()
        return next((room for room in self.rooms if room.name.casefold() == wanted), None)

    def _look(self, room: Room) -> list[Effect]:
        self.rooms.current = room
        effects: list[Effect] = [*self.gathered(), Heading(room.name, room.count)]
        if room.unread > KEPT:
            effects.append(Notice(f"{room.unread - KEPT} lines before these are not kept here; /history shows more"))
        return effects + room.unseen()

    def _speak(self, command: Spoken) -> list[Effect]:
        self.pending.add(command, sent=self.connected)
        if json_client.is_too_long(command, self._max_line):
            self.pending.settle(command.ref)
            return [Notice(f"that is too long: a text can have {self._max_line:g} bytes")]
        if self.connected:
            return [command]
        return [Notice(f"will be sent when the connection is back: {command.text}")]

    def _join(self, name: str, after: str | None = None) -> commands.Join:
        ref = next(self._refs)
        self._joining[ref] = name
        password = self._passwords.get(name.casefold())
        return commands.Join(room=name, password=password, after=after, ref=ref)

    def _go(self, command: commands.Leave) -> list[Effect]:
        rooms = list(self.rooms)
        if self.rooms.current is None or len(rooms) == 1:
            return [Notice("this is the only room that you are in; /join ROOM enters another, /exit leaves the chat")]
        command.room, command.ref = self.rooms.current.name, next(self._refs)
        self._leaving[command.ref] = command.room
        return [command]
