"""A log of each program is found by itself, and all in it is told apart: what is said, done, happens, or left out."""

import json
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.transcripts import calendar, entries, formats
from bots.transcripts.entries import LogFormat
from bots.transcripts.importer import import_log
from bots.transcripts.line_format import LineFormat
from bots.transcripts.log_text import LogText
from geventchat.protocol import events
from geventchat.protocol.errors import ChatError, UsageError


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


def read(name: str, text: str) -> tuple[list[str], list[str]]:
    """Return what happened in a log, and the kinds of what is left out, both in order."""
    all_of_it = formats.named(name).read(LogText(text))
    moments, _ = calendar.timed(all_of_it)
    return [shown(event) for _, event in moments], [kind for entry in all_of_it for kind in entry.left_out]


DISCORD_COLUMNS = "AuthorID,Author,Date,Content,Attachments,Reactions"

# What nearly every log here tells: two speak, one acts, is renamed, and quits.
TALK = ["> ben", "ben: good evening", "ann: welcome", "* ben waves", "ben = benny", "benny: thanks", "< benny bed"]

LOGS = {
    "generic": """\
        [20:00] <ben> good evening
        [20:00]  * ben waves
        === ben is now known as benny
        === benny [~b@host.example] has left #tea [bed]
        """,
    "irssi": """\
        --- Log opened Sat Nov 23 20:00:00 2024
        20:00 -!- ben [~b@host.example] has joined #tea
        20:00 -!- Irssi: #tea: Total of 3 nicks [1 ops, 0 halfops, 0 voices, 2 normal]
        20:01 < ben> good evening
        20:01 <@ann> welcome
        20:01  * ben waves
        20:02 -!- mode/#tea [+o ben] by ann
        20:02 -!- ann changed the topic of #tea to: kettle * on
        20:02 -!- ben is now known as benny
        20:03 < benny> thanks
        20:04 -!- You're now known as annie
        20:04 -ann:#tea- psst
        20:04 [ben(~b@host.example)] a private message [or so]
        20:05 -!- benny [~b@host.example] has quit [bed]
        20:05 -!- something that no release says yet
        """,
    "weechat": """\
        2024-11-23 20:00:05\t-->\tben (~b@host.example) has joined #tea
        2024-11-23 20:01:00\tben\tgood evening
        2024-11-23 20:01:10\t@ann\twelcome
        2024-11-23 20:01:20\t *\tben waves
        2024-11-23 20:02:00\t--\tMode #tea [+o ben] by ann
        2024-11-23 20:02:00.250000Z\t--\tben is now known as benny
        2024-11-23 20:02:10.500000Z\t--\tNotice(cat): hello
        2024-11-23 20:03:00.000000Z\tbenny\tthanks
        2024-11-23 20:05:00.000000Z\t<--\tbenny (~b@host.example) has quit (bed)
        2024-11-23 20:06:00.000000Z\t\tday of no event
        """,
    "mirc": """\
        Session Start: Sat Nov 23 20:00:00 2024
        Session Ident: #tea
        [20:00] * Now talking in #tea
        [20:00] * Topic is 'kettle on'
        [20:00] * Set by ann!ann@host.example on Sat Nov 23 19:00:00 2024
        [20:00] * ben (~b@host.example) has joined #tea
        [20:01] <ben> good evening
        [20:01] <@ann> welcome
        [20:01] * @ben waves
        [20:02] * ann sets mode: +o ben
        [20:02] * ben is now known as benny
        [20:03] <@benny> thanks
        [20:05] * benny (~b@host.example) Quit (bed)
        [20:06] * Disconnected
        """,
    "hexchat": """\
        **** BEGIN LOGGING AT Sat Nov 23 20:00:00 2024

        Nov 23 20:00:00 *\tNow talking on #tea
        Nov 23 20:00:05 *\tben (~b@host.example) has joined
        Nov 23 20:01:00 <ben>\tgood evening
        Nov 23 20:01:10 <ann>\twelcome
        Nov 23 20:01:20 *\tben waves
        Nov 23 20:02:00 *\tben is now known as benny
        Nov 23 20:03:00 *\tann gives channel operator status to benny
        Nov 23 20:03:00 <benny>\tthanks
        Nov 23 20:05:00 *\tbenny has quit (bed)
        """,
    "znc": """\
        [20:00:05] *** Joins: ben (~b@host.example)
        [20:01:00] <ben> good evening
        [20:01:10] <ann> welcome
        [20:01:20] * ben waves
        [20:02:00] *** ben is now known as benny
        [20:02:30] *** ann sets mode: +o benny
        [20:03:00] <benny> thanks
        [20:05:00] *** Quits: benny (~b@host.example) (bed)
        """,
    "limnoria": """\
        2024-11-23T20:00:05  *** ben <ben!~b@host.example> has joined #tea
        2024-11-23T20:01:00  <ben> good evening
        2024-11-23T20:01:10  <ann> welcome
        2024-11-23T20:01:20  * ben waves
        2024-11-23T20:02:00  *** ben is now known as benny
        2024-11-23T20:02:00  *** ann sets mode: +o benny
        2024-11-23T20:03:00  <benny> thanks
        2024-11-23T20:05:00  *** benny <benny!~b@host.example> has quit IRC (bed)
        """,
    "eggdrop": """\
        [00:00] --- Sat Nov 23 2024
        [20:00] ben (~b@host.example) joined #tea.
        [20:01] <ben> good evening
        [20:01] <ann> welcome
        [20:01] Action: ben waves
        [20:02] Nick change: ben -> benny
        [20:02] #tea: mode change '+o benny' by ann!ann@host.example
        [20:03] <benny> thanks
        [20:05] benny (~b@host.example) left irc: bed
        [20:05] Last message repeated 2 time(s).
        """,
    "energymech": """\
        [20:00] Joins: ben (~b@host.example)
        [20:01] <ben> good evening
        [20:01] <ann> welcome
        [20:01] * ben waves
        [20:02] Nick change: ben -> benny
        [20:03] <benny> thanks
        [20:05] Quits: benny (~b@host.example) (bed)
        """,
    "textual": """\
        [2024-11-23T20:00:05+0000] ben (~b@host.example) joined the channel
        [2024-11-23T20:01:00+0000] <ben> good evening
        [2024-11-23T20:01:10+0000] <ann> welcome
        [2024-11-23T20:01:20+0000] • ben: waves
        [2024-11-23T20:02:00+0000] ben is now known as benny
        [2024-11-23T20:02:00+0000] ann sets mode +o benny
        [2024-11-23T20:03:00+0000] <benny> thanks
        [2024-11-23T20:05:00+0000] benny (~b@host.example) left IRC (bed)
        """,
    "thelounge": """\
        [2024-11-23T20:00:05.000Z] *** ben (~b@host.example) joined
        [2024-11-23T20:01:00.000Z] <ben> good evening
        [2024-11-23T20:01:10.000Z] <@ann> welcome
        [2024-11-23T20:01:20.000Z] * @ben waves
        [2024-11-23T20:02:00.000Z] *** ben changed nick to benny
        [2024-11-23T20:02:00.000Z] *** ann set mode +o benny
        [2024-11-23T20:03:00.000Z] <benny> thanks
        [2024-11-23T20:05:00.000Z] *** benny (~b@host.example) quit (bed)
        """,
    "kvirc": """\
        57 [20:00:00] ### Log session started ###
        14 [20:00:05] ben [~b@host.example] has joined #tea
        6 [20:01:00] <ben> good evening
        6 [20:01:10] <ann> welcome
        9 [20:01:20] ben waves
        20 [20:02:00] ben [~b@host.example] is now known as benny
        20 [20:02:00] ann [~a@host.example] has set channel mode to +n
        6 [20:03:00] <benny> thanks
        16 [20:05:00] benny [~b@host.example] has quit IRC: bed
        """,
    "quassel": """\
        [20:00:05] --> ben (~b@host.example) has joined #tea
        [20:01:00] <ben> good evening
        [20:01:10] <ann> welcome
        [20:01:20] -*- ben waves
        [20:02:00] <-> ben is now known as benny
        [20:02:00] *** Mode #tea +o benny by ann
        [20:03:00] <benny> thanks
        [20:05:00] <-- benny (~b@host.example) has quit (bed)
        """,
    "konversation": """\
        [Saturday, 23 November 2024] [20:00:05] Join\tben (~b@host.example) has joined this channel.
        [Saturday, 23 November 2024] [20:01:00] <ben>\tgood evening
        [Saturday, 23 November 2024] [20:01:10] <ann>\twelcome
        [Saturday, 23 November 2024] [20:01:20] *\tben waves
        [Saturday, 23 November 2024] [20:02:00] Nick\tben is now known as benny.
        [Saturday, 23 November 2024] [20:02:00] Mode\tann gives channel operator privileges to benny.
        [Saturday, 23 November 2024] [20:03:00] <benny>\tthanks
        [Saturday, 23 November 2024] [20:05:00] Quit\tbenny (~b@host.example) has left this server (bed).
        """,
    "ircii": """\
        *** ben (~b@host.example) has joined channel #tea
        <ben> good evening
        <ann> welcome
        * ben waves
        *** ben is now known as benny
        *** Mode change "+o benny" on channel #tea by ann
        <benny> thanks
        *** Signoff: benny (bed)
        """,
    "irccloud": """\
        [2024-11-23 20:00:05] → ben joined (~b@host.example)
        [2024-11-23 20:01:00] <ben> good evening
        [2024-11-23 20:01:10] <ann> welcome
        [2024-11-23 20:01:20] — ben waves
        [2024-11-23 20:02:00] ben → benny
        [2024-11-23 20:03:00] <benny> thanks
        [2024-11-23 20:05:00] ⇐ benny quit (~b@host.example): bed
        """,
    "dircproxy": """\
        [23 Nov 20:00] --> ben (~b@host.example) joined the channel
        [23 Nov 20:01] <ben!~b@host.example> +good evening
        [23 Nov 20:01] <ann!~a@host.example> -welcome
        [23 Nov 20:01] [ben!~b@host.example] ACTION waves
        [23 Nov 20:02] --- ben is now known as benny
        [23 Nov 20:03] <benny!~b@host.example> +thanks
        [23 Nov 20:05] <-- benny (~b@host.example) quit (bed)
        """,
    "pidgin": """\
        Conversation with #tea at Sat 23 Nov 2024 20:00:00 GMT on ann@irc.example (irc)
        (20:00:05) ben [~b@host.example] entered the room.
        (20:01:00) ben: good evening
        (20:01:10) ann: welcome
        (20:01:20) ***ben waves
        (20:02:00) ben is now known as benny
        (20:02:00) The topic for #tea is: kettle
        (20:03:00) benny: thanks
        (20:05:00) benny left the room (bed).
        """,
    "element": """\
        This is the start of export of Tea. Exported by @ann:example.org at 11/23/2024.

        Sat, Nov 23, 2024, 20:00:05 - Ben B joined the room
        Sat, Nov 23, 2024, 20:01:00 - Ben B: good evening: all
        Sat, Nov 23, 2024, 20:01:20 - * Ben B waves
        Sat, Nov 23, 2024, 20:01:30 - Ann sent an image.
        """,
    "overrustle": """\
        [2024-11-23 20:01:00 UTC] ben: good evening
        [2024-11-23 20:01:10 UTC] ann: welcome
        """,
    "whatsapp-android": """\
        23/11/2024, 20:00 - Messages and calls are end-to-end encrypted.
        23/11/2024, 20:00 - Ann created group "Tea: all of it"
        23/11/2024, 20:00 - Ann added Ben B
        23/11/2024, 20:01 - Ben B: I added "sugar": much
        and milk
        23/11/2024, 20:01 - Ann: <Media omitted>
        23/11/2024, 20:02 - Ann: IMG-20241123-WA0001.jpg (file attached)
        23/11/2024, 20:03 - Ann: yes (no) <This message was edited>
        23/11/2024, 20:04 - Ann: This message was deleted
        23/11/2024, 20:05 - Ben B left
        """,
    "whatsapp-iphone": """\
        [23.11.24, 20:00:00] Tea: \u200eMessages and calls are end-to-end encrypted.
        \u200e[23.11.24, 20:00:05] Ben B: \u200eBen B ist der Gruppe mit dem Einladungslink beigetreten.
        [23.11.24, 20:01:00] Ben B: guten Abend
        \u200e[23.11.24, 20:01:10] Ann: \u200e<attached: 00000001-PHOTO.jpg>
        [23.11.24, 20:01:20] Ann: \u200eDiese Nachricht wurde gelöscht.
        [23.11.24, 20:05:00] Ben B: \u200eBen B hat die Gruppe verlassen.
        """,
    "discord-csv": """\
        AuthorID,Author,Date,Content,Attachments,Reactions
        "1","ben","2024-11-23T20:01:00.0000000+00:00","good ""evening"",
        all","","👍 (2)"
        "2","ann","2024-11-23T20:01:10.0000000+00:00","","https://files.example/a.png",""
        "3","ben","2024-11-23T20:02:10.0000000+00:00","I am another","",""
        """,
    "discord-text": """\
        ==============================================================
        Guild: G
        Channel: text / tea
        ==============================================================

        [11/23/2024 8:00 PM] ben
        Joined the server.

        [11/23/2024 8:01 PM] ben (pinned)
        <:wave:1234567890> good evening

        second paragraph

        [11/23/2024 8:02 PM] ann
        welcome

        {Attachments}
        https://files.example/a.png

        {Reactions}
        👍

        ==============================================================
        Exported 3 message(s)
        ==============================================================
        """,
    "export-text": """\
        2024-11-23 20:00:05 tea room * ben joined
        2024-11-23 20:01:00 tea room ben: good evening: all
        2024-11-23 20:01:10 tea room ann b: welcome
        2024-11-23 20:01:20 tea room ben: *waves*
        2024-11-23 20:02:00 tea room * ben is now benny
        2024-11-23 20:02:10 tea room * ann b set the topic: kettle
        2024-11-23 20:05:00 tea room * benny left: bed
        """,
}

