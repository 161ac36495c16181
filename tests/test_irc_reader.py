"""What a client of IRC asks for: its bytes, in whatever pieces, become commands, and answers that need no chat."""

from collections.abc import Sequence

import pytest
from hypothesis import given

from geventchat.commands import commands, moderation
from geventchat.core.member import Member
from geventchat.delivery.outbox import Outbox
from geventchat.dialects.base import Answer, EmptyLine
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.dialect import IRC, spoken
from geventchat.dialects.irc.isupport import isupport
from geventchat.dialects.irc.reader import IrcReader
from geventchat.dialects.irc.verbs import VERBS
from geventchat.protocol.limits import MAX_REF
from geventchat.protocol.questions import Question
from tests import fuzz

S = b":chat.geventchat "


def reader(caps: bytes = b"") -> IrcReader:
    """Return the reader of a client that has registered, with these capabilities."""
    one = IrcReader(spoken)
    one.receive(b"CAP REQ :" + caps + b"\r\nCAP END\r\nNICK bob\r\nUSER b 0 * :Bob B\r\n")
    while not isinstance(found := one.next_command(), commands.Hello):
        assert found is not None
    one.asked(None)
    while one.next_command() is not None:
        continue
    return one


def named() -> Member:
    member = Member(IRC.encoder, IRC.can, Outbox(), "token")
    member.published_nick = "bob"
    return member


def asked(line: bytes, caps: bytes = b"") -> list[object]:
    """Return what a line asks for; answers as bytes."""
    one = reader(caps)
    one.receive(line + b"\r\n")
    return all_of(one)


def all_of(one: IrcReader) -> list[object]:
    found: list[object] = []
    while (request := one.next_command()) is not None:
        found.append(request.encode(named()) if isinstance(request, Answer) else request)
    return found


def of(verb: str, detail: str = "") -> str:
    return Asked(verb, detail=detail).ref


# Registration.


def newcomer(*lines: bytes) -> list[object]:
    one = IrcReader(spoken)
    one.receive(b"".join(line + b"\r\n" for line in lines))
    return all_of(one)


HELLO = commands.Hello(nick="bob", room="", username="b", about="Bob B")


SET = of("SET MODE", "#a")


def ban(who: str) -> moderation.Ban:
    return moderation.Ban(who=who, room="a", ref=SET)


@pytest.mark.parametrize("lines", [(b"NICK bob", b"USER b 0 * :Bob B"), (b"USER b 0 * :Bob B", b"NICK :bob")])
def test_a_client_comes_in_once_it_has_said_who_it_is(lines: Sequence[bytes]) -> None:
    assert newcomer(*lines)[-1] == HELLO
    assert all(isinstance(other, EmptyLine) for other in newcomer(*lines)[:-1])


def test_pass_gives_the_server_s_password_again_if_need_be_and_is_needed_with_a_nick() -> None:
    reader = IRC.reader(4096)
    reader.asked(Question.SERVER_PASSWORD)
    assert fuzz.read(reader, [b"PASS x\r\nNICK bob\r\nUSER b 0 * :Bob B\r\n"])[-1] == with_password("x")
    reader.asked(Question.SERVER_PASSWORD)
    assert fuzz.read(reader, [b"PASS :y z\r\n"]) == [with_password("y z")]
    reader.asked(Question.NAME)
    assert fuzz.read(reader, [b"PASS y\r\n"]) == [EmptyLine()]


def test_a_password_that_goes_ahead_of_an_account_s_is_given_once() -> None:
    reader = IRC.reader(4096)
    reader.asked(Question.SERVER_PASSWORD)
    lines = [b"PASS x\r\nCAP REQ sasl\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE AGEAYg==\r\nPASS y\r\nAUTHENTICATE *\r\n"]
    given = [one.password for one in fuzz.read(reader, lines) if isinstance(one, commands.ServerPassword)]
    assert given == ["x", "y"]


def with_password(password: str) -> commands.Hello:
    return commands.Hello(nick="bob", room="", username="b", about="Bob B", password=password)


def test_who_negotiates_comes_in_when_that_has_ended() -> None:
    *said, hello = newcomer(b"CAP LS 302", b"NICK bob", b"USER b 0 * :Bob B", b"CAP REQ :server-time batch", b"CAP END")
    assert hello == HELLO
    assert said[0].startswith(S + b"CAP bob LS :account-notify account-tag away-notify batch")  # type: ignore[attr-defined]
    assert said[3] == S + b"CAP bob ACK :server-time batch\r\n"


