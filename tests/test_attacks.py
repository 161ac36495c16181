"""What people try who want more than they may: each of these was a way in once, or is the obvious next try."""

from functools import partial
from pathlib import Path

import pytest

from geventchat.commands import actions
from geventchat.commands.commands import (
    Act,
    AnyCommand,
    Away,
    Bye,
    Describe,
    Hello,
    Join,
    Leave,
    Logout,
    Register,
    Rename,
    Say,
    Topic,
    Unregister,
)
from geventchat.commands.followups import FindEvent, HashPassword
from geventchat.commands.moderation import Approve, Ban, Bans, Delete, Kick, Lock, Mute, Slow
from geventchat.core.accounts import Account
from geventchat.core.moderation.word_filter import Filter
from geventchat.core.posts import Transaction
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.dialect import IRC
from geventchat.protocol.errors import Refused
from geventchat.protocol.roles import Role
from geventchat.server.history_sender import find_event
from tests.processes import run, serving
from tests.stage import Stage, User


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def mod(stage: Stage) -> User:
    return logged_in(stage, "mod", Role.MODERATOR)


@pytest.fixture
def boss(stage: Stage) -> User:
    return logged_in(stage, "boss", Role.OWNER)


def logged_in(stage: Stage, name: str, role: Role = Role.USER, **hello: object) -> User:
    """Return somebody who has come in with an account of that name."""
    user = stage.program()
    stage.chat.commit(user.member, Transaction(None, [stage.chat.kept.put(Account(name=name, role=role))]))
    account = stage.chat.accounts.find(name)
    assert account is not None
    stage.chat.logins.log_in(user.member, account)
    user.hears(Hello(nick=name, **hello))  # type: ignore[arg-type]
    return user


def linked(stage: Stage, nick: str, secret: str) -> User:
    """Return somebody who has opened the moderator's link with this secret first."""
    stage.chat.moderation.links.offer(secret)
    user = stage.program()
    user.hears(Hello(nick=nick, link=secret))
    assert stage.chat.role_of(user.member) is Role.MODERATOR
    return user


def codes(heard: list[dict[str, str]]) -> list[str]:
    return [one["code"] for one in heard if "code" in one]


# Slow rooms, mutes, filters.


def test_an_account_speaks_in_a_slow_room_once_whatever_connection_or_name_it_has(stage: Stage, mod: User) -> None:
    bob, eve, second = logged_in(stage, "bob"), logged_in(stage, "eve"), stage.on_irc("bobby", "lobby")
    bobs = stage.chat.accounts.find("bob")
    assert bobs is not None
    stage.chat.logins.log_in(second.member, bobs)
    mod.hears(Slow(every="30s"))
    bob.hears(Say(text="one"))
    second.hears(Act(text="two", ref=Asked("PRIVMSG").ref))
    bob.hears(Logout())
    assert bob.member.nick == "guest1"
    assert codes(bob.hears(Say(text="three"))) == ["slow-down"]
    assert "two" not in "".join(str(mod.heard()))
    stage.now += 31
    bob.hears(Leave(reason="four"), Join(room="lobby"))
    bob.hears(Leave(reason="five"), Join(room="lobby"), Say(text="six"))
    heard = [one.get("text") or one.get("reason") for one in eve.heard() if one["type"] in ("said", "acted", "left")]
    assert heard == ["one", "four", ""]


@pytest.mark.parametrize("room", [None, "lobby"])
@pytest.mark.parametrize(
    "way", [Logout(), Rename(nick="rob"), Describe(about="buy"), Away(text="buy"), Unregister(password="")]
)
def test_who_is_muted_gets_no_other_name_and_says_nothing_of_itself(
    stage: Stage, mod: User, room: str | None, way: AnyCommand
) -> None:
    bob = logged_in(stage, "bob")
    mod.hears(Mute(nick="bob", room=room))
    bob.heard()
    assert codes(bob.hears(way)) == ["muted"]
    again = stage.program()
    again.hears(Hello(nick="bob", token=bob.member.token, about="buy this", username="buy"))
    assert (again.member.nick, again.member.about, again.member.username) == ("bob", "", "")