HAPPENED = {
    "generic": ["ben: good evening", "* ben waves", "ben = benny", "< benny bed"],
    "element": ["> Ben B", "Ben B: good evening: all", "* Ben B waves"],
    "overrustle": ["ben: good evening", "ann: welcome"],
    "whatsapp-android": ["> Ben B", 'Ben B: I added "sugar": much and milk', "Ann: yes (no)", "< Ben B"],
    "whatsapp-iphone": ["> Ben B", "Ben B: guten Abend", "< Ben B"],
    "discord-csv": ['ben: good "evening", all', "ben 2: I am another"],
    "discord-text": ["> ben", "ben: <:wave:1234567890> good evening second paragraph", "ann: welcome"],
    "export-text": ["> ben", "ben: good evening: all", "ann b: welcome", "* ben waves", "ben = benny", "< benny bed"],
}
LEFT_OUT = {
    "irssi": ["nick list", "mode change", "topic", "own rename", "notice", "private message", "unknown event"],
    "weechat": ["mode change", "notice", "server message"],
    "mirc": ["server message", "server message", "topic", "topic", "mode change", "server message"],
    "hexchat": ["server message", "mode change"],
    "znc": ["mode change"],
    "limnoria": ["mode change"],
    "eggdrop": ["mode change", "repeat"],
    "textual": ["mode change"],
    "thelounge": ["mode change"],
    "kvirc": ["server message", "mode change"],
    "quassel": ["mode change"],
    "konversation": ["mode change"],
    "ircii": ["mode change"],
    "pidgin": ["topic"],
    "element": ["system message", "attachment"],
    "whatsapp-android": [
        *("system message", "system message", "line break", "attachment", "attachment", "edit", "deleted message"),
    ],
    "whatsapp-iphone": ["system message", "attachment", "deleted message"],
    "discord-csv": ["reaction", "line break", "attachment"],
    "discord-text": ["line break", "attachment", "reaction"],
    "export-text": ["topic"],
}


