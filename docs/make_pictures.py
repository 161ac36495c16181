"""Make the pictures of these pages from the real programs: python -m docs.make_pictures."""

import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pyte.screens import Char
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text

from geventchat import ChatClient, ChatServer
from geventchat.commands import commands
from tests.browser import Page, chromium
from tests.faulty_server import faulty_server
from tests.processes import serving
from tests.terminal_fixtures import Terminal, at_terminal

_DOCS = Path(__file__).parent
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# How much of the run is shown: the figures, the checks, and what the first reader missed.
_LINES = 29
# What pyte calls the colours that rich calls otherwise.
_COLOURS = {"brown": "yellow", "default": ""}


def main() -> None:
    """Make all pictures, beside this file."""
    _run_of_bots(_DOCS / "run.svg")
    _client(_DOCS / "client.svg")
    _page(_DOCS / "page.png")
    _report(_DOCS / "report.png")


def _run_of_bots(picture: Path) -> None:
    """Show a run against a server that loses one delivery in 400."""
    with faulty_server("drop", every=400) as ((host, port), _):
        words = f"geventchat-bots scenarios/ten_users.yaml --server {host}:{port} --dialect plain | head -{_LINES}"
        shell = f"echo '$ {words}'; {Path(sys.executable).parent / words}"
        with Terminal(["/bin/sh", "-c", shell], columns=116, rows=_LINES + 2, environment={}) as terminal:
            terminal.ended()
            picture.write_text(_svg(terminal, "geventchat-bots"))


def _client(picture: Path) -> None:
    """Let some people talk, and show what one of them sees."""
    with (
        tempfile.TemporaryDirectory() as state,
        ChatServer() as server,
        at_terminal(server.address, "ann", Path(state), columns=78, rows=16) as ann,
    ):
        ann.until("here)")
        bob, ilya, carol = (ChatClient(server.address, name=name) for name in ("bob", "Илья", "carol"))
        _see(ann, "/join release\r", "release>")
        for who in (bob, carol):
            who.join("release")
        _see(ann, "/room lobby\r", "lobby>")
        bob.say("the build is green again 🎉", room="lobby")
        ilya.say("прекрасно! спасибо, bob")
        carol.act("pours tea for everyone", room="lobby")
        bob.say("ann: can you tag it, or shall I?", room="lobby")
        _see(ann, "bob has the notes, I have the tea\r", "ann: bob has")
        carol.whisper("ann", "he has rewritten them twice already")
        bob.say("notes are up", room="release")
        carol.say("ann, please read the last paragraph", room="release")
        _see(ann, "I will tag it as soon as the no", "2:release+2!")
        ann.until("as soon as the no")
        picture.write_text(_svg(ann, "geventchat-client"))


def _page(picture: Path) -> None:
    """Let some people talk, and show what one of them sees in a browser of this machine."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        print(f"{picture.name} stays as it is: chromium and chromedriver are not here", file=sys.stderr)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        serving("--history", "none") as server,
        chromium(Path(folder)) as browser,
    ):
        view = {"width": 820, "height": 470, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", view)
        ann = Page(browser, f"http://127.0.0.1:{server.address[1]}/")
        bob, ilya, carol = (ChatClient(server.address, name=name) for name in ("bob", "Илья", "carol"))
        ann.join("ann")
        ann.type("/join release")
        ann.until(lambda: ann.tab("release"))
        for who in (bob, carol):
            who.join("release")
        ann.tab("lobby").click()
        bob.request(commands.Topic(room="lobby", text="tea at five"))
        bob.say("the build is green again: https://build.example/412", room="lobby")
        ilya.say("прекрасно! спасибо, bob")
        carol.act("pours tea for everyone", room="lobby")
        bob.say("ann: can you tag it, or shall I?", room="lobby")
        ann.until_shown("shall I?")
        ann.type("bob has the notes, I have the tea")
        ann.until_shown("I have the tea")
        carol.whisper("ann", "he has rewritten them twice already")
        ann.until_shown("twice already")
        bob.say("notes are up", room="release")
        ann.until(lambda: "1" in ann.tab("release").text)
        ann.field("Message").send_keys("I will tag it as soon as the no")
        browser.save_screenshot(str(picture))


def _report(picture: Path) -> None:
    """Show the upper part of the page that --report writes, in a browser of this machine."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        print(f"{picture.name} stays as it is: none of {', '.join(_BROWSERS)} is here", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder, serving("--rate", "off") as server:
        page, at = Path(folder) / "report.html", f"127.0.0.1:{server.address[1]}"
        run = [sys.executable, "-m", "bots.cli", "scenarios/come_and_go.yaml", "--server", at, "--report", str(page)]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL, cwd=_DOCS.parent)  # noqa: S603
        size = "--window-size=820,1240"
        shot = [browser, "--headless", "--no-sandbox", "--hide-scrollbars", size, f"--screenshot={picture}"]
        subprocess.run([*shot, page.as_uri()], check=True, stderr=subprocess.DEVNULL)  # noqa: S603


def _see(terminal: Terminal, keys: str, text: str) -> None:
    terminal.type(keys)
    terminal.until(text)


def _svg(terminal: Terminal, title: str) -> str:
    """Return a screen as an SVG, in dark on light, without the rows below the last one used."""
    screen = terminal.screen
    console = Console(record=True, width=screen.columns, file=io.StringIO(), legacy_windows=False)
    used = max(row for row, line in enumerate(terminal.lines) if line) + 1
    for row in range(used):
        line = Text()
        for column in range(screen.columns):
            cell = screen.buffer[row][column]
            at_cursor = not screen.cursor.hidden and (row, column) == (screen.cursor.y, screen.cursor.x)
            line.append(cell.data, _style(cell, reverse=cell.reverse or at_cursor))
        console.print(line, no_wrap=True)
    console.print()
    svg = console.export_svg(title=title, theme=DEFAULT_TERMINAL_THEME, unique_id=title)
    svg = svg.replace('stroke="rgba(255,255,255,0.35)"', 'stroke="#d0d7de"')  # a frame that is seen on a white page
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # which would fetch a font from elsewhere


def _style(cell: Char, *, reverse: bool) -> str:
    words = [word for word, holds in (("bold", cell.bold), ("italic", cell.italics), ("reverse", reverse)) if holds]
    colour = f"#{cell.fg}" if re.fullmatch("[0-9a-f]{6}", cell.fg) else _COLOURS.get(cell.fg, cell.fg)
    return " ".join([*words, colour]).strip()


if __name__ == "__main__":
    main()
