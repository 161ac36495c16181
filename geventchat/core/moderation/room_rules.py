"""What holds in a room: whose it is, how often one may speak, and who may come in.

What is changed by different commands is in records of different kinds: of two that make a record at the same time, on
two servers, one would else undo the other.
"""

import hmac
from collections.abc import Iterable
from hashlib import blake2b

from geventchat.core.kept import Change, Kept, Record
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import MAX_INVITED, MAX_OWNED

# What stands before an account's key where nicks' keys stand too: no name holds a colon.
_ACCOUNT = "account:"


class Slow(Record, tag="slow"):
    """In the room with the key `room`, each user may speak only once in `every_s` seconds."""

    room: str
    every_s: float

    @property
    def key(self) -> str:
        """The key of the room."""
        return self.room


class Invited(Record, tag="invited"):
    """The account with the key `account` may come into the room with the key `room`, which is locked."""

    room: str
    account: str

    @property
    def key(self) -> str:
        """The keys of both."""
        return _invitation(self.room, self.account)


class RoomRules(Record, tag="room"):
    """Whose the room with the key `room` is, and whether all may come in. `owner` is the key of an account.

    `password` is salt and hash, in hexadecimal, with a colon between; empty where only who is invited comes in.
    """

    room: str
    owner: str = ""
    locked: bool = False
    password: str = ""

    @property
    def key(self) -> str:
        """The key of the room."""
        return self.room


