"""What a run has shown. No I/O."""

from collections.abc import Callable, Container
from dataclasses import dataclass, field

from bots.ledger.histogram import Histogram
from bots.ledger.model import About, Words
from bots.ledger.room import Fault, Finding, RoomLedger
from bots.ledger.share import Share
from bots.ledger.timeline import Timeline
from bots.report.failures import Failures
from bots.report.run_together import are_read_late, run_together
from bots.scenario.model import Line, Scenario

# When this share of what was said came later than this, the bots were too busy to be believed.
MAX_LAG_S = 0.250
LAG_PERCENTILE = 99.0

_ANOMALIES: tuple[Fault, ...] = ("missing", "gap", "duplicate", "reordered", "corrupt", "leaked")


@dataclass
class WorkerSeen:
    """What a run has shown of one of its workers."""

    name: str
    users: int = 0
    lag: Histogram = field(default_factory=Histogram)
    looked_late: Histogram = field(default_factory=Histogram)  # as `Outcome` has it
    wrong: int = 0  # findings while the run goes on, by what the worker knows
    clock_error_s: float = 0.0  # by how much times of the worker may be wrong
    lost: str = ""  # what became of it, if it is not there any more

    @property
    def is_late(self) -> bool:
        """Whether it did not keep up with its own plan, or looked too late for what had come."""
        return self.late_s > MAX_LAG_S

    @property
    def late_s(self) -> float:
        """How late it was, in seconds."""
        return _late_s(self.lag, self.looked_late)


@dataclass
class Outcome:
    """All that a run has shown."""

    scenario: Scenario
    rooms: dict[str, RoomLedger] = field(default_factory=dict)  # by the key of their names
    whispers: dict[str, RoomLedger] = field(default_factory=dict)  # by who was whispered to
    timeline: Timeline = field(default_factory=Timeline)
    framed: bool = True  # whether the bytes themselves say where a message ends
    lag: Histogram = field(default_factory=Histogram)
    looked_late: Histogram = field(default_factory=Histogram)  # how late the bots looked for what had come
    # From when to when they did not look, where messages may have run together by that.
    looked_away: list[tuple[float, float]] = field(default_factory=list)
    failures: Failures = field(default_factory=Failures)
    users: int = 0  # at most at one time
    came_and_went: list[tuple[float, int]] = field(default_factory=list)  # when a user more, or less, was there
    began: float = 0.0  # when the script began, on the clock of everything here; 0 before
    seconds: float = 0.0  # from the first to come in to the end
    settled: bool = False  # whether it is known, not only hoped, that nothing more was coming
    guessed: bool = False  # whether the end was only a quiet moment, since the server answers no pings
    interrupted: bool = False
    until: float = float("inf")  # what was sent later may still have been on its way: it is not missing
    workers: list[WorkerSeen] = field(default_factory=list)  # none where all bots are in one process
    # By how much times of two workers may be wrong between them; None where one of them is lost, who cannot say.
    clock_error_s: float | None = 0.0
    command: str = ""  # the command that runs it again
    rate: float | None = None  # messages a second that the server takes from one user, where it says so
    # Is told what an actor did, how many seconds that took, and why it could not be done, if so.
    acted: Callable[[str, float, str], None] | None = None
    share_of: Callable[[About], Share] | None = None  # where only some of the cast are here: makes a ledger's share

    @property
    def is_valid(self) -> bool:
        """Whether the bots kept up with their own plan, and all of them are still there to tell what they heard."""
        is_late = self.late_s > MAX_LAG_S or self._is_read_late
        return not is_late and not any(worker.lost for worker in self.workers)

    @property
    def late_s(self) -> float:
        """How late the bots were, in seconds; with workers, those of the latest one."""
        return max(_late_s(self.lag, self.looked_late), *(worker.late_s for worker in self.workers), 0.0)

    @property
    def _is_read_late(self) -> bool:
        return are_read_late(self.ledgers.values(), self.looked_away)

    @property
    def why_invalid(self) -> str:
        """Why the run says nothing about the server; empty when it does."""
        lost = [f"{worker.name} {worker.lost}" for worker in self.workers if worker.lost]
        late = [worker.name for worker in self.workers if worker.is_late]
        if lost:
            return f"{'; '.join(lost)}: nobody knows what its users heard"
        if self.is_valid:
            return ""
        who = ", ".join(late) or "the bots themselves"
        if self.late_s <= MAX_LAG_S:
            return (
                "messages ran together, but the bots looked for them late each time: nobody knows whether they came so"
            )
        were = "was" if len(late) == 1 else "were"
        late_by = f"{were} late, by {self.late_s * 1000:.0f} ms where {MAX_LAG_S * 1000:g} may be"
        return f"{who} {late_by}, so what they measured says nothing about the server"

    @property
    def ledgers(self) -> dict[About, RoomLedger]:
        """All rooms, and what was whispered."""
        rooms = {About("room", name): ledger for name, ledger in self.rooms.items()}
        return rooms | {About("whispers", name): ledger for name, ledger in self.whispers.items()}

    def make_ledger(self, cast: Container[str], about: About) -> RoomLedger:
        """Return a ledger for a room that was not met before, or for somebody whom nobody has whispered to before.

        Users under other nicks than those of the `cast` take no part in the scenario.
        """
        share = self.share_of(about) if self.share_of is not None else None
        return RoomLedger(self.is_ordered_per_sender, self.timeline, cast, self._was_sent, share)

    @property
    def zero(self) -> float:
        """From when times are told: the first message, or where nothing was said, the beginning of the script."""
        if self.timeline.said:
            return self.timeline.begin
        found = (one.at for ledger in self.ledgers.values() for one in ledger.findings)
        return self.began or min(found, default=0.0)

    def run_together(self, room: RoomLedger, finding: Finding) -> list[str]:
        """Return whose words came as one, if they may have: see `bots.report.run_together`."""
        return [] if self.framed else run_together(room, finding)

    @property
    def is_ordered_per_sender(self) -> bool:
        """Whether users may hear different senders in different orders."""
        return self.scenario.check.order != "same for everyone"

    def _was_sent(self, words: Words) -> bool:
        return any(room.was_sent(words) for room in self.ledgers.values())

    @property
    def from_others(self) -> int:
        """How many messages were heard from users who take no part in the scenario."""
        return sum(room.from_others for room in self.ledgers.values())

    def fail(self, line: Line, what: str) -> None:
        """Note that a line could not be carried out as it is written."""
        self.failures.append(f"{self.scenario.file}:{line.place.line}: {what}")

    @property
    def anomalies(self) -> dict[Fault, int]:
        """How often each thing went wrong, where it did."""
        counts = {fault: sum(room.counts[fault] for room in self.ledgers.values()) for fault in _ANOMALIES}
        return {fault: count for fault, count in counts.items() if count}


def title_of(fault: Fault) -> str:
    """Return what to call something that went wrong."""
    return "told as a gap" if fault == "gap" else fault


def _late_s(*lags: Histogram) -> float:
    """Return how late bots were: in what they said, or, as some only listen, in looking for what had come."""
    return max(lag.percentile(LAG_PERCENTILE) for lag in lags)
