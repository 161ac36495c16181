"""What a run says about why something did not work."""

from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

import gevent
import pytest
from gevent.socket import socket

import bots.engine.bot
from bots.engine.runner import Runner
from bots.protocols.json import Json
from bots.report.verdict import status_of
from bots.scenario.load import parse
from geventchat import ChatServer, Limits
from geventchat.server.access import Access
from tests.faulty_json_server import faulty_json_server
from tests.play import passed, play
from tests.processes import run, serving
from tests.test_bots_runs import answering


@pytest.mark.parametrize("dialect", ["json", "plain"])
def test_who_is_not_let_in_says_the_server_s_reason(dialect: str) -> None:
    with ChatServer(limits=Limits(max_users=1)) as server:
        outcome = play("cast: {user: 2}\nscript:\n  - user: hi\n", server.address, dialect)
    (failure,) = outcome.failures
    assert failure.endswith("was not let in: server is full, try again later")


class FromElsewhere(Json):
    """Comes through a proxy that names another machine: of this one, any number may come."""

    def hello(self, nick: str, room: str, after: str | None, token: str | None) -> bytes:
        return b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + super().hello(nick, room, after, token)


def test_who_is_one_too_many_from_its_address_says_which_options_let_more_in() -> None:
    access, scenario = Access(proxies=(ip_network("127.0.0.1"),)), b"cast: {user: 2}\nscript:\n  - user: hi\n"
    with ChatServer(limits=Limits(max_per_address=1), access=access) as server:
        outcome = Runner(parse(scenario, "test.yaml", lambda _: b""), server.address, FromElsewhere).run()
    (failure,) = outcome.failures
    assert failure.endswith(
        "was not let in: too many connections from your address; "
        "geventchat-serve --max-per-address 100000 --connect-rate 100000 takes more"
    )


def test_who_loses_the_connection_says_the_server_s_reason_and_not_that_it_was_slow() -> None:
    with ChatServer(limits=Limits(rate=None)) as server:
        talk = "cast: {user: 2}\nscript:\n  - user: hi\n  - wait: 60s\n"
        playing = gevent.spawn(play, talk.replace("60s", "300ms"), server.address)
        while server.connections != 2:
            gevent.sleep(0.01)
        server.stop()
        failures = playing.get().failures
    lost = "lost the connection: the server closed the connection: the server is stopping"
    assert sorted(failures) == [f"user1 {lost}", f"user2 {lost}"]


def test_a_ping_over_a_connection_that_is_lost_is_not_called_late() -> None:
    with faulty_json_server("no pong", times=1) as (address, server):
        playing = gevent.spawn(play, "script:\n  - ann: {ping, within: 60s}\n", address)
        server.committed.wait()
        server.close_all()
        failures = playing.get().failures
    assert failures == [
        "ann lost the connection: the server closed the connection",
        "test.yaml:2: ann lost the connection before its pong came",
    ]


def test_who_drops_the_connection_itself_misses_no_pong() -> None:
    script = "script:\n  - together:\n      - ann: {ping, within: 60s}\n      - ann: {drop: close}\n"
    with faulty_json_server("no pong") as (address, _):
        assert play(script, address).failures == []


def test_what_a_server_has_taken_but_not_yet_sent_when_the_script_ends_is_waited_for() -> None:
    with faulty_json_server("lazy") as (address, server):
        outcome = passed(play("cast: {user: 2}\nscript:\n  - user1: hi\n", address))
    assert server.committed.is_set()
    assert outcome.timeline.delivered == 2


def test_what_was_said_just_before_an_interruption_may_have_been_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.engine.runner.QUIET_S", 600.0)  # all of the run, however slow this machine is
    with faulty_json_server("lost") as (address, server):
        playing = gevent.spawn(play, "cast: {user: 2}\nscript:\n  - user1: hi\n  - wait: 60s\n", address)
        server.committed.wait()
        playing.kill(KeyboardInterrupt)
        outcome = playing.get()
    assert (outcome.interrupted, outcome.anomalies) == (True, {})


