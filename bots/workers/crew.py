"""The master and its workers: they are waited for, play scenarios together, and are asked what their users heard."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import gevent
from gevent import socket
from gevent.event import Event as Signal

from bots.ledger.histogram import Histogram
from bots.parts.merge import merge
from bots.parts.part import Answer, Question
from bots.parts.timeline import SummedTimeline
from bots.report.outcome import Outcome, WorkerSeen
from bots.workers import locust_engine
from bots.workers.errors import TooFewWorkers
from bots.workers.meetings import Meetings
from bots.workers.messages import (
    DIRECT,
    FOR_OTHERS,
    Answered,
    Arrived,
    Ask,
    Failed,
    Forget,
    Hello,
    Job,
    Played,
    Refused,
    State,
    Stop,
    Time,
    ToMaster,
    ToWorker,
    WhatTime,
    decode_to_master,
    encode,
)
from bots.workers.page import begin, end, open_page
from geventchat import __version__
from geventchat.protocol.address import show
from geventchat.protocol.errors import ServerUnavailable, UsageError

# How often it is looked whether all workers are still there.
_LOOK_S = 0.25
# How long workers have to stop when they are told to.
_STOP_S = 20.0
# How long workers that were started here have to end.
_END_S = 5.0
# A script goes on so much after all have come to a place: until then, all have been told.
_LEAD_S = 0.002


@dataclass
class _Member:
    """A worker, as the master knows it."""

    id: str  # Locust's
    part: int
    name: str
    seen: WorkerSeen = field(default_factory=lambda: WorkerSeen(""))
    played: Played | None = None
    answer: Answer | None = None


class Crew:
    """So many workers, at a bound address."""

    def __init__(self, environment: Any, count: int, say: Callable[[str], None]) -> None:
        self._environment = environment
        self._runner = runner = environment.runner
        self._is_to_stop = False
        self._count = count
        self._say = say
        self._members: dict[str, _Member] = {}
        self._changed = Signal()
        self._outcome: Outcome | None = None
        self._meetings = Meetings(count)
        self._no_server = ""
        self._sent_away: list[str] = []
        runner.register_message(DIRECT, self._hear)
        runner.register_message(FOR_OTHERS, self._pass_on)

    def wait(self, seconds: float) -> None:
        """Wait until all workers are there. Raises TooFewWorkers."""
        deadline = time.monotonic() + seconds
        while len(self._members) < self._count:
            self._changed.clear()
            if not self._changed.wait(max(0.0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                there, away = len(self._members), "".join(f"; {why}" for why in self._sent_away)
                raise TooFewWorkers(
                    f"only {there} of {self._count} workers were there within {seconds:g} s; "
                    f"start more with geventchat-bots worker HOST:PORT, or wait longer with --wait{away}"
                )

    def play(self, outcome: Outcome, job: Callable[[int], Job]) -> None:
        """Have all workers play their part; `job` returns that. Notes in the outcome what all have seen.

        Raises ServerUnavailable if no server answers.
        """
        self._outcome, self._meetings, self._no_server = outcome, Meetings(self._count), ""
        outcome.timeline = timeline = SummedTimeline()
        outcome.workers = [member.seen for member in self._members.values()]
        for member in self._members.values():
            member.played = member.answer = None
            member.seen.begin()
            self._send(member, job(member.part))
        self._is_to_stop = False
        begin(self._environment, ", ".join(map(show, job(0).servers)))
        try:
            self._wait_for(lambda: self._is_to_stop or self._has_ended())
        except KeyboardInterrupt:
            self._is_to_stop = True
        self._stop_those_who_play()
        end(self._environment)
        if self._no_server:
            raise ServerUnavailable(self._no_server)
        played = [one.played for one in self._members.values() if one.played is not None]
        for one in played:
            timeline.span(one.first_said, one.last_heard)
        outcome.settled = len(played) == self._count and all(one.settled for one in played)
        outcome.guessed = any(one.guessed for one in played)
        outcome.seconds = max((one.seconds for one in played), default=0.0)
        outcome.rate = next((one.rate for one in played if one.rate is not None), None)
        outcome.until = min((one.until for one in played), default=outcome.until)
        outcome.interrupted = self._is_to_stop and not (outcome.settled or outcome.guessed)
        outcome.users = _most(change for one in played for change in one.came_and_went)
        for member in self._members.values():
            outcome.lag.merge(member.seen.lag)
        if not any(one.seen.lost for one in self._members.values()):
            self._judge(outcome)
        for member in self._members.values():
            self._send(member, Forget())
        self._outcome = None

    def _judge(self, outcome: Outcome) -> None:
        """Have the ledgers of all workers judged as one."""
        errors = sorted(one.seen.clock_error_s for one in self._members.values())
        outcome.clock_error_s = sum(errors[-2:])
        names = [actor.name for actor in outcome.scenario.actors]
        try:
            ledgers = merge(
                self._ask,
                self._count,
                names,
                per_sender=outcome.is_ordered_per_sender,
                until=outcome.until,
                # Who is whispered to is there from when that is sent, by one and the same clock.
                clock_error_s=lambda name: 0.0 if name.startswith("whispers ") else outcome.clock_error_s,
            )
        except _LostWorker:
            return
        outcome.rooms = {name[5:]: ledger for name, ledger in ledgers.items() if name.startswith("room ")}
        outcome.whispers = {name[9:]: ledger for name, ledger in ledgers.items() if name.startswith("whispers ")}

    def _ask(self, questions: Sequence[Question]) -> list[Answer]:
        members = list(self._members.values())
        for member, question in zip(members, questions, strict=True):
            member.answer = None
            self._send(member, Ask(question))
        self._wait_for(lambda: all(one.answer is not None or one.seen.lost for one in members))
        answers = [one.answer for one in members if one.answer is not None]
        if len(answers) < len(members):
            raise _LostWorker
        return answers

    def _stop_those_who_play(self) -> None:
        """Stop the workers who have not played their part to its end, and wait for what they have seen."""
        playing = [one for one in self._members.values() if one.played is None and not one.seen.lost]
        for one in playing:
            self._send(one, Stop())
        deadline = time.monotonic() + _STOP_S
        self._wait_for(
            lambda: all(one.played is not None or one.seen.lost for one in playing) or time.monotonic() > deadline
        )
        for one in playing:
            if one.played is None and not one.seen.lost:
                one.seen.lost = "did not stop"

    def stop(self) -> None:
        """Stop the run, as Ctrl-C does."""
        self._is_to_stop = True
        self._changed.set()

    def _has_ended(self) -> bool:
        """Whether all have played their part, or the run cannot go on as it was meant to."""
        played = [one.played for one in self._members.values() if one.played is not None]
        is_lost = any(one.seen.lost for one in self._members.values())
        is_cut_short = any(not (one.settled or one.guessed) for one in played)
        return bool(self._no_server) or is_lost or is_cut_short or len(played) == self._count

    def _wait_for(self, done: Callable[[], bool]) -> None:
        while not done():
            self._look_for_lost()
            self._changed.clear()
            self._changed.wait(_LOOK_S)

    def _look_for_lost(self) -> None:
        for member in self._members.values():
            client = self._runner.clients.get(member.id)
            if not member.seen.lost and (client is None or client.state == "missing"):
                member.seen.lost = "was lost"

    # What workers say.

    def _send(self, member: _Member, message: ToWorker) -> None:
        self._runner.send_message(DIRECT, encode(message), member.id)

    def _pass_on(self, environment: Any, msg: Any) -> None:
        del environment
        for member in self._members.values():
            if member.id != msg.node_id:
                self._runner.send_message(FOR_OTHERS, msg.data, member.id)

    def _hear(self, environment: Any, msg: Any) -> None:
        del environment
        message = decode_to_master.decode(msg.data)
        if isinstance(message, WhatTime):
            self._runner.send_message(DIRECT, encode(Time(message.asked, time.monotonic())), msg.node_id)
        elif isinstance(message, Hello):
            self._welcome(msg.node_id, message)
        elif (member := self._members.get(msg.node_id)) is not None:
            self._hear_member(member, message)
        self._changed.set()

    def _welcome(self, worker: str, hello: Hello) -> None:
        why = ""
        if hello.version != __version__:
            why = f"the worker at {hello.host} is geventchat {hello.version}, and this is {__version__}"
            self._sent_away.append(why)
        elif len(self._members) >= self._count:
            why = f"there are {self._count} workers already"
        if why:
            self._runner.send_message(DIRECT, encode(Refused(why)), worker)
            return
        part = len(self._members)
        name = f"worker {part + 1} ({hello.host}, process {hello.process})"
        self._members[worker] = _Member(worker, part, name, WorkerSeen(name))
        self._say(f"{part + 1} of {self._count} workers: {hello.host}, process {hello.process}")

    def _hear_member(self, member: _Member, message: ToMaster) -> None:
        outcome = self._outcome
        match message:
            case Arrived():
                if go := self._meetings.arrive(member.part, message, time.monotonic() + _LEAD_S):
                    for one in self._members.values():
                        self._send(one, go)
                    if outcome is not None and go.place == "all in":
                        outcome.began = go.at
            case State() if outcome is not None:
                member.seen.users, member.seen.wrong = message.users, message.wrong
                member.seen.lag = Histogram.from_bytes(message.lag)
                member.seen.clock_error_s = message.clock_error_s
                outcome.failures += message.failures
                outcome.users = max(outcome.users, sum(one.seen.users for one in self._members.values()))
                assert isinstance(outcome.timeline, SummedTimeline)
                for second in message.seconds:
                    latency = Histogram.from_bytes(second.latency)
                    outcome.timeline.add(second.at, second.said, second.delivered, latency)
            case Played():
                member.played = message
            case Answered(answer=answer):
                member.answer = answer
            case Failed(why=why, no_server=True):
                self._no_server = why
                member.seen.lost = why
            case Failed(why=why):
                member.seen.lost = f"failed: {why}"


class _LostWorker(Exception):
    """A worker was lost while it was asked."""


def _most(changes: Any) -> int:
    """Return how many users were there at most at one time, from when one more or one less was."""
    return max(accumulate(change for _, change in sorted(changes)), default=0)


@contextmanager
def crew(
    count: int, bind: tuple[str, int] | None, wait_s: float, say: Callable[[str], None], web: int | None = None
) -> Iterator[Crew]:
    """Yield a crew of so many workers, with Locust's page on the port `web`, if there is to be one.

    They are started here, if it is not said where to wait for them. Raises TooFewWorkers and UsageError.
    """
    environment = locust_engine.environment()
    host, port = bind or ("127.0.0.1", 0)
    if port:
        _check_free(host, port)
    runner = environment.create_master_runner(host, port)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        made = Crew(environment, count, say)
        if bind is None:
            processes += [_start(runner.server.port) for _ in range(count)]
        else:
            say(f"waiting for {count} of: geventchat-bots worker {show(bind)}")
        if web is not None:
            say(f"Locust's page: {open_page(environment, web, made.stop)}")
        made.wait(wait_s)
        yield made
    finally:
        runner.quit()
        for process in processes:
            _end(process)


def _check_free(host: str, port: int) -> None:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trying:
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trying.bind((host, port))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(f"workers cannot be waited for at {show((host, port))}: {why}") from None


def _start(port: int) -> "subprocess.Popen[bytes]":
    """Start a worker here, which ends when its standard input does, whatever becomes of us."""
    words = [sys.executable, "-m", "bots.cli", "worker", f"127.0.0.1:{port}", "--until-input-ends"]
    # In a session of its own, so that Ctrl-C at the terminal reaches the master, and the master then the workers.
    return subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603


def _end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.close()
    deadline = time.monotonic() + _END_S
    while process.poll() is None and time.monotonic() < deadline:
        gevent.sleep(0.02)
    if process.poll() is None:
        process.kill()
    process.wait()
