"""What waits for a user who does not read, beside what rooms say: it has a bound, whatever others do."""

from collections.abc import Callable

import pytest

from geventchat.commands.commands import AnyCommand, Away, Describe, Join, Leave, Logout, Rename, Watch
from geventchat.core.accounts import Account
from geventchat.core.log import Entry
from geventchat.core.remote_users import RemoteUsers
from geventchat.core.shared_log import Arrived, Happened, Person, Told
from geventchat.protocol.events import Joined
from geventchat.protocol.limits import MAX_PRIVATE_BYTES
from geventchat.protocol.replies import Invited, Pong, Whispered
from geventchat.protocol.roles import Role
from tests.stage import Stage, User

_LONG = "x" * 190
# More than all that others do between one look at the bound and the next.
_SLACK = 2_000


def _away(_: User, number: int) -> list[AnyCommand]:
    return [Away(text=f"{number}{_LONG}")]


def _described(_: User, number: int) -> list[AnyCommand]:
    return [Describe(about=f"{number}{_LONG}")]


def _renamed(user: User, number: int) -> list[AnyCommand]:
    return [Rename(nick=f"{user.member.nick.rstrip('01')}{number % 2}")]


def _entered(_: User, __: int) -> list[AnyCommand]:
    return [Leave(room="tea"), Away(text=_LONG), Join(room="tea")]


def _logged_out(user: User, number: int) -> list[AnyCommand]:
    account = Account(name=f"{number}{_LONG}", password="", era=1)
    user.stage.chat.kept.put(account)
    user.stage.chat.logins.log_in(user.member, account)
    return [Logout()]


_SLOWLY = [pytest.param(one, marks=pytest.mark.slow) for one in (_described, _renamed, _entered, _logged_out)]


@pytest.mark.parametrize("news", [_away, *_SLOWLY])
def test_however_much_others_make_known_no_more_than_a_bound_waits(
    news: Callable[[User, int], list[AnyCommand]],
) -> None:
    stage = Stage()
    alice, *others = (stage.program(nick) for nick in ("alice", "bob", "carol", "dave"))
    alice.hears(Join(room="tea"))
    for user in others:
        user.hears(Leave(room="lobby"), Join(room="tea"))
    if news is _renamed:
        alice.hears(Watch(nicks=[f"{user.member.nick}{number}" for user in others for number in range(2)]))
        alice.hears(Leave(room="tea"))
    for number in range(2_000):
        for user in others:
            user.hears(*news(user, number))
    assert MAX_PRIVATE_BYTES < alice.member.outbox.private_bytes < MAX_PRIVATE_BYTES + _SLACK
    alice.heard()
    others[0].hears(*news(others[0], 2_000))
    assert alice.heard()


def test_who_does_not_read_is_not_told_of_those_whom_it_watches() -> None:
    stage = Stage()
    alice, bob = stage.program("alice"), stage.program("bob", room="tea")
    alice.hears(Watch(nicks=["bob", "ben"]))
    stage.chat.tell(alice.member, Pong(token="x" * MAX_PRIVATE_BYTES))
    stage.carry_out()
    waiting = alice.member.outbox.private_bytes
    bob.hears(Rename(nick="ben"))
    assert alice.member.outbox.private_bytes == waiting


def test_new_names_in_several_rooms_are_told_in_each_to_who_has_much_to_read() -> None:
    stage = Stage()
    alice = stage.on_irc("alice", "tea", "den")
    bob = stage.program("bob", room="tea")
    bob.hears(Join(room="den"))
    alice.heard()
    long = "bob" * 9
    for number in range(4_000):
        bob.hears(Rename(nick=f"{long}{number}"))
    assert MAX_PRIVATE_BYTES < alice.member.outbox.private_bytes < MAX_PRIVATE_BYTES + _SLACK
    told = [line.rpartition(" ")[2] for line in alice.heard()]
    assert list(dict.fromkeys(told)) == [f"{long}{number}" for number in range(4_000)]
    bob.hears(Rename(nick="bob"))
    assert len(alice.heard()) == 1


@pytest.mark.parametrize(
    "said", [Whispered(time="", nick="ann", to="alice", text="x" * 4_000), Invited(nick="ann", to="alice", room="tea")]
)
def test_who_does_not_read_is_not_whispered_to_from_other_servers(said: Whispered | Invited) -> None:
    stage = Stage()
    alice = stage.program("alice")
    alice.member.uid = "alice's"
    remote: RemoteUsers = stage.chat.remote_users
    remote.know(alice.member)
    person = Person(about="", username="", account=None, era=0, role=Role.USER, away=None, since=1_000.0)
    remote.follow(Arrived("ann's", "ann", "ann", "proof", person), 1_000.0, 0.0)
    remote.follow(Happened("ann's", Entry("lobby", Joined("1000000-0", "", "lobby", "ann"), None)), 1_000.0, 0.0)
    while not stage.chat.posted:
        assert alice.member.outbox.private_bytes < MAX_PRIVATE_BYTES + 2 * 4_000
        remote.follow(Told("alice's", said), 1_000.0, 0.0)
    (told,) = stage.chat.take_batch()
    assert (told.member.nick, getattr(getattr(told, "reply", None), "code", "")) == ("ann", "not-reading")
