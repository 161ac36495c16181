"""What each verb of IRC asks for: one function per verb, and the table of them at the end.

A function gets what was asked, with the label if there is one, and the parameters; it yields commands for the chat, and
answers where the dialect knows them by itself. `Wrong` is how it says that it cannot: with a numeric.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from geventchat.commands import commands
from geventchat.commands.commands import AnyCommand
from geventchat.core.member import Member
from geventchat.dialects.base import Answer
from geventchat.dialects.irc import texts
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.chathistory import chathistory
from geventchat.dialects.irc.isupport import MAX_TARGETS
from geventchat.dialects.irc.lines import Out
from geventchat.dialects.irc.names import DESCRIPTION, SERVER, is_channel, name_from_irc, room_from_irc
from geventchat.dialects.irc.recipient import Recipient
from geventchat.protocol.text import clean

Request = AnyCommand | Answer
_Say = Callable[[Recipient], Sequence[Out]]

# What the parameters of a reply may take along, of what was asked, so that a ref stays short.
_MAX_DETAIL = 60


def answer(asked: Asked, say: _Say) -> Answer:
    """Return an answer that the dialect gives by itself; `say` gets whom it is for."""
    return Answer(lambda member: asked.answer(say(_recipient(member, asked))))


def wrong(asked: Asked, number: str, *params: str) -> Answer:
    """Return an answer that is one numeric."""
    return answer(asked, lambda to: [to.numeric(number, *params)])


def too_few(asked: Asked) -> Answer:
    """Return the answer to a verb that lacks parameters."""
    return wrong(asked, "461", asked.verb, "Not enough parameters")


def _recipient(member: Member, asked: Asked) -> Recipient:
    return Recipient(member, frozenset(), asked)


def _targets(given: str) -> list[str]:
    return list(dict.fromkeys(target for target in given.split(",") if target))[:MAX_TARGETS]


# Talk.


def _privmsg(asked: Asked, params: list[str]) -> Iterator[Request]:
    if not params or not params[0]:
        yield wrong(asked, "411", f"No recipient given ({asked.verb})")
    elif len(params) < 2 or not params[1]:
        yield wrong(asked, "412", "No text to send")
    else:
        for target in _targets(params[0]):
            yield _talk(asked, target, params[1])


def _talk(asked: Asked, target: str, raw: str) -> Request:
    notice = asked.verb == "NOTICE"
    ref = asked.ref if notice else asked.ref_if_awaited
    ctcp = texts.ctcp(raw)
    if ctcp is not None and ctcp.verb != "ACTION":  # programs asking programs, which others would see as talk
        return answer(asked, lambda _: [])
    text = texts.plain(raw if ctcp is None else ctcp.text)
    if is_channel(target):
        room = room_from_irc(target)
        if ctcp is not None:
            return commands.Act(text=text, room=room, ref=ref)
        return commands.Say(text=text, room=room, ref=ref, notice=notice)
    return commands.Whisper(
        to=name_from_irc(target), text=text if ctcp is None else f"*{text}*", ref=ref, notice=notice
    )


def _tagmsg(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Take a message of nothing but tags, of which CLIENTTAGDENY says that none are passed on."""
    yield answer(asked, lambda _: []) if params else too_few(asked)


def _topic(asked: Asked, params: list[str]) -> Iterator[Request]:
    if not params:
        yield too_few(asked)
    elif not is_channel(params[0]):
        yield wrong(asked, "403", params[0], "No such channel")
    else:
        text = texts.plain(params[1]) if len(params) > 1 else None
        ref = asked.ref if text is None else asked.ref_if_awaited
        yield commands.Topic(room=room_from_irc(params[0]), text=text, ref=ref)


# Rooms.


def _join(asked: Asked, params: list[str]) -> Iterator[Request]:
    if not params:
        yield too_few(asked)
        return
    for channel in _targets(params[0]):
        if is_channel(channel):
            yield commands.Join(room=room_from_irc(channel), ref=asked.ref)
        else:
            yield wrong(asked, "403", channel, "No such channel: their names begin with #")


def _part(asked: Asked, params: list[str]) -> Iterator[Request]:
    if not params:
        yield too_few(asked)
        return
    reason = texts.plain(params[1]) if len(params) > 1 else ""
    for channel in _targets(params[0]):
        yield commands.Leave(room=room_from_irc(channel), reason=reason, ref=asked.ref)


