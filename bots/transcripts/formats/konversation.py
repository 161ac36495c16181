"""Konversation: the kind of an event stands before a tab."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

KONVERSATION = LineFormat(
    name="konversation",
    title="Konversation",
    said=("<{who}>\t{text}",),
    acted=("*\t{nick} {text}",),
    joined=("Join\t{nick} {host} has joined this channel.", "Join\t{nick} {host} has joined the channel {room}."),
    left=(
        "Part\t{nick} {host} has left this channel ({reason}).",
        "Quit\t{nick} {host} has left this server ({reason}).",
        "Kick\t{nick} has been kicked from the channel by {by} ({reason}).",
        "Kick\t{nick} has been kicked from the channel by {by}.",
        "Kick\tYou have kicked {nick} from the channel ({reason}).",
    ),
    renamed=("Nick\t{nick} is now known as {new}.",),
    left_out={
        entries.MODE: ("Mode\t{any}",),
        entries.TOPIC: ("Topic\t{any}",),
        entries.OWN_RENAME: ("Nick\tYou are now known as {any}",),
        entries.NOTICE: ("Notice\t{any}", "-{by}-\t{any}"),
        entries.SERVER: (
            "Join\tYou {any}",
            "Created\t{any}",
            "Error\t{any}",
            "CTCP\t{any}",
            "Info\t{any}",
        ),
        entries.UNKNOWN_EVENT: ("Join\t{any}", "Part\t{any}", "Quit\t{any}", "Kick\t{any}", "Nick\t{any}"),
    },
    stamped=r"\[.*\] \[.*\]",
)
