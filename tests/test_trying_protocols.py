"""`geventchat-bots try`: every frame, both ways, beside what it was understood as."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import jsonschema
import pytest
import yaml
from gevent import get_hub, sleep, socket
from gevent.server import StreamServer
from websockets.utils import accept_key

from bots.engine.trial import try_out
from bots.protocols.json_schema import json_schema
from bots.protocols.load import parse
from bots.protocols.traced import Frame
from tests.pages import ROOT
from tests.processes import run
from tests.raw import Address
from tests.servers.running import other_server

EXAMPLES = sorted((ROOT / "docs" / "protocols").glob("*.yaml"))


def test_every_frame_is_shown_beside_its_meaning() -> None:
    with other_server("with_lengths.py") as (host, port):
        ran = run("bots.cli", "try", f"{host}:{port}", "--protocol", str(EXAMPLES[0].parent / "length-prefixed.yaml"))
    lines = [line.split() for line in ran.out.splitlines()]
    assert ran.status == 0
    assert [(line[0], line[1], line[-1].rstrip("'")) for line in lines[:-1]] == [
        ("ann", "→", "join"),
        ("ann", "←", "joined"),
        ("ben", "→", "join"),
        ("ben", "←", "joined"),
        ("ann", "→", "say"),
        ("ben", "←", "ann"),
    ]
    assert '{"op": "said", "by": "ann", "what": "hello from ann"}' in ran.out


@pytest.mark.slow
def test_what_fits_nothing_is_shown_with_the_pattern_that_came_nearest(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.yaml"
    theirs.write_text((EXAMPLES[0].parent / "websockets.yaml").read_text().replace("body: ", "words: "))
    with other_server("with_websockets.py") as (host, port):
        theirs.write_text(theirs.read_text().replace("say: {type: msg, words", "say: {type: msg, body"))
        ran = run("bots.cli", "try", f"{host}:{port}", "--protocol", str(theirs))
    assert ran.status == 1
    assert "fits nothing: nearest is heard:" in ran.out
    assert "but words is missing" in ran.out
    assert "ben did not hear ann say" in ran.out


@pytest.mark.slow
def test_who_does_not_speak_websocket_is_told_apart() -> None:
    with other_server("with_lines.py") as (host, port):
        ran = run("bots.cli", "try", f"{host}:{port}", "--protocol", str(EXAMPLES[0].parent / "websockets.yaml"))
    assert ran.status == 1
    assert "ann is not in" in ran.out


@pytest.mark.slow
def test_without_a_server_or_a_file_one_line_says_so(tmp_path: Path) -> None:
    protocol = str(EXAMPLES[0])
    nobody = run("bots.cli", "try", "127.0.0.1:1", "--protocol", protocol)
    assert (nobody.status, nobody.errors.count("\n")) == (4, 1)
    missing = run("bots.cli", "try", "127.0.0.1:1", "--protocol", str(tmp_path / "none.yaml"))
    assert (missing.status, missing.errors.count("\n")) == (2, 1)
    assert run("bots.cli", "try", "127.0.0.1:1").status == 2
    scenario = str(ROOT / "scenarios" / "ten_users.yaml")
    assert run("bots.cli", scenario, "--protocol", protocol).status == 2
    assert run("bots.cli", scenario, "--dialect", "jsno").errors.endswith("did you mean json?\n")


def test_check_says_at_its_line_what_a_protocol_cannot_do(tmp_path: Path) -> None:
    talk = tmp_path / "talk.yaml"
    talk.write_text("script:\n  - ann: hello\n  - ann: {rename: eve}\n")
    ran = run("bots.cli", "check", str(talk), "--protocol", str(EXAMPLES[0]))
    assert ran.status == 2
    assert f"{talk}:3:" in ran.errors
    assert "nobody can take another name" in ran.errors
    assert run("bots.cli", "check", "--protocol", str(EXAMPLES[0])).status == 0


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_each_example_is_as_the_schema_for_editors_says(file: Path) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(yaml.safe_load(file.read_text()))


def test_the_schema_refuses_what_the_loader_refuses() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    good = {"protocol": "tcp", "say": "{text}", "heard": "{nick} {text}"}
    assert validator.is_valid(good)
    for wrong in ({"protocol": "udp"}, {"frame": "lines"}, {"sya": "x"}, {"quiet": "soon"}, {"ignore": "x"}):
        assert not validator.is_valid(good | wrong), wrong


@pytest.mark.slow
def test_a_server_that_expects_a_websocket_is_told_apart_from_others_that_only_hang_up() -> None:
    with other_server("with_websockets.py") as (host, port):
        ran = run("bots.cli", "try", f"{host}:{port}", "--protocol", str(EXAMPLES[0].parent / "lines.yaml"))
    assert ran.status == 1
    assert "if it expects TLS: tls: true, and if it expects a WebSocket: protocol: websocket" in ran.out


@pytest.mark.slow
def test_a_websocket_at_another_path_is_told_with_the_key_for_it(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.yaml"
    theirs.write_text((EXAMPLES[0].parent / "starlette.yaml").read_text().replace("/ws/", "/not/"))
    with other_server("with_starlette.py") as (host, port):
        ran = run("bots.cli", "try", f"{host}:{port}", "--protocol", str(theirs))
        talk = tmp_path / "talk.yaml"
        talk.write_text("script:\n  - ann: hello\n")
        played = run("bots.cli", str(talk), "--server", f"{host}:{port}", "--protocol", str(theirs))
    assert "403 Forbidden to a WebSocket at /not/ann" in ran.out
    assert "; if its path is not /not/{nick}: url: " in ran.out
    assert f"; is it as {theirs} says? geventchat-bots try shows every frame. It sent: HTTP/1.1 403" in played.out


def _tried(protocol: str, serve: Callable[[socket.socket, Address], None]) -> tuple[list[str], list[str]]:
    """Return what went wrong with a protocol at a server, and what frames that fit nothing were said to be."""
    told: list[str] = []

    def note(_: str, frame: Frame) -> None:
        told.extend([frame.meaning] * (not frame.understood))

    server = StreamServer(("127.0.0.1", 0), serve)
    server.start()
    try:
        return try_out(parse(protocol.encode(), "theirs.yaml"), server.socket.getsockname(), note), told
    finally:
        server.stop(timeout=1)


def _naming(here: list[socket.socket], greeting: str) -> Callable[[socket.socket, Address], None]:
    """Return a server that names its users itself, and sends nobody's words back to whoever said them."""

    def serve(connection: socket.socket, _: Address) -> None:
        name = f"beet-{len(here)}"
        here.append(connection)
        connection.sendall(greeting.format(name).encode())
        with connection, connection.makefile("r") as lines:
            for line in lines:
                for one in here:
                    if one is not connection:
                        one.sendall(f"{name}: {line}".encode())

    return serve


