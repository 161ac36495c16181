"""One bot on its connections to a real server: what it reads at which pace, and what it says again."""

import gevent

from bots.engine.bot import Bot
from bots.protocols.json import Json
from bots.scenario.model import Actor
from bots.world.inbox import Inbox
from geventchat import ChatClient, ChatServer, Limits
from geventchat.commands import commands
from geventchat.protocol import events
from tests.faulty_server import faulty_server
from tests.play import passed, play, watched
from tests.raw import Address


class SlowBot(Bot):
    """A bot whose every sending takes a moment, as over a connection that is full."""

    def send_bytes(self, data: bytes) -> None:
        gevent.sleep(0.02)
        super().send_bytes(data)


def slow_bot(address: Address, *, reconnects: bool) -> Bot:
    def ignore(*_: object) -> None:
        pass

    return SlowBot(Actor("ann", "ann", 1, 0, reconnects), address, Json, Inbox([], keeps=False), ignore, ignore)


def said(client: ChatClient, count: int) -> list[str]:
    heard = (message for message in client if isinstance(message, events.Said))
    return [next(heard).text for _ in range(count)]


def test_what_is_said_while_a_bot_says_again_what_may_be_lost_comes_behind_that() -> None:
    with ChatServer(limits=Limits(rate=None)) as server, ChatClient(server.address, name="watcher") as watcher:
        bot = slow_bot(server.address, reconnects=True)
        bot.come_in("lobby")
        bot.drop("close")
        bot.reconnecting = True
        for number in range(3):
            bot.say(commands.Say(text=f"{number}"))
        coming = gevent.spawn(bot.come_in, "lobby", again=True)
        for number in range(3, 6):  # meanwhile it is saying the first three
            gevent.sleep(0.03)
            bot.say(commands.Say(text=f"{number}"))
        coming.join()
        assert said(watcher, 6) == [f"{number}" for number in range(6)]
        bot.drop("close")


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
