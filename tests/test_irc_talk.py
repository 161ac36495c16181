"""What users of IRC hear of each other and of everyone else, on a chat without connections."""

import re
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.commands import commands
from geventchat.commands.commands import Act, Bye, Join, Leave, Rename, Say, Topic, Whisper
from geventchat.commands.moderation import Announce, Approve
from geventchat.core.accounts import Account
from geventchat.core.moderation.word_filter import Filter
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.dialect import spoken
from geventchat.dialects.irc.lines import MAX_BYTES, parse
from geventchat.dialects.irc.names import prefix
from geventchat.dialects.irc.replies import _TABLE
from geventchat.protocol import events, replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.events import iso_time
from geventchat.protocol.roles import Role
from geventchat.protocol.text import clean
from tests.stage import Stage, User

TAGS = "server-time message-tags"
ECHO = "echo-message labeled-response batch"


@pytest.fixture
def stage() -> Stage:
    return Stage()


def without_hosts(lines: list[Any]) -> list[str]:
    """Return lines with the pseudonyms of hosts left out."""
    return [re.sub(r"!user@[0-9a-f]+\.geventchat", "", line) for line in lines]


def asked(verb: str, label: str = "", detail: str = "") -> str:
    return Asked(verb, label, "", detail).ref


def test_what_is_said_in_a_room_is_heard_on_irc_but_not_by_the_speaker(stage: Stage) -> None:
    json, nc = stage.program("json"), stage.person("nc")
    bob, ben = stage.on_irc("bob", "lobby"), stage.on_irc("ben", "lobby")
    for user in (json, nc, bob):
        user.heard()
    bob.does(Say(text="hi"), Act(text="waves"))
    json.does(Say(text="from json"))
    nc.does(Say(text="from nc"))
    stage.carry_out()
    assert without_hosts(bob.heard()) == [":json PRIVMSG #lobby :from json", ":nc PRIVMSG #lobby :from nc"]
    assert without_hosts(ben.heard())[:2] == [":bob PRIVMSG #lobby :hi", ":bob PRIVMSG #lobby :\x01ACTION waves\x01"]
    assert nc.heard()[:2] == ["bob: hi", "bob: *waves*"]
    assert [heard["type"] for heard in json.heard()] == ["said", "acted", "said", "said"]


def test_who_wants_to_hear_itself_does_in_the_place_where_all_hear_it(stage: Stage) -> None:
    json, bob = stage.program("json"), stage.on_irc("bob", "lobby", caps=ECHO)
    json.does(Say(text="one"))
    bob.does(Say(text="two"))
    json.does(Say(text="three"))
    stage.carry_out()
    assert [line.rpartition(":")[2] for line in bob.heard()] == ["one", "two", "three"]


def test_a_label_comes_back_with_what_one_has_said_and_with_nobody_else_s_copy(stage: Stage) -> None:
    bob, ben = stage.on_irc("bob", "lobby", caps=ECHO), stage.on_irc("ben", "lobby", caps=ECHO)
    quiet = stage.on_irc("quiet", "lobby", caps="labeled-response batch")
    bob.heard(), ben.heard()
    bob.does(Say(text="hi", ref=asked("PRIVMSG", "7")), Say(text="hi", ref=asked("PRIVMSG", "7")))
    quiet.does(Say(text="yes", ref=asked("PRIVMSG", "8")))
    stage.carry_out()
    assert without_hosts(bob.heard()) == [*["@label=7 :bob PRIVMSG #lobby :hi"] * 2, ":quiet PRIVMSG #lobby :yes"]
    assert without_hosts(ben.heard())[0] == ":bob PRIVMSG #lobby :hi"
    assert quiet.heard()[-1] == "@label=8 :chat.geventchat ACK"


