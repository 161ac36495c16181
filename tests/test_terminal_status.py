"""The status line, in whatever width there is."""

from hypothesis import given
from hypothesis import strategies as st

from geventchat.client.terminal.conversation import Conversation
from geventchat.client.terminal.status import Piece, fit, status
from geventchat.protocol import events
from tests.test_terminal_conversation import in_two_rooms, said, welcome


def text(conversation: Conversation, columns: int) -> str:
    return "".join(text for _, text in fit(status(conversation, ("4 ms",)).pieces, columns, len))


def test_it_shows_rooms_what_is_unread_who_is_here_and_the_connection() -> None:
    conversation = in_two_rooms()
    conversation.heard(said(7, "hello"))
    assert text(conversation, 60).rstrip() == " 1:lobby+1  2:den  1 here  ann  4 ms"
    conversation.heard(said(8, "ann!"))
    assert text(conversation, 60).startswith(" 1:lobby+2!  2:den ")
    conversation.entered("hi")
    assert " 1 unsent " in text(conversation, 60)


def test_where_it_is_narrow_what_matters_most_is_left() -> None:
    conversation = in_two_rooms()
    assert text(conversation, 30) == " 1:lobby  2:den  1 here  4 ms "
    assert text(conversation, 22) == " 2:den  1 here  4 ms  "
    assert text(conversation, 14) == " 2:den  4 ms  "
    assert text(conversation, 3) == " 2:"


@given(
    st.lists(st.builds(Piece, st.integers(0, 7), st.just(""), st.text("ab字", max_size=9)), max_size=9),
    st.integers(1, 60),
)
def test_it_fills_its_columns_and_no_more(pieces: list[Piece], columns: int) -> None:
    def width(text: str) -> int:
        return len(text) + text.count("字")

    assert width("".join(text for _, text in fit(tuple(pieces), columns, width))) == columns


def test_who_spoke_last_is_completed_first() -> None:
    conversation = Conversation("ann", "lobby", "ref")
    conversation.welcomed(welcome(members=("ann", "bob", "carol")))
    conversation.heard(events.Acted("6-0", "", "lobby", "bob", "waves"))
    assert status(conversation, ("",)).nicks == ("bob", "carol")


def test_no_name_is_measured_beyond_what_could_be_shown() -> None:
    def width(text: str) -> int:
        assert len(text) <= 82
        return len(text)

    assert len(fit((Piece(0, "", "x" * 100_000), Piece(1, "", "y" * 100_000)), 80, width)) == 2


def test_that_the_connection_is_lost_stays_in_sight_and_what_can_be_done_where_there_is_room() -> None:
    conversation = in_two_rooms()
    conversation.lost("gone")
    link = ("offline, next try in 3 s", "Enter tries now")

    def shown(columns: int) -> str:
        return "".join(text for _, text in fit(status(conversation, link).pieces, columns, len)).strip()

    assert shown(80).endswith("offline, next try in 3 s  Enter tries now")
    assert shown(40) == "2:den  offline, next try in 3 s"
