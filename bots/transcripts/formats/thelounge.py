"""The Lounge, where it keeps text."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

THELOUNGE = LineFormat(
    name="thelounge",
    title="The Lounge",
    said=("<{who}> {text}",),
    acted=("* {nick} {text}",),
    joined=("*** {nick} {host} joined",),
    left=(
        "*** {nick} {host} left ({reason})",
        "*** {nick} {host} quit ({reason})",
        "*** {nick} was kicked by {by} ({reason})",
    ),
    renamed=("*** {nick} changed nick to {new}",),
    left_out={
        entries.MODE: ("*** {by} set mode {any}",),
        entries.TOPIC: ("*** {by} changed topic to {any}",),
        entries.SERVER: ("*** {by} changed host to {any}",),
        entries.NOTICE: ("-{by}- {any}",),
        entries.UNKNOWN_EVENT: ("*** {any}",),
    },
)
