"""A file that says how a server is spoken to: what is wrong in it, and what comes of frames that it describes."""

import json
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.protocols.base import Heard, Notice
from bots.protocols.described import Described
from bots.protocols.framing import Ended, LengthPrefixed, Lines, NumberedContent
from bots.protocols.load import parse
from bots.protocols.registry import from_file
from bots.protocols.sayable import check_sayable
from bots.protocols.traced import Frame, Traced
from bots.scenario.mistakes import ScenarioMistakes
from geventchat.commands import commands
from geventchat.protocol import events, replies
from geventchat.protocol.errors import ProtocolError
from tests.scenarios import scenario

LINES = """\
protocol: tcp
join: "LOGIN {nick}"
joined: "+OK"
say: "SAY {text}"
heard: "<{nick}> {text}"
"""
JSON = """\
protocol: tcp
say: {do: say, text: "{text}"}
heard: {do: said, by: {nick: "{nick}"}, text: "{text}", id: "{id?}"}
ignore: [{do: typing}]
ping: {do: ping, n: "{token}"}
pong: {do: pong, n: "{token}"}
"""


def spoken(text: str) -> Described:
    """Return a connection that has come in as ann, to the lobby, in a protocol."""
    dialect = Described(parse(dedent(text).encode(), "theirs.yaml"))
    dialect.hello("ann", "lobby", None, None)
    list(dialect.receive(b""))
    return dialect


def heard(dialect: Described, *lines: str) -> list[Heard]:
    return [one for line in lines for one in dialect.receive(f"{line}\n".encode())]


def mistakes(text: str) -> list[str]:
    with pytest.raises(ScenarioMistakes) as told:
        parse(dedent(text).encode(), "theirs.yaml")
    return [str(one).removeprefix("theirs.yaml:") for one in told.value.mistakes]


