"""What docs/contributing.md promises: a dialect, command, store, action or log format is added in one folder.

Each test adds a toy one to a copy of the packages, by the steps of that page, and uses it.
"""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from geventchat.core.log import Log

_ROOT = Path(__file__).parent.parent
# How many files an addition may touch, its tests and docs aside.
_MOST = 3


class Checkout:
    """A copy of the packages, in which things are added."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.touched: set[Path] = set()
        for package in ("geventchat", "bots"):
            shutil.copytree(_ROOT / package, path / package, ignore=shutil.ignore_patterns("__pycache__"))

    def add(self, file: str, text: str) -> None:
        """Make a new file."""
        assert not (self.path / file).exists()
        (self.path / file).write_text(textwrap.dedent(text))
        self.touched.add(Path(file))

    def insert(self, file: str, before: str, text: str) -> None:
        """Put lines into a file, ahead of the first line that begins so."""
        lines = (self.path / file).read_text().split("\n")
        place = next(number for number, line in enumerate(lines) if line.startswith(before))
        lines[place:place] = textwrap.dedent(text).strip("\n").split("\n") if not text.startswith(" ") else [text]
        (self.path / file).write_text("\n".join(lines))
        self.touched.add(Path(file))

    def replace(self, file: str, old: str, new: str) -> None:
        """Change a line of a file."""
        text = (self.path / file).read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        (self.path / file).write_text(text.replace(old, new))
        self.touched.add(Path(file))

    def run(self, program: str, *arguments: str) -> str:
        """Run a program that uses what was added; return what it prints."""
        assert len({file.parent for file in self.touched}) == 1, "more than one folder is touched"
        assert len(self.touched) <= _MOST
        ran = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program), *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=self.path,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


_TALK = """
    import sys
    from gevent import socket
    from geventchat import ChatServer

    with ChatServer() as server:
        client = socket.create_connection(server.address, timeout=10)
        client.sendall(sys.argv[1].encode())
        heard = b""
        while data := client.recv(65536):
            heard += data
        print(heard.decode())