def test_tags_are_for_those_who_want_them(stage: Stage) -> None:
    bob, ben, json = stage.on_irc("bob", "lobby"), stage.on_irc("ben", "lobby", caps=TAGS), stage.program("json")
    bob.heard(), ben.heard()
    json.does(Say(text="hi"))
    stage.carry_out()
    (said,) = [heard for heard in json.heard() if heard["type"] == "said"]
    assert without_hosts(ben.heard()) == [f"@time={said['time']};msgid={said['id']} :json PRIVMSG #lobby :hi"]
    assert without_hosts(bob.heard())[-1] == ":json PRIVMSG #lobby :hi"


def test_a_notice_is_one_where_that_can_be_told(stage: Stage) -> None:
    bob, json = stage.on_irc("bob", "lobby"), stage.program("json")
    bob.heard(), json.heard()
    stage.on_irc("bot", "lobby").does(Say(text="beep", notice=True), Whisper(to="bob", text="bop", notice=True))
    stage.carry_out()
    assert without_hosts(bob.heard())[-2:] == [":bot NOTICE #lobby :beep", ":bot NOTICE bob :bop"]
    assert json.heard()[-1]["type"] == "said"


def test_who_enters_is_told_who_is_here_and_the_others_hear_of_it(stage: Stage) -> None:
    alice, json = stage.on_irc("alice", "tea"), stage.program("json", room="tea")
    json.does(Topic(text="of tea"))
    stage.carry_out()
    alice.heard()
    bob = stage._user(spoken(frozenset(["extended-join", "userhost-in-names"])), "", {})
    bob.hears(commands.Hello(nick="bob p", room="", about="Bob P"))
    joined = bob.hears(Join(room="tea", ref=asked("JOIN")))
    assert without_hosts(joined) == [
        ":bob\u00a0p JOIN #tea * :Bob P",
        ":chat.geventchat 332 bob\u00a0p #tea :of tea",
        ":chat.geventchat 353 bob\u00a0p = #tea :alice json bob\u00a0p",
        ":chat.geventchat 366 bob\u00a0p #tea :End of /NAMES list",
    ]
    assert "alice!user@" in joined[2]
    assert without_hosts(alice.heard()) == [":bob\u00a0p JOIN #tea"]
    assert bob.hears(Join(room="TEA", ref=asked("JOIN"))) == []  # as other servers do


@pytest.mark.parametrize("caps", [[], ["userhost-in-names"]])
def test_a_crowd_is_listed_whole_in_lines_that_are_no_longer_than_any(stage: Stage, caps: list[str]) -> None:
    nicks = [f"{letter * (number % 30 + 1)}{number}"[-32:] for number, letter in enumerate("ab\u0436" * 60)]
    for nick in nicks:
        stage.program(nick, room="tea")
    for reader in ("x", "y" * 30):
        one = stage._user(spoken(frozenset(caps)), "", {})
        one.hears(commands.Hello(nick=reader, room=""))
        lines = [line for line in one.hears(Join(room="tea", ref=asked("JOIN"))) if " 353 " in line]
        assert max(len(line.encode()) for line in lines) <= 510
        assert len(lines) < 180 / 3
        named = [who.partition("!")[0] for line in lines for who in line.partition(" :")[2].split(" ")]
        nicks.append(reader)
        assert named == nicks


def test_a_new_name_is_told_once_to_who_shares_several_rooms(stage: Stage) -> None:
    bob, ben = stage.on_irc("bob", "a", "b", "c"), stage.on_irc("ben", "a", "b", "c")
    other, json = stage.on_irc("other", "c"), stage.program("json", room="b")
    for user in (bob, ben, json):
        user.heard()
    bob.does(Say(text="before", room="c"), Rename(nick="bobby", ref=asked("NICK")), Say(text="after", room="a"))
    stage.carry_out()
    assert without_hosts(bob.heard()) == [":bob NICK bobby"]
    assert without_hosts(ben.heard()) == [
        ":bob PRIVMSG #c :before",
        ":bob NICK bobby",
        ":bobby PRIVMSG #a :after",
    ]
    assert without_hosts(other.heard()) == [":bob PRIVMSG #c :before", ":bob NICK bobby"]
    assert [heard["new"] for heard in json.heard()] == ["bobby"]


