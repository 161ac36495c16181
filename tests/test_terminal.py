"""geventchat-client at a terminal, as its user sees it."""

import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gevent
import pytest
from gevent import socket

from geventchat import ChatClient, ChatServer, Limits
from geventchat.commands import commands
from geventchat.protocol import events
from tests.needs import needs
from tests.raw import plain
from tests.terminal_fixtures import Terminal, at_terminal


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(limits=Limits(rate=None)) as server:
        yield server


@pytest.fixture
def ann(server: ChatServer, tmp_path: Path) -> Iterator[Terminal]:
    with at_terminal(server.address, "ann", tmp_path) as ann:
        ann.until("lobby (1 here)")
        yield ann


def test_what_is_typed_is_said_and_what_others_say_is_shown(server: ChatServer, ann: Terminal) -> None:
    with ChatClient(server.address, name="Илья") as bob:
        ann.until("* Илья joined")
        ann.type("hello, Илья\r")
        ann.until("ann: hello, Илья")
        bob.say("привет 你好 😀")
        ann.until("Илья: привет 你")
        ann.until(lambda: ann.typing == "lobby>")
        ann.until("2 here")
        ann.type("/exit for cake\r")
        while not isinstance(heard := bob.receive(timeout=20), events.Left):
            continue
        assert heard.reason == "for cake"
    assert ann.ended() == 0
    assert ann.is_restored()


@pytest.mark.parametrize("columns", [80, pytest.param(40, marks=pytest.mark.slow)])
def test_the_line_being_typed_stays_whole_while_fifty_messages_a_second_arrive(
    server: ChatServer, tmp_path: Path, columns: int
) -> None:
    typed = "он пишет 你好 a line so long that it wraps at forty columns 😀 and is not disturbed"
    with (
        at_terminal(server.address, "ann", tmp_path, columns=columns) as ann,
        ChatClient(server.address, name="bob") as bob,
    ):
        ann.until("here)")

        def talk() -> None:
            for number in range(200):
                bob.send(commands.Say(text=f"{number} " + "слово 字 " * (number % 20)))
                gevent.sleep(0.02)

        talking = gevent.spawn(talk)  # it lasts longer than the typing
        for position, key in enumerate(typed, 1):
            ann.type(key)
            wanted = f"lobby> {typed[:position]}"
            ann.until(lambda wanted=wanted: wanted.rstrip() in _wrapped(ann))  # type: ignore[misc]
        while not talking.ready():
            ann.look(0.05)
            assert f"lobby> {typed}" in _wrapped(ann)
        ann.until("bob: 199")
        assert f"lobby> {typed}" in _wrapped(ann)
        ann.type("\r")
        ann.until("ann: он пишет")
        heard: set[str] = set()
        while True:
            page = re.findall(r"bob: (\d+)\b", " ".join(ann.lines))
            assert page == sorted(page, key=int)
            heard.update(page)
            if "0" in heard:
                break
            before = _below(ann)
            ann.type("\x1b[5~")  # PgUp
            ann.until(lambda before=before: _below(ann) > before)  # type: ignore[misc]
        assert heard == set(map(str, range(200)))


def _below(terminal: Terminal) -> int:
    """Return how many lines the status says are below those that are shown; it is drawn after them."""
    below = re.search(r"(\d+) below", terminal.lines[-1])
    return int(below[1]) if below else 0


def _wrapped(terminal: Terminal) -> str:
    """Return the screen as one line; of a wide character, pyte leaves the second cell empty."""
    return "".join(terminal.rows)


def _below_cursor(terminal: Terminal) -> str:
    """Return what stands below the cursor: nothing, where that is in the last row for a moment."""
    return "".join(terminal.lines[terminal.screen.cursor.y + 1 :][:1])


@pytest.mark.slow
def test_a_resize_leaves_the_line_and_the_status_whole(ann: Terminal) -> None:
    typed = "a line that fits in eighty columns but not in forty, 你好 and so it wraps"
    ann.type(typed)
    ann.until(f"lobby> {typed}")
    for columns, rows in ((40, 12), (100, 30), (33, 10), (80, 24)):
        ann.resize(columns, rows)
        ann.until(lambda: f"lobby> {typed}" in _wrapped(ann) and _below_cursor(ann))
        assert _below_cursor(ann).startswith(" 1:lobby  1 here")


