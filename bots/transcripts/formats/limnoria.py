"""Limnoria's ChannelLogger, and that of Supybot before it."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

LIMNORIA = LineFormat(
    name="limnoria",
    title="Limnoria",
    said=("<{who}> {text}",),
    acted=("* {nick} {text}",),
    joined=("*** {nick} {host} has joined {room}", "*** {nick} has joined {room}"),
    left=(
        "*** {nick} {host} has left {room} ({reason})",
        "*** {nick} has left {room} ({reason})",
        "*** {nick} {host} has quit IRC ({reason})",
        "*** {nick} has quit IRC ({reason})",
        "*** {nick} was kicked by {by} ({reason})",
    ),
    renamed=("*** {nick} is now known as {new}",),
    left_out={
        entries.MODE: ("*** {by} sets mode: {any}",),
        entries.TOPIC: ("*** {by} changes topic to {any}",),
        entries.NOTICE: ("-{by}- {any}",),
        entries.UNKNOWN_EVENT: ("*** {any}",),
    },
)