def test_in_a_slow_room_nobody_floods_moderators_with_what_is_held(stage: Stage, mod: User) -> None:
    stage.chat.moderation.filter = Filter("hold money")
    mod.hears(Slow(every="30s"), Join(room="@log"))
    bob = stage.program("bob")
    assert codes(bob.hears(Say(text="money"), Act(text="wants money"), Say(text="hi"))) == ["held", *["slow-down"] * 2]
    assert [one["text"] for one in mod.heard() if one["type"] == "held"] == ["money"]


def test_two_moderators_who_approve_at_the_same_time_let_it_be_said_once(stage: Stage, mod: User, boss: User) -> None:
    stage.chat.moderation.filter = Filter("hold money")
    mod.hears(Join(room="@log"))
    bob = stage.program("bob")
    bob.hears(Say(text="money"))
    held = next(one["id"] for one in mod.heard() if one["type"] == "held")
    for _ in range(2):
        found = []
        for one in (mod, boss):
            looking = actions.do(stage.chat, one.member, Approve(id=held), stage.now)
            assert isinstance(looking, FindEvent)
            found.append((one, looking, find_event(stage.log, looking)))
        for one, looking, event in found:
            actions.go_on(stage.chat, one.member, partial(partial, looking.then, event), None)
        stage.carry_out()
    assert [one["text"] for one in bob.heard() if one["type"] == "said"] == ["money"]
    assert codes(boss.heard()) == ["no-such-message"] * 2


@pytest.mark.parametrize(("is_logged_in", "account"), [(True, "bob"), (False, None)])
def test_what_is_approved_is_of_the_account_that_said_it(
    stage: Stage, mod: User, is_logged_in: bool, account: str | None
) -> None:
    stage.chat.moderation.filter = Filter("hold money")
    mod.hears(Join(room="@log"))
    bob = logged_in(stage, "bob") if is_logged_in else stage.program("bob")
    bob.hears(Say(text="money"))
    held = next(one["id"] for one in mod.heard() if one["type"] == "held")
    mod.hears(Approve(id=held))
    said = next(one for one in bob.heard() if one["type"] == "said")
    assert (said["nick"], said.get("account")) == ("bob", account)


@pytest.mark.parametrize("nick", ["NickServ", "chanserv", "AuthServ"])
def test_nobody_is_told_the_passwords_that_irc_s_clients_tell_services(stage: Stage, nick: str) -> None:
    assert codes(stage.program().hears(Hello(nick=nick))) == ["bad-nick"]


def test_a_topic_can_be_taken_back_too_and_is_gone_from_the_history(stage: Stage, mod: User) -> None:
    bob = stage.program("bob")
    topics = [bob.hears(Topic(text=text))[-1]["id"] for text in ("nasty", "nice")]
    mod.hears(Delete(id=topics[0]))
    lobby = stage.chat.rooms.find("lobby")
    assert lobby is not None
    assert lobby.topic == "nice"
    mod.hears(Delete(id=topics[1]))
    assert (lobby.topic, stage.log.topics(["lobby"])) == ("", {})
    assert not [one for one in stage.log.latest("lobby", 99) if getattr(one, "text", "")]


# Bans.


@pytest.mark.parametrize(
    "nick", ["192.0.2.7", "10.0.0", "192.0.2.256", "192.0.2.0/33", "\uff11.2.3.4", "1.2.3.4/255.0.0.0"]
)
def test_nobody_is_called_as_an_address_and_no_slip_in_one_is_taken_for_a_name(
    stage: Stage, mod: User, nick: str
) -> None:
    assert codes(stage.program().hears(Hello(nick=nick))) == ["bad-nick"]
    heard = mod.hears(Ban(who=nick))
    assert codes(heard) == ["bad-nick"] or heard[-1]["who"] == "somebody"


@pytest.mark.parametrize("room", ["", "lobby", "den"])
def test_who_is_banned_cannot_come_back_over_a_connection_that_is_still_being_ended(
    stage: Stage, mod: User, room: str
) -> None:
    bob = stage.program("bob", token="bobs")
    bob.heard()
    mod.does(Ban(who="bob"))  # not carried out: bob's client does not read
    again = stage.program()
    heard = again.hears(Hello(nick="bob", room=room, token="bobs"))
    assert "banned" in codes(heard)
    assert not again.member.key


