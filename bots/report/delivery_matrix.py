"""Who heard how much of whom. No I/O."""

from bisect import bisect_left
from collections import Counter
from typing import NamedTuple

from bots.ledger.room import Attendance, RoomLedger

# A picture with more senders or readers than this cannot be read; those who missed something are in it first.
MOST = 40


class Heard(NamedTuple):
    """What one user heard of another: so many messages, and how many it should have heard."""

    heard: int
    due: int


def who_heard_whom(room: RoomLedger) -> tuple[list[str], list[str], dict[tuple[str, str], Heard]]:
    """Return readers, senders, and what each of these readers heard of each of these senders."""
    said = Counter(message.sender for message in [*room.messages, *room.unheard()])
    senders = sorted(name for name, _ in said.most_common(MOST))
    stays: dict[str, list[Attendance]] = {}
    for reader in room.readers:
        stays.setdefault(reader.name, []).append(reader)
    readers = _chosen(list(stays), Counter(finding.reader.name for finding in room.findings))
    table: dict[tuple[str, str], Heard] = {}
    for name in readers:
        heard, due = Counter[str](), Counter[str]()
        for stay in stays[name]:
            _count(room, stay, heard, due)
        table |= {(name, sender): Heard(heard[sender], due[sender]) for sender in senders}
    return readers, senders, table


def _chosen(names: list[str], faults: Counter[str]) -> list[str]:
    """Return names to show, in their order: those with the most faults, and others from all over the list."""
    if len(names) <= MOST:
        return names
    chosen = {name for name, _ in faults.most_common(MOST)}
    for number in range(MOST):
        if len(chosen) < MOST:
            chosen.add(names[number * len(names) // MOST])
    return [name for name in names if name in chosen]


def _count(room: RoomLedger, stay: Attendance, heard: Counter[str], due: Counter[str]) -> None:
    begin = bisect_left(room.messages, stay.asked, key=lambda message: message.first_heard)
    for message in room.messages[begin:]:
        got = stay.has_heard(message)
        heard[message.sender] += got
        due[message.sender] += got or stay.must_hear(message)
    for message in room.unheard():
        due[message.sender] += stay.must_hear_unheard(message)
