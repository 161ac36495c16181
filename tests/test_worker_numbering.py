"""Messages between master and workers that get lost are missed."""

from bots.workers.numbering import Incoming, Numbered, Outgoing


def test_messages_are_numbered_for_each_hearer_from_the_first_on() -> None:
    for _ in range(2):
        outgoing = Outgoing()
        assert [outgoing.number(data) for data in (b"a", b"b")] == [Numbered(0, b"a"), Numbered(1, b"b")]


def test_each_gap_is_noticed_once_also_one_at_the_beginning() -> None:
    incoming = Incoming()
    assert [incoming.is_next(number) for number in (0, 1, 3, 4, 7, 8)] == [True, True, False, True, False, True]
    assert not Incoming().is_next(1)
