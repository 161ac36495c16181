"""Runs a command of ours with what only Unix has taken away: modules, signals, and writing to sockets by number.

python -m tests.without_unix geventchat.cli.serve --listen 127.0.0.1:0
"""

import os
import runpy
import signal
import socket
import stat
import sys
from collections.abc import Callable
from typing import Any

_MODULES = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")
_SIGNALS = ("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH")
_TCP_OPTIONS = ("TCP_CORK", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
_SYSTEM_CALLS = ("chown", "fork", "getuid", "mkfifo", "set_blocking")


def take_away() -> None:
    """Leave this process what Python offers on Windows too, so far as our own code could use it."""
    for name in _MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # so that importing it fails
    for module, names in ((signal, _SIGNALS), (socket, _TCP_OPTIONS), (os, _SYSTEM_CALLS)):
        for name in names:
            delattr(module, name)
    for name in ("read", "write"):
        setattr(os, name, _refusing_sockets(getattr(os, name)))


def _refusing_sockets(call: Callable[[int, Any], Any]) -> Callable[[int, Any], Any]:
    def refuse(fd: int, data: Any) -> Any:
        if stat.S_ISSOCK(os.fstat(fd).st_mode):
            raise OSError(9, "Bad file descriptor")
        return call(fd, data)

    return refuse


if __name__ == "__main__":
    import gevent.monkey  # gevent itself may use what there is on this system
    import gevent.socket
    import gevent.threadpool  # noqa: F401

    take_away()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
