"""Asking for a piece of the past: https://ircv3.net/specs/extensions/chathistory."""

import re
from collections.abc import Iterator
from datetime import datetime

from geventchat.commands import commands
from geventchat.dialects.base import Answer
from geventchat.dialects.irc.answers import MAX_DETAIL
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.lines import build
from geventchat.dialects.irc.names import SERVER, is_channel, room_from_irc
from geventchat.protocol.events import SEQUENCES, id_of, number_of
from geventchat.protocol.limits import MAX_HISTORY

_ID = re.compile(r"\d{1,18}-\d{1,18}", re.ASCII)
_VERB = "CHATHISTORY"


class _Unfit(Exception):
    """What was asked for makes no sense: a code of the specification, and words."""


def chathistory(asked: Asked, params: list[str]) -> Iterator[commands.History | commands.Recent | Answer]:
    """Ask for what the parameters say."""
    try:
        yield _targets(asked, params[1:]) if params[:1] and params[0].upper() == "TARGETS" else _history(asked, params)
    except _Unfit as unfit:
        code, *words = unfit.args
        fail = build(SERVER, "FAIL", _VERB, code, *words)
        yield Answer(lambda _: asked.answer([fail]))


def _history(asked: Asked, params: list[str]) -> commands.History:
    subcommand, target, *rest = [*params, "", ""] if len(params) < 2 else params
    subcommand = subcommand.upper()
    if subcommand not in ("LATEST", "BEFORE", "AFTER", "AROUND", "BETWEEN"):
        raise _Unfit("INVALID_PARAMS", subcommand or "*", "That is no subcommand here")
    references = 2 if subcommand == "BETWEEN" else 1
    if len(rest) < references + 1:
        raise _Unfit("NEED_MORE_PARAMS", subcommand, "Not enough parameters")
    if not is_channel(target):
        raise _Unfit("INVALID_TARGET", subcommand, target or "*", "Only what was said in rooms is kept")
    limit = _limit(rest[references], subcommand)
    begin, end = _reference(rest[0], subcommand), _reference(rest[references - 1], subcommand)
    asked = asked.about(f"{subcommand} {target}"[:MAX_DETAIL])
    history = commands.History(room=room_from_irc(target), limit=limit, ref=asked.ref)
    match subcommand:
        case "LATEST":
            history.after = None if rest[0] == "*" else id_of(begin[1])
            history.latest = True
        case "BEFORE":
            history.before = id_of(begin[0])
        case "AFTER":
            history.after = id_of(begin[1])
        case "AROUND":
            history.around = id_of(begin[0])
        case "BETWEEN":
            history.latest = begin > end
            first, last = sorted((begin, end))
            history.after, history.before = id_of(first[1]), id_of(last[0])
    return history


def _targets(asked: Asked, params: list[str]) -> commands.Recent:
    if len(params) < 3:
        raise _Unfit("NEED_MORE_PARAMS", "TARGETS", "Not enough parameters")
    first, last = sorted(_reference(given, "TARGETS") for given in params[:2])
    limit = _limit(params[2], "TARGETS")
    return commands.Recent(after=id_of(first[1]), before=id_of(last[0]), limit=limit, ref=asked.ref)


def _limit(given: str, subcommand: str) -> int:
    if not (given.isascii() and given.isdigit() and int(given[:9])):
        raise _Unfit("INVALID_PARAMS", subcommand, given, "The limit is a number")
    return min(int(given[:9]), MAX_HISTORY)


def _reference(given: str, subcommand: str) -> tuple[int, int]:
    """Return the numbers of the first and the last id that a message reference can mean: of a time, all that it has."""
    kind, _, value = given.partition("=")
    if given == "*" and subcommand == "LATEST":
        return 0, 0
    if kind == "msgid" and _ID.fullmatch(value):
        return number_of(value), number_of(value)
    if kind == "timestamp":
        try:
            first = int(datetime.fromisoformat(value).timestamp() * 1000) * SEQUENCES
        except (ValueError, OverflowError):
            pass
        else:
            if first >= 0:
                return first, first + SEQUENCES - 1
    raise _Unfit("INVALID_PARAMS", subcommand, given, "A message is named by msgid= or timestamp=")
