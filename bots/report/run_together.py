"""Messages that came as one, in dialects in which nothing says where one ends. No I/O."""

from collections.abc import Iterable, Sequence

from bots.ledger.room import Finding, RoomLedger

# What has come is read so much later than the bots have looked up, at most.
_SOON_S = 0.1


def run_together(room: RoomLedger, finding: Finding) -> list[str]:
    """Return whose words stand within what one user is heard to say, as when several messages come without an end."""
    names = dict.fromkeys(reader.name for reader in room.readers)
    return [name for name in names if f"{name}: " in finding.text]


def are_read_late(rooms: Iterable[RoomLedger], looked_away: Sequence[tuple[float, float]]) -> bool:
    """Whether messages ran together, and each time while the bots looked away, from one time to another.

    Then nobody knows whether they came so. One that they were looking at when it came shows that the server sent it so.
    """
    times = [one.at for room in rooms for one in room.findings if one.fault == "corrupt" and run_together(room, one)]
    return bool(times) and all(any(begin <= at <= end + _SOON_S for begin, end in looked_away) for at in times)