@pytest.mark.slow
def test_where_a_server_names_its_users_itself_it_is_told_what_to_do() -> None:
    plain = 'protocol: tcp\nsay: "{text}"\nheard: "{nick}: {text}"\necho: false\n'
    wrong, told = _tried(f'{plain}joined: "Hi {{nick}}!"\n', _naming([], "Hi {}!\n"))
    assert told == ["nearest is joined: Hi {nick}!, but nick is beet-0, not ann"]
    assert wrong == ["ann is not in: what fits joined did not come within 5 s"]
    wrong, told = _tried(f'{plain}joined: "Hi {{theirs}}!"\n', _naming([], "Hi {}!\n"))
    assert wrong == [
        "ben did not hear ann say 'hello from ann' within 5 s; it was said by beet-0. If the server names its users "
        'itself, put {nick} into what is said: "{nick}: {text}" in say and heard'
    ]
    named = 'protocol: tcp\nsay: "{nick}: {text}"\nheard: "{theirs}: {nick}: {text}"\necho: false\n'
    assert _tried(f'{named}joined: "Hi {{theirs}}!"\n', _naming([], "Hi {}!\n")) == ([], [])


@pytest.mark.slow
def test_blanks_that_are_not_seen_are_told() -> None:
    protocol = 'protocol: tcp\njoined: Welcome\nsay: "{text}"\nheard: "{nick}: {text}"\n'
    assert _tried(protocol, _naming([], "Welcome \n"))[1] == [
        'nearest is joined: Welcome, but it has more blanks: "Welcome "'
    ]


