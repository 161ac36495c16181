"""Whatever anyone does, in whatever dialect and order: nobody does, hears or learns what is not for him.

Who may do what is decided here anew, from what is kept, and compared with what came of each step.
"""

import json
import re
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geventchat.commands.commands import Hello, Motd, Status
from geventchat.core.accounts import Account
from geventchat.core.chat import Chat
from geventchat.core.kept import Record
from geventchat.core.moderation import targets
from geventchat.core.moderation.room_rules import Invited, RoomRules, Slow
from geventchat.core.moderation.sanctions import Ban as BanRecord
from geventchat.core.moderation.sanctions import Mute as MuteRecord
from geventchat.core.moderation.sanctions import Sanction
from geventchat.core.moderation.word_filter import Filter
from geventchat.dialects import slash
from geventchat.dialects.base import Answer, EmptyLine
from geventchat.dialects.irc.dialect import IRC
from geventchat.dialects.json import JsonReader
from geventchat.protocol import events, names
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.limits import Limits
from geventchat.protocol.roles import Role
from tests.stage import Stage, User

ROOMS = ("lobby", "den", "tea")
NETWORK = "192.0.2.4/31"


class Somebody(NamedTuple):
    """One who comes and goes: a nick, an account with a role or none, an address, and a dialect."""

    nick: str
    role: Role | None
    address: str
    dialect: str


CAST = (
    Somebody("boss", Role.OWNER, "192.0.2.1", "json"),
    Somebody("mod", Role.MODERATOR, "192.0.2.4", "irc"),
    Somebody("ann", Role.USER, "192.0.2.2", "json"),
    Somebody("amy", Role.USER, "192.0.2.5", "irc"),
    Somebody("bob", None, "192.0.2.4", "json"),
    Somebody("nc", None, "192.0.2.5", "plain"),
    Somebody("irk", None, "192.0.2.3", "irc"),
)

