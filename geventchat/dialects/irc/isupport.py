"""What RPL_ISUPPORT (005) says that this server can: https://defs.ircdocs.horse/defs/isupport."""

from geventchat.protocol.limits import MAX_ABOUT, MAX_HISTORY, MAX_ROOMS_PER_USER, MAX_WATCHED

# The most targets that one command may name, and one JOIN, in which clients name all channels that they were in.
MAX_TARGETS = 20
MAX_JOINED = MAX_ROOMS_PER_USER
# What fits behind the head of a TOPIC, in bytes.
MAX_TOPIC = 390
# What is shown of a username, in bytes: what stands behind it in an answer is more to the point.
MAX_USERNAME = 16
_AT_ONCE = 13  # tokens in one message


def isupport(max_name: int) -> list[list[str]]:
    """Return the tokens, in groups that fit into a message; names have at most `max_name` characters."""
    others = ("KICK", "NAMES", "NOTICE", "PART", "PRIVMSG", "WHOIS")
    targets = ",".join([f"JOIN:{MAX_JOINED}", *(f"{verb}:{MAX_TARGETS}" for verb in others)])
    tokens = [
        f"AWAYLEN={MAX_ABOUT}",
        "CASEMAPPING=ascii",
        f"CHANLIMIT=#:{MAX_ROOMS_PER_USER}",
        "CHANMODES=bq,k,,im",
        f"CHANNELLEN={max_name + 1}",
        "CHANTYPES=#",
        f"CHATHISTORY={MAX_HISTORY}",
        "CLIENTTAGDENY=*",
        "ELIST=MNU",
        "MODES=1",
        f"MONITOR={MAX_WATCHED}",
        "MSGREFTYPES=msgid,timestamp",
        f"NAMELEN={MAX_ABOUT}",
        "NETWORK=geventchat",
        f"NICKLEN={max_name}",
        "PREFIX=(o)@",
        "SAFELIST",
        f"TARGMAX={targets}",
        f"TOPICLEN={MAX_TOPIC}",
        f"USERLEN={MAX_USERNAME}",
        "UTF8ONLY",
        "WHOX",
    ]
    return [tokens[begin : begin + _AT_ONCE] for begin in range(0, len(tokens), _AT_ONCE)]
