"""Textual, on macOS."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

TEXTUAL = LineFormat(
    name="textual",
    title="Textual",
    said=("<{who}> {text}",),
    acted=("• {nick}: {text}", "• {nick} {text}"),
    joined=("{nick} {host} joined the channel",),
    left=(
        "{nick} {host} left the channel ({reason})",
        "{nick} {host} left IRC ({reason})",
        "{by} kicked {nick} from the channel ({reason})",
    ),
    renamed=("{nick} is now known as {new}",),
    left_out={
        entries.MODE: ("{by} sets mode {any}", "Mode is {any}"),
        entries.TOPIC: ("{by} changed the topic to {any}", "Topic is {any}", "Topic set by {any}", "Set by {any}"),
        entries.NOTICE: ("-{by}- {any}",),
        entries.OWN_RENAME: ("You are now known as {any}", "You're now known as {any}"),
        entries.SERVER: (
            "Disconnected{any}",
            "Reconnecting{any}",
            "You have joined {any}",
            "{by} is away ({any})",
            "{by}!{by} invited you to join {room}",
            "Website is {any}",
        ),
    },
)