# What is done to somebody, or in a room: as a program sends it, as it is typed, and as IRC has it. {n} is a nick.
DEEDS: dict[str, tuple[dict[str, str], str, str]] = {
    "say": ({"type": "say", "text": "talk of {r}", "room": "{r}"}, "talk of {r}", "PRIVMSG #{r} :talk of {r}"),
    "topic": ({"type": "topic", "text": "talk of {r}", "room": "{r}"}, "/topic talk of {r}", "TOPIC #{r} :talk of {r}"),
    "join": ({"type": "join", "room": "{r}"}, "/join {r}", "JOIN #{r}"),
    "join with": ({"type": "join", "room": "{r}", "password": "sesame"}, '/join "{r}" sesame', "JOIN #{r} sesame"),
    "leave": ({"type": "leave", "room": "{r}"}, "/leave", "PART #{r}"),
    "log": ({"type": "join", "room": "@log"}, "/join @log", "JOIN #@log"),
    "who": ({"type": "who", "room": "{r}"}, "/who {r}", "NAMES #{r}"),
    "whois": ({"type": "whois", "nick": "{n}"}, "/whois {n}", "WHOIS {n}"),
    "find": ({"type": "find", "room": "{r}"}, "/who {r}", "WHO #{r}"),
    "rooms": ({"type": "rooms"}, "/rooms", "LIST"),
    "read topic": ({"type": "topic", "room": "{r}"}, "/topic", "TOPIC #{r}"),
    "rename": ({"type": "rename", "nick": "eve"}, "/nick eve", "NICK eve"),
    "invite": ({"type": "invite", "nick": "{n}", "room": "{r}"}, "/invite {n}", "INVITE {n} #{r}"),
    "kick": ({"type": "kick", "nick": "{n}", "room": "{r}"}, "/kick {n}", "KICK #{r} {n}"),
    "ban": ({"type": "ban", "who": "{n}", "for": "10m"}, "/ban {n} 10m", "BAN {n} 10m"),
    "ban here": ({"type": "ban", "who": "{n}", "room": "{r}"}, "/ban {n}", "MODE #{r} +b {n}!*@*"),
    "ban from": ({"type": "ban", "who": NETWORK, "for": "10m"}, f"/ban {NETWORK} 10m", f"BAN {NETWORK} 10m"),
    "unban": ({"type": "unban", "who": "{n}"}, "/unban {n}", "UNBAN {n}"),
    "unban here": ({"type": "unban", "who": "{n}", "room": "{r}"}, "/unban {n}", "MODE #{r} -b {n}!*@*"),
    "unban from": ({"type": "unban", "who": NETWORK}, f"/unban {NETWORK}", f"UNBAN {NETWORK}"),
    "ban origin": ({"type": "ban", "who": "{o}", "for": "10m"}, "/ban {o} 10m", "BAN {o} 10m"),
    "unban origin": ({"type": "unban", "who": "{o}"}, "/unban {o}", "UNBAN {o}"),
    "mute origin": ({"type": "mute", "nick": "{o}", "for": "10m"}, "/mute {o} 10m", "MUTE {o} 10m"),
    "history": (
        {"type": "history", "room": "{r}", "after": "0-0"},
        "/history 500",
        "CHATHISTORY LATEST #{r} * 500",
    ),
    "recent": ({"type": "recent"}, "/history", "CHATHISTORY LATEST #{r} * 50"),
    "join after": ({"type": "join", "room": "{r}", "after": "0-0"}, "/join {r}", "JOIN #{r}"),
    "leave saying": (
        {"type": "leave", "room": "{r}", "reason": "shout"},
        "/leave shout",
        "PART #{r} :shout",
    ),
    "swear": ({"type": "say", "text": "da\u00adrn", "room": "{r}"}, "/me darn", "PRIVMSG #{r} :da\u00adrn"),
    "swear about": ({"type": "topic", "text": "darn", "room": "{r}"}, "/topic darn", "TOPIC #{r} :darn"),
    "bans": ({"type": "bans"}, "/bans", "MODE #{r} +b"),
    "mute": ({"type": "mute", "nick": "{n}", "for": "10m"}, "/mute {n} 10m", "MUTE {n} 10m"),
    "mute here": ({"type": "mute", "nick": "{n}", "room": "{r}"}, "/mute {n}", "MODE #{r} +q {n}!*@*"),
    "mute all": ({"type": "mute", "nick": "*", "room": "{r}"}, "/mute *", "MODE #{r} +m"),
    "unmute": ({"type": "unmute", "nick": "{n}"}, "/unmute {n}", "UNMUTE {n}"),
    "unmute all": ({"type": "unmute", "nick": "*", "room": "{r}"}, "/unmute *", "MODE #{r} -m"),
    "slow": ({"type": "slow", "every": "1s", "room": "{r}"}, "/slow 1s", "SLOW #{r} 1s"),
    "lock": ({"type": "lock", "room": "{r}"}, "/lock", "MODE #{r} +i"),
    "lock with": ({"type": "lock", "room": "{r}", "password": "sesame"}, "/lock sesame", "MODE #{r} +k sesame"),
    "unlock": ({"type": "unlock", "room": "{r}"}, "/unlock", "MODE #{r} -i"),
    "delete": ({"type": "delete", "id": "{n}", "room": "{r}"}, "/delete {n}", "DELETE #{r} {n}"),
    "announce": ({"type": "announce", "text": "to all"}, "/announce to all", "WALLOPS :to all"),
    "approve": ({"type": "approve", "id": "1-0"}, "/approve 1-0", "APPROVE 1-0"),
}
# What leads to more, and so is tried more often.
_OFTEN = ("say", "join", "lock", "come", "mute", "leave", "leave saying", "history", "come by link")
_STEPS = st.tuples(
    st.sampled_from([*range(len(CAST)), 0, 1, 2]),  # those who moderate, or may, do more
    st.sampled_from([*DEEDS, "go", "come", "come by link", "restart", "later"]) | st.sampled_from(_OFTEN),
    st.sampled_from(range(len(CAST))),
    st.sampled_from(ROOMS),
)


