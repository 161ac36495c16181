"""The json dialect: what programs send and are sent, line by line."""

import json
from collections.abc import Sequence
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.commands import commands, moderation
from geventchat.commands.command import Command
from geventchat.dialects.base import EmptyLine
from geventchat.dialects.json import JsonReader, encode, encode_reply
from geventchat.dialects.registry import JSON
from geventchat.protocol import events, replies
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.limits import MAX_REF
from geventchat.protocol.questions import Question
from geventchat.protocol.roles import Role
from tests import fuzz

MAX_LINE = 200


def read(*pieces: bytes) -> list[object]:
    return list(fuzz.read(JsonReader(MAX_LINE), pieces))


def read_one(**fields: object) -> object:
    (found,) = read(json.dumps(fields).encode() + b"\n")
    return found


def refusal(line: bytes) -> ProtocolError:
    reader = JsonReader(MAX_LINE)
    reader.receive(line + b"\n")
    with pytest.raises(ProtocolError) as refused:
        reader.next_command()
    assert reader.next_command() is None
    return refused.value


SENT: list[tuple[dict[str, object], commands.AnyCommand]] = [
    ({"type": "hello", "nick": "alice"}, commands.Hello(nick="alice", room="lobby")),
    (
        {"type": "hello", "nick": "alice", "room": "tea", "after": "1-0", "token": "t"},
        commands.Hello(nick="alice", room="tea", after="1-0", token="t"),
    ),
    ({"type": "say", "text": "hi", "ref": "7"}, commands.Say(text="hi", ref="7")),
    ({"type": "act", "text": "waves", "room": "tea"}, commands.Act(text="waves", room="tea")),
    ({"type": "whisper", "to": "bob", "text": "psst"}, commands.Whisper(to="bob", text="psst")),
    ({"type": "reply", "text": "yes"}, commands.WhisperBack(text="yes")),
    ({"type": "rename", "nick": "bob"}, commands.Rename(nick="bob")),
    ({"type": "join", "room": "tea", "after": "1-0"}, commands.Join(room="tea", after="1-0")),
    ({"type": "leave", "room": "tea", "reason": "late"}, commands.Leave(room="tea", reason="late")),
    ({"type": "who"}, commands.Who()),
    ({"type": "rooms"}, commands.Rooms()),
    ({"type": "whois", "nick": "bob"}, commands.Whois(nick="bob")),
    ({"type": "find", "mask": "b*"}, commands.Find(mask="b*")),
    ({"type": "whowas", "nick": "bob", "limit": 2}, commands.Whowas(nick="bob", limit=2)),
    ({"type": "watch", "nicks": ["bob"]}, commands.Watch(nicks=["bob"])),
    ({"type": "status"}, commands.Status()),
    ({"type": "describe", "about": "Bob"}, commands.Describe(about="Bob")),
    ({"type": "describe", "about": "x" * (MAX_LINE + 1)}, commands.Describe(about="x" * (MAX_LINE + 1))),
    ({"type": "away", "text": "tea"}, commands.Away(text="tea")),
    ({"type": "invite", "nick": "bob"}, commands.Invite(nick="bob")),
    (
        {"type": "hello", "nick": "alice", "login": {"account": "alice", "password": "secret"}},
        commands.Hello(nick="alice", login=commands.Credentials(account="alice", password="secret")),
    ),
    ({"type": "register", "password": "secret"}, commands.Register(password="secret")),
    ({"type": "login", "account": "al", "password": "secret"}, commands.Login(account="al", password="secret")),
    ({"type": "logout"}, commands.Logout()),
    ({"type": "password", "password": "secret"}, commands.Password(password="secret")),
    ({"type": "unregister", "password": "secret"}, commands.Unregister(password="secret")),
    ({"type": "recover", "account": "al"}, commands.Recover(account="al")),
    ({"type": "history", "before": "9-0", "limit": 5}, commands.History(before="9-0", limit=5)),
    ({"type": "recent", "after": "9-0", "limit": 5}, commands.Recent(after="9-0", limit=5)),
    ({"type": "topic", "text": ""}, commands.Topic(text="")),
    ({"type": "topic"}, commands.Topic()),
    ({"type": "ping", "token": "7"}, commands.Ping(token="7")),
    ({"type": "help"}, commands.Help()),
    ({"type": "motd"}, commands.Motd()),
    ({"type": "join", "room": "tea", "password": "x"}, commands.Join(room="tea", password="x")),
    (
        {"type": "kick", "nick": "bob", "room": "tea", "reason": "spam"},
        moderation.Kick(nick="bob", room="tea", reason="spam"),
    ),
    ({"type": "ban", "who": "bob", "for": "10m"}, moderation.Ban(who="bob", lasts="10m")),
    ({"type": "unban", "who": "bob"}, moderation.Unban(who="bob")),
    ({"type": "bans"}, moderation.Bans()),
    ({"type": "mute", "nick": "bob", "for": "10m"}, moderation.Mute(nick="bob", lasts="10m")),
    ({"type": "unmute", "nick": "bob"}, moderation.Unmute(nick="bob")),
    ({"type": "slow", "room": "tea", "every": "10s"}, moderation.Slow(room="tea", every="10s")),
    ({"type": "lock", "password": "x"}, moderation.Lock(password="x")),
    ({"type": "unlock"}, moderation.Unlock()),
    ({"type": "delete", "id": "1-0", "reason": "rude"}, moderation.Delete(id="1-0", reason="rude")),
    ({"type": "approve", "id": "1-0"}, moderation.Approve(id="1-0")),
    ({"type": "announce", "text": "lunch"}, moderation.Announce(text="lunch")),
    ({"type": "bye", "reason": "late"}, commands.Bye(reason="late")),
]


