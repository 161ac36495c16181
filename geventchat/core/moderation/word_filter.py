"""What `--filter` keeps from being said: patterns that mask, refuse or hold.

RE2 matches in time that grows with the text alone, so no pattern can hold the server up.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

from geventchat.protocol.errors import Refused, UsageError

MASK = "*"
_KINDS = ("mask", "refuse", "hold")
# What all patterns of a kind may take, compiled: some 10,000 words.
_MOST_MEMORY = 64 << 20
# Joiners, fillers and variation selectors, which show nothing, beside what Unicode calls format characters.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")


class Filter:
    """The patterns of a file; each line is `mask`, `refuse` or `hold`, a blank, and a regular expression of RE2's.

    Small and capital letters are the same. Raises UsageError that names the line for what is no pattern.
    """

    def __init__(self, text: str) -> None:
        patterns: dict[str, list[str]] = {kind: [] for kind in _KINDS}
        for number, line in enumerate(text.splitlines(), 1):
            kind, _, pattern = line.strip().partition(" ")
            if not kind or kind.startswith("#"):
                continue
            if kind not in _KINDS or not pattern.strip():
                raise UsageError(f"line {number} of the filter: begin with mask, refuse or hold, then a pattern")
            _compile([pattern.strip()], f"line {number} of the filter")
            patterns[kind].append(pattern.strip())
        self._mask, self._refuse, self._hold = (_compile(patterns[kind], "the filter") for kind in _KINDS)

    def check(self, text: str) -> "Checked":
        """Return what becomes of a text. Raises Refused ("filtered") for one that is not wanted."""
        plain = text if text.isascii() else _as_seen(text)
        if self._refuse is not None and self._refuse.search(plain):
            raise Refused("filtered", "that is not wanted here, and was not sent")
        masked = plain if self._mask is None else self._mask.sub(lambda found: MASK * len(found[0]), plain)
        held = self._hold is not None and self._hold.search(plain) is not None
        return Checked(text if masked == plain else masked, held)

    def check_name(self, name: str, kind: str) -> None:
        """Raise Refused, "bad-nick" or "bad-room" by the kind, for a name with anything in it that is filtered."""
        try:
            checked = self.check(name)
        except Refused:
            checked = Checked("", True)
        if checked != Checked(name, False):
            raise Refused(f"bad-{kind}", "that name is not wanted here, take another", about=name)


def _as_seen(text: str) -> str:
    """Return a text in its usual characters, without those that show nothing: a word could hide behind them."""
    shown = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return "".join(char for char in shown if unicodedata.category(char) != "Cf")


def _compile(patterns: Sequence[str], where: str) -> Any:
    """Return what finds any of these; None for no patterns. Raises UsageError."""
    if not patterns:
        return None
    import re2  # type: ignore[import-untyped]  # only who filters needs it

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    try:
        found = re2.compile("|".join(f"(?:{pattern})" for pattern in patterns), options)
    except re2.error as error:
        said = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise UsageError(f"{where}: {said}") from None
    if found.search(""):
        raise UsageError(f"{where}: that would fit every text")
    return found


class Checked(NamedTuple):
    """A text as it may be said, and whether a moderator is to see it first."""

    text: str
    held: bool


NOTHING_FILTERED = Filter("")
