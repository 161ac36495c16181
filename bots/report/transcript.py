"""What a reader heard around something that went wrong, in words. No I/O."""

from collections.abc import Iterator

from bots.ledger.room import Finding, Message, RoomLedger

# Messages that are shown before and after.
_AROUND = 3
_WIDTH = 100


def first_finding(rooms: dict[str, RoomLedger]) -> tuple[str, Finding] | None:
    """Return what went wrong first, and in which room."""
    found = [(name, finding) for name, room in rooms.items() for finding in room.findings]
    return min(found, key=lambda one: one[1].at, default=None)


def transcript(name: str, room: RoomLedger, finding: Finding, begin: float) -> Iterator[str]:
    """Yield the lines around a finding, with times in seconds since `begin`."""
    reader = finding.reader
    yield f"what {reader.name} heard in {name}, seconds since the first message:"
    place = finding.after.index + 1 if finding.after is not None else 0
    for message in room.messages[max(0, place - _AROUND) : place]:
        yield _line(" ", message.first_heard - begin, message.nick, message.text)
    yield _line(">", finding.at - begin, finding.nick, finding.text, _explain(room, finding))
    shown = place < len(room.messages) and _is(room.messages[place], finding)
    for message in room.messages[place + shown :][:_AROUND]:
        missed = not reader.has_heard(message)
        yield _line(" ", message.first_heard - begin, message.nick, message.text, "not heard" if missed else "")


def _is(message: Message, finding: Finding) -> bool:
    return (message.nick, message.text) == (finding.nick, finding.text) and finding.verdict in ("missing", "reordered")


def run_together(room: RoomLedger, finding: Finding) -> list[str]:
    """Return whose words stand within what one user is heard to say, as when several messages come without an end."""
    names = dict.fromkeys(reader.name for reader in room.readers)
    return [name for name in names if f"{name}: " in finding.text]


def _explain(room: RoomLedger, finding: Finding) -> str:
    reader = finding.reader.name
    match finding.verdict:
        case "missing":
            return f"MISSING: {reader} never heard it"
        case "duplicate":
            return f"DUPLICATE: {reader} heard it once more"
        case "reordered":
            return f"REORDERED: {reader} heard it here"
        case "corrupt" if others := run_together(room, finding):
            return f"CORRUPT: {reader} heard this as one, but words of {', '.join(others)} are in it"
        case "corrupt":
            return f"CORRUPT: {reader} heard this, and nobody said it"
        case "leaked":
            return f"LEAKED: {reader} heard it without being there"


def _line(mark: str, at: float, nick: str, text: str, note: str = "") -> str:
    said = f"{nick}: {text}"
    said = said if len(said) <= _WIDTH else said[: _WIDTH - 1] + "…"
    return f"{mark} {at:10.3f}  {said}" + (f"    ← {note}" if note else "")
