"""What went wrong first, told so that it can be mended: what was sent, and what users heard around it. No I/O."""

import heapq
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from bots.ledger.model import About
from bots.ledger.room import Attendance, Finding, Message, RoomLedger
from bots.report.outcome import Outcome
from geventchat.protocol.text import clean

# Messages that are shown before and after, and users besides the one concerned.
_AROUND = 3
_OTHERS = 2
_WIDTH = 100
_FRAME_WIDTH = 500
# A line that is at least so like what is missing may be what became of it; so many are looked at, the nearest in time.
_ALIKE = 0.6
_COMPARED = 20


def in_order(rooms: dict[About, RoomLedger]) -> list[tuple[str, RoomLedger, Finding]]:
    """Return what went wrong, each with the room and its ledger, in the order in which it happened."""
    found = [(about.shown, room, finding) for about, room in rooms.items() for finding in room.findings]
    return sorted(found, key=lambda one: one[2].at)


def transcript(outcome: Outcome) -> Iterator[str]:
    """Yield what there is to say of what went wrong first; nothing if nothing did.

    That is what was sent, when and to whom, what the user concerned heard and what two others did, with the bytes in
    which that came, and how to run it again. Times are in seconds, see `Outcome.zero`.
    """
    if not (found := in_order(outcome.ledgers)):
        return
    name, room, finding = found[0]
    begin = outcome.zero
    yield from _sent(name, room, finding, begin, outcome.scenario.file)
    if finding.line:
        yield f"came        {_shown(finding.line)}"
    if (instead := heard_instead(room, finding)) is not None:
        yield f"instead     {finding.reader.name} heard {_said(instead.nick, instead.text)}"
    if outcome.command:
        yield f"again       {outcome.command}"
        if finding.message is not None and finding.message.line and " --only " not in outcome.command:
            yield f"that alone  {outcome.command} --only {finding.message.line}"
    since = "the first message" if outcome.timeline.said else "the script began"
    yield f"what {finding.reader.name} heard in {name}, seconds since {since}:"
    yield from _heard_around(outcome, room, finding)
    for other in _others(room, finding):
        yield f"what {other.name} heard:"
        yield from _heard_by(room, finding, other, begin)


def heard_instead(room: RoomLedger, finding: Finding) -> Finding | Message | None:
    """Return what may have become of a missing message: the line most like it that its user heard and nobody sent."""
    if finding.fault != "missing":
        return None
    reader, words = finding.reader, _said(finding.nick, finding.text)
    strays: list[Finding | Message] = [one for one in room.findings if one.reader is reader and one.fault == "corrupt"]
    if room.from_others:
        strays += [one for one in room.messages if one.from_others and reader.has_heard(one)]
    near = heapq.nsmallest(_COMPARED, strays, key=lambda one: abs(_when(one) - finding.at))
    alike = {one: SequenceMatcher(None, words, _said(one.nick, one.text), autojunk=False).ratio() for one in near}
    best = max(near, key=lambda one: alike[one], default=None)
    return best if best is not None and alike[best] >= _ALIKE else None


def _sent(name: str, room: RoomLedger, finding: Finding, begin: float, file: str) -> Iterator[str]:
    """Yield what was sent when, by which line of the scenario, and who heard it of those who had to."""
    message = finding.message
    if message is None:
        return
    at = "" if message.from_others else f", at {message.sent - begin:.3f} s"
    yield f"sent        {_said(message.nick, message.text)}, to {name}{at}"
    if message.line:
        yield f"scenario    {file}:{message.line}"
    must = [one for one in room.readers if _must_hear(one, message)]
    heard = [one.name for one in must if one.has_heard(message)]
    missed = [one.name for one in must if not one.has_heard(message)]
    others = f", not by {_some(missed)}" if missed else ""
    yield f"heard by    {len(heard):,} of the {len(must):,} who had to{others}"


