"""Moderators at a server that is killed, in every dialect, and by a link: what holds, and what nobody learns."""

import json
import re
import signal
from pathlib import Path
from typing import Any

import gevent
import pytest

from geventchat.server import house_rules
from tests.processes import Serving, run, serving
from tests.raw import Raw, does, plain, programmed

_LINK = re.compile(r"whoever opens this first is a moderator: (http://\S+)#moderator=(\S+)")


def moderator(server: Serving, nick: str = "mod", **hello: object) -> tuple[Raw, dict[str, Any]]:
    """Return who opens the link that a server has printed, and its welcome."""
    assert server.process.stdout is not None
    match = _LINK.match(server.process.stdout.readline())
    assert match is not None
    return programmed(server.address, nick, link=match[2], **hello)


def refused(server: Serving, nick: str, **hello: object) -> str:
    """Return the code with which a newcomer is refused."""
    with Raw(server.address, json.dumps({"type": "hello", "nick": nick, **hello}).encode() + b"\n") as raw:
        return str(raw.messages_until("error")[-1]["code"])


@pytest.mark.slow
def test_all_that_a_moderator_did_holds_after_a_kill(tmp_path: Path) -> None:
    history = tmp_path / "history.sqlite"
    with serving("--history", str(history), "--moderator-token") as server:
        mod, welcome = moderator(server)
        eve, _ = programmed(server.address, "eve")
        eve.send(b'{"type":"say","text":"my-secret-words","ref":"1"}\n')
        said = eve.messages_until("said")[-1]["id"]
        does(mod, type="join", room="den")
        for command in (
            {"type": "delete", "id": said, "room": "lobby"},
            {"type": "mute", "nick": "bob", "for": "1h"},
            {"type": "slow", "room": "lobby", "every": "1h"},
            {"type": "lock", "room": "den", "password": "sesame"},
            {"type": "ban", "who": "eve", "reason": "spam"},
        ):
            assert does(mod, **command)["type"] == "ack", command
        while any(b"my-secret-words" in path.read_bytes() for path in tmp_path.iterdir()):
            gevent.sleep(0.05)  # the -wal holds it for a moment
        ann, _ = programmed(server.address, "ann")
        does(ann, type="register", password="open sesame")
        does(ann, type="join", room="ann's")
        server.end(signal.SIGKILL)
        for raw in (mod, eve, ann):
            raw.close()
    with serving("--history", str(history)) as server:
        assert refused(server, "Eve") == "banned"
        assert refused(server, "dan", room="den") == "key-needed"
        bob, _ = programmed(server.address, "bob")
        assert does(bob, type="say", text="x")["code"] == "muted"
        assert does(bob, type="join", room="den", password="wrong")["code"] == "key-needed"
        assert does(bob, type="join", room="den", password="sesame")["type"] == "members"
        ann, _ = programmed(server.address, "ann", login={"account": "ann", "password": "open sesame"})
        assert does(ann, type="say", text="x")["type"] == "ack"
        assert does(ann, type="say", text="y")["code"] == "slow-down"
        assert does(ann, type="join", room="ann's")["moderators"] == ["ann"]
        back, again = programmed(server.address, "mod", token=welcome["token"])
        assert again["role"] == "moderator"
        assert [one["who"] for one in does(back, type="bans")["bans"]] == ["eve"]
        for raw in (bob, ann, back):
            raw.close()
    log = run("geventchat.cli.serve", "export", "--history", str(history), "--room", "@log", "--text").out
    for done in ("deleted what eve said", "muted bob, until", "lets everyone", "locked the room, with", "banned eve"):
        assert f"* mod {done}" in log.replace("bob until", "bob, until")
    assert "my-secret-words" not in run("geventchat.cli.serve", "export", "--history", str(history)).out
    assert all(b"my-secret-words" not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_moderator_at_nc_keeps_order_among_all_kinds_of_clients() -> None:
    with serving("--moderator-token") as server:
        mod, _ = moderator(server)
        nc, bob = plain(server.address, "nc"), Raw(server.address, b"NICK bob\r\nUSER b 0 * :B\r\nJOIN #lobby\r\n")
        bob.until(b"366 bob #lobby")
        nc.until(b"* bob joined\n")
        nc.send(b"/ban bob\n")
        nc.until(b"* that is for moderators only, and for who has the room\n")
        does(mod, type="mute", nick="nc", **{"for": "10m"}, reason="hush")
        nc.until(b": hush\n")
        nc.send(b"x\n")
        assert nc.line().startswith("* you are muted until ")
        does(mod, type="unmute", nick="nc")
        bob.send(b"MODE #lobby +b nc!*@*\r\n")
        bob.until(b"482 bob #lobby")
        does(mod, type="kick", nick="bob", room="lobby", reason="bye")
        bob.until(b" KICK #lobby bob :bye\r\n")
        nc.until(b"* mod put bob out: bye\n")
        does(mod, type="kick", nick="nc", room="lobby")
        assert nc.rest().endswith(b"* mod put you out\n")
        bob.close()
        mod.close()


def test_a_link_works_once_and_its_secret_is_only_printed(tmp_path: Path) -> None:
    with serving("--moderator-token", "--history", str(tmp_path / "h.sqlite"), "--log-level", "debug") as server:
        mod, welcome = moderator(server)
        assert welcome["role"] == "moderator"
        assert refused(server, "eve", link="x" * 32) == "link-used"
        mod.close()
        server.end()
        assert "moderator=" not in server.errors


def test_the_message_of_the_day_and_the_filter_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("be kind\n\x1b[31mto all\n")
    (tmp_path / "filter").write_text("mask darn\nrefuse spam\n")
    with serving("--motd", str(tmp_path / "motd"), "--filter", str(tmp_path / "filter")) as server:
        nc, bob = plain(server.address, "nc"), Raw(server.address, b"NICK bob\r\nUSER b 0 * :B\r\nJOIN #lobby\r\n")
        nc.until(b"* be kind\n* [31mto all\n")
        bob.until(b"372 bob :- be kind\r\n")
        nc.until(b"* bob joined\n")
        nc.send(b"darn spam\ndarn\n")
        assert nc.until(b"nc: ").endswith(b"* that is not wanted here, and was not sent\nnc: ")
        assert nc.line() == "****"
        bob.close()
        nc.close()


def test_of_a_very_long_message_of_the_day_only_the_beginning_is_shown(tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("".join(f"line {number}\n" for number in range(1_000)))
    assert house_rules.read(tmp_path / "motd", None).motd == [f"line {number}" for number in range(100)]


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--filter", "mask (", "line 1 of the filter: missing )"),
        ("--filter", "shout x", "begin with mask, refuse or hold"),
        ("--motd", None, "no such file or directory"),
        ("--motd", "x" * (1 << 20) + "x", "that is more than 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, option: str, text: str | None, said: str) -> None:
    path = tmp_path / "file"
    if text is not None:
        path.write_text(text)
    ran = run("geventchat.cli.serve", "--history", "none", option, str(path))
    assert (ran.status, ran.out) == (2, "")
    assert str(path) in ran.errors
    assert said in ran.errors
    assert len(ran.errors.splitlines()) == 1
