"""One worker: it plays its part of each scenario that the master sends, and answers what the master asks about it."""

import dataclasses
import os
import socket
import sys
import tempfile
import time
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
import gevent.socket
import msgspec
from gevent.event import Event
from gevent.queue import Queue

from bots.engine.interrupt import BrokenOff
from bots.engine.runner import Runner
from bots.engine.target import allow_many_connections
from bots.ledger.histogram import Histogram
from bots.parts.part import Part
from bots.protocols.registry import Spoken, by_name, with_password
from bots.report.outcome import Outcome
from bots.scenario.excerpt import excerpt
from bots.scenario.load import parse
from bots.workers import locust_engine
from bots.workers.clock import MasterClock
from bots.workers.conductor import WorkerConductor
from bots.workers.messages import (
    DIRECT,
    FOR_OTHERS,
    Answered,
    Ask,
    Failed,
    Forget,
    Go,
    Hello,
    Job,
    News,
    Played,
    Refused,
    Second,
    State,
    Stop,
    Time,
    ToMaster,
    ToWorker,
    WhatTime,
    decode_news,
    decode_to_worker,
    encode,
)
from bots.workers.numbering import Incoming, Outgoing
from bots.workers.page import Reported
from geventchat import __version__
from geventchat.protocol.address import Address, show
from geventchat.protocol.errors import ChatError, ServerUnavailable, UsageError

if TYPE_CHECKING:
    from geventchat.tls.trust import Trust

# The master is asked for its time so often in quick succession, before anything is played, and then now and then.
_FIRST_CLOCKS, _FIRST_CLOCK_S, _CLOCK_S = 12, 0.01, 1.0
# After so long without an answer, it is asked once more.
_CLOCK_PATIENCE_S = 2.0
# How often others are told what was said, and the master how it goes.
_NEWS_S = 0.05
_STATE_S = 0.5


