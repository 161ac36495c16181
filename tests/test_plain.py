"""The plain dialect: what people at nc or telnet type, and what they see."""

from collections.abc import Sequence
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.commands import commands
from geventchat.commands.commands import Bye, Hello, Say
from geventchat.dialects import plain, plain_lines
from geventchat.dialects.base import EmptyLine
from geventchat.dialects.plain import PlainReader
from geventchat.protocol import events, replies
from geventchat.protocol.questions import Question
from geventchat.protocol.roles import Role
from tests import fuzz

MAX_LINE = 60


def read(*pieces: bytes, named: bool = True) -> list[object]:
    """Return what a user who sends these pieces asks for, as one who has a name already or not."""
    reader = PlainReader(MAX_LINE)
    if named:
        reader.asked(None)
    return list(fuzz.read(reader, pieces))


def test_the_first_line_is_a_name_and_the_others_are_said() -> None:
    reader = PlainReader(MAX_LINE)
    reader.receive(b"alice\nhello\nexit\n")
    assert reader.next_command() == Hello(nick="alice")
    reader.asked(None)
    assert [reader.next_command() for _ in range(3)] == [Say(text="hello"), Bye(), None]


def test_until_a_name_is_taken_every_line_is_a_name() -> None:
    assert read(b"bob\n", b"/nick bob\n\n", named=False) == [Hello(nick="bob"), Hello(nick="/nick bob"), Hello(nick="")]


@pytest.mark.parametrize("typed", [b"exit\n", b" exit \n", b"exit\r\n", b"exit"])
def test_who_gives_exit_for_a_name_leaves(typed: bytes) -> None:
    assert read(typed, named=False) == [Bye()]


def test_the_last_line_of_a_pipe_counts_without_its_end() -> None:
    assert read(b"hello\nbye") == [Say(text="hello"), Say(text="bye")]


def test_empty_lines_are_not_said() -> None:
    assert read(b"\n \n\r\n  ") == [EmptyLine()] * 4


def test_what_is_said_is_made_safe() -> None:
    said = read("a\x1b[31m\x07b\x85\u202ec\td\x00\n".encode() + b"\xc3\n")
    assert said == [Say(text="a[31mbc\td"), Say(text="�")]


def test_a_line_that_is_too_long_is_refused_and_the_next_is_said() -> None:
    assert read(b"x" * 61 + b"\nhello\n") == [("line-too-long", False), Say(text="hello")]


TELNET = {
    "will": b"\xff\xfb\x01",
    "do": b"\xff\xfd\x03",
    "are you there": b"\xff\xf6",
    "terminal type": b"\xff\xfa\x18\x00xterm\xff\xf0",
    "a newline within": b"\xff\xfa\x1f\x00\x0a\x00\x0a\xff\xf0",
}


@pytest.mark.parametrize("talk", TELNET.values(), ids=TELNET.keys())
def test_what_telnet_says_to_the_server_is_not_said_to_the_room(talk: bytes) -> None:
    assert read(talk + b"hel" + talk + b"lo\n") == [Say(text="hello")]
    assert read(*(bytes([byte]) for byte in talk + b"hel" + talk + b"lo\n")) == [Say(text="hello")]


def test_telnet_doubles_a_byte_that_is_text() -> None:
    assert read(b"a\xff\xffb\n") == [Say(text="a�b")]


def test_a_telnet_command_that_never_ends_is_text_at_last() -> None:
    lines = read(b"\xff\xfa" + b"x" * 2_000 + b"\nhello\n", b"still here\n")
    assert lines == [("line-too-long", False), Say(text="hello"), Say(text="still here")]


def test_how_much_a_telnet_command_may_hold_does_not_depend_on_how_it_is_cut() -> None:
    for size in (1_000, 1_020, 1_021, 1_022, 1_023, 1_024, 1_025, 1_026, 2_000):
        stream = b"\xff\xfa" + b"y" * size + b"\xff\xf0\nhello\n"
        assert read(stream) == read(*(bytes([byte]) for byte in stream)), size


@given(fuzz.cut(), st.booleans())
def test_any_bytes_in_any_pieces_ask_for_the_same(pieces: Sequence[bytes], named: bool) -> None:
    at_once = read(b"".join(pieces), named=named)
    assert read(*pieces, named=named) == at_once


@given(fuzz.cut())
def test_no_more_is_kept_than_a_line_and_a_telnet_command_may_have(pieces: Sequence[bytes]) -> None:
    fuzz.read(PlainReader(MAX_LINE), pieces, at_most=MAX_LINE + 1 + 1_026)


@given(fuzz.cut())
def test_no_control_character_gets_through(pieces: Sequence[bytes]) -> None:
    for command in read(*pieces):
        text = getattr(command, "text", "")
        assert not any(ord(char) < 32 and char != "\t" for char in text or "")


# What people see.

