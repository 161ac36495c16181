"""What can happen to servers that share one chat, and to their Redis, while bots prove that nothing is lost by it."""

import signal
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from textwrap import dedent

import gevent
import pytest

from bots.engine.runner import Runner
from bots.protocols.registry import DIALECTS
from bots.report.outcome import Outcome
from bots.report.summary import lines
from bots.scenario.load import parse
from geventchat.protocol.events import Said
from geventchat.store.redis.log import RedisLog
from tests.cluster import LEASE_S, Cluster, cluster
from tests.proxy import Proxy
from tests.redis_server import running_redis

pytestmark = pytest.mark.slow

# Users who come back by themselves, and say 200 messages a second between them.
_TALK = """\
    seed: 1
    cast:
      user: {count: 60, name: "user{n}", reconnect: true}
    script:
      - user: {say: "{words 2..6}", every: 300ms, jitter: 50%, for: SECONDS}
    check:
      delivery: exactly once
      order: same for everyone
"""


def proved(servers: Cluster, seconds: float, happen: Callable[[], None]) -> Outcome:
    """Let bots talk at all servers, for so long, while something happens to them; fail unless all is well."""
    scenario = parse(dedent(_TALK.replace("SECONDS", f"{seconds:g}s")).encode(), "test.yaml", lambda _: b"")
    first, *others = servers.addresses
    runner = Runner(scenario, first, DIALECTS["json"], others=others)
    happening = gevent.spawn(happen)
    outcome = runner.run()
    happening.get()
    logs = "\n".join(servers.log_file(number).read_text() for number in range(len(servers.addresses)))
    assert not outcome.failures, (outcome.failures, logs)
    assert [one for one in lines(outcome) if one.startswith(("FAILED", "broken"))] == [], (
        "\n".join(lines(outcome)),
        logs,
    )
    with closing(RedisLog(servers.url)) as log:
        kept = [entry.event for entry in log.since("lobby", "0-0", 1_000_000, talk=True)]
    # What anyone has heard is in the log, once.
    assert Counter((one.nick, one.text) for one in kept if isinstance(one, Said)) == Counter(
        (one.nick, one.text) for one in outcome.rooms["lobby"].messages
    )
    return outcome


def test_servers_are_killed_and_their_users_come_back_elsewhere(tmp_path: Path) -> None:
    with cluster(tmp_path) as servers:

        def kill() -> None:
            for number in (0, 1, 2, 0, 1):
                gevent.sleep(1.5)
                servers.signal(number, signal.SIGKILL)
                gevent.sleep(0.5)
                servers.start(number)

        proved(servers, 12, kill)


def test_a_server_is_stopped_for_three_leases_and_goes_on(tmp_path: Path) -> None:
    with cluster(tmp_path) as servers:

        def pause() -> None:
            gevent.sleep(1.5)
            servers.signal(1, signal.SIGSTOP)
            gevent.sleep(3 * LEASE_S)
            servers.signal(1, signal.SIGCONT)

        proved(servers, 12, pause)


def test_servers_end_one_by_one_and_are_run_again(tmp_path: Path) -> None:
    with cluster(tmp_path) as servers:

        def upgrade() -> None:
            for number in (0, 1, 2):
                gevent.sleep(1.5)
                servers.signal(number, signal.SIGTERM)
                servers.start(number)

        proved(servers, 9, upgrade)


def test_redis_is_killed_again_and_again(tmp_path: Path) -> None:
    with cluster(tmp_path) as servers:

        def kill() -> None:
            for _ in range(5):
                gevent.sleep(1.5)
                servers.redis.kill()
                gevent.sleep(0.3)
                servers.redis.start()

        proved(servers, 11, kill)


def test_redis_is_killed_and_forgets_the_end_of_what_it_was_told(tmp_path: Path) -> None:
    with cluster(tmp_path) as servers:

        def kill() -> None:
            for _ in range(5):
                gevent.sleep(1.5)
                servers.redis.kill(cut=20_000)
                gevent.sleep(0.3)
                servers.redis.start()

        proved(servers, 11, kill)


def proxies() -> list[Proxy]:
    return [Proxy(("127.0.0.1", 1)) for _ in range(3)]


@pytest.mark.parametrize("seconds", [LEASE_S / 4, 2 * LEASE_S])
@pytest.mark.parametrize("how", ["broken", "silent"])
def test_a_server_is_cut_off_from_redis(tmp_path: Path, seconds: float, how: str) -> None:
    with ExitStack() as opened:
        ways = [opened.enter_context(way) for way in proxies()]
        with cluster(tmp_path, ways) as servers:

            def cut_off() -> None:
                gevent.sleep(2)
                with ways[1].cut(silently=how == "silent"):
                    gevent.sleep(seconds)

            proved(servers, 4 + seconds, cut_off)


def test_all_servers_are_cut_off_from_redis_at_once(tmp_path: Path) -> None:
    with ExitStack() as opened:
        ways = [opened.enter_context(way) for way in proxies()]
        with cluster(tmp_path, ways) as servers:

            def cut_off() -> None:
                gevent.sleep(2)
                with ExitStack() as cuts:
                    for way in ways:
                        cuts.enter_context(way.cut(silently=False))
                    gevent.sleep(2 * LEASE_S)

            proved(servers, 5 + 2 * LEASE_S, cut_off)


def test_a_replica_takes_the_place_of_its_redis(tmp_path: Path) -> None:
    with ExitStack() as opened:
        ways = [opened.enter_context(way) for way in proxies()]
        with cluster(tmp_path, ways) as servers:
            of = f"127.0.0.1 {servers.redis.port}"
            with running_redis(tmp_path / "replica", "--replicaof", *of.split()) as replica:
                while b"master_link_status:up" not in replica.do("INFO", "replication"):
                    gevent.sleep(0.05)

                def promote() -> None:
                    gevent.sleep(3)
                    servers.redis.kill()
                    replica.do("REPLICAOF", "NO", "ONE")
                    servers.url = servers.url.replace(str(servers.redis.port), str(replica.port))
                    for way in ways:
                        way.target = replica.address

                proved(servers, 7, promote)
