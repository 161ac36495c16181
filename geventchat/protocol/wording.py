"""How events and replies read, for people: nc, the filter, the export and the terminal client all use these words."""

from geventchat.protocol import events, replies
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
    raise TypeError(f"{event!r} has no notice")


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
            return [f"lines of {room} may be missing here: the server does not have them any more"]
        case replies.Gap(room=room, count=count):
            return [f"you missed {count} lines of {room}"]
        case replies.Pong(token=token):
            return [f"pong {token}".rstrip()]
        case replies.HelpText(lines=lines):
            return lines
        case replies.Error(message=message):
            return [message]
    return []


def _profile(user: replies.Profile) -> list[str]:
    about = f": {user.about}" if user.about else ""
    rooms = f"in {', '.join(user.rooms)}" if user.rooms else "in no room"
    away = [f"{user.nick} is away: {user.away}"] if user.away is not None else []
    return [f"{user.nick}{about}, {rooms}, here since {user.since[:16].replace('T', ' ')} UTC", *away]
