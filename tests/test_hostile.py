"""What people do who mean harm, with two honest users chatting meanwhile who must notice nothing."""

import contextlib
import json
import resource
import subprocess
import sys
from collections.abc import Iterator

import gevent
import pytest
from gevent import socket
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geventchat import ChatServer, Limits
from tests.processes import serving
from tests.raw import Raw, plain, programmed
from tests.test_irc_on_sockets import on_irc


class Honest:
    """Two users who talk, and check that they hear each other and nothing else."""

    def __init__(self, server: ChatServer) -> None:
        self.server = server
        self.alice = plain(server.address, "alice")
        self.bob = plain(server.address, "bob")
        assert self.alice.line() == "* bob joined"
        self.said = 0

    def hear_leaving(self, name: str) -> None:
        for user in (self.alice, self.bob):
            user.until(f"* {name} left".encode())
            user.until(b"\n")

    def talk(self) -> None:
        self.said += 1
        self.alice.send(b"fine %d\n" % self.said)
        for one in (self.alice, self.bob):
            assert one.line() == f"alice: fine {self.said}"


@pytest.fixture
def honest() -> Iterator[Honest]:
    with ChatServer(limits=Limits(rate=None, name_timeout=1.0)) as server:
        users = Honest(server)
        yield users
        users.talk()
        users.alice.close()
        users.bob.close()


@pytest.mark.parametrize("when", ["at once", "after the prompt"])
def test_a_browser_says_nothing_in_any_room(honest: Honest, when: str) -> None:
    with Raw(honest.server.address) as browser:
        if when == "after the prompt":
            browser.until(b"Enter your name: ")
        browser.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\nmallory\nspam spam spam\nspam\n")
        answer = browser.rest()
    assert answer.startswith(b"HTTP/1.1 405 Method Not Allowed\r\n")


def test_a_browser_whose_request_comes_in_pieces_says_nothing(honest: Honest) -> None:
    with Raw(honest.server.address, b"PO") as browser:
        browser.send(b"ST / HTTP/1.1\r\n\r\nmallory\nspam\n")
        assert browser.rest().startswith(b"HTTP/1.1 400")