TIME = "2024-11-23T12:00:00.123Z"

EVENTS: list[tuple[events.AnyEvent, str]] = [
    (events.Said("1-0", TIME, "lobby", "bob", "hello"), "bob: hello"),
    (events.Said("1-0", TIME, "lobby", "bob", "* eve joined"), "bob: * eve joined"),
    (events.Acted("1-0", TIME, "lobby", "bob", "waves"), "bob: *waves*"),
    (events.Joined("1-0", TIME, "lobby", "bob"), "* bob joined"),
    (events.Left("1-0", TIME, "lobby", "bob"), "* bob left"),
    (events.Left("1-0", TIME, "lobby", "bob", "see you"), "* bob left: see you"),
    (events.Renamed("1-0", TIME, "lobby", "bob", "robert"), "* bob is now robert"),
    (events.TopicSet("1-0", TIME, "lobby", "bob", "tea"), "* bob set the topic: tea"),
    (events.Kicked("1-0", TIME, "lobby", "bob", "eve", "spam"), "* bob put eve out: spam"),
    (events.Kicked("1-0", TIME, "@log", "bob", "eve", of="tea"), "* bob put eve out, in tea"),
    (events.Banned("1-0", TIME, "lobby", "bob", "eve", "", TIME), "* bob banned eve until 2024-11-23 12:00 UTC"),
    (events.Unbanned("1-0", TIME, "lobby", "bob", "eve"), "* bob lifted the ban of eve"),
    (events.Muted("1-0", TIME, "lobby", "bob", "*", "quiet, please"), "* bob muted everyone: quiet, please"),
    (events.Unmuted("1-0", TIME, "lobby", "bob", "eve"), "* bob lets eve speak again"),
    (events.Slowed("1-0", TIME, "lobby", "bob", every=90), "* bob lets everyone speak once in 1m30s"),
    (events.Slowed("1-0", TIME, "lobby", "bob"), "* bob lets everyone speak freely"),
    (events.Locked("1-0", TIME, "lobby", "bob", password=True), "* bob locked the room, with a password"),
    (events.Unlocked("1-0", TIME, "lobby", "bob"), "* bob unlocked the room"),
    (
        events.Deleted("1-0", TIME, "lobby", "bob", "eve", "rude", target="1-0"),
        "* bob deleted what eve said (1-0): rude",
    ),
    (events.Announced("1-0", TIME, "lobby", "bob", text="lunch"), "* bob announces: lunch"),
    (events.Held("1-0", TIME, "@log", "eve", of="tea", text="buy"), "* eve is not let say yet (1-0), in tea: buy"),
    (
        events.Held("1-0", TIME, "@log", "eve", of="tea", text="buys", action=True),
        "* eve is not let say yet (1-0), in tea: *buys*",
    ),
]


@pytest.mark.parametrize(("event", "line"), EVENTS, ids=[line for _, line in EVENTS])
def test_what_happens_is_a_line(event: events.AnyEvent, line: str) -> None:
    assert plain_lines.encode(event) == f"{line}\n".encode()


def test_every_event_has_a_line() -> None:
    assert {type(event) for event, _ in EVENTS} == set(get_args(events.AnyEvent))


def welcome(topic: str = "") -> replies.Welcome:
    return replies.Welcome(
        nick="alice", room="lobby", members=[], count=1, topic=topic, id="1-0", token="", server="", limits={}
    )


