"""The whole chat without connections: users who do things, turns that carry them out, and what each user hears."""

import json
from typing import Any

from geventchat.commands import actions
from geventchat.commands.commands import AnyCommand, Hello
from geventchat.core.chat import Chat, Happening
from geventchat.core.encoder import Encoder
from geventchat.core.log import Entry
from geventchat.core.member import Member
from geventchat.delivery.feed import Reader
from geventchat.delivery.outbox import Outbox
from geventchat.dialects.registry import JSON, PLAIN
from geventchat.protocol.limits import Limits
from geventchat.store.memory import MemoryLog


class Stage:
    """A chat with a log; `now` is the time on both of its clocks."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.chat = Chat(limits or Limits(), "geventchat test")
        self.log = MemoryLog()
        self.now = 1_000.0
        self.doers: dict[str, Member] = {}  # who has caused each event
        self.users: list[User] = []
        self.offered: set[Reader] = set()  # that a pump would have been sending since they were last empty
        self._tokens = 0

    def program(self, nick: str = "", **hello: Any) -> "User":
        """Return a user of the json dialect; with a nick, one who has come in and heard the welcome."""
        return self._user(JSON.encoder, nick, hello)

    def person(self, nick: str = "") -> "User":
        """Return a user of the plain dialect."""
        return self._user(PLAIN.encoder, nick, {})

    def turn(self, unstored: str = "") -> None:
        """Carry out what was posted, as the pump does; `unstored` is why the log could not keep it, if so."""
        self._turn(unstored)
        while self.chat.posted:
            self._turn(unstored)

    def _turn(self, unstored: str) -> None:
        turn = self.chat.take_turn()
        for room in self.chat.new_rooms():
            room.topic = self.log.topics([room.key]).get(room.key, "")
        happenings = [post for post in turn if isinstance(post, Happening)]
        self.log.append([Entry(post.room.key, post.event, post.ref) for post in happenings], 1.0)
        self.doers.update((post.event.id, post.member) for post in happenings)
        if unstored:
            turn = self.chat.unstored(turn, unstored)
        self.offered |= self.chat.publish(turn, self.now).keys()
        self.offered.update(*(feed.stragglers for feed in self.chat.seal(self.now)))  # nobody falls into a rank here
        for user in self.users:
            outbox = user.member.outbox
            assert outbox in self.offered or not outbox.next(), f"{user.member.nick} is never sent that"

    def _user(self, encoder: Encoder, nick: str, hello: dict[str, Any]) -> "User":
        self._tokens += 1
        user = User(self, Member(encoder, Outbox(), f"token{self._tokens}"))
        self.users.append(user)
        if nick:
            user.hears(Hello(nick=nick, **hello))
        return user


class User:
    """A member, and what it hears."""

    def __init__(self, stage: Stage, member: Member) -> None:
        self.stage = stage
        self.member = member
        self.made_way = False  # whether the same user has come back on another connection
        member.make_way = self._make_way

    def does(self, *commands: AnyCommand) -> None:
        """Do something; it takes effect with the next turn."""
        for command in commands:
            actions.do(self.stage.chat, self.member, command, self.stage.now)

    def hears(self, *commands: AnyCommand) -> list[Any]:
        """Do something, let the turn end, and return what was heard."""
        self.does(*commands)
        self.stage.turn()
        return self.heard()

    def heard(self) -> list[Any]:
        """Return what has come since the last time: objects for a program, lines for a person."""
        data = b""
        while piece := self.member.outbox.next():
            self.member.outbox.sent(len(piece))
            data += piece
        self.stage.offered.discard(self.member.outbox)
        lines = data.decode().splitlines()
        return lines if self.member.encoder.for_people else [json.loads(line) for line in lines]

    def _make_way(self) -> None:
        self.made_way = True