def said(nick: str, text: str, event_id: str = "") -> events.Said:
    return events.Said(event_id, "", "lobby", nick, text)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("protocol: udp", "1:11: 'udp' is none of: tcp or websocket"),
        ("joind: x", "6:1: unknown key joind, did you mean joined?"),
        ('say: "SAY {txt}"', "4:6: {txt} is not known here, only nick, room, text, number, did you mean text?"),
        ('say: "SAY"', '4:6: "{text}" is missing in say'),
        ("heard: {nick: '{nick}', text: '{text}'}", "5:8: this is JSON, and frames hold text here"),
        ('heard: "{text}"', '5:8: "{nick}" is missing in heard; if the server does not say who spoke, say it'),
        ('heard: "{nick} {nick} {text}"', "5:8: {nick} stands twice in this text"),
        ("heard: /(?P<nick>a) (?P<text>/", "5:8: /(?P<nick>a) (?P<text>/ is no pattern: missing )"),
        ("url: /chat", "6:6: this goes with protocol: websocket, not with tcp"),
        ("frame: text", "6:8: with protocol: tcp, a frame is one of line, json-line, packet, {length: 4}"),
        ("frame: {length: 3}", "6:8: a length has 1, 2, 4, 8 bytes"),
        ("frame: lines", "6:8: a frame is one of line,"),
        (r"frame: {end: \0}", r'6:8: an end with a \ in it needs double quotes, as in {end: "\0"}'),
        ('frame: {end: ""}', "6:8: an end is a text, in double quotes if it is not seen"),
        (
            "frame: jsn",
            "6:8: a frame is one of line, json-line, packet, text, json, socket.io, {length: 4} with 1, 2, 4, 8",
        ),
        ("frame: {lenght: 4}", "6:8: a frame is one of line"),
        ("quiet: soon", "6:8: 'soon' is not a time"),
        ('ping: "PING {token}"', "6:7: ping and pong belong together"),
        ("ping: PING\npong: PONG\nquiet: 2s", "8:8: with ping and pong, the end is known without a silence"),
        ("echo: perhaps", "6:7: 'perhaps' is neither true nor false"),
        ("rooms: true", "6:8: with several rooms, join has to say which {room}"),
        ("rooms: true", "6:8: with several rooms, leave has to say which {room}"),
        ("leave: QUIT\nrooms: true", "6:8: with several rooms, leave has to say which {room}"),
        ("join: [{send: x, answer: y}]", "2:8: a step is either send: or answer:"),
        ("join: [{sned: x}, {answer: y}]", "2:8: a step is either send: or answer:"),
        ('heard: "<{nik}> {text}"', '5:8: "{nick}" is missing in heard; is it {nik}?'),
        ('heard: "<{user}> {message}"', '5:8: "{nick}" is missing in heard; is it {user}?'),
        ('heard: "<{user}> {message}"', '5:8: "{text}" is missing in heard; is it {message}?'),
        ('join: "LOGIN {user}"', "2:7: {user} is not known here, only nick, room, number, did you mean nick?"),
        ('heard: "{nick}{text}"', "5:8: nothing stands between {text} and the name before it: where does the one end?"),
        ("join: [{send: HI}, {awnser: x}]", "2:20: a step is either send: or answer:, did you mean answer?"),
        (
            "join: |\n  LOGIN {nick}",
            "2:7: this cannot be sent as one frame: the end of a frame is in it; a text behind |",
        ),
        ('join: "NICK {nick}\\nUSER"', "2:7: this cannot be sent as one frame: the end of a frame is in it"),
        ('leave: "BYE\\n."', "6:8: this cannot be sent as one frame: the end of a frame is in it"),
        ('answers: [{to: "2", with: "3\\n4"}]', "6:27: this cannot be sent as one frame"),
        ('answers: [{to: "2"}]', "6:11: an answer has the keys to: and with:"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(change: str, told: str) -> None:
    key = change.partition(":")[0]
    lines = LINES.splitlines()
    if any(line.startswith(f"{key}:") for line in lines):
        lines = [change if line.startswith(f"{key}:") else line for line in lines]
    else:
        lines.append(change)
    assert any(one.startswith(told) for one in mistakes("\n".join(lines))), mistakes("\n".join(lines))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("url: '/ws#x'", "2:6: ws://localhost/ws#x isn't a valid URI: fragment identifier is meaningless"),
        ('headers: {Origin: "http://a\\nb"}', "2:10: invalid Origin header: http://a"),
        ('subprotocol: "a\\nb"', "2:14: invalid Sec-WebSocket-Protocol header: a"),
        ("headers: {Origin: ok}\nframe: {end: x}\njoin: in box", "4:7: this cannot be sent as one frame"),
    ],
)
def test_what_cannot_be_sent_in_a_websocket_is_told_with_its_place(change: str, told: str) -> None:
    lines = f"protocol: websocket\n{change}\nsay: '{{text}}'\nheard: '{{nick}}: {{text}}'"
    assert any(one.startswith(told) for one in mistakes(lines)), mistakes(lines)


def test_a_name_that_does_not_fit_into_a_frame_is_told_and_cannot_come_in() -> None:
    protocol = LINES.replace("protocol: tcp", "protocol: tcp\nframe: {end: '|'}")
    with pytest.raises(ProtocolError, match=r"LOGIN od\|d cannot be sent: the end of a frame is in it"):
        Described(parse(protocol.encode(), "theirs.yaml")).hello("od|d", "lobby", None, None)


def test_a_name_in_braces_without_quotes_is_told() -> None:
    told = mistakes("protocol: tcp\nsay: {do: say, text: {text}}\nheard: {by: '{nick}', text: '{text}'}")
    assert '2:22: a name in braces needs quotes: "{text}"' in told


def test_all_mistakes_are_told_at_once() -> None:
    assert len(mistakes("protocol: tcp\nsay: x\nheard: y\nfrom: z\nquiet: never")) >= 4


@pytest.mark.parametrize("text", ["", "- a list", "just text", "a: [", "protocol: tcp\nprotocol: tcp"])
def test_what_is_no_protocol_is_told_and_nothing_else(text: str) -> None:
    assert mistakes(text)


