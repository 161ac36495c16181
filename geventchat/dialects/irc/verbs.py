"""What clients can say once they have registered: one table of verbs, and what each asks for."""

from collections.abc import Iterator

from geventchat.dialects.irc import account_verbs, moderation_verbs, people_verbs, room_verbs, server_verbs
from geventchat.dialects.irc.answers import Request, Verb, answer, wrong
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.chathistory import chathistory
from geventchat.dialects.irc.names import DESCRIPTION, SERVER
from geventchat.dialects.irc.server_verbs import always


def _help(asked: Asked, params: list[str]) -> Iterator[Request]:
    subject = params[0] if params else "index"
    if params and subject.upper() not in VERBS:
        yield wrong(asked, "524", subject, "No help on that")
        return
    words = (
        f"{subject.upper()}: see https://modern.ircdocs.horse" if params else f"Known here: {' '.join(sorted(VERBS))}"
    )
    yield answer(
        asked,
        lambda to: [
            to.numeric("704", subject, "How to use this server"),
            to.numeric("705", subject, words),
            to.numeric("706", subject, "End of help"),
        ],
    )


_NO_OPERATORS = ("481", "Permission denied: nobody does that by IRC here")
VERBS: dict[str, Verb] = {
    "PRIVMSG": room_verbs.privmsg,
    "NOTICE": room_verbs.privmsg,
    "TAGMSG": room_verbs.tagmsg,
    "TOPIC": room_verbs.topic,
    "CHATHISTORY": chathistory,
    "JOIN": room_verbs.join,
    "PART": room_verbs.part,
    "NAMES": room_verbs.names,
    "LIST": room_verbs.list_rooms,
    "INVITE": room_verbs.invite,
    **moderation_verbs.TYPED,
    "KICK": moderation_verbs.kick,
    "MODE": moderation_verbs.mode,
    "NICK": people_verbs.nick,
    "WHO": people_verbs.who,
    "WHOIS": people_verbs.whois,
    "WHOWAS": people_verbs.whowas,
    "USERHOST": people_verbs.userhost,
    "ISON": people_verbs.ison,
    "MONITOR": people_verbs.monitor,
    "AWAY": people_verbs.away,
    "SETNAME": people_verbs.setname,
    "REGISTER": account_verbs.register,
    "LOGIN": account_verbs.login,
    "LOGOUT": account_verbs.logout,
    "PASSWORD": account_verbs.password,
    "UNREGISTER": account_verbs.unregister,
    "RECOVER": account_verbs.recover,
    "PING": server_verbs.ping,
    "PONG": server_verbs.nothing,
    "ERROR": server_verbs.nothing,
    "QUIT": server_verbs.leave,
    "USER": server_verbs.registered_already,
    "PASS": server_verbs.registered_already,
    "LUSERS": server_verbs.status,
    "VERSION": server_verbs.status,
    "TIME": server_verbs.status,
    "MOTD": server_verbs.motd,
    "INFO": always(("371", "geventchat: one room, many kinds of clients"), ("374", "End of /INFO list")),
    "ADMIN": always(("256", SERVER, "Administrative info"), ("259", "Ask whoever has started this server")),
    "LINKS": always(("364", SERVER, SERVER, f"0 {DESCRIPTION}"), ("365", "*", "End of /LINKS list")),
    "STATS": server_verbs.stats,
    "USERS": always(("446", "USERS has been disabled")),
    "HELP": _help,
    "HELPOP": _help,
    "OPER": account_verbs.login,
    "KILL": always(_NO_OPERATORS),
    "REHASH": always(_NO_OPERATORS),
    "WALLOPS": moderation_verbs.wallops,
    "REDACT": moderation_verbs.redact,
}
