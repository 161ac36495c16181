"""Ages as people write them."""

import pytest

from geventchat.protocol import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("2h", 7_200), ("1.5h", 5_400), ("30d", 2_592_000), ("4w", 2_419_200), ("0s", 0)],
)
def test_a_number_and_a_unit_are_an_age(text: str, seconds: float) -> None:
    assert durations.seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "2", "h", "2 h", "-2h", "2H", "2y", "1e3s", ".5h", "٣d", "2024-11-23", "9" * 7 + "s"]
)
def test_anything_else_is_none(text: str) -> None:
    assert durations.seconds(text) is None
