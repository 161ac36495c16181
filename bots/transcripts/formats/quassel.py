"""Quassel: what is copied from a chat."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

QUASSEL = LineFormat(
    name="quassel",
    title="Quassel",
    said=("<{who}> {text}",),
    acted=("-*- {nick} {text}",),
    joined=(
        "--> {nick} {host} has joined {room}",
        "--> {nick} has joined {room}",
        "=> Netsplit between {by} and {by} ended. Users joined: {nicks}",
    ),
    left=(
        "<-- {nick} {host} has left {room} ({reason})",
        "<-- {nick} has left {room} ({reason})",
        "<-- {nick} {host} has quit ({reason})",
        "<-- {nick} has quit ({reason})",
        "<-* {by} has kicked {nick} from {room} ({reason})",
        "--> {by} has kicked {nick} from {room} ({reason})",
        "<= Netsplit between {by} and {by}. Users quit: {nicks}",
    ),
    renamed=("<-> {nick} is now known as {new}",),
    dates=("- {Day changed to {date}}",),
    left_out={
        entries.MODE: ("*** {any}mode {any}", "*** Mode {any}", "*** User mode: {any}"),
        entries.TOPIC: ("* {by} has changed topic {any}", "* Topic {any}", "* Channel topic {any}"),
        entries.OWN_RENAME: ("<-> You are now known as {any}",),
        entries.SERVER: ("* {any}",),
        entries.NOTICE: ("[{by}] {any}",),
        entries.UNKNOWN_EVENT: ("--> {any}", "-> {any}", "<-- {any}", "<-> {any}", "<-x {any}", "*** {any}"),
    },
)
