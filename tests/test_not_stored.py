"""What is refused, or cannot be stored as the disk is full: nothing is left of it, and nobody was shown it."""

from typing import Any

import pytest

from geventchat.commands import actions
from geventchat.commands.commands import (
    Hello,
    Invite,
    Join,
    Leave,
    Login,
    Password,
    Register,
    Say,
    Unregister,
    Whois,
)
from geventchat.commands.followups import CheckPassword, HashPassword
from geventchat.commands.moderation import Announce, Approve, Ban, Bans, Kick, Lock, Unlock
from geventchat.core.accounts import Account
from geventchat.core.moderation.sanctions import Ban as BanRecord
from geventchat.core.moderation.word_filter import Filter
from geventchat.protocol.limits import MAX_INVITED, MAX_SANCTIONS_OF_ROOM
from geventchat.protocol.passwords import quick_hash
from geventchat.protocol.roles import Role
from tests.stage import Stage, User


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def mod(stage: Stage) -> User:
    return with_account(stage, "mod", Role.MODERATOR)


def with_account(stage: Stage, name: str, role: Role = Role.USER) -> User:
    """Return somebody who has logged in to an account of that name."""
    account = Account(name=name, role=role)
    stage.chat.kept.settle([stage.chat.kept.put(account)])
    user = stage.program()
    stage.chat.logins.log_in(user.member, account)
    user.hears(Hello(nick=name))
    return user


def full(stage: Stage, user: User, *commands: Any) -> list[Any]:
    """Do something while the disk is full, and return what is heard of it."""
    user.heard()
    user.does(*commands)
    stage.carry_out("the disk is full")
    return user.heard()


def kinds(heard: list[Any]) -> list[str]:
    """Return what was heard: the codes of errors, the types of all else."""
    return [message.get("code", message["type"]) for message in heard]


def on_its_way(stage: Stage) -> list[Any]:
    """Return what the chat has not come to an end with."""
    return [*stage.chat.kept.unstored, *(user for user in stage.users if user.member.unpublished)]


# Refused.


def test_a_lock_that_is_refused_locks_nobody_out(stage: Stage, mod: User) -> None:
    for number in range(MAX_INVITED + 1):
        stage.program(f"guest{number}x")
    mod.heard()
    assert kinds(mod.hears(Lock(room="lobby"))) == ["too-many-invited"]
    assert not stage.chat.moderation.rules.of("lobby").locked
    assert not on_its_way(stage)
    late = stage.program()
    assert kinds(late.hears(Hello(nick="late"))) == ["welcome"]
    for one in (late, *stage.users[1:3]):
        one.hears(Leave())
    for _ in range(2):  # who is invited already is not one more
        assert "locked" in kinds(mod.hears(Lock(room="lobby")))


def test_a_ban_that_is_one_too_many_leaves_all_as_it_was(stage: Stage, mod: User) -> None:
    bans = [
        BanRecord(target=f"name:one{number}", who="x", by="m", since=1.0, room="lobby", until=number and 2_000.0)
        for number in range(MAX_SANCTIONS_OF_ROOM + 1)
    ]
    stage.chat.kept.settle([stage.chat.kept.put(ban) for ban in bans])
    assert kinds(mod.hears(Ban(who="eve", room="lobby"))) == ["too-many-bans"]
    assert {ban.key: ban for ban in stage.chat.kept.of(BanRecord)} == {
        ban.key: ban for ban in bans
    }  # the ended one too
    assert not on_its_way(stage)