def test_who_goes_for_good_quits_and_who_leaves_a_room_parts(stage: Stage) -> None:
    bob, ben, nc = stage.on_irc("bob", "a", "lobby"), stage.on_irc("ben", "a", "lobby"), stage.person("nc")
    for user in (bob, ben, nc):
        user.heard()
    assert without_hosts(bob.hears(Leave(room="a", reason="tea", ref=asked("PART")))) == [":bob PART #a :tea"]
    bob.hears(Join(room="a", ref=asked("JOIN")))
    stage.chat.depart(bob.member, "Quit: gone")
    stage.carry_out()
    assert without_hosts(ben.heard()) == [":bob PART #a :tea", ":bob JOIN #a", ":bob QUIT :Quit: gone"]
    assert nc.heard() == ["* bob left: Quit: gone"]
    nc.hears(commands.Join(room="den"))
    assert without_hosts(ben.heard()) == [":nc PART #lobby"]


def test_who_has_no_room_hears_its_new_name_too(stage: Stage) -> None:
    bob = stage.on_irc("bob")
    assert without_hosts(bob.hears(Rename(nick="ben", ref=asked("NICK")))) == [":bob NICK ben"]
    assert bob.hears(Rename(nick="ben", ref=asked("NICK"))) == []
    assert bob.hears(Whisper(to="x", text="y"))[0].startswith(":chat.geventchat 401 ben x :")


def test_what_is_agreed_on_in_the_middle_holds_from_there_on_and_nothing_is_lost(stage: Stage) -> None:
    bob, json = stage.on_irc("bob", "lobby"), stage.program("json")
    bob.heard()
    json.does(Say(text="one"))
    tagged = spoken(frozenset(["server-time"]))
    stage.chat.speak(bob.member, tagged.encoder, tagged.can, lambda: b"ACK\r\n")
    json.does(Say(text="two"))
    bob.does(Say(text="own"))
    json.does(Say(text="three"))
    stage.carry_out()
    one, ack, two, three = bob.heard()
    assert (one[0], ack, two[:6], three[:6]) == (":", "ACK", "@time=", "@time=")


def test_a_whisper_is_private_and_told_back_to_who_wants_that(stage: Stage) -> None:
    bob, ben = stage.on_irc("bob", "a", caps=ECHO + " server-time"), stage.on_irc("ben")
    eve, json = stage.on_irc("eve", "a"), stage.program("json")
    bob.heard(), eve.heard()
    bob.does(Whisper(to="ben", text="psst", ref=asked("PRIVMSG", "7")), Whisper(to="json", text="psst"))
    ben.does(Whisper(to="bob", text="yes?"))
    json.does(Whisper(to="bob", text="and?"))
    stage.carry_out()
    first, second, *answers = without_hosts(bob.heard())
    assert re.fullmatch(r"@time=\S+;label=7 :bob PRIVMSG ben :psst", first)
    assert second.endswith(" :bob PRIVMSG json :psst")
    assert [answer.partition(" ")[2] for answer in answers] == [":ben PRIVMSG bob :yes?", ":json PRIVMSG bob :and?"]
    assert without_hosts(ben.heard()) == [":bob PRIVMSG ben :psst"]
    assert eve.heard() == []


def test_a_whisper_reaches_whoever_has_another_nick_since_it_was_said_on_another_server(stage: Stage) -> None:
    bob = stage.on_irc("bobby")
    stage.chat.tell(bob.member, replies.Whispered(time="", nick="ann", to="bob", text="psst"))
    stage.carry_out()
    assert without_hosts(bob.heard()) == [":ann PRIVMSG bobby :psst"]


