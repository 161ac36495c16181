"""`[12:34] <nick> text`, as many programs write it; events begin with `===`, if there are any."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

GENERIC = LineFormat(
    name="generic",
    title="lines like [12:34] <nick> text",
    said=("<{who}> {text}", "<{who}>\t{text}"),
    acted=("* {nick} {text}", "=== {nick} {text}"),
    joined=("=== {nick} {host} has joined {room}", "=== {nick} has joined {room}"),
    left=(
        "=== {nick} {host} has left {room} [{reason}]",
        "=== {nick} has left {room} [{reason}]",
        "=== {nick} {host} has quit [{reason}]",
        "=== {nick} has quit [{reason}]",
        "=== {nick} was kicked from {room} by {by} [{reason}]",
        "=== {nick} was kicked off {room} by {by} ({reason})",
    ),
    renamed=("=== {nick} is now known as {new}",),
    left_out={
        entries.MODE: ("=== mode/{any}",),
        entries.TOPIC: ("=== Topic {any}", "=== ..[topic/{any}", "=== {by} changed the topic {any}"),
        entries.OWN_RENAME: ("=== You are now known as {any}", "=== You're now known as {any}"),
        entries.NOTICE: ("-{by}- {any}",),
    },
    actions_look_like_events=True,
)
