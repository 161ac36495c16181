"""What is asked for about people: who is who, who was, who is away, who is here."""

from collections.abc import Iterator

from geventchat.commands import commands
from geventchat.dialects.irc import texts
from geventchat.dialects.irc.answers import MAX_DETAIL, Request, for_each, targets_of, too_few, wrong
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.names import is_channel, name_from_irc, room_from_irc


def nick(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Take another nick."""
    if not params or not params[0]:
        yield wrong(asked, "431", "No nickname given")
    else:
        yield commands.Rename(nick=name_from_irc(params[0]), ref=asked.ref)


def who(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Ask who users are that a mask fits, or who are in a room; with WHOX, in the fields that are wanted."""
    mask, wanted = (*params, "", "")[:2]
    mask = mask or "*"
    asked = asked.about(f"{mask} {wanted}"[:MAX_DETAIL] if wanted.startswith("%") else mask[:MAX_DETAIL])
    if wanted == "o":  # operators, of which there are none
        yield commands.Find(ref=asked.ref)
    elif is_channel(mask):
        yield commands.Find(room=room_from_irc(mask), ref=asked.ref)
    else:
        yield commands.Find(mask="*" if mask == "0" else name_from_irc(mask), ref=asked.ref)


def whois(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Ask who users are."""
    if not params or not targets_of(params[-1]):
        yield wrong(asked, "431", "No nickname given")
    else:
        yield from for_each(asked, params[-1], lambda nick: [commands.Whois(nick=name_from_irc(nick), ref=asked.ref)])


def whowas(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Ask who went by a nick."""
    if not params or not params[0]:
        yield wrong(asked, "431", "No nickname given")
    else:
        limit = params[1] if len(params) > 1 and params[1].isascii() and params[1].isdigit() else "0"
        yield commands.Whowas(nick=name_from_irc(params[0]), limit=int(limit[:9]), ref=asked.ref)


def userhost(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Ask where users are, which nobody is told."""
    yield commands.Find(nicks=[name_from_irc(nick) for nick in params[:5]], ref=asked.ref) if params else too_few(asked)


def ison(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Ask who of some is here."""
    nicks = [name_from_irc(nick) for param in params for nick in param.split(" ") if nick]
    yield commands.Find(nicks=nicks, ref=asked.ref) if nicks else too_few(asked)


def monitor(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Watch nicks: https://ircv3.net/specs/extensions/monitor."""
    match params:
        case ["+", targets, *_]:
            yield commands.Watch(nicks=_nicks(targets), ref=asked.ref)
        case ["-", targets, *_]:
            yield commands.Watch(stop=_nicks(targets), ref=asked.ref)
        case ["C" | "c", *_]:
            yield commands.Watch(clear=True, ref=asked.ref)
        case ["L" | "l" | "S" | "s" as which, *_]:
            yield commands.Watch(ref=asked.about(which.upper()).ref)
        case _:
            yield too_few(asked)


def _nicks(given: str) -> list[str]:
    return [name_from_irc(nick) for nick in given.split(",") if nick]


def away(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Be away, or here again."""
    yield commands.Away(text=texts.plain(params[0]) if params else "", ref=asked.ref)


def setname(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Say who one is."""
    yield commands.Describe(about=texts.plain(params[0]), ref=asked.ref) if params else too_few(asked)