@pytest.mark.parametrize("name", LOGS)
def test_all_in_a_log_is_told_apart(name: str) -> None:
    happened, left_out = read(name, dedent(LOGS[name]))
    assert happened == HAPPENED.get(name, TALK)
    assert left_out == LEFT_OUT.get(name, [])


@pytest.mark.parametrize("name", LOGS)
def test_its_format_is_found_and_no_host_is_in_the_scenario(name: str) -> None:
    transcript = import_log(dedent(LOGS[name]).encode(), "a.log")
    assert transcript.title.endswith(f", read as {formats.named(name).title}")
    assert "host.example" not in transcript.text
    for kind in LEFT_OUT.get(name, []):
        assert any(f" {kind}" in note and " left out" in note for note in transcript.notes), kind


def test_each_format_has_a_name_of_its_own_and_is_what_a_format_is() -> None:
    names = [one.name for one in formats.FORMATS]
    assert len(set(names)) == len(names)
    checked: list[LogFormat] = list(formats.FORMATS)
    assert all(one.unit in ("line", "message") for one in checked)


def test_each_format_and_each_kind_of_what_is_left_out_is_in_the_docs() -> None:
    docs = (Path(__file__).parent.parent / "docs" / "logs.md").read_text()
    described = [one for one in formats.FORMATS if isinstance(one, LineFormat)]
    kinds = {kind for one in described for kind in one.left_out}
    kinds |= {str(kind) for name, kind in vars(entries).items() if name.isupper()}
    missing = [name for name in (*kinds, *(one.name for one in formats.FORMATS)) if f"`{name}`" not in docs]
    assert missing == []


