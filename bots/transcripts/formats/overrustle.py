"""OverRustle's and other logs of Twitch and Destiny chats: `[2024-11-23 20:01:00 UTC] nick: text`."""

from bots.transcripts.line_format import LineFormat

OVERRUSTLE = LineFormat(
    name="overrustle",
    title="OverRustle",
    said=("{nick}: {text}",),
    stamped=r"\[.* UTC\]",
)
