"""The whole chat without connections: users who do things, batches that carry them out, and what each user hears."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from geventchat.commands import actions
from geventchat.commands.commands import AnyCommand, Hello, Join
from geventchat.commands.followups import CatchUp, FindEvent, ReadHistory
from geventchat.core.batches import show, store
from geventchat.core.chat import Chat
from geventchat.core.member import Member
from geventchat.core.posts import PendingEvent
from geventchat.delivery.outbox import Outbox
from geventchat.dialects.base import Dialect
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.dialect import spoken
from geventchat.dialects.json import JSON
from geventchat.dialects.plain import PLAIN
from geventchat.protocol.errors import NotStored, Refused
from geventchat.protocol.limits import Limits
from geventchat.server.history_sender import HistorySender, find_event
from geventchat.store.memory import MemoryLog


class StageLog(MemoryLog):
    """A log in memory that can be full."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble = ""  # why nothing can be stored
        self.is_unreadable = False

    def topics(self, rooms: Any) -> dict[str, str]:
        if self.is_unreadable:
            raise Refused("unreadable", "the history cannot be read")
        return super().topics(rooms)

    def append(self, entries: Any, now: float, changes: Any = ()) -> None:
        if self.trouble:
            for entry in entries:  # joins and the like are shown all the same
                self._clock.stamp(entry.event, now)
            raise NotStored(self.trouble)
        super().append(entries, now, changes)


class Stage:
    """A chat with a log; `now` is the time on both of its clocks."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.log = StageLog()
        self.chat = Chat(limits or Limits(), "geventchat test", self.log.kept)
        self.now = 1_000.0
        self.doers: dict[str, Member] = {}  # who has caused each event
        self.users: list[User] = []
        self.reads_past = False  # whether history is read for those who ask for it, or come back
        self.offered: set[Outbox] = set()  # that a pump would have been sending since they were last empty
        self._tokens = 0

    def program(self, nick: str = "", **hello: Any) -> "User":
        """Return a user of the json dialect; with a nick, one who has come in and heard the welcome."""
        return self._user(JSON, nick, hello)

    def person(self, nick: str = "") -> "User":
        """Return a user of the plain dialect."""
        return self._user(PLAIN, nick, {})

    def on_irc(self, nick: str, *rooms: str, caps: str = "", **hello: Any) -> "User":
        """Return a user of IRC with these capabilities, who is in these rooms and has heard the welcome."""
        user = self._user(spoken(frozenset(caps.split())), "", {})
        user.hears(Hello(nick=nick, room="", **hello), *[Join(room=room, ref=Asked("JOIN").ref) for room in rooms])
        return user

    def carry_out(self, unstored: str = "") -> None:
        """Carry out what was posted, as the pump does; `unstored` is why the log could not store it, if so."""
        self.carry_out_batch(unstored)
        while self.chat.posted:
            self.carry_out_batch(unstored)

    def carry_out_batch(self, unstored: str = "") -> None:
        """Carry out the first batch of what was posted."""
        self.log.trouble = unstored
        posted = [post for post in self.chat._posted if isinstance(post, PendingEvent)]
        outboxes, feeds = show(self.chat, store(self.chat, self.log, 1.0), 1.0, self.now)
        self.doers.update((post.entry.event.id, post.member) for post in posted)
        self.offered |= outboxes.keys()
        for feed in feeds:  # nobody joins the groups of those who are caught up here
            self.offered.update(cursor.owner for cursor in feed.lagging if isinstance(cursor.owner, Outbox))
        for user in self.users:
            outbox = user.member.outbox
            assert outbox in self.offered or not outbox.next().data, f"{user.member.nick} is never sent that"
        self.log.trouble = ""

    # As the pump, for what reads the past.

    def wake(self) -> None:
        """Carry out what was posted."""
        self.carry_out()

    def drain(self, _: object, __: object) -> bool:
        """Return that all is sent."""
        return True

    def offer(self, _: object) -> None:
        """Do nothing: users hear what there is when they are asked."""

    def _user(self, dialect: Dialect, nick: str, hello: dict[str, Any]) -> "User":
        self._tokens += 1
        user = User(self, dialect, f"token{self._tokens}")
        self.users.append(user)
        if nick:
            user.hears(Hello(nick=nick, **hello))
        return user


class User:
    """A member, and what it hears."""

    def __init__(self, stage: Stage, dialect: Dialect, token: str) -> None:
        self.stage = stage
        self.dialect = dialect
        self.member = Member(dialect.encoder, dialect.can, Outbox(), token)
        self.member.outbox.owner = self.member.outbox
        self.replaced = False  # whether the same user has come back on another connection, or was sent away
        self.member.on_sent_away = self._sent_away

    def does(self, *commands: AnyCommand) -> None:
        """Do something; it takes effect with the next batch."""
        for command in commands:
            followup = actions.do(self.stage.chat, self.member, command, self.stage.now)
            if isinstance(followup, FindEvent):
                actions.go_on(self.stage.chat, self.member, partial(self._look_up, followup), followup.ref)
            if self.stage.reads_past and isinstance(followup, CatchUp | ReadHistory):
                self._read_past(followup)
            if getattr(command, "after", None) is None:  # nobody here reads the log for those who are greeted
                self.member.catching_up = False

    def hears(self, *commands: AnyCommand) -> list[Any]:
        """Do something, let the batch end, and return what was heard."""
        self.does(*commands)
        self.stage.carry_out()
        return self.heard()

    def heard(self) -> list[Any]:
        """Return what has come since the last time: objects for a program, lines for a person."""
        data = b""
        while (piece := self.member.outbox.next()).data:
            self.member.outbox.sent(piece, len(piece.data))
            data += piece.data
        self.stage.offered.discard(self.member.outbox)
        lines = [line.decode() for line in data.splitlines()]  # of text, splitlines knows more ends of lines
        return [json.loads(line) for line in lines] if self.dialect is JSON else lines

    def _look_up(self, wanted: FindEvent) -> Callable[[], None]:
        self.stage.carry_out()  # as a session does
        return partial(wanted.then, find_event(self.stage.log, wanted))

    def _read_past(self, wanted: CatchUp | ReadHistory) -> None:
        stage: Any = self.stage
        sender = HistorySender(stage.chat, stage, stage.log, self.member, stage, 20, "0-0")
        sender.catch_up(wanted) if isinstance(wanted, CatchUp) else sender.send_page(wanted.asked)

    def _sent_away(self, _: str) -> None:
        self.replaced = True
