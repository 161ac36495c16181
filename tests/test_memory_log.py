"""The log in memory forgets the oldest events, and says so."""

from geventchat.core.log import Entry
from geventchat.protocol.events import AnyEvent, Deleted, Joined, Said, id_of, number_of
from geventchat.store.memory import MemoryLog


def texts(events: list[AnyEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Said)]


def test_what_no_longer_fits_is_gone_from_every_way_of_reading_and_its_end_is_known() -> None:
    log = MemoryLog(max_bytes=2_000)
    for number in range(100):
        room = ("lobby", "tea")[number % 2]
        joined, said = Joined("", "", room, "bob"), Said("", "", room, "alice", str(number))
        log.append([Entry(room, joined, None), Entry(room, said, None)], 1.0)
    for room in ("lobby", "tea"):
        kept = [entry.event for entry in log.since(room, "0-0", 1_000)]
        assert 2 < len(kept) < 100
        assert kept == log.latest(room, 1_000)
        assert log.latest(room, 1_000, talk=True) == [event for event in kept if isinstance(event, Said)]
        assert texts(kept)[-1] == ("98" if room == "lobby" else "99")
    first = min(number_of(log.since(room, "0-0", 1)[0].event.id) for room in ("lobby", "tea"))
    assert log.trimmed_up_to() == id_of(first - 1)


def test_what_is_deleted_takes_no_place_of_what_is_still_kept() -> None:
    log = MemoryLog(max_bytes=2_000)
    for number in range(100):
        taken_back, said = Said("", "", "tea", "alice", "x" * 1_000), Said("", "", "lobby", "alice", str(number))
        log.append([Entry("tea", taken_back, None), Entry("lobby", said, None)], 1.0)
        log.append([Entry("tea", Deleted("", "", "tea", "mod", target=taken_back.id, who="alice"), None)], 1.0)
    kept = sorted(number_of(event.id) for room in ("lobby", "tea") for event in log.latest(room, 1_000))
    assert len(kept) > 5
    assert number_of(log.trimmed_up_to()) < kept[0]
