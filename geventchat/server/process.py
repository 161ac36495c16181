"""A server as a process of its own: its log lines, its end, and a word on how to join."""

import gc
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial

import gevent
from gevent.event import Event

from geventchat.core.log import Log
from geventchat.protocol.address import Address
from geventchat.protocol.errors import UsageError
from geventchat.protocol.limits import Limits
from geventchat.server.access import Access
from geventchat.server.greeting import greeting
from geventchat.server.house_rules import HouseRules
from geventchat.server.live_settings import LiveSettings
from geventchat.server.log_lines import log_lines
from geventchat.server.server import ChatServer
from geventchat.system import open_files, service_manager, signals, starter
from geventchat.tls.server_keys import ServerKeys

logger = logging.getLogger("geventchat")

# A full collection with 10,000 sessions would hold the loop for 0.2 s and find nothing: who has gone leaves no cycles.
# What is young is collected as ever.
_GC_THRESHOLDS = (700, 10, 1_000_000)
# Returns the settings as they stand in their file now. Raises UsageError.
Again = Callable[[], LiveSettings]
# Files that a server has open besides its connections.
_OTHER_FILES = 100


def serve(
    listen: Sequence[tuple[str, int]],
    limits: Limits,
    open_log: Callable[[], Log],
    greet_with: int,
    *,
    access: Access | None = None,
    house_rules: HouseRules | None = None,
    hosts: Sequence[str] = (),
    log_level: str = "info",
    log_format: str = "text",
    again: Again | None = None,
    metrics: Address | None = None,
    until_input_ends: bool = False,
) -> int:
    """Serve until a signal asks the process to end; a second one ends it at once. Return the exit status.

    With `until_input_ends`, the end of the standard input asks too: the process that started this one is gone.
    A SIGHUP has the certificate read again, if there is one, and the settings, if `again` returns them anew.
    Raises UsageError for what cannot be served.
    """
    access = access or Access()
    has_terminal = sys.stdout is not None and sys.stdout.isatty()
    ended = Event()
    reload = Event()
    signals.on_end(ended.set, insist=lambda: os._exit(1), reload=reload.set if access.keys or again else None)
    if until_input_ends:
        gevent.spawn(_end_with_starter, ended)
    gc.set_threshold(*_GC_THRESHOLDS)
    gevent.config.track_greenlet_tree = False  # who spawned whom: 0.2 KB for each user, and nobody asks
    with log_lines(log_level, log_format):
        _allow_open_files(limits.max_users)
        with closing(open_log()) as log:
            rules = house_rules or HouseRules()
            server = ChatServer(
                *listen,
                limits=limits,
                log=log,
                greet_with=greet_with,
                hosts=hosts,
                access=access,
                house_rules=rules,
                metrics=metrics,
                listening=service_manager.listening(),
            )
            said = partial(greeting, access=access, has_terminal=has_terminal, moderator_link=rules.moderator_link)
            reading = gevent.spawn(_read_again_whenever, reload, server, access.keys, again)
            try:
                return _run(server, log, ended, said)
            finally:
                reading.kill()


def _run(server: ChatServer, log: Log, ended: Event, said: Callable[[Sequence[tuple[str, int]]], str]) -> int:
    with server:
        print(said(server.addresses))
        logger.info("what is said is kept in %s", log.location)
        service_manager.tell("READY=1")
        gevent.wait([ended, server.failed], count=1)
        if server.failed.is_set():
            return 1
        service_manager.tell("STOPPING=1")
        logger.info("stopping: telling everyone, sending what was said")
    return 0


def _read_again_whenever(asked: Event, server: ChatServer, keys: ServerKeys | None, again: Again | None) -> None:
    """Read again what was read at the start, whenever that is asked for; runs until killed."""
    before = again() if again is not None else None
    while asked.wait():
        asked.clear()
        if keys is not None:
            _read_keys(keys)
        if again is not None and before is not None:
            before = _read_settings(server, again, before)


def _read_keys(keys: ServerKeys) -> None:
    """Take the certificate and key as they are in their files now; connections that stand keep theirs."""
    try:
        keys.reload()
        logger.info("the certificate has been read again: %s", keys.certificate_fingerprint)
    except UsageError as error:
        logger.error("the certificate stays as it was: %s", error)


def _read_settings(server: ChatServer, again: Again, before: LiveSettings) -> LiveSettings:
    """Take the settings as they are now; return those that hold then."""
    try:
        now = again()
    except UsageError as error:
        logger.error("the settings stay as they were: %s", error)
        return before
    server.change(now)
    logging.getLogger().setLevel(now.log_level.upper())
    _allow_open_files(now.limits.max_users)
    if waiting := before.differing(now):
        logger.warning("the settings have been read again; these are taken at the next start: %s", ", ".join(waiting))
    else:
        logger.info("the settings have been read again")
    return replace(now, fixed=before.fixed)


def _end_with_starter(ended: Event) -> None:
    starter.wait_until_gone()
    ended.set()


def _allow_open_files(users: int) -> None:
    """Let the process hold a socket for every user, as far as the system allows."""
    allowed = open_files.allow(users + _OTHER_FILES)
    if allowed is not None and allowed < users:
        logger.warning("only %d open files allowed, fewer than --max-users %d; raise ulimit -n", allowed, users)
