"""What real programs write besides talk: nobody's action, nobody's words, and never another's; all words made up."""

import json
from textwrap import dedent

import pytest

from bots.transcripts.importer import import_log


def read(log: str, file: str = "a.log") -> tuple[str, list[str], list[str]]:
    """Return as what a log is read, the script that it becomes, without its times, and what is told."""
    transcript = import_log(dedent(log).encode(), file)
    script = transcript.text.partition("script:\n")[2]
    lines = [line.strip(" -").partition(", at:")[0] for line in script.splitlines() if " - " in line]
    notes = [note.partition(" left out;")[0] for note in transcript.notes]
    return transcript.title.rpartition("read as ")[2], lines, notes


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("ann sets quiet on *!*@spam.example", "mode change"),
        ("ann removes ban on *!*@spam.example", "mode change"),
        ("ann removes invite exempt on *!*@spam.example", "mode change"),
        ("ann removes channel keyword", "mode change"),
        ("ann sets modes [+R]", "mode change"),
        ("ann removes channel half-operator status from ben", "mode change"),
        ("ben has offered 'tea.txt' (12 bytes)", "server message"),
        ("ben has been invited to #tea by ann (irc.example)", "server message"),
        ("You are now talking on #tea", "server message"),
    ],
)
def test_what_hexchat_tells_of_somebody_is_not_that_one_s_action(event: str, kind: str) -> None:
    log = f"""\
        Nov 23 20:00:00 <ann>\thi
        Nov 23 20:00:01 <ben>\thi
        Nov 23 20:00:02 *\tdan (~d@host.example) has joined
        Nov 23 20:00:03 *\t{event}
        Nov 23 20:00:04 *\tann gives cake to ben
        Nov 23 20:00:05 *\tann removes her hat
        """
    assert read(log) == (
        "HexChat or XChat",
        [
            *('ann: {say: "hi"', 'ben: {say: "hi"', "dan: {join"),
            *('ann: {act: "gives cake to ben"', 'ann: {act: "removes her hat"'),
        ],
        [f"1 {kind}"],
    )


def test_an_invitation_is_nobody_s_action_in_mirc() -> None:
    log = """\
        [20:00] * ben (~b@host.example) has joined #tea
        [20:01] <ann> hi
        [20:02] * ann invites you to join #coffee
        [20:03] * ann waves
        """
    assert read(log)[1:] == (["ben: {join", 'ann: {say: "hi"', 'ann: {act: "waves"'], ["1 server message"])


def test_mirc_before_version_6_had_three_stars() -> None:
    log = """\
        [20:00] *** Now talking in #tea
        [20:00] *** Topic is 'kettle'
        [20:00] *** ben (~b@host.example) has joined #tea
        [20:01] <ben> hi
        [20:02] * ben waves
        [20:02] *** ann sets mode: +o ben
        [20:03] *** ben is now known as benny
        [20:04] *** cat was kicked by ann (rude)
        [20:05] *** benny (~b@host.example) Quit (bed)
        [20:06] *** Something else
        """
    assert read(log) == (
        "mIRC before version 6",
        [
            *("ben: {join", 'ben: {say: "hi"', 'ben: {act: "waves"', 'ben: {rename: "benny"'),
            *('cat: {leave: "rude"', 'ben: {leave: "bed"'),
        ],
        ["1 server message", "1 topic", "1 mode change", "1 unknown event"],
    )


def test_where_nobody_comes_or_goes_the_formats_with_three_stars_read_alike() -> None:
    log = """\
        [20:01:00] <ben> hi
        [20:02:00] * cat waves
        [20:03:00] *** ben is now known as benny
        """
    assert read(log) == ("ZNC", ['ben: {say: "hi"', 'cat: {act: "waves"', 'ben: {rename: "benny"'], [])


def test_energymech_tells_why_somebody_quits_without_a_host() -> None:
    log = """\
        [20:00:00] *** Joins: ben (~b@host.example)
        [20:00:01] <ben> hi
        [20:00:02] *** Parts: cat (~c@host.example)
        [20:00:03] *** Quits: ben (Quit: bed)
        """
    assert read(log) == ("energymech", ["ben: {join", 'ben: {say: "hi"', "cat: {leave", 'ben: {leave: "Quit: bed"'], [])


def test_all_that_an_eggdrop_writes_is_known() -> None:
    log = """\
        [20:00:00] teabot joined #tea.
        [20:00:01] <ben> hi
        [20:00:02] @<ann> for operators
        [20:00:03] CTCP VERSION:  from ann (~a@host.example) to #tea
        [20:00:04] ann!~a@host.example is now away: tea
        [20:00:05] Action: ben waves
        """
    happened = ["teabot: {join", 'ben: {say: "hi"', 'ben: {act: "waves"']
    assert read(log) == ("eggdrop", happened, ["2 server messages", "1 private message"])


