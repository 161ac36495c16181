"""Our commands as processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.raw import Address


@dataclass
class Serving:
    """A running geventchat-serve: where it listens, how it introduced itself, and its errors once it has ended."""

    process: "subprocess.Popen[str]"
    address: Address
    introduction: str
    errors: str = ""

    def end(self, number: int = signal.SIGTERM, timeout: float = 10) -> int:
        """Send a signal and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, self.errors = self.process.communicate(timeout=timeout)
        return self.process.returncode


@contextmanager
def serving(*options: str, through: str | None = None, stderr: int = subprocess.PIPE) -> Iterator[Serving]:
    """Run geventchat-serve on a free port until the block ends, without a history on disk unless one is asked for.

    It runs `through` a module that takes a command as its arguments, if one is given.
    """
    process = start_server(*options, through=through, stderr=stderr)
    assert process.stdout is not None
    introduction = ""
    while "JSON Lines" not in introduction:
        line = process.stdout.readline()
        assert line, process.communicate()
        introduction += line
    port = int(introduction.split(";")[0].rsplit(":", 1)[1])
    server = Serving(process, ("127.0.0.1", port), introduction)
    try:
        yield server
    finally:
        if process.stdout is not None and not process.stdout.closed:
            server.end()
        fail_at_traceback(server.errors or "")  # there are none where they went elsewhere


def start_server(
    *options: str, through: str | None = None, stdout: int = subprocess.PIPE, stderr: int = subprocess.PIPE
) -> "subprocess.Popen[str]":
    """Start geventchat-serve; it ends with us, even if we are killed."""
    defaults = {"--listen": "127.0.0.1:0"} if "--redis" in options else {"--listen": "127.0.0.1:0", "--history": "none"}
    given = [word for option, value in defaults.items() if option not in options for word in (option, value)]
    module = ([through] if through else []) + ["geventchat.cli.serve"]
    command = [sys.executable, "-m", *module, "--until-input-ends", *given, *options]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout, stderr=stderr, text=True)


def fail_at_traceback(errors: str) -> None:
    """Fail if one of our programs has written a traceback: errors of users and of the machine are told in a line."""
    assert "Traceback" not in errors, errors


def run(
    module: str, *arguments: str, given: str = "", environment: dict[str, str] | None = None, may_fail: bool = False
) -> "Ran":
    """Run one of our commands to its end, which is no traceback unless it `may_fail` so."""
    command: Sequence[str] = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    if not may_fail:
        fail_at_traceback(done.stderr)
    return Ran(done.returncode, done.stdout, done.stderr)


@dataclass
class Ran:
    """How a command ended."""

    status: int
    out: str
    errors: str
