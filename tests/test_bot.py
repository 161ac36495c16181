"""One bot on its connections to a real server: what it reads at which pace, and what it says again."""

import time

import gevent
import pytest

from bots.engine.bot import Bot, NotLetIn
from bots.engine.runner import Runner
from bots.engine.sending import Speech
from bots.ledger.model import Message
from bots.protocols.json import Json
from bots.scenario.load import parse
from bots.scenario.model import Actor
from bots.world.inbox import Inbox
from bots.world.whispers import Withdraw
from geventchat import ChatClient, ChatServer, Limits
from geventchat.commands import commands
from geventchat.protocol import events
from tests.faulty_json_server import faulty_json_server
from tests.faulty_server import faulty_server
from tests.play import passed, play, watched
from tests.raw import Address
from tests.redis_server import RedisServer
from tests.several import several


class SlowBot(Bot):
    """A bot whose every sending takes a moment, as over a connection that is full."""

    def send_bytes(self, data: bytes) -> None:
        gevent.sleep(0.02)
        super().send_bytes(data)


def bot_of(kind: type[Bot], address: Address) -> Bot:
    def ignore(*_: object) -> None:
        pass

    actor = Actor("ann", "ann", 1, 0, comes_back_within_s=30)
    return kind(actor, [address], Json, Inbox([], keeps=False), ignore, ignore)


def saying(number: int) -> tuple[commands.Say, Message, Withdraw]:
    return commands.Say(text=f"{number}"), Message("ann", f"{number}", number, 0.0, 0.0, "ann"), lambda: None


def said(client: ChatClient, count: int) -> list[str]:
    heard = (message for message in client if isinstance(message, events.Said))
    return [next(heard).text for _ in range(count)]


def test_what_is_said_while_a_bot_says_again_what_may_be_lost_comes_behind_that() -> None:
    with ChatServer(limits=Limits(rate=None)) as server, ChatClient(server.address, name="watcher") as watcher:
        bot = bot_of(SlowBot, server.address)
        bot.come_in("lobby")
        bot.drop("close")
        bot.reconnecting = True
        for number in range(3):
            bot.say(*saying(number))
        coming = gevent.spawn(bot.come_in, "lobby", again=True)
        for number in range(3, 6):  # meanwhile it is saying the first three
            gevent.sleep(0.03)
            bot.say(*saying(number))
        coming.join()
        assert said(watcher, 6) == [f"{number}" for number in range(6)]
        bot.drop("close")


def test_two_who_whisper_to_each_other_while_both_are_about_to_move_do_not_wait_for_each_other() -> None:
    scenario = parse(b"script:\n  - ann: hi\n  - ben: hi\n", "test.yaml", lambda _: b"")
    with ChatServer(limits=Limits(rate=None)) as server:
        group = Runner(scenario, server.address, Json).group
        ann, ben = group.bots.values()
        group.joining.let_in([ann, ben])
        speech = Speech("psst", 1, is_made_up=False)
        pairs = (ben, ann), (ann, ben)
        with ben.transition_lock:
            with ann.transition_lock:
                whispering = [gevent.spawn(group.sending.whisper, *pair, speech, 0.0) for pair in pairs]
                gevent.idle()
            gevent.idle()  # who waits for ann alone has her now
        assert len(gevent.joinall(whispering, timeout=10, raise_error=True)) == 2
        for bot in (ann, ben):
            bot.drop("close")


def test_only_what_was_sent_before_a_ping_is_known_to_be_taken_when_its_pong_comes() -> None:
    sent: list[float] = []

    class NotingBot(Bot):
        def send_bytes(self, data: bytes) -> None:
            sent.append(time.monotonic())
            super().send_bytes(data)

    with ChatServer(limits=Limits(rate=None)) as server:
        bot = bot_of(NotingBot, server.address)
        bot.come_in("lobby")
        assert bot.ping(20.0) == "pong"
        assert sent[0] <= bot.taken <= sent[1]
        bot.drop("close")


def test_who_loses_the_connection_comes_back_at_the_next_of_several_servers(redis_server: RedisServer) -> None:
    script = b"script:\n  - ann: hi\n  - ann: {drop: reset}\n  - ann: {reconnect}\n  - ann: ho\n"
    with several(redis_server.url, 2, Limits(rate=None)) as shared:
        first, second = (server.address for server in shared.servers)
        passed(Runner(parse(script, "test.yaml", lambda _: b""), first, Json, others=[second]).run())
        assert [server.chat.counters.connections for server in shared.servers] == [1, 1]


def test_who_reads_slowly_and_loses_the_connection_reads_the_next_one_at_its_own_pace() -> None:
    outcome, _ = watched(
        """
        cast: {slow: , user: }
        script:
          - slow: {read: 2kB/s}
          - user: {say: "{words 30}", times: 10}
          - slow: {expect: /./}
          - slow: {drop: close}
          - slow: {reconnect}
          - wait: 600ms
          - user: bye
        """
    )
    passed(outcome)


def test_what_comes_late_can_be_expected_all_the_same() -> None:
    script = """
    script:
      - ann: {join}
      - ben: {join}
      - together:
          - ben: {expect: two}
          - - wait: 100ms
            - ann: one
            - ann: two
            - ann: three
    """
    with faulty_server("late", every=4) as (address, server):
        outcome = play(script, address, "plain")
    assert server.committed == [("ben", "ann: two")]
    assert outcome.failures == []
    assert set(outcome.anomalies) == {"reordered"}


def test_who_loses_the_connection_while_saying_again_what_may_be_lost_is_not_here() -> None:
    class DoomedBot(SlowBot):
        def send_bytes(self, data: bytes) -> None:
            super().send_bytes(data)
            if b'"say"' in data:
                server.stop()
                while self._socket.fileno() >= 0:
                    gevent.sleep(0.01)

    with ChatServer(limits=Limits(rate=None)) as server:
        bot = bot_of(DoomedBot, server.address)
        bot.come_in("lobby")
        bot.drop("close")
        bot.reconnecting = True
        bot.say(*saying(1))
        with pytest.raises(NotLetIn, match="lost the connection at once: the server is stopping"):
            bot.come_in("lobby", again=True)
        assert not bot.connected


def test_what_a_bot_has_heard_itself_is_not_said_again_though_it_was_never_acknowledged() -> None:
    script = """
    cast: {ann: {reconnect: true}, ben: }
    script:
      - ann: hi
      - ann: {expect: hi}
      - ann: {drop: close}
      - ann: {say: ho, times: 3}
      - ben: {expect: ho, times: 3}
    """
    with faulty_json_server() as (address, _):  # which acknowledges nothing
        outcome = passed(play(script, address))
    assert [message.text for message in outcome.rooms["lobby"].messages] == ["hi", "ho", "ho", "ho"]
