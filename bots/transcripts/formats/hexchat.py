"""HexChat, and XChat: a tab stands behind who speaks, and behind the star or arrow of everything else."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat


def _marked(*forms: str) -> list[str]:
    """Return the forms behind each mark of an event: HexChat's star, and XChat's arrows."""
    return [f"{mark}\t{form}" for form in forms for mark in ("*", "-->", "<--", "---")]


_RANK = "{voice|channel operator status|channel half-operator status}"
_LIST = "{ban|quiet|exempt|invite exempt}"
HEXCHAT = LineFormat(
    name="hexchat",
    title="HexChat or XChat",
    said=("<{who}>\t{text}",),
    acted=("*\t{nick} {text}", "* \t{nick} {text}"),
    joined=_marked("{nick} {host} has joined", "{nick} {host} has joined {room}"),
    left=_marked(
        "{nick} {host} has left ({reason})",
        "{nick} {host} has left {room} ({reason})",
        "{nick} has quit ({reason})",
        "{nick} {host} has quit ({reason})",
        "{by} has kicked {nick} from {room} ({reason})",
    ),
    renamed=_marked("{nick} is now known as {new}"),
    dates=("**** BEGIN LOGGING AT {date}", "**** ENDING LOGGING AT {date}"),
    left_out={
        entries.MODE: _marked(
            f"{{by}} {{gives|removes}} {_RANK} {{to|from}} {{by}}",
            "{by} sets {mode|modes} {any}",
            f"{{by}} {{sets|removes}} {_LIST} on {{any}}",
            "{by} sets channel {limit|keyword} to {any}",
            "{by} removes {user limit|channel keyword}",
            "Channel {room} modes: {any}",
        ),
        entries.TOPIC: _marked("Topic for {any}", "{by} has changed the topic {any}"),
        entries.OWN_RENAME: _marked("You are now known as {any}"),
        entries.SERVER: _marked(
            "Now talking on {any}",
            "You {are|have} {any}",
            "{by} has offered '{any}' ({any} bytes)",
            "{by} has requested to resume '{any}' from {any}",
            "{by} has been invited to {room} by {any}",
            "Disconnected{any}",
            "Looking up {any}",
            "Connect{any}",
            "Channel {room} {any}",
            "{room} created on {any}",
            "{room} URL: {any}",
        ),
        entries.NOTICE: ("-{by}-\t{any}",),
        entries.PRIVATE: ("*{by}*\t{any}", ">{by}<\t{any}"),
        entries.UNKNOWN_EVENT: ("-->\t{any}", "<--\t{any}", "---\t{any}"),
    },
    actions_look_like_events=True,
)
