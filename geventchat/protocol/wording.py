"""How events and replies read, for people: nc, the filter, the export and the terminal client all use these words."""

from geventchat.protocol import durations, events, replies
from geventchat.protocol.roles import Role


def text_of(message: events.Said | events.Acted) -> str:
    """Return what was said; an action stands between asterisks."""
    return f"*{message.text}*" if isinstance(message, events.Acted) else message.text


def line_of(event: events.Event) -> str:
    """Return an event as a line of text, without its end; a line that nobody said begins with `* `."""
    if isinstance(event, events.Said | events.Acted):
        return f"{event.nick}: {text_of(event)}"
    return f"* {notice_of(event)}"


def notice_of(event: events.Event) -> str:
    """Return what happened, for an event in which nothing was said."""
    match event:
        case events.Joined(nick=nick):
            return f"{nick} joined"
        case events.Left(nick=nick, reason=reason):
            return f"{nick} left: {reason}" if reason else f"{nick} left"
        case events.Renamed(nick=nick, new=new):
            return f"{nick} is now {new}"
        case events.TopicSet(nick=nick, text=text):
            return f"{nick} set the topic: {text}"
        case events.Moderation():
            return _moderated(event)
    raise TypeError(f"{event!r} has no notice")


def _moderated(event: events.Moderation) -> str:
    """Return what somebody who moderates has done: to whom, where if it is not here, until when, and why."""
    who = "everyone" if event.who == EVERYBODY else event.who
    match event:
        case events.Announced(text=text):
            did, reason = "announces", text
        case events.Held(id=held_id, text=text, action=action):
            did, reason = f"is not let say yet ({held_id})", f"*{text}*" if action else text
        case events.Slowed(every=every):
            did = f"lets everyone speak once in {durations.show(every)}" if every else "lets everyone speak freely"
            reason = event.reason
        case events.Locked(password=password):
            did, reason = f"locked the room{', with a password' if password else ''}", event.reason
        case events.Deleted(target=target):
            did, reason = f"deleted what {who} said ({target})", event.reason
        case _:
            did, reason = _DID[type(event)].format(who=who), event.reason
    where = f", in {event.of}" if event.of else ""
    return f"{event.nick} {did}{where}{until(event.until)}{f': {reason}' if reason else ''}"


EVERYBODY = "*"
_DID: dict[type[events.Moderation], str] = {
    events.Kicked: "put {who} out",
    events.Banned: "banned {who}",
    events.Unbanned: "lifted the ban of {who}",
    events.Muted: "muted {who}",
    events.Unmuted: "lets {who} speak again",
    events.Unlocked: "unlocked the room",
}


def until(time: str | None) -> str:
    """Return until when something holds, as it stands behind what that is; nothing for ever."""
    return f" until {_minute(time)}" if time else ""


def _minute(time: str) -> str:
    """Return a time as events have it, to the minute."""
    return f"{time[:16].replace('T', ' ')} UTC"


def notices_of(reply: replies.Reply) -> list[str]:
    """Return what the server tells one user, a line each; of a reply that people are not told of, none."""
    match reply:
        case replies.Members(room=room, members=members, count=count, topic=topic):
            more = f" and {count - len(members)} more" if count > len(members) else ""
            return [f"{count} in {room}: {', '.join(members)}{more}", *([f"topic: {topic}"] if topic else [])]
        case replies.RoomList(rooms=rooms):
            return ["rooms: " + ", ".join(f"{name} ({count})" for name, count in rooms.items())]
        case replies.TopicIs(text=text):
            return [f"topic: {text}" if text else "no topic is set; /topic TEXT sets one"]
        case replies.Profiles(users=users):
            return [line for user in users for line in _profile(user)]
        case replies.AwayIs(nick=nick, text=text):
            return [f"{nick} is here" if text is None else f"{nick} is away: {text}"]
        case replies.AccountIs(account=account, role=role, needs_password=needs_password):
            if account is None:
                return ["you are not logged in"]
            told = f"you are logged in to {account}" + (f", as {role}" if role is not Role.USER else "")
            another = ["that password was good for once: set another with /password PASSWORD"]
            return [told, *(another if needs_password else [])]
        case replies.Recovered(account=account, password=password):
            return [f"tell the owner of {account} this password, which is good for one login: {password}"]
        case replies.Invited(nick=nick, to=to, room=room):
            return [f"{nick} invites {to} into {room}: /join {room}"]
        case replies.Whispered(nick=nick, to=to, text=text):
            return [f"{nick} whispers to {to}: {text}"]
        case replies.Gap(room=room, count=None):
            return [f"lines of {room} may be missing here: the server cannot show them all"]
        case replies.Gap(room=room, count=count):
            return [f"you missed {count} lines of {room}"]
        case replies.BanList():
            return _bans(reply)
        case replies.Motd(lines=lines):
            return lines or ["there is no message of the day"]
        case replies.Pong(token=token):
            return [f"pong {token}".rstrip()]
        case replies.HelpText(lines=lines):
            return lines
        case replies.Error(message=message):
            return [message]
    return []


def _bans(listed: replies.BanList) -> list[str]:
    where = f" in {listed.room}" if listed.room else ""
    lines = []
    for did, entries in (("banned", listed.bans), ("muted", listed.mutes)):
        for one in entries:
            who = "everyone" if one.who == EVERYBODY else one.who
            lines.append(
                f"{who} is {did}{where}{until(one.until)}, by {one.by}{f': {one.reason}' if one.reason else ''}"
            )
    return lines or [f"nobody is banned or muted{where}"]


def _profile(user: replies.Profile) -> list[str]:
    about = f": {user.about}" if user.about else ""
    rooms = f"in {', '.join(user.rooms)}" if user.rooms else "in no room"
    away = [f"{user.nick} is away: {user.away}"] if user.away is not None else []
    since = f"here since {_minute(user.since)}"
    return [f"{user.nick}{about}, {rooms}, {since}{f', {user.origin}' if user.origin else ''}", *away]
