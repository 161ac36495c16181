"""A configuration file: every option can stand in it, slips are said in one line, and SIGHUP has it read again."""

import dataclasses
import re
import signal
import tomllib
from pathlib import Path

import pytest

from geventchat.cli.config import keys
from geventchat.cli.serve import _limits, _options, _parser
from geventchat.protocol import address
from geventchat.protocol.limits import Limits
from tests.pages import PAGES, found, options_of
from tests.processes import Serving, run, serving
from tests.raw import Raw, plain
from tests.talking import Program, hanging_up

__all__ = ["hanging_up"]
pytestmark = pytest.mark.usefixtures("hanging_up")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "chat.toml"


def test_every_option_can_stand_in_the_file_and_is_in_the_example_with_its_default(config: Path) -> None:
    (example,) = found(r"^```toml\n(.*?)^```", PAGES["operating.md"])
    whole = re.sub(r"^# (?=[a-z-]+ = )", "", example, flags=re.MULTILINE)
    assert tomllib.loads(whole).keys() == keys(_parser().shown).keys()
    assert keys(_parser().shown).keys() == {name[2:] for name in options_of("geventchat.cli.serve")} - {"config"}
    config.write_text(example)
    as_written, without = _options(["--config", str(config)]), _options([])
    assert _limits(as_written) == Limits()
    others = vars(without).keys() - {field.name for field in dataclasses.fields(Limits)} - {"config", "listen"}
    assert {name: getattr(as_written, name) for name in others} == {name: getattr(without, name) for name in others}
    assert as_written.listen == [address.DEFAULT]
    config.write_text(whole)
    assert _options(["--config", str(config)]).host == ["chat.example.org"]


def test_the_command_line_counts_instead_of_the_file(config: Path) -> None:
    config.write_text('listen = ["127.0.0.1:1", "127.0.0.1:2"]\nhost = "a"\nrate = "off"\nburst = 3\ntls-only = true\n')
    options = _options(["--config", str(config), "--listen", "127.0.0.1:3", "--host=b", "--burst=4"])
    assert (options.listen, options.host, options.rate, options.burst) == (["127.0.0.1:3"], ["b"], "off", "4")
    assert options.tls_only


def test_files_are_meant_from_where_the_configuration_is(config: Path) -> None:
    config.write_text('history = "a.sqlite"\npassword-file = "/b"\ntls-cert = "c.pem"\n')
    options = _options(["--config", str(config)])
    assert (options.history, options.password_file) == (str(config.parent / "a.sqlite"), "/b")
    assert options.tls_cert == str(config.parent / "c.pem")
    config.write_text('history = "none"\ntls-key = "~/key.pem"\n')
    options = _options(["--config", str(config)])
    assert (options.history, options.tls_key) == ("none", str(Path.home() / "key.pem"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_users = 3", "chat.toml: max_users is no option; did you mean max-users?\n"),
        ("maxusers = 3", "did you mean max-users?"),
        ("zzz = 3", "zzz is no option; --help says which there are"),
        ("config = 'other.toml'", "config is no option"),
        ("[limits]\nrate = 3", "limits is no option"),
        ("rate = 0", "--rate 0: give a positive number"),
        ("rate = true", "rate is a text or a number"),
        ("rate = [1, 2]", "rate has one value"),
        ("rate = []", "rate has one value"),
        ("rate = 1979-05-27", "rate is a text or a number"),
        ("listen = [true]", "listen is a text or a number, or a list of them"),
        ("tls-only = 'yes'", "tls-only is true or false"),
        ("log-level = 'loud'", "invalid choice: 'loud'"),
        ("keep = '-3d'", "--keep -3d: give an age"),
        ("rate = ", "that is no TOML: "),
        ("rate = 1\nrate = 2", "that is no TOML: "),
        (b"rate = '\xff'", "TOML is written in UTF-8"),
    ],
)
def test_a_slip_is_said_in_one_line(config: Path, text: str | bytes, said: str) -> None:
    config.write_bytes(text if isinstance(text, bytes) else text.encode())
    ran = run("geventchat.cli.serve", "--config", str(config))
    assert (ran.status, ran.out, ran.errors.count("\n")) == (2, "", 1)
    assert said in ran.errors


def test_a_file_that_is_not_there_is_said(config: Path) -> None:
    ran = run("geventchat.cli.serve", "--config", str(config))
    assert (ran.status, ran.errors.count("\n")) == (2, 1)
    assert f"--config {config} cannot be read: no such file or directory" in ran.errors


def reload(server: Serving) -> str:
    """Have the configuration read again; return what the log says of it."""
    assert server.process.stderr is not None
    server.process.send_signal(signal.SIGHUP)
    while "settings" not in (line := server.process.stderr.readline()):
        assert line
    return line


def test_a_signal_has_it_read_again_and_says_what_waits_for_the_next_start(config: Path) -> None:
    config.write_text('max-line = 100\nhistory = "none"\nlog-level = "warning"\n')
    with serving("--config", str(config)) as server:
        first = Program(server.address, "first")
        assert first.welcome["limits"]["line"] == 100
        config.with_name("secret").write_text("open sesame")
        config.write_text('max-line = 200\npassword-file = "secret"\nlog-level = "info"\n')
        assert "INFO the settings have been read again" in reload(server)
        assert Program(server.address).hello("second")["code"] == "password-needed"
        second = Program(server.address, "second", password="open sesame")
        assert second.welcome["limits"]["line"] == 200
        assert first.asks("say", text="still here")["type"] == "ack"
        with Raw(server.address) as nc:
            assert nc.until(b": ") == b"Server password: "
        config.write_text("max-lines = 300\n")
        assert "ERROR the settings stay as they were: " in reload(server)
        config.write_text('max-line = 300\nmax-name = 15\nkeep = "3d"\nlog-level = "info"\ngreet-with = 0\n')
        waiting = "the settings have been read again; these are taken at the next start: keep, max-name"
        assert waiting in reload(server)
        assert waiting in reload(server)
        third = Program(server.address, "a longer name")
        assert (third.welcome["limits"]["line"], third.welcome["limits"]["nick"]) == (300, 32)
        with plain(server.address, "fourth") as fourth:
            fourth.send(b"/ping now\n")
            assert b"still here" not in fourth.until(b"* pong now\n")
        assert server.end() == 0
