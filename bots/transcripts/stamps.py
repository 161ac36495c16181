"""When a line says that it was: a date, a time of day, or both, in any of the ways in which logs write them."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

MINUTE_S, SECOND_S, EXACT_S = 60.0, 1.0, 0.001
_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S


class Date(NamedTuple):
    """A date as it is written: three numbers, of which 0 is one that is not said, and the orders that they may have.

    01/02/24 may be `dmy` or `mdy`; only the other dates of the log can tell.
    """

    numbers: tuple[int, int, int]
    orders: tuple[str, ...] = ("ymd",)


class Stamp(NamedTuple):
    """A date, if one is said, and seconds since that day's midnight in UTC or in whatever zone the log is in.

    `exact_to` says by how many seconds it may be later; `written` is how it stood there.
    """

    date: Date | None = None
    second: float | None = None
    exact_to: float = MINUTE_S
    written: str = ""


# Months as people's programs write them, by their first letters, in a dozen languages.
_MONTHS = {
    start: number
    for number, starts in enumerate(
        (
            "jan ene gen янв sty led oca sij",
            "feb fev fév фев lut úno şub vel",
            "mar mär mrz mrt maa bře мар ožu",
            "apr avr abr апр kwi dub nis tra",
            "may mai mei maj mag май maí kvě svi",
            "juin jun giu июн cze haz lip",
            "juil jul lug июл srp tem",
            "aug aoû aou ago авг sie ağu kol",
            "sep set сен wrz zář eyl ruj",
            "oct okt ott out окт paź říj eki",
            "nov ноя lis kas stu",
            "dec dez déc dic дек gru pro ara",
        ),
        1,
    )
    for start in starts.split()
}

# A time stands within so many characters; what of them is to be read otherwise: digits of other scripts, the comma of
# the Arabic one, and marks of direction, which may stand between any two.
_HEAD = 80
_FOREIGN = re.compile("[\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069،]|[^\\D0-9]")
_CLOSE = {"[": "]", "(": ")", "{": "}", "<": ">"}
_EPOCH = re.compile(r"(\d{10})(?:\.(\d{1,9}))?(?![\d:./-])")
_DATES = (
    re.compile(r"(?P<y>\d{4})[-/.年년]\s?(?P<m>\d{1,2})[-/.月월]\s?(?P<d>\d{1,2})[.日일]?(?!\d)"),
    re.compile(r"(?P<y>[12]\d{3})(?P<m>\d\d)(?P<d>\d\d)(?!\d)"),
    re.compile(r"(?P<m>\d{1,2})[月월]\s?(?P<d>\d{1,2})[日일]?(?![\d:])"),
    re.compile(r"(?P<a>\d{1,2})[-/.]\s?(?P<b>\d{1,2})(?:[-/.]\s?(?P<c>\d{4}|\d\d))?\.?(?![\d:])"),
    re.compile(r"(?:\w+\.?,?\s)?(?P<month>[^\W\d_]{3,10})\.?\s+(?P<d>\d{1,2})(?:,?\s(?P<y>\d{4}))?(?![\d:])"),
    re.compile(
        r"(?:\w+\.?,?\s)?(?P<d>\d{1,2})\.?[\s-](?P<month>[^\W\d_]{3,10})\.?(?:,?[\s-](?P<y>\d{4})|-(?P<yy>\d\d))?(?![\d:\w])"
    ),
)
_BETWEEN = re.compile(r"[T_/|@-]|(?:\sг\.)?,?\s+(?:at\s|um\s|à\s|klo\s|kl\.?\s)?|\]\s\[")
# Before noon and after it, in scripts and languages that do not say AM and PM.
_AM = ("ص", "ق.ظ.", "ق.ظ", "π.μ.", "म.पू.", "पूर्वाह्न", "ÖÖ", "SA", "πμ", "PG")
_PM = ("م", "ب.ظ.", "ب.ظ", "μ.μ.", "म.उ.", "अपराह्न", "ÖS", "CH", "μμ", "PTG")


def _words(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, words))


_TIME = re.compile(
    r"(?P<early>上午|凌晨|清晨|早上|오전|午前|ÖÖ|de\.)?(?P<late>下午|中午|晚上|오후|午後|ÖS|du\.)?\s?"
    r"(?P<hour>\d{1,2})(?P<colon>[:.])(?P<minute>[0-5]\d)(?:(?P=colon)(?P<second>[0-6]\d)(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?!\d)(?:\s?(?P<half>[AaPp])\.?\s?[Mm]\b\.?"
    # Such words may also begin a text, or be a nick: they count where what stands behind them ends a time.
    rf"|\s?(?:(?P<am>{_words(_AM)})|(?P<pm>{_words(_PM)}))(?=[\]),]|\s[-–]))?"
    r"(?:\s(?:ч\.|Uhr)(?=[\]),\s]))?"
)
_ZONE = re.compile(r"\s?(?:(?:Z|UTC|GMT)\b|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)(?![\d:]))")
# What a date behind a time ends at; other numbers there are of the text.
_BEHIND = re.compile(r"[\])}>]|\s+(?:[<*]|-!-)")
_YEAR = re.compile(r"\s(?P<y>[12]\d{3})(?=[\])}\s])")


@lru_cache(maxsize=4_096)  # each format that may have written a log looks at the same sample of it
def split(line: str) -> tuple[Stamp | None, str]:
    """Return when a line says that it was, and the rest of it; None and the whole line if it does not begin so."""
    if line.isascii() or not _FOREIGN.search(line, 0, _HEAD):
        stamp, end = _read(line)
        return stamp, line[end:]
    familiar = [(place, one) for place, sign in enumerate(line[:_HEAD]) if (one := _familiar(sign))]
    stamp, end = _read("".join(one for _, one in familiar))
    return stamp, line[[*(place for place, _ in familiar), _HEAD][end] if end else 0 :]


def _familiar(sign: str) -> str:
    """Return what a sign is read as in a time; nothing if it is not seen."""
    if sign.isdecimal():
        return str(unicodedata.decimal(sign))
    return "," if sign == "،" else "" if _FOREIGN.match(sign) else sign


def _read(line: str) -> tuple[Stamp | None, int]:
    """Return when a line says that it was, and where the rest of it begins; None and 0 if it does not begin so."""
    opened = line[:1] if line[:1] in ("@", *_CLOSE) else ""
    begin = len(opened)
    if epoch := _EPOCH.match(line, begin):
        exact_to = EXACT_S if epoch[2] else SECOND_S
        stamp, end = at_epoch(float(f"{epoch[1]}.{epoch[2] or 0}"), exact_to), epoch.end()
    else:
        found = _dated(line, begin) or _timed(line, begin, None)
        if found is None:
            return None, 0
        stamp, end = found
    if closing := _CLOSE.get(opened):
        if not line.startswith(closing, end):
            return None, 0
        end += 1
    return stamp._replace(written=line[:end]), end


def _dated(line: str, begin: int) -> tuple[Stamp, int] | None:
    for form in _DATES:
        match = form.match(line, begin)
        between = _BETWEEN.match(line, match.end()) if match else None
        if match and between:
            found = _timed(line, between.end(), _date(match))
            if found is not None:
                return found
    return None


def _timed(line: str, begin: int, date: Date | None) -> tuple[Stamp, int] | None:
    match = _TIME.match(line, begin)
    if match is None or int(match["hour"]) > 24 or (match["colon"] == "." and date is None):
        return None
    hour, end = int(match["hour"]), match.end()
    late = match["late"] or match["pm"] or match["half"] in ("P", "p")
    if hour <= 12 and (late or match["half"] or match["early"] or match["am"]):
        hour = hour % 12 + (12 if late else 0)
    second = float(hour * _HOUR_S + int(match["minute"]) * 60 + int(match["second"] or 0))
    if match["part"]:
        second += float(f"0.{match['part']}")
    if zone := _ZONE.match(line, end):
        end = zone.end()
        if zone["sign"]:
            offset = int(zone["hours"]) * _HOUR_S + int(zone["minutes"]) * 60
            second += -offset if zone["sign"] == "+" else offset
    if date is not None and date.orders == ("ymd",) and not date.numbers[0] and (year := _YEAR.match(line, end)):
        end, date = year.end(), Date((int(year["y"]), *date.numbers[1:]))
    if date is None and (found := _date_behind(line, end)):
        date, end = found
    exact_to = EXACT_S if match["part"] else SECOND_S if match["second"] else MINUTE_S
    return Stamp(date, second, exact_to), end


def _date_behind(line: str, end: int) -> tuple[Date, int] | None:
    between = _BETWEEN.match(line, end)
    if between and line[between.end() : between.end() + 1].isalnum():
        for form in _DATES:
            match = form.match(line, between.end())
            if match and _BEHIND.match(line, match.end()):
                return _date(match), match.end()
    return None


def _date(match: re.Match[str]) -> Date:
    parts = match.groupdict()
    if "a" in parts:
        first, second, third = int(parts["a"]), int(parts["b"]), int(parts["c"] or 0)
        orders = ("dmy", "mdy", "ymd") if len(parts["c"] or "") == 2 and "-" in match[0] else ("dmy", "mdy")
        return Date((first, second, third), orders)
    month = int(parts["m"]) if "m" in parts else month_of(parts["month"])
    return Date((int(parts.get("y") or parts.get("yy") or 0), month, int(parts["d"])))


def month_of(word: str) -> int:
    """Return the number of a month's name, or of what it is cut to; 0 if no language here has it."""
    word = word.lower()
    return _MONTHS.get(word[:4]) or _MONTHS.get(word[:3], 0)


