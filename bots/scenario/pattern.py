"""What an actor listens for: `/regular expression/`, or words that what is said must contain."""

import re
import re._constants as kinds  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bots.scenario.template import Template, template

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
            wanted = re.compile(match[1], re.IGNORECASE if match[2] else 0)
            if _explodes(parser.parse(match[1])):
                raise ValueError(
                    f"{source} could take forever: it repeats at will something that is itself repeated, or a choice"
                )
            return Pattern(source, wanted)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{source} is not a regular expression: {error}") from None


def _explodes(items: Any) -> bool:
    """Whether a regular expression repeats what can be cut into repetitions in many ways, like `(a+)+` or `(a|ab|b)*`.

    On a text that nearly matches, the search would try them all, and nothing can interrupt it.
    """
    for kind, value in items:
        is_endless = kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT) and value[1] == kinds.MAXREPEAT
        if is_endless and (_can_be_cut(value[2]) or _has_choice(value[2])):
            return True
        if any(_explodes(inner) for inner in _inside(kind, value)):
            return True
    return False


def _has_choice(items: Any) -> bool:
    """Whether there are alternatives anywhere in this; of single characters, as in `[ab]`, they are none."""
    return any(kind == kinds.BRANCH or any(map(_has_choice, _inside(kind, value))) for kind, value in items)


def _can_be_cut(items: Any) -> bool:
    """Whether all of this can be left out or repeated, and something in it without end."""
    kinds_inside = [_repeats(kind, value) for kind, value in items]
    return all(kinds_inside) and "without end" in kinds_inside


def _repeats(kind: Any, value: Any) -> str:
    """Return how a part can be repeated: "without end", "or not"; nothing when it stands there just once."""
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT):
        least, most, _ = value
        return "without end" if most == kinds.MAXREPEAT else "or not" if least == 0 else ""
    inside = _inside(kind, value)
    return "without end" if inside and any(_can_be_cut(inner) for inner in inside) else ""


def _inside(kind: Any, value: Any) -> list[Any]:
    """Return what a part is made of."""
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT):
        return [value[2]]
    if kind == kinds.SUBPATTERN:
        return [value[-1]]
    return list(value[1]) if kind == kinds.BRANCH else []
