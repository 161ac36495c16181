"""The server that a scenario runs against: the one that was named, or one of our own."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from geventchat.protocol import address as addresses
from geventchat.protocol.address import Address
from geventchat.protocol.errors import ServerUnavailable
from geventchat.system import open_files

# On a free port, nobody is slowed down, nothing is kept; it ends when its standard input does, whatever becomes of us.
_OWN_SERVER = (
    *("-m", "geventchat.cli.serve", "--listen", "127.0.0.1:0", "--rate", "off", "--history", "none"),
    *("--log-level", "error", "--until-input-ends"),
)


@contextmanager
def servers_at(named: Sequence[Address]) -> Iterator[tuple[Sequence[Address], str]]:
    """Yield the addresses of the servers, and what to call them; with none, of one of our own.

    Raises ServerUnavailable if that does not start.
    """
    if named:
        yield named, f"the server{'s' * (len(named) > 1)} at {', '.join(map(addresses.show, named))}"
    else:
        with _own_server() as own:
            yield [own], f"a server started for this run, at {addresses.show(own)}"


def allow_many_connections() -> None:
    """Allow this process, and the server that it may start, as many connections as the machine does."""
    open_files.allow()


@contextmanager
def _own_server() -> Iterator[Address]:
    """Run a server as a process of its own: what it can do slows the bots down, and nothing else."""
    # In a session of its own, so that Ctrl-C at the terminal ends the run, and the run then the server.
    with subprocess.Popen(  # noqa: S603
        [sys.executable, *_OWN_SERVER],
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
