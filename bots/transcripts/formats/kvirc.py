"""KVIrc: a number for the kind of line may stand before the time, and actions look like events."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

KVIRC = LineFormat(
    name="kvirc",
    title="KVIrc",
    said=("<{who}> {text}",),
    acted=("* {nick} {text}", "*** {nick} {text}", "{nick} {text}"),
    joined=("{nick} {host} has joined {room}", "{nick} {host} has joined {room} {host}"),
    left=(
        "{nick} {host} has left {room}: {reason}",
        "{nick} {host} has left {room}",
        "{nick} {host} has quit IRC: {reason}",
        "{nick} {host} has been kicked from {room} by {by} {host}: {reason}",
    ),
    renamed=("{nick} {host} is now known as {new}",),
    dates=("### Log session started at {date}",),
    left_out={
        entries.TOPIC: (
            "{by} {host} has changed topic {any}",
            "{by} {host} has set topic {any}",
            "{by} {host} has set the topic {any}",
            "Channel topic {any}",
            "Topic was set by {any}",
        ),
        entries.MODE: ("{by} {host} has set {any}", "{by} {host} sets mode {any}", "{by} has set {any}"),
        entries.OWN_RENAME: ("You have changed your nickname to {any}",),
        entries.SERVER: ("### {any}", "You have {any}", "Channel {any}", "Netsplit {any}", "{by} {host} {any}"),
        entries.NOTICE: ("-{by}- {any}",),
    },
    before_time=r"\d{1,3} ",
    actions_look_like_events=True,
)
