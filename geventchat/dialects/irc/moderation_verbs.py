"""What those who moderate ask for: KICK, MODE, REDACT, and each command that is typed elsewhere, by its name."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from geventchat.commands import commands, moderation
from geventchat.commands.table import TABLE, CommandInfo
from geventchat.dialects import slash
from geventchat.dialects.irc import texts
from geventchat.dialects.irc.answers import MAX_DETAIL, Request, Verb, answer, for_each, no_channel, too_few, wrong
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.lines import Out, build, notices
from geventchat.dialects.irc.names import HOSTS, SERVER, is_channel, name_from_irc, room_from_irc
from geventchat.dialects.irc.recipient import Recipient
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.names import HOST
from geventchat.protocol.wording import EVERYBODY

_LISTS = "bq"  # modes that are lists of masks
_WITH_PARAMETER = "bqko"
_MOST_MODES = 8  # in one message


def kick(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Put users out of a room."""
    if len(params) < 2:
        yield too_few(asked)
        return
    channel, nicks, reason = (*params, "")[:3]
    if not is_channel(channel):
        yield no_channel(asked, channel)
        return
    asked = asked.about(channel[:MAX_DETAIL])
    room, why = room_from_irc(channel), texts.plain(reason)
    yield from for_each(
        asked, nicks, lambda nick: [moderation.Kick(nick=name_from_irc(nick), room=room, reason=why, ref=asked.ref)]
    )


def redact(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Take back a message: https://ircv3.net/specs/extensions/message-redaction."""
    if len(params) < 2:
        yield too_few(asked)
        return
    channel, event_id, reason = (*params, "")[:3]
    asked = asked.about(f"{channel} {event_id}"[:MAX_DETAIL])
    if not is_channel(channel):
        why = build(SERVER, "FAIL", asked.verb, "INVALID_TARGET", channel, "Only what was said in rooms is taken back")
        yield answer(asked, lambda _: [why])
        return
    yield moderation.Delete(id=event_id, room=room_from_irc(channel), reason=texts.plain(reason), ref=asked.ref)


def wallops(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Say something to everyone."""
    yield moderation.Announce(text=texts.plain(params[0]), ref=asked.ref) if params else too_few(asked)


def mode(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Ask for modes, or set some."""
    if not params:
        yield too_few(asked)
    elif not is_channel(params[0]):
        yield answer(asked, lambda to: [_user_mode(to, params)])
    else:
        yield from for_each(asked, params[0], lambda channel: _mode_of(asked, channel, *params[1:]))


def _mode_of(asked: Asked, channel: str, *given: str) -> Iterable[Request]:
    """Ask for the modes of a channel, as irssi does of several at once, or set some."""
    if not given:
        return [commands.Who(room=room_from_irc(channel), ref=asked.ref)]
    return _modes(asked, channel, *given)


def _modes(asked: Asked, channel: str, modes: str, *given: str) -> Iterator[Request]:
    """Set or lift modes, each a letter, some with a parameter; `+` or `-` holds until the other one stands there."""
    room, parameters, adds = room_from_irc(channel), iter(given), True
    for letter in modes[:_MOST_MODES]:
        if letter in "+-":
            adds = letter == "+"
            continue
        parameter = next(parameters, "") if letter in _WITH_PARAMETER else ""
        told = asked._replace(verb="SET MODE").about(channel[:MAX_DETAIL])
        if letter in _LISTS and not parameter:
            yield moderation.Bans(room=room, ref=told.about(f"{letter}{channel}"[:MAX_DETAIL]).ref)
        else:
            yield _set(told, channel, letter, parameter, adds=adds)


def _set(asked: Asked, channel: str, letter: str, parameter: str, *, adds: bool) -> Request:
    room, who, ref = room_from_irc(channel), _who(parameter), asked.ref
    if letter in _LISTS and not who:
        return answer(asked, lambda to: notices(to.me, [f"{parameter} fits more than one nick"]))
    match letter:
        case "b":
            return (
                moderation.Ban(who=who, room=room, ref=ref) if adds else moderation.Unban(who=who, room=room, ref=ref)
            )
        case "q":
            return _mute(who, room, ref, adds=adds)
        case "m":
            return _mute(EVERYBODY, room, ref, adds=adds)
        case "i" | "k" if not adds:
            return moderation.Unlock(room=room, ref=ref)
        case "i":
            return moderation.Lock(room=room, ref=ref)
        case "k" if set(parameter).isdisjoint(" ,") and parameter:
            return moderation.Lock(room=room, password=parameter, ref=ref)
        case "k":
            return wrong(asked, "696", channel, "k", "*", "A key is needed, one without blanks and commas")
        case "o":
            return wrong(asked, "482", channel, "Nobody can give that to others: who has the room has it")
    return wrong(asked, "472", letter, "is unknown mode char to me")


def _mute(who: str, room: str, ref: str, *, adds: bool) -> Request:
    return moderation.Mute(nick=who, room=room, ref=ref) if adds else moderation.Unmute(nick=who, room=room, ref=ref)


def _who(mask: str) -> str:
    """Return whom a mask like `nick!*@*` or `*!*@host` fits; empty for one that fits more than one user."""
    nick, _, rest = mask.partition("!")
    host = rest.rpartition("@")[2]
    if nick and not set("*?") & set(nick):
        return name_from_irc(nick)
    pseudonym = host.removesuffix(f".{HOSTS}")
    return f"{HOST}{pseudonym}" if pseudonym != host and pseudonym.isalnum() else ""


def _typed(info: CommandInfo) -> Verb:
    """Return the verb for a command that is typed with a slash elsewhere; here, a channel may stand before the rest."""

    def read(asked: Asked, params: list[str]) -> Iterator[Request]:
        room = room_from_irc(params[0]) if params and is_channel(params[0]) else None
        rest = " ".join(params if room is None else params[1:])
        try:
            command = slash.command_of(info, texts.plain(rest))
        except ProtocolError as error:
            yield wrong(asked, "461", asked.verb, error.message)
            return
        for field in ("who", "nick", "id"):
            with suppress(AttributeError):
                setattr(command, field, name_from_irc(getattr(command, field)))
        if room is not None and hasattr(command, "room"):
            command.room = room
        command.ref = asked.ref  # type: ignore[union-attr]
        yield command

    return read


# The commands of those who moderate, under the names by which they are typed elsewhere.
TYPED = {info.name.upper(): _typed(info) for info in TABLE if issubclass(info.command, moderation.Moderating)}


def _user_mode(to: Recipient, params: list[str]) -> Out:
    """Return that a user has no modes, also to clients that set one as they come in, as most do."""
    if params[0].lower() != to.me.lower():
        return to.numeric("502", "Can't change mode for other users")
    return to.short("221", "+")