def test_no_ban_of_an_address_and_no_locked_lobby_keeps_a_moderator_from_logging_in(stage: Stage, boss: User) -> None:
    boss.hears(Ban(who="192.0.2.0/24"), Lock(room="lobby"))
    for knows_password in (False, True):
        nc = stage.person()
        nc.member.address = "192.0.2.9"
        if knows_password:
            account = stage.chat.accounts.find("boss")
            assert account is not None
            stage.chat.logins.log_in(nc.member, account)
        heard = nc.hears(Hello(nick="boss"))
        assert heard[-1] == ("* /help lists the commands" if knows_password else "Password: ")
    eve = stage.program()
    eve.member.address = "192.0.2.9"
    assert codes(eve.hears(Hello(nick="eve"))) == ["banned"]


def test_a_banned_address_cannot_be_come_from_with_the_token_of_another_connection(stage: Stage, mod: User) -> None:
    stage.program("bob", token="bobs")
    mod.hears(Ban(who="192.0.2.9"))
    again = stage.program()
    again.member.address = "192.0.2.9"
    assert "banned" in codes(again.hears(Hello(nick="bob", token="bobs")))


def test_who_moderates_by_a_link_and_is_banned_by_an_owner_is_out_under_any_name(stage: Stage, boss: User) -> None:
    eve = linked(stage, "eve", "secret")
    boss.hears(Ban(who="eve"))
    again = stage.program()
    assert "banned" in codes(again.hears(Hello(nick="eve", token=eve.member.token)))
    other = stage.program()
    other.hears(Hello(nick="mallory", token=eve.member.token))
    assert stage.chat.role_of(other.member) is Role.USER


def test_a_moderator_cannot_keep_an_owner_s_further_connections_out(stage: Stage, mod: User) -> None:
    logged_in(stage, "boss", Role.OWNER)
    assert codes(mod.hears(Ban(who="boss^2", ref="1"))) == ["forbidden"]
    assert codes(mod.hears(Ban(who="b0ss", ref="1"))) == ["forbidden"]


def test_what_is_no_origin_is_not_banned_as_one(mod: User) -> None:
    for written in ("from:", "from:all", "from:*", "from:k3fz9x2aq"):
        assert codes(mod.hears(Ban(who=written, ref="1"))) == ["bad-nick"]


# The link.


def test_a_new_link_that_is_opened_takes_the_rights_from_who_had_opened_the_one_before(stage: Stage) -> None:
    eve = linked(stage, "eve", "one")
    linked(stage, "teacher", "two")
    assert stage.chat.role_of(eve.member) is Role.USER
    assert any(one["type"] == "account_is" and one["role"] == "user" for one in eve.heard())
    again = stage.program()
    again.hears(Hello(nick="eve2", token=eve.member.token))
    assert stage.chat.role_of(again.member) is Role.USER


# Locked rooms.


@pytest.mark.parametrize("how", [Lock(room="lobby"), Ban(who="nc", room="lobby")])
def test_who_leaves_a_room_does_not_fall_into_a_lobby_that_is_closed_to_it(
    stage: Stage, mod: User, how: Lock | Ban
) -> None:
    nc = stage.person("nc")
    nc.hears(Join(room="den"))
    mod.hears(how)
    nc.hears(Leave())
    assert nc.member.rooms == ["den"]


def test_who_is_put_out_of_a_room_while_the_lobby_is_closed_is_out_of_the_chat(stage: Stage, mod: User) -> None:
    nc = stage.person("nc")
    nc.hears(Join(room="den"))
    mod.hears(Lock(room="lobby"))
    mod.hears(Join(room="den"))
    mod.hears(Ban(who="nc", room="den"))
    assert nc.replaced
    assert not nc.member.rooms


