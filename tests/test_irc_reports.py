"""What people have reported of other IRC servers (InspIRCd, ergo, ngircd, charybdis, bahamut, Sable), tried on ours."""

from collections.abc import Iterator

import pytest

from geventchat import ChatServer, Limits
from tests.raw import Raw
from tests.test_irc_on_sockets import on_irc, settled

_S = ":chat.geventchat"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(limits=Limits(rate=None)) as server:
        yield server


@pytest.fixture
def bob(server: ChatServer) -> Iterator[Raw]:
    with on_irc(server.address, "bob", "#a") as bob:
        yield bob


def asked(raw: Raw, line: str) -> list[str]:
    """Send a line, and return what is answered."""
    raw.send(f"{line}\r\n".encode())
    return settled(raw)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("NICK", "431 bob :No nickname given"),  # not 432
        ("NICK :", "431 bob :No nickname given"),  # not nothing
        ("WHOWAS :", "431 bob :No nickname given"),  # not nothing
        ("x", "421 bob X :Unknown command"),  # though it has one character
        ("0", "421 bob 0 :Unknown command"),
        ("CAP LIST", "CAP bob LIST :"),  # an empty parameter is one
        ("CAP REQ : multi-prefix", "CAP bob ACK : multi-prefix"),  # whatever blanks stand around it
        ("CAP REQ :nonsense multi-prefix", "CAP bob NAK :nonsense multi-prefix"),
        ("USERHOST", "461 bob USERHOST :Not enough parameters"),
        ("ISON", "461 bob ISON :Not enough parameters"),
        ("ISON BOB nobody", "303 bob :bob"),
        ("JOIN 0", "403 bob 0 :No such channel: their names begin with #"),
        ("PING", "409 bob :No origin specified"),
        ("PRIVMSG #a :", "412 bob :No text to send"),
        ("MODE #a b", "368 bob #a :End of list"),  # ours said "b#a"; who may not see it is shown none
        ("MODE #a +b x", "482 bob #a :that is for moderators only, and for who has the room"),
    ],
)
def test_a_line_is_answered_with(bob: Raw, line: str, answer: str) -> None:
    assert asked(bob, line) == [f"{_S} {answer}"]


def test_all_whose_hosts_are_asked_for_come_in_one_line(server: ChatServer, bob: Raw) -> None:
    with on_irc(server.address, "ann"):
        (line,) = asked(bob, "USERHOST ann BOB nobody")
    assert [word.partition("=")[0] for word in line.split(" :")[1].split()] == ["ann", "bob"]


def test_the_end_of_whois_names_who_was_asked_for(bob: Raw) -> None:
    for nick in ("bob", "nobody"):
        assert asked(bob, f"WHOIS {nick}")[-1] == f"{_S} 318 bob {nick} :End of /WHOIS list"


def test_a_nick_that_stays_the_same_is_told_nobody_and_one_in_other_letters_everybody(
    server: ChatServer, bob: Raw
) -> None:
    with on_irc(server.address, "ann", "#a") as ann:
        settled(bob)
        assert asked(bob, "NICK bob") == settled(ann) == []
        assert asked(bob, "NICK Bob") == settled(ann) == [":bob NICK Bob"]


def test_who_leaves_without_a_reason_is_given_none(server: ChatServer, bob: Raw) -> None:
    with on_irc(server.address, "ann", "#a") as ann:
        settled(ann)
        settled(bob)
        assert asked(bob, "PART #a") == settled(ann) == [":bob PART #a"]


def test_a_character_of_several_bytes_at_the_end_of_a_full_line_arrives_whole(server: ChatServer, bob: Raw) -> None:
    begin = "PRIVMSG #a :"
    text = "a" * (510 - len(begin) - 4) + "\U0001f603"
    with on_irc(server.address, "ann", "#a") as ann:
        settled(ann)
        bob.send(f"{begin}{text}\r\n".encode())
        settled(bob)
        heard = [line.partition(" :")[2] for line in settled(ann)]
    assert "".join(heard) == text
    assert len(heard) == 2


def test_an_echo_has_the_label_and_what_comes_to_oneself_has_none(server: ChatServer) -> None:
    with on_irc(server.address, "ann", "#a", caps="labeled-response echo-message batch") as ann:
        settled(ann)
        assert asked(ann, "@label=x PRIVMSG #a :hi") == ["@label=x :ann PRIVMSG #a :hi"]
        assert asked(ann, "@label=y PRIVMSG ann :me") == ["@label=y :ann PRIVMSG ann :me", ":ann PRIVMSG ann :me"]
        assert asked(ann, "@label=z NICK :") == [f"@label=z {_S} 431 ann :No nickname given"]


def test_commas_and_blanks_too_many_in_a_list_of_channels_do_no_harm(bob: Raw) -> None:
    for line in ("JOIN :#b,#c", "JOIN #d ", "JOIN #e,,#f,"):
        assert all("461" not in told for told in asked(bob, line))
    shown = asked(bob, "WHOIS bob")[1]
    assert sorted(shown.split(" :")[1].split()) == ["#a", "#b", "#c", "#d", "#e", "#f"]


def test_a_channel_of_far_too_long_a_name_is_refused_in_a_whole_line(bob: Raw) -> None:
    (line,) = asked(bob, "JOIN #" + "x" * 400)
    assert line.startswith(f"{_S} 403 bob #x")


def test_a_prefix_that_a_client_makes_up_means_nothing(server: ChatServer, bob: Raw) -> None:
    with on_irc(server.address, "ann", "#a") as ann:
        settled(ann)
        bob.send(b":ann PRIVMSG #a :I am ann\r\n")
        settled(bob)
        assert settled(ann) == [":bob PRIVMSG #a :I am ann"]
