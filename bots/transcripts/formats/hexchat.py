"""HexChat, and XChat: a tab stands behind who speaks, and behind the star of everything else."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

HEXCHAT = LineFormat(
    name="hexchat",
    title="HexChat or XChat",
    said=("<{who}>\t{text}",),
    acted=("*\t{nick} {text}", "* \t{nick} {text}"),
    joined=("*\t{nick} {host} has joined", "*\t{nick} {host} has joined {room}"),
    left=(
        "*\t{nick} {host} has left ({reason})",
        "*\t{nick} {host} has left {room} ({reason})",
        "*\t{nick} has left ({reason})",
        "*\t{nick} has quit ({reason})",
        "*\t{nick} {host} has quit ({reason})",
        "*\t{by} has kicked {nick} from {room} ({reason})",
    ),
    renamed=("*\t{nick} is now known as {new}",),
    dates=("**** BEGIN LOGGING AT {date}", "**** ENDING LOGGING AT {date}"),
    left_out={
        entries.MODE: (
            "*\t{by} gives {any} to {by}",
            "*\t{by} removes {any} from {any}",
            "*\t{by} sets mode{any}",
            "*\t{by} sets ban{any}",
            "*\t{by} sets channel {any}",
            "*\t{by} sets exempt{any}",
            "*\t{by} sets invite{any}",
            "*\tChannel {room} modes: {any}",
        ),
        entries.TOPIC: ("*\tTopic for {any}", "*\t{by} has changed the topic {any}"),
        entries.OWN_RENAME: ("*\tYou are now known as {any}",),
        entries.SERVER: (
            "*\tNow talking on {any}",
            "*\tYou have {any}",
            "*\tDisconnected{any}",
            "*\tLooking up {any}",
            "*\tConnect{any}",
            "*\tChannel {room} {any}",
            "*\t{room} created on {any}",
            "*\t{room} URL: {any}",
        ),
        entries.NOTICE: ("-{by}-\t{any}",),
        entries.PRIVATE: ("*{by}*\t{any}", ">{by}<\t{any}"),
    },
    marks_are_shared=True,
)