class Walk:
    """A chat, who is in it, and what each one was let into."""

    def __init__(self) -> None:
        self.stage = Stage()
        for one in CAST:
            if one.role is not None:
                self.stage.chat.kept.put(Account(name=one.nick, role=one.role))
        self.here: dict[Somebody, User] = {}
        self.tokens: dict[Somebody, str] = {}
        self.linked: Somebody | None = None  # who has opened a moderator's link last
        self._set_up()
        self.let_in: dict[str, set[str]] = {}  # into locked rooms: accounts, and tokens

    def _set_up(self) -> None:
        self.stage.reads_past = True
        self.stage.chat.moderation.filter = Filter("mask darn")

    def step(self, who: Somebody, transaction: str, other: Somebody, room: str) -> None:
        if transaction == "restart":
            self.stage.chat = Chat(Limits(), "geventchat test", self.stage.log.kept)
            self._set_up()
            self.stage.users.clear()
            self.here.clear()
            for let_in in self.let_in.values():  # tokens are forgotten
                let_in &= {one.nick for one in CAST if one.role is not None}
        elif transaction == "later":
            self.stage.now += 400
        elif transaction in ("come", "come by link"):
            self._come(who, room, by_link=transaction == "come by link")
        elif transaction == "go":
            if (user := self.here.pop(who, None)) is not None:
                self.stage.chat.depart(user.member)
                self.stage.chat.naming.release(user.member, self.stage.now)
                self.stage.carry_out()
        elif who in self.here:
            self._do(who, transaction, other, room)

    def _come(self, who: Somebody, room: str, *, by_link: bool = False) -> None:
        if who in self.here:
            return
        stage = self.stage
        user = {"json": stage.program, "plain": stage.person, "irc": lambda: stage._user(IRC, "", {})}[who.dialect]()
        user.member.address = who.address
        if who.role is not None:
            account = stage.chat.accounts.find(who.nick)
            assert account is not None
            stage.chat.logins.log_in(user.member, account)
        into = room if who.dialect == "json" else "" if who.dialect == "irc" else "lobby"
        before = self._rules(into)
        banned = self._is_hit(BanRecord, who, user, into, nick=who.nick)
        link = "secret" if by_link and who.dialect == "json" else None
        if link is not None:
            stage.chat.moderation.links.offer(link)
        after = "0-0" if into else None
        user.does(Hello(nick=who.nick, room=into, token=self.tokens.get(who), after=after, link=link))
        stage.carry_out()
        user.member.catching_up = False
        if not user.member.key:
            return
        if link is not None:
            self.linked = who
        assert not banned or link is not None, "somebody came in who is banned"
        self.here[who], self.tokens[who] = user, user.member.token
        for key in user.member.rooms:
            assert self._may_enter(who, user, key, before, password=False)
        self._hear(who, user, set(user.member.rooms))

    def _do(self, who: Somebody, transaction: str, other: Somebody, room: str) -> None:
        user, stage = self.here[who], self.stage
        if who.dialect == "plain":
            room = user.member.rooms[0]
        rules, records = {key: self._rules(key) for key in ROOMS}, self._records()
        muted = {key: self._is_hit(MuteRecord, who, user, key) for key in ROOMS}
        banned = {key: self._is_hit(BanRecord, who, user, key) for key in ROOMS}
        rooms = {one: set(there.member.rooms) for one, there in self.here.items()}
        ours = {key for key in ROOMS if self._moderates(who, rules[key])}
        said = self._said(room)
        user.does(*commands_of(who.dialect, transaction, other, room))
        user.member.catching_up = False
        stage.carry_out()
        self._check_changes(who, transaction, ours, records)
        self._check_put_out(who, rooms)
        self._check_entered(who, user, transaction, rooms[who], rules, banned)
        self._note_let_in(who, transaction, other, room, rooms, ours)
        if transaction in ("say", "topic") and self._said(room) > said:
            assert self._moderates(who, rules[room]) or not muted[room]
            assert room in rooms[who]
        hushed = transaction == "leave saying" and muted[room] and not self._moderates(who, rules[room])
        for one, there in list(self.here.items()):
            text = self._hear(one, there, rooms.get(one, set()) | set(there.member.rooms))
            assert not (hushed and "shout" in text), "somebody said something on leaving who is muted"
            if there.member.closed or there.replaced:
                del self.here[one]
                self.linked = None if one is self.linked and transaction.startswith("ban") else self.linked

    # What must hold.

    def _check_changes(
        self, who: Somebody, transaction: str, ours: set[str], before: dict[tuple[type, str], Record]
    ) -> None:
        """Only who moderates changes what is kept: everywhere, or in its own room."""
        after = self._records()
        for place in {*before, *after}:
            if before.get(place) == after.get(place):
                continue
            record = after.get(place) or before[place]
            if isinstance(record, Sanction) and record.until is not None and record.until <= self.stage.now:
                continue  # it had ended, and was cleared away
            room = getattr(record, "room", "")
            if isinstance(record, RoomRules) and transaction.startswith("join") and record.owner == who.nick:
                continue  # it has made the room
            assert self._is_moderator(who) or room in ours, (who, transaction, record)
            if isinstance(record, Sanction) and place in after:
                meant = [one for one in CAST if record.target == f"name:{one.nick}" and one.role is not Role.USER]
                assert all(one.role is None or self._rank(one) < self._rank(who) for one in meant), (
                    who,
                    transaction,
                    record,
                )
            if not self._is_moderator(who) and isinstance(record, Sanction):
                assert record.target.startswith("name:") or record.target == "*"

    def _check_put_out(self, who: Somebody, before: dict[Somebody, set[str]]) -> None:
        """Only who may do more puts a moderator out."""
        for one, keys in before.items():
            member = self.here[one].member
            if one is not who and (member.closed or keys - set(member.rooms)):
                assert not self._is_moderator(one) or self._rank(one) < self._rank(who), (who, one)

    def _check_entered(
        self,
        who: Somebody,
        user: User,
        transaction: str,
        before: set[str],
        rules: dict[str, RoomRules],
        banned: dict[str, bool],
    ) -> None:
        """Nobody comes into a room who is banned from it, or to whom it is locked."""
        for key in set(user.member.rooms) - before:
            if key == "@log":
                assert self._is_moderator(who)
                continue
            assert self._moderates(who, rules[key]) or not banned[key]
            assert self._may_enter(who, user, key, rules[key], password="with" in transaction)

    def _may_enter(self, who: Somebody, user: User, key: str, rules: RoomRules, *, password: bool) -> bool:
        if key == "@log":
            return self._is_moderator(who)
        let_in = self.let_in.get(key, set())
        admitted = user.member.token in let_in or (who.role is not None and who.nick in let_in)
        knows = password and bool(rules.password)
        if knows:
            let_in.add(user.member.token)
        return not rules.locked or self._moderates(who, rules) or admitted or knows

    def _note_let_in(
        self,
        who: Somebody,
        transaction: str,
        other: Somebody,
        room: str,
        rooms: dict[Somebody, set[str]],
        ours: set[str],
    ) -> None:
        """Remember who may come into a locked room, and who may not any more."""
        now = self._rules(room)
        if transaction.startswith("lock") and room in ours and now.locked:
            there = {one for one, keys in rooms.items() if room in keys}
            self.let_in.setdefault(room, set()).update(map(self._known_as, there & self.here.keys()))
        if not now.locked:
            self.let_in.pop(room, None)
        elif transaction == "invite" and room in ours and other in self.here and room not in rooms[other]:
            self.let_in.setdefault(room, set()).add(self._known_as(other))
        if transaction in ("kick", "ban here", "ban") and room in ours:
            for one in self.here:
                if room in rooms.get(one, set()) and room not in self.here[one].member.rooms and one is not who:
                    self.let_in.get(room, set()).difference_update({self._known_as(one), self.here[one].member.token})

    def _known_as(self, one: Somebody) -> str:
        return one.nick if one.role is not None else self.here[one].member.token

    def _said(self, room: str) -> int:
        told = self.stage.log.latest(room, 10_000)
        return sum(isinstance(one, events.Said | events.TopicSet) for one in told)

    def _hear(self, who: Somebody, user: User, rooms: set[str]) -> str:
        """All that somebody hears is of rooms that it is in, or was, or of none; and there is no address in it."""
        heard = user.heard()
        text = json.dumps(heard)
        for key in ROOMS:
            if f"talk of {key}" in text and key not in rooms:
                rules = self._rules(key)
                is_open = (
                    not rules.locked
                    or self._moderates(who, rules)
                    or self._may_enter(who, user, key, rules, password=False)
                )
                assert is_open, (who, key, heard)  # a topic may be asked for
        if not self._is_moderator(who):
            assert "192.0.2" not in text, (who, heard)
            assert "@log" not in text or re.search(r"for moderators|moderators' own|@log\"|#@log", text), (who, heard)
            assert not re.search(r"from:[a-z2-7]{10}", text), (who, heard)
            assert not re.search(r'"room": "@log", "(nick|who|members)', text), (who, heard)
        assert not re.search(r"da(\\u00ad)?rn", text), "a word that is filtered was heard"
        return text

    # What is kept, looked at without the code that is tested.

    def _records(self) -> dict[tuple[type, str], Record]:
        kept = self.stage.chat.kept
        return {
            (kind, one.key): one for kind in (BanRecord, MuteRecord, RoomRules, Invited, Slow) for one in kept.of(kind)
        }

    def _rules(self, key: str) -> RoomRules:
        return self.stage.chat.kept.get(RoomRules, key) or RoomRules(room=key)

    def _moderates(self, who: Somebody, rules: RoomRules) -> bool:
        return self._is_moderator(who) or (who.role is not None and rules.owner == who.nick)

    def _is_hit(self, kind: type[Sanction], who: Somebody, user: User, room: str, nick: str = "") -> bool:
        called = {names.key(nick or user.member.nick), *([who.nick] if who.role is not None else [])}
        for one in self.stage.chat.kept.of(kind):
            if one.room not in ("", room) or (one.until is not None and one.until <= self.stage.now):
                continue
            if one.target == "*" or one.target.removeprefix("name:") in called:
                return True
            network = ip_network(one.target.removeprefix("net:")) if one.target.startswith("net:") else None
            if one.target == origin_of(who) and not self._is_moderator(who):
                return True
            if network is not None and ip_address(who.address) in network and not self._is_moderator(who):
                return True
        return False

    def _is_moderator(self, who: Somebody) -> bool:
        return self._rank(who) > 0

    def _rank(self, who: Somebody) -> int:
        if who.role is Role.OWNER:
            return 2
        return 1 if who.role is Role.MODERATOR or who is self.linked else 0


