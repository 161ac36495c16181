"""What happens in rooms as messages of IRC: made once for all readers of a room who want the same tags."""

from collections.abc import Callable
from functools import lru_cache

from geventchat.dialects.irc import moderation
from geventchat.dialects.irc.lines import Out, build, in_pieces, notices, render
from geventchat.dialects.irc.moderation import REDACTION
from geventchat.dialects.irc.names import SERVER, nick_to_irc, prefix, room_to_irc
from geventchat.protocol import events, wording
from geventchat.protocol.replies import Gap

# The capabilities that change how events read: members who agree on these share each room's feed.
SHAPING = frozenset({"account-tag", "extended-join", "message-tags", "server-time", REDACTION})


@lru_cache(maxsize=32)  # as many as there are sets of them
def encoder(shaping: frozenset[str]) -> Callable[[events.AnyEvent], bytes]:
    """Return how events are encoded for those who have agreed on these of the capabilities in SHAPING."""
    return lambda event: render(messages(event, shaping))


def gap(missing: Gap) -> bytes:
    """Return what tells a reader of a room that it has missed something."""
    return render(notices(room_to_irc(missing.room), wording.notices_of(missing)))


def messages(event: events.AnyEvent, caps: frozenset[str]) -> list[Out]:
    """Return an event as messages, one but for long texts, with the tags that these capabilities allow."""
    bodies = [one.body for one in _bodies(event, caps)]
    tags = tags_of(event.time, event.account, caps)
    first = {**tags, "msgid": event.id} if "message-tags" in caps and event.id else tags  # what is cut has one id, once
    return [Out(bodies[0], first), *[Out(body, tags) for body in bodies[1:]]]


def tags_of(time: str, account: events.AccountOf, caps: frozenset[str]) -> dict[str, str]:
    """Return the tags that say when something was done, and which account whoever did it has logged in to."""
    tags = {"time": time} if "server-time" in caps and time else {}
    if account and "account-tag" in caps:
        tags["account"] = nick_to_irc(account)
    return tags


def _bodies(event: events.AnyEvent, caps: frozenset[str]) -> list[Out]:
    who, channel = prefix(event.nick), room_to_irc(event.room)
    match event:
        case events.Said(text=text):
            return said(who, channel, text, notice=isinstance(event, events.Noticed))
        case events.Acted(text=text):
            return said(who, channel, text, "\x01ACTION ", "\x01")
        case events.Joined(nick=nick, about=about, account=account, moderates=moderates):
            extended = build(who, "JOIN", channel, nick_to_irc(account) if account else "*", about or nick)
            joined = extended if "extended-join" in caps else Out(f":{who} JOIN {channel}")
            chanop = [build(SERVER, "MODE", channel, "+o", nick_to_irc(nick))] if moderates else []
            return [joined, *chanop]
        case events.Departed(reason=reason):
            return [build(who, "QUIT", reason)]
        case events.Left(reason=reason):
            return [build(who, "PART", channel, reason) if reason else Out(f":{who} PART {channel}")]
        case events.Renamed(new=new):
            return [Out(f":{who} NICK {nick_to_irc(new)}")]
        case events.TopicSet(text=text):
            return [build(who, "TOPIC", channel, text)]
        case events.Moderation():
            return moderation.bodies(event, redacts=REDACTION in caps)


def said(who: str, target: str, text: str, begin: str = "", end: str = "", *, notice: bool = False) -> list[Out]:
    """Return something that is said as messages of at most 512 bytes; `begin` and `end` stand around each piece."""
    return in_pieces(f":{who} {'NOTICE' if notice else 'PRIVMSG'} {target} :{begin}", text, end)
