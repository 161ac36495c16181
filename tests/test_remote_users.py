"""What a server shows of users who are connected to another one, from what that one tells, without any network."""

from geventchat.commands.commands import Leave, Whois
from geventchat.core.log import Entry
from geventchat.core.moderation.room_rules import Slow
from geventchat.core.posts import Transaction
from geventchat.core.shared_log import Arrived, Forgotten, Gone, Happened, Person
from geventchat.protocol.events import Joined, Said, Slowed
from geventchat.protocol.roles import Role
from tests.stage import Stage
from tests.work import done_with


def test_who_has_just_spoken_on_another_server_is_not_idle_here() -> None:
    stage = Stage()
    bob = stage.program("bob")
    follow = stage.chat.remote_users.follow
    person = Person(about="", username="", account=None, era=0, role=Role.USER, away=None, since=1_000.0)
    follow(Arrived("uid", "ann", "ann", "proof", person), 1_000.0, 0.0)
    follow(Happened("uid", Entry("lobby", Joined("1000000-0", "", "lobby", "ann"), None)), 1_000.0, 0.0)
    follow(Happened("uid", Entry("lobby", Said("1060000-0", "", "lobby", "ann", "hi"), None)), 1_060.0, 0.0)
    stage.now = 1_070.0
    (ann,) = bob.hears(Whois(nick="ann"))[-1]["users"]
    assert (ann["nick"], ann["rooms"], ann["idle"]) == ("ann", ["lobby"], 10)


def test_who_leaves_just_when_its_server_finds_that_it_had_lost_the_others_is_not_there_for_ever() -> None:
    stage = Stage()
    bob, carol = stage.program("bob"), stage.program("carol")
    for user in (bob, carol):
        user.member.uid = user.member.nick
        stage.chat.remote_users.know(user.member)
    bob.does(Leave())
    stage.chat.remote_users.follow(Forgotten(""), stage.now, stage.now)
    assert list(stage.chat.rooms) == []
    assert carol.heard()[-1]["type"] == "closing"


def test_of_many_who_are_sent_away_with_words_on_their_way_each_is_told_of_its_own_at_once() -> None:
    stage = Stage()
    users = [stage.program(f"user{number}") for number in range(200)]
    lobby = stage.chat.rooms.at("lobby")
    assert lobby is not None
    for user in users:
        user.member.uid = user.member.nick
        stage.chat.remote_users.know(user.member)
        user.heard()
        for ref in range(80):
            entry = Entry("lobby", Said("", "", "lobby", user.member.nick, "hi"), str(ref))
            stage.chat.post(user.member, lobby, entry)

    def send_away() -> None:
        for user in users:
            stage.chat.remote_users.follow(Gone(user.member.uid, "lost"), stage.now, stage.now)

    done_with(2_000_000, send_away)
    told = [[one.get("ref") for one in user.heard()] for user in users]
    assert told == [[*map(str, range(80)), None]] * 200


def test_what_a_moderator_is_told_was_not_stored_as_its_server_had_lost_the_others_is_not_stored_later() -> None:
    stage = Stage()
    mod = stage.program("mod")
    mod.member.uid = mod.member.nick
    stage.chat.remote_users.know(mod.member)
    lobby, done = stage.chat.rooms.at("lobby"), list[str]()
    assert lobby is not None
    change = stage.chat.kept.put(Slow(room="lobby", every_s=5.0))
    transaction = Transaction(mod.member, [change], "7")
    slowed = Entry("lobby", Slowed("", "", "lobby", "mod"), "7")
    stage.chat.post(mod.member, lobby, slowed, transaction=transaction)
    stage.chat.commit(mod.member, transaction, lambda: done.append("done"))
    stage.chat.remote_users.follow(Forgotten(""), stage.now, stage.now)
    stage.carry_out()
    assert [one.get("ref") for one in mod.heard() if one["type"] == "error"] == ["7"]
    assert (stage.chat.kept.of(Slow), done) == ([], [])