def test_the_first_message_and_steps_are_sent_as_answers_come() -> None:
    dialect = Described(
        parse(
            LINES.replace(
                '"LOGIN {nick}"', '[{send: "HI"}, {answer: "SALT {salt}"}, {send: "LOGIN {nick} {salt}"}]'
            ).encode(),
            "theirs.yaml",
        )
    )
    assert dialect.hello("ann", "lobby", None, None) == b"HI\n"
    assert heard(dialect, "SALT 7f") == []
    assert dialect.data_to_send() == b"LOGIN ann 7f\n"
    assert dialect.data_to_send() == b""
    (welcome,) = heard(dialect, "+OK")
    assert isinstance(welcome, replies.Welcome)
    assert welcome.nick == "ann"


def test_without_joined_one_is_in_at_once() -> None:
    dialect = Described(parse(JSON.encode(), "theirs.yaml"))
    assert dialect.hello("ann", "lobby", None, None) == b""
    assert [type(one) for one in dialect.receive(b"")] == [replies.Welcome]
    assert not dialect.greets


def test_what_shows_that_somebody_else_is_in_shows_nothing_of_oneself() -> None:
    dialect = spoken("""\
        protocol: tcp
        joined: "* {nick} joined"
        say: "{text}"
        heard: "<{nick}> {text}"
        ignore: ["* {other} joined"]
        """)
    assert heard(dialect, "* eve joined") == []
    (welcome,) = heard(dialect, "* ann joined")
    assert isinstance(welcome, replies.Welcome)
    assert welcome.nick == "ann"


def test_text_is_taken_apart_and_a_text_may_hold_anything() -> None:
    dialect = spoken(LINES)
    heard(dialect, "+OK")
    assert heard(dialect, "<bob> <eve> hi") == [said("bob", "<eve> hi")]
    assert heard(dialect, "<bob> ") == [said("bob", "")]
    regex = spoken(LINES.replace('"<{nick}> {text}"', r"'/^\d+ (?P<id>\w+) (?P<nick>\w+): (?P<text>.*)$/'"))
    heard(regex, "+OK")
    assert heard(regex, "12 x7 bob: a: b") == [said("bob", "a: b", "x7")]


def test_json_may_hold_more_than_the_pattern_and_an_id_may_be_missing_or_a_number() -> None:
    dialect = spoken(JSON)
    message = {"do": "said", "by": {"nick": "bob", "age": 7}, "text": "{nick}", "more": [1]}
    assert heard(dialect, json.dumps(message)) == [said("bob", "{nick}")]
    assert heard(dialect, json.dumps(message | {"id": 12})) == [said("bob", "{nick}", "12")]
    assert heard(dialect, '{"do":"pong","n":"bot.1.2"}') == [replies.Pong(token="bot.1.2")]
    assert heard(dialect, '{"do":"typing"}') == [Notice('{"do":"typing"}')]


def test_plain_words_that_look_like_numbers_are_numbers_and_what_stands_in_quotes_is_text() -> None:
    dialect = spoken("""\
        protocol: websocket
        say: {v: 1, quoted: "1", yes: true, none: null, text: "{text}"}
        heard: {v: 1, nick: "{nick}", text: "{text}"}
        """)
    content = dialect._description.content
    sent = content.write(dialect._description.say)
    assert json.loads(sent) == {"v": 1, "quoted": "1", "yes": True, "none": None, "text": "{text}"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"do":"said","by":{"nick":"bob"},"text":7,"x":1}', None),
        ('{"do":"says","by":{"nick":"bob"},"text":"hi"}', 'nearest is heard: {"do": "said"'),
        ('{"do":"says","by":{"nick":"bob"},"text":"hi"}', 'but do is "says", not "said"'),
        ('{"do":"said","by":"bob","text":"hi"}', 'by is "bob", no object'),
        ('{"do":"said","by":{"nick":"bob"}}', "text is missing"),
        ("not json", "it is no JSON"),
    ],
)
def test_what_fits_nothing_is_told_with_what_came_nearest(line: str, why: str | None) -> None:
    (one,) = heard(spoken(JSON), line)
    if why is None:
        assert one == said("bob", "7")
        return
    assert isinstance(one, replies.Error)
    assert one.code == "not-understood"
    assert why in one.message