@pytest.mark.parametrize(("sent", "command"), SENT, ids=[str(sent["type"]) for sent, _ in SENT])
def test_an_object_is_a_command(sent: dict[str, object], command: commands.AnyCommand) -> None:
    assert read_one(**sent) == command


def test_every_command_can_be_sent() -> None:
    assert {type(command) for _, command in SENT} == set(get_args(commands.FromProgram))


def test_fields_that_are_not_known_are_ignored() -> None:
    assert read_one(type="say", text="hi", colour="red", nested={"a": [1]}) == commands.Say(text="hi")


def test_empty_lines_ask_for_nothing() -> None:
    assert read(b'\n \r\n{"type":"who"}\r\n\n') == [EmptyLine(), EmptyLine(), commands.Who(), EmptyLine()]


def test_the_last_line_counts_without_its_end() -> None:
    assert read(b'{"type":"who"}') == [commands.Who()]


def test_a_type_that_is_not_known_is_refused_and_the_known_are_listed() -> None:
    error = refusal(b'{"type":"sing","text":"la"}')
    assert error.code == "unknown-type"
    assert "'sing'" in error.message
    assert "say, slow, status, topic, unban, unlock, unmute, unregister, watch, whisper, who, whois" in error.message


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"hello", "bad-json"),
        (b'{"type":"say"', "bad-json"),
        (b'{"type":"say","text":"a\x01"}', "bad-json"),
        (b'{"type":"say","text":"\\ud800"}', "bad-json"),
        (b'{"a":' * 30, "bad-json"),
        (b"[" * 150, "bad-message"),
        (b"[]", "bad-message"),
        (b"1", "bad-message"),
        (b"null", "bad-message"),
        (b'"say"', "bad-message"),
        (b"{}", "bad-message"),
        (b'{"type":1}', "bad-message"),
        (b'{"type":"say"}', "bad-message"),
        (b'{"type":"say","text":1}', "bad-message"),
        (b'{"type":"history","limit":"five"}', "bad-message"),
        (b'{"type":"sing"}', "unknown-type"),
        (b'{"type":"said"}', "unknown-type"),
        (b"x" * (6 * MAX_LINE + 1_025), "line-too-long"),
        (b'{"type":"say","text":"%s"}' % (b"x" * (MAX_LINE + 1)), "line-too-long"),
    ],
)
def test_what_is_no_command_is_refused_with_a_code_and_the_connection_goes_on(line: bytes, code: str) -> None:
    error = refusal(line)
    assert (error.code, error.fatal) == (code, False)
    assert "\n" not in error.message


@pytest.mark.parametrize(
    ("line", "ref"),
    [
        (b'{"type":"say","ref":"7"}', "7"),
        (b'{"type":"sing","ref":"7"}', "7"),
        (b'{"ref":"7"}', "7"),
        (b'{"type":"say","text":"hi","ref":7}', None),
        (b'{"type":"sing","ref":"%s"}' % (b"x" * 200), "x" * MAX_REF),
    ],
)
def test_what_is_no_command_is_refused_with_its_ref_if_that_can_be_read(line: bytes, ref: str | None) -> None:
    assert refusal(line).ref == ref


def test_what_is_nested_without_end_is_refused_too() -> None:
    deep = b'{"type":"who","a":' + b"[" * 50_000 + b"]" * 50_000 + b"}\n"
    assert fuzz.read(JsonReader(1 << 20), [deep]) == [("bad-json", False)]


def test_who_leaves_a_field_out_is_told_which() -> None:
    assert "`text`" in refusal(b'{"type":"say"}').message


def test_an_unknown_type_cannot_smuggle_control_characters_into_the_answer() -> None:
    message = refusal(b'{"type":"\\u001b[31m\\u202e' + b"x" * 100 + b'"}').message
    assert "\x1b" not in message
    assert "\u202e" not in message
    assert "x" * 33 not in message


