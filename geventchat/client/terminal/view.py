"""What the screen shows of each thing: lines of fragments, a style and a text each. No escape sequence is made here."""

from datetime import datetime

from geventchat.client.terminal.colours import colour
from geventchat.client.terminal.effects import Heading, Notice, Shown
from geventchat.client.terminal.mention import mentions
from geventchat.protocol import events, replies
from geventchat.protocol.text import clean

# A style, in prompt_toolkit's notation, and a text.
Fragment = tuple[str, str]
Line = list[Fragment]

STYLE = {
    "time": "fg:#878787",
    "system": "fg:#878787",
    "me": "bold",
    "mention": "bold reverse",
    "whisper": "italic",
    "heading": "bold underline",
    "status.current": "bold",
    "status.mention": "bold",
    "status.trouble": "bold",
    "status.chosen": "bold underline",
}


def lines(shown: Shown, me: str, now: datetime) -> list[Line]:
    """Return the lines that show something to the user called `me`; `now` is in the zone that times are shown in.

    All text is safe for a terminal.
    """
    return [[(style, clean(text)) for style, text in line] for line in _lines(shown, me, now)]


def _lines(shown: Shown, me: str, now: datetime) -> list[Line]:
    match shown:
        case events.Event():
            return [_event(shown, me, now)]
        case replies.Whispered():
            return [_whisper(shown, me, now)]
        case replies.HistoryPage():
            earlier = [_event(event, me, now) for event in shown.events]
            begin = _system(f"earlier in {shown.room}:" if earlier else f"nothing is known of earlier in {shown.room}")
            return [begin, *earlier, _system("that was earlier")] if earlier else [begin]
        case Heading():
            topic = f": {shown.topic}" if shown.topic else ""
            return [[("class:heading", f"{shown.room} ({shown.count} here){topic}")]]
        case replies.HelpText():
            return [_system(line) for line in shown.lines]
    return [[_time(now.isoformat(), now), *_system(text)] for text in _told(shown)]


def _event(event: events.AnyEvent, me: str, now: datetime) -> Line:
    time = _time(event.time, now)
    match event:
        case events.Said(nick=nick, text=text):
            return [time, _nick(nick, me, text), ("", ": "), (_text_style(nick, me, text), text)]
        case events.Acted(nick=nick, text=text):
            return [time, _nick(nick, me, text), ("", ": "), (_text_style(nick, me, text), f"*{text}*")]
        case events.Joined(nick=nick):
            return [time, *_system(f"{nick} joined")]
        case events.Left(nick=nick, reason=reason):
            return [time, *_system(f"{nick} left: {reason}" if reason else f"{nick} left")]
        case events.Renamed(nick=nick, new=new):
            return [time, *_system(f"{nick} is now {new}")]
        case events.TopicSet(nick=nick, text=text):
            return [time, *_system(f"{nick} set the topic: {text}")]


def _whisper(whisper: replies.Whispered, me: str, now: datetime) -> Line:
    way = f"to {whisper.to}" if whisper.nick == me else "to you"
    return [
        _time(whisper.time, now),
        ("class:system", "* "),
        _nick(whisper.nick, me, ""),
        ("class:system", f" whispers {way}: "),
        ("class:whisper", whisper.text),
    ]


def _told(shown: Shown) -> list[str]:
    """Return what the server or the client says itself, a line each."""
    match shown:
        case Notice(text=text):
            return [text]
        case replies.Error(message=message):
            return [message]
        case replies.Members(room=room, members=members, count=count, topic=topic):
            more = f" and {count - len(members)} more" if count > len(members) else ""
            return [f"{count} in {room}: {', '.join(members)}{more}", *([f"topic: {topic}"] if topic else [])]
        case replies.RoomList(rooms=rooms):
            return ["rooms: " + ", ".join(f"{name} ({count})" for name, count in rooms.items())]
        case replies.TopicIs(text=text):
            return [f"topic: {text}" if text else "no topic is set; /topic TEXT sets one"]
        case replies.Gap(room=room, count=None):
            return [f"lines of {room} may be missing here: the server does not have them any more"]
        case replies.Gap(room=room, count=count):
            return [f"you missed {count} lines of {room}"]
        case replies.Pong(token=token):
            return [f"pong {token}".rstrip()]
    return []


def _system(text: str) -> Line:
    """Return a line that nobody said: a message never begins so, for its nick stands before it."""
    return [("class:system", f"* {text}")]


def _nick(nick: str, me: str, text: str) -> Fragment:
    if nick == me:
        return ("class:me", nick)
    mentioned = " reverse" if mentions(text, me) else ""
    return (f"bold fg:{colour(nick)}{mentioned}", nick)


def _text_style(nick: str, me: str, text: str) -> str:
    return "bold" if nick != me and mentions(text, me) else ""


def _time(time: str, now: datetime) -> Fragment:
    """Return a time as hours and minutes where the user is; with the date, unless that is today's."""
    try:
        local = datetime.fromisoformat(time).astimezone(now.tzinfo)
    except (ValueError, OverflowError, OSError):  # from a server that is not ours
        local = now
    return ("class:time", f"{local:%H:%M} " if local.date() == now.date() else f"{local:%d %b %H:%M} ")