DOCUMENTS: dict[str, tuple[object, list[str], list[str]]] = {
    "telegram": (
        {
            "name": "Tea",
            "type": "private_group",
            "id": 1,
            "messages": [
                {
                    "id": 1,
                    "type": "service",
                    "date": "2024-11-23T20:00:05",
                    "actor": "Ben",
                    "actor_id": "user1",
                    "action": "join_group_by_link",
                    "text": "",
                },
                {
                    "id": 2,
                    "type": "message",
                    "date": "2024-11-23T20:01:00",
                    "date_unixtime": "1732392060",
                    "edited": "2024-11-23T20:01:05",
                    "from": "Ben",
                    "from_id": "user1",
                    "text": ["good ", {"type": "bold", "text": "evening"}, "\nall"],
                },
                {
                    "id": 3,
                    "type": "message",
                    "date": "2024-11-23T20:01:10",
                    "from": "Ben",
                    "from_id": "user2",
                    "photo": "a.jpg",
                    "text": "",
                },
                {
                    "id": 4,
                    "type": "message",
                    "date": "2024-11-23T20:01:20",
                    "from": "Ben",
                    "from_id": "user2",
                    "text": "me",
                },
                {"id": 5, "type": "service", "date": "2024-11-23T20:02:00", "actor": "Ben", "action": "pin_message"},
                {
                    "id": 6,
                    "type": "service",
                    "date": "2024-11-23T20:03:00",
                    "actor": "Ben",
                    "action": "invite_members",
                    "members": ["Cat", "Dan"],
                },
                {
                    "id": 7,
                    "type": "service",
                    "date": "2024-11-23T20:04:00",
                    "actor": "Ben",
                    "action": "remove_members",
                    "members": ["Cat"],
                },
            ],
        },
        ["> Ben", "Ben: good evening all", "Ben 2: me", "> Cat", "> Dan", "< Cat"],
        ["edit", "line break", "attachment", "system message"],
    ),
    "slack": (
        [
            {
                "type": "message",
                "subtype": "channel_join",
                "user": "U01",
                "text": "<@U01> came",
                "ts": "1732392005.0001",
            },
            {
                "type": "message",
                "user": "U01",
                "user_profile": {"display_name": "ben", "real_name": "Ben B"},
                "text": "good &lt;evening&gt; <@U02>, see <https://a.example|this> in <#C1|tea> <!here>",
                "ts": "1732392060.0002",
                "reactions": [{"name": "wave"}],
            },
            {"type": "message", "subtype": "me_message", "user": "U02", "text": "waves", "ts": "1732392070.0003"},
            {"type": "message", "user": "U02", "text": "", "files": [{}, {}], "ts": "1732392071.0003"},
            {"type": "huddle", "user": "U02", "text": "nobody said that", "ts": "1732392071.0004"},
            {"type": "message", "subtype": "channel_topic", "user": "U02", "text": "x", "ts": "1732392072.0003"},
            {"type": "message", "subtype": "tombstone", "user": "U02", "text": "x", "ts": "1732392073.0003"},
            {"type": "message", "subtype": "channel_leave", "user": "U01", "text": "x", "ts": "1732392080.0003"},
        ],
        ["> ben", "ben: good <evening> @U02, see this (https://a.example) in #tea @here", "* U02 waves", "< ben"],
        ["reaction", "attachment", "attachment", "system message", "topic", "deleted message"],
    ),
    "discord-json": (
        {
            "guild": {"name": "G"},
            "channel": {"name": "tea"},
            "messages": [
                {
                    "type": kind,
                    "timestamp": f"2024-11-23T20:01:0{place}+00:00",
                    "timestampEdited": edited,
                    "content": content,
                    "author": {"id": str(place // 2), "name": "ben"},
                    "attachments": [{}] * attachments,
                }
                for place, (kind, content, edited, attachments) in enumerate(
                    [
                        ("GuildMemberJoin", "Joined the server.", None, 0),
                        ("Default", "good evening", "2024-11-23T20:02:00+00:00", 0),
                        ("Reply", "welcome", None, 1),
                        ("ChannelPinnedMessage", "Pinned a message.", None, 0),
                    ]
                )
            ],
        },
        ["> ben", "ben: good evening", "ben 2: welcome"],
        ["edit", "attachment", "system message"],
    ),
    "zulip": (
        {
            "zerver_message": [
                {"id": 1, "sender": 1, "content": "good evening", "date_sent": 1732392060.5, "edit_history": "[]"},
                {"id": 2, "sender": 2, "content": "/me waves", "date_sent": 1732392061.5},
            ],
            "zerver_userprofile": [{"id": 1, "full_name": "Ben B"}],
        },
        ["Ben B: good evening", "* user 2 waves"],
        ["edit"],
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_all_in_a_json_export_is_told_apart_and_its_format_is_found(name: str) -> None:
    document, happened, left_out = DOCUMENTS[name]
    text = json.dumps(document, ensure_ascii=False)
    assert read(name, text) == (happened, left_out)
    assert import_log(text.encode(), "a.json").title.endswith(f", read as {formats.named(name).title}")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("whatsapp-android", "23/11/2024, 20:01 - Ann: {}\n23/11/2024, 20:02 - Ben: hello\n"),
        ("whatsapp-iphone", "[23.11.24, 20:01:00] Ann: {}\n[23.11.24, 20:02:00] Ben: hello\n"),
        ("discord-csv", f"{DISCORD_COLUMNS}\n1,Ann,2024-11-23 20:01,{{}},,\n2,Ben,2024-11-23 20:02,hello,,\n"),
        ("discord-text", "[11/23/2024 8:01 PM] Ann\n{}\n\n[11/23/2024 8:02 PM] Ben\nhello\n"),
    ],
)
@pytest.mark.parametrize(
    "notice",
    [
        *("This message was deleted", "You deleted this message", "This message was deleted.", "Mensagem apagada"),
        *(
            "This message was deleted by admin Cat",
            "Vous avez supprimé ce message",
            "Bu mesaj silindi",
            "삭제된 메시지입니다",
        ),
        *(
            "Hai eliminato questo messaggio",
            "Вы удалили данное сообщение",
            "このメッセージは削除されました。",
            "تم حذف هذه الرسالة",
        ),
    ],
)
def test_where_a_message_was_deleted_nobody_says_anything(name: str, text: str, notice: str) -> None:
    head = "=" * 62 + "\nGuild: G\nChannel: tea\n" + "=" * 62 + "\n\n\n" if name == "discord-text" else ""
    assert read(name, head + text.format(notice)) == (["Ben: hello"], [entries.DELETED])
    for said in (f"I read: {notice}", "message deleted", "this message was deleted by mistake"):  # which are no notices
        assert read(name, head + text.format(said)) == ([f"Ann: {said}", "Ben: hello"], [])


def test_nor_in_a_room_of_element_s() -> None:
    by = "Nov 23, 2024, 20:01:00 - Ann: Message deleted{}\nNov 23, 2024, 20:02:00 - Ben: hello\n"
    for who in ("", " by Cat"):
        assert read("element", by.format(who)) == (["Ben: hello"], [entries.DELETED])


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("zulip", {"zerver_message": [{"sender": 1, "content": "(deleted)", "date_sent": 1732392060.5}]}),
        (
            "telegram",
            {
                "id": 1,
                "messages": [{"type": "message", "date": "2024-11-23T20:01:00", "text": "This message was deleted"}],
            },
        ),
        *(
            (
                "slack",
                [{"type": "message", "user": "U1", "text": "This message was deleted.", "ts": "1732392073.0"} | kind],
            )
            for kind in (
                {},
                {"subtype": "message_deleted", "user": None},
                {"subtype": "tombstone"},
                {"subtype": "message_deleted"},
            )
        ),
    ],
)
def test_nor_in_an_export_of_json(name: str, document: object) -> None:
    assert read(name, json.dumps(document)) == ([], [entries.DELETED])