def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    assert read(b'{"type":"say","text":"a\xffb"}\n') == [commands.Say(text="a�b")]


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "say", "text": "X"},
        {"type": "act", "text": "X"},
        {"type": "whisper", "to": "bob", "text": "X"},
        {"type": "topic", "text": "X"},
        {"type": "leave", "reason": "X"},
        {"type": "bye", "reason": "X"},
        {"type": "ping", "token": "X"},
    ],
)
def test_what_others_will_see_is_made_safe(fields: dict[str, str]) -> None:
    unsafe = {name: "a\x1b[31m\n\u202e\u2028\x9bb" if text == "X" else text for name, text in fields.items()}
    safe = {name: "a[31mb" if text == "X" else text for name, text in fields.items()}
    assert read_one(**unsafe) == read_one(**safe)


@given(fuzz.cut())
def test_any_bytes_in_any_pieces_ask_for_the_same(pieces: Sequence[bytes]) -> None:
    assert read(*pieces) == read(b"".join(pieces))


@given(fuzz.cut())
def test_no_more_is_kept_than_a_line_may_have(pieces: Sequence[bytes]) -> None:
    fuzz.read(JsonReader(MAX_LINE), pieces, at_most=6 * MAX_LINE + 1_025)


_types = st.sampled_from([str(command.__struct_config__.tag) for command in Command.__subclasses__()])
_fields = st.sampled_from(["nick", "room", "text", "to", "ref", "limit", "after", "before", "token", "reason"])
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=3), values, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(_fields, _values), _types | _values)
def test_any_object_is_a_command_or_refused(fields: dict[str, Any], kind: object) -> None:
    (found,) = fuzz.read(JsonReader(1 << 20), [json.dumps({"type": kind, **fields}).encode() + b"\n"])
    if isinstance(found, tuple):
        assert found[0] in ("bad-message", "unknown-type", "bad-json")
    else:
        assert isinstance(found, Command)
        assert kind == found.__struct_config__.tag


# What programs are sent.

TIME = "2024-11-23T12:00:00.123Z"
SAID = events.Said("1732363200123-1", TIME, "lobby", "alice", "hi")
SAID_FIELDS: dict[str, object] = {
    "type": "said",
    "id": "1732363200123-1",
    "time": TIME,
    "room": "lobby",
    "nick": "alice",
    "text": "hi",
}

