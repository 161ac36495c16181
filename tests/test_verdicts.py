"""The ledger beside a simple model of a chat: a right server is never accused, one planted fault is always found."""

import random
from collections import deque
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.ledger.model import Attendance, Finding
from bots.ledger.room import RoomLedger
from bots.protocols.base import Heard, Notice
from bots.protocols.json import Json
from bots.protocols.plain import Plain
from bots.scenario.marks import marked
from bots.world.inbox import Inbox
from bots.world.receiver import Receiver
from geventchat.dialects import json_client
from geventchat.protocol import events, replies

STEP_S = 0.001
NICKS = ("ann", "bob", "cat", "dan")
# Those who are there from the beginning to the end; the others come and go.
STAYING = NICKS[:3]


@dataclass
class User:
    """A user, what it has sent that the server has not taken, and what it was sent and has not read."""

    nick: str
    receiver: Receiver
    stay: Attendance | None = None
    up: deque[tuple[str, str]] = field(default_factory=deque)
    down: bytearray = field(default_factory=bytearray)


class Chat:
    """A room whose users do, when told to, what is possible for them at the moment, and its server."""

    def __init__(
        self,
        *,
        ids: bool,
        per_sender: bool = False,
        doubles: bool = False,
        marks: bool = False,
        fault: tuple[str, int] = ("", 0),
    ) -> None:
        self.room = RoomLedger(per_sender)
        self.now = 1.0
        self.served = 0
        self.deliveries = 0
        self.fault = fault  # what to do wrong, and at which delivery to one who is always there
        self.doubles = doubles  # whether users say the same again and again
        self.marks = marks  # whether each text ends with something of its own
        self.said = 0
        self.committed: tuple[str, str, str] | None = None  # nick, text and reader
        self._held: tuple[str, str, User, bytes] | None = None  # a delivery that the next one overtakes
        self._ids = ids
        self.users: dict[str, User] = {}
        for nick in NICKS:
            dialect = Json() if ids else Plain()
            self.users[nick] = User(nick, Receiver(dialect, partial(self._hear, nick), Inbox([], keeps=False)))
        self.members: list[str] = []
        for nick in STAYING:
            self.join(self.users[nick])
        for nick in STAYING:
            self.serve(self.users[nick])
            self.read(self.users[nick], 1 << 20)

    def do(self, verb: str, nick: str, more: int) -> None:
        """Let a moment pass in which somebody does something."""
        self.now += STEP_S
        user = self.users[nick]
        if verb == "serve":
            self.serve(user)
        elif verb == "read":
            self.read(user, more)
        elif verb == "say" and _is_in(user):
            text = f"text {more % 2}" if self.doubles and more % 4 else f"number {self.now:.3f}"
            self.said += 1
            text = marked(text, self.said) if self.marks else text
            self.room.say(nick, text, self.now, self.now)
            user.up.append(("say", text))
        elif verb == "join" and user.stay is None:
            self.join(user)
        elif verb == "leave" and nick not in STAYING and user.stay is not None and _is_in(user):
            user.stay.leaving = self.now
            user.up.append(("leave", ""))
        elif verb == "drop" and nick not in STAYING and _is_in(user):
            self.drop(user, more)

    def join(self, user: User) -> None:
        user.stay = self.room.enter(user.nick, self.now)
        user.receiver.begin(Json() if self._ids else Plain())
        user.receiver.be_in(self.room, user.stay)
        user.up.append(("join", ""))

    def drop(self, user: User, taken: int) -> None:
        """The server takes some of what was on its way to it, and what was on its way back is lost."""
        stay = user.stay
        assert stay is not None
        stay.leaving, stay.dropped = self.now, True
        self.room.lose(user.nick, self.now)
        for _ in range(min(taken, len(user.up))):
            self.serve(user)
        user.up.clear()
        user.down.clear()
        if user.nick in self.members:
            self.members.remove(user.nick)
        stay.left = self.now
        user.receiver.be_in(None, None)
        user.stay = None

    def serve(self, user: User) -> None:
        """The server takes one thing that a user has sent."""
        if not user.up:
            return
        what, text = user.up.popleft()
        self.served += 1
        if what == "join":
            self.members.append(user.nick)
            self._send(user, self._told("welcome"))
        elif what == "leave":
            self.members.remove(user.nick)
            self._send(user, self._told("goodbye"))
        else:
            for nick in self.members:
                self._deliver(self.users[nick], user.nick, text)
            if self.fault[0] == "leak" and self.committed is None and "dan" not in self.members:
                dan = self.users["dan"]
                if dan.stay is None:
                    stranger = self.room.enter("dan", self.now)
                    stranger.left = 0.0
                    self.committed = (user.nick, text, "dan")
                    self.room.hear(stranger, user.nick, text, self.now, self._id())

    def _id(self) -> str:
        return f"1-{self.served}" if self._ids else ""

    def _told(self, word: str) -> bytes:
        told = replies.HelpText(lines=[word])
        return json_client.encode(told) if self._ids else f"* {word}\n".encode()  # type: ignore[arg-type]

    def _line(self, nick: str, text: str) -> bytes:
        if self._ids:
            said = events.Said(id=self._id(), time="", room="lobby", nick=nick, text=text)
            return json_client.encode(said)  # type: ignore[arg-type]
        return f"{nick}: {text}\n".encode()

    def _deliver(self, reader: User, nick: str, text: str) -> None:
        line = self._line(nick, text)
        what, number = self.fault
        if reader.nick in STAYING and what != "leak":
            self.deliveries += 1
            if (
                what
                and self.committed is None
                and self.deliveries > number
                and (what != "swap" or self._ids or self.marks or text.startswith("number"))
                and (what != "wrong nick" or text.startswith("number"))  # else it may be what that one said, too
            ):
                self.committed = (nick, text, reader.nick)
                match what:
                    case "drop":
                        return
                    case "double":
                        self._send(reader, line)
                    case "swap":
                        self.committed = None
                        self.fault = ("", 0)
                        self._held = (nick, text, reader, line)
                        return
                    case "alter":
                        line = self._line(nick, text + "#")
                        self.committed = (nick, text + "#", reader.nick)
                    case "wrong nick":
                        other = STAYING[STAYING.index(nick) - 1] if nick in STAYING else "ann"
                        line = self._line(other, text)
                        self.committed = (other, text, reader.nick)
        self._send(reader, line)
        if self._held is not None and self._held[2] is reader:
            self._send(reader, self._held[3])
            self.committed, self._held = (*self._held[:2], reader.nick), None

    def _send(self, user: User, line: bytes) -> None:
        user.down += line

    def read(self, user: User, size: int) -> None:
        if user.stay is not None and user.down:
            data = bytes(user.down[:size])
            del user.down[:size]
            user.receiver.receive(data, self.now)

    def _hear(self, nick: str, heard: Heard, line: bytes, _: float) -> None:
        user = self.users[nick]
        stay = user.stay
        assert stay is not None
        match heard:
            case events.Said():
                self.room.hear(stay, heard.nick, heard.text, self.now, heard.id, line)
            case Notice(text="welcome") | replies.HelpText(lines=["welcome"]):
                stay.entered = self.now
                self.room.notice(stay, line)
            case Notice(text="goodbye") | replies.HelpText(lines=["goodbye"]):
                stay.left = self.now
                user.receiver.be_in(None, None)
                user.stay = None

    def end(self) -> list[Finding]:
        """Let everything arrive; return what was found."""
        while any(user.up or user.down for user in self.users.values()):
            for user in self.users.values():
                self.now += STEP_S
                self.serve(user)
                self.read(user, 1 << 20)
        if self._held is not None:
            self._send(self._held[2], self._held[3])
            self.read(self._held[2], 1 << 20)
        self.room.close()
        return self.room.findings


