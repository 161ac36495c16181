"""Times and dates of a log become seconds from its beginning, whatever of them is missing or wrong."""

from textwrap import dedent

import pytest

from bots.transcripts import calendar, formats
from bots.transcripts.log_text import LogText

HOUR = 3600
DAY = 24 * HOUR


def told(text: str) -> tuple[list[float], list[str]]:
    """Return when things happen in a log of irssi, and what a reader is told about its dates."""
    moments, notes = calendar.timed(formats.named("irssi").read(LogText(dedent(text))))
    return [at for at, _ in moments], notes


def times(text: str) -> list[float]:
    return told(text)[0]


def test_lines_of_one_minute_are_spread_over_it_in_order() -> None:
    log = (
        "[10:00] < a> 1\n-!- b [b@host] has joined #x\n[10:00] < a> 2\n[10:00] < a> 3\n[10:02] < a> 4\n[10:02] < a> 5\n"
    )
    assert times(log) == [0, 15, 30, 45, 120, 150]


def test_lines_of_one_second_are_spread_over_it() -> None:
    assert times("[10:00:01] < a> 1\n[10:00:01] < a> 2\n[10:00:02] < a> 3\n") == [0, 0.5, 1]


def test_a_line_with_seconds_never_comes_before_one_without() -> None:
    assert times("[10:00] < a> 1\n[10:00] < a> 2\n[10:00:10] < a> 3\n") == [0, 30, 30]


def test_midnight_comes_once_and_a_clock_that_is_set_right_is_passed_over() -> None:
    assert times("23:59 < a> 1\n00:00 < a> 2\n00:01 < a> 3\n") == [0, 60, 120]
    assert times("10:05 < a> 1\n10:04 < a> 2\n10:06 < a> 3\n") == [0, 30, 60]
    assert times("02:59 < a> summer\n02:00 < a> winter\n03:01 < a> 3\n") == [0, 30, 120]


def test_a_night_without_a_word_ends_the_day_too() -> None:
    assert [at / HOUR for at in times("08:00 < a> 1\n22:00 < a> 2\n08:00 < a> 3\n")] == [0, 14, 24]
    assert [at / HOUR for at in times("22:00 < a> 1\n14:00 < a> the next afternoon\n")] == [0, 16]


def test_the_day_may_change_before_any_date_was_named() -> None:
    log = "23:00 < a> 1\n--- Day changed Sun Nov 24 2024\n--- Day changed Mon Nov 25 2024\n01:00 < a> 2\n"
    assert [at / HOUR for at in times(log)] == [0, 26]


def test_days_pass_by_the_dates_that_are_named() -> None:
    log = (
        "--- Log opened Sat Nov 23 20:00:00 2024\n20:00 < a> 1\n--- Log opened Tue Nov 26 19:00:00 2024\n19:00 < a> 2\n"
    )
    assert [at / HOUR for at in times(log)] == [0, 71]


@pytest.mark.parametrize("month", ["Dez", "Қаң"])
def test_months_are_known_by_any_name(month: str) -> None:
    log = f"""\
        --- Log opened Sa Nov 30 23:00:00 2024
        23:00 < ben> good evening
        --- Day changed So {month} 01 2024
        --- Day changed Mo {month} 02 2024
        23:30 < ann> two days later
        """
    assert times(log) == [0, 2 * DAY + HOUR / 2]


def test_a_date_that_jumps_ahead_and_back_is_not_believed_and_that_is_told() -> None:
    log = """\
        --- Log opened Sat Nov 23 20:00:00 2024
        20:00 < ben> one
        --- Day changed Thu Dec 26 2024
        --- Day changed Sun Nov 24 2024
        20:00 < ann> a day later
        """
    assert told(log) == ([0, DAY], ["1 jumping date not believed; the first is in line 3"])
    log = "2024-11-23 20:00 < a> 1\n1970-01-01 00:00 < a> 2\n2024-11-23 20:01 < a> 3\n"
    assert told(log) == ([0, 30, 60], ["1 jumping date not believed; the first is in line 2"])


def test_of_as_many_dates_those_are_believed_that_are_nearer_to_each_other() -> None:
    log = "".join(f"2024-11-{day} 20:00 < a> hi\n" for day in ("11", "12", "01", "05"))
    assert told(log) == ([0, DAY, DAY + 20, DAY + 40], ["2 jumping dates not believed; the first is in line 3"])


def test_a_year_that_is_not_written_begins_at_new_year() -> None:
    assert times("Dec 31 23:59:59 < a> 1\nJan 01 00:00:00 < a> 2\nFeb 29 00:00:00 < a> 3\n")[:2] == [0, 1]


@pytest.mark.parametrize(
    ("dates", "days"),
    [
        (["30/11/24", "01/12/24"], 1),  # no month has the number 30
        (["11/30/24", "12/01/24"], 1),
        (["01/02/24", "02/02/24", "03/02/24"], 2),  # three days in a row, rather than three months
        (["02/01/24", "02/02/24", "02/03/24"], 2),
        (["24-11-30", "24-12-01"], 1),
    ],
)
def test_day_and_month_are_told_apart_by_the_other_dates(dates: list[str], days: int) -> None:
    assert times("".join(f"{date} 20:00 < a> hi\n" for date in dates))[-1] == days * DAY


def test_how_dates_are_read_is_told_where_they_can_be_read_in_two_ways() -> None:
    assert told("01/02/24 20:00 < a> 1\n02/02/24 20:00 < a> 2\n")[1] == [
        "dates are read as day/month/year, as they follow each other best so"
    ]
    assert told("30/11/24 20:00 < a> 1\n01/12/24 20:00 < a> 2\n")[1] == []


def test_times_in_several_zones_are_of_one_clock() -> None:
    log = "[2024-10-27T02:59:00+0200] < a> summer\n[2024-10-27T02:00:00+0100] < a> winter\n"
    assert times(log) == [0, 60]


def test_a_clock_of_twelve_hours_goes_round_twice_a_day() -> None:
    assert times("11:59 < a> 1\n12:59 < a> 2\n01:00 < a> 3\n02:00 < a> 4\n") == [0, HOUR, HOUR + 60, 2 * HOUR + 60]
    assert times("11:59 PM < a> 1\n12:00 AM < a> 2\n") == [0, 60]


def test_a_log_without_times_has_a_line_a_second() -> None:
    assert times("< a> one\n< b> two\n * a waves\n") == [0, 1, 2]
