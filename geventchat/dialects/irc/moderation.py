"""What moderators do, as messages of IRC: KICK, MODE, REDACT, and notices for what IRC has no word for."""

from geventchat.dialects.irc.lines import Out, build, in_pieces, notices
from geventchat.dialects.irc.names import nick_to_irc, prefix, room_to_irc
from geventchat.protocol import events, wording
from geventchat.protocol.names import LOG_ROOM, is_no_nick
from geventchat.protocol.replies import Members
from geventchat.protocol.wording import EVERYBODY

REDACTION = "draft/message-redaction"  # https://ircv3.net/specs/extensions/message-redaction


def bodies(event: events.Moderation, *, redacts: bool) -> list[Out]:
    """Return what somebody who moderates has done; `redacts` is whether the client takes back what it shows."""
    who, channel = prefix(event.nick), room_to_irc(event.room)
    if event.room == LOG_ROOM:
        return _notices(event, channel)
    match event:
        case events.Kicked(who=kicked, reason=reason):
            return [build(who, "KICK", channel, nick_to_irc(kicked), reason or nick_to_irc(event.nick))]
        case events.Deleted(target=target, reason=reason) if redacts:
            return [
                build(who, "REDACT", channel, target, reason) if reason else Out(f":{who} REDACT {channel} {target}")
            ]
        case events.Announced(text=text):
            return in_pieces(f":{who} NOTICE {channel} :", text)
    mode = _mode(event)
    if not mode:
        return _notices(event, channel)
    more = _notices(event, channel) if event.reason or event.until else []  # what MODE has no place for
    return [Out(f":{who} MODE {channel} {mode}"), *more]


def _mode(event: events.Moderation) -> str:
    """Return the mode that is set, or lifted, by what was done; empty where there is none like it."""
    mask = mask_of(event.who)
    match event:
        case events.Banned():
            return f"+b {mask}"
        case events.Unbanned():
            return f"-b {mask}"
        case events.Muted():
            return "+m" if event.who == EVERYBODY else f"+q {mask}"
        case events.Unmuted():
            return "-m" if event.who == EVERYBODY else f"-q {mask}"
        case events.Locked(password=password):
            return "+k-i *" if password else "+i-k *"  # the one takes the place of the other
        case events.Unlocked():
            return "-ik *"
    return ""


def modes(room: Members) -> list[str]:
    """Return the modes that hold in a room, and their parameters: nobody is told a key."""
    lock = "" if not room.locked else "k" if room.password else "i"
    return [f"+{lock}{'m' if room.muted else ''}", *(["*"] if room.password else [])]


def mask_of(who: str) -> str:
    """Return whom a ban hits as IRC's lists have it: a nick as a mask, anything else as it is."""
    return who if is_no_nick(who) else f"{nick_to_irc(who)}!*@*"


def _notices(event: events.Moderation, channel: str) -> list[Out]:
    return notices(channel, [wording.notice_of(event)])