def test_who_is_away_is_said_to_be_where_it_matters(stage: Stage) -> None:
    bob, ben = stage.on_irc("bob", "a"), stage.on_irc("ben", "a", caps="away-notify")
    nc = stage.person("nc")
    bob.heard(), ben.heard()
    assert bob.hears(commands.Away(text="tea", ref=asked("AWAY"))) == [
        ":chat.geventchat 306 bob :You have been marked as being away"
    ]
    assert without_hosts(ben.heard()) == [":bob AWAY :tea"]
    assert ben.hears(Whisper(to="bob", text="?")) == [":chat.geventchat 301 ben bob :tea"]
    assert nc.hears(Whisper(to="bob", text="?"))[-1] == "* bob is away: tea"
    bob.heard()
    assert bob.hears(commands.Away(ref=asked("AWAY"))) == [
        ":chat.geventchat 305 bob :You are no longer marked as being away"
    ]
    assert without_hosts(ben.heard()) == [":bob AWAY"]
    bob.does(commands.Away(text="out"))
    stage.carry_out()
    ben.heard()
    ben.does(Join(room="b"))
    stage.carry_out()
    ben.heard()
    bob.does(Join(room="b"))
    stage.carry_out()
    assert without_hosts(ben.heard()) == [":bob JOIN #b", ":bob AWAY :out"]


def test_who_somebody_is_can_be_asked_on_irc_and_elsewhere(stage: Stage) -> None:
    bob, nc = stage.on_irc("bob", "a", about="Bob B", username="b"), stage.person("nc")
    nc.heard()
    assert [line.split()[1] for line in bob.hears(commands.Whois(nick="BOB", ref=asked("WHOIS")))] == [
        *("311", "319", "312", "317", "318")
    ]
    (told,) = nc.hears(commands.Whois(nick="bob"))
    assert re.fullmatch(r"\* bob: Bob B, in a, here since \S+ \S+ UTC", told)
    assert (
        bob.hears(commands.Whois(nick="x", ref=asked("WHOIS")))[-1] == ":chat.geventchat 318 bob x :End of /WHOIS list"
    )
    who = bob.hears(commands.Find(mask="B*", ref=asked("WHO", detail="B*")))
    assert re.fullmatch(r":\S+ 352 bob \* ~b \S+ chat\.geventchat bob H :0 Bob B", who[0])
    assert who[1:] == [":chat.geventchat 315 bob B* :End of WHO list"]
    whox = bob.hears(commands.Find(room="a", ref=asked("WHO", detail="#a %tcuhnfr,7")))
    assert re.fullmatch(r":\S+ 354 bob 7 #a ~b [0-9a-f]+\.geventchat bob H :Bob B", whox[0])
    (online,) = bob.hears(commands.Find(nicks=["NC", "x"], ref=asked("ISON")))
    assert online == ":chat.geventchat 303 bob :nc"


def test_however_long_a_username_is_who_somebody_is_is_told_whole(stage: Stage) -> None:
    bob = stage.on_irc("bob", about="Bob B", username="😀" * 200)
    for command in (
        commands.Find(mask="bob", ref=asked("WHO", detail="bob")),
        commands.Find(mask="bob", ref=asked("WHO", detail="bob %tcuihsnfdlaor")),
        commands.Whois(nick="bob", ref=asked("WHOIS")),
    ):
        line = bob.hears(command)[0]
        assert len(line.encode()) < 200
        assert line.endswith("Bob B")


def test_who_went_by_a_nick_is_remembered(stage: Stage) -> None:
    bob, ben = stage.on_irc("bob"), stage.on_irc("ben", about="Ben", username="b")
    stage.now += 60
    ben.hears(Rename(nick="benny"))
    was, server, end = bob.hears(commands.Whowas(nick="ben", ref=asked("WHOWAS")))
    assert re.fullmatch(r":\S+ 314 bob ben ~b \S+ \* :Ben", was)
    assert (server.split()[1], end.split()[1]) == ("312", "369")
    assert server.endswith(f":{iso_time(int(stage.now * 1000))}")  # when it was called so last, not when it came
    assert [line.split()[1] for line in bob.hears(commands.Whowas(nick="x", ref=asked("WHOWAS")))] == ["406", "369"]


