"""What those who moderate can do, who cannot, and what everybody is told."""

from typing import Any

import pytest
from msgspec.structs import replace

from geventchat.commands import actions
from geventchat.commands.commands import (
    Act,
    Bye,
    Describe,
    Find,
    Hello,
    Help,
    History,
    Invite,
    Join,
    Leave,
    Login,
    Logout,
    Rename,
    Rooms,
    Say,
    Topic,
    Whisper,
    WhisperBack,
    Who,
    Whois,
)
from geventchat.commands.followups import CheckPassword, Goodbye
from geventchat.commands.moderation import (
    Announce,
    Approve,
    Ban,
    Bans,
    Delete,
    Kick,
    Lock,
    Mute,
    Slow,
    Unban,
    Unlock,
    Unmute,
)
from geventchat.core.accounts import Account
from geventchat.core.kept import Change, Kept
from geventchat.core.moderation.room_rules import RoomRules, Rules
from geventchat.core.moderation.sanctions import Ban as BanRecord
from geventchat.core.moderation.sanctions import Sanctions
from geventchat.core.moderation.word_filter import Filter
from geventchat.dialects.irc.asked import Asked
from geventchat.protocol.errors import Refused
from geventchat.protocol.events import Moderation
from geventchat.protocol.limits import LINK_S, MAX_INVITED, MAX_OWNED, MAX_SANCTIONS, MAX_SANCTIONS_OF_ROOM
from geventchat.protocol.names import HOST, pseudonym
from geventchat.protocol.roles import Role
from tests.stage import Stage, User


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def mod(stage: Stage) -> User:
    """Somebody who moderates the server, in the lobby."""
    mod = stage.program()
    mod.member.role = Role.MODERATOR
    mod.hears(Hello(nick="mod"))
    return mod


def from_address(stage: Stage, nick: str, address: str, **hello: Any) -> User:
    user = stage.program()
    user.member.address = address
    user.hears(Hello(nick=nick, **hello))
    return user


def with_account(stage: Stage, name: str, role: Role = Role.USER, **hello: Any) -> User:
    """Return somebody who has logged in to an account of that name."""
    account = Account(name=name, role=role)
    stage.chat.kept.put(account)
    user = stage.program()
    stage.chat.logins.log_in(user.member, account)
    user.hears(Hello(nick=name, **hello))
    return user


def told(heard: list[Any], kind: str) -> dict[str, Any]:
    """Return the only message of this type among those heard."""
    (message,) = [one for one in heard if one["type"] == kind]
    assert isinstance(message, dict)
    return message


def code(heard: list[Any]) -> str:
    return str(told(heard, "error")["code"])


# Who may.


