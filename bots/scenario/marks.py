"""Marks: what makes each text that bots made up another one, so that nobody has to guess which was heard. No I/O."""

from string import ascii_lowercase, digits

_DIGITS = digits + ascii_lowercase
_WIDTH = 3


def marked(text: str, number: int) -> str:
    """Return a text with the mark of this number at its end; other numbers, other marks."""
    mark = ""
    while number or len(mark) < _WIDTH:
        number, digit = divmod(number, len(_DIGITS))
        mark = _DIGITS[digit] + mark
    return f"{text} ·{mark}"
