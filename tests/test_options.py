"""Slips on the command line are answered in one line, with what was perhaps meant."""

import pytest

from tests.processes import run

SERVE, CLIENT, BOTS = "geventchat.cli.serve", "geventchat.cli.client", "bots.cli"


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        (SERVE, ["--port", "2004"], "--port is not known; did you mean --listen?"),
        (SERVE, ["--lisen", "127.0.0.1:0"], "--lisen is not known; did you mean --listen?"),
        (SERVE, ["--max-user=3"], "--max-user=3 is not known; did you mean --max-users?"),
        (SERVE, ["--until-input-end"], "--until-input-end is not known; --help says what there is"),
        (SERVE, ["0.0.0.0:2003"], "0.0.0.0:2003 is not known; did you mean --listen 0.0.0.0:2003?"),
        (SERVE, [":2004"], ":2004 is not known; did you mean --listen :2004?"),
        (SERVE, ["2004"], "2004 is not known; did you mean --listen :2004?"),
        (SERVE, ["exprot"], "exprot is not known; did you mean export?"),
        (SERVE, ["export", "--romm", "lobby"], "--romm is not known; did you mean --room?"),
        (SERVE, ["--colour"], "--colour is not known; --help says what there is"),
        (SERVE, ["--" + "x" * 100_000], "x is not known; --help says what there is"),
        (CLIENT, ["--nam", "ann"], "--nam is not known; did you mean --name?"),
        (CLIENT, ["--nick", "ann"], "--nick is not known; did you mean --name?"),
        (CLIENT, ["--port", "2004"], "--port is not known; did you mean HOST:PORT without an option?"),
        (BOTS, ["talk.yaml", "--sever", "HOST"], "--sever is not known; did you mean --server?"),
        (BOTS, ["talk.yaml", "--host", "HOST"], "--host is not known; did you mean --server?"),
        (BOTS, ["check", "--jsn", "talk.yaml"], "--jsn is not known; --help says what there is"),
    ],
)
def test_a_slip_is_answered_with_what_was_perhaps_meant(command: str, arguments: list[str], words: str) -> None:
    ended = run(command, *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.errors.endswith(f"{words}\n")
    assert ended.errors.count("\n") == 1
