"""What a server says, made safe where it comes in."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.client.cleaning import cleaned
from geventchat.dialects import plain_lines
from geventchat.dialects.json_client import MessageReader
from geventchat.protocol import events, replies
from geventchat.protocol.text import clean

_EVIL = "\x1b[2J\x9b\u202e\n"


@given(st.text(), st.text(), st.text())
def test_no_text_in_a_message_acts_on_a_terminal(nick: str, text: str, time: str) -> None:
    said = events.Said("1-0", time, "lobby", nick, text)
    for message in (
        said,
        events.Left("1-0", time, "lobby", nick, text),
        replies.Whispered(time=time, nick=nick, to=text, text=text),
        replies.HistoryPage(room=nick, events=[said], more=False),
        replies.RoomList(rooms={text: 1}),
    ):
        safe = cleaned(message)
        shown = msgspec.json.decode(msgspec.json.encode(safe), type=dict)
        assert type(safe) is type(message)
        assert all(clean(one) == one for one in _texts(shown))


def _texts(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for one in value for text in _texts(one)]
        case dict():
            return [*_texts(list(value)), *_texts(list(value.values()))]
    return []


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"slowed","id":"1-0","time":"","room":"den","nick":"bob","every":1e308}',
        '{"type":"gap","room":"den","from":"1-0","to":"2-0","count":' + "9" * 400 + "}",
    ],
)
def test_no_number_in_a_message_is_too_much_to_be_told(message: str) -> None:
    reader = MessageReader()
    reader.receive(message.encode() + b"\n")
    told = reader.next_message()
    assert told is not None
    assert 0 < len(plain_lines.encode(cleaned(told))) < 100
    welcome = replies.Welcome(
        nick="", room="", members=[], count=9**400, topic="", id="", token="", server="", limits={"line": 9**400}
    )
    safe = cleaned(welcome)
    assert isinstance(safe, replies.Welcome)
    assert safe.limits == {"line": 2**53}


def test_a_message_that_is_harmless_stays_as_it_is() -> None:
    for message in (
        replies.Gap(room="den", first="1-0", last="2-0", count=None),
        events.Said("1-0", "", "lobby", "bob", 'a "quoted"\ttab \\ and 字 \u200d'),
    ):
        assert cleaned(message) == message
    assert cleaned(events.Said("1-0", "", "lobby", "bob", f"hi{_EVIL}")) == events.Said(
        "1-0", "", "lobby", "bob", "hi[2J"
    )
