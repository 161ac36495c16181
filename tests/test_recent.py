"""Addresses from which something has come lately; of too many, those silent for longest are forgotten."""

import pytest

from geventchat.core import address_memory
from geventchat.server.recent import Recent


def test_what_was_noted_again_is_not_the_first_to_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_memory, "MAX_ADDRESSES", 2)
    lately = Recent(60.0)
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.3"):
        lately.note(address)
    assert [f"192.0.2.{number}" in lately for number in (1, 2, 3)] == [True, False, True]


def test_after_its_time_an_address_is_forgotten() -> None:
    lately = Recent(0.0)
    lately.note("192.0.2.1")
    assert "192.0.2.1" not in lately