def test_what_is_missing_several_times_is_told_once() -> None:
    (one,) = heard(spoken(LINES.replace("<{nick}> {text}", "MSG|{nick}|{time}|{text}")), "MSG|bob")
    assert isinstance(one, replies.Error)
    assert one.message.endswith("but '|' is not in it")


def test_a_name_that_stands_for_nothing_is_told() -> None:
    (one,) = heard(spoken(LINES + 'ignore: ["{who} left.{why}"]\n'), "bob left.")
    assert isinstance(one, replies.Error)
    assert one.message.endswith("but it is not like {who} left.{why}: {why} is empty, and {why?} may be")


def test_what_fits_nothing_is_shown_cleaned() -> None:
    (one,) = heard(spoken(LINES), "\x1b]0;owned\x07 hello")
    assert isinstance(one, replies.Error)
    assert r"\u001b]0;owned\u0007 hello fits no pattern" in one.message


def test_what_is_said_is_never_taken_for_a_name_to_fill_in() -> None:
    dialect = spoken(LINES)
    assert dialect.encode(commands.Say(text="{nick} {room} \\1")) == b"SAY {nick} {room} \\1\n"


def test_a_text_that_does_not_fit_into_a_frame_cannot_be_said() -> None:
    dialect = spoken(LINES.replace("protocol: tcp", "protocol: tcp\nframe: {length: 1}"))
    for too_long in (256, 300):
        assert dialect.cannot_say(commands.Say(text="x" * (too_long - 4))) == "its length does not fit into 1 bytes"
    assert dialect.cannot_say(commands.Say(text="x" * 251)) == ""


@given(text=st.text(), nick=st.from_regex(r"\A[a-z]+\Z"))
def test_what_is_said_in_json_is_heard_as_it_was_said(text: str, nick: str) -> None:
    dialect = spoken(JSON)
    if not text.isprintable():
        return
    line = json.dumps({"do": "said", "by": {"nick": nick}, "text": text}, ensure_ascii=False)
    assert heard(dialect, line) == [said(nick, text)]


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_and_something_is_told_of_each_line(data: bytes) -> None:
    for text in (LINES, JSON):
        dialect = spoken(text)
        heard(dialect, "+OK")
        for line in data.split(b"\n"):
            told = list(dialect.receive(line + b"\n"))
            assert len(told) == 1


@given(contents=st.lists(st.binary(max_size=300).filter(lambda one: b"\n" not in one and not one.endswith(b"\r"))))
def test_frames_end_where_they_were_made_to_end(contents: list[bytes]) -> None:
    for framing in (Lines(), Ended(b"\n"), LengthPrefixed(2), LengthPrefixed(4)):
        stream, start = b"".join(map(framing.frame, contents)), 0
        for content in contents:
            end = framing.end(stream, start)
            assert framing.end(stream[: end - 1], start) == 0
            assert framing.content(stream[start:end]) == content
            start = end
        assert start == len(stream)


def test_a_number_of_any_length_stands_before_what_socket_io_says() -> None:
    assert NumberedContent().read(b'42["chat","hi"]') == [42, ["chat", "hi"]]
    assert NumberedContent().read(b"1" * 10_000) == [111_111_111]


def test_true_is_not_one_and_false_is_not_zero() -> None:
    dialect = spoken(JSON.replace("{do: typing}", "{ok: 1}"))
    assert heard(dialect, '{"ok":1}') == [Notice('{"ok":1}')]
    (told,) = heard(dialect, '{"ok":true}')
    assert isinstance(told, replies.Error)


def test_blanks_that_are_too_many_are_told_as_such() -> None:
    dialect = spoken(LINES)
    heard(dialect, "+OK")
    (told,) = heard(dialect, " <ann> hi")
    assert isinstance(told, replies.Error)
    assert told.message.endswith('but it has more blanks: " <ann> hi"')


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", ""),
        ("tls: true\n", "true"),
        ("tls: false\n", ""),
        ("tls: system\n", "system"),
        ("tls: ca.pem\n", "a/ca.pem"),
    ],
)
def test_who_vouches_for_a_server_is_a_file_beside_the_protocol_s(written: str, read: str) -> None:
    assert parse(f"{LINES}{written}".encode(), "a/theirs.yaml").tls == read


