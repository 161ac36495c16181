"""What is asked for about rooms, and what is said in them and to users."""

from collections.abc import Iterator
from itertools import zip_longest

from geventchat.commands import commands
from geventchat.dialects.irc import texts
from geventchat.dialects.irc.answers import MAX_DETAIL, Request, answer, for_each, no_channel, too_few, wrong
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.isupport import MAX_JOINED
from geventchat.dialects.irc.names import is_channel, name_from_irc, room_from_irc


def privmsg(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Say something, or a notice, to rooms and users."""
    if not params or not params[0]:
        yield wrong(asked, "411", f"No recipient given ({asked.verb})")
    elif len(params) < 2 or not params[1]:
        yield wrong(asked, "412", "No text to send")
    else:
        yield from for_each(asked, params[0], lambda target: [_talk(asked, target, params[1])])


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


def tagmsg(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Take a message of nothing but tags, of which CLIENTTAGDENY says that none are passed on."""
    yield answer(asked, lambda _: []) if params else too_few(asked)


def topic(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Ask for a room's topic, or set it."""
    if not params:
        yield too_few(asked)
    elif not is_channel(params[0]):
        yield no_channel(asked, params[0])
    else:
        text = texts.plain(params[1]) if len(params) > 1 else None
        yield commands.Topic(room=room_from_irc(params[0]), text=text, ref=asked.ref)


def join(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Enter rooms."""
    if not params:
        yield too_few(asked)
        return
    keys: dict[str, str | None] = {}
    for channel, key in zip_longest(params[0].split(","), params[1].split(",") if len(params) > 1 else []):
        keys.setdefault(channel, key)

    def enter(channel: str) -> Iterator[Request]:
        if is_channel(channel):
            yield commands.Join(room=room_from_irc(channel), password=keys[channel], ref=asked.ref)
        else:
            yield no_channel(asked, channel)

    yield from for_each(asked, params[0], enter, MAX_JOINED)


def part(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Leave rooms."""
    if not params:
        yield too_few(asked)
        return
    reason = texts.plain(params[1]) if len(params) > 1 else ""

    def leave(channel: str) -> Iterator[Request]:
        if is_channel(channel):
            yield commands.Leave(room=room_from_irc(channel), reason=reason, ref=asked.ref)
        else:
            yield no_channel(asked, channel)

    yield from for_each(asked, params[0], leave)


def names(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Ask who is in rooms."""

    def who(channel: str) -> Iterator[Request]:
        if is_channel(channel):
            yield commands.Who(room=room_from_irc(channel), ref=asked.ref)
        else:
            yield wrong(asked, "366", channel, "End of /NAMES list")

    yield from for_each(asked, params[0] if params else "", who)
    if not params or not params[0].strip(","):
        yield wrong(asked, "366", "*", "End of /NAMES list")


def list_rooms(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Ask which rooms there are, or which of some there are."""
    wanted = params[0] if params else ""
    if len(wanted) > asked.left:
        yield wrong(asked, "416", asked.verb, f"Name fewer at once: {asked.left} characters of names and conditions")
    else:
        yield commands.Rooms(ref=asked.about(wanted).ref)


def invite(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Invite somebody into a room."""
    if len(params) < 2:
        yield too_few(asked)
    else:
        nick, channel = params[:2]
        if not is_channel(channel):
            yield no_channel(asked, channel)
            return
        asked = asked.about(channel[:MAX_DETAIL])
        yield commands.Invite(nick=name_from_irc(nick), room=room_from_irc(channel), ref=asked.ref)