def test_an_action_that_fails_by_an_error_leaves_nothing_changed(
    stage: Stage, mod: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(stage.chat.moderation.rules, "invite", broken)
    with pytest.raises(ZeroDivisionError):
        mod.does(Lock(room="lobby"))
    assert not stage.chat.moderation.rules.of("lobby").locked
    assert not on_its_way(stage)


# The moderator's link.


def test_who_opens_the_link_while_the_disk_is_full_is_in_as_a_user_and_the_link_still_good(stage: Stage) -> None:
    stage.chat.moderation.links.offer("secret")
    ann = stage.program("ann")
    teacher = stage.program()
    heard = full(stage, teacher, Hello(nick="teacher", link="secret"))
    assert kinds(heard) == ["welcome", "not-stored"]  # in this order: an error without a welcome is a refusal
    assert heard[0]["role"] == "user"
    assert [(one["type"], one.get("moderates", False)) for one in ann.heard()] == [("joined", False)]
    teacher.does(Say(text="hello"))
    assert kinds(ann.hears()) == ["said"]
    assert kinds(teacher.heard()) == ["said"]
    assert not on_its_way(stage)
    assert kinds(teacher.hears(Kick(nick="ann"))) == ["forbidden"]
    again = stage.program()
    assert again.hears(Hello(nick="again", link="secret"))[0]["role"] == "moderator"


def test_who_opens_the_link_while_the_disk_is_full_is_in_though_it_enters_no_room(stage: Stage) -> None:
    stage.chat.moderation.links.offer("secret")
    teacher = stage.program()
    assert kinds(full(stage, teacher, Hello(nick="teacher", room="", link="secret"))) == ["welcome", "not-stored"]
    assert teacher.hears(Join(room="den"))[0]["type"] == "members"


# What follows from what could not be stored.


@pytest.mark.parametrize("room", [None, "lobby"])
def test_who_could_not_be_banned_stays(stage: Stage, mod: User, room: str | None) -> None:
    bob = stage.program("bob")
    bob.heard()
    assert kinds(full(stage, mod, Ban(who="bob", room=room, ref="7"))) == ["not-stored"]
    assert kinds(mod.hears(Bans(room=room))) == ["bans"]
    assert (bob.heard(), bob.replaced, bob.member.rooms) == ([], False, ["lobby"])
    assert not on_its_way(stage)
    assert kinds(mod.hears(Ban(who="bob", room=room)))  # and now it can be
    assert ("closing" if room is None else "kicked") in {one["type"] for one in bob.heard()}


def _crowd(stage: Stage) -> list[User]:
    """Return more users, each in a room of its own, than one batch has room for."""
    users = [stage.program() for _ in range(300)]
    for number, user in enumerate(users):
        user.member.address = "192.0.2.7"
        user.hears(Hello(nick=f"one{number}x", room=f"room{number}x"))
    return users


def test_a_ban_of_more_than_one_batch_that_could_not_be_stored_falls_as_a_whole(stage: Stage, mod: User) -> None:
    crowd = _crowd(stage)
    mod.heard()
    mod.does(Ban(who="192.0.2.7"))
    stage.carry_out_batch("the disk is full")
    stage.carry_out()  # there is room again before the rest of it
    assert kinds(mod.heard()) == ["not-stored"]
    assert [user for user in crowd if user.heard() or user.replaced] == []
    assert (stage.chat.kept.of(BanRecord), on_its_way(stage)) == ([], [])


def test_a_ban_that_is_stored_is_carried_out_though_not_all_are_told_of_it(stage: Stage, mod: User) -> None:
    crowd = _crowd(stage)
    mod.heard()
    mod.does(Ban(who="192.0.2.7"))
    stage.carry_out_batch()
    stage.carry_out("the disk is full")
    assert [user for user in crowd if kinds(user.heard())[-1:] != ["banned"] or not user.replaced] == []
    assert len(stage.chat.kept.of(BanRecord)) == 1
    assert not on_its_way(stage)


def test_who_could_not_be_kicked_stays(stage: Stage, mod: User) -> None:
    bob = stage.program("bob")
    bob.heard()
    heard = full(stage, mod, Kick(nick="bob", ref="7"))
    assert (kinds(heard), heard[0]["ref"]) == (["not-stored"], "7")
    assert (bob.heard(), bob.member.rooms) == ([], ["lobby"])
    assert not on_its_way(stage)
    mod.hears(Kick(nick="bob"))
    assert kinds(bob.heard()) == ["kicked"]


def test_who_leaves_the_room_while_it_is_kicked_is_out_once(stage: Stage, mod: User) -> None:
    bob, ann = stage.program("bob"), stage.program("ann")
    ann.heard()
    mod.does(Kick(nick="bob"), Kick(nick="bob"))
    stage.carry_out()
    assert kinds(ann.heard()) == ["kicked"]
    assert bob.member.rooms == []
    assert not on_its_way(stage)


def test_what_could_not_be_announced_is_told_to_its_teller_once(stage: Stage, mod: User) -> None:
    stage.program("bob", room="den")
    assert kinds(full(stage, mod, Announce(text="stop"))) == ["not-stored"]


def test_what_could_not_be_approved_can_be_approved_later(stage: Stage, mod: User) -> None:
    stage.chat.moderation.filter = Filter("hold money")
    bob = stage.program("bob")
    mod.hears(Join(room="@log"))
    bob.hears(Say(text="money"))
    held = next(one["id"] for one in mod.heard() if one["type"] == "held")
    mod.does(Approve(id=held))
    stage.carry_out("the disk is full")
    mod.heard()
    heard = kinds(mod.hears(Approve(id=held)))
    assert "said" in heard
    assert "no-such-message" not in heard


def test_who_is_in_by_invitation_may_come_back_though_the_room_could_not_be_unlocked(stage: Stage, mod: User) -> None:
    bob = stage.program("bob")
    mod.hears(Join(room="den"))
    bob.hears(Join(room="den"))
    mod.hears(Lock(room="den"))
    assert kinds(full(stage, mod, Unlock(room="den"))) == ["not-stored"]
    assert stage.chat.moderation.rules.lets_in("den", "", bob.member.proof, None)
    mod.hears(Unlock(room="den"), Lock(room="den"))
    assert stage.chat.moderation.rules.lets_in("den", "", bob.member.proof, None)


def test_who_was_in_the_room_when_it_could_not_be_locked_is_not_let_in_by_that_later(stage: Stage, mod: User) -> None:
    bob = stage.program("bob")
    mod.hears(Join(room="den"))
    bob.hears(Join(room="den"))
    assert kinds(full(stage, mod, Lock(room="den"))) == ["not-stored"]
    bob.hears(Leave(room="den"))
    mod.hears(Lock(room="den"))
    assert kinds(bob.hears(Join(room="den"))) == ["locked"]


def test_nobody_hears_of_an_invitation_that_could_not_be_stored(stage: Stage, mod: User) -> None:
    ann = with_account(stage, "ann")
    mod.hears(Join(room="den"), Lock(room="den"))
    ann.heard()
    assert kinds(full(stage, mod, Invite(nick="ann", room="den", ref="7"))) == ["not-stored"]
    assert ann.heard() == []
    assert kinds(ann.hears(Join(room="den"))) == ["locked"]


# Accounts.


def _register(stage: Stage, user: User) -> None:
    asked = actions.do(stage.chat, user.member, Register(password="secret7", ref="7"), stage.now)
    assert isinstance(asked, HashPassword)
    asked.then("hash")


def test_nobody_hears_of_an_account_that_could_not_be_made(stage: Stage) -> None:
    alice, bob = stage.program("alice"), stage.program("bob")
    alice.heard()
    _register(stage, alice)
    assert kinds(full(stage, bob)) == []
    assert (kinds(alice.heard()), alice.member.account) == (["not-stored"], None)
    assert bob.hears(Whois(nick="alice"))[0]["users"][0].get("account") is None
    assert not on_its_way(stage)
    _register(stage, alice)
    stage.carry_out()
    assert kinds(bob.heard()) == ["account"]


def test_who_could_not_give_its_account_up_has_it(stage: Stage) -> None:
    alice, bob = with_account(stage, "alice"), stage.program("bob")
    alice.heard()
    asked = actions.do(stage.chat, alice.member, Unregister(password="secret7"), stage.now)
    assert isinstance(asked, CheckPassword)
    asked.then(True)
    assert kinds(full(stage, bob)) == []
    assert (kinds(alice.heard()), alice.member.account) == (["not-stored"], "alice")
    assert stage.chat.logins.account_of(alice.member)
    assert not on_its_way(stage)


def test_who_could_not_set_another_password_stays_logged_in(stage: Stage) -> None:
    alice = with_account(stage, "alice")
    for _ in range(2):  # in one batch
        asked = actions.do(stage.chat, alice.member, Password(password="secret8"), stage.now)
        assert isinstance(asked, HashPassword)
        asked.then("hash")
    assert kinds(full(stage, alice)) == ["not-stored", "not-stored"]
    assert stage.chat.logins.account_of(alice.member)


def test_a_password_for_one_login_lets_nobody_in_while_it_cannot_be_spent(stage: Stage) -> None:
    account = Account(name="alice", one_time=quick_hash("one time"))
    stage.chat.kept.settle([stage.chat.kept.put(account)])
    bob, guest = stage.program("bob"), stage.program("guest")
    bob.heard()
    asked = actions.do(stage.chat, guest.member, Login(account="alice", password="one time"), stage.now)
    assert isinstance(asked, CheckPassword)
    asked.then(True)
    assert kinds(full(stage, bob)) == []
    assert (kinds(guest.heard()), guest.member.account) == (["not-stored"], None)
    assert stage.chat.kept.of(Account) == [account]
