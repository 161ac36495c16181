"""However a log writes when something was, it is read."""

import pytest

from bots.transcripts import stamps
from bots.transcripts.stamps import Date

EVENING = 20 * 3600 + 60
DAY = Date((2024, 11, 23))


@pytest.mark.parametrize(
    ("written", "date", "second", "exact_to"),
    [
        ("20:01", None, EVENING, 60),
        ("[20:01]", None, EVENING, 60),
        ("(20:01)", None, EVENING, 60),
        ("{20:01:05}", None, EVENING + 5, 1),
        ("[20:01:00.25]", None, EVENING + 0.25, 0.001),
        ("[7:05]", None, 7 * 3600 + 300, 60),
        ("[8:01 PM]", None, EVENING, 60),
        ("[8:01pm]", None, EVENING, 60),
        ("[12:01 AM]", None, 60, 60),
        ("8:01\u202fp.\u00a0m.", None, EVENING, 60),
        ("下午8:01", None, EVENING, 60),
        ("[2024-11-23 20:01:00]", DAY, EVENING, 1),
        ("2024-11-23 20:01", DAY, EVENING, 60),
        ("2024-11-23T20:01:00", DAY, EVENING, 1),
        ("2024/11/23, 20:01", DAY, EVENING, 60),
        ("2024. 11. 23. 오후 8:01", DAY, EVENING, 60),
        ("20241123 20:01", DAY, EVENING, 60),
        ("2026-08-17 20:01:00.250000Z", Date((2026, 8, 17)), EVENING + 0.25, 0.001),
        ("[2024-11-23T20:01:00+0100]", DAY, EVENING - 3600, 1),
        ("[2024-11-23T20:01:00-01:30]", DAY, EVENING + 5400, 1),
        ("[2024-11-23 20:01:00 UTC]", DAY, EVENING, 1),
        ("[23.11.2024 20:01:00]", Date((23, 11, 2024), ("dmy", "mdy")), EVENING, 1),
        ("11/23/24, 8:01\u202fPM", Date((11, 23, 24), ("dmy", "mdy")), EVENING, 60),
        ("23.11. 20:01", Date((23, 11, 0), ("dmy", "mdy")), EVENING, 60),
        ("23/11/24 20.01", Date((23, 11, 24), ("dmy", "mdy")), EVENING, 60),
        ("Nov 23 20:01:00", Date((0, 11, 23)), EVENING, 1),
        ("[23 Nov 20:01]", Date((0, 11, 23)), EVENING, 60),
        ("[Sat Nov 23 20:01:00 2024]", DAY, EVENING, 1),
        ("Sat, Nov 23, 2024, 20:01:00", DAY, EVENING, 1),
        ("[Saturday, 23 November 2024] [20:01:00]", DAY, EVENING, 1),
        ("[Samstag, 23. Dezember 2024] [20:01:00]", Date((2024, 12, 23)), EVENING, 1),
        ("1732392060", DAY, EVENING, 1),
        ("@1732392060", DAY, EVENING, 1),
        ("\u200e[20:01]", None, EVENING, 60),
        ("२३/११/२०२४, ८:०१ pm", Date((23, 11, 2024), ("dmy", "mdy")), EVENING, 60),
        ("২৩/১১/২০২৪, ২০:০১", Date((23, 11, 2024), ("dmy", "mdy")), EVENING, 60),
        ("\u200f[٢٣\u200f/١١\u200f/٢٠٢٤، ٨:٠١:٠٥ م]", Date((23, 11, 2024), ("dmy", "mdy")), EVENING + 5, 1),
        ("۲۰:۰۱", None, EVENING, 60),
        ("[8:01 म.उ.]", None, EVENING, 60),
        ("[8:01 π.μ.]", None, EVENING - 12 * 3600, 60),
        ("23.11.2024 klo 20.01", Date((23, 11, 2024), ("dmy", "mdy")), EVENING, 60),
        ("<20:01>", None, EVENING, 60),
        ("[23.11.24/20:01:05]", Date((23, 11, 24), ("dmy", "mdy")), EVENING + 5, 1),
        ("11/23/20:01", Date((11, 23, 0), ("dmy", "mdy")), EVENING, 60),
        ("2024-11-23|20:01", DAY, EVENING, 60),
        ("2024-11-23@20:01", DAY, EVENING, 60),
        ("20:01:05 23.11.2024", Date((23, 11, 2024), ("dmy", "mdy")), EVENING + 5, 1),
        ("[20:01, 2024-11-23]", DAY, EVENING, 60),
        ("20:01 Sat 23 Nov 2024", DAY, EVENING, 60),
        ("23.11.24 г., 20:01", Date((23, 11, 24), ("dmy", "mdy")), EVENING, 60),
        ("[2024/11/23 晚上8:01:05]", DAY, EVENING + 5, 1),
        ("2024/11/23 凌晨12:01", DAY, 60, 60),
        ("23.11.24 г., 20:01 ч.", Date((23, 11, 24), ("dmy", "mdy")), EVENING, 60),
        ("[23.11.24, 8:01 μμ]", Date((23, 11, 24), ("dmy", "mdy")), EVENING, 60),
        ("[23.11.24, 8:01 PTG]", Date((23, 11, 24), ("dmy", "mdy")), EVENING, 60),
        ("2024. 11. 23. du. 8:01", DAY, EVENING, 60),
        ("23.11.24, 20:01 Uhr", Date((23, 11, 24), ("dmy", "mdy")), EVENING, 60),
        ("11月 23 20:01:05", Date((0, 11, 23)), EVENING + 5, 1),
        ("2024/11/23 中午12:01", DAY, 12 * 3600 + 60, 60),
        ("[23.11.2024 ÖS 8:01:05]", Date((23, 11, 2024), ("dmy", "mdy")), EVENING + 5, 1),
    ],
)
def test_a_time_is_read_and_the_rest_of_the_line_is_kept(
    written: str, date: Date | None, second: float, exact_to: float
) -> None:
    stamp, rest = stamps.split(f"{written} <ben> 10:00 is early")
    assert stamp is not None
    assert (stamp.date, stamp.second, stamp.exact_to) == (date, second, exact_to)
    assert rest == " <ben> 10:00 is early"