def test_tls_is_closed(honest: Honest) -> None:
    with Raw(honest.server.address, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") as tls:
        assert tls.rest() == b""


def test_a_line_too_long_is_refused_and_the_next_one_is_said(honest: Honest) -> None:
    with plain(honest.server.address, "mallory") as mallory:
        mallory.send(b"x" * 5000 + b"\n" + b"y" * 4096 + b"\n")
        assert mallory.line() == "* a line can have at most 4096 bytes; this one was not sent"
        assert mallory.line() == "mallory: " + "y" * 4096
        for user in (honest.alice, honest.bob):
            user.until(b"y\n")
    honest.hear_leaving("mallory")


@pytest.mark.parametrize(
    "request_line", [b"\r\nPOST / HTTP/1.1\r\n", b"post / HTTP/1.1\r\n", b"BREW /tea HTTP/1.1\r\n"]
)
def test_a_request_however_it_is_written_says_nothing(honest: Honest, request_line: bytes) -> None:
    with Raw(honest.server.address, request_line + b"\r\nspam=1\n") as browser:
        assert browser.rest().startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("first", [b"mallory\n", b'{"type":"hello","nick":"mallory"}\n', b""])
def test_64_kib_without_an_end_of_line_is_closed(honest: Honest, first: bytes) -> None:
    with Raw(honest.server.address, first) as mallory:
        if first:
            mallory.until(b"mallory")
        with contextlib.suppress(OSError):
            mallory.send((b" " if not first else b"z") * (80 << 10))
        assert b"64 KiB" in mallory.rest() or not first
    if first:
        for user in (honest.alice, honest.bob):
            user.until(b"* mallory joined\n")
            assert user.line().startswith("* mallory left")


def test_bytes_that_are_no_utf8_become_replacement_characters(honest: Honest) -> None:
    with plain(honest.server.address, "mallory") as mallory:
        mallory.send(b"a\xc3(b\xf0\x9f\n")
        for user in (mallory, honest.alice, honest.bob):
            user.until("mallory: a\ufffd(b\ufffd\n".encode())
    honest.hear_leaving("mallory")


def test_no_escape_sequence_reaches_another_terminal(honest: Honest) -> None:
    nasty = "\x1b[2J\x9b31m\u202egnp\u2066\u2028\x07\x00end"
    raw, _ = programmed(honest.server.address, "mallory")
    with raw:
        for command in (
            {"type": "say", "text": nasty},
            {"type": "act", "text": nasty},
            {"type": "topic", "text": nasty},
            {"type": "whisper", "to": "bob", "text": nasty},
            {"type": "rename", "nick": nasty},
            {"type": "join", "room": nasty},
            {"type": "leave", "reason": nasty},
        ):
            raw.send(json.dumps(command).encode() + b"\n")
        heard = honest.bob.until(b"* mallory left: [2J31mgnpend\n").decode()
    assert not set(heard) & set("\x1b\x9b\u202e\u2066\u2028\x07\x00")
    assert "mallory: [2J31mgnpend\n" in heard
    honest.alice.until(b"* mallory left: [2J31mgnpend\n")


def test_a_message_cannot_pretend_to_be_a_notice_or_another_user(honest: Honest) -> None:
    raw, _ = programmed(honest.server.address, "mallory")
    with raw:
        raw.send(b'{"type":"say","text":"x\\n* bob left\\r\\nalice: pay him"}\n{"type":"act","text":"* joined"}\n')
        honest.bob.until(b"* mallory joined\n")
        assert honest.bob.line() == "mallory: x* bob leftalice: pay him"
        assert honest.bob.line() == "mallory: ** joined*"
        honest.alice.until(b"** joined*\n")
    honest.hear_leaving("mallory")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"type":"say","text":', "bad-json"),
        (b'{"type":"say","text":5}', "bad-message"),
        (b'{"type":5}', "bad-message"),
        (b'{"text":"x"}', "bad-message"),
        (b'["type"]', "bad-message"),
        (b'{"type":"launch"}', "unknown-type"),
        (b"{" * 2000, "bad-json"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "line-too-long"),
        (b'{"type":"say","text":"\\ud800"}', "bad-json"),
        (b"hello", "bad-json"),
        (b'{"type":"history","limit":1e99}', "bad-message"),
        (b'{"type":"hello","nick":"x"}', "already-here"),
    ],
)
def test_broken_json_is_answered_and_the_connection_kept(honest: Honest, line: bytes, code: str) -> None:
    raw, _ = programmed(honest.server.address, "mallory", room="elsewhere")
    with raw:
        raw.send(line + b'\n{"type":"ping","token":"still here"}\n')
        error, pong = raw.message(), raw.message()
        assert (error["type"], error["code"]) == ("error", code)
        assert pong == {"type": "pong", "token": "still here"}


def test_json_nested_10_000_deep_is_answered_where_lines_may_be_that_long() -> None:
    with ChatServer(limits=Limits(max_line=1 << 20)) as server:
        raw, _ = programmed(server.address, "mallory")
        raw.send(b'{"type":"say","text":"x","a":' + b"[" * 10_000 + b"]" * 10_000 + b'}\n{"type":"ping"}\n')
        answers = [message.get("code", message["type"]) for message in raw.messages_until("pong")]
        assert answers in (["bad-json", "pong"], ["said", "pong"])  # how deep it may be is Python's own limit
        raw.close()


@pytest.mark.parametrize("half", [b"", b'{"type":"hel', b'{"type":"hello","nick":""}\n', b":\n"])
def test_who_gives_no_name_is_closed_in_time_with_a_reason(honest: Honest, half: bytes) -> None:
    with Raw(honest.server.address, half) as mallory:
        assert b"no name was given in time" in mallory.rest()


def test_who_sends_much_at_once_but_no_name_is_closed_in_time() -> None:
    with ChatServer(limits=Limits(name_timeout=0.5)) as server, Raw(server.address, b":\n" * 2_000) as nameless:
        nameless.until(b"* no name was given in time\n")


def test_who_sends_on_and_on_but_no_name_is_closed_in_time_too(honest: Honest) -> None:
    with Raw(honest.server.address, b"\n") as nameless:

        def send_on_and_on() -> None:
            with contextlib.suppress(OSError):
                while True:
                    nameless.send(b"\n" * 100)
                    gevent.sleep(0)  # so that something has always arrived

        sending = gevent.spawn(send_on_and_on)
        nameless.until(b"* no name was given in time\n")
        sending.kill()