def read_date(text: str) -> Date | None:
    """Return the date in a line that tells of one, such as `Sat Nov 23 20:00:00 2024`; None if there is none."""
    if match := _DATES[0].search(text):
        return _date(match)
    text = re.sub(r"\d{1,2}:\d\d(:\d\d)?", " ", text)
    year = re.search(r"\b[12]\d{3}\b", text)
    day = re.search(r"\b\d{1,2}\b", text)
    if day is None:
        return None
    before = re.findall(r"[^\W\d_]+", text[: day.start()])
    behind = re.findall(r"[^\W\d_]+", text[day.end() :])
    # The month stands next to the day: behind it, unless two words, a weekday and the month, stand before it.
    follows = bool(behind) and month_of(behind[0]) > 0
    first = len(before) > 1 and not (follows and not month_of(before[-1]))
    word = before[-1] if first or (before and not follows) else "".join(behind[:1])
    return Date((int(year[0]) if year else 0, month_of(word), int(day[0])))


def at_epoch(seconds: float, exact_to: float = EXACT_S) -> Stamp:
    """Return the time that is so many seconds after 1970; no time at all if no calendar reaches so far."""
    try:
        date = datetime.fromtimestamp(seconds // _DAY_S * _DAY_S, UTC)
    except (ValueError, OverflowError, OSError):
        return Stamp()
    return Stamp(Date((date.year, date.month, date.day)), seconds % _DAY_S, exact_to)


def at_iso(text: str) -> Stamp | None:
    """Return a time of ISO 8601; None if it is none."""
    return split(text)[0]