def test_an_id_that_differs_for_each_who_hears_is_told() -> None:
    here: list[tuple[socket.socket, Iterator[int]]] = []

    def serve(connection: socket.socket, _: Address) -> None:
        with connection, connection.makefile("r") as lines:
            nick = lines.readline().split()[1]
            here.append((connection, count(10 * len(here))))
            for line in lines:
                for one, numbers in here:
                    one.sendall(f"#{next(numbers)} {nick}: {line}".encode())

    protocol = 'protocol: tcp\njoin: "I {nick}"\nsay: "{text}"\nheard: "#{id} {nick}: {text}"\n'
    server = StreamServer(("127.0.0.1", 0), serve)
    server.start()
    try:
        wrong = try_out(parse(protocol.encode(), "theirs.yaml"), server.socket.getsockname(), lambda *_: None)
    finally:
        server.stop(timeout=1)
    assert wrong == ["ann and ben heard it with different ids, 0 and 10; then it is no {id}"]


def _asking(end: str, last: str) -> Callable[[socket.socket, Address], None]:
    """Return a server that asks for a name and a password, each in a line that must have such an end."""

    def serve(connection: socket.socket, _: Address) -> None:
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"Name, please?\r\n")
            while not (line := lines.readline()).endswith(end.encode()):
                if not line:
                    return
            connection.sendall(b"Password, please?\r\n")
            lines.readline()
            connection.sendall(f"{last}\r\n".encode())
            lines.read()

    return serve


_ASKED = """\
protocol: tcp
join:
  - answer: "Name, {rest}"
  - send: "{nick}"
  - answer: "Password, {more}"
  - send: secret
joined: "Welcome, {last}"
say: "{text}"
heard: "{nick}: {text}"
ignore: ["Welcome{anything}"]
"""


@pytest.mark.slow
def test_a_server_that_wants_cr_lf_is_told_apart_and_which_answer_did_not_come() -> None:
    assert _tried(_ASKED, _asking("\r\n", "Welcome, friend"))[0] == [
        "ann is not in: what fits the answer Password, {more} did not come within 5 s; "
        'if its lines have to end with CR LF: frame: {end: "\\r\\n"}'
    ]


@pytest.mark.slow
def test_steps_stand_behind_the_answers_that_they_follow_and_what_is_not_the_awaited_one_says_why() -> None:
    shown: list[tuple[bool, str]] = []
    server = StreamServer(("127.0.0.1", 0), _asking("\n", "Welcome, friend"))
    server.start()
    try:
        protocol = parse(_ASKED.replace("{last}", "{rest}").encode(), "theirs.yaml")
        wrong = try_out(
            protocol, server.socket.getsockname(), lambda _, frame: shown.append((frame.sent, frame.meaning))
        )
    finally:
        server.stop(timeout=1)
    assert wrong == ["ann is not in: what fits joined did not come within 5 s"]
    assert shown == [
        (False, "answer"),
        (True, "join"),
        (False, "answer"),
        (True, "join"),
        (False, "ignore; not joined: rest is friend, not please?"),
    ]


_PLAIN = 'protocol: tcp\njoined: OK\nsay: "{text}"\nheard: "{nick}: {text}"\n'


@pytest.mark.parametrize("frame", ["line", "{length: 4}"])
def test_a_server_that_sends_a_frame_without_end_is_left(frame: str) -> None:
    def serve(connection: socket.socket, _: Address) -> None:
        with connection, suppress(OSError):
            while True:
                connection.sendall(b"\x7f" * (1 << 16))

    (wrong,), told = _tried(f"{_PLAIN}frame: {frame}\n", serve)
    assert wrong.startswith("ann is not in: what fits joined did not come: the server sent a frame without end")
    assert told == []


