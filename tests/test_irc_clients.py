"""Clients of IRC: people's own, irssi at a terminal and WeeChat without one; a library, and a bare bot."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Timer

import gevent
import pytest

from tests.needs import needs
from tests.ports import free_port
from tests.processes import Serving, serving
from tests.raw import Raw, plain, programmed
from tests.terminal_fixtures import Terminal

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0
NAME = "Ваня Петров"
GREETING = "привет всем"
SHOWN = NAME.replace(" ", "\u00a0")  # as IRC writes it


@contextmanager
def serving_on(port: int, history: Path) -> Iterator[Serving]:
    """Run a server on this port too, with its history in a file."""
    with serving("--history", str(history), "--listen", f"127.0.0.1:{port}") as server:
        yield server


# irssi.


@contextmanager
def irssi(home: Path, port: int, nick: str) -> Iterator[Terminal]:
    """Run irssi, which knows the server as `g`, and comes back after a second."""
    path = needs("irssi")
    home.mkdir()
    (home / "config").write_text(
        f"""
        servers = ({{ address = "127.0.0.1"; chatnet = "g"; port = "{port}"; autoconnect = "no"; }});
        chatnets = {{ g = {{ type = "IRC"; nick = "{nick}"; }}; }};
        settings = {{
            core = {{ real_name = "Irssi User"; user_name = "me"; nick = "{nick}"; server_reconnect_time = "1s"; }};
            "fe-common/core" = {{ autolog = "no"; term_charset = "UTF-8"; }};
        }};
        """
    )
    with Terminal([path, f"--home={home}"], columns=120, rows=40, environment={}) as terminal:
        yield terminal


def count(terminal: Terminal, text: str) -> int:
    return sum(text in line for line in terminal.lines)


def test_irssi_talks_with_nc_and_json_and_comes_back_with_nothing_lost_or_doubled(tmp_path: Path) -> None:
    port, history = free_port(), tmp_path / "history.sqlite"
    with ExitStack() as opened, irssi(tmp_path / "irssi", port, "bob") as screen:
        with serving_on(port, history) as server:
            nc = opened.enter_context(plain(server.address, NAME))
            json = opened.enter_context(programmed(server.address, "json")[0])
            screen.type("/connect g\r")
            screen.until("There is no message of the day")
            screen.type("/join #lobby\r")
            nc.until(b"* bob joined\n")
            screen.until("Irssi: #lobby: Total of 3 nicks")
            nc.send(f"{GREETING}\n/me waves\n".encode())
            screen.until(f"< {SHOWN}> {GREETING}")
            screen.until(f"* {SHOWN} waves")
            screen.type("hello from irssi\r/me nods\r")
            nc.until(b"bob: hello from irssi\nbob: *nods*\n")
            screen.until("< bob> hello from irssi")
            screen.type("/nick bobby\r")
            nc.until(b"* bob is now bobby\n")
            screen.until("You're now known as bobby")
            screen.type("/msg json psst\r")
            assert json.messages_until("whispered")[-1]["text"] == "psst"
            json.send(b'{"type":"whisper","to":"bobby","text":"yes?"}\n{"type":"join","room":"den"}\n')
            json.send(b'{"type":"rename","nick":"jason"}\n')
            screen.until("json is now known as jason")
            nc.send(b"last words\n")
            screen.until("last words")
            server.end(signal.SIGKILL)
        with serving_on(port, history) as server, plain(server.address, "nc") as nc:
            nc.send(b"while you were away\n")
            nc.until(b"nc: while you were away\n")
            nc.until(b"* bobby joined\n")
            screen.until("while you were away")
            nc.send(b"and now\n")
            screen.until("and now")
            for text in ("last words", "while you were away", "and now", GREETING, "hello from irssi"):
                assert count(screen, text) == 1, "\n".join(screen.lines)


# WeeChat.


@contextmanager
def weechat(home: Path, port: int, nick: str, more: str = "-notls") -> Iterator["WeeChat"]:
    """Run weechat-headless, which joins the lobby by itself, and comes back after a second."""
    settings = (
        "/set logger.file.flush_delay 0",
        "/set logger.level.irc 9",
        "/set irc.server_default.autoreconnect_delay 1",
        f"/server add g 127.0.0.1/{port} {more} -nicks={nick} -autojoin=#lobby",
    )
    path = needs("weechat-headless")
    command = [path, "-d", str(home), *(word for line in settings for word in ("-r", line))]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(home), "LANG": "C.UTF-8"}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment)
    try:
        yield WeeChat(home)
    finally:
        process.kill()
        process.wait()


class WeeChat:
    """A running weechat-headless: commands go in through a FIFO, and what it shows is in the files of its logger."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def type(self, line: str, where: str = "irc.g.#lobby") -> None:
        """Type a line, or a command, in a buffer, once it is there: what is meant for one to come is dropped."""
        self._until(lambda: any(self._home.rglob("weechat_fifo_*")), "the FIFO")
        self._until(lambda: any(self._home.rglob(f"{where}.weechatlog")), where)
        with next(self._home.rglob("weechat_fifo_*")).open("w") as fifo:
            fifo.write(f"{where} *{line}\n")

    @property
    def shown(self) -> str:
        """All that it has shown, of all buffers."""
        return "".join(log.read_text() for log in self._home.rglob("*.weechatlog"))

    def until(self, text: str) -> None:
        self._until(lambda: text in self.shown, text)

    def _until(self, is_true: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_true():
            assert time.monotonic() < deadline, f"not seen: {what}\n{self.shown}"
            gevent.sleep(0.05)


def test_weechat_talks_with_nc_and_json_and_comes_back_with_nothing_lost_or_doubled(tmp_path: Path) -> None:
    port, history = free_port(), tmp_path / "history.sqlite"
    needs("weechat-headless")
    with ExitStack() as opened, weechat(tmp_path / "weechat", port, "bob") as client:
        with serving_on(port, history) as server:
            nc = opened.enter_context(plain(server.address, NAME))
            json = opened.enter_context(programmed(server.address, "json")[0])
            client.type("/connect g", "core.weechat")
            nc.until(b"* bob joined\n")
            nc.send(f"{GREETING}\n/me waves\n".encode())
            client.until(SHOWN + "\t" + GREETING)
            client.until(f"{SHOWN} waves")
            client.type("hello from weechat")
            nc.until(b"bob: hello from weechat\n")
            client.type("/nick bobby")
            nc.until(b"* bob is now bobby\n")
            client.until("You are now known as bobby")
            client.type("/msg json psst")
            assert json.messages_until("whispered")[-1]["text"] == "psst"
            json.send(b'{"type":"whisper","to":"bobby","text":"yes?"}\n{"type":"rename","nick":"jason"}\n')
            client.until("json\tyes?")
            client.until("json is now known as jason")
            nc.send(b"last words\n")
            client.until("last words")
            server.end(signal.SIGKILL)
        with serving_on(port, history) as server, plain(server.address, "nc") as nc:
            nc.send(b"while you were away\n")
            nc.until(b"nc: while you were away\n")
            nc.until(b"joined\n")
            client.until("while you were away")
            nc.send(b"and now\n")
            client.until("and now")
            for text in ("last words", "while you were away", "and now", GREETING, "hello from weechat"):
                assert client.shown.count(text) == 1, client.shown


# A library: pydle, which asks for all that it knows of IRCv3.


class Library:
    """A running `tests.irc_library_client`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin
        assert process.stdout
        self._in, self._out = process.stdin, process.stdout
        self.heard: list[str] = []

    def type(self, line: str) -> None:
        self._in.write(f"{line}\n")
        self._in.flush()

    def until(self, wanted: str) -> None:
        """Read on until a line begins so."""
        while not (self.heard and self.heard[-1].startswith(wanted)):
            line = self._out.readline()
            assert line, f"not heard: {wanted}\n{self.heard}"
            self.heard.append(line.rstrip("\n"))


@contextmanager
def library(port: int, nick: str) -> Iterator[Library]:
    """Run a client that is made with the library; it joins the lobby, and comes back by itself."""
    command = [sys.executable, "-m", "tests.irc_library_client", str(port), nick]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, encoding="utf-8") as process:
        too_late = Timer(PATIENCE_S, process.kill)  # who waits for its next line then reads the end
        too_late.start()
        try:
            yield Library(process)
        finally:
            too_late.cancel()
            process.kill()


def test_a_library_talks_with_nc_and_json_and_comes_back(tmp_path: Path) -> None:
    port, history = free_port(), tmp_path / "history.sqlite"
    with ExitStack() as opened:
        with serving_on(port, history) as server:
            nc = opened.enter_context(plain(server.address, NAME))
            json = opened.enter_context(programmed(server.address, "json")[0])
            client = opened.enter_context(library(port, "bob"))
            nc.until(b"* bob joined\n")
            nc.send(f"{GREETING}\n".encode())
            client.until(f"message #lobby {SHOWN} {GREETING}")
            client.type("say hello from a library")
            nc.until(b"bob: hello from a library\n")
            client.type("nick bobby")
            nc.until(b"* bob is now bobby\n")
            client.until("nick bob bobby")
            client.type("msg json psst")
            assert json.messages_until("whispered")[-1]["text"] == "psst"
            json.send(b'{"type":"whisper","to":"bobby","text":"yes?"}\n{"type":"rename","nick":"jason"}\n')
            client.until("message bobby json yes?")
            client.until("nick json jason")
            server.end(signal.SIGKILL)
        with serving_on(port, history) as server:
            client.until("joined #lobby bob")
            with plain(server.address, "nc") as nc:
                nc.send(b"and now\n")
                client.until("message #lobby nc and now")
            for text in (f"{SHOWN} {GREETING}", "nc and now"):
                assert sum(line.endswith(text) for line in client.heard) == 1, client.heard


def test_a_bare_bot_of_three_lines_is_a_client_too(tmp_path: Path) -> None:
    lines = b"NICK bot\r\nUSER bot 0 * :Bot\r\nJOIN #lobby\r\nPRIVMSG #lobby :beep\r\n"
    with (
        serving_on(free_port(), tmp_path / "history.sqlite") as server,
        plain(server.address, "nc") as nc,
        Raw(server.address, lines) as bot,
    ):
        nc.until(b"* bot joined\nbot: beep\n")
        bot.until(b" 366 bot #lobby ")