def test_a_resize_leaves_nothing_of_what_was_drawn_before(server: ChatServer, tmp_path: Path) -> None:
    def tmux(*words: str) -> str:
        command = [
            "/usr/bin/env",
            "LC_ALL=C.UTF-8",
            needs("tmux"),  # pyte does not wrap rows anew when it becomes narrower
            "-u",
            "-f",
            "/dev/null",
            "-S",
            str(tmp_path / "socket"),
            *words,
        ]
        shown: str = gevent.get_hub().threadpool.apply(subprocess.check_output, (command,), {"text": True})
        return shown

    address = f"{server.address[0]}:{server.address[1]}"
    client = [sys.executable, "-m", "geventchat.cli.client", address, "--name", "ann"]
    tmux("new-session", "-d", "-x", "80", "-y", "20", "env", f"XDG_STATE_HOME={tmp_path}", *client)
    try:
        while "lobby>" not in tmux("capture-pane", "-p"):
            gevent.sleep(0.05)
        tmux("send-keys", "-l", "a line that fits in eighty columns but not in forty, 你好 and so on")
        typed = "soon"
        for columns in (80, 40, 100, 33, 80):
            tmux("resize-window", "-x", str(columns), "-y", "20")
            tmux("send-keys", "-l", "x")
            typed += "x"
            shown = ""
            while f"{typed}1:lobby1here" not in shown or shown.count("lobby>") > 1:
                gevent.sleep(0.05)
                shown = "".join(tmux("capture-pane", "-p").split())
    finally:
        tmux("kill-server")


def test_nicks_have_colours_and_system_lines_are_set_apart(server: ChatServer, ann: Terminal) -> None:
    with ChatClient(server.address, name="bob") as bob:
        bob.say("hello")
        ann.until("bob: hello")
    row = next(number for number, line in enumerate(ann.lines) if "bob: hello" in line)
    cells = ann.screen.buffer[row]
    column = ann.lines[row].index("bob")
    text = ann.lines[row].index("hello")
    joined = next(number for number, line in enumerate(ann.lines) if "* bob joined" in line)
    assert cells[column].fg not in ("default", cells[0].fg)
    assert cells[text].fg == "default"
    assert ann.screen.buffer[joined][ann.lines[joined].index("bob")].fg == cells[0].fg


@pytest.mark.parametrize("options", [(), ("--no-bell",)])
def test_a_mention_is_marked_and_rings_unless_told_not_to(
    server: ChatServer, tmp_path: Path, options: tuple[str, ...]
) -> None:
    with (
        at_terminal(server.address, "ann", tmp_path, *options) as ann,
        ChatClient(server.address, name="bob") as bob,
    ):
        ann.until("here)")
        bob.say("joanne is not called")
        ann.until("joanne")
        assert b"\a" not in ann.raw
        bob.say("but Ann is")
        ann.until("but Ann is")
        row = next(number for number, line in enumerate(ann.lines) if "but Ann" in line)
        assert ann.screen.buffer[row][ann.lines[row].index("but")].bold
        assert (b"\a" in ann.raw) is not bool(options)
        rung = ann.raw.count(b"\a")
        bob.whisper("ann", "psst")
        ann.until("* bob whispers to you: psst")
        assert (ann.raw.count(b"\a") > rung) is not bool(options)


def test_no_color_is_obeyed(server: ChatServer, tmp_path: Path) -> None:
    with (
        at_terminal(server.address, "ann", tmp_path, environment={"NO_COLOR": "1"}) as ann,
        ChatClient(server.address, name="bob") as bob,
    ):
        ann.until("here)")
        bob.say("hello ann")
        ann.until("hello ann")
        for parameters in re.findall(rb"\x1b\[([\d;]*)m", ann.raw):
            assert not {b"38", b"48", *(b"%d" % n for n in (*range(30, 38), *range(40, 48)))} & {
                *parameters.split(b";")
            }


def test_a_dumb_terminal_gets_text_only(server: ChatServer, tmp_path: Path) -> None:
    with (
        at_terminal(server.address, "ann", tmp_path, environment={"TERM": "dumb"}) as ann,
        ChatClient(server.address, name="bob") as bob,
    ):
        ann.until("here)")
        ann.type("hello\r")
        ann.until("ann: hello")
        bob.say("hi")
        ann.until("bob: hi")
        ann.type("/find HEL\r")
        ann.until(lambda: sum("ann: hello" in line for line in ann.lines) == 2)
        ann.type("/find nothing\r")
        ann.until("not found")
        ann.type("good night\x04\x04")  # the first ends the line, and the second the input
        assert ann.ended() == 0
        while not (isinstance(heard := bob.receive(timeout=20), events.Said) and heard.text == "good night"):
            assert heard is not None
        assert b"\x1b" not in ann.raw