def _is_in(user: User) -> bool:
    return user.stay is not None and user.stay.entered < float("inf") and user.stay.leaving == float("inf")


_STAY = ["say", "say", "say", "serve", "serve", "serve", "serve", "read", "read", "read"]
_COME_AND_GO = [*_STAY, "join", "leave", "drop"]
Acts = list[tuple[str, str, int]]


def acts_of(nicks: tuple[str, ...], verbs: list[str]) -> st.SearchStrategy[Acts]:
    return st.lists(st.tuples(st.sampled_from(verbs), st.sampled_from(nicks), st.integers(0, 60)), max_size=80)


def findings_after(chat: Chat, acts: Acts) -> list[tuple[str, tuple[str, str, str]]]:
    for act in acts:
        chat.do(*act)
    return [(one.fault, (one.nick, one.text, one.reader.name)) for one in chat.end()]


@given(acts=acts_of((*NICKS, "dan"), _COME_AND_GO), ids=st.booleans(), per_sender=st.booleans())
def test_a_right_server_is_never_accused(acts: Acts, ids: bool, per_sender: bool) -> None:
    assert findings_after(Chat(ids=ids, per_sender=per_sender), acts) == []


@given(acts=acts_of((*NICKS, "dan"), _COME_AND_GO), ids=st.booleans(), per_sender=st.booleans())
def test_nor_is_it_where_everyone_says_the_same_again_and_again(acts: Acts, ids: bool, per_sender: bool) -> None:
    assert findings_after(Chat(ids=ids, per_sender=per_sender, doubles=True), acts) == []


