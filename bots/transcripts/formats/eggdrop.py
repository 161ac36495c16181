"""eggdrop: events are sentences, and the date stands at midnight."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

EGGDROP = LineFormat(
    name="eggdrop",
    title="eggdrop",
    said=("<{who}> {text}",),
    acted=("Action: {nick} {text}",),
    joined=("{nick} {host} joined {room}.", "{nick} joined {room}.", "{nick} {host} returned to {room}."),
    left=(
        "{nick} {host} left {room} ({reason}).",
        "{nick} {host} left irc: {reason}",
        "{nick} {host} left irc:",
        "{nick} {host} got netsplit.",
        "{nick} {host} got lost in the net-split.",
        "{nick} kicked from {room} by {by}: {reason}",
    ),
    renamed=("Nick change: {nick} -> {new}",),
    dates=("--- {date}",),
    left_out={
        entries.MODE: ("{room}: mode change {any}",),
        entries.TOPIC: ("Topic changed on {any}",),
        "repeat": ("Last message repeated {any} time(s).",),
        entries.NOTICE: ("-{by}- {any}", "-{by} {host}- {any}"),
        entries.PRIVATE: ("[{by}!{by}] {any}", "@<{by}> {any}"),
        entries.SERVER: (
            "CTCP {any}",
            "{by}!{by} is now away: {any}",
            "{by}!{by} has returned from away status",
            "{by}!{by} logged in to their account {any}",
            "{by}!{by} has logged out of their account",
        ),
    },
)
