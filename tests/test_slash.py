"""What people type, line by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geventchat.commands import commands, moderation
from geventchat.commands.command import Command
from geventchat.commands.table import TYPED as COMMANDS
from geventchat.commands.table import help_lines
from geventchat.dialects.slash import read_line
from geventchat.protocol.errors import ProtocolError

TYPED: list[tuple[str, commands.AnyCommand | None]] = [
    ("hello", commands.Say(text="hello")),
    (" hello ", commands.Say(text=" hello ")),
    ("exit", commands.Bye()),
    ("exit now", commands.Say(text="exit now")),
    ("", None),
    (" \t", None),
    ("//home/alice", commands.Say(text="/home/alice")),
    ("//", commands.Say(text="/")),
    ("/help", commands.Help()),
    ("/who", commands.Who()),
    ("/WHO", commands.Who()),
    ("/nick bob", commands.Rename(nick="bob")),
    ("/nick  bob ross ", commands.Rename(nick="bob ross")),
    ("/me waves", commands.Act(text="waves")),
    ("/msg bob how are you", commands.Whisper(to="bob", text="how are you")),
    ('/msg "bob ross" hi', commands.Whisper(to="bob ross", text="hi")),
    ("/msg “bob ross” hi", commands.Whisper(to="bob ross", text="hi")),
    ("/msg „bob ross“ hi", commands.Whisper(to="bob ross", text="hi")),
    ("/join “tea room”", commands.Join(room="tea room")),
    ("\uff0f(^o^)", commands.Say(text="\uff0f(^o^)")),
    ("/reply fine", commands.WhisperBack(text="fine")),
    ("/join tea room", commands.Join(room="tea room")),
    ('/join "tea room" open sesame', commands.Join(room="tea room", password="open sesame")),
    ("/motd", commands.Motd()),
    ("/kick bob", moderation.Kick(nick="bob")),
    ("/kick bob go away", moderation.Kick(nick="bob", reason="go away")),
    ("/ban bob", moderation.Ban(who="bob")),
    ("/ban bob 10m", moderation.Ban(who="bob", lasts="10m")),
    ("/ban bob 10m go away", moderation.Ban(who="bob", lasts="10m", reason="go away")),
    ('/ban "bob ross" go away', moderation.Ban(who="bob ross", reason="go away")),
    ("/unban bob ross", moderation.Unban(who="bob ross")),
    ("/bans", moderation.Bans()),
    ("/mute * 1m", moderation.Mute(nick="*", lasts="1m")),
    ("/unmute *", moderation.Unmute(nick="*")),
    ("/slow 10s", moderation.Slow(every="10s")),
    ("/slow", moderation.Slow()),
    ("/lock", moderation.Lock()),
    ("/lock open sesame", moderation.Lock(password="open sesame")),
    ("/unlock", moderation.Unlock()),
    ("/delete 7-0 rude", moderation.Delete(id="7-0", reason="rude")),
    ("/approve 7-0", moderation.Approve(id="7-0")),
    ("/announce lunch", moderation.Announce(text="lunch")),
    ("/leave", commands.Leave()),
    ("/rooms", commands.Rooms()),
    ("/topic", commands.Topic()),
    ("/whois Ivan P", commands.Whois(nick="Ivan P")),
    ("/away", commands.Away()),
    ("/away for tea", commands.Away(text="for tea")),
    ("/invite bob", commands.Invite(nick="bob")),
    ("/register secret word", commands.Register(password="secret word")),
    ('/login "bob ross" secret', commands.Login(account="bob ross", password="secret")),
    ("/logout", commands.Logout()),
    ("/password secret", commands.Password(password="secret")),
    ("/unregister secret", commands.Unregister(password="secret")),
    ("/recover bob", commands.Recover(account="bob")),
    ("/topic tea and cake", commands.Topic(text="tea and cake")),
    ("/history", commands.History(limit=50)),
    ("/history 7", commands.History(limit=7)),
    ("/ping", commands.Ping()),
    ("/ping 1", commands.Ping(token="1")),
    ("/exit", commands.Bye()),
    ("/exit good night", commands.Bye(reason="good night")),
]


@pytest.mark.parametrize(("line", "command"), TYPED, ids=[repr(line) for line, _ in TYPED])
def test_a_line_is_said_or_is_a_command(line: str, command: commands.AnyCommand | None) -> None:
    assert read_line(line) == command


def test_every_command_is_tried_above() -> None:
    assert {line[1:].split()[0] for line, _ in TYPED if line.startswith("/") and line.strip("/")} >= COMMANDS.keys()


@pytest.mark.parametrize(
    ("line", "usage"),
    [
        ("/nick", "/nick NAME"),
        ("/nick  ", "/nick NAME"),
        ("/me", "/me TEXT"),
        ("/msg", "/msg NAME TEXT"),
        ("/msg bob", "/msg NAME TEXT"),
        ('/msg "bob ross', "/msg NAME TEXT"),
        ('/msg "" hi', "/msg NAME TEXT"),
        ("/reply", "/reply TEXT"),
        ("/join", "/join ROOM [PASSWORD]"),
        ('/join "tea', "/join ROOM [PASSWORD]"),
        ('/nick "bob', "/nick NAME"),
        ("/kick", "/kick NAME [REASON]"),
        ("/announce", "/announce TEXT"),
        ("/history two", "/history [N]"),
        ("/history -1", "/history [N]"),
        ("/history ²", "/history [N]"),
    ],
)
def test_who_leaves_out_what_a_command_needs_is_shown_how_to_type_it(line: str, usage: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        read_line(line)
    assert refused.value.code == "usage"
    assert refused.value.message == f"like this: {usage}"
    assert not refused.value.fatal


_ALMOST_TIMES = ("10", "10 min", "5mins", "1.5hours", "2Days for that", "10M spam", "2H", "1h30", "30mn", "1,5h", "1y")


@pytest.mark.parametrize("time", [*_ALMOST_TIMES, "10m,", "10m. spam", "1mo", "1:30h", "1h30min"])
@pytest.mark.parametrize("act", ["/ban bob", "/mute *"])
def test_a_time_without_a_unit_that_is_known_is_no_act_for_ever(act: str, time: str) -> None:
    with pytest.raises(ProtocolError, match="a time is written like 30s, 10m, 2h or 1h30m"):
        read_line(f"{act} {time}")
    assert isinstance(read_line(f"{act} for {time}"), moderation.Ban | moderation.Mute)
    for reason in ("3rd warning", "24/7 spam", "2nd, and last", "5th", "1st time"):
        assert isinstance(read_line(f"{act} {reason}"), moderation.Ban | moderation.Mute)


@pytest.mark.parametrize("before", [" ", "\t", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2060 \u200e"])
def test_a_command_behind_what_nobody_sees_is_not_said_aloud(before: str) -> None:
    with pytest.raises(ProtocolError, match="begins with /"):
        read_line(f"{before}/msg bob secret")


def test_a_command_with_a_wide_slash_is_not_said_aloud() -> None:
    for line in ("\uff0fmsg bob secret", " \uff0fmsg bob secret"):
        with pytest.raises(ProtocolError, match="begins with /"):
            read_line(line)


@pytest.mark.parametrize("line", ["/hlep", "/", "/ hello", "/nickname bob"])
def test_a_command_that_is_none_is_not_said_aloud(line: str) -> None:
    with pytest.raises(ProtocolError, match="/help lists them") as refused:
        read_line(line)
    assert refused.value.code == "unknown-command"


def test_help_lists_every_command() -> None:
    assert [line.split()[0] for line in help_lines()] == [f"/{name}" for name in COMMANDS]
    column = help_lines()[0].index("this list")
    assert {line[column - 2 : column] for line in help_lines()} == {"  "}  # all helps stand below each other


@given(st.one_of(st.text(), st.text().map("/{}".format), st.sampled_from([*COMMANDS]).map("/{} ".format)), st.text())
def test_any_line_is_said_or_a_command_or_refused(start: str, rest: str) -> None:
    try:
        command = read_line(start + rest)
    except ProtocolError as refused:
        assert refused.code in ("usage", "unknown-command")  # noqa: PT017 - any other error fails the test by itself
    else:
        assert command is None or isinstance(command, Command)