def test_a_thousand_connections_opened_and_dropped_at_once_hurt_nobody(honest: Honest) -> None:
    dropped = [Raw(honest.server.address) for _ in range(1000)]
    for number, raw in enumerate(dropped):
        if number % 2:  # a reset instead of an orderly end
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        raw.close()
    honest.talk()


def test_connections_that_drop_in_every_phase_hurt_nobody(honest: Honest) -> None:
    for first in (b"", b"m", b"m\n", b"m\nhello\n", b"{", b'{"type":"hello","nick":"m"}\n', b"m\nexit\n", b"\xff\xfd"):
        raw = Raw(honest.server.address, first)
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        raw.close()
    with plain(honest.server.address, "last"):
        for user in (honest.alice, honest.bob):
            user.until(b"* last joined\n")
    honest.hear_leaving("last")


def test_who_asks_much_and_reads_nothing_is_not_answered_without_end(honest: Honest) -> None:
    raw, _ = programmed(honest.server.address, "mallory", room="elsewhere")
    with raw:
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.socket.settimeout(0.5)
        sent = 0
        try:
            while sent < 100_000_000:
                sent += raw.socket.send(b'{"type":"help"}\n' * 1000)
        except TimeoutError:
            pass
        assert sent < 20_000_000, "the server read on though its answers were not taken"
        honest.talk()


_LONG_NAME = (
    "#" + "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 1_300
)  # each is 18 letters by the rules for names


@pytest.mark.parametrize(
    ("first", "line", "floods"),
    [
        (b"mallory\n", b"\n", 1),
        (b"mallory\n", b" \n", 1),
        (b"mallory\n", b"\xff\xf1", 1),
        (b"mallory\n", b"/nothing\n", 1),
        (b'{"type":"hello","nick":"mallory"}\n', b"x\n", 1),
        (b"", _LONG_NAME.encode() + b"\n", 8),
        (b'{"type":"hello","nick":"mallory"}\n', b'{"type":"who","room":"%s"}\n' % _LONG_NAME.encode(), 8),
        (b"", ("a#" + "\u0301\u0316" * 900).encode() + b"\n", 8),
    ],
    ids=[
        "empty lines",
        "blank lines",
        "telnet's nothing",
        "no commands",
        "no JSON",
        "long names",
        "long rooms",
        "many marks",
    ],
)
def test_a_flood_of_what_is_no_message_lets_others_talk(first: bytes, line: bytes, floods: int) -> None:
    with serving("--log-level", "error") as server, plain(server.address, "alice") as alice:
        command = [
            sys.executable,
            "-m",
            "tests.flooder",
            str(server.address[1]),
            first.hex(),
            line.hex(),
        ]
        with contextlib.ExitStack() as flooding:
            for _ in range(floods):
                flooder = flooding.enter_context(subprocess.Popen(command))
                flooding.callback(flooder.kill)
            for number in range(20):
                gevent.sleep(0.02)
                alice.send(b"/ping %d\n" % number)
                alice.until(b"* pong %d\n" % number)


def test_telnet_negotiation_is_not_said(honest: Honest) -> None:
    with Raw(
        honest.server.address, b"\xff\xfd\x01\xff\xfb\x1fmallory\r\n\xff\xfa\x1f\x00P\x00\x18\xff\xf0hi\xff\xf1\r\n"
    ):
        for user in (honest.alice, honest.bob):
            user.until(b"* mallory joined\n")
            assert user.line() == "mallory: hi"
    honest.hear_leaving("mallory")


@contextlib.contextmanager
def eve_on_irc(honest: Honest) -> Iterator[Raw]:
    """Let eve come into the lobby by IRC, and the honest users hear of it."""
    with on_irc(honest.server.address, "eve", "#lobby") as eve:
        for user in (honest.alice, honest.bob):
            assert user.line() == "* eve joined"
        yield eve


def expect(errors: list[str], words: str) -> None:
    """Look whether the server has logged this one of its own errors; the test goes on without it."""
    assert any(f"an error in the server: {words}" in error for error in errors)
    errors.clear()