class Rules:
    """The rules of all rooms, and who has been let into a locked one though it has no account.

    These are known by what proves the token of their connection, with which they come back, on any server; a restart
    forgets them.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._invited: dict[str, dict[str, None]] = {}  # accounts, by their rooms
        for one in kept.of(Invited):
            self._note_invited(one.key)
        kept.listen(Invited, self._note_invited)
        self._passes: dict[str, dict[str, None]] = {}  # for each locked room, proofs
        self._spoke: dict[str, dict[str, float]] = {}  # for each slow room, when each nick or account may speak again

    def of(self, room: str) -> RoomRules:
        """Return whose the room with this key is, and whether all may come in."""
        return self._kept.get(RoomRules, room) or RoomRules(room=room)

    def owned(self, account: str) -> int:
        """Return how many rooms an account has."""
        return sum(one.owner == account for one in self._kept.of(RoomRules))

    def own(self, room: str, account: str) -> list[Change]:
        """Give a new room to the account that has made it, unless that has many. Return what is to be stored."""
        if self.of(room).owner or self.owned(account) >= MAX_OWNED:
            return []
        return [self._put(self.of(room), owner=account)]

    def forget(self, account: str) -> list[Change]:
        """Take from the account with this key what an earlier one of that name had. Return what is to be stored."""
        rooms = [room for room, accounts in self._invited.items() if account in accounts]
        owned = [one for one in self._kept.of(RoomRules) if one.owner == account]
        return [*(self._put(one, owner="") for one in owned), *(self._end(room, account) for room in rooms)]

    def slow(self, room: str, every_s: float) -> Change:
        """Set how many seconds each must wait between two messages; 0 for none."""
        self._spoke.pop(room, None)
        return self._kept.put(Slow(room=room, every_s=every_s)) if every_s else self._kept.remove(Slow, room)

    def is_slow(self, room: str) -> bool:
        """Return whether one may not speak as often as one likes."""
        return self._kept.get(Slow, room) is not None

    def wait_s(self, room: str, key: str, account: str, now: float) -> float:
        """Return for how many seconds somebody may not speak in a room yet; if for none, it does now.

        It is known by the key of its nick, and by that of its account, which may have several connections.
        """
        slow = self._kept.get(Slow, room)
        if slow is None:
            return 0.0
        every = slow.every_s
        spoke = self._spoke.setdefault(room, {})
        for other in [other for other, until in spoke.items() if until <= now]:
            del spoke[other]
        names = [key, f"{_ACCOUNT}{account}"] if account else [key]
        if not any(name in spoke for name in names):
            spoke.update(dict.fromkeys(names, now + every))
            return 0.0
        until = max(spoke.get(name, now) for name in names)
        return min(until - now, every)  # the clock may have been set back

    def renamed(self, old: str, new: str) -> None:
        """Keep who takes another nick waiting as long as under the one before."""
        for spoke in self._spoke.values():
            if old in spoke:
                spoke[new] = spoke.pop(old)

    def lock(self, room: str, password: str, now: float) -> Change:
        """Lock a room: only those come in who are invited, or know the password if there is one."""
        self.forget_guests(room)
        salt = blake2b(f"{room}:{now}".encode(), digest_size=blake2b.SALT_SIZE).hexdigest()
        kept = f"{salt}:{_hashed(password, salt)}" if password else ""
        return self._put(self.of(room), locked=True, password=kept)

    def unlock(self, room: str) -> list[Change]:
        """Unlock a room; once that is stored, its guests are to be forgotten. Return what is to be stored."""
        ended = [self._end(room, account) for account in list(self._invited.get(room, ()))]
        return [self._put(self.of(room), locked=False, password=""), *ended]

    def forget_guests(self, room: str) -> None:
        """Forget who was let in as a guest when the room was locked, if it is open now."""
        if not self.of(room).locked:
            self._passes.pop(room, None)

    def forget_guest(self, room: str, proof: str) -> None:
        """Forget that somebody was let in as a guest: it was put out."""
        self._passes.get(room, {}).pop(proof, None)

    def invite(self, room: str, account: str, proof: str) -> list[Change]:
        """Invite somebody, by its account or else by its proof. Raises Refused when it is one too many."""
        invited, passes = self._invited.get(room, {}), self._passes.setdefault(room, {})
        if (account in invited) if account else (proof in passes):
            return []
        if len(passes) + len(invited) >= MAX_INVITED:
            raise Refused("too-many-invited", f"{MAX_INVITED} are invited already")
        if not account:
            passes[proof] = None
            return []
        return [self._kept.put(Invited(room=room, account=account))]

    def let_in_guests(self, room: str, proofs: Iterable[str]) -> None:
        """Note guests whom other servers have let into a locked room, as many as may be; into others all may come."""
        if not self.of(room).locked:
            return
        passes = self._passes.setdefault(room, {})
        for proof in proofs:
            if len(passes) < MAX_INVITED:
                passes[proof] = None

    def uninvite(self, room: str, account: str, proof: str) -> list[Change]:
        """Take back the invitation of somebody. Return what is to be stored."""
        self.forget_guest(room, proof)
        return [self._end(room, account)] if account in self._invited.get(room, {}) else []

    def lets_in(self, room: str, account: str, proof: str, password: str | None) -> bool:
        """Return whether somebody may come in who does not moderate the room; who knows the password is noted."""
        rules = self.of(room)
        passes = self._passes.get(room, {})
        if not rules.locked or account in self._invited.get(room, {}) or proof in passes:
            return True
        salt, _, hashed = rules.password.partition(":")
        if password is None or not hashed or not hmac.compare_digest(_hashed(password, salt), hashed):
            return False
        passes = self._passes.setdefault(room, {})
        if len(passes) < MAX_INVITED:
            passes[proof] = None
        return True

    def _put(self, rules: RoomRules, **changed: object) -> Change:
        return self._kept.change(rules, changed, blank=RoomRules(room=rules.room))

    def _end(self, room: str, account: str) -> Change:
        return self._kept.remove(Invited, _invitation(room, account))

    def _note_invited(self, key: str) -> None:
        room, _, account = key.partition(":")
        accounts = self._invited.setdefault(room, {})
        if self._kept.get(Invited, key) is not None:
            accounts[account] = None
        else:
            accounts.pop(account, None)
        if not accounts:
            del self._invited[room]


def _invitation(room: str, account: str) -> str:
    return f"{room}:{account}"


def _hashed(password: str, salt: str) -> str:
    """Return the hash of a room's password: said aloud in a class, it needs no slow one, and joining is not held up."""
    return blake2b(password.encode(), salt=bytes.fromhex(salt), digest_size=16).hexdigest()
