"""IRC servers of others, on a free loopback port, with a configuration that lets bots talk as fast as they can."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.needs import needs
from tests.ports import free_port
from tests.processes import serving
from tests.raw import Address

_INSPIRCD = """\
<server name="irc.test" description="test" network="Test">
<admin name="test" nick="test" email="test@irc.test">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" timeout="60" threshold="100000" commandrate="{rate}" fakelag="no" pingfreq="300" hardsendq="8388608"
 softsendq="8388608"
 recvq="{recvq}" localmax="10000" globalmax="10000" maxchans="100" resolvehostnames="no" useident="no">
<class name="none"> <pid file="{folder}/inspircd.pid">
<options prefixquit="" nouserdns="yes" exemptchanops="">
<limits maxnick="40" maxchan="70" maxident="12">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{folder}/inspircd.log">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
<performance clonesonconnect="no">
"""
_NGIRCD = """\
[Global]
    Name = irc.test
    Info = test
    Listen = 127.0.0.1
    Ports = {port}
    MotdPhrase = "hello"
    PidFile = {folder}/ngircd.pid
[Limits]
    MaxConnections = 0
    MaxConnectionsIP = 0
    MaxJoins = 100
    MaxNickLength = 40
    MaxPenaltyTime = 0
    PingTimeout = 120
[Options]
    DNS = no
    Ident = no
    PAM = no
"""
OURS = "geventchat"
_COMMANDS = {
    "inspircd": ["--nofork", "--runasroot", "--config={file}"],
    "ngircd": ["--nodaemon", "--config", "{file}"],
}
_CONFIGURATIONS = {"inspircd": _INSPIRCD, "ngircd": _NGIRCD}


@contextmanager
def irc_server(name: str, folder: Path, *, rate: int = 100_000_000, recvq: int = 8_388_608) -> Iterator[Address]:
    """Run inspircd, ngircd or our own server until the block ends; yield where it listens."""
    if name == OURS:
        with serving("--rate", "off") as server:
            yield server.address
        return
    port = free_port()
    file, program = folder / f"{name}.conf", needs(name)
    file.write_text(_CONFIGURATIONS[name].format(port=port, folder=folder, rate=rate, recvq=recvq))
    file.chmod(0o644)
    folder.chmod(0o777)
    words = [word.format(file=file) for word in _COMMANDS[name]]
    log = (folder / f"{name}.out").open("w+")
    with log, subprocess.Popen([program, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process:
        try:
            while not _answers(port):
                assert process.poll() is None, (log.seek(0), log.read())
                time.sleep(0.05)
            yield "127.0.0.1", port
        finally:
            process.kill()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