def test_who_cannot_be_answered_for_a_mistake_of_ours_is_closed_alone(
    honest: Honest, unnoticed_errors: list[str]
) -> None:
    with plain(honest.server.address, "eve") as eve:
        for user in (honest.alice, honest.bob):
            assert user.line() == "* eve joined"
        member = honest.server.chat.nicks.find("eve")
        assert member is not None
        honest.server.chat.tell(member, lambda: [][0])
        honest.talk()
        honest.hear_leaving("eve")
        eve.rest()
    expect(unnoticed_errors, "eve is not answered")


def test_who_cannot_be_told_news_of_others_for_a_mistake_of_ours_is_closed_alone(
    honest: Honest, monkeypatch: pytest.MonkeyPatch, unnoticed_errors: list[str]
) -> None:
    with eve_on_irc(honest) as eve:
        monkeypatch.setattr("geventchat.dialects.irc.replies._TABLE", {})
        honest.bob.send(b"/away tea\n")
        assert honest.bob.line() == "* bob is away: tea"
        honest.hear_leaving("eve")
        eve.rest()
    expect(unnoticed_errors, "eve is not answered")


def test_what_cannot_be_told_in_one_dialect_for_a_mistake_of_ours_is_a_gap_there_and_told_in_the_others(
    honest: Honest, monkeypatch: pytest.MonkeyPatch, unnoticed_errors: list[str]
) -> None:
    with eve_on_irc(honest) as eve:
        with monkeypatch.context() as broken:
            broken.setattr("geventchat.dialects.irc.events.said", None)
            honest.talk()
            eve.until(b"you missed 1 lines of lobby\r\n")
        honest.talk()
        eve.until(b" PRIVMSG #lobby :fine 2\r\n")
    honest.hear_leaving("eve")
    expect(unnoticed_errors, "lobby is told a gap in irc")


def test_who_cannot_be_told_what_it_has_done_for_a_mistake_of_ours_is_closed_alone(
    honest: Honest, monkeypatch: pytest.MonkeyPatch, unnoticed_errors: list[str]
) -> None:
    with eve_on_irc(honest) as eve:
        monkeypatch.setattr("geventchat.dialects.irc.replies._ACKNOWLEDGED", None)
        eve.send(b"TOPIC #lobby :tea\r\n")
        for user in (honest.alice, honest.bob):
            user.until(b"tea\n")
        honest.hear_leaving("eve")
        eve.rest()
    expect(unnoticed_errors, "eve is not answered")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(st.binary(max_size=200), max_size=5),
    start=st.sampled_from([b"", b"m\n", b'{"type":"hello","nick":"m"}\n']),
)
def test_a_server_under_arbitrary_bytes_keeps_serving(pieces: list[bytes], start: bytes) -> None:
    with ChatServer(limits=Limits(rate=None)) as server, plain(server.address, "alice") as alice:
        with Raw(server.address, start) as mallory:
            try:
                for piece in pieces:
                    mallory.send(piece)
                    gevent.idle()
            except OSError:
                pass
        alice.send(b"still here\n")
        alice.until(b"alice: still here\n")


@pytest.mark.slow
def test_no_file_descriptors_left_hurts_nobody_who_is_connected() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "geventchat.cli.serve", "--listen", "127.0.0.1:0", "--history", "none"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60)),
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        port = int(process.stdout.readline().split(";")[0].rsplit(":", 1)[1])
        alice = plain(("127.0.0.1", port), "alice")
        crowd = [Raw(("127.0.0.1", port)) for _ in range(100)]
        said = ""
        while "no file descriptors left" not in said:  # so it has met its limit and paused
            said = process.stderr.readline()
            assert said, "the server has ended"
        gevent.sleep(1.2)  # in which it meets its limit twice more
        alice.send(b"hello\n")
        alice.until(b"alice: hello\n")
        for raw in crowd:
            raw.close()
        with plain(("127.0.0.1", port), "bob"):
            alice.until(b"* bob joined\n")
        alice.close()
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=25)
    assert "no file descriptors left" not in errors, "that is said once"
    assert "Traceback" not in errors
    assert process.returncode == 0
