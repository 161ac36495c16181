"""What an actor listens for: `/regular expression/`, or words that what is said must contain.

Regular expressions are RE2's, whose time grows with the text's length only: no pattern can hold up the bots.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import re2  # type: ignore[import-untyped]

from bots.scenario.template import Template, template

_REGEX = re.compile(r"/(.*)/(i?)", re.DOTALL)
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False  # they are told with their place in the file

# What other regular expressions know and RE2 does not, by how it begins.
_NOT_THERE = {
    "(?=": "look-aheads",
    "(?!": "look-aheads",
    "(?<=": "look-behinds",
    "(?<!": "look-behinds",
    "(?(": "conditions",
    "(?P=": "back-references",
    "(?>": "atomic groups",
}
_BACK_REFERENCE = re.compile(r"(?<!\\)(?:\\\\)*\\[1-9]")

# Returns something true if a text is what was listened for.
Matcher = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Either a regular expression that is searched for, or a text, with placeholders, that must be contained."""

    source: str
    wanted: Matcher | Template

    def filled(self, values: Mapping[str, str]) -> Matcher:
        """Return the matcher for one listening actor, with its own values filled in."""
        if not isinstance(self.wanted, Template):
            return self.wanted
        text = self.wanted.render(values)
        return lambda said: text in said


def pattern(source: str) -> Pattern:
    """Read a pattern; `/…/i` does not care about case. Raises ValueError for one that is none."""
    if not (match := _REGEX.fullmatch(source)):
        return Pattern(source, template(source))
    expression, flags = match.groups()
    try:
        return Pattern(source, re2.compile(f"(?{flags}:{expression})" if flags else expression, _OPTIONS).search)
    except re2.error as error:
        (why,) = error.args
        raise ValueError(_explain(source, expression, why.decode("utf-8", "replace"))) from None


def _explain(source: str, expression: str, why: str) -> str:
    """Return what is wrong with a regular expression, of which RE2 says `why`."""
    unknown = next((name for begin, name in _NOT_THERE.items() if begin in expression), "")
    if not unknown and _BACK_REFERENCE.search(expression):
        unknown = "back-references"
    if unknown:
        return f"{source} uses {unknown}, which are not supported: with them a search could take forever"
    return f"{source} is not a regular expression: {why}"
