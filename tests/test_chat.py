"""What each command does, in whose sight, and in which order."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geventchat.commands import commands
from geventchat.commands.commands import (
    Act,
    AnyCommand,
    Hello,
    Join,
    Leave,
    Ping,
    Rename,
    Rooms,
    Say,
    Topic,
    Whisper,
    WhisperBack,
    Who,
)
from geventchat.core import chat
from geventchat.core.batches import show, store
from geventchat.core.dedup import MAX_REFS, SentRefs
from geventchat.core.log import Entry
from geventchat.protocol import events
from geventchat.protocol.events import number_of
from geventchat.protocol.limits import (
    CROWD,
    CROWD_GATHER_S,
    MAX_LISTED,
    MAX_PRIVATE_BYTES,
    MAX_REF,
    MAX_ROOMS_PER_USER,
    MAX_WATCHED,
    Limits,
)
from geventchat.protocol.replies import Closing
from tests.stage import Stage, User

BYE = Closing(code="bye", message="bye")


@pytest.fixture
def stage() -> Stage:
    return Stage()


def kinds(heard: list[Any]) -> list[str]:
    return [message["type"] for message in heard]


def code(heard: list[Any]) -> str:
    (error,) = heard
    assert error["type"] == "error"
    return str(error["code"])


# Coming in.


def test_who_comes_in_is_welcomed_with_all_that_a_program_needs(stage: Stage) -> None:
    stage.program("Bob").hears(Topic(text="tea"))
    alice = stage.program()
    (welcome,) = alice.hears(Hello(nick="Alice"))
    joined = stage.log.latest("lobby", 1)[0]
    assert welcome == {
        "type": "welcome",
        "nick": "Alice",
        "room": "lobby",
        "members": ["Bob", "Alice"],
        "count": 2,
        "topic": "tea",
        "moderators": [],
        "id": joined.id,
        "token": alice.member.token,
        "server": "geventchat test",
        "limits": {"line": 4096, "nick": 32, "rate": 10.0, "burst": 40},
        "account": None,
        "role": "user",
    }


def test_others_hear_who_comes_and_goes_and_who_does_it_does_not(stage: Stage) -> None:
    bob, alice = stage.program("bob"), stage.program("alice")
    (joined,) = bob.heard()
    assert (joined["type"], joined["nick"], joined["room"]) == ("joined", "alice", "lobby")
    stage.chat.depart(alice.member, "late")
    stage.carry_out()
    (left,) = bob.heard()
    assert (left["type"], left["nick"], left["reason"]) == ("left", "alice", "late")
    assert alice.heard() == []


def test_who_has_no_name_can_do_nothing_else(stage: Stage) -> None:
    stage.program("bob")
    nobody = stage.program()
    everything: list[AnyCommand] = [
        Say(text="hi"),
        Whisper(to="bob", text="hi"),
        Join(room="tea"),
        Who(),
        Rooms(),
        Ping(),
        Rename(nick="x"),
    ]
    for command in everything:
        assert code(nobody.hears(command)) == "hello-first"


def test_who_has_a_name_does_not_say_hello_again(stage: Stage) -> None:
    assert code(stage.program("alice").hears(Hello(nick="bob"))) == "already-here"


@pytest.mark.parametrize(
    ("nick", "why"), [("a:b", "bad-nick"), ("", "bad-nick"), ("exit", "bad-nick"), ("ALICE", "nick-taken")]
)
def test_who_is_refused_a_name_can_try_another(stage: Stage, nick: str, why: str) -> None:
    stage.program("alice")
    bob = stage.program()
    assert code(bob.hears(Hello(nick=nick))) == why
    assert kinds(bob.hears(Hello(nick="bob"))) == ["welcome"]


def test_a_hello_with_a_bad_room_takes_no_name(stage: Stage) -> None:
    assert code(stage.program().hears(Hello(nick="alice", room="*"))) == "bad-room"
    assert kinds(stage.program().hears(Hello(nick="alice"))) == ["welcome"]


def test_of_two_who_ask_for_a_name_at_once_the_first_gets_it(stage: Stage) -> None:
    first, second = stage.program(), stage.program()
    first.does(Hello(nick="Алиса"))
    second.does(Hello(nick="алиса"))
    stage.carry_out()
    assert kinds(first.heard()) == ["welcome"]
    assert code(second.heard()) == "nick-taken"


def test_a_name_is_free_once_its_owner_has_heard_the_last_word(stage: Stage) -> None:
    alice = stage.program("alice")
    stage.chat.depart(alice.member)
    stage.carry_out()
    assert code(stage.program().hears(Hello(nick="alice"))) == "nick-taken"
    stage.chat.tell(alice.member, BYE)
    stage.carry_out()
    assert alice.member.closed
    assert kinds(stage.program().hears(Hello(nick="alice"))) == ["welcome"]


def test_a_last_word_to_one_does_not_free_the_name_of_another(stage: Stage) -> None:
    old, new = stage.program("alice"), stage.program()
    stage.chat.depart(old.member)
    stage.chat.tell(old.member, BYE)
    new.does(Hello(nick="alice", token=old.member.token))
    stage.carry_out()
    assert code(stage.program().hears(Hello(nick="alice"))) == "nick-taken"


def test_the_last_word_is_the_last(stage: Stage) -> None:
    alice, bob = stage.program("alice"), stage.program("bob")
    alice.heard()
    stage.chat.depart(alice.member)
    stage.chat.tell(alice.member, BYE)
    bob.does(Whisper(to="alice", text="wait"))
    stage.chat.tell(alice.member, Closing(code="shutdown", message="the server stops"))
    stage.carry_out()
    assert kinds(alice.heard()) == ["closing"]


# Coming back.


def test_who_comes_back_with_the_token_takes_the_name_from_the_lost_connection(stage: Stage) -> None:
    bob, old = stage.program("bob"), stage.program("alice")
    bob.heard()
    new = stage.program()
    (welcome,) = new.hears(Hello(nick="alice", token=old.member.token))
    assert welcome["members"] == ["bob", "alice"]
    assert welcome["token"] == new.member.token == old.member.token
    assert old.replaced
    (closing,) = old.heard()
    assert (closing["type"], closing["code"]) == ("closing", "replaced")
    assert kinds(bob.heard()) == ["left", "joined"]
    assert kinds(bob.hears(Whisper(to="alice", text="hi"))) == ["whispered"]
    assert kinds(new.heard()) == ["whispered"]
    assert old.heard() == []


@pytest.mark.parametrize(("length", "is_kept"), [(64, True), (65, False)])
def test_a_token_that_a_client_brings_is_kept_unless_it_is_too_long(stage: Stage, length: int, is_kept: bool) -> None:
    (welcome,) = stage.program().hears(Hello(nick="alice", room="", token="x" * length))
    assert (welcome["token"] == "x" * length) == is_kept
    assert welcome["token"]


@pytest.mark.parametrize("token", [None, "", "wrong", "Алиса"])
def test_without_the_token_a_name_cannot_be_taken_over(stage: Stage, token: str | None) -> None:
    alice = stage.program("alice")
    assert code(stage.program().hears(Hello(nick="alice", token=token))) == "nick-taken"
    assert alice.heard() == []


@pytest.mark.parametrize("again", ["in the same turn", "in the next turn", "on another connection"])
def test_what_is_repeated_with_its_ref_is_said_once(stage: Stage, again: str) -> None:
    bob, alice = stage.program("bob"), stage.program("alice")
    bob.heard()
    say: list[commands.AnyCommand] = [Say(text="hi", ref="7"), Topic(text="tea", ref="8")]
    if again == "in the same turn":
        heard = alice.hears(*say, *say)
        assert sorted(kinds(heard)) == ["ack", "ack", "ack", "ack", "said", "topic"]
    else:
        heard = alice.hears(*say)
        if again == "on another connection":
            stage.chat.depart(alice.member)
            stage.chat.tell(alice.member, BYE)
            stage.carry_out()
            alice = stage.program("alice")
            for entry in stage.log.since("lobby", "0-0", 9):
                alice.member.sent_refs.add(entry)
            bob.hears()
        heard += alice.hears(*say)
    acks = [(message["ref"], message["id"]) for message in heard if message["type"] == "ack"]
    assert acks[:2] == acks[2:]
    assert kinds(bob.heard()) == ([] if again == "on another connection" else ["said", "topic"])


def test_other_words_or_another_room_are_said_though_their_ref_was_used_before(stage: Stage) -> None:
    alice = stage.program("alice")
    alice.hears(Join(room="den"), Say(text="hi", ref="7", room="lobby"))
    alice.does(Say(text="ho", ref="7", room="lobby"), Say(text="ho", ref="7", room="den"))
    heard = alice.hears(Act(text="ho", ref="7", room="den"))
    assert sorted(kinds(heard)) == ["ack", "ack", "ack", "acted", "said", "said"]


def test_what_could_not_be_stored_may_be_said_again(stage: Stage) -> None:
    alice = stage.program("alice")
    alice.does(Say(text="hi", ref="7"), Say(text="hi", ref="7"))
    stage.carry_out(unstored="the disk is full")
    assert [message["code"] for message in alice.heard()] == ["not-stored", "not-stored"]
    assert kinds(alice.hears(Say(text="hi", ref="7"))) == ["ack", "said"]


def test_one_ref_for_several_messages_confuses_no_answer(stage: Stage) -> None:
    alice = stage.program("alice")
    heard = alice.hears(*(Say(text=text, ref="1") for text in ("a", "a", "b", "b")))
    acks = [message["id"] for message in heard if message["type"] == "ack"]
    said = {message["text"]: message["id"] for message in heard if message["type"] == "said"}
    assert sorted(acks) == sorted([said["a"], said["a"], said["b"], said["b"]])


def test_a_user_s_own_refs_do_not_pile_up(stage: Stage) -> None:
    alice = stage.program("alice")
    for number in range(MAX_REFS + 10):
        alice.does(Say(text="hi", ref=str(number)))
    stage.carry_out()
    assert len(alice.member.sent_refs) == MAX_REFS


def test_who_is_to_hear_the_past_first_hears_the_present_after_it(stage: Stage) -> None:
    bob, alice = stage.program("bob"), stage.program()
    assert kinds(alice.hears(Hello(nick="alice", after="1-0"))) == ["welcome"]
    bob.hears(Say(text="new"))
    assert alice.heard() == []
    assert kinds(alice.hears(Ping())) == ["pong"]
    alice.member.outbox.release()
    assert kinds(alice.heard()) == ["said"]


# Names.


def test_a_new_nick_is_told_to_everyone_and_the_old_one_is_free(stage: Stage) -> None:
    bob, alice = stage.program("bob"), stage.program("alice")
    bob.heard()
    renamed, ack = alice.hears(Rename(nick="carol", ref="7"))
    assert (renamed["type"], renamed["nick"], renamed["new"], renamed["room"]) == ("renamed", "alice", "carol", "lobby")
    assert ack == {"type": "ack", "ref": "7", "id": None}
    assert bob.heard() == [renamed]
    (said,) = alice.hears(Say(text="hi"))
    assert said["nick"] == "carol"
    assert kinds(stage.program().hears(Hello(nick="alice"))) == ["welcome"]


def test_a_new_nick_is_told_in_every_room_and_in_none_to_its_owner_alone(stage: Stage) -> None:
    alice = stage.program("alice")
    alice.hears(Join(room="tea"))
    assert [message["room"] for message in alice.hears(Rename(nick="carol"))] == ["lobby", "tea"]
    alice.hears(Leave(room="lobby"), Leave(room="tea"))
    assert kinds(alice.hears(Rename(nick="alice"))) == ["renamed"]


def test_the_same_nick_written_otherwise_is_a_new_one(stage: Stage) -> None:
    alice = stage.program("alice")
    assert [message["new"] for message in alice.hears(Rename(nick="ALICE"))] == ["ALICE"]
    assert code(alice.hears(Rename(nick="ALICE"))) == "nick-taken"


@pytest.mark.parametrize(("nick", "why"), [("BOB", "nick-taken"), ("a:b", "bad-nick"), ("server", "bad-nick")])
def test_a_nick_that_cannot_be_had_changes_nothing(stage: Stage, nick: str, why: str) -> None:
    bob, alice = stage.program("bob"), stage.program("alice")
    bob.heard()
    assert code(alice.hears(Rename(nick=nick))) == why
    assert bob.heard() == []
    assert alice.hears(Who())[0]["members"] == ["bob", "alice"]
    assert code(stage.program().hears(Hello(nick="alice"))) == "nick-taken"


# Talking.


def test_what_one_says_everyone_in_the_room_hears_alike_and_the_speaker_is_told_its_id_first(stage: Stage) -> None:
    bob, alice = stage.program("bob"), stage.program("alice")
    bob.heard()
    ack, said = alice.hears(Say(text="hi", ref="7"))
    assert ack == {"type": "ack", "ref": "7", "id": said["id"]}
    assert said == {
        "type": "said",
        "id": said["id"],
        "time": "1970-01-01T00:00:01.000Z",
        "room": "lobby",
        "nick": "alice",
        "text": "hi",
    }
    assert bob.heard() == [said]
    assert stage.log.latest("lobby", 1)[0].id == said["id"]


def test_everyone_hears_the_same_order(stage: Stage) -> None:
    users = [stage.program(name) for name in ("alice", "bob", "carol")]
    for user in users:
        user.heard()
    for number in range(3):
        for user in users:
            user.does(Say(text=f"{user.member.nick} {number}"))
    stage.carry_out()
    heard = [[said["text"] for said in user.heard()] for user in users]
    assert heard[0] == [f"{user.member.nick} {number}" for number in range(3) for user in users]
    assert heard[1:] == heard[:1] * 2


def test_what_is_said_before_someone_comes_is_not_heard_and_what_is_said_after_is(stage: Stage) -> None:
    bob, alice = stage.program("bob"), stage.program()
    bob.does(Say(text="before"))
    alice.does(Hello(nick="alice"))
    bob.does(Say(text="after"))
    stage.carry_out()
    assert kinds(bob.heard()) == ["said", "joined", "said"]
    assert [message.get("text") for message in alice.heard()] == [None, "after"]


def test_who_comes_while_another_takes_a_new_name_hears_of_it_after_the_old_one(stage: Stage) -> None:
    bob, alice = stage.program("bob"), stage.program()
    alice.does(Hello(nick="alice"))
    bob.does(Rename(nick="robert"))
    alice.does(Rename(nick="anna"), Who())
    stage.carry_out()
    welcome, *renamed, members = alice.heard()
    assert (welcome["nick"], welcome["members"]) == ("alice", ["bob", "alice"])
    assert [(message["nick"], message["new"]) for message in renamed] == [("bob", "robert"), ("alice", "anna")]
    assert members["members"] == ["robert", "anna"]


def test_what_is_said_after_one_has_left_is_not_heard(stage: Stage) -> None:
    bob, alice = stage.program("bob"), stage.program("alice")
    bob.does(Say(text="before"))
    alice.does(Leave())
    bob.does(Say(text="after"))
    stage.carry_out()
    assert [message.get("text") for message in alice.heard()] == ["before", None]


def test_an_action_is_heard_as_one(stage: Stage) -> None:
    (acted,) = stage.program("alice").hears(Act(text="waves"))
    assert (acted["type"], acted["text"]) == ("acted", "waves")


@pytest.mark.parametrize("command", [Say(text=" "), Act(text=""), Whisper(to="bob", text="\t"), WhisperBack(text=" ")])
def test_nothing_is_not_said(stage: Stage, command: commands.AnyCommand) -> None:
    bob, alice = stage.program("bob"), stage.program("alice")
    bob.hears(Whisper(to="alice", text="hi"))
    alice.heard()
    assert code(alice.hears(command)) == "empty"
    assert bob.heard() == []


def test_a_refusal_carries_the_ref_of_what_was_refused(stage: Stage) -> None:
    (error,) = stage.program("alice").hears(Say(text="", ref="7"))
    assert error["ref"] == "7"


def test_a_pong_comes_after_everything_that_was_on_its_way(stage: Stage) -> None:
    bob, alice = stage.program("bob"), stage.program("alice")
    bob.does(Say(text="one"), Whisper(to="alice", text="two"), Rename(nick="robert"))
    alice.does(Ping(token="7"))
    bob.does(Say(text="three"))
    stage.carry_out()
    assert kinds(alice.heard()) == ["said", "whispered", "renamed", "pong", "said"]


def test_nothing_is_heard_before_the_turn_has_come(stage: Stage) -> None:
    alice = stage.program("alice")
    alice.does(Say(text="hi", ref="7"), Ping(), Who())
    assert alice.heard() == []


# Whispers.


def test_a_whisper_is_heard_by_the_one_named_and_the_one_who_whispers(stage: Stage) -> None:
    alice, bob, carol = (stage.program(name) for name in ("alice", "bob", "carol"))
    alice.hears(), bob.hears()
    whispered, ack = alice.hears(Whisper(to="BOB", text="psst", ref="7"))
    assert whispered == {
        "type": "whispered",
        "time": "1970-01-01T00:16:40.000Z",
        "nick": "alice",
        "to": "bob",
        "text": "psst",
        "ref": "7",
    }
    assert ack == {"type": "ack", "ref": "7", "id": None}
    assert bob.heard() == [{name: value for name, value in whispered.items() if name != "ref"}]
    assert carol.heard() == []
    assert stage.log.latest("lobby", 1)[0].nick == "carol", "a whisper is not stored"


def test_a_whisper_finds_its_way_into_another_room(stage: Stage) -> None:
    alice, bob = stage.program("alice"), stage.program("bob", room="tea")
    alice.hears(Whisper(to="bob", text="psst"))
    assert kinds(bob.heard()) == ["whispered"]


def test_who_whispers_to_himself_hears_it_once(stage: Stage) -> None:
    assert kinds(stage.program("alice").hears(Whisper(to="alice", text="note"))) == ["whispered"]


def test_who_whispers_to_somebody_away_is_told_so_but_not_for_a_notice(stage: Stage) -> None:
    bob, eve = stage.program("bob"), stage.program("eve")
    eve.hears(commands.Away(text="lunch"))
    bob.heard()
    assert [one["type"] for one in bob.hears(Whisper(to="eve", text="there?"))] == ["whispered", "away_is"]
    assert [one["type"] for one in bob.hears(Whisper(to="eve", text="done", notice=True))] == ["whispered"]


def test_who_invites_somebody_away_is_told_so(stage: Stage) -> None:
    bob, eve = stage.program("bob", room="den"), stage.program("eve")
    eve.hears(commands.Away(text="lunch"))
    bob.heard()
    invited, away = bob.hears(commands.Invite(nick="eve"))
    assert (invited["type"], away["type"], away["nick"], away["text"]) == ("invited", "away_is", "eve", "lunch")


def test_who_is_away_is_told_so_once_and_of_those_who_watch_it_only_who_asked_for_all_news_is(stage: Stage) -> None:
    bob, json = stage.program("bob"), stage.program("json", room="den")
    irc = stage.on_irc("irc", "den", caps="away-notify extended-monitor")
    for watcher in (bob, json, irc):
        watcher.hears(commands.Watch(nicks=["bob"]))
    json.heard()
    assert kinds(bob.hears(commands.Away(text="tea", ref="1"))) == ["away_is"]
    assert json.heard() == []
    (line,) = irc.heard()
    assert line.endswith(" AWAY :tea")


def test_a_room_is_as_old_as_the_first_coming_in_whoever_comes_later(stage: Stage) -> None:
    bob = stage.program("bob")
    alice = stage.program()
    alice.does(Hello(nick="alice"))
    stage.offered |= show(stage.chat, store(stage.chat, stage.log, 100.0), 100.0, stage.now).outboxes.keys()
    assert [one["time"] for one in bob.heard()] == ["1970-01-01T00:01:40.000Z"]
    (members,) = bob.hears(Who())
    assert members["since"] == "1970-01-01T00:00:01.000Z"


def test_of_very_many_who_are_asked_for_it_is_told_that_there_are_more(stage: Stage) -> None:
    alice = stage.program("alice")
    for more in (False, True):
        (profiles,) = alice.hears(commands.Find(nicks=["alice"] * (MAX_LISTED + more)))
        assert (len(profiles["users"]), profiles["more"]) == (MAX_LISTED, more)


def test_who_watches_too_many_is_told_that_alone(stage: Stage) -> None:
    alice = stage.program("alice")
    alice.hears(commands.Watch(nicks=[f"user{number}" for number in range(MAX_WATCHED)]))
    assert code(alice.hears(commands.Watch(nicks=["bob"]))) == "too-many-watched"
    assert len(alice.hears(commands.Watch())[0]["gone"]) == MAX_WATCHED


def test_nobody_who_has_gone_watches_a_nick(stage: Stage) -> None:
    bob = stage.program("bob")
    bob.hears(commands.Watch(nicks=["ben"]))
    stage.chat.depart(bob.member)
    stage.chat.naming.release(bob.member, stage.now)
    stage.carry_out()
    assert stage.chat.watchers.of("ben") == []


def test_a_whisper_to_nobody_is_refused(stage: Stage) -> None:
    alice = stage.program("alice")
    assert code(alice.hears(Whisper(to="bob", text="psst"))) == "no-such-nick"
    assert code(alice.hears(Whisper(to="", text="psst"))) == "no-such-nick"


def test_a_reply_goes_to_who_whispered_last(stage: Stage) -> None:
    alice, bob, carol = (stage.program(name) for name in ("alice", "bob", "carol"))
    assert code(carol.hears(WhisperBack(text="what?"))) == "no-such-nick"
    alice.hears(Whisper(to="carol", text="one"))
    bob.hears(Whisper(to="carol", text="two"))
    alice.heard(), bob.heard(), carol.heard()
    carol.hears(WhisperBack(text="yes"))
    assert [message["text"] for message in bob.heard()] == ["yes"]
    assert alice.heard() == []


def test_a_reply_never_goes_to_another_who_has_taken_the_name_since(stage: Stage) -> None:
    alice, carol = stage.program("alice"), stage.program("carol")
    alice.hears(Whisper(to="carol", text="one"))
    stage.chat.depart(alice.member)
    stage.chat.tell(alice.member, BYE)
    stage.carry_out()
    heir = stage.program("alice")
    carol.heard(), heir.heard()
    assert code(carol.hears(WhisperBack(text="for her alone"))) == "no-such-nick"
    assert heir.heard() == []
    assert alice.member.nick == "alice"  # its session has not ended yet


def test_who_asks_is_told_for_how_long_somebody_has_said_nothing(stage: Stage) -> None:
    alice, bob = stage.program("alice"), stage.program("bob")
    stage.now += 100
    assert alice.hears(commands.Whois(nick="bob"))[-1]["users"][0]["idle"] == 100
    bob.hears(Say(text="hi"))
    stage.now += 5
    assert alice.hears(commands.Whois(nick="bob"))[-1]["users"][0]["idle"] == 5


def test_who_does_not_read_is_whispered_to_no_more_but_can_be_looked_up(stage: Stage) -> None:
    alice, bob = stage.program("alice"), stage.program("bob")
    for _ in range(MAX_PRIVATE_BYTES // 4_000 + 1):
        alice.hears(Whisper(to="bob", text="x" * 4_000))
    assert code(alice.hears(Whisper(to="bob", text="hi"))) == "not-reading"
    assert kinds(alice.hears(commands.Whois(nick="bob"))) == ["profiles"]
    bob.heard()
    assert kinds(alice.hears(Whisper(to="bob", text="hi"))) == ["whispered"]


# Rooms.


def test_a_program_can_be_in_several_rooms_and_then_has_to_say_which_it_means(stage: Stage) -> None:
    bob, alice = stage.program("bob", room="tea"), stage.program("alice")
    (members,) = alice.hears(Join(room="TEA", ref="7"))
    joined = bob.heard()[-1]
    assert members == {
        "type": "members",
        "room": "tea",
        "members": ["bob", "alice"],
        "count": 2,
        "topic": "",
        "moderators": [],
        "locked": False,
        "password": False,
        "muted": False,
        "since": "1970-01-01T00:00:01.000Z",
        "id": joined["id"],
        "ref": "7",
    }
    assert code(alice.hears(Say(text="hi"))) == "room-needed"
    said = alice.hears(Say(text="hi", room="Tea"), Say(text="hi", room="lobby"))
    assert sorted(message["room"] for message in said) == ["lobby", "tea"]
    assert [message["room"] for message in bob.heard()] == ["tea"]


def test_what_is_said_in_a_room_is_not_heard_in_another(stage: Stage) -> None:
    bob, alice = stage.program("bob"), stage.program("alice", room="tea")
    bob.hears(Say(text="hi"))
    assert alice.heard() == []


def test_a_notice_that_is_sent_again_is_recognised_among_what_the_log_has_kept() -> None:
    sent = SentRefs()
    kept = sent.add(Entry("tea", events.Said("1-0", "", "tea", "bot", "beep"), "7"))
    assert kept is not None
    assert sent.find(Entry("tea", events.Noticed("", "", "tea", "bot", "beep"), "7")) is kept


def test_who_is_in_a_room_and_its_topic_can_be_asked_from_outside(stage: Stage) -> None:
    alice = stage.program("alice")
    assert code(alice.hears(Who(room="tea"))) == code(alice.hears(Topic(room="tea"))) == "no-such-room"
    stage.program("bob", room="tea").hears(Topic(text="of tea"))
    (members,) = alice.hears(Who(room="TEA"))
    (topic,) = alice.hears(Topic(room="tea"))
    assert (members["members"], topic["text"]) == (["bob"], "of tea")


@pytest.mark.parametrize("command", [Say(text="hi", room="tea"), Leave(room="tea"), Topic(room="tea", text="mine")])
def test_who_is_not_in_a_room_has_no_part_in_it(stage: Stage, command: commands.AnyCommand) -> None:
    stage.program("bob", room="tea")
    assert code(stage.program("alice").hears(command)) == "not-in-room"


def test_who_is_in_a_room_does_not_join_it_again(stage: Stage) -> None:
    assert code(stage.program("alice").hears(Join(room="LOBBY"))) == "already-here"


def test_a_program_can_be_in_so_many_rooms_and_no_more(stage: Stage) -> None:
    alice = stage.program("alice")
    alice.hears(*(Join(room=f"room{number}") for number in range(MAX_ROOMS_PER_USER - 1)))
    assert code(alice.hears(Join(room="one more"))) == "too-many-rooms"
    alice.hears(Leave(room="lobby"))
    assert kinds(alice.hears(Join(room="one more"))) == ["members"]


def test_a_list_of_very_many_rooms_names_only_some(stage: Stage) -> None:
    for number in range(MAX_LISTED // MAX_ROOMS_PER_USER + 1):
        user = stage.program(f"user{number}", room=f"{number}.0")
        user.does(*(Join(room=f"{number}.{more}") for more in range(1, MAX_ROOMS_PER_USER)))
        stage.carry_out()
    (rooms,) = stage.program("alice").hears(Rooms())
    assert len(rooms["rooms"]) == MAX_LISTED


def test_a_ref_that_is_too_long_is_refused_and_only_its_beginning_comes_back(stage: Stage) -> None:
    alice, bob = stage.program("alice"), stage.program("bob")
    (error,) = alice.hears(Say(text="hi", ref="x" * (MAX_REF + 1)))[-1:]
    assert (error["code"], error["ref"]) == ("bad-ref", "x" * MAX_REF)
    assert bob.heard() == []


def test_who_comes_back_with_what_is_no_id_does_not_come_in(stage: Stage) -> None:
    bob, alice = stage.program("bob"), stage.program()
    assert kinds(alice.hears(Hello(nick="alice", after="yesterday"))) == ["error"]
    assert bob.heard() == []


def test_who_joins_with_what_is_no_id_does_not_come_into_the_room(stage: Stage) -> None:
    bob, alice = stage.program("bob", room="den"), stage.program("alice")
    bob.heard()
    assert [one["code"] for one in alice.hears(Join(room="den", after="yesterday", ref="7"))] == ["bad-id"]
    assert (bob.heard(), alice.member.rooms) == ([], ["lobby"])


def test_a_program_that_leaves_is_told_so_and_hears_no_more(stage: Stage) -> None:
    bob, alice = stage.program("bob"), stage.program("alice")
    left, ack = alice.hears(Leave(reason="late", ref="7"))
    assert (left["type"], left["nick"], left["reason"]) == ("left", "alice", "late")
    assert ack == {"type": "ack", "ref": "7", "id": left["id"]}
    assert bob.heard()[-1] == left
    bob.hears(Say(text="hi"))
    assert alice.heard() == []
    assert code(alice.hears(Say(text="hi"))) == "room-needed"


def test_who_leaves_at_the_end_of_a_long_batch_is_sent_what_was_said_before(stage: Stage) -> None:
    alice, bob = stage.program("alice"), stage.program("bob")
    bob.heard()
    alice.does(*[Say(text="hi")] * (chat._MAX_BATCH - 1))
    bob.does(Leave())
    stage.carry_out_batch()  # the answer comes with the next
    assert kinds(bob.heard()) == ["said"] * (chat._MAX_BATCH - 1)


def test_a_person_is_in_one_room_at_a_time(stage: Stage) -> None:
    bob, alice = stage.person("bob"), stage.person("alice")
    bob.heard()
    assert alice.hears(Join(room="tea")) == ["* 1 in tea: alice"]
    assert bob.heard() == ["* alice left"]
    assert alice.hears(Say(text="hi")) == ["alice: hi"]
    assert bob.heard() == []


def test_a_person_who_leaves_a_room_is_in_the_lobby_again(stage: Stage) -> None:
    bob, alice = stage.person("bob"), stage.person("alice")
    alice.hears(Join(room="tea"))
    bob.heard()
    assert alice.hears(Leave()) == ["* 2 in lobby: bob, alice"]
    assert bob.heard() == ["* alice joined"]
    assert alice.hears(Leave()) == ["* you are in the lobby; /exit leaves the chat"]


def test_a_room_is_gone_when_the_last_has_left_and_is_made_anew_by_the_next(stage: Stage) -> None:
    alice = stage.program("alice")
    alice.hears(Join(room="Tea"), Topic(room="tea", text="Earl Grey"))
    assert alice.hears(Rooms())[0]["rooms"] == {"lobby": 1, "Tea": 1}
    alice.hears(Leave(room="tea"))
    assert alice.hears(Rooms())[0]["rooms"] == {"lobby": 1}
    (members,) = alice.hears(Join(room="TEA"))
    assert (members["room"], members["topic"]) == ("TEA", "Earl Grey")  # as the log knows


def test_a_room_that_someone_enters_while_the_last_one_leaves_stays(stage: Stage) -> None:
    alice, bob = stage.program("alice"), stage.program("bob")
    alice.hears(Join(room="tea"), Topic(room="tea", text="Earl Grey"))
    alice.does(Leave(room="tea"))
    bob.does(Join(room="tea"))
    stage.carry_out()
    assert bob.heard()[-1]["topic"] == "Earl Grey"
    assert kinds(bob.hears(Say(text="hi", room="tea"))) == ["said"]


def test_who_leaves_the_chat_leaves_all_rooms(stage: Stage) -> None:
    bob, alice = stage.program("bob"), stage.program("alice")
    bob.hears(Join(room="tea"))
    alice.hears(Join(room="tea"))
    bob.heard()
    stage.chat.depart(alice.member, "late")
    stage.carry_out()
    assert [(message["type"], message["room"]) for message in bob.heard()] == [("left", "lobby"), ("left", "tea")]


def test_who_tells_who_is_here_once_the_turn_has_come(stage: Stage) -> None:
    alice, bob = stage.program("alice"), stage.program()
    alice.does(Who(ref="7"))
    bob.does(Hello(nick="bob"))
    alice.does(Who())
    stage.carry_out()
    before, _, after = alice.heard()
    assert (before["members"], before["ref"]) == (["alice"], "7")
    assert after["members"] == ["alice", "bob"]


def test_of_a_large_room_only_some_are_named_but_all_are_counted(stage: Stage) -> None:
    for number in range(MAX_LISTED + 1):
        stage.program().does(Hello(nick=f"user{number}"))
    (welcome,) = stage.program().hears(Hello(nick="alice"))
    assert len(welcome["members"]) == MAX_LISTED
    assert welcome["count"] == MAX_LISTED + 2


def test_a_topic_is_told_when_it_is_set_and_to_who_asks_and_to_who_comes(stage: Stage) -> None:
    alice = stage.program("alice")
    assert alice.hears(Topic())[0]["text"] == ""
    ack, topic = alice.hears(Topic(text="tea", ref="7"))
    assert (topic["type"], topic["nick"], topic["text"], ack["id"]) == ("topic", "alice", "tea", topic["id"])
    assert alice.hears(Topic(ref="8")) == [{"type": "topic_is", "room": "lobby", "text": "tea", "ref": "8"}]
    welcome = ["Hi, bob! To exit the chat enter 'exit'.", "* topic: tea", "* /help lists the commands"]
    assert stage.person().hears(Hello(nick="bob")) == welcome
    alice.hears(Topic(text=""))
    assert alice.hears(Topic())[0]["text"] == ""


# A log that cannot keep what was said.


def test_what_could_not_be_stored_is_heard_by_nobody_and_its_speaker_is_told(stage: Stage) -> None:
    bob, alice = stage.program("bob"), stage.program("alice")
    bob.heard()
    alice.does(Say(text="hi", ref="7"), Topic(text="tea"))
    stage.carry_out(unstored="no space left on device")
    said, topic = alice.heard()
    assert (said["code"], said["ref"], topic["code"]) == ("not-stored", "7", "not-stored")
    assert "no space left on device" in said["message"]
    assert bob.heard() == []
    assert alice.hears(Topic())[0]["text"] == ""
    assert not alice.member.unpublished


def test_coming_going_and_new_names_happen_though_they_could_not_be_stored(stage: Stage) -> None:
    bob, alice, carol = stage.program("bob"), stage.program("alice"), stage.program()
    bob.heard()
    carol.does(Hello(nick="carol"))
    alice.does(Rename(nick="anna", ref="7"), Leave())
    stage.carry_out(unstored="no space left on device")
    assert kinds(carol.heard()) == ["welcome", "renamed", "left"]
    assert [(message["type"], message["nick"]) for message in bob.heard()] == [
        ("joined", "carol"),
        ("renamed", "alice"),
        ("left", "anna"),
    ]


def test_a_log_that_cannot_be_read_keeps_nobody_out(stage: Stage) -> None:
    stage.log.is_unreadable = True
    assert stage.program().hears(Hello(nick="alice", room="den"))[0]["topic"] == ""


# Crowds.


def crowd(stage: Stage) -> list[User]:
    users = [stage.person() for _ in range(CROWD + 1)]
    for number, user in enumerate(users):
        user.does(Hello(nick=f"user{number}"))
    stage.carry_out()
    for user in users:
        user.heard()
    return users


def test_in_a_crowd_people_are_told_in_one_line_and_programs_of_each(stage: Stage) -> None:
    users = crowd(stage)
    program = stage.program("alice")
    stage.now += CROWD_GATHER_S
    stage.carry_out()
    assert users[0].heard() == ["* alice joined"]
    for number in range(7):
        stage.person(f"late{number}")
    assert kinds(program.heard()) == ["joined"] * 7
    assert users[0].heard() == []
    assert stage.chat.publisher.due() == stage.now + CROWD_GATHER_S
    stage.now += CROWD_GATHER_S
    stage.carry_out()
    assert users[0].heard() == ["* 7 joined"]
    assert stage.chat.publisher.due() is None


def test_in_a_crowd_who_came_is_told_before_what_is_said_next(stage: Stage) -> None:
    users = crowd(stage)
    alice = stage.person("alice")
    alice.hears(Say(text="hi"))
    assert users[0].heard() == ["* alice joined", "alice: hi"]


# Anything at all.

_names = st.sampled_from(["user0", "USER1", "user2", "alice", "Alice", "a:b"])
_rooms = st.sampled_from(["lobby", "lobby", "tea", "tea", "TEA", "*"])
_maybe_rooms = st.none() | _rooms
_texts = st.sampled_from(["hi", " ", "one two"])
_refs = st.none() | st.sampled_from(["1", "2"])
_talk = st.one_of(
    st.builds(Say, text=_texts, room=_maybe_rooms, ref=_refs), st.builds(Act, text=_texts, room=_maybe_rooms, ref=_refs)
)
_commands = st.one_of(
    st.builds(Hello, nick=_names, room=_rooms, token=st.none() | st.sampled_from(["token1", "token2", "é"])),
    st.builds(Whisper, to=_names, text=_texts, ref=_refs),
    st.builds(WhisperBack, text=_texts, ref=_refs),
    st.builds(Rename, nick=_names, ref=_refs),
    st.builds(Join, room=_rooms, ref=_refs),
    st.builds(Leave, room=_maybe_rooms, ref=_refs),
    st.builds(Who, room=_maybe_rooms, ref=_refs),
    st.builds(Rooms, ref=_refs),
    st.builds(Topic, room=_maybe_rooms, text=st.none() | _texts, ref=_refs),
    st.builds(Ping, token=_texts),
)
_deeds = st.tuples(st.integers(0, 3), st.one_of(_commands, _commands, _talk, st.just("turn"), st.just("gone")))


class Listener:
    """Follows what a program hears, and checks each stay in a room against the room's log."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.stays: dict[str, list[str]] = {}  # ids heard in each room since it was entered, that of `joined` first

    def listen(self, stage: Stage) -> None:
        for message in self.user.heard():
            room = message.get("room", "").lower()
            match message["type"]:
                case "welcome":
                    self.stays[room] = [message["id"]]
                case "members" if message["id"] is not None:
                    self.stays[room] = [message["id"]]
                case "left" if stage.doers[message["id"]] is self.user.member:
                    self.check(room, stage, message["id"])
                    del self.stays[room]
                case "said" | "acted" | "joined" | "left" | "renamed" | "topic" if room:
                    self.stays[room].append(message["id"])

    def check(self, room: str, stage: Stage, before: str) -> None:
        """Check that all that the room said was heard, once and in order."""
        joined, *heard = self.stays[room]
        assert heard == [
            event.id
            for event in (entry.event for entry in stage.log.since(room, joined, 999))
            if number_of(event.id) < number_of(before)
        ]


