"""A server as a process of its own: signals, log lines, and a word on how to join."""

import gc
import logging
import os
import resource
import signal
from collections.abc import Callable
from contextlib import closing

import gevent
from gevent.event import Event

from geventchat.core.log import Log
from geventchat.protocol import address
from geventchat.protocol.limits import Limits
from geventchat.server.server import ChatServer
from geventchat.system.stdio import print_nowhere

logger = logging.getLogger("geventchat")

# A full collection with 10,000 sessions would hold the loop for 0.2 s and find nothing, for sessions leave no cycles.
# What is young is collected as ever.
_GC_THRESHOLDS = (700, 10, 1_000_000)


def serve(listen: tuple[str, int], limits: Limits, open_log: Callable[[], Log], greet_with: int, log_level: str) -> int:
    """Serve until the first SIGTERM or SIGINT; a second one ends the process at once. Return the exit status.

    Raises UsageError for what cannot be served.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=log_level.upper())
    _raise_open_files(limits.max_users)
    gc.set_threshold(*_GC_THRESHOLDS)
    ended = Event()

    def end() -> None:
        if ended.is_set():
            os._exit(1)
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, end)
    with (
        closing(open_log()) as events,
        ChatServer(listen, limits=limits, log=events, greet_with=greet_with) as server,
    ):
        try:
            print(_how_to_join(server.address), flush=True)
        except OSError:  # whoever started us has read enough, or has no room for it
            print_nowhere()
        logger.info("what is said is kept in %s", events.location)
        gevent.wait([ended, server.failed], count=1)
        if server.failed.is_set():
            return 1
        logger.info("stopping: telling everyone, sending what was said")
    return 0


def _how_to_join(at: tuple[str, int]) -> str:
    host, port = at
    if host in ("0.0.0.0", "::"):  # noqa: S104 - the user asked for every address; show one that can be typed
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    return (
        f"geventchat serves on {address.show(at)}; join with\n"
        f"  geventchat-client {address.show((host, port))}\n"
        f"  nc {host} {port}\n"
        f"  telnet {host} {port}\n"
        f'  a program: JSON Lines, first {{"type":"hello","nick":"alice"}}'
    )


def _raise_open_files(users: int) -> None:
    """Let the process hold a socket for every user, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = users + 100
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < users:
        logger.warning("only %d open files allowed, fewer than --max-users %d; raise ulimit -n", wanted, users)
