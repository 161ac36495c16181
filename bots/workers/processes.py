"""Workers as processes of this machine, and the port at which others are waited for."""

import subprocess
import sys
import time

import gevent
from gevent import socket

from geventchat.protocol.address import show
from geventchat.protocol.errors import UsageError

# How long workers that were started here have to end.
_END_S = 5.0


def check_free(host: str, port: int) -> None:
    """Raise UsageError if workers cannot be waited for there."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trying:
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trying.bind((host, port))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(f"workers cannot be waited for at {show((host, port))}: {why}") from None


def start_process(port: int) -> "subprocess.Popen[bytes]":
    """Start a worker here, which ends when its standard input does, whatever becomes of us."""
    words = [sys.executable, "-m", "bots.cli", "worker", f"127.0.0.1:{port}", "--until-input-ends"]
    # In a session of its own, so that Ctrl-C at the terminal reaches the master, and the master then the workers.
    return subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603


def end_process(process: "subprocess.Popen[bytes]") -> None:
    """Have a worker end that was started here."""
    assert process.stdin is not None
    process.stdin.close()
    deadline = time.monotonic() + _END_S
    while process.poll() is None and time.monotonic() < deadline:
        gevent.sleep(0.02)
    if process.poll() is None:
        process.kill()
    process.wait()
