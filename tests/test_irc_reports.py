"""What people have reported of other IRC servers (InspIRCd, ergo, ngircd, charybdis, Sable …), tried on ours."""

from collections.abc import Iterator

import pytest

from geventchat import ChatServer, Limits
from tests.raw import Raw
from tests.talking import cheap_hashes
from tests.test_irc_on_sockets import on_irc, settled

__all__ = ["cheap_hashes"]

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
        (
            "PRIVMSG eve :hi",
            "401 bob eve :nobody called eve is here",
        ),  # no hint at /who, which is another command there
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


# The second ten.


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("MODE bob =", ["221 bob +"]),  # ergo stopped answering (ergochat/ergo#33)
        ("MODE #nowhere b", ["403 bob #nowhere :nobody is in that room; join it first"]),  # ergo crashed (#165)
        ("LIST #nowhere", ["321 bob Channel :Users  Name", "323 bob :End of /LIST"]),  # ergo: 403 (#1928)
        ("NAMES :", ["366 bob * :End of /NAMES list"]),
        ("NAMES nowhere", ["366 bob nowhere :End of /NAMES list"]),  # inspircd#1922: 403
        ("MODE #a +k :", ["696 bob #a k * :A key is needed, one without blanks and commas"]),  # ngircd#290
        ("NICK ::)", ["432 bob :) "]),  # weechat#1319: the nick became `)`
    ],
)
def test_a_line_of_the_second_ten_is_answered_with(bob: Raw, line: str, answers: list[str]) -> None:
    told = asked(bob, line)
    assert len(told) == len(answers)
    assert all(one.startswith(f"{_S} {answer}") for one, answer in zip(told, answers, strict=True)), told


def test_a_list_begins_with_its_head_and_whois_names_the_server(bob: Raw) -> None:
    assert [line.split()[1] for line in asked(bob, "LIST")] == ["321", "322", "323"]  # ergochat/ergo#1734
    assert f"{_S} 312 bob bob chat.geventchat :geventchat" in asked(bob, "WHOIS bob")  # ergochat/ergo#1285


@pytest.mark.usefixtures("cheap_hashes")
def test_each_channel_of_a_join_has_its_own_key(server: ChatServer, bob: Raw) -> None:  # ngircd/ngircd#42
    with on_irc(server.address, "ann") as ann:
        ann.send(b"REGISTER * * :correct horse\r\n")
        ann.until(b" REGISTER SUCCESS ann ")
        asked(ann, "JOIN #b,#c")
        asked(ann, "MODE #b +k one")
        asked(ann, "MODE #c +k two")
        needed = [f"{_S} 475 bob #{room} :that channel takes a key, as in /join #{room} KEY" for room in "bc"]
        assert [line.removesuffix(", or to be invited") for line in asked(bob, "JOIN #b,#c two,one")] == needed
        assert asked(bob, "NAMES #b") == [f"{_S} 366 bob #b :End of /NAMES list"]  # clients wait for that
        joined = [line for line in asked(bob, "JOIN #b,#c one,two") if " JOIN " in line]
        assert joined == [":bob JOIN #b", ":bob JOIN #c"]


def test_who_was_watched_and_is_not_any_more_may_leave(server: ChatServer, bob: Raw) -> None:  # freenode/ircd-seven#18
    assert asked(bob, "MONITOR + ann") == [f"{_S} 731 bob :ann"]
    with on_irc(server.address, "ann") as ann:
        assert settled(bob) == [f"{_S} 730 bob :ann"]
        assert asked(bob, "MONITOR - ann") == []
        ann.send(b"QUIT :bye\r\n")
        ann.rest()
    assert asked(bob, "MONITOR L") == [f"{_S} 733 bob :End of MONITOR list"]
    assert asked(bob, "MONITOR C") == []  # charybdis#106


def test_a_new_nick_with_a_label_is_told_from_the_old_one(server: ChatServer) -> None:  # inspircd/inspircd#2067
    with on_irc(server.address, "ann", "#a", caps="labeled-response batch") as ann:
        settled(ann)
        assert asked(ann, "@label=n NICK eve") == ["@label=n :ann NICK eve"]


def test_who_is_away_is_known_to_be_so_when_it_comes_in(server: ChatServer) -> None:  # UndernetIRC/ircu2#41, bitlbee#59
    with (
        on_irc(server.address, "ann", "#a", caps="away-notify") as ann,
        on_irc(server.address, "ben", "#a") as ben,  # ergochat/ergo#136: told who had not asked
        on_irc(server.address, "cid") as cid,
    ):
        settled(ann)
        settled(ben)
        asked(cid, "AWAY :lunch")
        asked(cid, "JOIN #a")
        assert settled(ann) == [":cid JOIN #a", ":cid AWAY :lunch"]  # first who it is, then that it is away
        assert settled(ben) == [":cid JOIN #a"]


def test_who_quits_is_not_said_to_have_parted_from_a_channel(server: ChatServer, bob: Raw) -> None:  # ngircd#194
    with on_irc(server.address, "ann", "#a") as ann:
        settled(bob)
        ann.send(b"QUIT :bye\r\n")
        ann.rest()
    assert settled(bob) == [":ann QUIT :Quit: bye"]
