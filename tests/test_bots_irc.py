"""Bots on IRC: what they make of its lines, and servers of others that they prove, or find out."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.protocols.base import Heard, Notice
from bots.protocols.irc import Irc
from geventchat.commands import commands
from geventchat.protocol import events, replies
from tests.faulty_proxy import faulty_proxy
from tests.play import passed, play
from tests.servers.irc_servers import OURS, irc_server

SERVERS = ("inspircd", "ngircd", OURS)
_ALL_OF_IT = """\
cast: {user: 10}
script:
  - user: {say: "{words 3}", times: 20, every: 20ms, jitter: 20ms}
  - user1: {act: waves}
  - user1: {rename: eve}
  - user2: {whisper: psst, to: user3}
  - wait: 300ms
  - user4: {drop: reset}
  - wait: 300ms  # for the server to notice
  - user4: {reconnect}
  - user: {say: "again {words 1}", times: 5, every: 20ms}
  - user5: {join: den}
  - user5: {say: alone, room: den}
  - user5: {ping}  # that has been said before user6 is there
  - user6: {join: den}
  - user5: {say: "{words 2}", room: den, times: 3}
  - user5: {ping}  # and that, before user6 leaves
  - user6: {leave, room: den}
  - user6: {leave: bye}
  - user: {ping}
"""
_TALK = """\
cast: {user: 8}
script:
  - user: {say: "{words 3}", times: 40, every: 10ms, jitter: 10ms}
