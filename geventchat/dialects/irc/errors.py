"""What was refused, as the numerics that clients know, or as a standard reply or a notice where there is none."""

from msgspec import structs

from geventchat.dialects.irc.lines import Out, build
from geventchat.dialects.irc.names import CHANNEL, SERVER, nick_to_irc, room_to_irc
from geventchat.dialects.irc.recipient import Recipient
from geventchat.protocol import replies
from geventchat.protocol.limits import MAX_WATCHED

_NICK, _CHANNEL, _TARGET, _NOTHING = "nick", "channel", "target", ""
# The number for each code, and what it names before its words; None is silence.
_NUMERICS: dict[str, tuple[str, str] | None] = {
    "already-here": None,
    "locked": ("473", _CHANNEL),
    "key-needed": ("475", _CHANNEL),
    "nick-taken": ("433", _NICK),
    "nick-registered": ("433", _NICK),
    "bad-nick": ("432", _NICK),
    "bad-room": ("403", _CHANNEL),
    "no-such-room": ("403", _CHANNEL),
    "not-in-room": ("442", _CHANNEL),
    "too-many-rooms": ("405", _CHANNEL),
    "no-such-nick": ("401", _NICK),
    "empty": ("412", _NOTHING),
    "line-too-long": ("417", _NOTHING),
    "password-needed": ("464", _NOTHING),
    "wrong-password": ("464", _NOTHING),
}
# The same as standard replies, where a specification of IRCv3 says which; what was asked about stands behind them, or
# the nick where that is what it was about.
_FAILS = {
    **dict.fromkeys([("CHATHISTORY", code) for code in ("not-in-room", "no-such-room", "locked")], "INVALID_TARGET"),
    **dict.fromkeys([("REDACT", code) for code in ("not-in-room", "no-such-room")], "INVALID_TARGET"),
    ("REDACT", "forbidden"): "REDACT_FORBIDDEN",
    ("REDACT", "no-such-message"): "UNKNOWN_MSGID",
    ("REDACT", "bad-id"): "UNKNOWN_MSGID",
    ("REGISTER", "nick-registered"): "ACCOUNT_EXISTS",
    ("REGISTER", "logged-in"): "ALREADY_AUTHENTICATED",
    ("REGISTER", "bad-password"): "WEAK_PASSWORD",
    **dict.fromkeys(
        [("REGISTER", code) for code in ("forbidden", "slow-down", "not-stored")], "TEMPORARILY_UNAVAILABLE"
    ),
}
_UNSAID = ("muted", "slow-down", "held", "filtered")
# The same where it depends on the verb that it answers, which is empty where the error has no ref.
_OF_VERB: dict[tuple[str, str], tuple[str, str] | None] = {
    ("NOTICE", "not-in-room"): None,  # what wants no answer gets none
    ("NOTICE", "no-such-nick"): None,
    ("NOTICE", "no-such-room"): None,
    ("OPER", "login-failed"): ("464", _NOTHING),
    ("OPER", "logged-in"): ("491", _NOTHING),
    **{(verb, "not-in-room"): ("404", _CHANNEL) for verb in ("PRIVMSG", "")},
    **{(verb, code): ("404", _TARGET) for verb in ("PRIVMSG", "") for code in _UNSAID},
}
# What is said behind an error, where a list was asked for: that it has ended.
_ENDS = {"WHOIS": ("318", "End of /WHOIS list"), "WHOWAS": ("369", "End of WHOWAS")}
# What stands before a hint to people at a terminal, what to type: clients of IRC have other commands.
_HINT = "; /"


def errors(to: Recipient, error: replies.Error) -> list[Out]:
    """Return how a client is told that something was not done; nothing where IRC says nothing."""
    verb, about = to.asked.verb, error.about or ""
    error = structs.replace(error, message=_words(error))
    if verb == "AUTHENTICATE":
        return [to.numeric("907" if error.code == "logged-in" else "904", error.message)]
    if (verb, error.code) in _FAILS:
        code, named_there = _FAILS[verb, error.code], (to.asked.detail or to.me).split(" ")
        if (verb, code) == ("REDACT", "INVALID_TARGET"):
            del named_there[1:]  # the id of the message
        return [build(SERVER, "FAIL", verb, code, *named_there, error.message)]
    if error.code == "nick-taken" and about == to.nick:
        return []
    if error.code == "already-here" and verb == "INVITE":
        return [to.numeric("443", nick_to_irc(about), to.asked.detail, "is already on channel")]
    if error.code in ("no-such-room", "locked") and verb == "NAMES":
        return [to.numeric("366", room_to_irc(about), "End of /NAMES list")]
    if error.code == "forbidden":
        return [_forbidden(to, error)]
    if error.code == "banned":
        return [to.numeric("474", room_to_irc(about), error.message) if about else to.numeric("465", error.message)]
    if error.code == "too-many-watched":
        return [to.numeric("734", str(MAX_WATCHED), nick_to_irc(about), error.message)]
    if (verb, error.code) in _OF_VERB:
        row = _OF_VERB[verb, error.code]
    elif error.code in _NUMERICS:
        row = _NUMERICS[error.code]
    else:
        return [_standard(to, error)]
    if row is None:
        return []
    number, kind = row
    room = room_to_irc(about)
    named = {_NICK: nick_to_irc(about) or "*", _CHANNEL: room, _TARGET: room if about else "*", _NOTHING: ""}[kind]
    told = to.numeric(number, named, error.message) if named else to.numeric(number, error.message)
    if verb not in _ENDS:
        return [told]
    end, words = _ENDS[verb]
    return [told, to.numeric(end, named, words)]


def _words(error: replies.Error) -> str:
    """Return what was wrong in words for somebody who types into a client of IRC."""
    if error.code == "key-needed":
        return f"that channel takes a key, as in /join {room_to_irc(error.about or '')} KEY, or to be invited"
    return error.message.partition(_HINT)[0]


def _forbidden(to: Recipient, error: replies.Error) -> Out:
    """Return that somebody may not do that: in a channel, or at all. Lists of bans have just ended, as clients ask."""
    detail = to.asked.detail
    if to.asked.verb == "SET MODE" and detail.startswith(("b#", "q#")):
        more = ["q"] if detail[0] == "q" else []
        return to.numeric("729" if more else "368", detail[1:], *more, "End of list")
    if detail.startswith(CHANNEL):
        return to.numeric("482", detail, error.message)
    return to.numeric("481", error.message)


def _standard(to: Recipient, error: replies.Error) -> Out:
    """Return an error that no numeric stands for (https://ircv3.net/specs/extensions/standard-replies)."""
    code = {"not-utf8": "INVALID_UTF8"}.get(error.code, error.code.replace("-", "_").upper())
    if "standard-replies" in to.caps or error.code == "not-utf8":
        return build(SERVER, "FAIL", to.asked.verb or "*", code, error.message)
    return build(SERVER, "NOTICE", to.me, error.message)