def test_a_nick_that_cannot_be_had_is_given_anew() -> None:
    one = IrcReader(spoken)
    one.receive(b"NICK bob\r\nUSER b 0 * :B\r\n")
    assert isinstance(one.next_command(), EmptyLine)
    assert isinstance(one.next_command(), commands.Hello)
    one.receive(b"JOIN #a\r\nNICK ben\r\n")  # the server has not welcomed it: there is a bob already
    told, hello = all_of(one)
    assert told == S + b"451 bob :You have not registered\r\n"
    assert hello == commands.Hello(nick="ben", room="", username="b", about="B")


def test_what_cannot_be_agreed_on_is_refused_as_a_whole() -> None:
    one = IrcReader(spoken)
    one.receive(b"CAP REQ :batch nonsense\r\nCAP LIST\r\nCAP REQ :batch\r\nCAP REQ :-batch\r\nCAP LIST\r\nCAP X\r\n")
    nak, empty, ack, less, again, none = all_of(one)
    assert nak == S + b"CAP bob NAK :batch nonsense\r\n"
    assert empty == again == S + b"CAP bob LIST :\r\n"
    assert ack == S + b"CAP bob ACK :batch\r\n"
    assert less == S + b"CAP bob ACK :-batch\r\n"
    assert none == S + b"410 bob X :That is no subcommand of CAP\r\n"


def test_who_agrees_is_spoken_to_otherwise_from_the_answer_on() -> None:
    one = reader()
    one.receive(b"CAP REQ :server-time\r\n")
    answer = one.next_command()
    assert isinstance(answer, Answer)
    assert answer.dialect is spoken(frozenset({"server-time"}))


def test_whoever_asks_for_capabilities_by_version_is_told_of_changes() -> None:
    one = IrcReader(spoken)
    one.receive(b"CAP LS 302\r\nCAP REQ :-cap-notify\r\nCAP LIST\r\n")
    assert all_of(one)[1:] == [S + b"CAP bob NAK :-cap-notify\r\n", S + b"CAP bob LIST :cap-notify\r\n"]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b"NICK", b"431"),
        (b"USER b", b"461"),
        (b"USER b 0 * :", b"461"),
        (b"PASS", b"461"),
        (b"JOIN :", b"451"),
        (b"AUTHENTICATE SCRAM", b"908"),
        (b"PING", b"409"),
    ],
)
def test_what_a_newcomer_cannot_do_is_answered(line: bytes, number: bytes) -> None:
    (told,) = newcomer(line)
    assert told.startswith(S + number + b" bob ")  # type: ignore[attr-defined]


# Requests.