def test_what_telegram_could_not_tell_is_left_out_and_the_rest_is_read() -> None:
    said = {"type": "message", "date": "2024-11-23T20:01:00", "from": "Ben", "from_id": "user1", "text": "hi"}
    export = {"id": 1, "messages": [said, {"id": 2, "type": "unsupported"}]}
    assert read("telegram", json.dumps(export)) == (["Ben: hi"], [entries.SYSTEM])


def test_zulip_s_own_bots_have_the_name_in_their_address() -> None:
    said = {"sender": 3, "content": "This topic is resolved.", "date_sent": 1732392060.5}
    bots = [{"id": 3, "email": "notification-bot@zulip.example"}]
    export = {"zerver_message": [said], "zerver_userprofile_crossrealm": bots}
    assert read("zulip", json.dumps(export))[0] == ["notification-bot: This topic is resolved."]


@pytest.mark.parametrize(
    "event",
    [
        "Ann hat den Gruppennamen zu „Tee: schwarz“ geändert.",
        "Ann a changé le sujet en « Thé : noir »",
        "Annさんがグループ名を「お茶: 黒」に変更しました",
        "Ann: Missed voice call",
        "Ann: Videoanruf verpasst",
        "Ann: Chamada de voz perdida",
    ],
)
def test_what_whatsapp_tells_itself_nobody_says(event: str) -> None:
    log = f"23.11.24, 20:00 - {event}\n23.11.24, 20:01 - Ben: He said: „yes“\n"
    assert read("whatsapp-android", log) == (["Ben: He said: „yes“"], [entries.SYSTEM])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_is_read_as_a_spreadsheet_saves_it_again(separator: str) -> None:
    rows = [
        DISCORD_COLUMNS.replace(",", separator),
        *(
            separator.join(("1.23457E+17", who, f"23.11.2024 20:0{at}", f'"{text}"', "", ""))
            for at, (who, text) in enumerate([("ben", "a; b, c"), ("ann", "welcome"), ("ben", "thanks")])
        ),
        separator.join(("1.23457E+17", "ann", "45619.83", "when?", "", "")),
    ]
    text = "\ufeff" + "\r\n".join(rows)
    happened = ["ben: a; b, c", "ann: welcome", "ben: thanks"]
    assert read("discord-csv", text) == (happened, [entries.UNKNOWN_LINE])
    assert import_log(text.encode(), "a.csv").title.endswith("read as DiscordChatExporter's CSV")


