"""ircII and its kin: often without times, and the owner's own words behind a `>`, without a nick."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

IRCII = LineFormat(
    name="ircii",
    title="ircII",
    said=("<{who}> {text}", "> {text}"),
    acted=("* {nick} {text}",),
    joined=("*** {nick} {host} has joined channel {room}",),
    left=(
        "*** {nick} has left channel {room}",
        "*** {nick} {host} has left channel {room}",
        "*** Signoff: {nick} ({reason})",
        "*** {nick} has been kicked off channel {room} by {by} ({reason})",
    ),
    renamed=("*** {nick} is now known as {new}",),
    dates=("IRC log started {date}",),
    left_out={
        entries.MODE: ("*** Mode change {any}",),
        entries.TOPIC: ("*** {by} has changed the topic {any}", "*** Topic {any}"),
        entries.OWN_RENAME: ("*** You are now known as {any}",),
        entries.NOTICE: ("-{by}- {any}",),
        entries.PRIVATE: ("*{by}* {any}", "-> *{by}* {any}"),
        entries.SERVER: ("IRC log ended {any}",),
        entries.UNKNOWN_EVENT: ("*** {any}",),
    },
)
