"""Numerics as InspIRCd and ngircd give them to the same lines: both were asked, and ours said something else."""

from collections.abc import Iterator

import pytest

from geventchat import ChatServer, Limits
from tests.raw import Raw
from tests.talking import cheap_hashes
from tests.test_irc_on_sockets import on_irc, settled

__all__ = ["cheap_hashes"]
pytestmark = pytest.mark.usefixtures("cheap_hashes")
_S = ":chat.geventchat"
_NOWHERE = "nobody is in that room; join it first"
_NO_CHANNEL = "No such channel: their names begin with #"
_NO_KEY = "A key is needed, one without blanks and commas"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(limits=Limits(rate=None)) as server:
        yield server


@pytest.fixture
def ann(server: ChatServer) -> Iterator[Raw]:
    """Return a user who has a room, in which bob is too."""
    with on_irc(server.address, "ann") as ann, on_irc(server.address, "bob", "#bobs") as bob:
        ann.send(b"REGISTER * * :correct horse\r\n")
        ann.until(b" REGISTER SUCCESS ann ")
        ann.send(b"JOIN #room\r\n")
        ann.until(b" 366 ann #room :End of /NAMES list\r\n")
        bob.send(b"JOIN #room\r\n")
        ann.until(b" JOIN #room\r\n")
        yield ann


def asked(raw: Raw, line: str) -> list[str]:
    raw.send(f"{line}\r\n".encode())
    return settled(raw)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("PART #nope", f"403 ann #nope :{_NOWHERE}"),
        ("PART #bobs", "442 ann #bobs :you are not in that room; join it first"),
        ("KICK #nope bob", f"403 ann #nope :{_NOWHERE}"),
        ("TOPIC #nope :tea", f"403 ann #nope :{_NOWHERE}"),
        ("INVITE bob #nope", f"403 ann #nope :{_NOWHERE}"),
        ("MODE #nope +m", f"403 ann #nope :{_NOWHERE}"),
        ("PRIVMSG #nope :hi", f"403 ann #nope :{_NOWHERE}"),
        ("PART xroom", f"403 ann xroom :{_NO_CHANNEL}"),  # ours left #room
        ("KICK xroom bob", f"403 ann xroom :{_NO_CHANNEL}"),  # ours put bob out of it
        ("INVITE bob room", f"403 ann room :{_NO_CHANNEL}"),
        ("MODE #room +k", f"696 ann #room k * :{_NO_KEY}"),
        ("MODE #room +k :a b", f"696 ann #room k * :{_NO_KEY}"),  # no JOIN would get in with it
        ("MODE #room +k a,b", f"696 ann #room k * :{_NO_KEY}"),
        ("MODE #room +o bob", "482 ann #room :Nobody can give that to others: who has the room has it"),
        ("OPER a b", "491 ann :you are logged in to ann already"),
        ("STATS u", "219 ann u :End of /STATS report"),
        ("WHO #room o", "315 ann #room :End of WHO list"),
    ],
)
def test_a_line_is_answered_with(ann: Raw, line: str, answer: str) -> None:
    assert asked(ann, line) == [f"{_S} {answer}"]
    assert asked(ann, "NAMES #room")[0].endswith(":@ann bob")


@pytest.mark.usefixtures("ann")
def test_a_wrong_password_for_oper_is_a_wrong_password_and_nothing_more(server: ChatServer) -> None:
    with on_irc(server.address, "ben") as ben:
        (told,) = asked(ben, "OPER ann wrong")  # the message of the day would read as if ben had just come in
        assert told.startswith(f"{_S} 464 ben :")


def test_who_moderates_a_room_is_told_apart_in_who_and_whois_as_in_names(ann: Raw) -> None:
    assert {line.split()[7]: line.split()[8] for line in asked(ann, "WHO #room")[:-1]} == {"ann": "H@", "bob": "H"}
    assert {line.split(" ", 3)[3] for line in asked(ann, "WHO #room %nf")[:-1]} == {"ann H@", "bob H"}
    assert asked(ann, "WHOIS ann")[1] == f"{_S} 319 ann ann :@#room"


def test_what_a_mode_says_is_said_once(ann: Raw) -> None:
    assert asked(ann, "MODE #room +b eve!*@*") == [":ann MODE #room +b eve!*@*"]
    assert asked(ann, "MODE #room +m") == [":ann MODE #room +m"]
    mode, why = asked(ann, "BAN #room eva :noise")
    assert mode == ":ann MODE #room +b eva!*@*"
    assert why.startswith(f"{_S} NOTICE #room :")
    assert "noise" in why


def test_the_modes_that_hold_in_a_room_can_be_asked_and_followed(ann: Raw) -> None:
    for change, told, holding in (
        ("+k tea", "+k-i *", "+k *"),
        ("+m", "+m", "+km *"),
        ("+i", "+i-k *", "+im"),  # a room is entered by a key or by invitation: its lock is one thing
        ("-i", "-ik *", "+m"),
        ("-m", "-m", "+"),
    ):
        assert asked(ann, f"MODE #room {change}") == [f":ann MODE #room {told}"]
        assert asked(ann, "MODE #room")[0] == f"{_S} 324 ann #room {holding}"


@pytest.mark.parametrize("line", ["MODE #room +b eve!*@*", "BAN #room eve", "MUTE #room eve 10m", "KICK #room bob"])
def test_what_is_done_to_others_is_answered_with_its_label_once(ann: Raw, line: str) -> None:
    asked(ann, "CAP REQ :labeled-response batch")
    assert [one for one in asked(ann, f"@label=7 {line}") if "label" in one] == [f"@label=7 {_S} ACK"]


def test_who_is_put_out_without_a_reason_is_told_by_whom_as_irc_writes_it(ann: Raw) -> None:
    assert asked(ann, "NICK a*n") == [":ann NICK a\uff0an"]
    assert asked(ann, "KICK #room bob") == [":a\uff0an KICK #room bob :a\uff0an"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("REDACT #nope 1-0", "FAIL REDACT INVALID_TARGET #nope :"),
        ("REDACT bob 1-0", "FAIL REDACT INVALID_TARGET bob :"),
        ("REDACT #bobs 1-0", "FAIL REDACT INVALID_TARGET #bobs :"),
        ("REDACT #room 1-0", "FAIL REDACT UNKNOWN_MSGID #room 1-0 :"),
        ("REDACT #room x", "FAIL REDACT UNKNOWN_MSGID #room x :"),
        ("CHATHISTORY LATEST #nope * 5", "FAIL CHATHISTORY INVALID_TARGET LATEST #nope :"),
        ("CHATHISTORY LATEST #bobs * 5", "FAIL CHATHISTORY INVALID_TARGET LATEST #bobs :"),
    ],
)
def test_what_ircv3_has_a_code_for_is_refused_with_it(ann: Raw, line: str, answer: str) -> None:
    (fail,) = asked(ann, line)
    assert fail.startswith(f"{_S} {answer}")


@pytest.mark.usefixtures("ann")
def test_who_does_not_moderate_takes_nothing_back_and_nobody_registers_before_coming_in(
    server: ChatServer,
) -> None:
    with on_irc(server.address, "ben", "#room") as ben:
        (fail,) = asked(ben, "REDACT #room 1-0")
        assert fail.startswith(f"{_S} FAIL REDACT REDACT_FORBIDDEN #room 1-0 :")
    with Raw(server.address, b"CAP LS 302\r\nREGISTER * * :correct horse\r\n") as raw:
        assert b" FAIL REGISTER COMPLETE_CONNECTION_REQUIRED * :" in raw.until(b"Come in first\r\n")