def test_whatsapp_s_times_are_read_in_digits_of_any_script() -> None:
    log = "२३/११/२०२४, ८:०१ pm - Ann: नमस्ते २३\n२३/११/२०२४, ८:०२ pm - Ben: hello\n"
    assert import_log(log.encode(), "a.txt").title == "a.txt: 2 lines under 2 nicks in 1m, read as WhatsApp on Android"
    assert read("whatsapp-android", log)[0] == ["Ann: नमस्ते २३", "Ben: hello"]


def test_a_whole_telegram_export_is_of_the_chat_in_which_most_is_said() -> None:
    def said(text: str) -> dict[str, str]:
        return {"type": "message", "date": "2024-11-23T20:01:00", "from": "Ben", "from_id": "user1", "text": text}

    chats = [
        {"name": "Tea", "id": 1, "messages": [said("one")]},
        {"name": "Cake", "id": 2, "messages": [said("two"), said("three")]},
    ]
    transcript = import_log(json.dumps({"chats": {"list": chats}}).encode(), "result.json")
    assert "one" not in transcript.text
    assert "only the room Cake is read; left out are 1 of Tea" in transcript.notes


EXPORTED: list[events.AnyEvent] = [
    events.Joined("1-0", "2024-11-23T20:00:00.000Z", "lobby", "ben"),
    events.Said("2-0", "2024-11-23T20:00:00.820Z", "lobby", "ben", "good evening"),
    events.Acted("3-0", "2024-11-23T20:00:00.823Z", "lobby", "ben", "waves"),
    events.Renamed("4-0", "2024-11-23T20:00:00.823Z", "lobby", "ben", "benny"),
    events.TopicSet("5-0", "2024-11-23T20:00:01.000Z", "lobby", "benny", "kettle"),
    events.Kicked("5-1", "2024-11-23T20:00:02.000Z", "lobby", "benny", "eve", "spam"),
    events.Announced("5-2", "2024-11-23T20:00:03.000Z", "lobby", "benny", text="lunch"),
    events.Left("6-0", "2024-11-24T20:00:00.000Z", "lobby", "benny", "bed"),
]


def test_our_own_export_is_read_whole_with_exact_times() -> None:
    lines = [msgspec.json.encode(event).decode() for event in EXPORTED]
    lines.append('{"type":"invented","id":"7-0","time":"2024-11-24T20:00:01.000Z","room":"lobby"}')
    all_of_it = formats.named("export").read(LogText("\n".join(lines)))
    moments, _ = calendar.timed(all_of_it)
    assert [(round(at, 3), shown(event)) for at, event in moments] == [
        (0, "> ben"),
        (0.82, "ben: good evening"),
        (0.823, "* ben waves"),
        (0.823, "ben = benny"),
        (2, "< eve spam"),
        (86400, "< benny bed"),
    ]
    assert [kind for entry in all_of_it for kind in entry.left_out] == [
        *(entries.TOPIC, entries.UNKNOWN_EVENT, entries.UNKNOWN_EVENT)
    ]


