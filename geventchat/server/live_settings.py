"""What of a server's settings can be changed while it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from geventchat.protocol.limits import Limits
from geventchat.server.house_rules import HouseRules

# Limits after which something was made that stays as it is.
FIXED_LIMITS = ("max_name", "feed_window")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSettings:
    """Settings as they are to be now. `fixed` are others, by their options, which hold until the server ends."""

    limits: Limits
    greet_with: int
    hosts: Sequence[str]
    password: str
    log_level: str
    house_rules: HouseRules
    fixed: Mapping[str, object]

    def differing(self, other: "LiveSettings") -> list[str]:
        """Return the options of `fixed` that are not the same in other settings."""
        return sorted(option for option in self.fixed if self.fixed[option] != other.fixed.get(option))


def changed(now: Limits, wanted: Limits) -> Limits:
    """Return the limits that are wanted, as far as those that hold now can be changed."""
    return replace(wanted, **{name: getattr(now, name) for name in FIXED_LIMITS})
