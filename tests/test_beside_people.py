"""People beside the bots: they are heard, counted and answered, and whatever they do fails nothing."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Self

import gevent
import pytest

from bots.report.outcome import Outcome
from bots.report.summary import lines
from bots.report.verdict import status_of
from geventchat import ChatClient, ChatServer, Limits
from geventchat.commands import commands
from geventchat.protocol import events, replies
from geventchat.protocol.address import parse
from tests.play import is_late, passed, play, said_to_pass
from tests.raw import Address
from tests.scenarios import mistakes
from tests.terminal_fixtures import Terminal, at_terminal

_FOLDER = Path(__file__).parent.parent / "scenarios"
# A run says nothing on a machine that is too busy for the bots, nor where two packets of the unframed dialect were read
# at once, which nothing can part again: it is made again, so often.
_TRIES = 3


def beside(script: str, do: Callable[[ChatClient], object], dialect: str = "json") -> Outcome:
    """Play a scenario; once somebody in it says "ready", eve, who is no bot, does something."""
    with ChatServer(limits=Limits(rate=None)) as server, ChatClient(server.address, name="eve") as eve:
        playing = gevent.spawn(play, dedent(script), server.address, dialect)
        hear(eve, "ready")
        do(eve)
        outcome: Outcome = playing.get()
        return outcome


def hear(eve: ChatClient, text: str) -> None:
    """Wait until somebody says a text, aloud or in a whisper."""
    for message in eve:
        if isinstance(message, events.Said | replies.Whispered) and message.text == text:
            return


def ask_until_answered(eve: ChatClient, question: str, answer: str) -> None:
    """Ask again and again, for the bots may not be there yet."""
    while True:
        eve.say(question)
        while (message := eve.receive(timeout=0.2)) is not None:
            if isinstance(message, events.Said) and message.text == answer:
                return


@pytest.mark.parametrize("dialect", ["json", "plain"])
def test_what_people_say_is_counted_and_no_fault_and_can_be_expected(dialect: str) -> None:
    script = """
    cast: {user: 5}
    script:
      - user1: ready
      - user1: {expect: "anybody here?", from: anyone, within: 20s}
      - user: {say: "{words 3}", times: 5}
    """

    def do(eve: ChatClient) -> None:
        eve.say("anybody here?")
        eve.act("waves")

    outcome = passed(beside(script, do, dialect))
    assert outcome.from_others == 2
    assert "from others  2 messages of users who take no part in the scenario" in list(lines(outcome))


def test_who_wants_to_be_alone_is_told_of_others() -> None:
    script = "script:\n  - ann: ready\n  - ann: {expect: hi, from: anyone, within: 20s}\ncheck: {others: none}\n"
    outcome = beside(script, lambda eve: eve.say("hi"))
    assert (outcome.failures, status_of(outcome)) == ([], 1)


def test_what_people_say_meets_no_expectation_that_is_not_of_anyone() -> None:
    script = """
    script:
      - ann: ready
      - ann: {expect: go, from: anyone, within: 20s}
      - ben: {expect_none: go, within: 10ms}
      - ben: {expect: go, within: 10ms}
    """
    outcome = beside(script, lambda eve: eve.say("go"))
    assert outcome.failures == ["test.yaml:6: ben did not hear go within 0.01 s"]


@pytest.mark.parametrize("dialect", ["json", "plain"])
def test_people_are_greeted_when_they_come_in_and_answered_aloud_and_in_whispers(dialect: str) -> None:
    script = """
    script:
      - ann: {greet: "welcome, {sender}"}
      - ann: {reply: "yes, {sender}", to: really, from: anyone}
      - ann: ready
      - ben: {expect: bye, from: anyone, within: 20s}
    """

    with ChatServer(limits=Limits(rate=None)) as server, ChatClient(server.address, name="eve") as eve:
        playing = gevent.spawn(play, dedent(script), server.address, dialect)
        hear(eve, "ready")
        with ChatClient(server.address, name="dan") as dan:
            hear(dan, "welcome, dan")
        eve.say("really?")
        hear(eve, "yes, eve")
        eve.whisper("ann", "but really?")
        hear(eve, "yes, eve")
        eve.say("bye")
        outcome = passed(playing.get())
    assert outcome.from_others == 3
    said = [message.text for message in outcome.rooms["lobby"].messages if not message.from_others]
    assert said == ["ready", "welcome, dan", "yes, eve"]


def test_people_are_greeted_by_who_is_in_their_room_only() -> None:
    script = """
    script:
      - carl: {join: den}
      - carl: {greet: "welcome to the den, {sender}"}
      - ann: {greet: "welcome to the lobby, {sender}"}
      - ann: ready
      - ann: {expect: bye, from: anyone, within: 20s}
    """

    with ChatServer(limits=Limits(rate=None)) as server, ChatClient(server.address, name="eve") as eve:
        playing = gevent.spawn(play, dedent(script), server.address)
        hear(eve, "ready")
        with ChatClient(server.address, name="dan") as dan:
            hear(dan, "welcome to the lobby, dan")
        eve.say("bye")
        outcome = passed(playing.get())
    assert [room for room in outcome.rooms if outcome.rooms[room].messages] == ["lobby"]


def test_people_may_rename_themselves_and_take_nicks_that_bots_never_had() -> None:
    script = "script:\n  - ann: ready\n  - ann: {expect: bye, from: anyone, within: 20s}\n"

    def do(eve: ChatClient) -> None:
        eve.say("hi")
        eve.request(commands.Rename(nick="eva"))
        eve.say("I am eva")
        eve.say("bye")

    assert passed(beside(script, do)).from_others == 3


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("anyone: hi", "anyone can only be listened to, did you mean everyone, or any user?"),
        ("user1: {whisper: hi, to: anyone}", "nobody is called anyone"),
    ],
)
def test_anyone_can_only_be_listened_to(line: str, told: str) -> None:
    (mistake,) = mistakes(f"cast: {{user: 3}}\nscript:\n  - user: ho\n  - {line}\n")
    assert told in mistake


def test_anyone_is_no_name() -> None:
    (mistake,) = mistakes("cast: {anyone: 3}\nscript:\n  - everyone: ho\n")
    assert mistake.endswith("anyone has a meaning of its own and can be nobody's name")


class Bots:
    """geventchat-bots as a process, and what it has printed until now."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "bots.cli", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        self.process.communicate()

    @property
    def address(self) -> Address:
        """Where the first line says that the bots can be joined."""
        assert self.process.stdout is not None
        self.first = self.process.stdout.readline()
        return parse(self.first.rpartition("geventchat-client ")[2].partition(",")[0].strip())

    def ended(self) -> tuple[int, str]:
        """Wait for the end; return the exit status and the rest of what was printed."""
        out, errors = self.process.communicate(timeout=60)
        return self.process.returncode, out + errors


