"""What holds for every test: a time limit, no error that stays unnoticed, and no touch of the tester's own files."""

import faulthandler
import gc
import logging
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import gevent
import gevent.signal
import pytest
from hypothesis import settings

from tests.redis_server import RedisServer, running_redis

# No test waits for longer than this for something to happen; a test marked slow has ten times as long,
# and so has Hypothesis, to make a failure small.
TIME_LIMIT_S = 30.0

# Hundreds of processes are started: what the first of them has compiled, the others need not.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Four thousand tests are collected by each process: nothing of them is garbage.
gc.disable()

settings.register_profile("geventchat", deadline=None)  # a shared machine is slow when others are busy
settings.load_profile("geventchat")


def pytest_configure() -> None:
    """Let programs that tests start heed Ctrl-C and SIGHUP also where the tests run in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """Look for garbage again, though not among the tests."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True, scope="session")
def state_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep our commands away from what whoever runs the tests keeps in the folder for state."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


class TookTooLongError(BaseException):
    """A test took longer than it may: not an Exception, which the code under test might catch as one of its own."""


@pytest.fixture(autouse=True)
def time_limit(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that waits for what does not come; end the run if the test holds the loop so that nothing can."""
    patient = any(map(request.node.get_closest_marker, ("slow", "hypothesis")))
    seconds = TIME_LIMIT_S * (10 if patient else 1)
    faulthandler.dump_traceback_later(seconds * 2, exit=True)
    with gevent.Timeout(seconds, TookTooLongError(f"the test took more than {seconds:g} s")):
        yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True)
def children_left_alone() -> Iterator[None]:
    """Let the loop take no exit status of others' children: it does once gevent's subprocess was used."""
    yield
    if sys.platform != "win32":
        gevent.signal.signal(signal.SIGCHLD, signal.SIG_DFL)


class _Tracebacks(logging.Handler):
    """Keeps what is logged with a traceback."""

    def __init__(self, kept: list[str]) -> None:
        super().__init__()
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self._kept.append(logging.Formatter().format(record))


@pytest.fixture(autouse=True)
def unnoticed_errors(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Fail a test in which an error ended a greenlet or was only logged; who expects that clears this list."""
    errors: list[str] = []

    def note(context: Any, kind: Any, value: Any, trace: Any) -> None:
        errors.append(f"{context}\n" + "".join(traceback.format_exception(kind, value, trace)))

    monkeypatch.setattr(gevent.get_hub(), "print_exception", note)
    handler = _Tracebacks(errors)
    logging.getLogger().addHandler(handler)
    yield errors
    logging.getLogger().removeHandler(handler)
    assert not errors, "errors that nobody would have noticed:\n" + "\n".join(errors)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for all tests that leave it as it is; each uses databases of its own."""
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server