def _names(asked: Asked, params: list[str]) -> Iterator[Request]:
    channels = _targets(params[0]) if params else []
    if not channels:
        yield wrong(asked, "366", "*", "End of /NAMES list")
    for channel in channels:
        if is_channel(channel):
            yield commands.Who(room=room_from_irc(channel), ref=asked.ref)
        else:
            yield wrong(asked, "366", channel, "End of /NAMES list")


def _list(asked: Asked, params: list[str]) -> Iterator[Request]:
    yield commands.Rooms(ref=asked.about(params[0][:_MAX_DETAIL] if params else "").ref)


def _invite(asked: Asked, params: list[str]) -> Iterator[Request]:
    if len(params) < 2:
        yield too_few(asked)
    else:
        nick, channel = params[:2]
        asked = asked.about(channel[:_MAX_DETAIL])
        yield commands.Invite(nick=name_from_irc(nick), room=room_from_irc(channel), ref=asked.ref)


def _kick(asked: Asked, params: list[str]) -> Iterator[Request]:
    if len(params) < 2:
        yield too_few(asked)
    else:
        yield commands.Who(room=room_from_irc(params[0]), ref=asked.ref)


def _mode(asked: Asked, params: list[str]) -> Iterator[Request]:
    if not params:
        yield too_few(asked)
    elif not is_channel(params[0]):
        yield answer(asked, lambda to: [_user_mode(to, params)])
    elif len(params) == 1:
        yield commands.Who(room=room_from_irc(params[0]), ref=asked.ref)
    elif params[1].lstrip("+") == "b" and len(params) == 2:
        yield wrong(asked, "368", params[0], "End of channel ban list")
    else:
        yield commands.Who(room=room_from_irc(params[0]), ref=asked._replace(verb="SET MODE").ref)


def _user_mode(to: Recipient, params: list[str]) -> Out:
    if params[0].lower() != to.me.lower():
        return to.numeric("502", "Can't change mode for other users")
    return to.short("221", "+") if len(params) == 1 else to.numeric("501", "There are no user modes")


# People.


def _nick(asked: Asked, params: list[str]) -> Iterator[Request]:
    if not params or not params[0]:
        yield wrong(asked, "431", "No nickname given")
    else:
        yield commands.Rename(nick=name_from_irc(params[0]), ref=asked.ref)


def _who(asked: Asked, params: list[str]) -> Iterator[Request]:
    mask, wanted = (*params, "", "")[:2]
    mask = mask or "*"
    asked = asked.about(f"{mask} {wanted}"[:_MAX_DETAIL] if wanted.startswith("%") else mask[:_MAX_DETAIL])
    if is_channel(mask):
        yield commands.Find(room=room_from_irc(mask), ref=asked.ref)
    elif wanted == "o":  # operators, of which there are none
        yield commands.Find(ref=asked.ref)
    else:
        yield commands.Find(mask="*" if mask == "0" else name_from_irc(mask), ref=asked.ref)


def _whois(asked: Asked, params: list[str]) -> Iterator[Request]:
    nicks = _targets(params[-1]) if params else []
    if not nicks:
        yield wrong(asked, "431", "No nickname given")
    for nick in nicks:
        yield commands.Whois(nick=name_from_irc(nick), ref=asked.ref)


def _whowas(asked: Asked, params: list[str]) -> Iterator[Request]:
    if not params or not params[0]:
        yield wrong(asked, "431", "No nickname given")
    else:
        limit = params[1] if len(params) > 1 and params[1].isascii() and params[1].isdigit() else "0"
        yield commands.Whowas(nick=name_from_irc(params[0]), limit=int(limit[:9]), ref=asked.ref)


def _userhost(asked: Asked, params: list[str]) -> Iterator[Request]:
    yield commands.Find(nicks=[name_from_irc(nick) for nick in params[:5]], ref=asked.ref) if params else too_few(asked)


def _ison(asked: Asked, params: list[str]) -> Iterator[Request]:
    nicks = [name_from_irc(nick) for param in params for nick in param.split(" ") if nick]
    yield commands.Find(nicks=nicks, ref=asked.ref) if nicks else too_few(asked)


