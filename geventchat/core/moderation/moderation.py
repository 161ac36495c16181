"""Who may come in, speak and see what, and who moderates where."""

from collections.abc import Callable

from geventchat.core.accounts import Account
from geventchat.core.kept import Change, Kept, Record
from geventchat.core.member import Member
from geventchat.core.moderation import targets
from geventchat.core.moderation.moderator_links import Links
from geventchat.core.moderation.room_rules import Rules
from geventchat.core.moderation.sanctions import Ban, Mute, Sanction, Sanctions
from geventchat.core.moderation.targets import Person, Target
from geventchat.core.moderation.word_filter import NOTHING_FILTERED
from geventchat.protocol import events, names, wording
from geventchat.protocol.errors import Refused
from geventchat.protocol.names import LOG_ROOM
from geventchat.protocol.roles import Role


class Secret(Record, tag="secret"):
    """What only the servers of this chat know: pseudonyms of addresses are made with it. `value` is hexadecimal."""

    value: str

    @property
    def key(self) -> str:
        """There is one."""
        return ""


class Moderation:
    """What is kept of all that moderators do.

    `role_of` is what a member may do on the whole server, and `account_of` the account that it has logged in to.
    """

    def __init__(
        self, kept: Kept, role_of: Callable[[Member], Role], account_of: Callable[[Member], Account | None]
    ) -> None:
        self._kept = kept
        self._role_of = role_of
        self._account_of = account_of
        self.bans = Sanctions(kept, Ban)
        self.mutes = Sanctions(kept, Mute)
        self.rules = Rules(kept)
        self.links = Links(kept)
        self.filter = NOTHING_FILTERED
        self.approving: set[str] = set()  # ids of what was held back and is about to be said
        self._fresh = "00"  # what stands for the secret where none is kept

    def secret(self, fresh: str) -> Change | None:
        """Make pseudonyms with the secret that is kept, or a fresh one, in hexadecimal, which is to be stored."""
        self._fresh = fresh
        return None if self._kept.get(Secret, "") is not None else self._kept.put(Secret(value=fresh))

    def account(self, member: Member) -> str:
        """Return the key of a member's account; empty if it has none."""
        account = self._account_of(member) if member.account is not None else None
        return account.key if account is not None else ""

    def is_moderator(self, member: Member) -> bool:
        """Return whether a member moderates the whole server."""
        return self._role_of(member).may(Role.MODERATOR)

    def owns(self, member: Member, room: str) -> bool:
        """Return whether the room with this key belongs to a member's account."""
        return bool(account := self.account(member)) and self.rules.of(room).owner == account

    def moderates(self, member: Member, room: str) -> bool:
        """Return whether a member may do in the room with this key what moderators do."""
        if member.account is None and member.role is Role.USER:  # as nearly all are
            return False
        return self.is_moderator(member) or self.owns(member, room)

    def outranks(self, member: Member, other: Member, room: str) -> bool:
        """Return whether a member may act on another one, in the room with this key or, if it is empty, anywhere."""
        ours, theirs = self._role_of(member), self._role_of(other)
        if ours is Role.USER:  # it is in its own room
            return theirs is Role.USER and not self.owns(other, room)
        return not theirs.may(ours)

    def check_account(self, member: Member, account: Account) -> None:
        """Raise Refused ("forbidden") if a member may not act on an account, whose owner may be away."""
        if account.role is not Role.USER and account.role.may(self._role_of(member)):
            raise Refused("forbidden", f"{account.name} moderates too", about=account.key)

    def person(self, member: Member) -> Person:
        """Return what of a member a ban or mute may hit: of a moderator, the names alone."""
        if self.is_moderator(member):
            return Person(member.key, self.account(member))
        return Person(member.key, self.account(member), member.address, self.origin(member))

    def origin(self, member: Member) -> str:
        """Return the pseudonym of where a member comes from."""
        if not member.origin:
            kept = self._kept.get(Secret, "")  # another server may have begun at the same moment, with one of its own
            secret = kept.value if kept is not None else self._fresh
            member.origin = targets.origin(member.address, bytes.fromhex(secret))
        return member.origin

    def recognise(self, member: Member, now: float) -> None:
        """Make a moderator of a member who comes back with a token that has opened a link."""
        if self.links.holds(member.proof, now):
            member.role = Role.MODERATOR

    def check_ban(self, member: Member, nick: str, room: str, now: float) -> None:
        """Raise Refused ("banned") if a member is to be kept out under this nick, of the room with this key or of all.

        An empty key is no room.
        """
        if not self.bans:
            return
        person = self.person(member)._replace(key=names.key(nick))
        if (ban := self.bans.find(person, room, now)) is not None:
            raise Refused("banned", f"you are banned{_where(ban)}{_terms(ban)}", about=ban.room_name or None)

    def ban_from(self, room: str, member: Member, now: float) -> Ban | None:
        """Return why a member is to be kept out of the room with this key, if it is."""
        if not self.bans or self.moderates(member, room):
            return None
        return self.bans.find(self.person(member), room, now)

    def check_ban_of_account(self, account: str, now: float) -> None:
        """Raise Refused ("banned") if the account with this key is kept out of the whole server."""
        ban = self.bans.find(Person(account=account), "", now) if self.bans else None
        if ban is not None:
            raise Refused("banned", f"that account is banned{_terms(ban)}")

    def open_link(self, member: Member, secret: str, now: float) -> list[Change]:
        """Make a member a moderator by a link. Return what is to be stored. Raises Refused if it was opened before."""
        role = member.role

        def undone() -> None:
            if not member.welcomed:  # else it is told
                member.role = role

        changes = self.links.open(secret, member.proof, now, undone)
        self.recognise(member, now)
        return changes

    def may_enter(self, member: Member, room: str, now: float) -> bool:
        """Return whether a member may come into the room with this key."""
        try:
            self.check_entry(member, member.nick, room, None, now)
        except Refused:
            return False
        return True

    def check_entry(
        self, member: Member, nick: str, room: str, password: str | None, now: float, called: str = ""
    ) -> None:
        """Raise Refused if a member may not come into the room with this key, which it has `called` so.

        The code is "banned", "locked", "key-needed" where a password opens it, or "forbidden". An empty key is no room:
        then it is about the server alone.
        """
        if room == LOG_ROOM and not self.is_moderator(member):
            raise Refused("forbidden", "that room is for moderators only", about=LOG_ROOM)
        if self.moderates(member, room):
            self.check_ban(member, nick, "", now)  # nobody bans who moderates a room from there
            return
        self.check_ban(member, nick, room, now)
        if room and not self.rules.lets_in(room, self.account(member), member.proof, password):
            name = called or room
            if not self.rules.of(room).password:
                raise Refused("locked", "that room is locked: it takes to be invited", about=name)
            how = f'its password, as in /join "{name}" PASSWORD, or to be invited'
            raise Refused("key-needed", f"that room is locked: it takes {how}", about=name)

    def is_muted(self, member: Member, nick: str, room: str, now: float) -> bool:
        """Return whether a member may not speak under this nick, in the room with this key or, if empty, at all."""
        return self._mute(member, names.key(nick), room, now) is not None

    def check_muted(self, member: Member, room: str, now: float) -> None:
        """Raise Refused ("muted") if a member may not speak, in the room with this key or, if it is empty, at all."""
        if (mute := self._mute(member, member.key, room, now)) is not None:
            raise Refused("muted", f"you are muted{_where(mute)}{_terms(mute)}", about=room or None)

    def _mute(self, member: Member, key: str, room: str, now: float) -> Mute | None:
        """Return why a member may not speak under the nick with this key, if it may not."""
        if not self.mutes:
            return None
        # Nobody mutes who moderates a room there.
        where = "" if self.moderates(member, room) else room
        return self.mutes.find(self.person(member)._replace(key=key), where, now)

    def is_quiet(self, room: str, now: float) -> bool:
        """Return whether everybody is muted in the room with this key who does not moderate it."""
        mute = self.mutes.get(room, Target(wording.EVERYBODY, wording.EVERYBODY))
        return mute is not None and mute.holds(now)

    def check_slow(self, member: Member, room: str, now: float) -> None:
        """Raise Refused ("slow-down") if a member has just spoken in a slow room; else it does so now."""
        if not self.rules.is_slow(room) or self.moderates(member, room):
            return
        if wait := self.rules.wait_s(room, member.key, self.account(member), now):
            raise Refused("slow-down", f"this room is slow: say that again in {max(1, round(wait))} s", about=room)

    def may_look(self, member: Member, room: str) -> bool:
        """Return whether a member may learn who is in the room with this key, and what it is about."""
        if room in member.rooms or self.moderates(member, room):
            return room != LOG_ROOM or self.is_moderator(member)
        if room == LOG_ROOM:
            return False
        rules = self.rules.of(room)
        return not rules.locked or self.rules.lets_in(room, self.account(member), member.proof, None)


def until_of(sanction: Sanction) -> str:
    """Return when a sanction ends, as events have it; empty for never."""
    return events.iso_time(int(sanction.until * 1000)) if sanction.until is not None else ""


def _where(sanction: Sanction) -> str:
    return f" in {sanction.room_name}" if sanction.room else ""


def _terms(sanction: Sanction) -> str:
    return f"{wording.until(until_of(sanction))}{f': {sanction.reason}' if sanction.reason else ''}"