def test_tab_completes_nicks_and_commands(server: ChatServer, ann: Terminal) -> None:
    with ChatClient(server.address, name="alice") as alice, ChatClient(server.address, name="albert") as albert:
        albert.say("one")
        alice.say("two")
        ann.until("alice: two")
        ann.type("al\t")
        ann.until(lambda: ann.typing == "lobby> alice:")
        ann.until(" alice:  albert:")
        ann.type("\t")
        ann.until(lambda: ann.typing == "lobby> albert:")
        ann.type("\x15/wh\t\r")
        ann.until("* 3 in lobby: ")


def test_what_was_typed_in_earlier_runs_comes_back(server: ChatServer, tmp_path: Path) -> None:
    with at_terminal(server.address, "ann", tmp_path) as ann:
        ann.until("here)")
        ann.type("прежняя строка\r")
        ann.until("ann: прежняя строка")
        ann.type("second line\r")
        ann.until("ann: second line")
        ann.type("\x04")
        assert ann.ended() == 0
    with at_terminal(server.address, "ann", tmp_path) as ann:
        ann.until("here)")
        ann.type("\x1b[A")
        ann.until(lambda: ann.typing == "lobby> second line")
        ann.type("\x15\x12")
        ann.type("прежняя")
        ann.until("(reverse-i-search)`прежняя': прежняя строка")
        ann.type("\r")
        ann.until(lambda: ann.typing == "lobby> прежняя строка")
        ann.type("\r")
        ann.until(lambda: sum("ann: прежняя строка" in line for line in ann.lines) == 2)  # of which one is from earlier
    (history,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def test_help_says_what_there_is(ann: Terminal) -> None:
    ann.type("/help\r")
    ann.until("/room [NAME]")

    def has_join() -> bool:
        return any(re.search(r"/join ROOM \[PASSWORD\] +enter a room", line) for line in ann.lines)

    while not has_join():
        above = ann.lines[0]
        ann.type("\x1b[5~")  # PgUp, as there are more commands than lines
        ann.until(lambda above=above: has_join() or ann.lines[0] != above)  # type: ignore[misc]


def test_several_rooms_with_marks_for_what_is_unread(server: ChatServer, ann: Terminal) -> None:
    with ChatClient(server.address, name="bob") as bob:
        ann.type("/join den\r")
        ann.until("den (1 here)")
        ann.until("den>")
        ann.type("in the den\r")
        ann.until("ann: in the den")
        bob.say("in the lobby")
        ann.until("1:lobby+1 ")
        bob.say("ann!")
        ann.until("1:lobby+2! ")
        assert not any("bob: in the lobby" in line for line in ann.lines)
        ann.type("\x1ba")  # Alt-A
        ann.until("bob: in the lobby")
        ann.until("lobby>")
        ann.until(" 1:lobby  2:den  2 here")
        ann.type("\x1b2")
        ann.until("den>")
        ann.type("/room lob\r")
        ann.until("lobby>")
        ann.type("\x1b[1;3C/leave\r")  # Alt-Right
        ann.until("* you left den")
        ann.until(" 1:lobby  2 here")
        ann.type("/leave\r")
        ann.until("only room")


def test_a_paste_of_several_lines_is_sent_only_after_yes(ann: Terminal) -> None:
    paste = "\x1b[200~one\r\n/exit\n\ttabbed\x1b[201~"
    ann.type(paste)
    ann.until("send these 3 lines?  Enter or y: send  n: edit")
    assert "lobby> one" in ann.lines
    ann.type("n")
    ann.until(" 1:lobby  1 here")
    ann.type("\r")
    ann.until("send these 3 lines?")
    ann.type("y")
    ann.until("ann: /exit")
    said = [line.partition("ann: ")[2] for line in ann.lines if "ann: " in line]
    assert said[:2] == ["one", "/exit"]
    ann.until("tabbed")
    ann.type("\x1b[200~one line\n\x1b[201~")
    ann.until(lambda: ann.typing == "lobby> one line")
    ann.type("\r")
    ann.until("ann: one line")


def test_a_paste_is_said_without_what_acts_on_terminals(server: ChatServer, ann: Terminal) -> None:
    with ChatClient(server.address, name="bob") as bob:
        ann.type("\x1b[200~one \x9b31m\u202etwo\x1b[201~")
        ann.until("lobby> one 31mtwo")
        assert "\u202e".encode() not in ann.raw
        ann.type("\r")
        while not isinstance(said := bob.receive(), events.Said):
            pass
        assert said.text == "one 31mtwo"


def test_what_is_said_and_left_at_once_is_stored(server: ChatServer, ann: Terminal) -> None:
    ann.type("hi\r\x04")
    assert ann.ended() == 0
    with plain(server.address, "bob") as bob:
        assert b" ann: hi\n" in bob.until(b"* that was earlier\n")


def test_ctrl_z_gives_the_shell_its_terminal_and_fg_the_line_back(server: ChatServer, tmp_path: Path) -> None:
    command = f"{sys.executable} -m geventchat.cli.client {server.address[0]}:{server.address[1]} --name ann"
    environment = {"XDG_STATE_HOME": str(tmp_path), "PS1": "shell> "}
    with Terminal(["/bin/bash", "--norc", "--noprofile", "-i"], environment=environment) as shell:
        shell.until("shell>")
        shell.type(command + "\r")
        shell.until("lobby>")
        shell.type("half a line")
        shell.until("lobby> half a line")
        shell.type("\x1a")
        shell.until("Stopped")
        shell.type("stty -a | tr ' ' '\\n' | grep -cE '^(icanon|echo);?$'\r")
        shell.until(lambda: "2" in shell.lines)
        with ChatClient(server.address, name="bob") as bob:
            bob.say("meanwhile")
            shell.type("fg\r")
            shell.until("bob: meanwhile")
        shell.until(lambda: shell.typing == "lobby> half a line")
        shell.type(" more\r")
        shell.until("ann: half a line more")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_restores_the_terminal(ann: Terminal, number: signal.Signals) -> None:
    ann.type("half a line")
    ann.until("half a line")
    ann.send_signal(number)
    assert ann.ended() == 0
    assert ann.is_restored()


def test_an_error_of_ours_restores_the_terminal(server: ChatServer, tmp_path: Path) -> None:
    broken = """
import sys
from geventchat.client.terminal import keys
def fail(self, event): raise RuntimeError("a mistake of ours")
keys.Keys._interrupt = fail
from geventchat.cli.client import main
sys.exit(main())
"""
    with at_terminal(server.address, "ann", tmp_path, program=broken) as ann:
        ann.may_fail = True
        ann.until("here)")
        ann.type("\x03")
        assert ann.ended() == 1
        assert ann.is_restored()
        ann.until("RuntimeError: a mistake of ours")


def test_ctrl_c_ends_the_wait_for_a_server_that_does_not_answer(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        at_terminal(silent.getsockname(), "ann", tmp_path) as ann,
        silent.accept()[0],
    ):
        ann.type("\x03")
        assert ann.ended() == -signal.SIGINT


def test_ctrl_c_clears_the_line_and_says_that_it_leaves_when_pressed_again(ann: Terminal) -> None:
    ann.type("half a line\x03")
    ann.until("the line is cleared, Up brings it back; Ctrl-C again leaves")
    assert ann.typing == "lobby>"
    ann.type("\x1b[A")
    ann.until(lambda: ann.typing == "lobby> half a line")
    ann.type("\x15")
    ann.until(" 1:lobby")
    ann.type("\x03")
    ann.until("Ctrl-C again leaves, as do Ctrl-D and exit")
    ann.type("\x03")
    assert ann.ended() == 0


def test_page_up_shows_what_was_said_and_leaves_the_line_and_what_is_typed_alone(
    server: ChatServer, ann: Terminal
) -> None:
    with ChatClient(server.address, name="bob") as bob:
        for number in range(60):
            bob.say(f"message {number}.")
        ann.until("message 59.")
        ann.type("/msg bob a secret\r")
        ann.until("* ann whispers to bob: a secret")
        ann.type("half a line\x1b[5~\x1b[5~")
        ann.until("message 18.")
        assert ann.typing == "lobby> half a line"
        bob.say("and meanwhile")
        ann.until(" 43 below: PgDn")
        assert not any("and meanwhile" in line for line in ann.lines)
        ann.type(", more\x1b[6~\x1b[6~\x1b[6~")  # PgDn
        ann.until("bob: and meanwhile")
        assert ann.typing == "lobby> half a line, more"
        ann.type("\x1b[5~")
        ann.until("below: PgDn")
        ann.type("\r")
        ann.until("ann: half a line, more")  # who says something sees it


def test_find_goes_up_to_where_it_was_said_and_further(server: ChatServer, ann: Terminal) -> None:
    with ChatClient(server.address, name="bob") as bob:
        for number in range(100):
            bob.say(f"message {number} " + ("with tea" if number in (10, 50) else "."))
        ann.until("message 99")
        ann.type("/find TEA\r")
        ann.until("message 50 with tea")
        ann.until("/find looks further up, PgDn goes down")
        row = next(number for number, line in enumerate(ann.lines) if "with tea" in line)
        assert ann.screen.buffer[row][ann.lines[row].index("tea")].reverse
        ann.type("/find\r")
        ann.until("message 10 with tea")
        ann.type("/find\r")
        ann.until("not found further up")
        ann.type("back\r")
        ann.until("ann: back")


@pytest.mark.slow
def test_words_wrap_below_the_text_also_when_the_width_changes(server: ChatServer, ann: Terminal) -> None:
    with ChatClient(server.address, name="bob") as bob:
        bob.say("the quick brown fox jumps over the lazy dog and goes home")
        ann.until("and goes home")
        ann.resize(40, 12)
        indent = " " * 11
        ann.until(indent + "home")
        begin = next(number for number, line in enumerate(ann.lines) if "bob: the" in line)
        assert ann.lines[begin][6:] == "bob: the quick brown fox jumps"
        assert ann.lines[begin + 1] == indent + "over the lazy dog and goes"
        assert ann.lines[begin + 2] == indent + "home"


_TRAVELLING = """
import os, signal, sys, time
from geventchat.cli.client import main
def travel(*_):
    os.environ["TZ"] = os.environ["THERE"]
    time.tzset()
signal.signal(signal.SIGUSR1, travel)
sys.exit(main())
"""


@pytest.mark.slow
def test_a_day_that_begins_is_said(server: ChatServer, tmp_path: Path) -> None:
    hour = datetime.now(UTC).hour
    ahead = (18 - hour + 11) % 24 - 11  # of UTC: where it is evening, and twelve hours further, it is the next morning
    tomorrow = datetime.now(UTC) + timedelta(hours=ahead + 12)
    environment = {"TZ": f"HERE{-ahead:+}", "THERE": f"THERE{-ahead - 12:+}"}
    with at_terminal(server.address, "ann", tmp_path, environment=environment, program=_TRAVELLING) as ann:
        ann.until("* welcome")
        ann.send_signal(signal.SIGUSR1)
        ann.until(f"* {tomorrow:%A}, {tomorrow.day} {tomorrow:%B %Y}")
        ann.type("good morning\r")
        ann.until("ann: good morning")


@pytest.mark.parametrize("answer", ["\r", "y"])
def test_a_paste_is_known_by_its_speed_where_the_terminal_does_not_mark_it(ann: Terminal, answer: str) -> None:
    lines = [f"\tline {number} of a long paste, /exit" for number in range(100)]
    ann.type("\r".join(lines) + "\r")
    ann.until("send these 100 lines?")
    assert not any("ann: " in line for line in ann.lines)
    ann.type("n")
    ann.until(" 1:lobby")
    ann.type("\r")
    ann.until("send these 100 lines?")
    ann.type(answer)
    ann.until("ann:     line 99 of")


def test_a_completion_after_a_bracket(server: ChatServer, ann: Terminal) -> None:
    with ChatClient(server.address, name="rita") as _:
        ann.until("* rita joined")
        ann.type("so (ri\t")
        ann.until(lambda: ann.typing == "lobby> so (rita")
        ann.type(")\r")
        ann.until("ann: so (rita)")


@pytest.mark.parametrize(("columns", "rows"), [(12, 4), (5, 3), (2, 2)])
def test_a_terminal_of_hardly_any_size_can_be_used_and_grows(
    server: ChatServer, tmp_path: Path, columns: int, rows: int
) -> None:
    with at_terminal(server.address, "ann", tmp_path, columns=columns, rows=rows) as ann:
        ann.until(lambda: any(ann.lines))
        ann.type("hello\r")
        with ChatClient(server.address, name="bob") as bob:
            while not any(isinstance(event, events.Said) for event in bob.history()):
                gevent.sleep(0.05)
        ann.resize(60, 15)
        ann.until("ann: hello")
        ann.type("exit\r")
        assert ann.ended() == 0


def test_a_terminal_that_is_closed_ends_it(server: ChatServer, ann: Terminal) -> None:
    with ChatClient(server.address, name="bob") as bob:
        ann.until("* bob joined")
        ann.hang_up()
        while (message := bob.receive()) is not None and not isinstance(message, events.Left):
            pass
    assert ann.process.wait() == 0