"""


def test_a_dialect(checkout: Checkout) -> None:
    checkout.add(
        "geventchat/dialects/loud.py",
        '''
        """The loud dialect: plain lines behind a first word, answered in capitals."""

        from dataclasses import replace

        from geventchat.dialects.plain import ENCODER, PLAIN, PlainReader


        class LoudReader(PlainReader):
            """Reads what plain does, behind the word that begins the connection."""

            def receive(self, data: bytes) -> None:
                """Take in bytes that have arrived."""
                super().receive(data.removeprefix(b"LOUD "))


        LOUD = replace(
            PLAIN,
            name="loud",
            reader=LoudReader,
            encoder=replace(
                ENCODER,
                name="loud",
                event=lambda event: ENCODER.event(event).upper(),
                reply=lambda member, reply: ENCODER.reply(member, reply).upper(),
            ),
        )
        ''',
    )
    registry = "geventchat/dialects/registry.py"
    checkout.insert(registry, "from geventchat.dialects.plain", "from geventchat.dialects.loud import LOUD")
    json = '    if first.startswith(b"{")'
    checkout.replace(registry, json, '    if first.startswith(b"LOUD "):\n        return LOUD\n' + json)
    assert "ALICE: HELLO\n" in checkout.run(_TALK, "LOUD alice\nhello\nexit\n")


@pytest.mark.slow
def test_a_command(checkout: Checkout) -> None:
    structs = "geventchat/commands/commands.py"
    checkout.insert(
        structs,
        "Request = ",
        '''
        class Cheer(Command, tag="cheer"):
            """Cheer somebody on."""

            who: str
            room: str | None = None
            ref: str | None = None


        ''',
    )
    checkout.replace(structs, "Request = Talk |", "Request = Cheer | Talk |")
    row = 'CommandInfo(command=commands.Cheer, typed="/cheer NAME", fields=("who",), help="cheer somebody on"),'
    checkout.replace("geventchat/commands/table.py", "TABLE = (\n", f"TABLE = (\n    {row}\n")
    talk = "geventchat/commands/talk.py"
    checkout.insert(
        talk,
        "ACTIONS: ",
        """
        def cheer(chat: Chat, member: Member, cheer: commands.Cheer, now: float) -> None:
            room = chat.rooms.of(member, cheer.room)
            event = events.Acted("", "", room.name, member.nick, f"cheers for {cheer.who}")
            chat.post(member, room, Entry(room.key, event, cheer.ref))


        """,
    )
    checkout.replace(talk, "    commands.Say: say,", "    commands.Say: say,\n    commands.Cheer: cheer,")
    plain = checkout.run(_TALK, 'alice\n/help\n/cheer "Ivan P"\n/cheer\nexit\n')
    assert "* /cheer NAME" in plain
    assert "alice: *cheers for Ivan P*\n" in plain
    assert "* like this: /cheer NAME\n" in plain
    hello = '{"type":"hello","nick":"alice"}\n'
    json = checkout.run(_TALK, hello + '{"type":"cheer","who":"bob","ref":"7"}\n{"type":"bye"}\n')
    assert '"text":"cheers for bob"' in json
    assert '{"type":"ack","ref":"7"' in json


def test_the_page_names_all_that_a_store_has() -> None:
    page = (_ROOT / "docs" / "contributing.md").read_text()
    described, *_ = page.partition("## A store")[2].partition("\n1. ")
    named = set(re.findall(r"`(\w+)`", described)) - {"Log", "None"}
    assert named == {name for name in (*vars(Log), *Log.__annotations__) if not name.startswith("_")}


def test_a_store(checkout: Checkout) -> None:
    checkout.add(
        "geventchat/store/shared.py",
        '''
        """A log that all servers of one process share."""

        from collections.abc import Sequence

        from geventchat.core.kept import Change, Kept
        from geventchat.core.log import Entry
        from geventchat.protocol.events import AnyEvent, IdClock, TopicSet, number_of


        _LOGS: dict[str, "SharedLog"] = {}


        class SharedLog:
            """A log in memory under a name, which keeps everything."""

            location = "memory of this process"
            gathers_s = 0.0
            trouble = ""
            shared = None

            def __init__(self) -> None:
                self.kept = Kept()
                self._clock = IdClock()
                self._entries: list[Entry] = []

            def append(self, entries: Sequence[Entry], now: float, changes: Sequence[Change] = ()) -> None:
                for entry in entries:
                    self._clock.stamp(entry.event, now)
                self._entries += entries
                self.kept.settle(changes)

            def refresh_records(self) -> None:
                """Nobody else has this log."""

            def since(self, room: str, after: str, limit: int, *, talk: bool = False) -> list[Entry]:
                later = [entry for entry in self._of(room, talk) if number_of(entry.event.id) > number_of(after)]
                return later[:limit]

            def latest(self, room: str, limit: int, before: str | None = None, *, talk: bool = False) -> list[AnyEvent]:
                events = [entry.event for entry in self._of(room, talk)]
                if before is not None:
                    events = [event for event in events if number_of(event.id) < number_of(before)]
                return events[-limit:]

            def topics(self, rooms: Sequence[str]) -> dict[str, str]:
                topics = {entry.room: entry.event for entry in self._entries if isinstance(entry.event, TopicSet)}
                return {room: topics[room].text for room in rooms if room in topics and topics[room].text}

            def trimmed_up_to(self) -> str:
                return "0-0"

            def close(self) -> None:
                """Nothing is open."""

            def _of(self, room: str, talk: bool) -> list[Entry]:
                tags = ("said", "acted")
                entries = [entry for entry in self._entries if entry.room == room]
                return [one for one in entries if not talk or one.event.__struct_config__.tag in tags]


        def open_shared(name: str) -> SharedLog:
            """Return the log of this name."""
            return _LOGS.setdefault(name, SharedLog())
        ''',
    )
    registry = "geventchat/store/registry.py"
    checkout.insert(
        registry,
        "STORES = (",
        """
        def _shared(text: str, _: StoreOptions) -> Callable[[], Log]:
            from geventchat.store.shared import open_shared

            return partial(open_shared, text)


        """,
    )
    checkout.replace(
        registry,
        "STORES = (\n",
        'STORES = (\n    Store("shared:NAME", lambda text: text.startswith("shared:"), _shared),\n',
    )
    program = """
        from geventchat import ChatClient, ChatServer
        from geventchat.cli import serve
        from geventchat.store import registry

        opener = registry.opener("shared:one", registry.StoreOptions())
        for words in ("first", "second"):
            with ChatServer(log=opener()) as server, ChatClient(server.address, name="alice") as alice:
                alice.say(words)
                alice.receive()
        print([event.text for event in opener().latest("lobby", 9, talk=True)], opener().location)
        serve.main(["--help"])
    """
    said = checkout.run(program)
    assert said.startswith("['first', 'second'] memory of this process\n")
    assert "shared:NAME" in said


@pytest.mark.slow
def test_a_scenario_action(checkout: Checkout) -> None:
    speaking = "bots/scenario/actions/speaking.py"
    checkout.insert(
        speaking,
        "class Whisper(",
        '''
        class Shout(Repeatable):
            """Say something to the room, twice."""

            key = "shout"
            occupies = "no time"
            speaks = gives_sender = True

            shout: Text

            def perform(self, performer: Performer) -> None:
                """Say it twice."""
                performer.say(self.shout, None)
                performer.say(self.shout, None)


        ''',
    )
    table = "bots/scenario/actions/__init__.py"
    checkout.replace(table, "import Act, ", "import Shout, Act, ")
    checkout.replace(table, "*(Say, ", "*(Shout, Say, ")
    (checkout.path / "loud.yaml").write_text("script:\n  - alice: {shout: hello}\n  - bob: {shout: hello, times: 2}\n")
    program = """
        import sys
        from bots.cli import main

        sys.exit(main(["loud.yaml", "--json"]))
    """
    said = checkout.run(program)
    assert '"said": 6' in said or '"said":6' in said


def test_a_log_format(checkout: Checkout) -> None:
    checkout.add(
        "bots/transcripts/formats/parrot.py",
        '''
        """The log of a parrot."""

        from bots.transcripts.line_format import LineFormat

        PARROT = LineFormat(
            name="parrot",
            title="Parrot",
            said=("{nick} squawks {text}",),
            joined=("{nick} flies in",),
        )
        ''',
    )
    formats = "bots/transcripts/formats/__init__.py"
    checkout.insert(
        formats, "from bots.transcripts.formats.pidgin", "from bots.transcripts.formats.parrot import PARROT"
    )
    checkout.insert(formats, "    GENERIC,", "    PARROT,")
    (checkout.path / "cage.log").write_text("[12:00:00] Polly flies in\n[12:00:05] Polly squawks cracker\n")
    program = """
        import sys
        from bots.cli import main

        sys.exit(main(["import", "cage.log"]))
    """
    said = checkout.run(program)
    assert "read as Parrot" in said
    assert 'Polly: {say: "cracker", at: 5s}' in said
