"""geventchat-client when the connection is lost: said, mended, nothing missed, nothing said twice."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from geventchat import ChatClient, ChatServer, Limits
from tests.processes import serving
from tests.proxy import Proxy
from tests.terminal_fixtures import Terminal, at_terminal

pytestmark = pytest.mark.slow  # each of these takes seconds


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(limits=Limits(rate=None)) as server:
        yield server


def said(terminal: Terminal) -> list[str]:
    """Return what was said, in the order in which the screen shows it."""
    return [line[6:] for line in terminal.lines if line[6:].startswith(("ann: ", "bob: "))]


def test_a_server_that_is_killed_and_started_again(tmp_path: Path) -> None:
    history = ("--history", str(tmp_path / "history.db"))
    with serving(*history) as server:
        address = server.address
        ann = at_terminal(address, "ann", tmp_path)
        ann.until("here)")
        ann.type("before\r")
        ann.until("ann: before")
        ann.type("/join den\r")
        ann.until("den>")
        ann.type("in the den\r")
        ann.until("ann: in the den")
        server.end(signal.SIGKILL)
        ann.until("; trying to come back")
        ann.until("offline")
        ann.until(", next try in ")
        ann.type("while away\r")
        ann.until("will be sent when the connection is back: while away")
        ann.type("/room lobby\r")
        ann.until("1 unsent")
        ann.until("lobby>")
        ann.type("also away\r")
        ann.until("2 unsent")
        ann.type("/who\r")
        ann.until("not possible without a connection")
    with serving("--listen", f"127.0.0.1:{address[1]}", *history):
        ann.until("* connected again")
        ann.until("ann: also away")
        ann.until(" 2:den+1 ")
        ann.type("/room den\r")
        ann.until("ann: while away")
        with ChatClient(address, name="bob") as bob:
            assert [event.text for event in bob.history() if hasattr(event, "text")] == ["before", "also away"]
            bob.join("den")
            assert [event.text for event in bob.history("den") if hasattr(event, "text")] == [
                "in the den",
                "while away",
            ]
        ann.type("exit\r")
        assert ann.ended() == 0
    ann.__exit__()


def test_what_was_missed_is_shown_once_and_what_was_not_acknowledged_is_stored_once(
    server: ChatServer, tmp_path: Path
) -> None:
    with (
        Proxy(server.address) as proxy,
        at_terminal(proxy.address, "ann", tmp_path) as ann,
        ChatClient(server.address, name="bob") as bob,
    ):
        ann.until("here)")
        for number in range(3):
            bob.say(f"round {number}")
            ann.until(f"bob: round {number}")
            ann.type(f"yes {number}\r")
            proxy.reset()
            bob.say(f"missed {number}")
            ann.until(lambda: not any("unsent" in line or "offline" in line for line in ann.lines))
            ann.until(f"ann: yes {number}")
            ann.until(f"bob: missed {number}")
        heard = [event.nick + ": " + event.text for event in bob.history() if hasattr(event, "text")]
        assert said(ann) == heard
        assert sorted(heard) == sorted(
            line
            for number in range(3)
            for line in (f"bob: round {number}", f"ann: yes {number}", f"bob: missed {number}")
        )


@pytest.mark.slow  # until the silence is noticed
def test_a_connection_that_goes_silent_without_closing(server: ChatServer, tmp_path: Path) -> None:
    with (
        Proxy(server.address) as proxy,
        at_terminal(proxy.address, "ann", tmp_path) as ann,
        ChatClient(server.address, name="bob") as bob,
    ):
        ann.until("here)")
        proxy.silence()
        bob.say("missed")
        ann.type("into the void\r")
        ann.until("has been silent for")
        ann.until("* connected again")
        ann.until("bob: missed")
        ann.until("ann: into the void")
        assert said(ann) == ["bob: missed", "ann: into the void"]
        assert bob.who().members == ["bob", "ann"]


def test_who_comes_back_elsewhere_ends_the_earlier_client(server: ChatServer, tmp_path: Path) -> None:
    with at_terminal(server.address, "ann", tmp_path) as ann:
        ann.until("here)")
        member = server.chat.nicks.find("ann")
        assert member is not None
        with ChatClient(server.address, name="ann", token=member.token):
            assert ann.ended() == 1
            ann.until("geventchat-client: you came back on another connection")
            assert ann.is_restored()


def test_what_could_not_be_sent_is_named_on_leaving(tmp_path: Path) -> None:
    with ChatServer() as server:
        ann = at_terminal(server.address, "ann", tmp_path)
        ann.until("here)")
    with ann:
        ann.until("* the server is stopping; trying to come back")
        ann.type("too late\r")
        ann.until("will be sent when")
        ann.type("exit\r")
        assert ann.ended() == 1
        ann.until("not known to be stored:")
        ann.until("  too late")


def test_a_name_taken_meanwhile_is_said_and_another_can_be_given(server: ChatServer, tmp_path: Path) -> None:
    with (
        ChatServer() as other,
        ChatClient(other.address, name="ann") as thief,
        Proxy(server.address) as proxy,
        at_terminal(proxy.address, "ann", tmp_path) as ann,
    ):
        ann.until("here)")
        proxy.target = other.address
        proxy.reset()
        ann.until("* cannot come back: the name ann is taken; /nick NAME takes another")
        ann.type("/nick anna\r")
        ann.until("* connected again")
        assert thief.who().members == ["ann", "anna"]


_SELDOM = """
import sys
from geventchat.client import reconnect
reconnect.pauses = lambda chance: iter([1000.0] * 5)
from geventchat.cli.client import main
sys.exit(main())
"""


def test_the_next_try_is_counted_down_to_and_enter_tries_now(server: ChatServer, tmp_path: Path) -> None:
    with (
        Proxy(server.address) as proxy,
        at_terminal(proxy.address, "ann", tmp_path, program=_SELDOM) as ann,
    ):
        ann.until("here)")
        proxy.reset()
        ann.until("offline, next try in 99")
        ann.until("Enter tries now")
        ann.type("\r")
        ann.until("* connected again")
        ann.until(lambda: not any("offline" in line for line in ann.lines))


_STOPS_AT_ONCE = """
import gevent
from geventchat.client.terminal.prompt import Prompt

prompt = Prompt(print, bell=False)
running = gevent.spawn(prompt.run)
{meanwhile}
prompt.stop()
print("the last word", flush=True)
running.join()
"""


@pytest.mark.parametrize("meanwhile", ["", "gevent.idle()", "gevent.sleep(0.01)", "gevent.sleep(0.3)"])
def test_an_end_that_comes_before_the_screen_is_drawn_leaves_the_last_word_to_be_read(meanwhile: str) -> None:
    code = _STOPS_AT_ONCE.format(meanwhile=meanwhile)
    with Terminal([sys.executable, "-c", code], environment={}) as terminal:
        assert terminal.ended() == 0
        terminal.until("the last word")
        assert terminal.has_modes_restored()
