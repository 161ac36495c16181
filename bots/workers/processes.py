"""Workers as processes of this machine, and the port at which others are waited for."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence

import gevent
from gevent import socket

from bots.scenario.units import counted
from geventchat.protocol.address import show
from geventchat.protocol.errors import UsageError

# How long workers that were started here have to end.
_END_S = 5.0
# More on each core would do nothing but fill the memory, of which each takes some 70 MB.
_MOST_PER_CORE = 16


def check_free(host: str, port: int) -> None:
    """Raise UsageError if workers cannot be waited for there."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trying:
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trying.bind((host, port))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(f"workers cannot be waited for at {show((host, port))}: {why}") from None


def check_startable(count: int) -> None:
    """Raise UsageError if these are more workers than a machine such as this has any use for."""
    cores = os.cpu_count() or 1
    if count > (most := _MOST_PER_CORE * cores):
        on = counted(cores, "core")
        raise UsageError(
            f"--workers {count}: no more than {most} are started on a machine with {on}; "
            "others may come from elsewhere: --bind HOST:PORT"
        )


def start_process(port: int) -> "subprocess.Popen[bytes]":
    """Start a worker here, which ends when its standard input does, whatever becomes of us."""
    words = [sys.executable, "-m", "bots.cli", "worker", f"127.0.0.1:{port}", "--until-input-ends"]
    # In a session of its own, so that Ctrl-C at the terminal reaches the master, and the master then the workers.
    return subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603


def end_processes(processes: "Sequence[subprocess.Popen[bytes]]") -> None:
    """Have workers end that were started here, all at once."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    deadline = time.monotonic() + _END_S
    while any(process.poll() is None for process in processes) and time.monotonic() < deadline:
        gevent.sleep(0.02)
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()