def origin_of(who: Somebody) -> str:
    """Return what moderators see of an address."""
    return targets.origin(who.address, b"\0")


def commands_of(dialect: str, transaction: str, other: Somebody, room: str) -> list[Any]:
    """Return what a client of this dialect asks for, read as the server reads it."""
    sent, typed, irc = DEEDS[transaction]
    if dialect == "json":
        reader = JsonReader(4096)
        fields = {key: value.format(n=other.nick, r=room, o=origin_of(other)) for key, value in sent.items()}
        reader.receive(json.dumps(fields).encode() + b"\n")
        return [reader.next_command()]
    if dialect == "plain":
        try:
            return [slash.read_line(typed.format(n=other.nick, r=room, o=origin_of(other)))]
        except ProtocolError:
            return []
    one = IRC.reader(512)
    one.asked(None)
    one.receive(irc.format(n=other.nick, r=room, o=origin_of(other)).encode() + b"\r\n")
    found = []
    while (asked := one.next_command()) is not None and not isinstance(asked, EmptyLine):
        found.append(asked)
    return [command for command in found if not isinstance(command, Answer | Status | Motd)]  # these greet


_AGAINST_AN_OWNER = [(1, transaction, 0, "lobby") for transaction in ("kick", "ban", "mute", "ban here", "mute here")]
_AGAINST_A_LINKED_ONE = [(1, transaction, 4, "lobby") for transaction in ("mute", "kick", "ban here", "ban")]


@pytest.mark.slow
@settings(max_examples=80)
@example(_AGAINST_AN_OWNER)
@example([(4, "go", 1, "den"), (4, "come by link", 4, "lobby"), *_AGAINST_A_LINKED_ONE])
@given(st.lists(_STEPS, min_size=10, max_size=60))
def test_nobody_does_hears_or_learns_what_is_not_for_him(steps: list[tuple[int, str, int, str]]) -> None:
    _walk(steps)


@pytest.mark.slow
@settings(max_examples=600)
@given(st.lists(_STEPS, min_size=10, max_size=60))
def test_nobody_does_on_six_hundred_ways_either(steps: list[tuple[int, str, int, str]]) -> None:
    _walk(steps)


def _walk(steps: list[tuple[int, str, int, str]]) -> None:
    walk = Walk()
    for who in CAST:
        walk.step(who, "come", who, "lobby")
    for actor, transaction, other, room in steps:
        walk.step(CAST[actor], transaction, CAST[other], room)
        for attempt in ("come", "join", "say"):  # what most of the transactions are to keep somebody from
            walk.step(CAST[other], attempt, CAST[actor], room)
