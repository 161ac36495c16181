"""Ids and times: unique, growing, and readable."""

from itertools import pairwise
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.protocol.errors import Refused
from geventchat.protocol.events import (
    LARGEST,
    SEQUENCES,
    AccountOf,
    AnyEvent,
    IdClock,
    Joined,
    Said,
    id_of,
    iso_time,
    number_of,
)


def stamps(clock: IdClock, *moments: float) -> list[str]:
    ids = []
    for moment in moments:
        event = Joined("", "", "lobby", "alice")
        clock.stamp(event, moment)
        ids.append(event.id)
    return ids


def test_an_event_gets_the_time_it_happened_and_an_id_made_of_it() -> None:
    event = Said("", "", "lobby", "alice", "hi")
    IdClock().stamp(event, 1732363200.5)
    assert event == Said("1732363200500-0", "2024-11-23T12:00:00.500Z", "lobby", "alice", "hi")


def test_events_of_one_millisecond_are_counted() -> None:
    assert stamps(IdClock(), 1.0, 1.0, 1.0001, 2.0) == ["1000-0", "1000-1", "1000-2", "2000-0"]


def test_ids_go_on_growing_when_the_clock_goes_back() -> None:
    assert stamps(IdClock(), 2.0, 1.0, 3.0) == ["2000-0", "2000-1", "3000-0"]


def test_ids_go_on_after_those_of_an_earlier_run() -> None:
    assert stamps(IdClock("5000-7"), 1.0, 5.0, 6.0) == ["5000-8", "5000-9", "6000-0"]


def test_more_events_than_a_millisecond_can_number_run_on_into_the_next() -> None:
    assert stamps(IdClock(f"5000-{SEQUENCES - 3}"), 5.0, 5.0, 5.001) == [f"5000-{SEQUENCES - 2}", "5001-0", "5001-1"]


@given(st.lists(st.floats(0, 4e9)), st.integers(0, 4 * 10**12), st.integers(0, 10**6))
def test_ids_always_grow(moments: list[float], milliseconds: int, sequence: int) -> None:
    last = f"{milliseconds}-{sequence}"
    for earlier, later in pairwise([last, *stamps(IdClock(last), *moments)]):
        assert number_of(earlier) < number_of(later)


def test_ids_compare_as_numbers() -> None:
    assert number_of("999-0") < number_of("1000-0") < number_of("1000-9") < number_of("1000-10")


@pytest.mark.parametrize("text", ["", "1", "-", "1-", "-1", "a-0", "1-0-0", "1.5-0", " 1-0", "²-0", "1" * 19 + "-0"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="1732363200123-0") as refused:
        number_of(text)
    assert refused.value.code == "bad-id"


@given(st.text())
def test_any_text_is_an_id_or_refused(text: str) -> None:
    try:
        number = number_of(text)
    except Refused:
        return
    assert 0 <= number <= LARGEST
    assert number_of(id_of(number)) == number


@given(st.integers(0, 10**12), st.integers(0, SEQUENCES - 1))
def test_an_id_is_a_number_and_the_number_is_that_id(milliseconds: int, sequence: int) -> None:
    text = f"{milliseconds}-{sequence}"
    assert id_of(number_of(text)) == text


@pytest.mark.parametrize(
    ("milliseconds", "time"),
    [(0, "1970-01-01T00:00:00.000Z"), (1732363200007, "2024-11-23T12:00:00.007Z"), (999, "1970-01-01T00:00:00.999Z")],
)
def test_times_are_utc_with_milliseconds(milliseconds: int, time: str) -> None:
    assert iso_time(milliseconds) == time


def test_a_log_reads_back_what_it_has_kept() -> None:
    for kind in get_args(AnyEvent):
        samples = {str: "x", bool: True, float: 2.5, AccountOf: "y"}
        fields = {one.name: samples[one.type] for one in msgspec.structs.fields(kind)[4:]}
        event = kind("1-0", "t", "lobby", "alice", **fields)
        assert msgspec.json.decode(msgspec.json.encode(event), type=AnyEvent) == event