def test_who_vouches_for_a_server_cannot_be_a_list() -> None:
    assert mistakes(f"{LINES}tls: [ca.pem]") == [
        "6:6: tls is true, or a file of authorities in PEM, or system for those that the system trusts"
    ]


def test_what_is_refused_is_told_with_its_reason_where_there_is_one() -> None:
    dialect = spoken(f'{LINES}refused: "-ERR {{why}}"\n')
    assert dialect.tells_refusals
    assert heard(dialect, "-ERR that name is taken\x1b") == [
        replies.Error(code="refused", message="that name is taken\\u001b")
    ]
    dialect = spoken(f"{JSON}refused: {{error: {{}}}}\n")
    (refused,) = heard(dialect, '{"error": {"code": 5}}')
    assert refused == replies.Error(code="refused", message='{"error": {"code": 5}}')


def test_a_room_that_is_refused_is_told_with_the_ref_of_who_asked_for_it() -> None:
    dialect = spoken(f'{LINES}refused: "-ERR {{room}}: {{why}}"\n')
    dialect.encode(commands.Join(room="tea", ref="into tea"))
    (refused, again) = heard(dialect, "-ERR tea: not today", "-ERR tea: not today")
    assert (refused, again) == (
        replies.Error(code="refused", message="not today", ref="into tea"),
        replies.Error(code="refused", message="not today"),
    )
    assert not spoken(LINES).tells_refusals


def test_what_stands_behind_a_frame_may_be_anything() -> None:
    dialect = spoken(JSON.replace("say:", 'frame: {end: "\\r\\0"}\nsay:', 1))
    assert dialect.encode(commands.Say(text="hi\r")) == b'{"do":"say","text":"hi\\r"}\r\0'
    told = b'{"do":"said","by":{"nick":"bob"},"text":"a\\nb"}\n\r\0{"do"'
    assert dialect.line_end(told, 0) == len(told) - 5
    assert dialect.line_end(told, len(told) - 5) == 0
    assert list(dialect.receive(told[:-5])) == [said("bob", r"a\u000ab")]
    text = spoken(LINES.replace("protocol: tcp", 'protocol: tcp\nframe: {end: "\\x03"}'))
    assert text.cannot_say(commands.Say(text="a\nb")) == ""
    assert text.cannot_say(commands.Say(text="a\x03b")) == "the end of a frame is in it"


def test_messages_of_a_user_are_counted_and_a_number_alone_is_none_in_quotes() -> None:
    dialect = spoken(JSON.replace('{do: say, text: "{text}"}', '{seq: "{number}", ref: "m{number}", text: "{text}"}'))
    sent = [json.loads(dialect.encode(commands.Say(text="hi"))) for _ in range(2)]
    assert sent == [{"seq": 1, "ref": "m1", "text": "hi"}, {"seq": 2, "ref": "m2", "text": "hi"}]


def test_pongs_without_a_token_answer_pings_in_their_order() -> None:
    dialect = spoken(f"{LINES}ping: PING\npong: PONG\n")
    heard(dialect, "+OK")
    assert heard(dialect, "PONG") == [replies.Pong(token="")]
    assert dialect.encode(commands.Ping(token="a")) + dialect.encode(commands.Ping(token="b")) == b"PING\nPING\n"
    assert heard(dialect, "PONG", "PONG") == [replies.Pong(token="a"), replies.Pong(token="b")]
    assert mistakes(f'{LINES}ping: PING\npong: "PONG {{token}}"') == ['6:7: "{token}" is missing in ping']


def test_json_may_stand_in_a_text_of_json() -> None:
    dialect = spoken("""\
        protocol: tcp
        say: {command: message, data: {"{json}": {body: "{text}"}}}
        heard: {by: "{nick}", data: {"{json}": {id: "{id}", body: "{text}"}}}
        """)
    sent = json.loads(dialect.encode(commands.Say(text='a "b" \\')))
    assert sent == {"command": "message", "data": r"""{"body":"a \"b\" \\"}"""}
    told = {"by": "bob", "data": json.dumps({"id": 7, "body": 'a "b"'})}
    assert heard(dialect, json.dumps(told)) == [said("bob", 'a "b"', "7")]
    for data, why in (("[", "data is null, no object"), (5, "data is 5, no text"), ('{"id": 1}', "body is missing")):
        (one,) = heard(dialect, json.dumps(told | {"data": data}))
        assert isinstance(one, replies.Error)
        assert why in one.message