def test_who_is_split_away_leaves_and_comes_back_but_who_is_only_counted_is_unknown() -> None:
    log = (
        "20:00 < ben> one\n20:01 -!- Netsplit a.example <-> b.example quits: ben, @cat, dan, (+3 more, use /NETSPLIT)\n"
        "20:02 -!- Netsplit over, joins: ben, cat\n"
    )
    assert read("irssi", log) == (
        ["ben: one", "< ben", "< cat", "< dan", "> ben", "> cat"],
        [entries.UNKNOWN_EVENT],
    )


def test_an_action_of_nobody_who_is_known_is_none_where_events_look_like_actions() -> None:
    log = "[20:00] * Something happens\n[20:00] <ben> hi\n[20:01] * ben waves\n[20:02] * ben (~b@host.example) grins\n"
    happened, left_out = read("mirc", "[20:00] * ben (~b@host.example) has joined #tea\n" + log)
    assert happened == ["> ben", "ben: hi", "* ben waves"]
    assert left_out == [entries.UNKNOWN_EVENT] * 2


def test_in_a_language_that_is_not_known_nothing_is_an_action_where_events_look_like_actions() -> None:
    log = (
        "Nov 23 20:00:05 *\tben (~b@host.example) a rejoint\nNov 23 20:01:00 <ben>\tbonsoir\n"
        "Nov 23 20:02:00 *\tben a quitté (lit)\n"
    )
    assert read("hexchat", log) == (["ben: bonsoir"], [entries.UNKNOWN_EVENT] * 2)
    for event in ("Jetzt wird in #tea geredet", "ben hat die Verbindung getrennt (bett)"):
        log = f"Nov 23 20:00:05 *\t{event}\nNov 23 20:01:00 <ben>\thallo\nNov 23 20:02:00 *\tben heißt jetzt benny\n"
        assert read("hexchat", log) == (["ben: hallo"], [entries.UNKNOWN_EVENT] * 2)
    log = "2024-11-23 20:00:05\t-->\tben (~b@host.example) a rejoint #tea\n2024-11-23 20:01:00\tben\tbonsoir\n"
    assert read("weechat", log) == (["ben: bonsoir"], [entries.UNKNOWN_EVENT])


def test_prefixes_of_ranks_are_no_part_of_a_nick() -> None:
    log = "[20:00] <@+ann> one\n[20:00] <ann> two\n[20:00] <~&@ben> three\n[20:01] * @ann waves\n"
    assert read("generic", log)[0] == ["ann: one", "ann: two", "ben: three", "* ann waves"]
    assert import_log(log.encode(), "a.log").title.endswith("read as lines like [12:34] <nick> text")
    assert read("generic", "[20:00] <ben!~b@host.example> hi\n")[0] == ["ben: hi"]


@pytest.mark.parametrize(
    "text",
    [
        "Dear reader,\nthis is a letter.\n<ben> is the only nick\nthat is in it.\n",
        "2024-11-23 20:01:00 ben smith: hi\n2024-11-23 20:01:01 ann lee: hello\n",  # no export: it has no room
        "20:00 - 21:00 lunch: soup\n21:00 - 22:00 dinner\n",
    ],
)
def test_what_only_looks_a_little_like_a_log_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="this is no log in a form that is known"):
        import_log(text.encode(), "a.txt")


@pytest.mark.parametrize(
    "reason",
    [
        *("Killed (b@host.example)", "192.0.2.7", "2001:db8:0:1::7", "gone to 2001:db8::9", "from ::1"),
        *("to ben[dsl-1.isp.example]: EOF", "Killed (eve (dsl-1.isp.example))", "a.example.org b.example.org"),
    ],
)
@pytest.mark.parametrize("name", ["znc", "export", "export-text"])
def test_an_address_in_a_reason_is_left_out(reason: str, name: str) -> None:
    at = '"time":"2026-01-01T10:00:00.000Z","room":"lobby","nick":"ben"'
    log = {
        "znc": f"[20:00:00] <ben> hi\n[20:00:01] *** Quits: ben (~b@host.example) ({reason})\n",
        "export": f'{{"type":"said","id":"1-0",{at},"text":"hi"}}\n'
        f'{{"type":"left","id":"2-0",{at},"reason":"Read error: {reason}"}}\n',
        "export-text": "2026-01-01 10:00:00 lobby ben: hi\n" + f"2026-01-01 10:00:01 lobby * ben left: {reason}\n",
    }[name]
    if name == "export":
        log = log.replace("Read error: a.", "a.")  # the names of two servers are all that such a reason is
    transcript = import_log(log.encode(), "a.log", name)
    assert reason not in transcript.text
    assert "- ben: {leave, at: " in transcript.text
    assert "1 quit reason left out, as an address is in it" in transcript.notes


