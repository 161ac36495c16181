"""geventchat-client in pipelines."""

import json
import signal
import subprocess
import sys

import gevent
import pytest

from geventchat import ChatServer
from tests.processes import run, serving
from tests.raw import Address, plain


def client(address: Address, *arguments: str, given: str = "") -> tuple[int, str, str]:
    ran = run("geventchat.cli.client", f"{address[0]}:{address[1]}", *arguments, given=given)
    return ran.status, ran.out, ran.errors


def test_lines_in_are_said_and_events_come_out_as_lines() -> None:
    with serving() as server, plain(server.address, "alice") as alice:
        status, out, errors = client(server.address, "--name", "me", given="hi\n/me waves\n//etc\nexit\nnever said\n")
        assert (status, errors) == (0, "")
        assert out.splitlines() == [
            "Hi, me! To exit the chat enter 'exit'.",
            "me: hi",
            "me: *waves*",
            "me: /etc",
        ]
        assert alice.until(b"left\n") == b"* me joined\nme: hi\nme: *waves*\nme: /etc\n* me left\n"


@pytest.mark.slow
def test_everything_that_was_piped_in_has_come_back_when_it_ends() -> None:
    with serving("--rate", "500") as server:
        status, out, _ = client(server.address, "--name", "me", given="".join(f"{n}\n" for n in range(300)))
    assert status == 0
    assert out.splitlines()[1:] == [f"me: {n}" for n in range(300)]


@pytest.mark.slow
def test_json_comes_out_as_it_came_in() -> None:
    with serving() as server:
        status, out, _ = client(server.address, "--name", "me", "--json", "--room", "den", given="hi\n")
    assert status == 0
    assert [json.loads(line)["type"] for line in out.splitlines()] == ["welcome", "ack", "said"]


@pytest.mark.slow
def test_what_is_not_stored_is_status_1() -> None:
    with serving("--max-line", "100") as server:
        status, _, errors = client(server.address, "--name", "me", given="x" * 200 + "\n")
    assert status == 1
    assert errors == "geventchat-client: a text can have at most 100 bytes; this one was not sent\n"


def test_a_taken_name_or_nobody_there_is_one_line_and_status_1() -> None:
    with serving() as server, plain(server.address, "me"):
        status, out, errors = client(server.address, "--name", "ME")
        assert (status, out, errors) == (
            1,
            "",
            "geventchat-client: the name ME is taken; choose another with --name NAME\n",
        )
    status, out, errors = client(server.address, "--name", "me")
    assert (status, out) == (1, "")
    assert errors.startswith("geventchat-client: no server answers at 127.0.0.1:")
    assert errors.endswith("(connection refused); geventchat-serve starts one\n")
    assert errors.count("\n") == 1


def test_an_address_that_is_none_is_status_2() -> None:
    ran = run("geventchat.cli.client", "localhost:port")
    assert (ran.status, ran.errors.count("\n")) == (2, 1)


@pytest.mark.slow
def test_the_environment_names_the_server() -> None:
    with serving() as server:
        address = f"127.0.0.1:{server.address[1]}"
        ran = run("geventchat.cli.client", "--name", "me", given="hi\n", environment={"GEVENTCHAT_SERVER": address})
    assert (ran.status, ran.out.splitlines()[-1]) == (0, "me: hi")


@pytest.mark.parametrize("form", ["[::1]:{port}", "localhost:{port}"])
def test_an_address_has_many_forms(form: str) -> None:
    with ChatServer(("::1" if "::1" in form else "127.0.0.1", 0)) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "geventchat.cli.client", form.format(port=server.address[1]), "--name", "me"],
            stdin=subprocess.DEVNULL,
        )
        while process.poll() is None:
            gevent.sleep(0.01)
    assert process.returncode == 0