def test_who_gets_no_last_answer_in_time_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.engine.quiescence._PATIENCE_S", 0.2)
    with faulty_json_server("no pong") as (address, _):
        outcome = play("script:\n  - ann: hi\n", address)
    assert outcome.failures == ["ann got no answer at the end within 0.2 s"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "failure"),
    [
        ("  - ann: hi\n", "ann got no answer at the end within 0.5 s"),
        ("  - ann: {leave}\n  - ben: hi\n", "test.yaml:2: ann said goodbye, and the server did not end the connection"),
        ("  - ann: {rename: anna}\n", "test.yaml:2: ann got no answer to its new name within 0.5 s"),
    ],
)
def test_a_server_that_sends_other_things_for_ever_and_no_answer_does_not_keep_the_run(
    script: str, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def beat(sock: socket) -> None:
        nick = sock.recv(1000).decode().strip()
        with suppress(OSError):
            sock.sendall(f"Hi, {nick}! To exit the chat enter 'exit'.\n".encode())
            while True:
                sock.sendall(b"* a beat\n")
                gevent.sleep(0.02)

    monkeypatch.setattr("bots.engine.bot.MAX_PATIENCE_S", 0.5)
    for module in ("bots.engine.bot", "bots.engine.joining"):
        monkeypatch.setattr(f"{module}.PATIENCE_S", 0.2)
    monkeypatch.setattr("bots.engine.quiescence._PATIENCE_S", 0.2)
    with answering(beat) as address:
        assert failure in play(f"script:\n{script}", address, "plain").failures


@pytest.mark.slow
def test_who_is_read_slowly_by_the_server_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bots.engine.bot, "PATIENCE_S", 0.5)
    monkeypatch.setattr("bots.engine.joining.PATIENCE_S", 0.5)
    monkeypatch.setattr("bots.engine.quiescence._PATIENCE_S", 0.5)
    script = "script:\n  - ann: {say: hi, times: 40}\n  - ann: {rename: anna}\n  - ann: {say: ho, times: 40}\n"
    for goodbye in ("", "  - ann: {leave: bye}\n  - ben: hi\n"):
        with ChatServer(limits=Limits(rate=40, burst=1)) as server:
            assert passed(play(script + goodbye, server.address)).timeline.delivered >= 80


@pytest.mark.slow
def test_users_who_never_read_are_a_scenario() -> None:
    script = """
    cast: {mute: 3, user: 3}
    script:
      - mute: {read: stopped}
      - user: {say: "{words 200}", every: 5ms, times: 300}
    """
    with ChatServer(limits=Limits(rate=None)) as server:
        passed(play(script, server.address))


@pytest.mark.slow
def test_users_who_never_read_may_be_closed_by_the_server() -> None:
    script = """
    cast: {mute: 3, user: 3}
    script:
      - mute: {read: stopped}
      - user: {say: "{words 400}", every: 1ms, times: 1000}
      - wait: 2500ms
    """
    with ChatServer(limits=Limits(rate=None, stall_timeout=1.5)) as server:
        outcome = play(script, server.address)
    assert (outcome.failures, outcome.anomalies) == ([], {})


def test_a_stay_that_begins_while_one_reads_slowly_is_not_timed() -> None:
    script = "script:\n  - ann: {read: 100kB/s}\n  - ann: {join: den}\n  - ann: {say: hi, room: den}\n"
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = passed(play(script, server.address))
    assert [reader.pace.timed for reader in outcome.rooms["den"].readers] == [False]
    assert outcome.timeline.latency.count == 0


def test_who_comes_in_anew_while_it_reads_slowly_is_not_timed() -> None:
    script = "script:\n  - ann: {read: 100kB/s}\n  - ann: {leave: bye}\n  - ann: {join}\n  - ann: hi\n"
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = passed(play(script, server.address))
    assert (outcome.timeline.delivered, outcome.timeline.latency.count) == (1, 0)