"""
_VERDICTS = {
    "drop": ["missing"],
    "double": ["duplicate"],
    "swap": ["reordered"],
    "alter": ["corrupt", "missing"],
}


def connected(nick: str = "ann", room: str = "lobby") -> Irc:
    irc = Irc("host:6667")
    assert irc.hello(nick, room, None, None) == f"NICK {nick}\r\nUSER bot 0 * :{nick}\r\n".encode()
    return irc


def heard(irc: Irc, *lines: str) -> list[Heard]:
    return [one for line in lines for one in irc.receive(f"{line}\r\n".encode())]


def in_lobby(nick: str = "ann") -> Irc:
    irc = connected(nick)
    told = heard(irc, f":s 001 {nick} :Welcome", f":{nick}!u@h JOIN #lobby", f":s 366 {nick} #lobby :End of NAMES")
    assert irc.data_to_send() == b"JOIN #lobby\r\n"
    assert [type(one) for one in told] == [events.Joined, replies.Welcome]
    return irc


def test_who_is_welcome_joins_and_is_in_when_the_names_are_told() -> None:
    in_lobby()


def test_a_nick_that_the_server_cuts_is_the_one_that_counts() -> None:
    irc = connected("annabelle-of-the-hill")
    told = heard(irc, ":s 001 annabelle :Welcome", ":annabelle!u@h JOIN :#lobby", ":s 366 annabelle #lobby :End")
    assert isinstance(told[-1], replies.Welcome)
    assert told[-1].nick == "annabelle"


def test_a_nick_in_use_is_told_as_such() -> None:
    (told,) = heard(connected(), ":s 433 * ann :Nickname is already in use.")
    assert isinstance(told, replies.Error)
    assert told.code == "nick-taken"


@pytest.mark.parametrize(
    ("line", "means"),
    [
        (":bob!u@h PRIVMSG #lobby :a: b :c", events.Said("", "", "lobby", "bob", "a: b :c")),
        ("@time=now;msgid=7 :bob!u@h PRIVMSG #lobby hi", events.Said("", "", "lobby", "bob", "hi")),
        (":bob!u@h PRIVMSG #lobby :\x01ACTION waves\x01", events.Acted("", "", "lobby", "bob", "waves")),
        (":bob!u@h PRIVMSG ann :psst", replies.Whispered(time="", nick="bob", to="ann", text="psst")),
        (":bob!u@h PRIVMSG #lobby :\x02bold", events.Said("", "", "lobby", "bob", "\\u0002bold")),
        (":bob!u@h JOIN #den", events.Joined("", "", "den", "bob")),
        (":bob!u@h PART #den :tired", events.Left("", "", "den", "bob")),
        (":op!u@h KICK #lobby bob :enough", events.Left("", "", "lobby", "bob")),
        (":op!u@h MODE #lobby +m", Notice(":op!u@h MODE #lobby +m")),
        (":bob!u@h QUIT :Ping timeout", events.Left("", "", "lobby", "bob", "Ping timeout")),
        (":bob!u@h NICK :rob", events.Renamed("", "", "lobby", "bob", "rob")),
        (":s PONG s :bot.1.2", replies.Pong(token="bot.1.2")),
        (":s 404 ann #den :Cannot send", replies.Error(code="404", message="#den Cannot send")),
        ("ERROR :Closing link: bye", replies.Closing(code="closing", message="Closing link: bye")),
    ],
)
def test_a_line_means(line: str, means: Heard) -> None:
    assert heard(in_lobby(), line) == [means]


def test_who_is_put_out_says_what_it_says_in_the_room_that_it_is_still_in() -> None:
    irc = in_lobby()
    heard(irc, ":ann!u@h JOIN #lobby", ":ann!u@h JOIN #den", ":op!u@h KICK #lobby ann :enough")
    assert irc.encode(commands.Say(text="hi")) == b"PRIVMSG #den :hi\r\n"


def test_what_a_server_sets_for_one_user_as_it_comes_in_is_no_notice_of_a_room() -> None:
    assert heard(connected(), ":ann MODE ann :+i") == []


def test_a_ping_is_answered_and_notices_of_the_server_mean_nothing() -> None:
    irc = in_lobby()
    assert heard(irc, "PING :12 34", ":s NOTICE ann :*** hello", ":s 372 ann :- motd", ":s 422 ann :No MOTD") == []
    assert irc.data_to_send() == b"PONG :12 34\r\n"


def test_a_room_that_refuses_somebody_is_told_with_the_ref_of_who_asked_for_it_and_only_then() -> None:
    irc = in_lobby()
    for room in ("tea", "den"):
        irc.encode(commands.Join(room=room, ref=f"into {room}"))
    refused, *others = heard(
        irc,
        ":s 473 ann #tea :Cannot join channel (+i)",
        ":ann!u@h JOIN #den",
        ":s 404 ann #den :Cannot send to channel",
        ":s 421 ann",
    )
    assert refused == replies.Error(code="473", message="#tea Cannot join channel (+i)", ref="into tea")
    assert [one.ref for one in others if isinstance(one, replies.Error)] == [None, None]


def test_a_flood_limit_is_told_from_a_fault() -> None:
    for line in ("ERROR :Closing link: (ann@h) [Excess Flood]", ":s 439 ann #lobby :You are sending too fast"):
        (told,) = heard(in_lobby(), line)
        assert isinstance(told, replies.Closing | replies.Error)
        assert "which is no fault; play at a lower --speed" in told.message


def test_what_is_too_long_for_a_line_cannot_be_said() -> None:
    assert "380 bytes" in Irc().cannot_say(commands.Say(text="ж" * 200))
    assert Irc().cannot_say(commands.Say(text="ж" * 190)) == ""


@given(text=st.text().filter(lambda text: text.isprintable() and text), nick=st.from_regex(r"\A[a-z]{1,9}\Z"))
def test_what_one_says_another_hears_as_it_was_said(text: str, nick: str) -> None:
    sent = in_lobby().encode(commands.Say(text=text)).decode()
    assert heard(
        in_lobby(), f":{nick}!u@h {sent.rstrip()}" if not text.endswith(" ") else f":{nick}!u@h {sent[:-2]}"
    ) in (
        [events.Said("", "", "lobby", nick, text)],
        [events.Said("", "", "lobby", nick, text.rstrip())],
    )


@given(data=st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    irc = in_lobby()
    for line in data.split(b"\n"):
        list(irc.receive(line + b"\n"))


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.slow
def test_a_faultless_server_is_not_accused(server: str, tmp_path: Path) -> None:
    with irc_server(server, tmp_path) as address:
        outcome = passed(play(_ALL_OF_IT, address, "irc"))
    assert outcome.settled
    assert outcome.timeline.delivered == 10 * 20 * 9 + 9 + 1 + 10 * 5 * 9 + 3


def said_in(line: str) -> str:
    return line.partition(" :")[2].rstrip()


@pytest.mark.slow
@pytest.mark.parametrize("fault", _VERDICTS)
def test_one_wrong_delivery_in_200_is_found_and_named(server: str, fault: str, tmp_path: Path) -> None:
    with irc_server(server, tmp_path) as target, faulty_proxy(target, fault, 200) as (address, proxy):
        outcome = play(_TALK, address, "irc")
    assert len(proxy.committed) >= 5
    (ledger,) = outcome.rooms.values()
    found = Counter((one.fault, one.reader.name) for one in ledger.findings)
    assert found == Counter((verdict, nick) for nick, _ in proxy.committed for verdict in _VERDICTS[fault])
    said = [(nick, {said_in(line)}) for nick, line in proxy.committed]
    if fault == "swap":  # of two that changed places, either may be called the one that is out of order
        said = [(nick, {*both, said_in(line)}) for (nick, both), line in zip(said, proxy.overtakers, strict=True)]
    for one in ledger.findings:
        if one.fault != "corrupt":
            said.remove(next((nick, texts) for nick, texts in said if nick == one.reader.name and one.text in texts))
    assert said == []


@pytest.mark.slow
@pytest.mark.parametrize("server", [one for one in SERVERS if one != OURS])  # ours has no rooms that anybody can close
def test_nobody_is_waited_for_in_a_room_that_refuses_it(server: str, tmp_path: Path) -> None:
    scenario = """\
        script:
          - ann: {join: tea}
          - ann: {send_bytes: "MODE #tea +i\\r\\n"}
          - ann: {ping}
          - ben: hello
          - ben: {join: tea}
          - ann: {say: hi, room: tea}
          - ben: {say: still here, room: lobby}
    """
    with irc_server(server, tmp_path) as address:
        outcome = play(scenario, address, "irc")
    (failure,) = outcome.failures
    assert "ben was told: #tea Cannot join channel" in failure
    assert outcome.anomalies == {}


@pytest.mark.slow
def test_a_nick_that_somebody_has_is_told_with_what_to_do(server: str, tmp_path: Path) -> None:
    with irc_server(server, tmp_path) as address:
        outcome = play(
            "cast: {ann: 1, other: {name: ann2}}\nscript:\n  - ann: hi\n  - other: {rename: ann}\n", address, "irc"
        )
    (failure,) = outcome.failures
    assert ("is taken" if server == OURS else "in use") in failure


@pytest.mark.slow
def test_who_is_thrown_out_for_its_speed_is_not_said_to_have_met_a_fault(tmp_path: Path) -> None:
    scenario = 'script:\n  - ann: hi\n  - bob: {say: "{words 30}", times: 1500}\n'
    with irc_server("inspircd", tmp_path, recvq=512) as address:
        outcome = play(scenario, address, "irc")
    assert any("which is no fault; play at a lower --speed" in failure for failure in outcome.failures), (
        outcome.failures
    )
    assert outcome.anomalies == {}