@pytest.mark.parametrize(
    "text", [" 1/2 of it", " 23.11.2024: no", " م <ben> hi", " \u200e٣ cats, ١٠:٠٠ <ben>", " CH: hi", " SA hi", " ١٢"]
)
def test_what_stands_behind_a_time_is_left_as_it_is(text: str) -> None:
    assert stamps.split(f"[20:01]{text}")[1] == text
    assert stamps.split(f"٢٠:٠١{text}")[1] == text


@pytest.mark.parametrize(
    "line",
    ["", "<ben> 20:01", "[ben] hi", "20", "1.5 is more than 1.25", "25:00 <ben> hi", "[20:01 <ben> hi", "20:61 no"],
)
def test_what_is_no_time_is_left_as_it_is(line: str) -> None:
    assert stamps.split(line) == (None, line)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Sat Nov 23 20:00:00 2024", DAY),
        ("Sat Nov 23 2024", DAY),
        ("Sa 23 Nov 2024 20:00:00 GMT on ann@irc.example", DAY),
        ("Saturday, 23 November 2024", DAY),
        ("in tea at Sat 23 Nov 2024 on ann@irc.example", DAY),
        ("So Dez 01 2024", Date((2024, 12, 1))),
        ("mar nov 26 2024", Date((2024, 11, 26))),
        ("Пн Фев 05 2024", Date((2024, 2, 5))),
        ("Xx Yyy 05 2024", Date((2024, 0, 5))),
        ("2024-11-23", DAY),
        ("tomorrow", None),
    ],
)
def test_a_line_about_a_date_tells_it(text: str, date: Date | None) -> None:
    assert stamps.read_date(text) == date


def test_a_time_past_all_calendars_is_none() -> None:
    assert stamps.at_epoch(1e30) == stamps.Stamp()
