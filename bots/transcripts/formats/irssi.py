"""irssi."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

IRSSI = LineFormat(
    name="irssi",
    title="irssi",
    said=("<{nick}:{room}> {text}", "<{who}> {text}"),
    acted=("* {nick} {text}",),
    joined=(
        "-!- {nick} {host} has joined {room}",
        "-!- {nick} {host} has joined {room} {host}",
        "-!- Netsplit over, joins: {nicks}",
    ),
    left=(
        "-!- {nick} {host} has left {room} [{reason}]",
        "-!- {nick} {host} has quit [{reason}]",
        "-!- {nick} was kicked from {room} by {by} [{reason}]",
        "-!- Netsplit {by} <-> {by} quits: {nicks}",
    ),
    renamed=("-!- {nick} is now known as {new}",),
    dates=("--- Log opened {date}", "--- Day changed {date}", "--- Log closed {date}"),
    left_out={
        entries.MODE: ("-!- mode/{any}", "-!- ServerMode/{any}", "-!- Mode {any}", "-!- User mode {any}"),
        entries.TOPIC: (
            "-!- {by} changed the topic {any}",
            "-!- Topic {any}",
            "-!- Home page for {any}",
            "-!- {by} changed the topic of {any}",
        ),
        entries.OWN_RENAME: ("-!- You're now known as {any}",),
        entries.PRIVATE: ("[{by}({by})] {any}",),
        entries.NICK_LIST: ("[Users {any}", "-!- Irssi: {room} Total of {any}", "[{any}] [{any}]"),
        entries.SERVER: (
            "-!- Irssi: {any}",
            "-!- Channel {any}",
            "-!- Server{any}",
            "-!- {by} {host} has changed host",
            "-!- {by} {host} has logged in to account {any}",
            "-!- {by} {host} has logged out of their account",
            "!{by} {any}",
        ),
        entries.UNKNOWN_EVENT: ("-!- {any}",),
        entries.NOTICE: ("-{by}- {any}",),
    },
)
