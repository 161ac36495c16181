"""The dialect itself, in as many variants as clients agree on."""

from functools import lru_cache

from geventchat.core.encoder import Capabilities, Encoder
from geventchat.dialects.base import Dialect
from geventchat.dialects.irc import events
from geventchat.dialects.irc.reader import IrcReader
from geventchat.dialects.irc.replies import Replies

_VARIANTS = 256  # that are kept; clients of one make agree on the same


@lru_cache(maxsize=_VARIANTS)
def spoken(caps: frozenset[str]) -> Dialect:
    """Return the variant for clients that have agreed on these capabilities."""
    told = Replies(caps)
    return Dialect(
        name="irc",
        reader=lambda _: IrcReader(spoken),
        encoder=Encoder(
            name="irc",
            event=events.encoder(caps & events.SHAPING),
            gap=events.gap,
            crowd=lambda _room, _words: b"",
            reply=told.encode,
            own=told.own,
        ),
        can=Capabilities(
            several_rooms=True,
            gathers_joins=False,
            welcomed_with_list=True,
            greeted_with_history="server-time" in caps and "draft/chathistory" not in caps,
            returns_by_nick=True,
            past_is_talk="draft/event-playback" not in caps,
            watches_closely="extended-monitor" in caps,
            resends=False,
            told_once=True,
        ),
        prompted=False,
    )


IRC = spoken(frozenset())
