"""Pidgin, where it logs text: a name and a colon, behind a time in round brackets."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

PIDGIN = LineFormat(
    name="pidgin",
    title="Pidgin's text",
    said=("{name}: {text}",),
    acted=("***{name} {text}",),
    joined=("{name} {host} entered the room.", "{nick} {host} entered the room.", "{name} entered the room."),
    left=("{name} left the room ({reason}).", "{name} left the room.", "{nick} was kicked by {by} ({reason})"),
    renamed=("{nick} is now known as {new}",),
    dates=("Conversation with {any} at {date}",),
    left_out={
        entries.MODE: ("mode (+{any}", "mode (-{any}"),
        entries.TOPIC: ("The topic for {any}", "{by} has changed the topic to: {any}"),
        entries.OWN_RENAME: ("You are now known as {any}",),
        entries.SERVER: ("The account has {any}",),
    },
    stamped=r"(\(.*\))?",
    continues=True,
    ranks="",
)