class Worker:
    """A connection to the master at an address. Raises UsageError if there is none, or nobody answers for minutes."""

    def __init__(self, address: Address) -> None:
        try:
            gevent.socket.getaddrinfo(*address)
        except OSError as error:  # Locust would try for ever
            why = (error.strerror or str(error)).lower()
            raise UsageError(f"no geventchat-bots --workers can be at {show(address)}: {why}") from None
        environment = locust_engine.environment()
        try:
            self._runner = environment.create_worker_runner(*address)
        except ConnectionError:
            raise UsageError(f"no geventchat-bots --workers answers at {show(address)}") from None
        except SystemExit:  # Locust's answer to Ctrl-C while it waits for the master
            raise KeyboardInterrupt from None
        # What is told to a master who is gone waits here until that is noticed, a minute at most. With a limit, Locust
        # stops the whole process for seconds when it is met, and then fails.
        self._runner.client.socket.sndhwm = 0
        self._reported = Reported(environment)
        self._clock = MasterClock()
        self._outgoing, self._incoming = Outgoing(), Incoming()
        self._was_told, self._knows_time = Event(), Event()
        self._jobs: Queue[ToWorker | None] = Queue()
        self._me = gevent.getcurrent()
        self._conductor: WorkerConductor | None = None
        self._played: Runner | None = None
        self._early_news: list[News] = []  # from workers who began before this one
        self._was_stopped = self._is_left = False
        self._runner.last_heartbeat_timestamp = time.time()  # Locust waits for ever for who has never sent one
        self._hear_as_locust = self._runner.handle_message
        self._runner.handle_message = self._hear_any
        self._runner.register_message(DIRECT, self._hear)
        self._runner.register_message(FOR_OTHERS, self._hear_news)
        self._send(Hello(__version__, socket.gethostname(), os.getpid()))
        gevent.spawn(self._ask_for_time)
        gevent.spawn(self._leave_with_master)

    def work(self) -> int:
        """Play until the master ends; return the exit status."""
        part: Part | None = None
        while (message := self._jobs.get()) is not None:
            match message:
                case Refused(why=why):
                    raise UsageError(why)
                case Job():
                    part = self._play(message)
                case Ask(question=question) if part is not None:
                    # In a thread, so that the master goes on hearing that this worker lives.
                    self._send(Answered(gevent.get_hub().threadpool.apply(part.answer, (question,))))
                case _:
                    part = None
                    self._early_news.clear()
        return 0

    def _send(self, message: ToMaster) -> None:
        self._runner.send_message(DIRECT, self._outgoing.number(encode(message)))

    def _tell(self, news: News) -> None:
        self._runner.send_message(FOR_OTHERS, self._outgoing.number(encode(news)))

    def _take(self, msg: Any) -> bytes:
        """Take in a message of the master's, and return what it says; tell it if one was lost before that."""
        number, data = msg.data
        if not self._incoming.is_next(number):
            self._send(Failed("its connection broke for a moment, and it was not told something"))
        assert isinstance(data, bytes)
        return data

    def _hear_any(self, msg: Any) -> None:
        """Take in any message; who has not said what time it is, and tells a worker to begin, is Locust itself."""
        if msg.type == "spawn" and not self._knows_time.is_set():
            self._jobs.put(Refused("it is Locust itself that answers there, and no geventchat-bots --workers"))
        else:
            self._hear_as_locust(msg)

    def _hear(self, environment: Any, msg: Any) -> None:
        del environment
        try:
            message = decode_to_worker.decode(self._take(msg))
        except (TypeError, ValueError, msgspec.DecodeError):
            message = Refused(f"the master is of another version than {__version__}")
        match message:
            case Time(asked=asked, at=at):
                self._clock.read(asked, at, time.monotonic())
                self._was_told.set()
            case Go():
                if self._conductor is not None:  # else this part was stopped while others were still on their way there
                    self._conductor.go(message)
            case Stop(at_once=at_once):
                self._was_stopped = True
                gevent.get_hub().loop.run_callback(self._interrupt, BrokenOff if at_once else KeyboardInterrupt)
            case _:
                if isinstance(message, Forget):
                    self._was_stopped = False  # also by a stop that came when all had been played: not for what follows
                self._jobs.put(message)

    def _interrupt(self, how: type[KeyboardInterrupt]) -> None:
        """End what is being played, if it has not ended meanwhile; called in the loop."""
        if self._played is not None and self._played.is_playing:
            self._me.throw(how)

    def _hear_news(self, environment: Any, msg: Any) -> None:
        del environment
        news = decode_news(self._take(msg))
        if self._conductor is not None and self._played is not None:
            self._conductor.hear_news(news, self._played.group)
        else:
            self._early_news.append(news)

    def _ask_for_time(self) -> None:
        number = 0
        while True:
            self._was_told.clear()
            self._send(WhatTime(time.monotonic()))
            number += self._was_told.wait(_CLOCK_PATIENCE_S)
            if number == _FIRST_CLOCKS:
                self._knows_time.set()
            gevent.sleep(_FIRST_CLOCK_S if number < _FIRST_CLOCKS else _CLOCK_S)

    def _leave_with_master(self) -> None:
        self._runner.greenlet.join()
        self._is_left = True
        self._jobs.put(None)
        self._knows_time.set()
        gevent.get_hub().loop.run_callback(self._interrupt, BrokenOff)

    def _play(self, job: Job) -> Part | None:
        """Play a part of a scenario; return what answers about it."""
        allow_many_connections()
        try:
            self._knows_time.wait()
            if self._is_left:
                return None
            scenario = parse(job.source, job.file, job.beside.__getitem__)
            scenario = dataclasses.replace(scenario, seed=job.seed)
            if job.only is not None:
                scenario = excerpt(scenario, *job.only) or scenario
            conductor = WorkerConductor(scenario, job.part, job.parts, self._clock, self._send, self._tell)
            server, *others = job.servers
            runner = Runner(
                *(scenario, server, _spoken(job).make, job.speed, others, _trust(job)),
                join_rate=job.join_rate,
                conductor=conductor,
            )
            runner.outcome.share_of = partial(conductor.share_of, runner.group)
            self._conductor, self._played = conductor, runner
            for news in self._early_news:
                conductor.hear_news(news, runner.group)
            self._early_news.clear()
            return self._run(runner, conductor)
        except ServerUnavailable as error:
            self._send(Failed(str(error), no_server=True))
        except ChatError as error:
            self._send(Failed(str(error)))
        except Exception as error:
            traceback.print_exc()
            self._send(Failed(f"{type(error).__name__}: {error}"))
        finally:
            self._conductor = self._played = None
        return None

    def _run(self, runner: Runner, conductor: WorkerConductor) -> Part:
        outcome = runner.outcome
        reporting = _Reporting(outcome, self._clock, self._reported)
        self._reported.begin(outcome)
        ticking = [gevent.spawn(_every, _NEWS_S, conductor.tell_news)]
        ticking.append(gevent.spawn(_every, _STATE_S, lambda: self._send(reporting.state())))
        try:
            if self._was_stopped:
                outcome.interrupted = True
            else:
                runner.run()
        finally:
            gevent.killall(ticking)
            self._reported.end()
        if outcome.interrupted and not (self._was_stopped or self._is_left):
            raise KeyboardInterrupt  # pressed here
        conductor.tell_news()
        # All times that are told from here on must fit together, and be as exact as the last state says.
        reporting.clock = self._clock.as_it_is()
        clock = reporting.clock.to_master
        self._send(reporting.state())
        timeline = outcome.timeline
        self._send(
            Played(
                clock(outcome.began) if outcome.began else 0.0,
                outcome.seconds,
                clock(timeline.begin),
                clock(timeline.end) if timeline.delivered else 0.0,
                settled=outcome.settled,
                guessed=outcome.guessed,
                until=clock(outcome.until),
                rate=outcome.rate,
                came_and_went=[(clock(at), change) for at, change in outcome.came_and_went],
                looked_away=[(clock(begin), clock(end)) for begin, end in outcome.looked_away],
            )
        )
        return Part(outcome.ledgers, [*runner.group.world.identities.nicks()], clock)


