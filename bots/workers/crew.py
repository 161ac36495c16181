"""The master and its workers: they are waited for, play scenarios together, and are asked what their users heard."""

import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import msgspec
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
from bots.workers.numbering import Incoming, Outgoing
from bots.workers.page import begin, end, open_page
from bots.workers.processes import check_free, check_startable, end_processes, start_process
from geventchat import __version__
from geventchat.protocol.address import show
from geventchat.protocol.errors import ServerUnavailable

# How often it is looked whether all workers are still there.
_LOOK_S = 0.25
# How long workers have to stop when they are told to.
_STOP_S = 20.0
# A script goes on so much after all have come to a place: until then, all have been told.
_LEAD_S = 0.002


@dataclass
class _Member:
    """A worker, as the master knows it."""

    id: str  # Locust's
    part: int
    name: str
    seen: WorkerSeen  # of what is being played, or will be
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
        self._outgoing: dict[str, Outgoing] = defaultdict(Outgoing)
        self._incoming: dict[str, Incoming] = defaultdict(Incoming)
        self._changed = Signal()
        self._outcome: Outcome | None = None
        self._meetings = Meetings(count)
        self._no_server = ""
        self._sent_away: list[str] = []
        runner.register_message(DIRECT, self._hear)
        runner.register_message(FOR_OTHERS, self._pass_on)

    def wait(self, seconds: float, started: Sequence["subprocess.Popen[bytes]"]) -> None:
        """Wait until all workers are there, of which these were started here. Raises TooFewWorkers."""
        deadline = time.monotonic() + seconds
        while len(self._members) < self._count:
            self._changed.clear()
            self._changed.wait(_LOOK_S)
            for member in [one for one in self._members.values() if self._is_lost(one)]:
                del self._members[member.id]
                self._say(f"{member.name} was lost; another one may come")
            if ended := [process for process in started if process.poll() is not None]:
                how = f"process {ended[0].pid} with status {ended[0].returncode}"
                raise TooFewWorkers(f"a worker that was started here has ended before the run began: {how}")
            if time.monotonic() > deadline and len(self._members) < self._count:
                there, away = len(self._members), "".join(f"; {why}" for why in self._sent_away)
                more = "" if started else "start more with geventchat-bots worker HOST:PORT, or "
                raise TooFewWorkers(
                    f"only {there} of {self._count} workers were there within {seconds:g} s; "
                    f"{more}wait longer with --wait{away}"
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
        have_all_ended = len(played) == self._count
        outcome.settled = have_all_ended and all(one.settled for one in played)
        outcome.guessed = have_all_ended and all(one.guessed for one in played)
        outcome.seconds = max((one.seconds for one in played), default=0.0)
        outcome.rate = next((one.rate for one in played if one.rate is not None), None)
        outcome.until = min((one.until for one in played), default=outcome.until)
        outcome.interrupted = self._is_to_stop and not (outcome.settled or outcome.guessed)
        outcome.looked_away = [span for one in played for span in one.looked_away]
        if have_all_ended:  # else it stays what workers said while they played
            outcome.users = _most(change for one in played for change in one.came_and_went)
        for member in self._members.values():
            outcome.lag.merge(member.seen.lag)
        outcome.clock_error_s = None
        if not any(one.seen.lost for one in self._members.values()):
            self._judge(outcome)
        for member in self._members.values():
            self._send(member, Forget())
            member.seen = WorkerSeen(member.name, lost=member.seen.lost)
        self._outcome = None

    def _judge(self, outcome: Outcome) -> None:
        """Have the ledgers of all workers judged as one."""
        errors = sorted(one.seen.clock_error_s for one in self._members.values())
        clock_error_s = sum(errors[-2:])
        names = [actor.name for actor in outcome.scenario.actors]
        try:
            ledgers = merge(
                self._ask,
                self._count,
                names,
                per_sender=outcome.is_ordered_per_sender,
                until=outcome.until,
                clock_error_s=clock_error_s,
                # Who is whispered to is there from when that is sent.
                is_by_one_clock=lambda about: about.kind == "whispers",
            )
        except _LostWorker:
            return
        outcome.clock_error_s = clock_error_s
        outcome.rooms = {about.name: ledger for about, ledger in ledgers.items() if about.kind == "room"}
        outcome.whispers = {about.name: ledger for about, ledger in ledgers.items() if about.kind == "whispers"}

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
        self._stop_playing(Stop())
        self._stop_playing(Stop(at_once=True))  # who waits for others until the end, of whom one is lost
        for one in self._playing():
            one.seen.lost = "did not stop"

    def _stop_playing(self, stop: Stop) -> None:
        """Stop the workers who play, and wait until none does, for so long as there is hope."""
        deadline = time.monotonic() + _STOP_S
        for one in self._playing():
            self._send(one, stop)
        self._wait_for(
            lambda: not self._playing() or time.monotonic() > deadline or (self._cannot_go_on() and not stop.at_once)
        )

    def _playing(self) -> list[_Member]:
        return [one for one in self._members.values() if one.played is None and not one.seen.lost]

    def stop(self) -> None:
        """Stop the run, as Ctrl-C does."""
        self._is_to_stop = True
        self._changed.set()

    def _has_ended(self) -> bool:
        """Whether all have played their part, or the run cannot go on as it was meant to."""
        return self._cannot_go_on() or all(one.played is not None for one in self._members.values())

    def _cannot_go_on(self) -> bool:
        played = [one.played for one in self._members.values() if one.played is not None]
        is_lost = any(one.seen.lost for one in self._members.values())
        is_cut_short = any(not (one.settled or one.guessed) for one in played)
        return bool(self._no_server) or is_lost or is_cut_short

    def _wait_for(self, done: Callable[[], bool]) -> None:
        while not done():
            self._look_for_lost()
            self._changed.clear()
            self._changed.wait(_LOOK_S)

    def _look_for_lost(self) -> None:
        for member in self._members.values():
            if not member.seen.lost and self._is_lost(member):
                member.seen.lost = "was lost"

    def _is_lost(self, member: _Member) -> bool:
        client = self._runner.clients.get(member.id)
        return client is None or client.state == "missing"

    # What workers say.

    def _send(self, member: _Member, message: ToWorker) -> None:
        self._send_to(member.id, DIRECT, encode(message))

    def _send_to(self, worker: str, kind: str, data: bytes) -> None:
        self._runner.send_message(kind, self._outgoing[worker].number(data), worker)

    def _take(self, msg: Any) -> bytes:
        """Return what a worker says; if something is missing before it, the worker is as good as lost."""
        number, data = msg.data
        member = self._members.get(msg.node_id)
        if not self._incoming[msg.node_id].is_next(number) and member is not None and not member.seen.lost:
            member.seen.lost = "lost its connection for a moment, and what it told meanwhile"
        assert isinstance(data, bytes)
        return data

    def _pass_on(self, environment: Any, msg: Any) -> None:
        del environment
        data = self._take(msg)
        if msg.node_id not in self._members:
            return
        for member in self._members.values():
            if member.id != msg.node_id:
                self._send_to(member.id, FOR_OTHERS, data)

    def _hear(self, environment: Any, msg: Any) -> None:
        del environment
        worker = msg.node_id
        try:
            message = decode_to_master.decode(self._take(msg))
        except (TypeError, ValueError, msgspec.DecodeError):
            self._send_away(worker, f"a worker that came is of another version than {__version__}")
            return
        if isinstance(message, WhatTime):
            self._send_to(worker, DIRECT, encode(Time(message.asked, time.monotonic())))
        elif isinstance(message, Hello):
            self._welcome(worker, message)
        elif (member := self._members.get(worker)) is not None:
            self._hear_member(member, message)
        self._changed.set()

    def _send_away(self, worker: str, why: str) -> None:
        self._sent_away.append(why)
        self._send_to(worker, DIRECT, encode(Refused(why)))

    def _welcome(self, worker: str, hello: Hello) -> None:
        if hello.version != __version__:
            self._send_away(
                worker, f"the worker at {hello.host} is geventchat {hello.version}, and this is {__version__}"
            )
            return
        if len(self._members) >= self._count:
            self._send_to(worker, DIRECT, encode(Refused(f"there are enough workers already: {self._count}")))
            return
        taken = {member.part for member in self._members.values()}
        part = next(part for part in range(self._count) if part not in taken)
        name = f"worker {part + 1} ({hello.host}, process {hello.process})"
        self._members[worker] = _Member(worker, part, name, WorkerSeen(name))
        self._say(f"{len(self._members)} of {self._count} workers: {hello.host}, process {hello.process}")

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
                member.seen.looked_late = Histogram.from_bytes(message.looked_late)
                member.seen.clock_error_s = message.clock_error_s
                outcome.failures += message.failures
                outcome.failures.many += message.more_failures
                outcome.users = max(outcome.users, sum(one.seen.users for one in self._members.values()))
                assert isinstance(outcome.timeline, SummedTimeline)
                for second in message.seconds:
                    latency = Histogram.from_bytes(second.latency)
                    outcome.timeline.add(second.at, second.said, second.delivered, latency)
            case Played():
                member.played = message
            case Answered(answer=answer):
                member.answer = answer
            case Failed(why=why, no_server=no_server):
                if no_server:
                    self._no_server = why
                member.seen.lost = member.seen.lost or (why if no_server else f"failed: {why}")


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
    if bind is None:
        check_startable(count)
    elif port:
        check_free(host, port)
    runner = environment.create_master_runner(host, port)
    locust_engine.pass_over_what_is_strange(runner)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        made = Crew(environment, count, say)
        if bind is None:
            processes.extend(start_process(runner.server.port) for _ in range(count))
        else:
            say(f"waiting for {count} of: geventchat-bots worker {show((host, runner.server.port))}")
        if web is not None:
            say(f"Locust's page: {open_page(environment, web, made.stop)}")
        made.wait(wait_s, processes)
        yield made
    finally:
        runner.quit()
        end_processes(processes)
