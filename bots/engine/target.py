"""The server that a scenario runs against: the one named, the one at the default address, or one of our own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gevent import socket

from geventchat.protocol import address as addresses
from geventchat.protocol.errors import ServerUnavailable
from geventchat.system import open_files

DEFAULT = (addresses.DEFAULT_HOST, addresses.DEFAULT_PORT)
_ANSWER_S = 5.0


@contextmanager
def server_at(asked: tuple[str, int] | None) -> Iterator[tuple[tuple[str, int], str]]:
    """Yield a server's address and what it is. Raises ServerUnavailable if the one asked for is not there."""
    if asked is not None:
        if why := _silent(asked):
            raise ServerUnavailable(f"no server answers at {addresses.show(asked)} ({why})")
        yield asked, f"the server at {addresses.show(asked)}"
    elif not _silent(DEFAULT):
        yield DEFAULT, f"the server that answers at {addresses.show(DEFAULT)}"
    else:
        with _own_server() as own:
            yield own, f"a server started for this run, at {addresses.show(own)}"


def allow_many_connections() -> None:
    """Let this process, and the server that it may start, have as many connections as the machine lets them."""
    open_files.allow()


def _silent(address: tuple[str, int]) -> str:
    """Return why nobody answers there; nothing if somebody does."""
    try:
        socket.create_connection(address, _ANSWER_S).close()
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


@contextmanager
def _own_server() -> Iterator[tuple[str, int]]:
    """Run a server on a free port, as a process of its own; nobody is slowed down there but by what it can do."""
    command = [
        sys.executable,
        "-m",
        "geventchat.cli.serve",
        "--until-input-ends",  # with us, even if we are killed
        "--listen",
        "127.0.0.1:0",
        "--rate",
        "off",
        "--history",
        "none",
    ]
    # In a session of its own, so that Ctrl-C at the terminal ends the run, and the run then the server.
    with subprocess.Popen(  # noqa: S603
        [*command, "--log-level", "error"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            if not first:
                raise ServerUnavailable("a server of its own did not start; geventchat-serve says why")
            yield addresses.parse(first.partition(" on ")[2].partition(";")[0])
        finally:
            process.terminate()