@pytest.mark.parametrize(
    ("line", "commanded"),
    [
        (b"PRIVMSG #a :hi there", [commands.Say(text="hi there", room="a")]),
        (b"PRIVMSG #a :\x01ACTION waves\x01", [commands.Act(text="waves", room="a")]),
        (b"PRIVMSG #a :\x01ACTION waves", [commands.Act(text="waves", room="a")]),
        (b"PRIVMSG bob,#a hi", [commands.Whisper(to="bob", text="hi"), commands.Say(text="hi", room="a")]),
        ("PRIVMSG a\u00a0b :hi".encode(), [commands.Whisper(to="a b", text="hi")]),
        (b"PRIVMSG bob :\x01ACTION waves\x01", [commands.Whisper(to="bob", text="*waves*")]),
        (b"PRIVMSG #a :/me \x0304,12red\x03 \x02bold", [commands.Say(text="/me red bold", room="a")]),
        (b"PRIVMSG #a :\x04ff0000,00FF00red\x04 \x04c0ffeecoffee", [commands.Say(text="red coffee", room="a")]),
        (b"NOTICE #a :hi", [commands.Say(text="hi", room="a", notice=True, ref=of("NOTICE"))]),
        (
            b"JOIN #a,#b key",
            [commands.Join(room="a", password="key", ref=of("JOIN")), commands.Join(room="b", ref=of("JOIN"))],
        ),
        (
            b"JOIN #a,#a,,#b ka,no,,kb",
            [
                commands.Join(room="a", password="ka", ref=of("JOIN")),
                commands.Join(room="b", password="kb", ref=of("JOIN")),
            ],
        ),
        (b"PART #a :so long", [commands.Leave(room="a", reason="so long", ref=of("PART"))]),
        (b"TOPIC #a", [commands.Topic(room="a", ref=of("TOPIC"))]),
        (b"TOPIC #a :", [commands.Topic(room="a", text="", ref=of("TOPIC"))]),
        (b"NAMES #a", [commands.Who(room="a", ref=of("NAMES"))]),
        (b"MODE #a", [commands.Who(room="a", ref=of("MODE"))]),
        (b"MODE #a +b", [moderation.Bans(room="a", ref=of("SET MODE", "b#a"))]),
        (b"MODE #a +bb ben!*@* *!*@7f.geventchat", [ban("ben"), ban("host:7f")]),
        (b"MODE #a -b+i ben", [moderation.Unban(who="ben", room="a", ref=SET), moderation.Lock(room="a", ref=SET)]),
        (b"MODE #a +k tea", [moderation.Lock(room="a", password="tea", ref=SET)]),
        (b"MODE #a -k *", [moderation.Unlock(room="a", ref=SET)]),
        (b"MODE #a +q ben", [moderation.Mute(nick="ben", room="a", ref=SET)]),
        (b"MODE #a -m", [moderation.Unmute(nick="*", room="a", ref=SET)]),
        (b"KICK #a ben :go", [moderation.Kick(nick="ben", room="a", reason="go", ref=of("KICK", "#a"))]),
        (b"REDACT #a 1-0 :rude", [moderation.Delete(id="1-0", room="a", reason="rude", ref=of("REDACT", "#a 1-0"))]),
        (b"BAN ben 10m go away", [moderation.Ban(who="ben", lasts="10m", reason="go away", ref=of("BAN"))]),
        (b"SLOW #a 10s", [moderation.Slow(room="a", every="10s", ref=of("SLOW"))]),
        (b"WALLOPS :lunch", [moderation.Announce(text="lunch", ref=of("WALLOPS"))]),
        (b"OPER bob secret", [commands.Login(account="bob", password="secret", ref=of("OPER"))]),
        (b"MOTD", [commands.Motd(ref=of("MOTD"))]),
        (b"LIST >2,*a", [commands.Rooms(ref=of("LIST", ">2,*a"))]),
        (b"LIST #" + b"a" * 110, [commands.Rooms(ref=of("LIST", "#" + "a" * 110))]),
        (b"INVITE bob #a", [commands.Invite(nick="bob", room="a", ref=of("INVITE", "#a"))]),
        (b"NICK ben", [commands.Rename(nick="ben", ref=of("NICK"))]),
        (b"WHO #a %tn,7", [commands.Find(room="a", ref=of("WHO", "#a %tn,7"))]),
        (b"WHO b*", [commands.Find(mask="b*", ref=of("WHO", "b*"))]),
        (b"WHO", [commands.Find(mask="*", ref=of("WHO", "*"))]),
        (b"WHO * o", [commands.Find(ref=of("WHO", "*"))]),
        (b"WHOIS server bob", [commands.Whois(nick="bob", ref=of("WHOIS"))]),
        (b"WHOWAS bob 3", [commands.Whowas(nick="bob", limit=3, ref=of("WHOWAS"))]),
        (b"WHOWAS bob -1", [commands.Whowas(nick="bob", ref=of("WHOWAS"))]),
        (b"USERHOST bob ben", [commands.Find(nicks=["bob", "ben"], ref=of("USERHOST"))]),
        (b"ISON :bob ben", [commands.Find(nicks=["bob", "ben"], ref=of("ISON"))]),
        (b"MONITOR + bob,ben", [commands.Watch(nicks=["bob", "ben"], ref=of("MONITOR"))]),
        (b"MONITOR - bob", [commands.Watch(stop=["bob"], ref=of("MONITOR"))]),
        (b"MONITOR C", [commands.Watch(clear=True, ref=of("MONITOR"))]),
        (b"MONITOR l", [commands.Watch(ref=of("MONITOR", "L"))]),
        (b"AWAY :tea", [commands.Away(text="tea", ref=of("AWAY"))]),
        (b"AWAY", [commands.Away(ref=of("AWAY"))]),
        (b"SETNAME :Bob", [commands.Describe(about="Bob", ref=of("SETNAME"))]),
        (b"LUSERS", [commands.Status(ref=of("LUSERS"))]),
        (b"QUIT :so long", [commands.Bye(reason="Quit: so long")]),
        (b"QUIT", [commands.Bye(reason="Quit")]),
        (b"PONG x", [EmptyLine()]),
        (b"", [EmptyLine()]),
    ],
)
def test_a_line_asks_for_this(line: bytes, commanded: list[object]) -> None:
    assert asked(line) == commanded


