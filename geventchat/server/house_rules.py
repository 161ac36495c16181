"""What holds for everybody on a server: the message of the day, the filter, and the moderator's link."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from geventchat.core.moderation.word_filter import NOTHING_FILTERED, Filter
from geventchat.protocol.errors import UsageError
from geventchat.protocol.text import clean, decode

if TYPE_CHECKING:
    from geventchat.core.chat import Chat  # loads only when there is something to serve

# What each of the files may have: a page of text, and a school's list of words.
_MOST_BYTES = 1 << 20
# What people who come in are shown of the message of the day.
_MOST_LINES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRules:
    """The lines that newcomers are shown, what may not be said, and the secret of the link that makes a moderator."""

    motd: list[str] = field(default_factory=list)
    filter: Filter = NOTHING_FILTERED
    moderator_link: str = ""

    def apply(self, chat: "Chat") -> None:
        """Let the rules hold from now on."""
        chat.motd = self.motd
        chat.moderation.filter = self.filter
        if self.moderator_link:
            chat.moderation.links.offer(self.moderator_link)


def read(motd: Path | None, filters: Path | None, moderator_link: str = "") -> HouseRules:
    """Return the rules that stand in files. Raises UsageError where one cannot be read, or holds what is no pattern."""
    lines = [clean(line) for line in _text("--motd", motd).splitlines()][:_MOST_LINES]
    patterns = _text("--filter", filters)
    try:
        return HouseRules(
            motd=lines, filter=Filter(patterns) if patterns else NOTHING_FILTERED, moderator_link=moderator_link
        )
    except UsageError as error:
        raise UsageError(f"--filter {filters}: {error}") from None


def _text(option: str, path: Path | None) -> str:
    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{option} {path}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{option} {path}: that is more than {_MOST_BYTES >> 20} MiB")
    return decode(data)
