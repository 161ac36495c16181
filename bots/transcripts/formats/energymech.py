"""energymech."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

ENERGYMECH = LineFormat(
    name="energymech",
    title="energymech",
    said=("<{who}> {text}",),
    acted=("* {nick} {text}",),
    joined=("Joins: {nick} {host}", "*** Joins: {nick} {host}"),
    left=(
        "Parts: {nick} {host} ({reason})",
        "Quits: {nick} ({short}@{short}) ({reason})",
        "Quits: {nick} ({reason})",
        "*** Parts: {nick} {host} ({reason})",
        "*** Quits: {nick} ({short}@{short}) ({reason})",
        "*** Quits: {nick} ({reason})",
        "*** {nick} was kicked by {by} ({reason})",
        "{nick} was kicked by {by} ({reason})",
    ),
    renamed=("Nick change: {nick} -> {new}", "*** {nick} is now known as {new}"),
    left_out={
        entries.MODE: ("*** {by} sets mode: {any}", "{by} sets mode: {any}"),
        entries.TOPIC: ("*** {by} changes topic to {any}", "{by} changes topic to {any}"),
        entries.NOTICE: ("-{by}- {any}",),
    },
)