def test_a_watched_nick_is_told_when_it_comes_and_goes(stage: Stage) -> None:
    bob, json = stage.on_irc("bob"), stage.program("json")
    json.heard()
    assert bob.hears(commands.Watch(nicks=["ben", "json"], ref=asked("MONITOR"))) == [
        f":chat.geventchat 730 bob :{prefix('json')}",
        ":chat.geventchat 731 bob :ben",
    ]
    json.hears(commands.Watch(nicks=["Ben"]))
    ben = stage.on_irc("ben")
    assert without_hosts(bob.heard()) == [":chat.geventchat 730 bob :ben"]
    assert json.heard()[-1]["here"] == ["ben"]
    for less in (commands.Watch(stop=["Ben"], ref="7"), commands.Watch(clear=True, ref="8")):
        assert json.hears(less) == [{"type": "watched", "here": [], "gone": [], "ref": less.ref}]
    ben.hears(Rename(nick="benny"))
    assert bob.heard() == [":chat.geventchat 731 bob :ben"]
    assert bob.hears(commands.Watch(ref=asked("MONITOR", detail="L"))) == [
        ":chat.geventchat 732 bob :json,ben",
        ":chat.geventchat 733 bob :End of MONITOR list",
    ]
    bob.hears(commands.Watch(clear=True))
    benny = stage.on_irc("ben")
    assert (bob.heard(), benny.member.nick) == ([], "ben")
    errors = bob.hears(commands.Watch(nicks=[f"n{number}" for number in range(101)], ref=asked("MONITOR")))
    assert any(line.startswith(":chat.geventchat 734 bob 100 n100 :") for line in errors)


def test_an_invitation_reaches_every_dialect(stage: Stage) -> None:
    bob, nc = stage.on_irc("bob", "tea"), stage.person("nc")
    nc.heard()
    assert bob.hears(commands.Invite(nick="nc", room="tea", ref=asked("INVITE", detail="#tea"))) == [
        ":chat.geventchat 341 bob nc #tea"
    ]
    assert nc.heard() == ["* bob invites nc into tea: /join tea"]
    nc.hears(commands.Invite(nick="bob"))
    assert without_hosts(bob.heard()) == [":nc INVITE bob #lobby"]


def test_rooms_are_listed_with_their_topics_and_as_they_are_asked_for(stage: Stage) -> None:
    bob = stage.on_irc("bob", "a b", "tea")
    stage.on_irc("ben", "tea")
    bob.hears(Topic(room="tea", text="of tea"))
    room, tea = "#a\u00a0b 1 :", "#tea 2 :of tea"
    for wanted, listed in (
        ("#tea,#nope,#a*,<3", [room, tea]),
        ("", [room, tea]),
        (">1", [tea]),
        ("!#t*", [room]),
        ("#A*", [room]),
        (">²", []),
    ):
        _, *rooms, _ = bob.hears(commands.Rooms(ref=asked("LIST", detail=wanted)))
        assert rooms == [f":chat.geventchat 322 bob {room}" for room in listed]


def test_a_room_where_nobody_is_has_no_topic_and_no_names(stage: Stage) -> None:
    bob = stage.on_irc("bob")
    for command, number in (
        (Topic(room="x", ref=asked("TOPIC")), "403"),
        (commands.Who(room="x", ref=asked("NAMES")), "366"),
        (commands.Who(room="x", ref=asked("MODE")), "403"),
        (Topic(room="x", text="t", ref=asked("TOPIC")), "403"),
        (Leave(room="x", ref=asked("PART")), "403"),
        (Say(room="x", text="hi"), "403"),
    ):
        (told,) = bob.hears(command)
        assert told.startswith(f":chat.geventchat {number} bob #x :")


