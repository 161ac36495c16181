"""Element's export of a Matrix room as text."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

ELEMENT = LineFormat(
    name="element",
    title="Element's text of a Matrix room",
    said=("- {name}: {text}",),
    acted=("- * {name} {text}",),
    joined=("- {name} joined the room",),
    left=("- {name} left the room: {reason}", "- {name} left the room"),
    left_out={
        entries.DELETED: ("- {name}: Message deleted", "- {name}: Message deleted by {any}"),
        entries.ATTACHMENT: ("- {name} sent an image.{any}", "- {name} sent a file.{any}", "- {name} sent {any}"),
        entries.SYSTEM: (
            "This is the start of export of {any}",
            "Members: {any}",
            "Topic: {any}",
            "Room creator: {any}",
            "- {actor}",
        ),
    },
    stamped=r"([^\d\[]+ .*)?",
    continues=True,
    ranks="",
)
