"""Who is who, as WHO, WHOX, WHOIS, WHOWAS, USERHOST and ISON tell it."""

from collections.abc import Callable

from geventchat.dialects.irc.isupport import MAX_USERNAME
from geventchat.dialects.irc.lines import MAX_BYTES, Out, split
from geventchat.dialects.irc.names import DESCRIPTION, SERVER, host, nick_to_irc, room_to_irc
from geventchat.dialects.irc.recipient import Recipient
from geventchat.protocol import replies
from geventchat.protocol.events import seconds_of
from geventchat.protocol.replies import Profile

_NO_ACCOUNT = "0"


def profiles(to: Recipient, found: replies.Profiles) -> list[Out]:
    """Return profiles in the words of what was asked."""
    return _WORDED[to.asked.verb](to, found)


def _username(user: Profile) -> str:
    """Return what a client said that its user is called on its own machine: a tilde says that nobody has checked it."""
    return f"~{split(nick_to_irc(user.username), MAX_USERNAME)[0]}" if user.username else "~user"


def _flags(user: Profile, room: str | None) -> str:
    return f"{'H' if user.away is None else 'G'}{'@' if room in user.moderates else ''}"


def _who(to: Recipient, found: replies.Profiles) -> list[Out]:
    channel = room_to_irc(found.room) if found.room else "*"
    mask, _, wanted = to.asked.detail.partition(" ")
    if wanted.startswith("%"):
        lines = [_whox(to, found.room, wanted[1:], user) for user in found.users]
    else:
        lines = [
            to.numeric(
                "352", channel, _username(user), host(user.nick), SERVER, nick_to_irc(user.nick),
                _flags(user, found.room), f"0 {user.about or user.nick}",
            )
            for user in found.users
        ]  # fmt: skip
    return [*lines, to.numeric("315", mask, "End of WHO list")]


def _whox(to: Recipient, room: str | None, wanted: str, user: Profile) -> Out:
    """Return the fields that were asked for, in the order that they always have (https://ircv3.net/specs/extensions/whox)."""
    fields, _, token = wanted.partition(",")
    values = {
        "t": token or "0",
        "c": room_to_irc(room) if room else "*",
        "u": _username(user),
        "i": "255.255.255.255",
        "h": host(user.nick),
        "s": SERVER,
        "n": nick_to_irc(user.nick),
        "f": _flags(user, room),
        "d": "0",
        "l": "0",
        "a": nick_to_irc(user.account) if user.account is not None else _NO_ACCOUNT,
        "o": "n/a",
    }
    given = [value for field, value in values.items() if field in fields]
    if "r" in fields:
        return to.numeric("354", *given, user.about or user.nick)
    return to.short("354", *given)


def _whois(to: Recipient, found: replies.Profiles) -> list[Out]:
    return [line for user in found.users for line in _whois_one(to, user)]


def _whois_one(to: Recipient, user: Profile) -> list[Out]:
    nick = nick_to_irc(user.nick)
    away = [to.numeric("301", nick, user.away)] if user.away is not None else []
    account = [to.numeric("330", nick, nick_to_irc(user.account), "is logged in as")] if user.account else []
    since = str(int(seconds_of(user.since)))
    rooms = [f"{'@' if room in user.moderates else ''}{room_to_irc(room)}" for room in user.rooms]
    return [
        to.numeric("311", nick, _username(user), host(user.nick), "*", user.about or user.nick),
        *wrapped(to.short("319", nick).body + " :", rooms),
        to.numeric("312", nick, SERVER, DESCRIPTION),
        *away,
        *account,
        to.numeric("317", nick, str(user.idle), since, "seconds idle, signon time"),
        to.numeric("318", nick, "End of /WHOIS list"),
    ]


def _userhost(to: Recipient, found: replies.Profiles) -> list[Out]:
    hosts = [
        f"{nick_to_irc(user.nick)}={'+' if user.away is None else '-'}{_username(user)}@{host(user.nick)}"
        for user in found.users
    ]
    return [to.numeric("302", " ".join(hosts))]


def _ison(to: Recipient, found: replies.Profiles) -> list[Out]:
    return [to.numeric("303", " ".join(nick_to_irc(user.nick) for user in found.users))]


_WORDED: dict[str, Callable[[Recipient, replies.Profiles], list[Out]]] = {
    "WHO": _who,
    "WHOIS": _whois,
    "USERHOST": _userhost,
    "ISON": _ison,
}


def former(to: Recipient, known: replies.Former) -> list[Out]:
    """Return who went by a nick."""
    nick = nick_to_irc(known.nick)
    told = [
        line
        for user in known.users
        for line in (
            to.numeric("314", nick_to_irc(user.nick), _username(user), host(user.nick), "*", user.about or user.nick),
            to.numeric("312", nick_to_irc(user.nick), SERVER, user.since),
        )
    ]
    return [
        *(told or [to.numeric("406", nick, "There was no such nickname")]),
        to.numeric("369", nick, "End of WHOWAS"),
    ]


def wrapped(head: str, words: list[str], between: str = " ", free: int | None = None) -> list[Out]:
    """Return words behind a head, in as many messages as they need; none for no words.

    Those in one message may have `free` bytes: as many as a message has, when left out.
    """
    lines, line = list[Out](), list[str]()
    free = MAX_BYTES - len(head.encode()) if free is None else free
    left = free
    for word in words:
        size = len(word.encode()) + 1
        if size > left + 1 and line:
            lines.append(Out(head + between.join(line)))
            line, left = [], free
        line.append(word)
        left -= size
    return [*lines, Out(head + between.join(line))] if line else lines