def test_a_host_that_is_none_is_one_line() -> None:
    ran = run("geventchat.cli.client", "no.such.host.invalid", "--name", "me")
    assert (ran.status, ran.errors.count("\n")) == (1, 1)
    assert ran.errors.startswith("geventchat-client: there is no host 'no.such.host.invalid'")


@pytest.mark.slow
def test_a_closed_pipe_ends_it_quietly() -> None:
    with serving("--rate", "off") as server:
        command = f"{sys.executable} -m geventchat.cli.client 127.0.0.1:{server.address[1]} --name me | head -n 1"
        lines = "x\n" * 2000
        ran = subprocess.run(  # noqa: S602 - a pipeline is what is tested
            command, shell=True, input=lines, capture_output=True, text=True, timeout=30, check=False
        )
    assert ran.stdout == "Hi, me! To exit the chat enter 'exit'.\n"
    assert ran.stderr == ""


@pytest.mark.slow
def test_a_server_that_goes_away_is_said_and_status_1() -> None:
    with serving() as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "geventchat.cli.client", f"{server.address[0]}:{server.address[1]}", "--name", "me"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        server.process.kill()
        errors = process.communicate(timeout=20)[1]
    assert process.returncode == 1
    assert errors.startswith(("geventchat-client: the server closed", "geventchat-client: the connection is lost"))
    assert errors.count("\n") == 1


def test_another_room_is_gone_to_and_only_that_one_is_heard() -> None:
    with serving() as server, plain(server.address, "alice") as alice, plain(server.address, "bob") as bob:
        bob.send(b"/join den\n")
        bob.until(b"den")
        alice.until(b"* bob left\n")
        given = "in the lobby\n/join den\nin the den\n/topic quiet\n/leave for cake\nback\n/exit good night\n"
        status, out, errors = client(server.address, "--name", "me", given=given)
        assert (status, errors) == (0, "")
        said = [line for line in out.splitlines() if line.startswith("me: ")]
        assert said == ["me: in the lobby", "me: in the den", "me: back"]
        assert b"* me left: for cake" in bob.until(b"cake\n")
        assert alice.until(b"night\n").decode().splitlines() == [
            "* me joined",
            "me: in the lobby",
            "* me left",
            "* me joined",
            "me: back",
            "* me left: good night",
        ]


def test_a_command_that_is_none_is_an_error_and_status_1_but_the_rest_is_said() -> None:
    with serving() as server:
        status, out, errors = client(server.address, "--name", "me", "--json", given="/jig\n/msg nobody psst\nhi\n")
    assert status == 1
    assert errors.splitlines() == [
        "geventchat-client: /jig is not a command; /help lists them, // says a line with a slash"
    ]
    heard = [json.loads(line) for line in out.splitlines()]
    assert [message["type"] for message in heard] == ["welcome", "error", "ack", "said"]


@pytest.mark.slow
def test_standard_streams_that_are_closed_or_full() -> None:
    with serving() as server:
        command = f"{sys.executable} -m geventchat.cli.client {server.address[0]}:{server.address[1]} --name me"
        for streams, status, errors in (
            ("<&-", 0, ""),
            (">&- </dev/null", 0, ""),
            (">/dev/full </dev/null", 1, "cannot be written: No space left on device\n"),
        ):
            ran = subprocess.run(  # noqa: S602 - what a shell does is what is tested
                f"{command} {streams}", shell=True, capture_output=True, text=True, timeout=30, check=False
            )
            assert (ran.returncode, ran.stderr[-len(errors) :]) == (status, errors)


def test_a_signal_ends_it_once_all_that_was_said_is_stored() -> None:
    with serving() as server, plain(server.address, "alice") as alice:
        process = subprocess.Popen(
            [sys.executable, "-m", "geventchat.cli.client", f"{server.address[0]}:{server.address[1]}", "--name", "me"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write("hi\n")
        process.stdin.flush()
        alice.until(b"me: hi\n")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stdout is not None
        assert process.stdout.read().splitlines()[-1] == "me: hi"
        process.communicate()