@pytest.mark.parametrize("account", [True, False])
def test_who_leaves_a_locked_room_while_it_is_put_out_does_not_come_back(
    stage: Stage, mod: User, *, account: bool
) -> None:
    ann = logged_in(stage, "ann") if account else stage.program("ann")
    mod.hears(Join(room="tea"))
    ann.hears(Join(room="tea"))
    mod.hears(Lock(room="tea"))
    mod.does(Kick(nick="ann", room="tea"))
    ann.does(Leave(room="tea"))
    stage.carry_out()
    ann.heard()
    assert ann.hears(Join(room="tea"))[0]["code"] == "locked"


def test_who_registers_a_name_that_was_given_up_does_not_get_its_rooms(stage: Stage, mod: User) -> None:
    ann = logged_in(stage, "ann", room="den")
    assert stage.chat.moderation.owns(ann.member, "den")
    mod.hears(Join(room="tea"))
    ann.hears(Join(room="tea"))
    mod.hears(Lock(room="tea"))
    stage.chat.commit(mod.member, Transaction(None, [stage.chat.kept.remove(Account, "ann")]))
    stage.chat.depart(ann.member)
    stage.chat.naming.release(ann.member, stage.now)
    stage.carry_out()
    eve = stage.program("ann")
    asked = actions.do(stage.chat, eve.member, Register(password="secret7"), stage.now)
    assert isinstance(asked, HashPassword)
    asked.then("hash")
    stage.carry_out()
    assert eve.member.account == "ann"
    assert not stage.chat.moderation.owns(eve.member, "den")
    assert "locked" in codes(eve.hears(Join(room="tea")))


# Being muted.


def test_what_somebody_says_on_leaving_is_muted_too(stage: Stage, mod: User) -> None:
    bob = stage.program("bob", room="lobby")
    bob.hears(Join(room="den"))
    mod.hears(Join(room="den"))
    mod.hears(Mute(nick="bob"))
    bob.does(Leave(room="den", reason="shouting"))
    bob.does(Bye(reason="shouting"))
    assert not any("shouting" in str(one) for one in mod.hears())


# Filters.


@pytest.mark.parametrize(
    "written",
    [
        "da\u00adrn",
        "da\u200brn",
        "d\u2060arn",
        "\uff44\uff41\uff52\uff4e",
        "DARN",
        "d\ufe0farn",
        "da\u034frn",
        "d\u200darn",
    ],
)
def test_characters_that_nobody_sees_hide_no_word_from_a_filter(written: str) -> None:
    assert Filter("mask darn").check(f"so {written}!").text == "so ****!"
    with pytest.raises(Refused):
        Filter("refuse darn").check(written)
    assert Filter("mask darn").check("❤\ufe0f and 👩\u200d💻").text == "❤\ufe0f and 👩\u200d💻"


# IRC.


def test_irssi_which_asks_for_the_bans_of_several_rooms_at_once_is_told_of_no_error(stage: Stage) -> None:
    irk = stage.on_irc("irk", "den", "tea")
    reader = IRC.reader(512)
    reader.asked(None)
    reader.receive(b"MODE #den,#tea b\r\n")
    asked: list[AnyCommand] = []
    while (command := reader.next_command()) is not None:
        if isinstance(command, Bans):  # others greet
            asked.append(command)
    heard = irk.hears(*asked)
    assert [line.split()[1:4] for line in heard] == [["368", "irk", "#den"], ["368", "irk", "#tea"]]


# A server that is known by its key.


def test_a_server_that_is_known_by_its_key_is_not_spoken_to_in_the_clear_without_a_word(tmp_path: Path) -> None:
    with serving() as server:
        at = "{}:{}".format(*server.address)
        for known, warned in (("127.0.0.1:1", False), (at, True)):
            (tmp_path / "geventchat").mkdir(exist_ok=True)
            (tmp_path / "geventchat" / "known_servers").write_text(f"{known} SHA256:abc 2026-01-01\n")
            environment = {"XDG_STATE_HOME": str(tmp_path)}
            ran = run("geventchat.cli.client", at, "--name", "me", given="hi\n", environment=environment)
            assert ran.status == 0
            assert ("NOT ENCRYPTED" in ran.errors) is warned
