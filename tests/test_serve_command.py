"""geventchat-serve as people run it."""

import signal
import socket
import subprocess
import sys

import gevent
import pytest
from gevent.event import Event

from geventchat.protocol.address import parse
from tests.processes import run, serving, start_server
from tests.raw import Raw, plain, programmed


def test_it_says_how_to_join_with_each_kind_of_client() -> None:
    with serving() as server:
        assert server.end() == 0
    port = server.address[1]
    for words in (f"geventchat-client 127.0.0.1:{port}", f"nc 127.0.0.1 {port}", f"telnet 127.0.0.1 {port}", '"hello"'):
        assert words in server.introduction


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--listen", "127.0.0.1:99999"], "the port is a number"),
        (["--listen", "no.such.host.invalid:0"], "not an address to listen on"),
        (["--listen", "203.0.113.1:0"], "cannot be used"),
        (["--listen", "[::1"], "not an address"),
        (["--listen", "\udcff:0"], "not an address"),
        (["--keep-messages", "9" * 5_000], "give a positive whole number"),
        (["--greet-with", "0" * 9 + "9" * 9], "give a number from 0 to 500"),
        (["--rate", "fast"], "--rate fast: give a positive number or off, for example --rate 10"),
        (["--rate", "nan"], "--rate nan: give a positive number"),
        (["--max-name", "11"], "--max-name 11: give at least 12, for the server gives such names itself"),
        (["--max-users", "0"], "--max-users 0: give a positive whole number"),
        (["--max-users", "2.5"], "--max-users 2.5: give a positive whole number"),
        (["--max-users", "off"], "--max-users off: give a positive whole number"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_status_2(arguments: list[str], words: str) -> None:
    ended = run("geventchat.cli.serve", *arguments)
    assert ended.status == 2
    assert words in ended.errors
    assert ended.errors.count("\n") == 1
    assert ended.out == ""


def test_it_serves_on_when_nobody_reads_how_to_join() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "geventchat.cli.serve", "--listen", "127.0.0.1:0", "--history", "none"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert "what is said is kept in memory only" in process.stderr.readline()
    process.terminate()
    assert process.wait(timeout=25) == 0
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()


def test_an_unknown_option_is_status_2() -> None:
    ended = run("geventchat.cli.serve", "--colour")
    assert ended.status == 2


def test_a_taken_port_is_one_line_that_says_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = run("geventchat.cli.serve", "--listen", f"127.0.0.1:{port}")
    assert ended.status == 2
    assert ended.errors == (
        f"geventchat-serve: port {port} of 127.0.0.1 is taken, perhaps by another geventchat-serve; "
        "--listen HOST:0 takes a free one\n"
    )


def test_help_shows_every_limit_with_its_default_and_examples() -> None:
    shown = run("geventchat.cli.serve", "--help")
    assert shown.status == 0
    for words in ("--max-line BYTES", "(default: 4096)", "--rate N|off", "--stall-timeout S", "examples:"):
        assert words in shown.out


def test_it_listens_on_ipv6() -> None:
    with serving("--listen", "[::1]:0") as server:
        assert "geventchat-client [::1]:" in server.introduction
        with plain(("::1", server.address[1]), "alice") as alice:
            alice.send(b"exit\n")
            assert alice.rest() == b"exit\n"


def test_it_listens_on_all_addresses_that_are_given() -> None:
    process = start_server("--listen", "127.0.0.1:0", "--listen", "[::1]:0", "--listen", "127.0.0.2:0")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(18)]
    addresses = [parse(line.split()[1]) for line in lines if "geventchat-client" in line]
    assert [host for host, _ in addresses] == ["127.0.0.1", "::1", "127.0.0.2"]
    users = [plain(address, f"user{number}") for number, address in enumerate(addresses)]
    users[2].send(b"hello\n")
    for user in users:
        user.until(b"user2: hello\n")
        user.close()
    process.communicate(timeout=25)
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(number: int) -> None:
    with serving() as server:
        alice = plain(server.address, "alice")
        bob, _ = programmed(server.address, "bob")
        anonymous = Raw(server.address)
        alice.send(b"last words\n")
        alice.until(b"alice: last words\n")
        assert server.end(number) == 0
        assert alice.rest() == b"* the server is stopping\n"
        assert bob.messages_until("closing")[-1]["code"] == "server-stopping"
        for raw in (bob, anonymous):
            raw.close()


def test_a_second_signal_ends_it_at_once() -> None:
    with serving("--rate", "off") as server:
        stalled = plain(server.address, "stalled")
        stalled.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with plain(server.address, "alice") as alice:
            for number in range(300):  # until the stalled reader is behind for good: sockets hold only so much
                alice.send(b"%d" % number + b"x" * 4000 + b"\n")
                alice.until(b"\n")
            server.process.send_signal(signal.SIGTERM)
            alice.until(b"* the server is stopping\n")
        assert server.end() == 1
        stalled.close()


@pytest.mark.slow
def test_a_thousand_talking_users_are_sent_all_that_was_said_before_the_end() -> None:
    with serving("--rate", "off") as server:
        users = [plain(server.address, f"user{number}") for number in range(1000)]

        in_the_middle = Event()

        def talk(user: Raw, number: int) -> None:
            try:
                for line in range(1_000_000):
                    if line == 20:
                        in_the_middle.set()
                    user.send(b"@%d.%d\n" % (number, line))
                    gevent.sleep(0.05)
            except OSError:
                return

        speakers = [gevent.spawn(talk, users[number], number) for number in range(0, 1000, 50)]
        listeners = [gevent.spawn(user.rest) for user in users]
        in_the_middle.wait()
        assert server.end() == 0
        gevent.joinall(listeners, raise_error=True)
        gevent.joinall(speakers, raise_error=True)
    ends = [listener.get() for listener in listeners]
    heard = [[line for line in end.split(b"\n") if b"@" in line] for end in ends]
    assert len(heard[0]) > 100
    assert all(one == heard[0] for one in heard)
    assert all(end.endswith(b"* the server is stopping\n") for end in ends)


def test_who_is_slowed_down_when_the_server_stops_is_told_that_not_all_was_said() -> None:
    with serving("--rate", "1", "--burst", "3") as server:
        paster = plain(server.address, "paster")
        other = plain(server.address, "other")
        paster.until(b"* other joined\n")
        paster.send(b"one\ntwo\nthree\nfour\nfive\n")
        other.until(b"paster: two\n")
        assert server.end() == 0
        assert b"* not all that you sent was said" in paster.rest()
        assert b"not all" not in other.rest()


_BROKEN = """
import sys
import geventchat.server.server
from geventchat.protocol.limits import Limits
from geventchat.store.memory import MemoryLog
from geventchat.server.process import serve

class Broken(MemoryLog):
    def append(self, entries, now, changes=()):
        super().append(entries, now, changes)
        if any(getattr(entry.event, "text", "") == "break" for entry in entries):
            raise RuntimeError("a mistake of ours")

geventchat.server.server.GOODBYE_S = 600.0
sys.exit(serve([("127.0.0.1", 0)], Limits(), Broken, 0))
"""


def test_a_server_that_cannot_go_on_ends_with_status_1_and_does_not_keep_its_users_waiting() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _BROKEN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    port = int(process.stdout.readline().split(";")[0].rsplit(":", 1)[1])
    alice = plain(("127.0.0.1", port), "alice")
    alice.send(b"break\n")
    assert alice.rest() == b""
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "it cannot go on" in errors
    assert "a mistake of ours" in errors
