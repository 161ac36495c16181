"""ZNC's module log."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

ZNC = LineFormat(
    name="znc",
    title="ZNC",
    said=("<{who}> {text}",),
    acted=("* {nick} {text}",),
    joined=("*** Joins: {nick} {host}",),
    left=(
        "*** Parts: {nick} {host} ({reason})",
        "*** Quits: {nick} ({short}@{short}) ({reason})",
        "*** {nick} was kicked by {by} ({reason})",
    ),
    renamed=("*** {nick} is now known as {new}",),
    left_out={
        entries.MODE: ("*** {by} sets mode: {any}",),
        entries.TOPIC: ("*** {by} changes topic to {any}",),
        entries.SERVER: ("*** Disconnected{any}", "*** Connected{any}"),
        entries.NOTICE: ("-{by}- {any}",),
        entries.UNKNOWN_EVENT: ("*** {any}",),
    },
)