def test_what_is_said_is_never_taken_for_an_event() -> None:
    log = (
        "[20:00:00] <ben> *** Joins: cat (~c@host.example)\n[20:00:01] <ben> -!- x is now known as y\n"
        "[20:00:02] * ben has left the building\n[20:00:03] <ben>   two blanks \n"
    )
    assert read("znc", log) == (
        [
            "ben: *** Joins: cat (~c@host.example)",
            "ben: -!- x is now known as y",
            "* ben has left the building",
            "ben:   two blanks ",
        ],
        [],
    )


def test_what_ends_like_an_event_in_our_own_text_is_said_all_the_same() -> None:
    log = (
        "2026-01-01 10:00:00 lobby * ann joined\n2026-01-01 10:00:01 lobby ann: hello: there * ben left\n"
        "2026-01-01 10:00:02 lobby ann: look * ben is now bob\n"
    )
    assert read("export-text", log) == (["> ann", "ann: hello: there * ben left", "ann: look * ben is now bob"], [])


def test_who_joins_with_account_and_name_joins() -> None:
    log = (
        "20:00 -!- ben [~b@host.example] has joined #tea [account benb] [realname Ben (the real one)]\n"
        "20:00 -!- cat [~c@host.example] has joined #tea [realname Cat]\n20:01 < ben> hi\n20:01 < cat> hi\n"
        "20:02 -!- ben [~b@cloak.example] has changed host\n"
        "20:02 -!- cat [~c@host.example] has logged in to account cat\n"
    )
    assert read("irssi", log) == (["> ben", "> cat", "ben: hi", "cat: hi"], [entries.SERVER] * 2)


def test_who_enters_without_a_host_is_there_from_then_on() -> None:
    log = "(20:00:05) ben entered the room.\n(20:01:00) ben: hi\n(20:05:00) ben left the room.\n"
    assert read("pidgin", log) == (["> ben", "ben: hi", "< ben"], [])


def test_a_topic_is_no_mode_in_kvirc() -> None:
    log = '[20:01:00] <ben> hi\n[20:02:20] ann [~a@host.example] has set topic "x"\n'
    assert read("kvirc", log) == (["ben: hi"], [entries.TOPIC])


@pytest.mark.parametrize(
    ("sentence", "happened", "left_out"),
    [
        ("Joined the server.", ["> ben"], []),
        ("Left the group.", ["< ben"], []),
        ("Added cat to the group.", ["> cat"], []),
        ("Removed cat from the group.", ["< cat"], []),
        ("Pinned a message.", [], [entries.SYSTEM]),
        ("Started a thread.", [], [entries.SYSTEM]),
        ("Started a call that lasted 3 minutes.", [], [entries.SYSTEM]),
        ("Changed the channel name: tea", [], [entries.SYSTEM]),
        ("Joined the server. Hello!", ["ben: Joined the server. Hello!"], []),
    ],
)
def test_what_discord_tells_itself_nobody_says(sentence: str, happened: list[str], left_out: list[str]) -> None:
    rows = f'{DISCORD_COLUMNS}\n"1","ben","2024-11-23T20:00:00+00:00","{sentence}","",""\n'
    rows += '"2","ann","2024-11-23T20:01:00+00:00","hi","",""\n'
    assert read("discord-csv", rows) == ([*happened, "ann: hi"], left_out)
    text = f"[11/23/2024 8:00 PM] ben\n{sentence}\n\n[11/23/2024 8:01 PM] ann\nhi\n"
    assert read("discord-text", f"\n{text}") == ([*happened, "ann: hi"], left_out)


def test_line_s_export_is_refused_by_name() -> None:
    log = "[LINE] Chat history in Tea\n\nSat, 11/23/2024\n20:01\tBen\thi\n20:04\tAnn\t[Photo]\n"
    with pytest.raises(UsageError, match=r"^a\.txt is LINE's export of a chat, which is not read$"):
        import_log(log.encode(), "a.txt")


def test_who_has_only_a_telephone_number_gets_another_name() -> None:
    log = "23/11/2024, 20:01 - +49 170 1234567: hi\n23/11/2024, 20:02 - Ben: hello\n" * 2
    text = import_log(log.encode(), "chat.txt").text
    assert "1234567" not in text
    assert text.count('"nameless 1": {say') == 2


ALL_LINES = "".join(map(dedent, LOGS.values())).split("\n")


@pytest.mark.parametrize("name", [one.name for one in formats.FORMATS])
@given(
    text=st.text(max_size=200)
    | st.lists(st.sampled_from("\n".join(LOGS.values()).split("\n")), max_size=9).map("\n".join)
)
def test_no_text_breaks_a_format(name: str, text: str) -> None:
    chosen = formats.named(name)
    assert chosen.score(LogText(text)) >= 0
    try:
        all_of_it = chosen.read(LogText(text))
    except UsageError:
        return
    moments, _ = calendar.timed(all_of_it)
    assert all(one[0] <= two[0] for one, two in pairwise(moments))


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_whatever_a_file_holds_is_a_scenario_or_why_not(source: bytes) -> None:
    with suppress(ChatError):
        import_log(source, "any")