def test_what_was_not_stored_is_said_in_words_or_as_a_standard_reply(stage: Stage) -> None:
    bob, ben = stage.on_irc("bob", "a"), stage.on_irc("ben", "a", caps="standard-replies echo-message")
    ben.does(Say(text="lost", ref=asked("PRIVMSG")))
    bob.does(Say(text="lost"))
    bob.heard()
    stage.carry_out("the disk is full")
    assert bob.heard()[-1].startswith(":chat.geventchat NOTICE bob :not stored and not sent")
    assert ben.heard()[-1].startswith(":chat.geventchat FAIL PRIVMSG NOT_STORED :not stored and not sent")


# Whatever anyone does elsewhere.

_texts = st.text(st.one_of(st.sampled_from("a \x01\r\n\0:@#!ы😀\u2028"), st.characters()), min_size=1, max_size=1_200)


def forge(user: User, text: str) -> None:
    """Do with a text all that anyone can."""
    user.does(
        Say(text=text), Act(text=text), Topic(text=text), Whisper(to="bob", text=text), Rename(nick=text[:30]),
        Join(room=text[:30]), Leave(reason=text), commands.Away(text=text), commands.Describe(about=text),
        commands.Invite(nick="bob"), Bye(reason=text),
    )  # fmt: skip
    user.stage.chat.depart(user.member, text)


@given(_texts, st.sampled_from(["", TAGS, f"{TAGS} extended-join away-notify setname"]))
def test_nothing_that_anyone_does_elsewhere_forges_a_line_or_makes_one_too_long(text: str, caps: str) -> None:
    stage = Stage()
    bob = stage.on_irc("bob", "lobby", caps=caps)
    forge(stage.program("json"), clean(text))  # as readers clean all that others will see
    forge(stage.person("nc"), clean(text))
    stage.carry_out()
    outbox, data = bob.member.outbox, b""
    while (piece := outbox.next()).data:
        data += piece.data
        outbox.sent(piece, len(piece.data))
    assert data.endswith(b"\r\n")
    for line in data.decode().removesuffix("\r\n").split("\r\n"):
        assert not re.search(r"[\r\n\0]", line)
        body = line.partition(" ")[2] if line.startswith("@") else line
        assert len(body.encode()) <= MAX_BYTES
        message = parse(line.encode())
        source = body[1:].partition(" ")[0]
        assert re.fullmatch(r"chat\.geventchat|[^ ]+!user@[0-9a-f]{10}\.geventchat", source)
        allowed = "JOIN PART QUIT NICK TOPIC PRIVMSG AWAY SETNAME INVITE NOTICE"
        assert message.command in allowed.split()


def test_a_long_text_comes_in_pieces_and_is_whole(stage: Stage) -> None:
    json, bob = stage.program("json"), stage.on_irc("bob", "lobby", caps=TAGS)
    text = "Ж" * 1_000 + "end"
    json.does(Say(text=text))
    stage.carry_out()
    lines = bob.heard()
    assert len(lines) > 4
    assert "".join(line.partition(" PRIVMSG #lobby :")[2] for line in lines) == text
    assert [("msgid=" in line) for line in lines] == [True] + [False] * (len(lines) - 1)  # one message, one id


@pytest.mark.parametrize(
    ("own", "other", "password", "code"),
    [
        (None, "", "short", "WEAK_PASSWORD"),
        (None, "bob", "secret7", "ACCOUNT_EXISTS"),
        ("ann", "", "secret7", "ALREADY_AUTHENTICATED"),
    ],
)
def test_a_nick_that_cannot_be_registered_is_refused_as_ircv3_has_it(
    stage: Stage, own: str | None, other: str, password: str, code: str
) -> None:
    bob = stage.on_irc("bob")
    bob.member.account = own
    if other:
        stage.chat.kept.put(Account(name=other))
    refused = bob.hears(commands.Register(password=password, ref=asked("REGISTER")))[0]
    assert refused.startswith(f":chat.geventchat FAIL REGISTER {code} bob :")