EVE: dict[str, Any] = {"who": "eve", "by": "bob", "reason": "spam", "since": TIME, "until": TIME}
BANNED = replies.BanEntry(**EVE)
REPLIES: list[tuple[replies.AnyReply, bytes]] = [
    (replies.Prompt(question=Question.NAME), b"Enter your name: "),
    (replies.Prompt(question=Question.PASSWORD), b"Password: "),
    (welcome(), b"Hi, alice! To exit the chat enter 'exit'.\n"),
    (welcome("tea"), b"Hi, alice! To exit the chat enter 'exit'.\n* topic: tea\n"),
    (replies.Members(room="lobby", members=["alice", "bob"], count=2, topic=""), b"* 2 in lobby: alice, bob\n"),
    (
        replies.Members(room="lobby", members=["alice", "bob"], count=9, topic="tea"),
        b"* 9 in lobby: alice, bob and 7 more\n* topic: tea\n",
    ),
    (replies.RoomList(rooms={"lobby": 2, "tea": 1}), b"* rooms: lobby (2), tea (1)\n"),
    (replies.Ack(ref="1", id="1-0"), b""),
    (replies.Whispered(time=TIME, nick="bob", to="alice", text="psst"), b"* bob whispers to alice: psst\n"),
    (
        replies.HistoryPage(room="lobby", events=[EVENTS[0][0]], more=True),
        b"* earlier in lobby, times in UTC:\n* 12:00:00 bob: hello\n* that was earlier; there is more before it\n",
    ),
    (
        replies.Profiles(users=[replies.Profile(nick="bob", about="Bob B", rooms=["lobby"], since=TIME, idle=1)]),
        b"* bob: Bob B, in lobby, here since 2024-11-23 12:00 UTC\n",
    ),
    (
        replies.Profiles(users=[replies.Profile(nick="bob", away="tea", since=TIME, idle=1)]),
        b"* bob, in no room, here since 2024-11-23 12:00 UTC\n* bob is away: tea\n",
    ),
    (
        replies.Profiles(users=[replies.Profile(nick="bob", since=TIME, idle=1, origin="from:abc")]),
        b"* bob, in no room, here since 2024-11-23 12:00 UTC, from:abc\n",
    ),
    (replies.BanList(room=None, bans=[], mutes=[]), b"* nobody is banned or muted\n"),
    (
        replies.BanList(room="tea", bans=[BANNED], mutes=[replies.BanEntry(**{**EVE, "who": "*", "reason": ""})]),
        b"* eve is banned in tea until 2024-11-23 12:00 UTC, by bob: spam\n"
        b"* everyone is muted in tea until 2024-11-23 12:00 UTC, by bob\n",
    ),
    (replies.Motd(lines=["be kind"]), b"* be kind\n"),
    (replies.Motd(lines=[]), b"* there is no message of the day\n"),
    (replies.Former(nick="bob", users=[]), b""),
    (replies.Watched(here=["bob"], gone=[]), b""),
    (replies.AwayIs(nick="bob", text="tea"), b"* bob is away: tea\n"),
    (replies.AwayIs(nick="bob", text=None), b"* bob is here\n"),
    (replies.AwayChanged(nick="bob", text="tea"), b""),
    (replies.AccountIs(account="bob", role=Role.USER), b"* you are logged in to bob\n"),
    (
        replies.AccountIs(account="bob", role=Role.OWNER, needs_password=True),
        b"* you are logged in to bob, as owner\n"
        b"* that password was good for once: set another with /password PASSWORD\n",
    ),
    (replies.AccountIs(account=None, role=Role.USER), b"* you are not logged in\n"),
    (replies.AccountChanged(nick="bob", account="bob"), b""),
    (
        replies.Recovered(account="bob", password="word"),
        b"* tell the owner of bob this password, which is good for one login: word\n",
    ),
    (replies.Described(nick="bob", about="Bob B"), b""),
    (replies.Invited(nick="bob", to="ann", room="tea"), b"* bob invites ann into tea: /join tea\n"),
    (replies.Status(server="s", time=TIME, users=1, most=1, rooms=1), b""),
    (replies.RecentRooms(rooms={"lobby": "now"}), b""),  # nobody can ask for it by typing
    (replies.TopicIs(room="lobby", text="tea"), b"* topic: tea\n"),
    (replies.TopicIs(room="lobby", text=""), b"* no topic is set; /topic TEXT sets one\n"),
    (replies.Pong(token="7"), b"* pong 7\n"),
    (replies.Pong(token=""), b"* pong\n"),
    (replies.Gap(room="lobby", first="1-0", last="1-6", count=7), b"* you missed 7 lines of lobby\n"),
    (
        replies.Gap(room="lobby", first="1-0", last="1-6", count=None),
        b"* lines of lobby may be missing here: the server cannot show them all\n",
    ),
    (replies.HelpText(lines=["/who  who", "/me  do"]), b"* /who  who\n* /me  do\n"),
    (replies.Error(code="nick-taken", message="the name bob is taken"), b"* the name bob is taken\n"),
    (replies.Closing(code="bye", message="bye"), b"exit\n"),
    (replies.Closing(code="gone", message="gone"), b""),
    (replies.Closing(code="server-full", message="server is full"), b"* server is full\n"),
]


@pytest.mark.parametrize(("reply", "seen"), REPLIES, ids=[type(reply).__name__ for reply, _ in REPLIES])
def test_what_one_is_told_alone(reply: replies.AnyReply, seen: bytes) -> None:
    assert plain_lines.encode(reply) == seen


def test_every_reply_can_be_told() -> None:
    assert {type(reply) for reply, _ in REPLIES} == set(get_args(replies.AnyReply))


def test_a_line_that_nobody_said_begins_with_a_star() -> None:
    assert plain.ENCODER.crowd("lobby", "37 joined") == b"* 37 joined\n"


@given(fuzz.cut())
def test_nothing_said_can_look_like_a_line_that_nobody_said(pieces: Sequence[bytes]) -> None:
    for command in read(*pieces):
        if isinstance(command, commands.Say | commands.Act):
            said = events.Said("1-0", TIME, "lobby", "bob", command.text)
            seen = plain_lines.encode(said)
            assert seen.startswith(b"bob: ")
            assert seen.index(b"\n") == len(seen) - 1