def _monitor(asked: Asked, params: list[str]) -> Iterator[Request]:
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


def _away(asked: Asked, params: list[str]) -> Iterator[Request]:
    yield commands.Away(text=texts.plain(params[0]) if params else "", ref=asked.ref)


def _setname(asked: Asked, params: list[str]) -> Iterator[Request]:
    yield commands.Describe(about=texts.plain(params[0]), ref=asked.ref) if params else too_few(asked)


# The server.


def _ping(asked: Asked, params: list[str]) -> Iterator[Request]:
    if not params:
        yield wrong(asked, "409", "No origin specified")
    else:
        token = clean(params[0])
        yield answer(asked, lambda _: [Out(f":{SERVER} PONG {SERVER} :{token}")])


def _nothing(_: Asked, __: list[str]) -> Iterable[Request]:
    return ()


def _quit(_: Asked, params: list[str]) -> Iterator[Request]:
    reason = texts.plain(params[0]) if params else ""
    yield commands.Bye(reason=f"Quit: {reason}" if reason else "Quit")


def _status(asked: Asked, _: list[str]) -> Iterator[Request]:
    yield commands.Status(ref=asked.ref)


def _registered_already(asked: Asked, _: list[str]) -> Iterator[Request]:
    yield wrong(asked, "462", "You may not register again")


def _told(*lines: tuple[str, ...]) -> "Verb":
    """Return what a verb does to which the answer is always the same."""

    def tell(asked: Asked, _: list[str]) -> Iterator[Request]:
        yield answer(asked, lambda to: [to.numeric(*line) for line in lines])

    return tell


def _help(asked: Asked, params: list[str]) -> Iterator[Request]:
    subject = params[0] if params else "index"
    if params and subject.upper() not in VERBS:
        yield wrong(asked, "524", subject, "No help on that")
        return
    words = (
        f"{subject.upper()}: see https://modern.ircdocs.horse" if params else f"Known here: {' '.join(sorted(VERBS))}"
    )
    yield answer(
        asked,
        lambda to: [
            to.numeric("704", subject, "How to use this server"),
            to.numeric("705", subject, words),
            to.numeric("706", subject, "End of help"),
        ],
    )


Verb = Callable[[Asked, list[str]], Iterable[Request]]
NO_MOTD = ("422", "There is no message of the day")
_NO_OPERATORS = ("481", "Permission denied: this server has no operators")
VERBS: dict[str, Verb] = {
    "PRIVMSG": _privmsg,
    "NOTICE": _privmsg,
    "TAGMSG": _tagmsg,
    "TOPIC": _topic,
    "CHATHISTORY": chathistory,
    "JOIN": _join,
    "PART": _part,
    "NAMES": _names,
    "LIST": _list,
    "INVITE": _invite,
    "KICK": _kick,
    "MODE": _mode,
    "NICK": _nick,
    "WHO": _who,
    "WHOIS": _whois,
    "WHOWAS": _whowas,
    "USERHOST": _userhost,
    "ISON": _ison,
    "MONITOR": _monitor,
    "AWAY": _away,
    "SETNAME": _setname,
    "PING": _ping,
    "PONG": _nothing,
    "ERROR": _nothing,
    "QUIT": _quit,
    "USER": _registered_already,
    "PASS": _registered_already,
    "LUSERS": _status,
    "VERSION": _status,
    "TIME": _status,
    "MOTD": _told(NO_MOTD),
    "INFO": _told(("371", "geventchat: one room, many kinds of clients"), ("374", "End of /INFO list")),
    "ADMIN": _told(("256", SERVER, "Administrative info"), ("259", "Ask whoever has started this server")),
    "LINKS": _told(("364", SERVER, SERVER, f"0 {DESCRIPTION}"), ("365", "*", "End of /LINKS list")),
    "STATS": _told(("219", "*", "End of /STATS report")),
    "USERS": _told(("446", "USERS has been disabled")),
    "HELP": _help,
    "HELPOP": _help,
    "OPER": _told(("491", "This server has no operators")),
    "KILL": _told(_NO_OPERATORS),
    "REHASH": _told(_NO_OPERATORS),
    "WALLOPS": _told(_NO_OPERATORS),
}
