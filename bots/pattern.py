"""What an actor listens for: `/regular expression/`, or words that what is said must contain."""

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bots.template import Template, template

_REGEX = re.compile(r"/(.*)/(i?)", re.DOTALL)


# Says whether a text is what was listened for, by what is true or false of its result.
Matcher = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Either a regular expression that is searched for, or a text, with placeholders, that must be contained."""

    source: str
    wanted: re.Pattern[str] | Template

    def filled(self, values: Mapping[str, str]) -> Matcher:
        """Return what to hold against what is said, with the listening actor's own values filled in."""
        if isinstance(self.wanted, re.Pattern):
            return self.wanted.search
        text = self.wanted.render(values)
        return lambda said: text in said


def pattern(source: str) -> Pattern:
    """Read a pattern; `/…/i` does not care about case. Raises ValueError for one that is none."""
    if not (match := _REGEX.fullmatch(source)):
        return Pattern(source, template(source))
    try:
        with warnings.catch_warnings(
            action="ignore"
        ):  # "possible nested set" and such tell a scenario's author nothing
            return Pattern(source, re.compile(match[1], re.IGNORECASE if match[2] else 0))
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{source} is no regular expression: {error}") from None