@pytest.mark.parametrize("code", ["forbidden", "slow-down", "not-stored"])
def test_who_could_register_later_is_told_that_it_is_for_the_time_being(stage: Stage, code: str) -> None:
    bob = stage.on_irc("bob")
    stage.chat.refuse(bob.member, Refused(code, "not now"), asked("REGISTER"))
    stage.carry_out()
    assert bob.heard() == [":chat.geventchat FAIL REGISTER TEMPORARILY_UNAVAILABLE bob :not now"]


def test_who_needs_another_password_is_told_how_it_is_set_on_irc(stage: Stage) -> None:
    bob = stage.on_irc("bob")
    bob.member.account = "bob"
    stage.chat.tell_account(bob.member, is_spent=True)
    stage.carry_out()
    assert bob.heard()[-1].endswith(
        " NOTICE bob :that password was good for once: set another with /quote PASSWORD NEW"
    )


def test_who_logs_in_as_a_moderator_is_shown_as_one_in_the_rooms_that_it_is_in(stage: Stage) -> None:
    mod = stage.on_irc("mod", "lobby", "den")
    mod.member.account, mod.member.role = "mod", Role.MODERATOR
    stage.chat.tell_account(mod.member)
    stage.carry_out()
    assert mod.heard()[1:] == [
        ":chat.geventchat MODE #lobby +o mod",
        ":chat.geventchat MODE #den +o mod",
        ":chat.geventchat 381 mod :You are now an IRC operator",
    ]


def test_what_a_moderator_does_is_answered_with_its_label_and_shown_as_to_all(stage: Stage) -> None:
    eve, mod = stage.program("eve"), stage.on_irc("mod", "lobby", caps="labeled-response batch")
    mod.member.role = Role.MODERATOR
    mod.hears(Join(room="@log"))
    ack, *shown = without_hosts(mod.hears(Announce(text="lunch", ref=asked("WALLOPS", "7"))))
    assert ack == "@label=7 :chat.geventchat ACK"
    assert sorted(shown) == [":chat.geventchat NOTICE #@log :mod announces: lunch", ":mod NOTICE #lobby :lunch"]
    stage.chat.moderation.filter = Filter("hold money")
    eve.hears(Say(text="free money"))
    mod.heard()
    (held,) = [event for event in stage.log.latest("@log", 9) if isinstance(event, events.Held)]
    ack, said, *_ = without_hosts(mod.hears(Approve(id=held.id, ref=asked("APPROVE", "8"))))
    assert (ack, said) == ("@label=8 :chat.geventchat ACK", ":eve PRIVMSG #lobby :free money")


def whole(lines: list[str], head: str) -> str:
    """Return the text that stands behind this in lines, of which none is longer than it may be."""
    assert max(len(line.encode()) for line in lines) <= MAX_BYTES
    return "".join(line.partition(head)[2] for line in lines)


def test_what_is_announced_held_back_and_of_the_day_is_whole_however_long(stage: Stage) -> None:
    text = "Ж" * 1_000 + "end"
    json, bob, mod = stage.program("json"), stage.on_irc("bob", "lobby"), stage.on_irc("mod")
    mod.member.role = Role.MODERATOR
    mod.hears(Join(room="@log"), Announce(text=text))
    assert whole(bob.heard(), " NOTICE #lobby :") == text
    stage.chat.moderation.filter = Filter("hold end$")
    json.hears(Say(text=text))
    (held,) = [event for event in stage.log.latest("@log", 9) if isinstance(event, events.Held)]
    assert whole(mod.heard(), " NOTICE #@log :") == f"json is not let say yet ({held.id}), in lobby: {text}"
    stage.chat.motd = [text]
    _, *of_the_day, _ = bob.hears(commands.Motd(ref=asked("MOTD")))
    assert whole(of_the_day, " 372 bob :- ") == text


def test_every_event_can_be_told() -> None:
    assert set(events.Event.__subclasses__()) == {
        *(events.Said, events.Acted, events.Joined, events.Left, events.Renamed, events.TopicSet, events.Moderation)
    }


def test_every_reply_can_be_told() -> None:
    assert {*_TABLE, replies.Ack, replies.Whispered} == set(get_args(replies.AnyReply))