PROFILE = replies.Profile(nick="a", about="A", rooms=["r"], since="2024-11-23T12:00:00.000Z", idle=7)
PROFILE_FIELDS = {
    "nick": "a",
    "about": "A",
    "username": "",
    "account": None,
    "away": None,
    "rooms": ["r"],
    "moderates": [],
    "since": "2024-11-23T12:00:00.000Z",
    "idle": 7,
    "origin": "",
}
MODERATED: list[tuple[events.AnyEvent, dict[str, object]]] = [
    (
        kind("1-0", TIME, "r", "a", "b", "why"),
        {"type": kind.__struct_config__.tag, "nick": "a", "who": "b", "reason": "why"},
    )
    for kind in get_args(events.AnyModeration)
]
TOLD: list[tuple[events.AnyEvent | replies.AnyReply, dict[str, object]]] = [
    (SAID, SAID_FIELDS),
    (events.Acted("1-0", TIME, "r", "a", "w"), {"type": "acted", "text": "w"}),
    (events.Joined("1-0", TIME, "r", "a"), {"type": "joined", "nick": "a", "room": "r", "id": "1-0", "time": TIME}),
    (events.Left("1-0", TIME, "r", "a", "late"), {"type": "left", "reason": "late"}),
    (events.Renamed("1-0", TIME, "r", "a", "b"), {"type": "renamed", "nick": "a", "new": "b"}),
    (events.TopicSet("1-0", TIME, "r", "a", "tea"), {"type": "topic", "text": "tea"}),
    *MODERATED,
    (replies.BanList(room=None, bans=[], mutes=[]), {"type": "bans", "room": None, "bans": [], "mutes": []}),
    (replies.Motd(lines=["be kind"]), {"type": "motd", "lines": ["be kind"]}),
    (
        replies.Welcome(
            nick="alice",
            room="lobby",
            members=["alice", "bob"],
            count=2,
            topic="tea",
            id="1-0",
            token="t",
            server="geventchat 0.1.0",
            limits={"line": 4096, "rate": None},
        ),
        {
            "type": "welcome",
            "nick": "alice",
            "room": "lobby",
            "members": ["alice", "bob"],
            "count": 2,
            "topic": "tea",
            "id": "1-0",
            "token": "t",
            "server": "geventchat 0.1.0",
            "limits": {"line": 4096, "rate": None},
            "account": None,
            "role": "user",
        },
    ),
    (
        replies.Members(room="r", members=["a"], count=1, topic="", ref="7"),
        {"type": "members", "members": ["a"], "count": 1, "ref": "7"},
    ),
    (replies.RoomList(rooms={"lobby": 2}), {"type": "rooms", "rooms": {"lobby": 2}}),
    (replies.Ack(ref="7", id="1732363200123-1"), {"type": "ack", "ref": "7", "id": "1732363200123-1"}),
    (
        replies.Whispered(time=TIME, nick="a", to="b", text="psst"),
        {"type": "whispered", "time": TIME, "nick": "a", "to": "b", "text": "psst"},
    ),
    (
        replies.HistoryPage(room="lobby", events=[SAID], more=True),
        {"type": "history", "room": "lobby", "events": [SAID_FIELDS], "more": True},
    ),
    (replies.RecentRooms(rooms={"lobby": "now"}), {"type": "recent", "rooms": {"lobby": "now"}}),
    (
        replies.Profiles(users=[PROFILE]),
        {"type": "profiles", "users": [{**PROFILE_FIELDS}], "room": None, "more": False},
    ),
    (replies.Former(nick="a", users=[]), {"type": "former", "nick": "a", "users": []}),
    (replies.Watched(here=["a"], gone=["b"]), {"type": "watched", "here": ["a"], "gone": ["b"]}),
    (replies.AwayIs(nick="a", text=None), {"type": "away_is", "nick": "a", "text": None}),
    (replies.AwayChanged(nick="a", text="tea"), {"type": "away", "nick": "a", "text": "tea"}),
    (
        replies.AccountIs(account="a", role=Role.OWNER, ref="7"),
        {"type": "account_is", "account": "a", "role": "owner", "needs_password": False, "ref": "7"},
    ),
    (replies.AccountChanged(nick="a", account=None), {"type": "account", "nick": "a", "account": None}),
    (
        replies.Recovered(account="a", password="word"),
        {"type": "recovered", "account": "a", "password": "word"},
    ),
    (replies.Described(nick="a", about="A"), {"type": "described", "nick": "a", "about": "A"}),
    (replies.Invited(nick="a", to="b", room="r"), {"type": "invited", "nick": "a", "to": "b", "room": "r"}),
    (
        replies.Status(server="s", time=TIME, users=1, most=2, rooms=3),
        {"type": "status", "server": "s", "time": TIME, "users": 1, "most": 2, "rooms": 3},
    ),
    (replies.TopicIs(room="r", text="tea"), {"type": "topic_is", "room": "r", "text": "tea"}),
    (replies.Pong(token="7"), {"type": "pong", "token": "7"}),
    (
        replies.Gap(room="r", first="1-0", last="1-6", count=7),
        {"type": "gap", "room": "r", "from": "1-0", "to": "1-6", "count": 7},
    ),
    (replies.HelpText(lines=["/who"]), {"type": "help", "lines": ["/who"]}),
    (
        replies.Error(code="nick-taken", message="the name bob is taken", ref="7"),
        {"type": "error", "code": "nick-taken", "message": "the name bob is taken", "ref": "7"},
    ),
    (replies.Closing(code="bye", message="bye"), {"type": "closing", "code": "bye", "message": "bye"}),
]


@pytest.mark.parametrize(("told", "fields"), TOLD, ids=[str(fields["type"]) for _, fields in TOLD])
def test_what_is_told_is_one_line_with_these_fields(
    told: events.AnyEvent | replies.AnyReply, fields: dict[str, object]
) -> None:
    line = encode(told)
    assert line.index(b"\n") == len(line) - 1
    sent = json.loads(line)
    assert sent | fields == sent


def test_everything_that_can_be_told_is_told_above() -> None:
    kinds = {*get_args(events.AnyEvent), *get_args(replies.AnyReply)}
    assert {type(told) for told, _ in TOLD} == kinds - {replies.Prompt}


def test_a_program_is_asked_for_no_name_and_told_nothing_in_words() -> None:
    assert encode_reply(replies.Prompt(question=Question.NAME)) == b""
    assert JSON.encoder.crowd("lobby", "37 joined") == b""
    assert not JSON.prompted


def test_no_two_messages_share_a_type() -> None:
    told = [*get_args(events.AnyEvent), *get_args(replies.AnyReply)]
    tags = [kind.__struct_config__.tag for kind in told]
    assert len(set(tags)) == len(tags)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_said_arrives_letter_for_letter_and_never_breaks_its_line(text: str) -> None:
    line = encode(events.Said("1-0", TIME, "lobby", "alice", text))
    assert line.count(b"\n") == 1
    assert msgspec.json.decode(line)["text"] == text
