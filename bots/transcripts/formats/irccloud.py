"""IRCCloud's export: arrows for who comes and goes, a dash for actions."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

IRCCLOUD = LineFormat(
    name="irccloud",
    title="IRCCloud",
    said=("<{who}> {text}",),
    acted=("— {nick} {text}",),
    joined=("→ {nick} joined {host}", "→ {nick} joined"),
    left=(
        "⇐ {nick} quit {host}: {reason}",
        "⇐ {nick} quit {host}",
        "← {nick} left {host}: {reason}",
        "← {nick} left {host}",
        "← {by} kicked {nick} {host}: {reason}",
        "← {by} kicked {nick} {host}",
    ),
    renamed=("{nick} → {new}",),
    left_out={
        entries.MODE: ("*** {by} sets mode {any}", "*** {any}mode {any}"),
        entries.TOPIC: ("*** {by} set the topic {any}", "— {by} set the topic{any}"),
        entries.NOTICE: ("-{by}- {any}",),
        entries.UNKNOWN_EVENT: ("→ {any}", "← {any}", "⇐ {any}", "*** {any}"),
    },
)
