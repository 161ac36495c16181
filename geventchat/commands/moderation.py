"""The commands of those who moderate: the server's moderators everywhere, and who has a room, there.

`for` and `every` are durations as in scenarios, such as `10m`. What is left out of `for` is for ever.

Where `room` is left out, what a moderator does to a person holds everywhere, and what others do, in their room.
"""

import msgspec

from geventchat.commands.command import Command


class Kick(Command, tag="kick"):
    """Put a user out of a room, who may come in again."""

    nick: str
    room: str | None = None
    reason: str = ""
    ref: str | None = None


class Ban(Command, tag="ban"):
    """Keep somebody out: by a nick or an account, an address or network, or an origin, as `whois` tells moderators."""

    who: str
    lasts: str | None = msgspec.field(name="for", default=None)
    reason: str = ""
    room: str | None = None
    ref: str | None = None


class Unban(Command, tag="unban"):
    """Lift a ban."""

    who: str
    room: str | None = None
    ref: str | None = None


class Bans(Command, tag="bans"):
    """Ask who is banned and who is muted."""

    room: str | None = None
    ref: str | None = None


class Mute(Command, tag="mute"):
    """Keep somebody, named as for a ban, from speaking; `*` in a room is everyone who does not moderate it."""

    nick: str
    lasts: str | None = msgspec.field(name="for", default=None)
    reason: str = ""
    room: str | None = None
    ref: str | None = None


class Unmute(Command, tag="unmute"):
    """Lift a mute."""

    nick: str
    room: str | None = None
    ref: str | None = None


class Slow(Command, tag="slow"):
    """Let everyone speak only once in this time; without `every`, as often as they like."""

    room: str | None = None
    every: str | None = None
    ref: str | None = None


class Lock(Command, tag="lock"):
    """Lock a room: only those come in who are invited, or know the password if one is given."""

    room: str | None = None
    password: str = ""
    ref: str | None = None


class Unlock(Command, tag="unlock"):
    """Unlock a room."""

    room: str | None = None
    ref: str | None = None


class Delete(Command, tag="delete"):
    """Take back what was said: the message with this id, or the last one in the room of whoever has this nick."""

    id: str
    room: str | None = None
    reason: str = ""
    ref: str | None = None


class Approve(Command, tag="approve"):
    """Approve what a pattern has held back, and stands under this id in the moderators' room: it is said then."""

    id: str
    ref: str | None = None


class Announce(Command, tag="announce"):
    """Say something to everyone, in whatever room."""

    text: str
    ref: str | None = None


Moderating = Kick | Ban | Unban | Bans | Mute | Unmute | Slow | Lock | Unlock | Delete | Approve | Announce
