"""HAProxy before three servers, as the page on several servers has it."""

import re
import signal
import subprocess
from pathlib import Path

import gevent
import pytest

from bots.engine.runner import Runner
from bots.protocols.registry import DIALECTS
from bots.report.summary import lines
from bots.scenario.load import parse
from tests.cluster import Cluster
from tests.needs import needs
from tests.pages import blocks
from tests.ports import free_port
from tests.redis_server import running_redis

_TALK = b"""\
seed: 2
cast:
  user: {count: 40, reconnect: true}
script:
  - user: {say: "{words 2..6}", every: 400ms, jitter: 50%, for: 8s}
check: {delivery: exactly once, order: same for everyone}
"""


@pytest.mark.slow
def test_the_configuration_works_while_servers_are_killed_and_stopped(tmp_path: Path) -> None:
    (config,) = (block.values[1] for block in blocks("haproxy"))
    front, checks = free_port(), [free_port() for _ in range(3)]
    with running_redis(tmp_path / "redis") as redis:
        servers = Cluster(tmp_path, redis, "/0", [redis.address] * 3)
        servers.options = [("--metrics", f"127.0.0.1:{port}", "--proxy-from", "127.0.0.1") for port in checks]
        config = config.replace("0.0.0.0:2003", f"127.0.0.1:{front}")
        for number, check in enumerate(checks):
            written = rf"10\.0\.0\.{number + 1}:2003 check port 9100"
            config, found = re.subn(written, f"127.0.0.1:{servers.addresses[number][1]} check port {check}", config)
            assert found == 1
        (tmp_path / "haproxy.cfg").write_text(config)
        with (tmp_path / "haproxy.log").open("w") as log:
            haproxy = subprocess.Popen([needs("haproxy"), "-f", str(tmp_path / "haproxy.cfg")], stderr=log.fileno())
        try:
            for number in range(3):
                servers.start(number)
            runner = Runner(parse(_TALK, "test.yaml", lambda _: b""), ("127.0.0.1", front), DIALECTS["json"])

            def happen() -> None:
                gevent.sleep(2.5)
                servers.signal(0, signal.SIGKILL)
                gevent.sleep(2.5)
                servers.signal(1, signal.SIGTERM)

            while "3 active" not in (tmp_path / "haproxy.log").read_text():
                gevent.sleep(0.1)
            happening = gevent.spawn(happen)
            outcome = runner.run()
            happening.get()
            assert not outcome.failures
            assert [one for one in lines(outcome) if one.startswith(("FAILED", "broken"))] == []
        finally:
            servers.stop()
            haproxy.kill()
            haproxy.wait()
