"""How long to wait before each try to come back: longer and longer, and not the same for everyone."""

from collections.abc import Callable, Iterator

_FIRST_S = 0.5
# At first a server that is being restarted is likely back soon; later, a thousand clients must not keep asking.
_SOON_S = 60.0
_LONGEST_SOON_S = 5.0
_LONGEST_S = 30.0


def pauses(chance: Callable[[], float], first_s: float = _FIRST_S) -> Iterator[float]:
    """Yield seconds to wait, `first_s` at first and without end; `chance`, from 0 to 1, spreads clients apart."""
    pause, waited = first_s, 0.0
    while True:
        longest = _LONGEST_SOON_S if waited < _SOON_S else _LONGEST_S
        pause = min(pause, longest)
        spread = pause * (0.5 + chance() / 2)
        yield spread
        waited += spread
        pause *= 2