@settings(max_examples=80)
@given(st.lists(_deeds, min_size=5, max_size=40), st.sampled_from([1, 2, 3, 256]))
def test_whatever_users_do_each_hears_what_its_rooms_say_once_and_in_order(
    transactions: list[tuple[int, Any]], most: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geventchat.core.chat._MAX_BATCH", most)
        _check_deeds(transactions)


def _check_deeds(transactions: list[tuple[int, Any]]) -> None:
    stage = Stage(Limits())
    listeners = [Listener(stage.program()) for _ in range(4)]
    for number in range(3):
        listeners[number].user.does(Hello(nick=f"user{number}"))
    for number, transaction in [*transactions, (0, "turn")]:
        user = listeners[number].user
        if transaction == "turn":
            stage.carry_out()
            for listener in listeners:
                listener.listen(stage)
        elif transaction == "gone" or user.replaced:
            stage.chat.depart(user.member)
            stage.chat.tell(user.member, BYE)
            listeners[number] = Listener(stage.program())
        else:
            user.does(transaction)
    for listener in listeners:
        if not listener.user.replaced:
            assert listener.stays.keys() == set(listener.user.member.rooms)
            for room in listener.stays:
                listener.check(room, stage, "999999999999-0")
            assert not listener.user.member.unpublished
    here = [listener.user.member for listener in listeners if listener.user.member.rooms]
    if here:
        asker = stage.program("asker")
        (rooms,) = asker.hears(Rooms())
        counts = {name.lower(): count for name, count in rooms["rooms"].items()}
        everywhere = [room for member in (*here, asker.member) for room in member.rooms]
        assert counts == {room: everywhere.count(room) for room in everywhere}
        keys = [member.key for member in here]
        assert len(set(keys)) == len(keys)
