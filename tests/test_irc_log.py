from textwrap import dedent

from bots.transcripts.irc_log import read_log
from geventchat.protocol import events


def lines(text: str) -> list[tuple[float, str]]:
    """Return what a log says, each as its time and one line."""
    return [(at, shown(event)) for at, event in read_log(dedent(text).encode()).moments]


def shown(event: events.AnyEvent) -> str:
    match event:
        case events.Said(nick=nick, text=text):
            return f"{nick}: {text}"
        case events.Acted(nick=nick, text=text):
            return f"* {nick} {text}"
        case events.Joined(nick=nick):
            return f"> {nick}"
        case events.Left(nick=nick, reason=reason):
            return f"< {nick} {reason}".rstrip()
        case events.Renamed(nick=nick, new=new):
            return f"{nick} = {new}"
    raise AssertionError(event)


def happened(text: str) -> list[str]:
    return [line for _, line in lines(text)]


def test_a_log_with_times_in_brackets() -> None:
    assert happened(
        """\
        [12:18] <|trey|> usual, quite stable though  :)
        [12:18]  * nilson is upgrading...
        === tvon [~user@host.example]  has joined #ubuntu
        === carol has joined #ubuntu
        === topyli [~user@host.example]  has left #ubuntu ["bye (for now)"]
        === dave [n=dave@host.example] has quit []
        === ProfFrink is now known as Prof_Frink
        === |trey| is trying to catch up
        === mode/#ubuntu [-oo rob mdz]  by ChanServ
        === Topic for #ubuntu is: hi
        [12:19] <tvon>   two blanks before, one behind\x20
        """
    ) == [
        "|trey|: usual, quite stable though  :)",
        "* nilson is upgrading...",
        "> tvon",
        "> carol",
        '< topyli "bye (for now)"',
        "< dave",
        "ProfFrink = Prof_Frink",
        "* |trey| is trying to catch up",
        "tvon:   two blanks before, one behind ",
    ]


def test_a_log_of_irssi() -> None:
    assert lines(
        """\
        --- Log opened Sat Nov 23 23:59:00 2024
        23:59 -!- Irssi: #room: Total of 3 nicks [1 ops, 0 halfops, 0 voices, 2 normal]
        23:59 < alice> hello
        23:59 <@bob> hi <alice>
        23:59  * alice waves
        --- Day changed Sun Nov 24 2024
        00:01 -!- carol [~carol@host.example] has joined #room
        00:01 -!- mode/#room [+o carol] by bob
        00:02 -!- carol is now known as caroline
        00:02 -!- alice [a@host.example] has quit [Quit: leaving]
        00:03 -!- caroline was kicked from #room by bob [flood]
        --- Log closed Sun Nov 24 00:10:00 2024
        """
    ) == [
        (0, "alice: hello"),
        (20, "bob: hi <alice>"),
        (40, "* alice waves"),
        (120, "> carol"),
        (180, "carol = caroline"),
        (210, "< alice Quit: leaving"),
        (240, "< caroline flood"),
    ]


def test_a_log_of_weechat() -> None:
    assert lines(
        """\
        2024-11-23 23:59:58\t-->\talice (~alice@host.example) has joined #room
        2024-11-23 23:59:58\t--\tMode #room [+nt] by irc.example
        2024-11-23 23:59:59\t@bob\thello\ttab
        2024-11-23 23:59:59\t*\tbob waves
        2024-11-24 00:00:01\t--\tbob is now known as rob
        2024-11-24 00:00:02\t<--\talice (~alice@host.example) has quit (Remote host closed the connection)
        2024-11-24 00:00:03\t<--\trob has kicked carol (flood)
        2024-11-25 00:00:03\t+dave\tnext day
        """
    ) == [
        (0, "> alice"),
        (1, "bob: hello\ttab"),
        (1.5, "* bob waves"),
        (3, "bob = rob"),
        (4, "< alice Remote host closed the connection"),
        (5, "< carol flood"),
        (86405, "dave: next day"),
    ]


def test_lines_of_one_minute_are_spread_over_it_in_order() -> None:
    log = "[10:00] <a> 1\n=== b has joined #x\n[10:00] <a> 2\n[10:00] <a> 3\n[10:02] <a> 4\n[10:02] <a> 5\n"
    assert [at for at, _ in lines(log)] == [0, 15, 30, 45, 120, 150]


def test_lines_of_one_second_are_spread_over_it() -> None:
    assert [at for at, _ in lines("[10:00:01] <a> 1\n[10:00:01] <a> 2\n[10:00:02] <a> 3\n")] == [0, 0.5, 1]


def test_midnight_comes_once_and_a_clock_set_back_is_passed_over() -> None:
    assert [at for at, _ in lines("[23:59] <a> 1\n[00:00] <a> 2\n[00:01] <a> 3\n")] == [0, 60, 120]
    assert [at for at, _ in lines("[10:05] <a> 1\n[10:04] <a> 2\n[10:06] <a> 3\n")] == [0, 30, 60]
    assert [at // 3600 for at, _ in lines("[08:00] <a> 1\n[22:00] <a> 2\n[08:00] <a> 3\n[22:00] <a> 4\n")] == [
        0,
        14,
        24,
        38,
    ]


def test_the_day_may_change_without_the_first_day_having_been_named() -> None:
    log = "23:00 < a> 1\n--- Day changed Sun Nov 24 2024\n--- Day changed Mon Nov 25 2024\n01:00 < a> 2\n"
    assert [at / 3600 for at, _ in lines(log)] == [0, 26]


def test_a_log_without_times_has_a_line_a_second() -> None:
    assert lines("<a> one\n<b> two\n* a waves\n") == [(0, "a: one"), (1, "b: two"), (2, "* a waves")]


def test_an_action_that_only_sounds_like_leaving_is_an_action() -> None:
    assert happened("[10:00] <a> hi\n=== a has left the building\n=== a has quit smoking\n") == [
        "a: hi",
        "* a has left the building",
        "* a has quit smoking",
    ]


def test_bytes_that_are_no_utf8_and_other_line_ends_do_no_harm() -> None:
    log = read_log(b"\xef\xbb\xbf[10:00] <a> caf\xe9\r\n[10:00] <b> one\x0cline\xe2\x80\xa8still\r\n\r\n")
    assert [shown(event) for _, event in log.moments] == ["a: caf\ufffd", "b: one\x0cline\u2028still"]


def test_lines_in_which_nothing_happens_are_counted() -> None:
    log = read_log(b"[10:00] <a> hi\n\n[10:00] -NickServ- hello\nwhat is this\n")
    assert [(entry.number, entry.text) for entry in log.passed_over] == [
        (3, "[10:00] -NickServ- hello"),
        (4, "what is this"),
    ]