def test_who_has_read_slowly_is_not_timed_when_it_reads_normally_again_either() -> None:
    """What it left unread meanwhile may still come."""
    script = "script:\n  - ann: {read: 100kB/s}\n  - ann: {read: normal}\n  - ann: hi\n"
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = passed(play(script, server.address))
    assert (outcome.timeline.delivered, outcome.timeline.latency.count) == (1, 0)


@pytest.mark.parametrize("text", ["/ping me", "/ping bot", "//slash", "/me", "* star", "Hi, x!"])
def test_plain_says_what_looks_like_a_command(text: str) -> None:
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = passed(play(f'script:\n  - ann: hi\n  - ben: "{text}"\n', server.address, "plain"))
    assert outcome.timeline.delivered == 4


@pytest.mark.slow
def test_what_a_dialect_cannot_say_is_told_before_anybody_connects(tmp_path: Path) -> None:
    file = tmp_path / "exit.yaml"
    file.write_text("script:\n  - ann: hi\n  - ben: exit\n  - ben: {reply: exit, to: hi}\n")
    ran = run("bots.cli", str(file), "--server", "127.0.0.1:1", "--dialect", "plain")
    assert ran.status == 2
    assert ran.errors.splitlines() == [
        f"{file}:{line}:5: 'exit' cannot be said in the dialect plain: this word leaves the chat" for line in (3, 4)
    ]
    with serving() as server:
        assert run("bots.cli", str(file), "--server", f"127.0.0.1:{server.address[1]}").status == 0


def test_what_turns_out_to_be_unsayable_fails_its_line_alone() -> None:
    with ChatServer(limits=Limits(rate=None)) as server:
        script = 'data: words.csv\nscript:\n  - ann: "{word}"\n  - ben: hi\n'
        outcome = play(script, server.address, "plain", words=b"word\nexit\nhi\n")
    assert outcome.failures == ["test.yaml:3: 'exit' cannot be said in this dialect: this word leaves the chat"]
    assert outcome.anomalies == {}


def test_a_whisper_that_is_too_long_for_the_dialect_fails_its_line_and_is_not_missing() -> None:
    with ChatServer(limits=Limits(rate=None)) as server:
        script = 'cast: {ann: , ben: }\nscript:\n  - ann: {whisper: "{words 120}", to: ben}\n'
        outcome = play(script, server.address, "irc")
    (failure,) = outcome.failures
    assert "cannot be said in this dialect: a line of IRC has room for 380 bytes" in failure
    assert outcome.anomalies == {}


def test_a_word_that_leaves_the_chat_can_be_whispered_and_acted() -> None:
    with ChatServer(limits=Limits(rate=None)) as server:
        script = "cast: {ann: , ben: }\nscript:\n  - ann: {whisper: exit, to: ben}\n  - ann: {act: exit}\n"
        assert passed(play(script, server.address, "plain")).timeline.delivered == 3


@pytest.mark.parametrize(("fault", "anomaly"), [("nick", "missing"), ("outsider", "leaked"), ("other room", "leaked")])
def test_each_fault_of_a_json_server_is_found(fault: str, anomaly: str) -> None:
    script = """
    script:
      - ann: hello
      - ben: hello
      - cid: {join: den}
      - ann: {say: "{words 3}", every: 5ms, times: 20}
    """
    with faulty_json_server(fault, times=3) as (address, _):
        outcome = play(script, address)
    assert anomaly in outcome.anomalies
    assert status_of(outcome) == 1


def test_a_reader_who_has_stopped_can_leave_and_come_in_again() -> None:
    script = """
    cast: {user: 100}
    script:
      - user: hi
      - user1: {read: stopped}
      - user: {say: "{words 50}", times: 20}
      - user1: {leave: bye}
      - user1: {join}
      - user2: one more
    """
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = play(script, server.address)
    assert (outcome.failures, outcome.anomalies) == ([], {})