@pytest.mark.parametrize(
    "command",
    [
        Kick(nick="bob"),
        Ban(who="bob"),
        Unban(who="bob"),
        Bans(),
        Mute(nick="bob"),
        Unmute(nick="bob"),
        Slow(every="10s"),
        Lock(),
        Unlock(),
        Delete(id="1-0"),
        Approve(id="1-0"),
        Announce(text="hi"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_who_does_not_moderate_may_not(stage: Stage, command: Any) -> None:
    bob, eve = stage.program("bob"), stage.program("eve")
    bob.heard()
    assert code(eve.hears(command)) == "forbidden"
    assert bob.heard() == []


def test_who_makes_a_room_with_an_account_has_it_and_moderates_it_alone(stage: Stage) -> None:
    ann, bob = with_account(stage, "ann", room="den"), stage.program("bob", room="den")
    assert bob.hears(Who())[0]["moderators"] == ["ann"]
    told(ann.hears(Slow(every="10s", room="den", ref="1")), "ack")
    ann.hears(Join(room="lobby"))
    assert code(ann.hears(Slow(every="10s", room="lobby"))) == "forbidden"
    assert code(ann.hears(Announce(text="hi"))) == "forbidden"


def test_a_moderator_keeps_order_in_rooms_where_it_is_not(stage: Stage, mod: User) -> None:
    bob = stage.program("bob", room="den")
    bob.heard()
    mod.hears(Lock(room="den"))
    assert told(bob.heard(), "locked")["nick"] == "mod"
    assert code(mod.hears(Lock(room="tea"))) == "no-such-room"


@pytest.mark.parametrize("command", [Lock(room="@log"), Slow(room="@log", every="10s"), Delete(room="@log", id="mod")])
def test_nobody_moderates_the_moderators_own_room(mod: User, command: Any) -> None:
    mod.hears(Join(room="@log"))
    assert code(mod.hears(command)) == "forbidden"


def test_help_tells_of_moderation_those_who_may(stage: Stage, mod: User) -> None:
    ann, bob = with_account(stage, "ann", room="den"), stage.program("bob", room="den")
    ann.heard()
    told_of = ["/kick" in str(told(one.hears(Help()), "help")["lines"]) for one in (mod, ann, bob)]
    assert told_of == [True, True, False]


def test_nobody_has_the_lobby_nor_a_room_in_which_something_was_said_before(stage: Stage) -> None:
    ann = with_account(stage, "ann")
    assert code(ann.hears(Slow(every="10s"))) == "forbidden"
    bob = stage.program("bob", room="den")
    bob.hears(Say(text="first"))
    stage.chat.depart(bob.member)
    stage.carry_out()
    ann.hears(Join(room="den"))
    assert code(ann.hears(Slow(every="10s", room="den"))) == "forbidden"


def test_nobody_acts_on_who_may_as_much(stage: Stage, mod: User) -> None:
    boss, other = with_account(stage, "boss", Role.OWNER), with_account(stage, "other", Role.MODERATOR)
    for command in (Kick(nick="other"), Ban(who="boss"), Mute(nick="mod")):
        assert code(mod.hears(command)) == "forbidden"
    told(boss.hears(Kick(nick="other")), "kicked")
    other.hears(Join(room="lobby"))
    ann = with_account(stage, "ann", room="den")
    other.hears(Join(room="den"))
    assert code(ann.hears(Kick(nick="other"))) == "forbidden"


def test_an_account_that_is_away_is_not_banned_by_its_equals(stage: Stage, mod: User) -> None:
    stage.chat.kept.put(Account(name="boss", role=Role.OWNER))
    assert code(mod.hears(Ban(who="boss"))) == "forbidden"


def test_who_asks_on_irc_for_bans_that_it_may_not_see_is_shown_none(stage: Stage, mod: User) -> None:
    mod.hears(Ban(who="eve", room="lobby", reason="spam"))
    bob = stage.on_irc("bob", "lobby")
    bob.heard()
    asked = Asked("SET MODE", "", "", "b#lobby").ref
    assert bob.hears(Bans(room="lobby", ref=asked)) == [":chat.geventchat 368 bob #lobby :End of list"]
    bob.member.role = Role.MODERATOR
    listed = bob.hears(Bans(room="lobby", ref=asked))
    assert listed[0] == ":chat.geventchat 367 bob #lobby eve!*@* mod 1000"
    assert len(listed) == 2


# Kicks.


def test_who_is_kicked_is_out_of_the_room_and_all_are_told_by_whom_and_why(stage: Stage, mod: User) -> None:
    bob, eve = stage.program("bob"), stage.program("eve")
    bob.heard()
    kicked = told(mod.hears(Kick(nick="eve", reason="spam")), "kicked")
    assert (kicked["nick"], kicked["who"], kicked["reason"]) == ("mod", "eve", "spam")
    assert told(bob.heard(), "kicked")["id"] == kicked["id"]
    assert told(eve.heard(), "kicked")["who"] == "eve"
    bob.hears(Say(text="quiet at last"))
    assert eve.heard() == []
    assert bob.hears(Who())[0]["members"] == ["mod", "bob"]
    assert told(eve.hears(Join(room="lobby")), "members")["count"] == 3


def test_a_person_who_is_kicked_goes_to_the_lobby_and_from_there_out_of_the_chat(stage: Stage, mod: User) -> None:
    nc = stage.person("nc")
    nc.hears(Join(room="den"))
    mod.hears(Join(room="den"), Kick(nick="nc", room="den"))
    assert nc.heard()[-2:] == ["* mod put nc out", "* 2 in lobby: mod, nc"]
    mod.hears(Kick(nick="nc", room="lobby", reason="enough"))
    assert nc.heard()[-1] == "* mod put you out: enough"
    assert nc.replaced
    assert "nc" not in mod.hears(Who(room="lobby"))[0]["members"]


def test_kicks_reach_every_dialect(stage: Stage, mod: User) -> None:
    nc, bob = stage.person("nc"), stage.on_irc("bob", "lobby")
    eve = stage.program("eve")
    nc.heard(), bob.heard()
    mod.hears(Kick(nick="eve", reason="spam"))
    assert eve.heard()[-1]["type"] == "kicked"
    assert nc.heard() == ["* mod put eve out: spam"]
    assert bob.heard()[0].endswith(" KICK #lobby eve :spam")


def test_a_name_taken_after_the_kick_was_asked_for_changes_nothing(stage: Stage, mod: User) -> None:
    eve, bob = stage.program("eve"), stage.program("bob")
    bob.heard()
    mod.does(Kick(nick="eve"))
    eve.does(Rename(nick="adam"))
    stage.carry_out()
    renamed, kicked = bob.heard()
    assert (renamed["new"], kicked["who"]) == ("adam", "adam")
    assert bob.hears(Who())[-1]["members"] == ["mod", "bob"]


def test_who_leaves_and_comes_back_while_it_is_kicked_is_out_all_the_same(stage: Stage, mod: User) -> None:
    eve = stage.program("eve", room="den")
    mod.does(Kick(nick="eve", room="den"))
    eve.does(Leave(room="den"), Join(room="den"))
    bob = stage.program()
    bob.does(Hello(nick="bob", room="den"))
    stage.carry_out()
    assert told(bob.heard(), "kicked")["who"] == "eve"
    assert told(eve.heard(), "kicked")["room"] == "den"


# Bans.


def test_who_is_banned_is_sent_away_and_cannot_come_back_until_then(stage: Stage, mod: User) -> None:
    bob, eve = stage.program("bob"), stage.program("eve")
    bob.heard()
    mod.hears(Ban(who="Eve", lasts="10m", reason="spam"))
    heard = bob.heard()
    assert (told(heard, "banned")["who"], told(heard, "banned")["reason"]) == ("eve", "spam")
    assert told(heard, "banned")["until"] == "1970-01-01T00:26:40.000Z"
    assert told(heard, "left")["reason"] == "banned by mod: spam"
    closing = told(eve.heard(), "closing")
    assert (closing["code"], eve.replaced) == ("banned", True)
    again = stage.program()
    assert told(again.hears(Hello(nick="EVE")), "error")["message"].endswith("until 1970-01-01 00:26 UTC: spam")
    stage.now += 601
    told(again.hears(Hello(nick="eve")), "welcome")


@pytest.mark.parametrize("room", [None, "den"])
def test_who_is_banned_by_name_cannot_take_that_name_later(stage: Stage, mod: User, room: str | None) -> None:
    bob, ben = stage.program("bob", room="den"), stage.program("ben")
    mod.hears(Ban(who="eve", room=room))
    bob.heard()
    assert code(bob.hears(Rename(nick="eve"))) == "banned"
    assert ("error" in [one["type"] for one in ben.hears(Rename(nick="eve"))]) == (room is None)


def test_a_ban_of_an_account_holds_under_every_nick(stage: Stage, mod: User) -> None:
    eve = with_account(stage, "eve")
    eve.hears(Rename(nick="adam"))
    mod.hears(Ban(who="eve"))
    assert told(eve.heard(), "closing")["code"] == "banned"


def test_a_ban_of_an_address_hits_all_from_there_and_tells_nobody_where_that_is(stage: Stage, mod: User) -> None:
    bob = stage.program("bob")
    eve, eva = from_address(stage, "eve", "192.0.2.7"), from_address(stage, "eva", "192.0.2.9")
    mod.hears(Ban(who="192.0.2.0/29"))
    assert told(eve.heard(), "closing")["code"] == "banned"
    assert "closing" not in [message["type"] for message in eva.heard()]
    mod.hears(Ban(who="192.0.2.0/24", lasts="1h"))
    mod.hears(Ban(who="198.51.100.0/24"), Mute(nick="198.51.100.7"))  # from where nobody is
    heard = bob.heard()
    assert "192.0.2" not in str(heard)
    assert "198.51" not in str(heard)
    assert [one["who"] for one in heard if one["type"] == "banned"] == ["eve", "eva", "somebody"]
    late = stage.program()
    late.member.address = "::ffff:192.0.2.33"
    assert code(late.hears(Hello(nick="late"))) == "banned"


def test_a_ban_of_addresses_from_one_room_holds_nowhere_else(stage: Stage, mod: User) -> None:
    mod.hears(Join(room="tea"), Ban(who="192.0.2.0/24", room="tea"))
    eve = from_address(stage, "eve", "192.0.2.7")
    assert code(eve.hears(Join(room="tea"))) == "banned"
    told(eve.hears(Join(room="den")), "members")


def test_servers_that_have_begun_at_the_same_moment_call_who_comes_from_one_place_the_same() -> None:
    stages = [Stage(), Stage()]
    changes = [stage.chat.moderation.secret(fresh) for stage, fresh in zip(stages, ("aa", "bb"), strict=True)]
    origins = set()
    for stage in stages:
        stage.chat.kept.settle([change for change in changes if change is not None])  # in the order of the log
        stage.program("eve")
        eve = stage.chat.nicks.find("eve")
        assert eve is not None
        eve.address = "192.0.2.1"
        origins.add(stage.chat.moderation.origin(eve))
    assert len(origins) == 1


def test_moderators_see_an_origin_that_a_ban_takes_and_others_see_none(stage: Stage, mod: User) -> None:
    bob, eve = from_address(stage, "bob", "192.0.2.5"), from_address(stage, "eve", "2001:db8::1")
    (profile,) = mod.hears(Whois(nick="eve"))[-1]["users"]
    assert profile["origin"].startswith("from:")
    assert bob.hears(Whois(nick="eve"))[-1]["users"][0]["origin"] == ""
    mod.hears(Ban(who=profile["origin"], reason="spam"))
    assert told(eve.heard(), "closing")["code"] == "banned"
    assert profile["origin"] not in str(bob.heard())
    near = stage.program()
    near.member.address = "2001:db8::2"
    assert code(near.hears(Hello(nick="near"))) == "banned"
    far = stage.program()
    far.member.address = "2001:db8:0:1::1"
    told(far.hears(Hello(nick="far")), "welcome")


def test_no_ban_of_an_address_hits_a_moderator(stage: Stage) -> None:
    boss = stage.program()
    boss.member.role, boss.member.address = Role.OWNER, "192.0.2.7"
    boss.hears(Hello(nick="boss"))
    boss.hears(Ban(who="192.0.2.7"))
    assert len(told(boss.hears(Bans()), "bans")["bans"]) == 1
    assert not boss.replaced


def test_a_list_tells_of_all_bans_and_one_that_is_lifted_is_none(stage: Stage, mod: User) -> None:
    mod.hears(Ban(who="eve", reason="spam"), Ban(who="192.0.2.7"), Mute(nick="bob", lasts="1h"))
    listed = told(mod.hears(Bans()), "bans")
    assert [(one["who"], one["by"], one["reason"]) for one in listed["bans"]] == [
        ("eve", "mod", "spam"),
        ("192.0.2.7/32", "mod", ""),
    ]
    assert [one["who"] for one in listed["mutes"]] == ["bob"]
    mod.hears(Unban(who="eve"), Unban(who="192.0.2.7"))
    assert told(mod.hears(Bans()), "bans")["bans"] == []
    assert code(mod.hears(Unban(who="eve"))) == "no-such-ban"
    told(stage.program().hears(Hello(nick="eve")), "welcome")


def test_who_has_a_room_bans_from_that_room_and_by_name_only(stage: Stage) -> None:
    ann, eve = with_account(stage, "ann", room="den"), stage.program("eve", room="den")
    assert told(ann.hears(Ban(who="eve")), "banned")["room"] == "den"
    assert told(eve.heard(), "kicked")["who"] == "eve"
    assert code(eve.hears(Join(room="den"))) == "banned"
    told(eve.hears(Join(room="lobby")), "members")
    assert code(ann.hears(Ban(who="192.0.2.7"))) == "forbidden"


def test_a_ban_of_addresses_that_has_ended_lets_them_in_and_is_kept_no_longer_than_to_the_next(
    stage: Stage, mod: User
) -> None:
    mod.hears(Ban(who="192.0.2.0/24", lasts="10m"))
    stage.now += 601
    eve = stage.program()
    eve.member.address = "192.0.2.7"
    told(eve.hears(Hello(nick="eve")), "welcome")
    mod.hears(Ban(who="bob"))
    assert [one.who for one in stage.chat.kept.of(BanRecord)] == ["bob"]
    assert stage.chat.kept.unstored == []


def test_nothing_stays_of_a_ban_of_addresses_that_is_lifted(stage: Stage, mod: User) -> None:
    mod.hears(Ban(who="192.0.2.0/24"), Unban(who="192.0.2.0/24"))
    assert stage.chat.moderation.bans._networks == {}


@pytest.mark.parametrize(("room", "most"), [("", MAX_SANCTIONS), ("den", MAX_SANCTIONS_OF_ROOM)])
def test_a_room_may_have_some_bans_and_the_server_many(room: str, most: int) -> None:
    kept = Kept()
    many = [BanRecord(target=f"name:{at}", who=str(at), by="mod", since=0.0, room=room) for at in range(most + 1)]
    kept.load(many[: most - 1])
    bans = Sanctions(kept, BanRecord)
    bans.put(many[most - 1], 0.0)
    with pytest.raises(Refused, match=f"there are {most} of these already"):
        bans.put(many[most], 0.0)


@pytest.mark.parametrize("wrong", ["10", "soon", "-5m", ""])
def test_a_time_that_is_none_is_refused(mod: User, wrong: str) -> None:
    assert code(mod.hears(Ban(who="eve", lasts=wrong))) == "bad-duration"


def test_a_time_beyond_all_years_is_a_long_one(stage: Stage, mod: User) -> None:
    stage.program("eve")
    muted = told(mod.hears(Mute(nick="eve", lasts="99999999w")), "muted")
    assert "2060" < muted["until"] < "2080"  # a hundred years after the stage's clock, which begins in 1970


# Mutes and slow rooms.


def test_who_is_muted_is_told_and_can_speak_to_moderators_only(stage: Stage, mod: User) -> None:
    bob, eve = stage.program("bob"), stage.program("eve")
    mod.hears(Mute(nick="eve", lasts="10m", reason="shouting"))
    assert told(eve.heard(), "muted")["who"] == "eve"
    bob.heard()
    for command in (
        Say(text="x"),
        Topic(text="x"),
        Whisper(to="bob", text="x"),
        Rename(nick="adam"),
        Invite(nick="bob"),
    ):
        assert code(eve.hears(command)) == "muted"
    assert bob.heard() == []
    told(eve.hears(Whisper(to="mod", text="sorry")), "whispered")
    bob.hears(Whisper(to="eve", text="what is it?"))
    assert code(eve.hears(WhisperBack(text="x"))) == "muted"
    mod.hears(Whisper(to="eve", text="why?"))
    eve.heard()
    told(eve.hears(WhisperBack(text="because")), "whispered")
    told(eve.hears(Topic()), "topic_is")
    mod.hears(Unmute(nick="eve"))
    eve.heard()
    told(eve.hears(Say(text="thanks")), "said")


def test_a_mute_stays_with_who_comes_back_and_ends_by_itself(stage: Stage, mod: User) -> None:
    eve = stage.program("eve")
    mod.hears(Mute(nick="eve", lasts="10m"))
    stage.chat.depart(eve.member)
    stage.chat.naming.release(eve.member, stage.now)
    stage.carry_out()
    eve = stage.program("eve")
    assert code(eve.hears(Say(text="x"))) == "muted"
    stage.now += 601
    told(eve.hears(Say(text="x")), "said")


def test_everybody_in_a_room_can_be_muted_but_who_moderates_it(stage: Stage, mod: User) -> None:
    bob = stage.program("bob")
    bob.hears(Join(room="den"))
    mod.hears(Mute(nick="*", reason="listen"))
    assert told(bob.heard(), "muted")["who"] == "*"
    assert code(bob.hears(Say(text="x", room="lobby"))) == "muted"
    told(bob.hears(Say(text="x", room="den")), "said")
    told(mod.hears(Say(text="x")), "said")
    mod.hears(Unmute(nick="*"))
    bob.heard()
    told(bob.hears(Say(text="x", room="lobby")), "said")


def test_in_a_slow_room_one_speaks_once_in_a_while_whatever_one_is_called(stage: Stage, mod: User) -> None:
    bob, eve = stage.program("bob"), stage.program("eve")
    assert told(mod.hears(Slow(every="30s")), "slowed")["every"] == 30
    bob.heard()
    told(bob.hears(Say(text="one")), "said")
    refused = told(bob.hears(Say(text="two", ref="7")), "error")
    assert (refused["code"], refused["ref"]) == ("slow-down", "7")
    told(bob.hears(Rename(nick="rob")), "renamed")
    assert code(bob.hears(Say(text="two"))) == "slow-down"
    mod.heard()
    assert [one["text"] for one in mod.hears(Say(text="a"), Say(text="b"))] == ["a", "b"]
    eve.heard()
    told(eve.hears(Say(text="three")), "said")
    stage.now += 31
    bob.heard()
    told(bob.hears(Say(text="two")), "said")
    mod.hears(Slow())
    bob.heard()
    told(bob.hears(Say(text="four")), "said")


def test_in_a_slow_room_nobody_waits_longer_though_the_clock_is_set_back(stage: Stage, mod: User) -> None:
    bob = stage.program("bob")
    mod.hears(Slow(every="30s"))
    bob.hears(Say(text="one"))
    stage.now -= 900
    assert told(bob.hears(Say(text="two")), "error")["message"].endswith("in 30 s")


def test_nobody_waits_by_what_held_before_a_room_was_made_slow_anew(stage: Stage, mod: User) -> None:
    bob = stage.program("bob")
    mod.hears(Slow(every="1h"))
    bob.hears(Say(text="one"))
    mod.hears(Slow(every="10s"))
    bob.heard()
    told(bob.hears(Say(text="two")), "said")


# Locked rooms.


def test_a_locked_room_lets_in_only_who_is_invited_and_hides_from_others(stage: Stage, mod: User) -> None:
    mod.hears(Join(room="den"), Topic(text="plans", room="den"))
    bob, eve = stage.program("bob"), stage.program("eve")
    mod.hears(Lock(room="den"))
    assert told(mod.hears(Who(room="den")), "members")["locked"]
    assert code(eve.hears(Join(room="den"))) == "locked"
    assert code(eve.hears(Who(room="den"))) == "locked"
    assert code(eve.hears(Topic(room="den"))) == "locked"
    listed = told(eve.hears(Rooms()), "rooms")
    assert ("den" in listed["rooms"], "den" in listed["topics"]) == (False, False)
    assert told(eve.hears(Find(room="den")), "profiles")["users"] == []
    assert told(eve.hears(Whois(nick="mod")), "profiles")["users"][0]["rooms"] == ["lobby"]
    assert code(stage.program().hears(Hello(nick="new", room="den", after="1-0"))) == "locked"
    mod.hears(Invite(nick="bob", room="den"))
    bob.heard()
    assert told(bob.hears(Join(room="den")), "members")["topic"] == "plans"
    assert code(bob.hears(Invite(nick="eve", room="den"))) == "forbidden"
    mod.hears(Kick(nick="bob", room="den"))
    bob.heard()
    assert code(bob.hears(Join(room="den"))) == "locked"
    mod.hears(Unlock(room="den"))
    told(eve.hears(Join(room="den")), "members")
    eve.hears(Leave(room="den"))
    mod.hears(Lock(room="den"))


def test_who_was_let_into_a_locked_room_is_not_let_in_when_it_is_locked_again(stage: Stage, mod: User) -> None:
    mod.hears(Join(room="den"), Lock(room="den"))
    bob = stage.program("bob")
    mod.hears(Invite(nick="bob", room="den"))
    bob.hears(Join(room="den"), Leave(room="den"))
    mod.hears(Unlock(room="den"), Lock(room="den"))
    bob.heard()
    assert code(bob.hears(Join(room="den"))) == "locked"


def test_who_was_let_in_before_a_room_was_unlocked_is_not_when_another_server_locks_it(stage: Stage, mod: User) -> None:
    bob = stage.program("bob")
    mod.hears(Join(room="den"), Lock(room="den"), Invite(nick="bob", room="den"), Unlock(room="den"))
    bob.heard()
    stage.chat.kept.put(RoomRules(room="den", locked=True))
    assert code(bob.hears(Join(room="den"))) == "locked"


def test_the_lobby_takes_no_password_for_nobody_would_be_asked_for_it(stage: Stage, mod: User) -> None:
    assert code(mod.hears(Lock(password="sesame"))) == "bad-room"
    assert code(mod.hears(Lock(room="LOBBY", password="sesame"))) == "bad-room"
    stage.program("bob")
    told(mod.heard(), "joined")


def test_who_is_gone_cannot_be_banned_by_the_pseudonym_that_irc_has_shown(stage: Stage, mod: User) -> None:
    bob = stage.program("bob")
    host = f"{HOST}{pseudonym('bob')}"
    bob.does(Bye())
    stage.chat.depart(bob.member)
    stage.chat.naming.release(bob.member, stage.now)
    stage.carry_out()
    mod.heard()
    (error,) = mod.hears(Ban(who=host))
    assert (error["code"], error["message"]) == ("no-such-nick", "whoever that was is not here any more: ban the nick")


def test_a_person_whom_the_lobby_would_not_let_in_stays_in_the_room(stage: Stage, mod: User) -> None:
    bob = stage.person("bob")
    bob.hears(Join(room="den"))
    mod.hears(Lock(room="lobby"))
    assert bob.hears(Leave()) == ["* that room is locked: it takes to be invited"]
    assert list(bob.member.rooms) == ["den"]


def test_nobody_logs_in_to_an_account_that_is_banned(stage: Stage, mod: User) -> None:
    stage.chat.kept.put(Account(name="eve"))
    mod.hears(Ban(who="eve"))
    bob = stage.program("bob")
    followup = actions.do(stage.chat, bob.member, Login(account="eve", password="x"), stage.now)
    assert isinstance(followup, CheckPassword)
    with pytest.raises(Refused, match="that account is banned"):
        followup.then(True)
    assert bob.member.account is None


def test_a_password_opens_a_locked_room_and_whoever_gave_it_can_come_back(stage: Stage, mod: User) -> None:
    mod.hears(Join(room="den"), Lock(room="den", password="sesame"))
    eve = stage.program("eve")
    (error,) = eve.hears(Join(room="Den", password="sesam"))
    assert (error["code"], error["about"]) == ("key-needed", "Den")  # as eve calls it, so that clients know it again
    told(eve.hears(Join(room="den", password="sesame")), "members")
    token = eve.member.token
    stage.chat.depart(eve.member)
    stage.chat.naming.release(eve.member, stage.now)
    stage.carry_out()
    assert code(stage.program().hears(Hello(nick="eve", room="den", token="another"))) == "key-needed"
    told(stage.program().hears(Hello(nick="eve", room="den", token=token)), "welcome")


def test_who_was_in_the_room_when_it_was_locked_comes_back_over_the_old_connection(stage: Stage, mod: User) -> None:
    eve = stage.program("eve", room="den")
    mod.hears(Join(room="den"), Lock(room="den"))
    told(stage.program().hears(Hello(nick="eve", room="den", token=eve.member.token)), "welcome")


def test_who_is_in_a_locked_room_comes_back_over_the_old_connection_though_nobody_would_let_it_in_anew(
    stage: Stage, mod: User
) -> None:
    mod.hears(Join(room="den"), Lock(room="den"))
    ann = with_account(stage, "ann")
    mod.hears(Invite(nick="ann", room="den"))
    ann.hears(Join(room="den"), Logout())  # only the account was invited
    assert code(stage.program().hears(Hello(nick="ben", room="den"))) == "locked"
    told(stage.program().hears(Hello(nick=ann.member.nick, room="den", token=ann.member.token)), "welcome")


def test_an_invited_account_is_let_in_on_any_connection(stage: Stage, mod: User) -> None:
    mod.hears(Join(room="den"), Lock(room="den"))
    ann = with_account(stage, "ann")
    mod.hears(Invite(nick="ann", room="den"))
    stage.chat.depart(ann.member)
    stage.carry_out()
    again = stage.program()
    stage.chat.logins.log_in(again.member, Account(name="ann"))
    told(again.hears(Hello(nick="ann^2", room="den")), "welcome")


def test_who_has_a_room_does_not_act_there_on_another_connection_of_its_account(stage: Stage) -> None:
    ann = with_account(stage, "ann", room="den")
    told(stage.program().hears(Hello(nick="eve", room="den")), "welcome")
    again = stage.program()
    stage.chat.logins.log_in(again.member, Account(name="ann"))
    told(again.hears(Hello(nick="ann^2", room="den")), "welcome")
    assert code(ann.hears(Mute(nick="ann^2", room="den"))) == "forbidden"
    assert code(ann.hears(Kick(nick="ann^2", room="den"))) == "forbidden"
    told(ann.hears(Kick(nick="eve", room="den")), "kicked")


def test_a_room_is_locked_that_is_unlocked_on_another_server_just_before_it_gets_another_password() -> None:
    kept, locked = Kept(), RoomRules(room="den", owner="ann", locked=True, password="one")
    kept.load([locked])
    rules = Rules(kept)
    change = rules.lock("den", "another", 1.0)
    kept.settle([Change(RoomRules, "den", replace(locked, locked=False, password=""))])
    kept.settle([change])
    assert not rules.lets_in("den", "", "", "")
    assert rules.lets_in("den", "", "", "another")


@pytest.mark.parametrize("is_unlocked_first", [True, False])
def test_a_room_that_is_unlocked_as_it_gets_an_owner_on_another_server_is_open_and_its_owners(
    is_unlocked_first: bool,
) -> None:
    locked = RoomRules(room="den", locked=True, password="one")
    one, other = Kept(), Kept()
    for kept in one, other:
        kept.load([locked])
    changes = [*Rules(one).unlock("den"), *Rules(other).own("den", "ann")]
    for change in changes if is_unlocked_first else changes[::-1]:
        for kept in one, other:
            kept.settle([change])
    assert one.of(RoomRules) == other.of(RoomRules) == [RoomRules(room="den", owner="ann")]


def test_an_account_has_so_many_rooms_and_further_ones_are_nobodys() -> None:
    rules = Rules(Kept())
    for number in range(MAX_OWNED + 1):
        rules.own(f"room{number}", "ann")
    assert (rules.owned("ann"), rules.of(f"room{MAX_OWNED}").owner) == (MAX_OWNED, "")


def test_of_what_two_servers_change_of_a_room_at_once_all_counts_on_both() -> None:
    kept = one, other = Kept(), Kept()
    changes = [Rules(one).lock("den", "", 0.0), *Rules(one).invite("den", "ann", "")]
    changes += [Rules(other).slow("den", 9.0), *Rules(other).invite("den", "bob", "")]
    for each in kept:
        each.settle(changes)
        rules = Rules(each)
        assert rules.is_slow("den")
        assert [rules.lets_in("den", who, "", None) for who in ("ann", "bob", "eve")] == [True, True, False]


def test_of_guests_in_a_locked_room_so_many_are_remembered_and_further_ones_give_the_password_again() -> None:
    rules = Rules(Kept())
    rules.lock("den", "sesame", 0.0)
    rules.let_in_guests("den", [f"guest{number}" for number in range(MAX_INVITED + 1)])
    assert rules.lets_in("den", "", f"guest{MAX_INVITED - 1}", None)
    assert not rules.lets_in("den", "", f"guest{MAX_INVITED}", None)
    assert rules.lets_in("den", "", "late", "sesame")
    assert not rules.lets_in("den", "", "late", None)


# What is taken back, held back, and said to all.


def test_what_is_deleted_is_gone_from_the_history_and_all_are_told_which(stage: Stage, mod: User) -> None:
    bob, eve = stage.program("bob"), stage.program("eve")
    said = told(eve.hears(Say(text="secret")), "said")
    bob.heard()
    mod.hears(Delete(id=said["id"], reason="not here"))
    deleted = told(bob.heard(), "deleted")
    assert (deleted["target"], deleted["who"], deleted["nick"]) == (said["id"], "eve", "mod")
    assert "secret" not in str(stage.log.latest("lobby", 100) + stage.log.latest("lobby", 100, talk=True))
    assert code(mod.hears(Delete(id=said["id"]))) == "no-such-message"
    mod.heard()


def test_the_last_message_of_somebody_can_be_named_by_its_nick(stage: Stage, mod: User) -> None:
    eve = stage.program("eve")
    eve.hears(Say(text="first"), Say(text="second"))
    mod.hears(Delete(id="EVE"))
    assert [event.text for event in stage.log.latest("lobby", 9, talk=True)] == ["first"]  # type: ignore[union-attr]


def test_a_topic_that_is_taken_back_holds_no_more_but_the_one_after_it_does(stage: Stage, mod: User) -> None:
    eve = stage.program("eve")
    earlier, now = (told(eve.hears(Topic(text=text)), "topic")["id"] for text in ("tea", "cake"))
    mod.hears(Delete(id=earlier))
    assert told(eve.hears(Topic()), "topic_is")["text"] == "cake"
    mod.hears(Delete(id=now))
    assert told(eve.hears(Topic()), "topic_is")["text"] == ""


def test_a_message_of_another_room_is_not_deleted_by_who_has_this_one(stage: Stage) -> None:
    ann, eve = with_account(stage, "ann", room="den"), stage.program("eve")
    said = told(eve.hears(Say(text="elsewhere")), "said")
    assert code(ann.hears(Delete(id=said["id"]))) == "no-such-message"


def test_deleting_reaches_irc_as_a_redaction_or_a_notice(stage: Stage, mod: User) -> None:
    old, new = stage.on_irc("old", "lobby"), stage.on_irc("new", "lobby", caps="draft/message-redaction")
    said = told(mod.hears(Say(text="oops")), "said")
    old.heard(), new.heard()
    mod.hears(Delete(id=said["id"]))
    assert new.heard()[0].endswith(f" REDACT #lobby {said['id']}")
    assert old.heard() == [f":chat.geventchat NOTICE #lobby :mod deleted what mod said ({said['id']})"]


def test_an_announcement_is_heard_in_every_room(stage: Stage, mod: User) -> None:
    den, nc = stage.program("bob", room="den"), stage.person("nc")
    mod.hears(Join(room="@log"))
    nc.heard()
    heard = mod.hears(Announce(text="lunch"))
    assert sorted(one["room"] for one in heard if one["type"] == "announced") == ["@log", "lobby"]
    assert told(den.heard(), "announced")["text"] == "lunch"
    assert nc.heard() == ["* mod announces: lunch"]


def test_a_filter_masks_refuses_and_holds_and_a_moderator_lets_be_said_what_is_held(stage: Stage, mod: User) -> None:
    stage.chat.moderation.filter = Filter("mask darn\nrefuse spam\nhold money")
    eve, bob = stage.program("eve"), stage.program("bob")
    mod.hears(Join(room="@log"))
    assert told(eve.hears(Say(text="Darn it"))[-1:], "said")["text"] == "**** it"
    assert code(eve.hears(Whisper(to="bob", text="SPAM"))) == "filtered"
    assert code(eve.hears(Topic(text="free money"))) == "filtered"
    assert code(eve.hears(Rename(nick="spammer"))) == "bad-nick"
    assert code(eve.hears(Describe(about="spam"))) == "filtered"
    assert code(stage.program().hears(Hello(nick="eva", username="spam"))) == "filtered"
    assert code(eve.hears(Join(room="spam"))) == "bad-room"
    bob.heard()
    assert code(eve.hears(Say(text="free money"))) == "held"
    assert bob.heard() == []
    held = [one for one in mod.heard() if one["type"] == "held"][-1]
    assert (held["room"], held["of"], held["nick"], held["text"]) == ("@log", "lobby", "eve", "free money")
    mod.hears(Approve(id=held["id"]))
    assert (bob.heard()[0]["nick"], code(mod.hears(Approve(id=held["id"])))) == ("eve", "no-such-message")


def test_in_a_slow_room_moderators_are_not_flooded_with_what_is_held(stage: Stage, mod: User) -> None:
    stage.chat.moderation.filter = Filter("hold money")
    eve = stage.program("eve")
    mod.hears(Join(room="@log"), Slow(every="30s", room="lobby"))
    eve.heard()
    codes = [code(eve.hears(Say(text=f"{number} for money"))) for number in range(3)]
    assert codes == ["held", "slow-down", "slow-down"]
    assert [one["text"] for one in mod.heard() if one["type"] == "held"] == ["0 for money"]


def test_an_action_that_was_held_is_done_as_one_once_it_is_approved(stage: Stage, mod: User) -> None:
    stage.chat.moderation.filter = Filter("hold money")
    eve = stage.program("eve")
    mod.hears(Join(room="@log"))
    assert code(eve.hears(Act(text="wants money"))) == "held"
    held = told(mod.heard(), "held")
    assert held["action"]
    mod.hears(Approve(id=held["id"]))
    assert told(eve.heard(), "acted")["text"] == "wants money"


@pytest.mark.parametrize("reason", ["spam", "free money"])
def test_who_leaves_with_words_that_are_not_wanted_leaves_without_them(stage: Stage, reason: str) -> None:
    stage.chat.moderation.filter = Filter("refuse spam\nhold money")
    eve, bob = stage.program("eve"), stage.program("bob")
    assert told(eve.hears(Leave(reason=reason)), "left")["reason"] == ""
    assert told(bob.heard(), "left")["reason"] == ""
    goodbye = actions.do(stage.chat, bob.member, Bye(reason=reason), stage.now)
    assert goodbye == Goodbye("")


# What moderators can read.


def test_every_act_is_written_down_for_moderators_only(stage: Stage, mod: User) -> None:
    stage.program("bob")
    eve = from_address(stage, "eve", "192.0.2.7")
    mod.hears(Join(room="@log"))
    mod.heard()
    heard = mod.hears(
        Mute(nick="eve", lasts="1h", reason="a"), Kick(nick="eve", room="lobby", reason="b"), Ban(who="192.0.2.7")
    )
    noted = [event for event in stage.log.latest("@log", 9) if isinstance(event, Moderation)]
    assert [(type(one).__name__, one.who, one.of, one.reason) for one in noted] == [
        ("Muted", "eve", "", "a"),
        ("Kicked", "eve", "lobby", "b"),
        ("Banned", "192.0.2.7/32", "", ""),
    ]
    assert [one["type"] for one in heard if one.get("room") == "@log"] == ["muted", "kicked", "banned"]
    assert told(eve.heard(), "closing")["code"] == "banned"
    fay = stage.program("fay")
    assert code(fay.hears(Join(room="@log"))) == "forbidden"
    assert code(stage.program().hears(Hello(nick="gil", room="@log"))) == "forbidden"
    assert "@log" not in told(fay.hears(Rooms()), "rooms")["rooms"]
    assert told(fay.hears(Whois(nick="mod")), "profiles")["users"][0]["rooms"] == ["lobby"]
    assert code(fay.hears(Who(room="@log"))) == "locked"
    assert code(fay.hears(Join(room="@other"))) == "bad-room"


def test_who_joins_the_moderators_room_or_asks_is_shown_what_was_done_before(stage: Stage, mod: User) -> None:
    stage.reads_past = True
    stage.program("eve")
    mod.hears(Mute(nick="eve", reason="noise"))
    nc, bob = stage.person("nc"), stage.on_irc("bob", caps="server-time")
    for one in (nc, bob):
        one.member.role = Role.MODERATOR
        assert any("mod muted eve: noise" in line for line in one.hears(Join(room="@log")))
    (line,) = bob.hears(History(room="@log", ref=Asked("CHATHISTORY").ref))
    assert line.endswith(" NOTICE #@log :mod muted eve: noise")


def test_who_moderates_no_more_reads_no_more_of_it(stage: Stage, mod: User) -> None:
    other = with_account(stage, "other", Role.MODERATOR)
    other.hears(Join(room="@log"))
    stage.chat.kept.put(Account(name="other"))
    stage.carry_out()
    assert told(other.heard(), "account_is")["role"] == "user"
    mod.hears(Kick(nick="other", room="lobby"))
    assert [one for one in other.heard() if one.get("room") == "@log" and one["type"] != "left"] == []


def test_a_ban_that_is_made_elsewhere_hits_who_is_here(stage: Stage) -> None:
    bob, eve = stage.program("bob"), from_address(stage, "eve", "192.0.2.7")
    stage.chat.kept.load(
        [*stage.chat.kept.of(Account), BanRecord(target="net:192.0.2.7/32", who="x", by="m", since=1.0)]
    )
    stage.carry_out()
    assert told(eve.heard(), "closing")["code"] == "banned"
    assert not bob.replaced


def test_what_cannot_be_stored_is_not_done(stage: Stage, mod: User) -> None:
    eve = stage.program("eve")
    mod.does(Mute(nick="eve", ref="1"))
    stage.carry_out(unstored="the disk is full")
    assert code(mod.heard()[-1:]) == "not-stored"
    told(eve.hears(Say(text="still here")), "said")


# A moderator by a link.


def test_who_opens_the_link_first_moderates_and_comes_back_as_a_moderator(stage: Stage) -> None:
    stage.chat.moderation.links.offer("secret")
    assert code(stage.program().hears(Hello(nick="eve", link="guess"))) == "link-used"
    stage.program("ann")
    assert code(stage.program().hears(Hello(nick="ann", link="secret"))) == "nick-taken"  # and it is still good
    teacher = stage.program()
    assert told(teacher.hears(Hello(nick="teacher", link="secret")), "welcome")["role"] == "moderator"
    assert code(stage.program().hears(Hello(nick="eve", link="secret"))) == "link-used"
    token = teacher.member.token
    stage.chat.depart(teacher.member)
    stage.chat.naming.release(teacher.member, stage.now)
    stage.carry_out()
    again = stage.program()
    welcome = told(again.hears(Hello(nick="teacher", token=token)), "welcome")
    assert (welcome["role"], welcome["token"]) == ("moderator", token)
    stage.now += LINK_S
    late = stage.program()
    assert told(late.hears(Hello(nick="late", token=token)), "welcome")["role"] == "user"


def test_of_two_who_are_let_through_with_the_link_at_the_same_time_one_opens_it(stage: Stage) -> None:
    moderation, ann, eve = stage.chat.moderation, stage.program("ann").member, stage.program("eve").member
    moderation.links.offer("secret")
    assert [moderation.links.check("secret") for _ in (ann, eve)] == [True, True]  # where a name is claimed meanwhile
    moderation.open_link(ann, "secret", stage.now)
    with pytest.raises(Refused, match="has been opened already"):
        moderation.open_link(eve, "secret", stage.now)
    assert (ann.role, eve.role) == (Role.MODERATOR, Role.USER)
