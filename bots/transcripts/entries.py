"""What a log consists of, whichever program wrote it, and what a log format is."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from bots.transcripts.log_text import LogText
from bots.transcripts.stamps import Stamp
from geventchat.protocol.events import AnyEvent

# Kinds of what a scenario cannot hold: each is counted, and told under its name.
UNKNOWN_LINE = "unknown line"
UNKNOWN_EVENT = "unknown event"
ATTACHMENT = "attachment"
DELETED = "deleted message"
EDIT = "edit"
LINE_BREAK = "line break"
LONG_LINE = "overlong line"
MODE = "mode change"
NICK_LIST = "nick list"
NOTICE = "notice"
OWN_NICK = "own nick"
OWN_RENAME = "own rename"
PRIVATE = "private message"
REACTION = "reaction"
SERVER = "server message"
SYSTEM = "system message"
TOPIC = "topic"


class Entry(NamedTuple):
    """One line of a log, or one message of an export.

    `stamp` is when it was, as far as it says so; `events` what happened, often one thing, whose id and time are empty;
    `left_out` the kinds of what of it a scenario cannot hold; `text` is shown to people if nothing was understood.
    """

    number: int
    stamp: Stamp | None = None
    events: tuple[AnyEvent, ...] = ()
    left_out: tuple[str, ...] = ()
    text: str = ""


class LogFormat(Protocol):
    """One form in which a program writes what was said. It reads text, and does no I/O."""

    @property
    def name(self) -> str:
        """What `--format` calls it."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def unit(self) -> str:
        """What its entries are numbered by: lines or messages."""

    def score(self, log: LogText) -> int:
        """Return how many characters of the log's sample are this format's own, and no free text; 0 if it is another's.

        The format with the highest score is the one that leaves the least to chance.
        """

    def read(self, log: LogText) -> Sequence[Entry]:
        """Return all entries in their order. Raises UsageError if the log cannot be in this format at all."""