def end_with_input() -> None:
    """End this process when its standard input does: who started it is gone then."""

    def wait() -> None:
        while gevent.get_hub().threadpool.apply(os.read, (0, 4096)):
            pass
        os._exit(0)

    gevent.spawn(wait)


class _Reporting:
    """Says how it goes, from one time to the next."""

    def __init__(self, outcome: Outcome, clock: MasterClock, reported: Reported) -> None:
        self._outcome = outcome
        self._reported = reported
        self.clock = clock
        self._seconds: list[Second] = []
        self._failures = self._unshown = 0  # that were told, and that are only counted
        outcome.timeline.ended = self._end

    def state(self) -> State:
        """Return what has come since the last time."""
        outcome = self._outcome
        for ledger in outcome.ledgers.values():
            ledger.count_all()
        outcome.timeline.tick(time.monotonic())
        seconds, self._seconds = self._seconds, []
        failures = outcome.failures[self._failures :]
        self._failures = len(outcome.failures)
        unshown, self._unshown = self._unshown, outcome.failures.many - self._failures
        users = sum(change for _, change in outcome.came_and_went)
        wrong = sum(outcome.anomalies.values())
        lags = outcome.lag.to_bytes(), outcome.looked_late.to_bytes()
        return State(users, seconds, *lags, failures, self._unshown - unshown, wrong, self.clock.error)

    def _end(self, at: int, said: int, delivered: int, latency: Histogram) -> None:
        self._reported.heard(latency)
        self._seconds.append(Second(round(self.clock.to_master(at)), said, delivered, latency.to_bytes()))


def _spoken(job: Job) -> Spoken:
    """Return the protocol that a job names or brings. Raises UsageError."""
    if job.protocol is None:
        return with_password(by_name(job.dialect), job.password)
    from bots.protocols.described import Described
    from bots.protocols.load import parse as parse_protocol

    made = Spoken("--protocol", job.dialect, partial(Described, parse_protocol(job.protocol, job.dialect)))
    return with_password(made, job.password)


def _trust(job: Job) -> "Trust | None":
    """Return whom a job says to trust inside TLS; None for no TLS. Raises UsageError."""
    if not job.tls:
        return None
    from geventchat.tls.trust import SYSTEM, Authorities, known_servers

    if job.tls == "known":
        return known_servers(lambda line: print(f"geventchat-bots: {line}", file=sys.stderr))
    if job.tls == "system":
        return Authorities(SYSTEM)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "authorities.pem"
        file.write_bytes(job.authorities)
        return Authorities(str(file))


def _every(seconds: float, do: Any) -> None:
    while True:
        gevent.sleep(seconds)
        do()