def test_a_server_may_be_sent_text_and_send_json_or_the_other_way_round() -> None:
    dialect = spoken("""\
        protocol: websocket
        say: "{nick}: {text}"
        heard: {"{json}": {do: said, as: "{theirs}", text: "{nick}: {text}"}}
        ignore: [{"{json}": {do: came, no: 1}}]
        """)
    content = dialect._description.content
    assert content.write(dialect._description.say) == b"{nick}: {text}"
    names: dict[str, str] = {}
    told = content.read(json.dumps({"do": "said", "as": "client 7", "text": "bob: hi"}).encode())
    assert dialect._description.heard.pattern.match(told, names)
    assert names == {"nick": "bob", "text": "hi", "theirs": "client 7"}
    assert dialect._description.ignore[0].pattern.match('{"do": "came", "no": 1}', {})
    assert not dialect._description.ignore[0].pattern.match("came", {})
    dialect = spoken("""\
        protocol: tcp
        frame: line
        say: {"{json}": {do: say, text: "{text}"}}
        heard: "<{nick}> {text}"
        """)
    assert dialect.encode(commands.Say(text='"')) == b'{"do":"say","text":"\\""}\n'
    assert heard(dialect, "<bob> hi") == [said("bob", "hi")]


def test_who_comes_back_by_itself_takes_a_protocol_in_which_it_is_told_what_it_missed(tmp_path: Path) -> None:
    (tmp_path / "theirs.yaml").write_text(LINES)
    protocol = from_file(tmp_path / "theirs.yaml")
    check_sayable(scenario("cast: {ann: }\nscript: [ann: {drop: reset}]"), protocol)
    with pytest.raises(ScenarioMistakes, match="who comes back is not told what it missed"):
        check_sayable(scenario("cast: {ann: {reconnect: true}}\nscript: [ann: {drop: reset}]"), protocol)


def test_of_a_frame_that_is_ignored_its_author_is_told_why_it_is_not_the_one_that_is_awaited() -> None:
    frames: list[Frame] = []
    text = LINES.replace('joined: "+OK"', 'joined: "+OK {nick}"') + 'ignore: ["+OK {other}"]\n'
    dialect = Traced(parse(text.encode(), "theirs.yaml"), "", frames.append)
    dialect.hello("ann", "lobby", None, None)
    for line in ("+OK bob\n", "+OK ann\n"):
        list(dialect.receive(line.encode()))
    assert [frame.meaning for frame in frames] == ["join", "ignore; not joined: nick is bob, not ann", "joined"]


def test_one_mistake_is_told_once_and_not_what_follows_from_it() -> None:
    assert mistakes(LINES.replace('"<{nick}> {text}"', '{by: "{nick}", text: "{text}"}')) == [
        "5:8: this is JSON, and frames hold text here, as say does; of a server that is sent the one and sends the "
        'other, write what is JSON as {"{json}": …}'
    ]
    no_say = JSON.replace('{do: say, text: "{text}"}', "")
    assert mistakes(no_say) == ['2:5: "{text}" is missing in say']
    assert mistakes(JSON.replace('text: "{text}"}', 'text: {"{json}": "{text}", more: 1}}', 1)) == [
        '2:22: "{json}" is the only key in its braces'
    ]
    assert mistakes(LINES.replace("<{nick}> {text}", "{nick}{text}")) == [
        "5:8: nothing stands between {text} and the name before it: where does the one end?"
    ]


def test_a_frame_s_name_that_is_nearly_right_is_named() -> None:
    for written, meant in (("jsn", "json"), ("lines", "line"), ("{lenght: 4}", "length"), ("{ends: x}", "end")):
        (told,) = mistakes(f"{LINES}frame: {written}")
        assert told.endswith(f", did you mean {meant}?")
