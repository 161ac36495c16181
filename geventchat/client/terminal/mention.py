"""Whether somebody is spoken of."""

import re
from functools import lru_cache


def mentions(text: str, nick: str) -> bool:
    """Tell whether the nick stands in the text as a word of its own, in capitals or not."""
    return bool(nick) and _word(nick).search(text) is not None


@lru_cache(maxsize=8)
def _word(nick: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(nick)}(?!\w)", re.IGNORECASE)