@pytest.mark.slow
def test_what_came_without_the_end_of_a_frame_is_shown() -> None:
    def serve(connection: socket.socket, _: Address) -> None:
        with connection:
            connection.sendall(b"OK\0")
            connection.recv(1)

    assert _tried(_PLAIN, serve)[0] == [
        r"ann is not in: what fits joined did not come within 5 s; 'OK\u0000' came, and no end of it: "
        "should frame: be another?"
    ]
    assert _tried(_PLAIN + 'frame: {end: "\\0"}\n', serve)[0][0].startswith("ann did not hear ann say")


@pytest.mark.slow
def test_a_server_that_does_not_end_the_connection_of_who_leaves_is_told() -> None:
    here: list[socket.socket] = []

    def serve(connection: socket.socket, _: Address) -> None:
        here.append(connection)
        connection.sendall(b"OK\n")
        while data := connection.recv(100):
            for one in here:
                one.sendall(b"ann: " + data)
        sleep(60)

    wrong, told = _tried(_PLAIN, serve)
    assert wrong == ["ann said goodbye, and the server did not end the connection within 5 s"]
    assert told == []


def test_who_is_refused_is_told_why_at_once() -> None:
    def serve(connection: socket.socket, _: Address) -> None:
        with connection:
            connection.sendall(b"NO: that name is taken\n")
            connection.recv(1)

    wrong, told = _tried(f'{_PLAIN}refused: "NO: {{why}}"\n', serve)
    assert wrong == ["ann was not let in: that name is taken"]
    assert told == []


@pytest.mark.parametrize(
    ("line", "why"), [("OK, ann", "behind 'OK' stands \", ann\""), ("now OK", "before 'OK' stands \"now \"")]
)
def test_what_stands_around_a_text_that_fits_is_told(line: str, why: str) -> None:
    def serve(connection: socket.socket, _: Address) -> None:
        with connection:
            connection.sendall(f"{line}\n".encode())

    _, told = _tried(_PLAIN, serve)
    assert told == [f"nearest is joined: OK, but {why}"]


def test_what_comes_again_and_again_is_counted_and_not_shown_each_time(tmp_path: Path) -> None:
    def serve(connection: socket.socket, _: Address) -> None:
        with connection, suppress(OSError):
            connection.sendall(b"a beat\n" * 1_000 + b"OK\n" + b"a beat\n" * 2)

    protocol = tmp_path / "theirs.yaml"
    protocol.write_text(f"{_PLAIN}ignore: [a beat]\n")
    server = StreamServer(("127.0.0.1", 0), serve)
    server.start()
    try:
        words = ("bots.cli", "try", f"127.0.0.1:{server.server_port}", "--protocol", str(protocol))
        ran = get_hub().threadpool.apply(run, words)
    finally:
        server.stop()
    shown = [" ".join(line.split()) for line in ran.out.splitlines() if line.startswith("ann ←")]
    beat = "ann ← a beat ignore"
    assert shown == [beat, beat, beat, "ann ← the same 997 times more", "ann ← OK joined", beat, beat]


def test_why_a_server_closed_the_websocket_is_told() -> None:
    def serve(connection: socket.socket, _: Address) -> None:
        with connection, connection.makefile("rb") as lines:
            headers = dict(
                line.decode().rstrip().split(": ", 1) for line in iter(lines.readline, b"\r\n") if b": " in line
            )
            accepted = accept_key(headers["Sec-WebSocket-Key"])
            connection.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + f"Sec-WebSocket-Accept: {accepted}\r\n\r\n".encode()
                + b"\x88\x08\x03\xf0no key"
            )
            lines.read()

    assert _tried(_PLAIN.replace("tcp", "websocket"), serve)[0] == [
        "ann is not in: what fits joined did not come: the server closed the WebSocket: 1008 (policy violation) no key"
    ]