def test_all_that_textual_writes_is_known() -> None:
    log = """\
        [2024-11-23T20:00:00+0000] ben (~b@host.example) joined the channel
        [2024-11-23T20:00:01+0000] <ben> hi
        [2024-11-23T20:00:02+0000] You're now known as annie
        [2024-11-23T20:00:03+0000] ben is away (tea)
        [2024-11-23T20:00:04+0000] Reconnecting…
        """
    assert read(log) == ("Textual", ["ben: {join", 'ben: {say: "hi"'], ["2 server messages", "1 own rename"])


def test_an_invitation_and_a_kill_are_events_in_quassel() -> None:
    log = """\
        [20:00:00] --> ben (~b@host.example) has joined #tea
        [20:00:01] <ben> hi
        [20:00:02] -> ben invited you to channel #x
        [20:00:03] <-x ben was killed
        """
    assert read(log) == ("Quassel", ["ben: {join", 'ben: {say: "hi"'], ["2 unknown events"])


def test_the_room_beside_a_nick_is_no_part_of_it_in_irssi() -> None:
    log = "20:00 -!- ben [~b@host.example] has joined #tea\n20:01 <@ben:#tea> hi: all\n20:02 < ben> ho\n"
    assert read(log) == ("irssi", ["ben: {join", 'ben: {say: "hi: all"', 'ben: {say: "ho"'], [])


def test_a_bridge_speaks_for_each_of_those_behind_it_in_slack() -> None:
    said = [
        {
            "type": "message",
            "subtype": "bot_message",
            "bot_id": "B1",
            "username": name,
            "text": "hi",
            "ts": f"173239206{at}.1",
        }
        for at, name in enumerate(["ann", "ben", "ann"])
    ]
    said.append({"type": "message", "user": "U1", "username": "cat", "text": "one", "ts": "1732392064.1"})
    said.append({"type": "message", "user": "U1", "text": "two", "ts": "1732392065.1"})
    spoken = ['ann: {say: "hi"', 'ben: {say: "hi"', 'ann: {say: "hi"', 'cat: {say: "one"', 'cat: {say: "two"']
    assert read(json.dumps(said)) == ("Slack's export", spoken, [])


def test_what_is_forwarded_in_discord_is_not_said_by_who_forwards_it() -> None:
    head = "=" * 62 + "\nGuild: G\nChannel: text / tea\n" + "=" * 62 + "\n"
    log = f"""{head}
[11/23/2024 8:01 PM] ben
look

{{Forwarded Message}}
words of others

Originally sent: 11/22/2024 8:00 PM


[11/23/2024 8:02 PM] ann
yes
"""
    assert read(log)[1:] == (['ben: {say: "look"', 'ann: {say: "yes"'], ["1 attachment"])
    one = {"type": "Default", "timestamp": "2024-11-23T20:01:00+00:00", "author": {"id": "1", "name": "ben"}}
    said = [one | {"content": "", "forwardedMessage": {"content": "words of others"}}, one | {"content": "yes"}]
    export = {"guild": {"name": "G"}, "channel": {"name": "tea"}, "messages": said}
    assert read(json.dumps(export))[1:] == (['ben: {say: "yes"'], ["1 attachment"])


def test_zulip_s_streams_are_told_by_their_names() -> None:
    one = {"sender_id": 1, "sender_full_name": "Ann", "timestamp": 1732392060, "content_type": "text/x-markdown"}
    rooms = ("tea", "tea", [{"id": 2}])
    answer = {"messages": [one | {"content": f"{at}", "display_recipient": room} for at, room in enumerate(rooms)]}
    told = ["only the room tea is read; left out are 1 of private messages"]
    assert read(json.dumps(answer))[1:] == (['Ann: {say: "0"', 'Ann: {say: "1"'], told)


def test_hexchat_in_another_language_is_no_konversation() -> None:
    log = """\
        11月 23 20:00:05 *\tben (~b@host.example) が参加しました
        11月 23 20:01:00 <ben>\tこんにちは
        11月 24 20:01:00 <ann>\tはい
        11月 24 20:02:00 *\tben が終了しました (Quit: bed)
        """
    assert read(log) == ("HexChat or XChat", ['ben: {say: "こんにちは"', 'ann: {say: "はい"'], ["2 unknown events"])