def _heard_around(outcome: Outcome, room: RoomLedger, finding: Finding) -> Iterator[str]:
    """Yield what the user concerned heard, around what went wrong."""
    reader, begin = finding.reader, outcome.zero
    messages, place = _place(room, finding)
    for message in messages[max(0, place - _AROUND) : place]:
        yield _line(" ", message.first_heard - begin, message, _note(reader, message))
    yield _line(">", finding.at - begin, finding, _explain(finding, outcome.run_together(room, finding)))
    behind = (message for message in messages[place:] if message is not finding.message)
    is_told = False
    for message in [message for message, _ in zip(behind, range(_AROUND), strict=False)]:
        yield _line(" ", message.first_heard - begin, message, _note(reader, message))
        if not is_told and reader.has_heard(message):  # what came instead
            is_told = True
            yield from _frame(message)


def _heard_by(room: RoomLedger, finding: Finding, reader: Attendance, begin: float) -> Iterator[str]:
    """Yield what another user heard there: around the message, where that user has heard it."""
    messages, place = _place(room, finding)
    if finding.message is not None and reader.has_heard(finding.message):
        place = messages.index(finding.message)
    for message in messages[max(0, place - 1) : place + _AROUND]:
        yield _line(" ", message.first_heard - begin, message, _note(reader, message))
        if message is finding.message and reader.has_heard(message):
            yield from _frame(message)


def _frame(message: Message) -> Iterator[str]:
    """Yield the bytes in which a message came to whoever heard it first, if they are known."""
    if message.frame:
        yield f"{'came as':>12}  {_shown(message.frame)}"


def _shown(frame: bytes) -> str:
    text = clean(frame.decode("utf-8", "backslashreplace").rstrip())
    return text if len(text) <= _FRAME_WIDTH else text[: _FRAME_WIDTH - 1] + "…"


def _place(room: RoomLedger, finding: Finding) -> tuple[Sequence[Message], int]:
    """Return the room's messages in the order in which they are shown, and where among them something went wrong.

    What is missing is shown by time. In the room's order it may stand behind what came later: behind all that the user
    who missed it was the first to hear after it.
    """
    if finding.fault in ("missing", "gap"):
        by_time = sorted(room.messages, key=_when)
        return by_time, bisect_left(by_time, finding.at, key=_when)
    return room.messages, finding.after.index + 1 if finding.after is not None else 0


def _others(room: RoomLedger, finding: Finding) -> list[Attendance]:
    """Return others who heard what went wrong, or were there then; those who heard it rightly in front."""
    message, wrong = finding.message, {one.reader for one in room.findings}
    if message is None:
        there = [one for one in room.readers if one.entered <= finding.at <= one.leaving]
    else:
        there = [one for one in room.readers if _must_hear(one, message)]
    there.sort(key=lambda one: (one in wrong, message is not None and not one.has_heard(message)))
    return [one for one in there if one is not finding.reader][:_OTHERS]


def _must_hear(reader: Attendance, message: Message) -> bool:
    return reader.must_hear_unheard(message) if message.index < 0 else reader.must_hear(message)


def _note(reader: Attendance, message: Message) -> str:
    if reader.has_heard(message):
        return ""
    return "not heard" if reader.must_hear(message) else "not heard, nor need it be"


def _explain(finding: Finding, run_together: list[str]) -> str:
    reader = finding.reader.name
    match finding.fault:
        case "missing":
            return f"MISSING: {reader} never heard it"
        case "gap":
            return f"TOLD AS A GAP: {reader} never heard it, and was told that something is missing"
        case "duplicate":
            return f"DUPLICATE: {reader} heard it once more"
        case "reordered":
            return f"REORDERED: {reader} heard it here"
        case "corrupt" if run_together:
            return f"CORRUPT: {reader} heard this as one, but words of {', '.join(run_together)} are in it"
        case "corrupt":
            return f"CORRUPT: {reader} heard this, and nobody said it"
        case "leaked":
            return f"LEAKED: {reader} heard it where it was not said, or without being there"


def _line(sign: str, at: float, what: Message | Finding, note: str) -> str:
    return f"{sign} {at:10.3f}  {_said(what.nick, what.text)}" + (f"    ← {note}" if note else "")


def _said(nick: str, text: str) -> str:
    said = f"{nick}: {text}"
    return said if len(said) <= _WIDTH else said[: _WIDTH - 1] + "…"


def _some(names: list[str]) -> str:
    more = len(names) - 5
    return ", ".join(names[:5]) + (f" and {more:,} more" if more > 0 else "")


def _when(one: Finding | Message) -> float:
    return one.at if isinstance(one, Finding) else one.first_heard
