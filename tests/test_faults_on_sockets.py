"""What a server does wrong is found and named over real connections too, whatever it speaks."""

import os
from collections import Counter
from functools import partial

import pytest
from gevent.pool import Pool

from bots.engine.runner import Runner
from bots.protocols.described import Described
from bots.protocols.load import parse as parse_protocol
from bots.protocols.registry import DIALECTS, MakeDialect
from bots.report.outcome import Outcome
from bots.report.verdict import checks
from bots.scenario.load import parse
from geventchat import ChatServer, Limits
from tests.faulty_way import FAULTS, WIRES, FaultyWay, faulty_way
from tests.test_faults import VERDICTS

# Our own server, as files describe it: what holds for these holds for anybody's.
_JSON_FILE = """
protocol: tcp
frame: json-line
join:
  - send: {type: hello, nick: "{nick}"}
  - answer: {type: welcome}
  - send: {type: leave, room: lobby}
  - send: {type: join, room: "{room}"}
say: {type: say, room: "{room}", text: "{text}"}
heard: {type: said, room: "{room}", nick: "{nick}", text: "{text}", id: "{id}"}
ping: {type: ping, token: "{token}"}
pong: {type: pong, token: "{token}"}
leave: {type: leave, room: "{room}"}
rooms: true
ignore: [{type: joined}, {type: left}, {type: members}]
"""
_WEBSOCKET_FILE = """
protocol: websocket
url: /chat
join: {type: hello, nick: "{nick}", room: "{room}"}
joined: {type: welcome}
say: {type: say, text: "{text}"}
heard: {type: said, nick: "{nick}", text: "{text}"}
ping: {type: ping, token: "{token}"}
pong: {type: pong, token: "{token}"}
ignore: [{type: joined}, {type: left}]
"""
_WEBSOCKET_FILE_WITH_IDS = _WEBSOCKET_FILE.replace('text: "{text}"}\nping', 'text: "{text}", id: "{id}"}\nping')
_LINES_FILE = """
protocol: tcp
join: "{nick}"
joined: "Enter your name: Hi, {nick}! {more}"
say: "{text}"
heard: "{nick}: {text}"
ignore: ["* {notice}"]
"""
_IRC_FILE = """
protocol: tcp
join:
  - send: "NICK {nick}"
  - send: "USER {nick} 0 * :{nick}"
  - answer: ":{server} 001 {me} {welcome}"
  - send: "JOIN #{room}"
joined: ":{server} 366 {me} {end}"
say: "PRIVMSG #{room} :{text}"
heard: ":{nick}!{host} PRIVMSG #{room} :{text}"
answers: [{to: "PING {token}", with: "PONG {token}"}]
ping: "PING :{token}"
pong: ":{server} PONG {me} :{token}"
leave: "PART #{room}"
rooms: true
echo: false
ignore: [":{line}"]
"""


def _file(text: str) -> MakeDialect:
    return partial(Described, parse_protocol(text.encode(), "theirs.yaml"))


# How bots speak, and what the server's half of it is like.
_SPOKEN: dict[str, tuple[MakeDialect, str]] = {
    "json": (DIALECTS["json"], "json"),
    "ws": (DIALECTS["ws"], "ws"),
    "plain": (DIALECTS["plain"], "plain"),
    "irc": (DIALECTS["irc"], "irc"),
    "a file of json": (_file(_JSON_FILE), "json"),
    "a file of irc": (_file(_IRC_FILE), "irc"),
    "a file of frames": (_file(_WEBSOCKET_FILE), "ws"),
    "a file of frames with ids": (_file(_WEBSOCKET_FILE_WITH_IDS), "ws"),
    "a file of lines": (_file(_LINES_FILE), "plain"),
}
_ONE_ROOM = ("a file of frames", "a file of frames with ids", "a file of lines")
_NO_ECHO = ("irc", "a file of irc")
_TALK = """\
seed: SEED
script:
  - user: {say: "tea {words 1}", every: 30ms, jitter: 30ms, times: 15}
check: {latency: {max: 500ms}}
"""
_ALONE = "cast: {user: 5}\n"
_BESIDE_A_DEN = "cast: {user: 5, den: 2}\n"
# With FAULT_SEEDS=20, as many as are asked for of who changes what is found.
_SEEDS = int(os.environ.get("FAULT_SEEDS", "2"))


def _scenario(spoken: str, seed: int) -> str:
    talk = _TALK.replace("SEED", str(seed))
    if spoken in _ONE_ROOM:
        return _ALONE + talk
    return _BESIDE_A_DEN + talk.replace("script:\n", "script:\n  - den: {join: den}\n  - den: {ping}\n")


def _played(spoken: str, fault: str, seed: int) -> tuple[Outcome, FaultyWay]:
    make, wire = _SPOKEN[spoken]
    scenario = parse(_scenario(spoken, seed).encode(), "test.yaml", lambda _: b"")
    with (
        ChatServer(limits=Limits(rate=None)) as server,
        faulty_way(server.address, WIRES[wire], fault, seed) as (address, way),
    ):
        return Runner(scenario, address, make).run(), way


def _check(spoken: str, fault: str, seed: int) -> None:
    outcome, way = _played(spoken, fault, seed)
    findings = [one for room in outcome.ledgers.values() for one in room.findings]
    unmet = {check.name.partition(" ")[0] for check in checks(outcome) if check.result == "not met"}
    assert bool(way.guilty) == (fault != "none"), "the fault was not committed"
    case = f"seed {seed}", Counter(one.fault for one in findings), unmet, outcome.failures
    match fault:
        case "none":
            assert (findings, outcome.failures, unmet - {"latency"}) == ([], [], set()), case
        case "delay":
            assert (findings, outcome.failures, unmet) == ([], [], {"latency"}), case
        case "tail":
            assert {one.partition(" ")[0] for one in outcome.failures if "lost the connection" in one} == way.guilty, (
                case
            )
        case _:
            assert {one.fault for one in findings} == VERDICTS[fault], case
            if fault != "shuffle":  # in which most are wrong
                assert {one.reader.name for one in findings} == way.guilty, case


def _cases() -> list[object]:
    """Return what is spoken, the fault, and of how many seeds: of one way to speak, one is tried quickly."""
    cases: list[object] = []
    for spoken in _SPOKEN:
        for fault in FAULTS:
            if (fault == "leak" and spoken in _ONE_ROOM) or (fault == "echo" and spoken in _NO_ECHO):
                continue  # there is nowhere to leak to; nobody hears itself
            if fault == "stall" and spoken not in ("json", "a file of lines") and _SEEDS < 20:
                continue  # half a minute each, of waiting for answers
            if spoken == "a file of json" and fault != "stall":
                cases.append(pytest.param(spoken, fault, 1))
            cases.append(pytest.param(spoken, fault, _SEEDS, marks=pytest.mark.slow))
    return cases


@pytest.mark.parametrize(("spoken", "fault", "seeds"), _cases())
def test_it_is_found_and_named(spoken: str, fault: str, seeds: int) -> None:
    # Each mostly waits: where a server is silent, long for an answer.
    pool = Pool(20 if fault == "stall" else 5)
    for seed in range(seeds):
        pool.spawn(_check, spoken, fault, seed)
    pool.join(raise_error=True)
