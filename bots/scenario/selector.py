"""Who does a line: `alice`, `user`, `user3`, `everyone`, `any user`, `3 of user`, `20% of user`."""

import re
from dataclasses import dataclass

from bots.scenario import units

EVERYONE = "everyone"
# All users and also people who take no part in the scenario: they can be listened to, and do nothing by script.
ANYONE = "anyone"

_ANY = re.compile(r"any\s+(.+)")
_SOME = re.compile(r"(\S+)\s+of\s+(.+)")


@dataclass(frozen=True, slots=True)
class Selector:
    """All of `group` (an actor, a cast, or everyone), or by chance `count` of them or a `share` (0 to 1)."""

    group: str
    count: int | None = None
    share: float | None = None

    @property
    def is_choice(self) -> bool:
        """Whether chance decides who it is."""
        return self.count is not None or self.share is not None


def selector(text: str) -> Selector:
    """Read a selector. Raises ValueError for an amount that makes no sense."""
    if match := _ANY.fullmatch(text):
        return Selector(match[1], count=1)
    match = _SOME.fullmatch(text)
    if match and match[1].isascii() and match[1][0].isdigit():
        amount, group = match.groups()
        if amount.endswith("%"):
            share = units.share(amount)
            if share == 0:
                raise ValueError("0% of them is nobody")
            return Selector(group, share=share)
        if not amount.isdigit() or len(amount) > 9:
            raise ValueError(f"{amount} of {group}: how many? A number or a share, like 3 or 20%")
        if int(amount) == 0:
            raise ValueError(f"0 of {group} is nobody")
        return Selector(group, count=int(amount))
    return Selector(text)
