"""What the screen shows of each thing: lines of fragments, a style and a text each. No escape sequence is made here.

The last fragment of a line is its text: where the line is wrapped, further rows begin below it.
"""

from datetime import datetime

from geventchat.client.terminal.colours import colour
from geventchat.client.terminal.effects import Heading, NewDay, Notice, Shown
from geventchat.client.terminal.mention import mentions
from geventchat.protocol import events, replies, wording

# A style, in prompt_toolkit's notation, and a text.
Fragment = tuple[str, str]
Line = list[Fragment]


class EventLine(Line):
    """The line of an event with an `id`; one of which the line with the id `erases` is not to be seen any more."""

    def __init__(self, fragments: Line, event_id: str, erases: str = "") -> None:
        super().__init__(fragments)
        self.id = event_id
        self.erases = erases

    def without_text(self) -> "EventLine":
        """Return the line as it reads once its text was taken back."""
        return EventLine([*self[:-1], ("class:system", "(deleted)")], self.id)


STYLE = {
    "time": "fg:#878787",
    "system": "fg:#878787",
    "me": "bold",
    "mention": "bold reverse",
    "whisper": "italic",
    "heading": "bold underline",
    "found": "reverse",
    "status": "reverse",
    "status.current": "bold",
    "status.mention": "bold",
    "status.trouble": "bold",
    "status.chosen": "bold underline",
}


def lines(shown: Shown, me: str, now: datetime) -> list[Line]:
    """Return the lines that show something to the user called `me`; `now` is in the zone that times are shown in."""
    match shown:
        case events.Event():
            return [_event(shown, me, now)]
        case replies.Whispered():
            return [_whisper(shown, me, now)]
        case replies.HistoryPage():
            earlier = [_event(event, me, now) for event in shown.events]
            begin = _notice(f"earlier in {shown.room}:" if earlier else f"nothing is known of earlier in {shown.room}")
            return [begin, *earlier, _notice("that was earlier")] if earlier else [begin]
        case Heading():
            topic = f": {shown.topic}" if shown.topic else ""
            return [[("class:heading", f"{shown.room} ({shown.count} here){topic}")]]
        case NewDay(day=day):
            return [_notice(f"{day:%A}, {day.day} {day:%B %Y}")]
        case replies.HelpText():
            return [_notice(line) for line in shown.lines]
        case Notice(text=text):
            return [[_time(now.isoformat(), now), *_notice(text)]]
    return [[_time(now.isoformat(), now), *_notice(text)] for text in wording.notices_of(shown)]


def _event(event: events.AnyEvent, me: str, now: datetime) -> Line:
    time = _time(event.time, now)
    if isinstance(event, events.Said | events.Acted):
        calls = event.nick != me and mentions(event.text, me)
        nick, text = _nick(event.nick, me, calls=calls), ("bold" if calls else "", wording.text_of(event))
        return EventLine([time, nick, ("", ": "), text], event.id)
    erases = event.target if isinstance(event, events.Deleted) else ""
    return EventLine([time, *_notice(wording.notice_of(event))], event.id, erases)


def _whisper(whisper: replies.Whispered, me: str, now: datetime) -> Line:
    way = f"to {whisper.to}" if whisper.nick == me else "to you"
    return [
        _time(whisper.time, now),
        ("class:system", "* "),
        _nick(whisper.nick, me),
        ("class:system", f" whispers {way}: "),
        ("class:whisper", whisper.text),
    ]


def _notice(text: str) -> Line:
    """Return a line that nobody said: a message never begins so, for its nick stands before it."""
    return [("class:system", "* "), ("class:system", text)]


def _nick(nick: str, me: str, *, calls: bool = False) -> Fragment:
    if nick == me:
        return ("class:me", nick)
    return (f"bold fg:{colour(nick)}{' reverse' if calls else ''}", nick)


def _time(time: str, now: datetime) -> Fragment:
    """Return a time as hours and minutes where the user is; with the date, unless that is today's."""
    try:
        local = datetime.fromisoformat(time).astimezone(now.tzinfo)
    except (ValueError, OverflowError, OSError):  # from a server that is not ours
        local = now
    return ("class:time", f"{local:%H:%M} " if local.date() == now.date() else f"{local:%d %b %H:%M} ")