def test_the_bots_can_be_met_until_ctrl_c_which_is_no_failure() -> None:
    with Bots(str(_FOLDER / "meet_the_bots.yaml")) as bots:
        address = bots.address
        assert bots.first.startswith("Meet the bots: 3 users at a server started for this run, at 127.0.0.1:")
        with ChatClient(address, name="eve") as eve:
            ask_until_answered(eve, "is anybody there?", "That is a good question, eve.")
        with ChatClient(address, name="dan") as dan:  # bob answers once ada greets
            hear(dan, "Nice to see you, dan! Ask us something, or /msg one of us.")
            dan.say("who are you?")
            hear(dan, "That is a good question, dan.")
            dan.whisper("cleo", "hi")
            hear(dan, "Hi dan!")
        bots.process.send_signal(signal.SIGINT)
        status, told = bots.ended()
    said_to_pass(status, told)
    assert "from others  " in told


def take_part(terminal: Terminal, person: str, bot: str, visit: int) -> None:
    """Talk, whisper to a bot, take another name and leave: each once the screen shows what was done before."""

    def done(shown: str) -> None:
        terminal.until(lambda: any(shown in line for line in terminal.lines) and terminal.typing == "lobby>")

    done(f"{bot}: ")
    terminal.type(f"hello for the {visit}. time\r")
    done(f"{person}: hello for the {visit}. time")
    terminal.type(f"/msg {bot} psst {visit}\r")
    done(f"psst {visit}")
    terminal.type(f"/nick {person}{visit}\r")
    done(f"{person} is now {person}{visit}")
    terminal.type("still here\r")
    done(f"{person}{visit}: still here")
    terminal.type("exit\r")
    assert terminal.ended() == 0


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["json", "plain", "unframed"])
def test_ten_users_pass_while_a_person_talks_whispers_renames_leaves_and_returns(dialect: str, tmp_path: Path) -> None:
    for _ in range(_TRIES):
        with Bots(str(_FOLDER / "ten_users.yaml"), "--dialect", dialect, "--speed", "0.3") as bots:
            address = bots.address
            for visit in (1, 2):
                with at_terminal(address, "eve", tmp_path) as terminal:
                    take_part(terminal, "eve", "user9", visit)
            status, told = bots.ended()
        assert "from others  " in told
        if not is_late(told) and "messages ran together" not in told:
            break
    assert status == 0, told
    said_to_pass(status, told)
