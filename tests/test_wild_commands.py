"""Whatever anybody asks for, with whatever values: the server answers, and does not fail."""

import json
from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from geventchat.commands.commands import Hello, Login, Password, Register
from geventchat.commands.table import INFO
from geventchat.dialects.base import Answer, EmptyLine, Reader
from geventchat.dialects.irc.dialect import spoken
from geventchat.dialects.irc.verbs import VERBS
from geventchat.dialects.json import JsonReader
from geventchat.protocol.errors import ProtocolError
from tests.stage import Stage, User

_HASHED = (Hello, Login, Password, Register)  # what needs a thread, and is told once it has come back
_WORDS = (
    "",
    "ann",
    "lobby",
    "#lobby",
    "den",
    "*",
    "**",
    "[",
    "?",
    "\u00b2",
    "<\u00b2",
    ">" + "9" * 400,
    "-1",
    "0",
    "1e9",
)
_TIMES = (
    "10m",
    "99999999w",
    "0-0",
    "1-0",
    "9" * 18 + "-0",
    "\u0661-0",
    "127.0.0.0/8",
    "::/0",
    "a" * 40,
    "\u202e",
    ",,",
    "a,b",
)
_TEXT = st.sampled_from(_WORDS + _TIMES) | st.text(max_size=20)
_NUMBER = st.sampled_from([0, 1, -1, 2**31, 2**63, 2**64, 10**30])
_VALUE = _TEXT | _NUMBER | st.booleans() | st.none() | st.lists(_TEXT, max_size=3)
_OBJECT = st.sampled_from(sorted(INFO, key=lambda kind: kind.__name__)).flatmap(
    lambda kind: st.fixed_dictionaries(
        {"type": st.just(kind.__struct_config__.tag)},
        optional={field.encode_name: _VALUE for field in msgspec.structs.fields(kind)},
    )
)
_LINE = st.builds(
    lambda verb, words: " ".join([verb, *words]), st.sampled_from(sorted(VERBS)), st.lists(_TEXT, max_size=4)
)


def _try(user: User, reader: Reader, data: bytes) -> None:
    """Do what somebody asks for with these bytes, as far as it is a command, and hear the answers."""
    reader.asked(None)
    reader.receive(data)
    with suppress(ProtocolError):
        while (command := reader.next_command()) is not None and not isinstance(command, EmptyLine):
            if not isinstance(command, (Answer, *_HASHED)):
                user.hears(command)


@example([{"type": "whowas", "nick": "x", "limit": 2**63}])
@given(st.lists(_OBJECT, max_size=8))
def test_no_object_of_a_program_makes_the_server_fail(objects: list[dict[str, Any]]) -> None:
    stage = Stage()
    ann = stage.program("ann")
    for one in objects:
        _try(ann, JsonReader(4096), json.dumps(one).encode() + b"\n")


@example(["LIST <\u00b2"])
@given(st.lists(_LINE, max_size=8))
def test_no_line_of_irc_makes_the_server_fail(lines: list[str]) -> None:
    stage = Stage()
    irk = stage.on_irc("irk", "lobby")
    for line in lines:
        _try(irk, spoken(frozenset()).reader(4096), line.encode(errors="replace") + b"\r\n")
