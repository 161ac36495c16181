"""Masks of names, as users make them up: what they fit, and what they leave behind."""

import gc
import sys

from hypothesis import given
from hypothesis import strategies as st

from geventchat.commands.commands import Find, Whowas
from geventchat.protocol.masks import matcher
from tests.stage import Stage

# As many as the regular expressions that Python itself keeps, and more.
_MASKS = 1_000


def fits(mask: str, name: str) -> bool:
    """Return whether a mask fits a name, by what its first character may stand for."""
    if not mask:
        return not name
    if mask[0] == "*":
        return fits(mask[1:], name) or (bool(name) and fits(mask, name[1:]))
    return bool(name) and mask[0] in ("?", name[0]) and fits(mask[1:], name[1:])


@given(st.text("ab[]!*?\\", max_size=8), st.text("ab[]!\\\n", max_size=8))
def test_a_mask_fits_a_name_by_any_text_and_any_character(mask: str, name: str) -> None:
    assert bool(matcher(mask)(name)) == fits(mask, name)


def test_masks_that_users_make_up_are_not_kept() -> None:
    alice = Stage().program("alice")

    def ask(first: int) -> int:
        """Ask by as many masks that nobody has asked by before; return how much memory is in use then."""
        for number in range(first, first + _MASKS):
            alice.hears(Find(mask=f"{number}*a?*b"), Whowas(nick=f"*a?{number}*"))
        gc.collect()
        return sys.getallocatedblocks()

    before = ask(0)
    assert ask(_MASKS) - before < _MASKS
