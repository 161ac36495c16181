"""What one client alone is told, as messages of IRC: numerics, mostly, whose meaning modern.ircdocs.horse explains."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from msgspec import UNSET

from geventchat.core.member import Member, account_of
from geventchat.dialects.irc import events as irc_events
from geventchat.dialects.irc.asked import Asked, batch_begins, batch_ends
from geventchat.dialects.irc.errors import errors
from geventchat.dialects.irc.isupport import isupport
from geventchat.dialects.irc.lines import MAX_BYTES, Out, build, in_pieces, notices, render
from geventchat.dialects.irc.moderation import mask_of, modes
from geventchat.dialects.irc.moderation_verbs import TYPED
from geventchat.dialects.irc.names import SERVER, nick_to_irc, prefix, room_to_irc
from geventchat.dialects.irc.profiles import former, profiles, wrapped
from geventchat.dialects.irc.recipient import Recipient
from geventchat.protocol import events, replies, wording
from geventchat.protocol.events import seconds_of
from geventchat.protocol.masks import matcher
from geventchat.protocol.names import LOG_ROOM
from geventchat.protocol.roles import Role

# Nicks of a list that are put into lines together, and the steps in which the room for them is counted.
_NAMED_TOGETHER = 64
_STEP_BYTES = 32
# The id of the batch that holds a piece of the past.
_PAST = "H"
# With what a condition for channels begins that is no name: https://modern.ircdocs.horse/#elist-parameter
_CONDITIONS = "<>!"
# Verbs of which it is said that it is done; of all others, what was done is its own answer.
_ACKNOWLEDGED = {"SET MODE", "REDACT", "WALLOPS", *TYPED}


class Replies:
    """How replies are encoded for clients that have agreed on these capabilities."""

    def __init__(self, caps: frozenset[str]) -> None:
        self._caps = caps

    def encode(self, member: Member, reply: replies.AnyReply) -> bytes:
        """Return a reply as lines; of one that IRC has no words for, or that this client does not want, none."""
        asked = Asked.of(getattr(reply, "ref", None))
        if isinstance(reply, replies.Ack):
            return asked.answer([]) if asked.verb in _ACKNOWLEDGED else b""
        to = Recipient(member, self._caps, asked)
        if isinstance(reply, replies.Whispered):
            return to.asked.answer(_echoed(to, reply)) + render(_received(to, reply))
        return to.asked.answer(_TABLE[type(reply)](to, reply))

    def own(self, _: Member, event: events.AnyEvent, ref: str | None) -> bytes | None:
        """Return what a client is sent instead of what it has caused itself; None for what all are sent."""
        asked = Asked.of(ref)
        echoes = "echo-message" in self._caps or not isinstance(event, events.Said | events.Acted)
        if (echoes and ref is None) or asked.verb in _ACKNOWLEDGED:
            return None
        return asked.answer(irc_events.messages(event, self._caps) if echoes else [])


def _nothing(_: Recipient, __: replies.Reply) -> list[Out]:
    return []


def _welcome(to: Recipient, welcome: replies.Welcome) -> list[Out]:
    return [
        to.numeric("001", f"Welcome to geventchat, {prefix(welcome.nick)}"),
        to.numeric("002", f"Your host is {SERVER}, running {welcome.server}"),
        to.numeric("003", "This server keeps what is said in its rooms"),
        to.short("004", SERVER, welcome.server.replace(" ", "-"), "o", "bikmoq"),
        *[
            to.numeric("005", *tokens, "are supported by this server")
            for tokens in isupport(int(welcome.limits["nick"] or 0))
        ],
    ]


def _members(to: Recipient, members: replies.Members) -> list[Out]:
    channel = room_to_irc(members.room)
    if to.asked.verb == "MODE":
        made = [to.short("329", channel, str(int(seconds_of(members.since))))] if members.since else []
        return [to.short("324", channel, *modes(members)), *made]
    entered: list[Out] = []
    if members.id is not None:
        about, account, moderates = to.member.about, account_of(to.member), to.nick in members.moderators
        time = events.time_of(members.id)
        joined = events.Joined(members.id, time, members.room, to.nick, about, moderates, account=account)
        entered = irc_events.messages(joined, to.caps)
        if members.topic:
            entered.append(to.numeric("332", channel, members.topic))
    names = _names(to, channel, members)
    return [*entered, *names, to.numeric("366", channel, "End of /NAMES list")]


def _names(to: Recipient, channel: str, members: replies.Members) -> list[Out]:
    """Return who is in a room. When a crowd joins, each is told a longer list: what is in many of them is made once."""
    head, chanops = to.short("353", "=", channel).body + " :", set(members.moderators)
    # As much as there is room for behind a head that is a little longer, so that many may have the same.
    free = (MAX_BYTES - len(head.encode())) // _STEP_BYTES * _STEP_BYTES
    lines = []
    for begin in range(0, len(members.members), _NAMED_TOGETHER):
        nicks = tuple(members.members[begin : begin + _NAMED_TOGETHER])
        ranked = chanops.intersection(nicks) if chanops else ()
        lines += [Out(head + part) for part in _parts(nicks, frozenset(ranked), "userhost-in-names" in to.caps, free)]
    return lines


@lru_cache(maxsize=256)
def _parts(nicks: tuple[str, ...], chanops: frozenset[str], with_hosts: bool, free: int) -> list[str]:
    """Return nicks as they stand in a list, in parts of at most `free` bytes."""
    named = prefix if with_hosts else nick_to_irc
    shown = [f"{'@' if nick in chanops else ''}{named(nick)}" for nick in nicks]
    return [line.body for line in wrapped("", shown, free=free)]


def _room_list(to: Recipient, listed: replies.RoomList) -> list[Out]:
    wanted = [one for one in to.asked.detail.split(",") if one]
    names = [_condition(one) for one in wanted if one[0] not in _CONDITIONS]  # of these, one has to fit
    others = [_condition(one) for one in wanted if one[0] in _CONDITIONS]
    shown = [
        to.numeric("322", room_to_irc(room), str(count), listed.topics.get(room, ""))
        for room, count in listed.rooms.items()
        if all(holds(room, count) for holds in others) and (not names or any(holds(room, count) for holds in names))
    ]
    return [to.numeric("321", "Channel", "Users  Name"), *shown, to.numeric("323", "End of /LIST")]


def _condition(wanted: str) -> Callable[[str, int], bool]:
    """Return what says whether a room is wanted: by its name, a mask for it, or how many are in it."""
    if wanted[0] in "<>" and wanted[1:].isascii() and wanted[1:].isdigit():
        bound = int(wanted[1:])
        return lambda _, count: count < bound if wanted[0] == "<" else count > bound
    fits, is_wanted = matcher(wanted.removeprefix("!").lower()), not wanted.startswith("!")
    return lambda room, _: (fits(room_to_irc(room).lower()) is not None) is is_wanted


def _topic(to: Recipient, topic: replies.TopicIs) -> list[Out]:
    channel = room_to_irc(topic.room)
    if topic.text:
        return [to.numeric("332", channel, topic.text)]
    return [to.numeric("331", channel, "No topic is set")]


def _away(to: Recipient, away: replies.AwayIs) -> list[Out]:
    if to.asked.verb != "AWAY":
        return [to.numeric("301", nick_to_irc(away.nick), away.text or "")]
    if away.text is None:
        return [to.numeric("305", "You are no longer marked as being away")]
    return [to.numeric("306", "You have been marked as being away")]


def _away_changed(to: Recipient, away: replies.AwayChanged) -> list[Out]:
    if "away-notify" not in to.caps:
        return []
    who = prefix(away.nick)
    return [_by(to, away, Out(f":{who} AWAY") if away.text is None else build(who, "AWAY", away.text))]


def _by(to: Recipient, doing: replies.Doing, message: Out) -> Out:
    """Return a message with the account of whoever has done that."""
    return message.tagged(**irc_events.tags_of("", doing.account, to.caps))


def _account(to: Recipient, told: replies.AccountIs) -> list[Out]:
    who = prefix(to.nick) if to.nick else "*"
    if told.account is None:
        return [to.numeric("901", who, "You are now logged out")]
    account = nick_to_irc(told.account)
    lines = [to.numeric("900", who, account, wording.notices_of(told)[0])]
    if to.asked.verb == "AUTHENTICATE":
        lines.append(to.numeric("903", "SASL authentication successful"))
    if told.role.may(Role.MODERATOR):
        rooms = map(room_to_irc, to.member.rooms)
        lines += [Out(f":{SERVER} MODE {room} +o {nick_to_irc(to.nick)}") for room in rooms if to.nick]
        lines.append(to.numeric("381", "You are now an IRC operator"))
    elif to.asked.verb == "OPER":
        lines.append(to.numeric("491", "That account does not moderate"))
    if to.asked.verb == "REGISTER":
        lines.append(build(SERVER, "REGISTER", "SUCCESS", account, "Your nick is yours now"))
    another = "that password was good for once: set another with /quote PASSWORD NEW"
    return [*lines, *notices(to.me, [another] if told.needs_password else [])]


def _account_changed(to: Recipient, changed: replies.AccountChanged) -> list[Out]:
    if "account-notify" not in to.caps:
        return []
    account = nick_to_irc(changed.account) if changed.account else "*"
    message = Out(f":{prefix(changed.nick)} ACCOUNT {account}")
    return [message.tagged(**irc_events.tags_of("", changed.account or UNSET, to.caps))]


def _noticed(to: Recipient, told: replies.Reply) -> list[Out]:
    return notices(to.me, wording.notices_of(told))


def _described(to: Recipient, described: replies.Described) -> list[Out]:
    if "setname" not in to.caps:
        return []
    return [_by(to, described, build(prefix(described.nick), "SETNAME", described.about))]


def _watched(to: Recipient, watched: replies.Watched) -> list[Out]:
    here = [(prefix(nick), nick_to_irc(nick)) for nick in watched.here]
    gone = [nick_to_irc(nick) for nick in watched.gone]
    if to.asked.detail == "L":
        return [*_listed(to, "732", [nick for _, nick in here] + gone), to.numeric("733", "End of MONITOR list")]
    return [*_listed(to, "730", [who for who, _ in here]), *_listed(to, "731", gone)]


def _listed(to: Recipient, number: str, words: list[str]) -> list[Out]:
    return wrapped(to.short(number).body + " :", words, between=",")


def _invited(to: Recipient, invited: replies.Invited) -> list[Out]:
    nick, channel = nick_to_irc(invited.to), room_to_irc(invited.room)
    if to.asked.verb == "INVITE":
        return [to.short("341", nick, channel)]
    return [_by(to, invited, Out(f":{prefix(invited.nick)} INVITE {nick} {channel}"))]


def _echoed(to: Recipient, whispered: replies.Whispered) -> list[Out]:
    """Return what a client has said to one alone, if it wants to see that."""
    is_wanted = whispered.nick == to.nick and "echo-message" in to.caps
    return _whispered(to, whispered, nick_to_irc(whispered.to)) if is_wanted else []


def _received(to: Recipient, whispered: replies.Whispered) -> list[Out]:
    """Return what is said to this client alone, whatever the server of who says it knew its nick to be."""
    return _whispered(to, whispered, to.me) if whispered.nick != to.nick or whispered.to == to.nick else []


def _whispered(to: Recipient, whispered: replies.Whispered, target: str) -> list[Out]:
    lines = irc_events.said(prefix(whispered.nick), target, whispered.text, notice=whispered.notice)
    tags = irc_events.tags_of(whispered.time, whispered.account, to.caps)
    return [line.tagged(**tags) for line in lines] if tags else lines


def _status(to: Recipient, status: replies.Status) -> list[Out]:
    match to.asked.verb:
        case "VERSION":
            version = status.server.replace(" ", "-")
            return [to.numeric("351", version, SERVER, "https://modern.ircdocs.horse and IRCv3")]
        case "TIME":
            return [to.numeric("391", SERVER, status.time)]
    users, most = str(status.users), str(status.most)
    return [
        to.numeric("251", f"There are {users} users and 0 invisible on 1 servers"),
        to.numeric("252", "0", "operator(s) online"),
        to.numeric("254", str(status.rooms), "channels formed"),
        to.numeric("255", f"I have {users} clients and 0 servers"),
        to.numeric("265", users, most, f"Current local users {users}, max {most}"),
        to.numeric("266", users, most, f"Current global users {users}, max {most}"),
    ]


def _history(to: Recipient, page: replies.HistoryPage) -> list[Out]:
    """Return a piece of the past, as one batch where the client can take that."""
    said = events.Said | events.Acted | events.Moderation if page.room == LOG_ROOM else events.Said | events.Acted
    wanted = events.AnyEvent if "draft/event-playback" in to.caps and page.ref else said
    lines = [line for event in page.events if isinstance(event, wanted) for line in irc_events.messages(event, to.caps)]
    if "batch" not in to.caps:
        return lines
    inside = [line.tagged(batch=_PAST) for line in lines]
    return [batch_begins(_PAST, "chathistory", room_to_irc(page.room)), *inside, batch_ends(_PAST)]


def _recent(_: Recipient, recent: replies.RecentRooms) -> list[Out]:
    """Return the rooms in which something was said, with when that was last."""
    lines = [Out(f":{SERVER} CHATHISTORY TARGETS {room_to_irc(room)} {at}") for room, at in recent.rooms.items()]
    inside = [line.tagged(batch=_PAST) for line in lines]
    return [batch_begins(_PAST, "draft/chathistory-targets"), *inside, batch_ends(_PAST)]


def _bans(to: Recipient, listed: replies.BanList) -> list[Out]:
    """Return a list that MODE has asked for; or what is banned and muted in words."""
    if to.asked.verb != "SET MODE":
        return notices(to.me, wording.notices_of(listed))
    letter, channel = to.asked.detail[:1], to.asked.detail[1:]
    entries, number, end = (listed.bans, "367", "368") if letter == "b" else (listed.mutes, "728", "729")
    more = [] if letter == "b" else [letter]
    lines = [
        to.short(number, channel, *more, mask_of(one.who), nick_to_irc(one.by), str(int(seconds_of(one.since))))
        for one in entries
    ]
    return [*lines, to.numeric(end, channel, *more, "End of list")]


def _motd(to: Recipient, motd: replies.Motd) -> list[Out]:
    """Return the message of the day; unasked it is not told, for every client asks."""
    if motd.ref is None:
        return []
    if not motd.lines:
        return [to.numeric("422", "There is no message of the day")]
    head = to.short("372").body + " :- "
    lines = [one for line in motd.lines for one in in_pieces(head, line)]
    return [to.numeric("375", f"- {SERVER} Message of the day -"), *lines, to.numeric("376", "End of /MOTD command")]


def _gap(_: Recipient, gap: replies.Gap) -> list[Out]:
    return notices(room_to_irc(gap.room), wording.notices_of(gap))


def _closing(to: Recipient, closing: replies.Closing) -> list[Out]:
    return [] if closing.code == "gone" else [Out(f"ERROR :Closing Link: {to.me} ({closing.message})")]


_TABLE: dict[type[replies.Reply], Callable[[Recipient, Any], list[Out]]] = {
    replies.Prompt: _nothing,  # clients begin by themselves
    replies.Welcome: _welcome,
    replies.Members: _members,
    replies.RoomList: _room_list,
    replies.Profiles: profiles,
    replies.Former: former,
    replies.AwayIs: _away,
    replies.AwayChanged: _away_changed,
    replies.AccountIs: _account,
    replies.AccountChanged: _account_changed,
    replies.Recovered: _noticed,
    replies.Described: _described,
    replies.Watched: _watched,
    replies.Invited: _invited,
    replies.Status: _status,
    replies.HistoryPage: _history,
    replies.RecentRooms: _recent,
    replies.TopicIs: _topic,
    replies.BanList: _bans,
    replies.Motd: _motd,
    replies.Error: errors,
    replies.Pong: _nothing,  # the reader answers pings
    replies.Gap: _gap,
    replies.HelpText: _nothing,  # and what help there is
    replies.Closing: _closing,
}
