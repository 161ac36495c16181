"""dircproxy: the whole mask stands before each line, and + or - for who is identified."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

DIRCPROXY = LineFormat(
    name="dircproxy",
    title="dircproxy",
    said=("<{nick}!{by}> +{text}", "<{nick}!{by}> -{text}", "<{nick}!{by}> {text}"),
    acted=("[{nick}!{by}] ACTION {text}", "* {nick} {text}"),
    joined=("--> {nick} {host} joined the channel", "-{by}- {nick} {host} joined the channel"),
    left=(
        "<-- {nick} {host} left the channel ({reason})",
        "<-- {nick} left the channel ({reason})",
        "<-- {nick} {host} quit ({reason})",
        "<-- {nick} quit ({reason})",
        "-{by}- {nick} {host} left the channel ({reason})",
    ),
    renamed=("--- {nick} is now known as {new}", "-{by}- {nick} is now known as {new}"),
    left_out={
        entries.MODE: ("--- {by} changed mode: {any}", "-{by}- {by} changed mode: {any}"),
        entries.TOPIC: ("--- {by} changed topic: {any}", "-{by}- {by} changed topic: {any}"),
        entries.NOTICE: ("-{by}- {any}",),
        entries.UNKNOWN_EVENT: ("--> {any}", "<-- {any}", "--- {any}"),
    },
)
