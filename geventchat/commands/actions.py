"""Doing what a member asks for, by the function that `ACTIONS` has for that command: whole, or not at all.

A function acts on the chat alone. Where more is needed, reading the log or ending the connection, it returns a
`Followup`, which is for the session to do.
"""

from collections.abc import Callable
from typing import TypeVar

from geventchat.commands import (
    accounts,
    asking,
    commands,
    entering,
    filtering,
    moderate_people,
    moderate_rooms,
    people,
    permission,
    talk,
)
from geventchat.commands.followups import Actions, Followup
from geventchat.commands.table import INFO
from geventchat.core.chat import Chat
from geventchat.core.member import Member
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import MAX_REF

ACTIONS: Actions = {
    **entering.ACTIONS,
    **talk.ACTIONS,
    **asking.ACTIONS,
    **people.ACTIONS,
    **accounts.ACTIONS,
    **moderate_people.ACTIONS,
    **moderate_rooms.ACTIONS,
}

_Next = TypeVar("_Next")


def do(chat: Chat, member: Member, command: commands.AnyCommand, now: float) -> Followup | None:
    """Do what a member asks for, or tell it why not; `now` is in seconds since 1970."""
    ref = commands.ref_of(command)

    def act() -> Followup | None:
        if ref is not None and len(ref) > MAX_REF:
            raise Refused("bad-ref", f"a ref can have at most {MAX_REF} characters")
        if isinstance(command, commands.Talk):
            member.spoke = now
        permission.check(chat, member, command, now)
        if isinstance(command, commands.Leave | commands.Bye):
            _check_last_words(chat, member, command, now)
        else:
            filtering.check(chat, member, command, now)
        return ACTIONS[type(command)](chat, member, command, now)

    return _attempt(chat, member, act, ref)


def _check_last_words(chat: Chat, member: Member, leaving: commands.Leave | commands.Bye, now: float) -> None:
    """Leave out what a member may not say by leaving: it may go all the same."""
    if leaving.reason:
        try:
            filtering.check(chat, member, leaving, now)
            permission.check_last_words(chat, member, leaving, now)
        except Refused:
            leaving.reason = ""


def go_on(
    chat: Chat, member: Member, find_out: Callable[[], Callable[[], _Next] | None], ref: str | None
) -> _Next | None:
    """Find out what a followup asks for, and go on with that; return what is to be done next, if anything.

    `find_out` may wait, and changes no records; it returns how to go on, if at all. Both may raise Refused.
    """
    try:
        act = find_out()
    except Refused as refusal:
        _refuse(chat, member, refusal, ref)
        return None
    return None if act is None else _attempt(chat, member, act, ref)


def _attempt(chat: Chat, member: Member, act: Callable[[], _Next], ref: str | None) -> _Next | None:
    """Do something that does not wait; if it fails, leave nothing half done, and tell the member why it was refused.

    As nobody else does anything meanwhile, all that was begun since is its own. Raises any error but Refused.
    """
    begun = len(chat.kept.unstored)
    try:
        return act()
    except Refused as refusal:
        chat.undo_since(begun)
        _refuse(chat, member, refusal, ref)
    except Exception:
        chat.undo_since(begun)
        raise
    return None


def _refuse(chat: Chat, member: Member, refusal: Refused, ref: str | None) -> None:
    chat.refuse(member, refusal, ref if ref is None else ref[:MAX_REF])
    if not member.key:
        asked_again = member.wants_account and refusal.code in ("login-failed", "slow-down")
        # Who mistyped a password types it again: taken for a name, it would be told to all.
        member.wants_account = refusal.code == "nick-registered" or asked_again
        chat.ask(member)


def cost(chat: Chat, member: Member, command: commands.AnyCommand) -> int:
    """Return how many messages a command counts as, against the rate."""
    return INFO[type(command)].cost(chat, member, command)