def test_of_very_many_modes_in_one_line_only_some_are_asked_for() -> None:
    assert len(asked(b"MODE #a " + b"i" * 400)) == 8


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"PING :a b", b"PONG chat.geventchat :a b"),
        (b"PING", b"409 bob :No origin specified"),
        (b"NONSENSE x", b"421 bob NONSENSE :Unknown command"),
        (b"PRIVMSG", b"411 bob :No recipient given (PRIVMSG)"),
        (b"PRIVMSG #a", b"412 bob :No text to send"),
        (b"JOIN a", b"403 bob a :No such channel: their names begin with #"),
        (b"TOPIC", b"461 bob TOPIC :Not enough parameters"),
        (b"MODE bob", b"221 bob +"),
        (b"MODE ben", b"502 bob :Can't change mode for other users"),
        (b"MODE #a +t", b"472 bob t :is unknown mode char to me"),
        (b"MODE #a +b *!*@*", b"NOTICE bob :*!*@* fits more than one nick"),
        (b"BAN", b"461 bob BAN :like this: /ban NAME [TIME] [REASON]"),
        (b"USER b 0 * :B", b"462 bob :You may not register again"),
        (b"LIST #" + b"a" * 130, b"416 bob LIST :Name fewer at once: 121 characters of names and conditions"),
        (b"HELP nonsense", b"524 bob nonsense :No help on that"),
    ],
)
def test_what_needs_no_chat_is_answered_at_once(line: bytes, told: bytes) -> None:
    assert asked(line) == [S + told + b"\r\n"]


@pytest.mark.parametrize(
    ("line", "most"),
    [
        ("JOIN {}", 64),
        *((f"{verb} {{}}", 20) for verb in ("PART", "NAMES", "WHOIS", "KICK #a", "MODE")),
        *((f"{verb} {{}} :hi", 20) for verb in ("PRIVMSG", "NOTICE")),
    ],
)
def test_of_more_targets_than_may_be_named_the_first_that_is_left_out_is_told(line: str, most: int) -> None:
    targets = ",".join(f"#{number}" for number in range(70))
    *taken, refused = asked(line.format(targets).encode())
    assert len(taken) == most
    assert refused.startswith(S + b"407 bob #%d :Too many targets" % most)  # type: ignore[attr-defined]
    assert f"{line.split()[0]}:{most}" in " ".join(isupport(32)[1]) or line == "MODE {}"


def test_programs_that_ask_programs_are_not_heard_as_talk() -> None:
    assert asked(b"PRIVMSG bob :\x01VERSION\x01") == [b""]
    assert asked(b"NOTICE bob :\x01VERSION irssi\x01") == [b""]
    assert asked(b"@+typing=active TAGMSG #a") == [b""]


def test_what_has_a_label_is_answered_with_it() -> None:
    caps = b"labeled-response batch"
    assert asked(b"@label=7 PING x", caps) == [b"@label=7 " + S + b"PONG chat.geventchat :x\r\n"]
    assert asked(b"@label=7 PONG x", caps) == [b"@label=7 " + S + b"ACK\r\n"]
    assert asked(b"@label=7 PING x") == [S + b"PONG chat.geventchat :x\r\n"]
    (say,) = asked(b"@label=7 PRIVMSG #a :hi", caps)
    assert say == commands.Say(text="hi", room="a", ref=Asked("PRIVMSG", "7").ref)
    begin, one, other, end = asked(b"@label=7 JOIN #a,#b", caps)
    assert begin == b"@label=7 " + S + b"BATCH +S labeled-response\r\n"
    assert one == commands.Join(room="a", ref=Asked("JOIN", batch="S").ref)
    assert isinstance(other, commands.Join)
    assert end == S + b"BATCH -S\r\n"


def test_every_verb_can_do_without_parameters_and_with_many() -> None:
    for verb in VERBS:
        for line in (f"{verb}", f"{verb} #a", f"{verb} {' '.join('x' * 20 for _ in range(15))}", f"{verb} : "):
            assert asked(line.encode())


def test_whatever_is_asked_its_ref_is_no_longer_than_it_may_be() -> None:
    for verb in VERBS:
        line = b"@label=" + b"l" * 90 + f" {verb} {'x' * 200} {'y' * 200}".encode()
        for request in asked(line, b"labeled-response batch"):
            assert len(getattr(request, "ref", None) or "") <= MAX_REF


@given(fuzz.cut())
def test_any_bytes_in_any_pieces_ask_for_the_same(pieces: Sequence[bytes]) -> None:
    whole = fuzz.read(IrcReader(spoken), [b"".join(pieces)])
    assert fuzz.read(IrcReader(spoken), pieces, at_most=8_192) == whole


@given(fuzz.cut())
def test_whatever_is_said_ends_no_line_and_moves_no_cursor(pieces: Sequence[bytes]) -> None:
    one = reader()
    one.receive(b"".join(b"PRIVMSG #a :" + piece + b"\r\n" for piece in pieces))
    one.end()
    for found in fuzz.read(one, []):
        for field in ("text", "reason", "about"):
            text = getattr(found, field, None) or ""
            assert not set(text) & set(map(chr, [*range(9), *range(10, 32), 127]))
