"""Runs with workers: they are had for as long as there are scenarios to play; and the verb `worker`."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from geventchat.cli.connecting import vouching
from geventchat.protocol import address
from geventchat.protocol.address import Address
from geventchat.protocol.errors import UsageError
from geventchat.system.stdio import write_error

if TYPE_CHECKING:
    from bots.protocols.registry import Spoken
    from bots.report.outcome import Outcome
    from bots.scenario.model import Scenario
    from bots.workers.crew import Crew

_WAIT_S = 60.0
_OF_WORKERS = ("bind", "wait", "web")
_HERE = ("127.", "localhost")


@contextmanager
def workers(options: argparse.Namespace, named: Sequence[Address]) -> "Iterator[Crew | None]":
    """Yield the workers that the options ask for; None if all is to be played in this process.

    Raises UsageError, and TooFewWorkers.
    """
    if options.workers is None:
        for option in _OF_WORKERS:
            if getattr(options, option) is not None:
                raise UsageError(f"--{option} is for runs with workers; say how many: --workers N")
        yield None
        return
    bind = None if options.bind is None else address.parse(options.bind)
    if bind is not None and not named and not bind[0].startswith(_HERE):
        raise UsageError("--bind needs --server HOST:PORT: a server that workers on other machines reach")
    if bind is not None and ":" in bind[0]:
        raise UsageError("--bind needs a name or an IPv4 address: Locust waits for workers on those")
    from bots.workers.crew import crew

    wait_s = _WAIT_S if options.wait is None else options.wait
    with crew(options.workers, bind, wait_s, _say, options.web) as made:
        yield made


def play(
    made: "Crew",
    outcome: "Outcome",
    servers: Sequence[Address],
    spoken: "Spoken",
    options: argparse.Namespace,
) -> None:
    """Have workers play a scenario, and note in the outcome what they have seen. Raises ServerUnavailable."""
    from bots.workers.messages import Job

    scenario, outcome.framed = outcome.scenario, spoken.make("").framed
    source, beside = _files(scenario)
    protocol = Path(spoken.name).read_bytes() if spoken.option == "--protocol" else None

    tls, authorities = _trusted(vouching(options, spoken.tls))

    def job(part: int) -> Job:
        return Job(
            part=part,
            parts=options.workers,
            file=scenario.file,
            source=source,
            beside=beside,
            seed=scenario.seed,
            only=options.only,
            speed=options.speed,
            join_rate=options.join_rate,
            servers=list(servers),
            tls=tls,
            authorities=authorities,
            dialect=spoken.name,
            protocol=protocol,
            password=spoken.password,
        )

    made.play(outcome, job)


def work(options: argparse.Namespace) -> int:
    """Be a worker until the master ends; return the exit status. Raises UsageError."""
    at = address.parse(options.master)
    if ":" in at[0] or not at[1]:
        meant = "a name or an IPv4 address, and a port from 1 on"
        raise UsageError(f"no geventchat-bots --workers waits at {address.show(at)}: it takes {meant}")
    from bots.engine.interrupt import interruptible
    from bots.workers.worker import Worker, end_with_input

    with interruptible():
        if options.until_input_ends:
            end_with_input()
        else:
            _say(f"for a master at {address.show(at)}; Ctrl-C ends it")
        return Worker(at).work()


def _trusted(who: str) -> "tuple[Literal['', 'known', 'system', 'file'], bytes]":
    """Return whom workers are to trust inside TLS, where this vouches for the server: see `vouching`."""
    match who:
        case "":
            return "", b""
        case "true":
            return "known", b""
        case "system":
            return "system", b""
    return "file", Path(who).read_bytes()


def _files(scenario: "Scenario") -> tuple[bytes, dict[str, bytes]]:
    """Return a scenario's file, and those beside it that it reads. Raises UsageError if they are gone."""
    from bots.scenario.load import parse

    path, beside = Path(scenario.file), dict[str, bytes]()

    def read(name: str) -> bytes:
        beside[name] = (path.parent / name).read_bytes()
        return beside[name]

    try:
        source = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    parse(source, scenario.file, read)
    return source, beside


def _say(words: str) -> None:
    write_error(f"{words}\n")