_VERDICTS = {
    "drop": {"missing"},
    "double": {"duplicate"},
    "swap": {"reordered"},
    "alter": {"corrupt"},
    "wrong nick": {"corrupt"},
    "leak": {"leaked"},
}


@given(
    acts=acts_of((*STAYING, *STAYING, "dan"), [*_STAY, "join", "leave"]),
    apart=st.sampled_from(["by ids", "by marks", "by words"]),
    fault=st.sampled_from([*_VERDICTS]),
    number=st.integers(0, 20),
)
def test_one_planted_fault_is_found_with_its_message_its_sender_and_its_reader(
    acts: Acts, apart: str, fault: str, number: int
) -> None:
    """Where ids or marks tell messages apart, everyone says the same again and again."""
    ids, marks = apart == "by ids", apart == "by marks"
    chat = Chat(ids=ids, marks=marks, doubles=ids or marks, fault=(fault, number))
    found = findings_after(chat, acts)
    assert {reader for _, (_, _, reader) in found} == ({chat.committed[2]} if chat.committed else set())
    if chat.committed and fault == "swap":  # either of the two may be named
        assert {verdict for verdict, _ in found} == {"reordered"}
    elif chat.committed:
        assert {verdict for verdict, whom in found if whom == chat.committed} == _VERDICTS[fault]


@given(
    acts=acts_of(STAYING, _STAY),
    fault=st.sampled_from(["drop", "alter"]),
    number=st.integers(0, 20),
)
def test_where_nothing_tells_equal_words_apart_a_fault_is_found_by_their_number(
    acts: Acts, fault: str, number: int
) -> None:
    chat = Chat(ids=False, doubles=True, fault=(fault, number))
    found = findings_after(chat, acts)
    assert {reader for _, (_, _, reader) in found} == ({chat.committed[2]} if chat.committed else set())
    if chat.committed:
        assert {verdict for verdict, whom in found if whom == chat.committed} >= _VERDICTS[fault]


# Plays of equal words in which it took more care than was there at first not to accuse anybody.
_HARD = (382, 408, 438, 687, 962, 982, 1050, 1144, 1149, 1382, 1552, 1659, 1935, 2025, 2338, 2837, 2954, 3200, 3265)
_HARDER = (5814, 7479, 8344, 9344, 11300, 12434, 14528)


@pytest.mark.parametrize("doubles", [False, True])
def test_nor_is_it_in_long_plays_where_readers_are_far_apart_and_one_comes_and_goes(doubles: bool) -> None:
    for seed in (*range(100), *_HARD, *_HARDER):
        chance = random.Random(seed)
        nicks = *NICKS, "dan", "dan"
        acts = [(chance.choice(_COME_AND_GO), chance.choice(nicks), chance.randrange(61)) for _ in range(250)]
        chat = Chat(ids=bool(seed % 2), per_sender=not seed % 3, doubles=doubles)
        assert findings_after(chat, acts) == [], f"seed {seed}"
