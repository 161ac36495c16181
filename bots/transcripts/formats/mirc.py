"""mIRC: what is done and what happens begin alike, with a star; until mIRC 5, what happens had three."""

from typing import Any

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat


def _described(mark: str) -> dict[str, Any]:
    """Return the forms of what is said, done and happens, of which the last stands behind a mark."""

    def marked(*forms: str) -> list[str]:
        return [f"{mark} {form}" for form in forms]

    return {
        "said": ("<{who}> {text}",),
        "acted": ("* {nick} {text}",),
        "joined": marked("{nick} {host} has joined {room}", "{nick} has joined {room}", "Joins: {nick} {host}"),
        "left": marked(
            "{nick} {host} has left {room} ({reason})",
            "{nick} has left {room} ({reason})",
            "{nick} {host} Quit ({reason})",
            "{nick} has quit IRC ({reason})",
            "{nick} {host} has quit IRC ({reason})",
            "Parts: {nick} {host} ({reason})",
            "Quits: {nick} ({short}@{short}) ({reason})",
            "{nick} was kicked by {by} ({reason})",
            "{nick} was kicked from {room} by {by} ({reason})",
        ),
        "renamed": marked("{nick} is now known as {new}"),
        "dates": ("Session Start: {date}", "Session Time: {date}", "Session Close: {date}"),
        "left_out": {
            entries.MODE: marked("{by} sets mode: {any}", "Mode change {any}", "Channel modes {any}"),
            entries.TOPIC: marked("Topic is {any}", "{by} changes topic to {any}", "Set by {by} on {any}"),
            entries.SERVER: [
                *marked(
                    "Now talking in {any}",
                    "Now talking on {any}",
                    "Disconnected{any}",
                    "Connecting to {any}",
                    "Rejoined channel {any}",
                    "Attempting to rejoin {any}",
                    "Retrieving {any}",
                    "You were kicked {any}",
                    "You're not channel operator{any}",
                    "You have joined {any}",
                    "You have left {any}",
                    "{by} invites you to join {room}",
                    "URL is {any}",
                ),
                "Session Ident: {any}",
            ],
            entries.OWN_RENAME: marked("You are now known as {any}", "Your nick is now {any}"),
            entries.NOTICE: ("-{by}- {any}",),
            entries.PRIVATE: ("*{by}* {any}", "-> *{by}* {any}", "-> -{by}- {any}"),
            entries.UNKNOWN_EVENT: ("*** {any}",),
        },
    }


MIRC = LineFormat(name="mirc", title="mIRC", **_described("*"), actions_look_like_events=True)
MIRC5 = LineFormat(name="mirc5", title="mIRC before version 6", **_described("***"))
