"""Masks of names: in them, `*` stands for any text and `?` for any character, as people know it from files."""

import re
from collections.abc import Callable


def matcher(mask: str) -> Callable[[str], object]:
    """Return what says whether this mask fits a name, the whole of it.

    It is made once and asked for many names, in a time that grows with the mask and the name alone: what stands between
    two `*` is looked for once, where it comes first. `fnmatch` would keep thousands of masks that users make up, and
    takes milliseconds to make one of many `*`.
    """
    first, *others = (re.escape(part).replace(r"\?", ".") for part in re.sub(r"\*+", "*", mask).split("*"))
    between = "".join(f"(?>.*?{part})" for part in others[:-1])
    last = f".*{others[-1]}" if others else ""
    return re.compile(f"(?s){first}{between}{last}").fullmatch
