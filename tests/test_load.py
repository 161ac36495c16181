"""What people get wrong in a scenario, and what they are told."""

import os
from pathlib import Path

import pytest

from bots.scenario.load import load, parse
from bots.scenario.mistakes import ScenarioMistakes, nearest
from geventchat.protocol.errors import ChatError
from tests.scenarios import mistakes, scenario


def test_all_mistakes_are_told_at_once_each_with_its_place() -> None:
    assert mistakes(
        """\
        title: x
        seeed: 3
        cast:
          alice:
          user: {count: 9}
          many: {cuont: 3}
        script:
          - alice: {sya: hi}
          - usr: hi
          - alice: {say: "hi {nmae}", every: 5}
          - alice: {expect: /(/, from: alcie}
          - user30: hello
          - 12 of user: hello
          - hello
          - alice: {wait: 10s}
          - alice: {say: hi, at: 5s}
        check: {delivery: exactly onse, latency: {p98: 3s}}
        check: {}
        """
    ) == [
        "2:1: unknown key seeed, did you mean seed?",
        "6:10: unknown key cuont, did you mean count?",
        "8:13: sya is not an action, did you mean say?",
        "9:5: nobody is called usr, did you mean user? (somebody new with so similar a name must stand in the cast)",
        "10:18: {nmae} stands for nothing here, did you mean {name}?",
        "10:38: a time needs its unit, did you mean 5s or 5ms?",
        "11:21: /(/ is not a regular expression: missing ): (",
        "11:32: nobody is called alcie, did you mean alice?",
        "12:5: nobody is called user30, did you mean one of user1 to user9?"
        " (somebody new with so similar a name must stand in the cast)",
        "13:5: 12 of user cannot be, there are 9",
        "14:5: who says this? A line is `- somebody: hello`",
        "16:5: this cannot be at 5s: what stands before it lasts to 10s",
        "17:19: 'exactly onse' is none of: exactly once, at least once, at most once or any,"
        " did you mean exactly once?",
        "17:43: unknown key p98, did you mean p99?",
        "18:1: check stands here a second time; the first is in line 17",
    ]


def line(text: str) -> list[str]:
    """Return what is wrong in the third line of a file, without the number of that line."""
    told = mistakes(f"cast: {{alice: , bob: , user: 9}}\nscript:\n  - {text}\n")
    return [one.removeprefix("3:") for one in told]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # What is no line.
        ("", "4: there is nothing in this line"),
        ("hello", "5: who says this? A line is `- somebody: hello`"),
        ("[alice: hi]", "5: a list of lines can stand only among those of together:"),
        ("{alice: hi, bob: ho}", "17: a line has one actor; bob needs a line of its own, with its own dash"),
        ("{alice: hi, every: 2s}", "17: every belongs to what alice does: `- alice: {say: …, every: …}`"),
        ("say: hello", "5: say is something to do, and stands behind somebody who does it: `- alice: {say: …}`"),
        ("together: {alice: hi}", "15: lines that run together belong here, each with its own dash"),
        ("together: []", "15: lines that run together belong here, each with its own dash"),
        ("wait: 2", "11: a time needs its unit, did you mean 2s or 2ms?"),
        # Who.
        ("any usr: hi", "5: nobody is called usr, did you mean user?"),
        ("3 of dave: hi", "5: nobody is called dave"),
        ("0 of user: hi", "5: 0 of user is nobody"),
        ("120% of user: hi", "5: 120% is more than there is"),
        ("1x of user: hi", "5: 1x of user: how many? A number or a share, like 3 or 20%"),
        ("server: hi", "5: 'server' cannot be a nick: the name server is reserved, take another"),
        ('"a:b": hi', "5: 'a:b' cannot be a nick: a name cannot hold a colon"),
        ("Alice: hi", "5: nobody is called Alice, did you mean alice?"),
        # What.
        ("alice:", "11: what does alice do? A text is said, {leave} and the like are done"),
        ("alice: [hi]", "12: what does alice do? A text that begins with [ needs quotes"),
        ("alice: {}", "12: what does alice do? A text is said"),
        ("alice: {every: 2s}", "12: alice does nothing here: an action is missing"),
        ("alice: {shout: hi}", "13: shout is not an action; there are say, act, "),
        ("alice: {say: a, act: b}", "21: a line has one action, and say is here already"),
        ("alice: {say: a, within: 2s}", "21: within does not go with say, only with expect, expect_none, ping"),
        ("alice: {leave: , every: 2s}", "22: every does not go with leave"),
        ("alice: {say: hi, spreed: 2s}", "22: unknown key spreed, did you mean spread?"),
        ("alice: {drop: rst}", "19: 'rst' is none of: reset or close, did you mean reset?"),
        ("alice: {drop}", "17: a value is missing here: reset or close"),
        ("alice: {ping: pong}", "19: nothing can stand behind this action, leave out 'pong'"),
        ("alice: {read: 1kb}", "19: '1kb' is not a pace of reading"),
        ("alice: {read: }", "19: None is not a pace of reading"),
        ("alice: {whisper: hi}", "12: to is missing"),
        ("alice: {whisper: hi, to: user}", "30: a whisper has one hearer, and user are 9"),
        ("alice: {reply: hi}", "12: to is missing"),
        ("alice: {rename: server}", "21: this cannot be a nick: the name server is reserved, take another"),
        ("user: {rename: robert}", "20: all 9 would be called robert: put {n} into their name"),
        ("alice: {join: 'a:b'}", "19: a name cannot hold a colon"),
        ('alice: {send_bytes: "€"}', "25: each character is one byte here"),
        # Texts.
        ('alice: ""', "12: there is nothing to say in this text"),
        ('alice: "a\\nb"', "12: a message is one line without U+000A; send_bytes can send anything"),
        ('alice: "{n"', "12: a { without its other half; a brace that is meant as such is doubled, {{"),
        ('alice: "{town}"', "12: {town} stands for nothing here"),
        ("alice: {expect: 'hi {words}'}", "21: {words} stands for nothing here"),
        ('alice: "Hi {sender}"', "5: {sender} is who spoke before, and nobody has spoken before this line"),
        # Times.
        ("alice: {say: hi, every: 0s, times: 2}", "29: every must be longer than 0s"),
        ("alice: {say: hi, every: 2s}", "29: every has no end: say how many times, or for how long"),
        ("alice: {say: hi, for: 2s}", "27: for needs to know how often: give every, or times"),
        ("alice: {say: hi, every: -2s, times: 2}", "29: a time cannot be negative: -2s"),
        ("alice: {say: hi, times: 0}", "29: 0 is too small; it must be at least 1"),
        ("alice: {say: hi, times: 9999999}", "29: 9999999 is too much, it can be 1,000,000 at most"),
        ("alice: {say: Sorry, I am late}", "25: unknown key I am late; in braces, a text with a comma"),
        ("alice: {say: hi, times: often}", "29: 'often' is not a whole number"),
        ("alice: {say: hi, times: }", "29: a value is missing here"),
        ("alice: {say: hi, jitter: 50%}", "30: a jitter in percent is a share of every, and there is none"),
        ("alice: {say: hi, jitter: 500%, every: 1s, times: 2}", "30: 500% is more than there is"),
        ("alice: {say: hi, jitter: 2s, every: 1s, times: 2}", "30: a jitter longer than the time from one to the next"),
    ],
)
def test_a_mistake_in_a_line(text: str, told: str) -> None:
    (one,) = line(text)
    assert one.startswith(told)


@pytest.mark.parametrize(("written", "within_s"), [("true", 30), ("false", 0), ("90s", 90)])
def test_users_come_back_by_themselves_for_as_long_as_is_said(written: str, within_s: float) -> None:
    played = scenario(f"cast: {{alice: {{reconnect: {written}}}}}\nscript:\n  - alice: hi\n")
    assert [(actor.comes_back_within_s, actor.reconnects) for actor in played.actors] == [(within_s, within_s > 0)]


def test_what_is_no_time_for_which_users_come_back() -> None:
    (told,) = mistakes("cast: {alice: {reconnect: often}}\nscript:\n  - alice: hi\n")
    assert told == "1:27: 'often' is neither true nor false, nor for how long to try, like 90s"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1:1: there is nothing in this file; the least is a script: with a line"),
        ("# nothing\n", "1:1: there is nothing in this file; the least is a script: with a line"),
        ("hello", "1:1: a scenario is made of keys, like cast: and script:, and this is none"),
        ("- alice: hi", "1:1: a scenario is made of keys, like cast: and script:, and this is none"),
        ("title: x", "1:1: script is missing"),
        ("script: []", "1:9: there is nothing in it"),
        ("script:", "1:8: a list belongs here: lines that begin with a dash"),
        ("script: {alice: hi}", "1:9: a list belongs here: lines that begin with a dash"),
        ("script: [alice: hi]\nseed: x", "2:7: 'x' is not a whole number"),
        ("script: [alice: hi]\nseed: 10000000000000000000", "2:7: 10000000000000000000 is too much, it can be 9,2"),
        ("script: [alice: hi]\ncast: [alice]", "2:7: keys with their values belong here, like alice: for one user,"),
        ("script: [alice: hi]\ncast: {alice: [x]}", "2:15: keys with their values belong here"),
        ("script: [alice: hi]\ncheck: x", "2:8: keys with their values belong here, like order: any"),
        ("script: [alice: hi]\ncheck: {latency: 1s}", "2:18: keys with their values belong here, like p99: 250ms"),
        ("script:\n  - alice: hi\n   - bob: hi", "3:4: this line belongs to none above it"),
        ("cast:\n    alice:\n  bob:\nscript: [alice: hi]", "3:3: this line belongs to none above it"),
        ('script:\n  - alice: hi\n  - "bob" said: hi', "3:11: this is not valid YAML"),
        ("script: [alice: hi]\ncheck: {latency: {p99: 1}}", "2:24: a time needs its unit, did you mean 1s or 1ms?"),
        ("script: [alice: hi]\ncast: {user: 0}", "2:14: 0 is too small; it must be at least 1"),
        ("script: [alice: hi]\ncast: {user: 999999}", "2:14: 999999 is too much, it can be 100,000 at most"),
        ("script: [alice: hi]\ncast: {say: }", "2:8: say is something to do"),
        ("script: [alice: hi]\ncast: {any one: }", "2:8: any one reads like a choice among a cast"),
        ("script: [alice: hi]\ncast: {everyone: }", "2:8: everyone has a meaning of its own"),
        ("script: [alice: hi]\ncast: {bob: {count: 2, name: bob}}", "2:8: all 2 would be called bob"),
        ("script: [alice: hi]\ncast: {bob: {name: '{nn}'}}", "2:8: {nn} stands for nothing here, did you mean {n}?"),
        ("script: [alice: hi]\ncast: {user: 3, user2: }", "2:17: user2 and user2 are the same name in a chat"),
        ("script: [alice: hi]\ncast: {bob: , Bob: }", "2:15: Bob and bob are the same name in a chat"),
        (
            "script: [alice: hi]\ncast: {bob: , b\u043eb: }",
            "2:15: b\u043eb looks like bob: a chat takes only one of them in",
        ),
        (
            "script: [alice: hi]\ncast: {user: 3, userl: }",
            "2:17: userl looks like user1: a chat takes only one of them in",
        ),
        ("script: [alice: hi]\ndata: no.csv", "2:7: no.csv cannot be read: No such file or directory"),
        ("script: [alice: hi\n", "2:1: this is not valid YAML"),
        ("script: [wait: 1s, everyone: hi]", "1:9: nobody takes part in this script"),
        ("script: [alice: hi]\ncast: {a: 1, b: 100000}", "2:14: more than 100,000 users in all"),
        ('script: [alice: hi]\n"\\e[31mred": x', "2:1: unknown key [31mred"),
        ("script:\n\t- alice: hi", "2:1: a tab cannot indent a line of YAML; spaces can"),
        (
            "script:\n  - alice: {expect: /(?=(a+)+$)b/}",
            "2:21: /(?=(a+)+$)b/ uses look-aheads, which are not supported",
        ),
        ("script:\n  - alice: {expect: /(?<!a)b/}", "2:21: /(?<!a)b/ uses look-behinds, which are not supported"),
        ("script:\n  - alice: {expect: /(a)?(?(1)(a+)+b|c)/}", "2:21: /(a)?(?(1)(a+)+b|c)/ uses conditions"),
        (r"script: [alice: {expect: '/^(a)\1/i'}]", r"1:26: /^(a)\1/i uses back-references, which are not supported"),
        (r"script: [alice: {expect: '/(\\1/'}]", r"1:26: /(\\1/ is not a regular expression: missing )"),  # a backslash
        (
            "script:\n  - alice: {expect: '/a{2000}/'}",
            "2:21: /a{2000}/ is not a regular expression: invalid repetition",
        ),
    ],
)
def test_a_mistake_in_the_rest_of_a_file(text: str, told: str) -> None:
    (one,) = mistakes(text)
    assert one.startswith(told)


def test_one_mistake_brings_no_others_with_it() -> None:
    # Who is in the cast is not known, so user5 is not called unknown; alice may have been meant to join again.
    assert mistakes(
        """\
        cast: {alice: , user: {count: nine}}
        script:
          - user5: hi
          - 3 of user: hi
          - bob: {expect: hi, from: user7}
          - alice: {leave}
          - alice: {jion}
          - alice: hi
        """
    ) == ["1:31: 'nine' is not a whole number", "7:13: jion is not an action, did you mean join?"]
    # Which room is left cannot be read, so alice may well be in the chat still.
    assert mistakes("script: [alice: {leave: , room: 'a:b'}, alice: hi]") == ["1:33: a name cannot hold a colon"]


def test_a_mistake_in_a_line_that_stands_there_again_by_its_alias_is_told_once() -> None:
    assert mistakes("script: [alice: hi, &again {alice: {sya: hi}}, *again]") == [
        "1:37: sya is not an action, did you mean say?"
    ]


@pytest.mark.parametrize("line", ["{leave}", "{drop: close}"])
def test_who_comes_while_all_who_are_there_go_is_there(line: str) -> None:
    (told,) = mistakes(f"script: [alice: hi, together: [bob: {{join}}, everyone: {line}], bob: {{join}}]")
    assert "bob is there already" in told


def test_who_has_left_is_not_said_to_have_lost_the_connection_that_all_lose() -> None:
    (told,) = mistakes("script: [alice: hi, bob: {leave}, everyone: {drop: close}, bob: {reconnect}]")
    assert told.endswith("bob has left, and must join before this")


def test_a_transcript_needs_no_cast() -> None:
    loaded = scenario(
        """
        script:
          - rob: Hello!
          - bob: Hi!
          - bobby: Hi, {sender}!
        """
    )
    assert [actor.name for actor in loaded.actors] == ["rob", "bob", "bobby"]
    assert loaded.title == "play"


def test_a_new_name_beside_a_cast_is_one_user_more_unless_it_looks_like_a_slip() -> None:
    loaded = scenario("cast: {alice: , user: 9}\nscript: [dave: hi, alice: hi]")
    assert list(loaded.casts) == ["alice", "user", "dave"]
    assert [actor.index for actor in loaded.actors] == list(range(11))
    for slip in ("usr", "users", "user0", "user10", "alcie", "ALICE"):
        (told,) = mistakes(f"cast: {{alice: , user: 9}}\nscript: [{slip}: hi]")
        assert told.startswith(f"2:10: nobody is called {slip}, did you mean ")
    assert scenario("cast: {alice: , alcie: }\nscript: [alcie: hi]")


def test_two_spellings_of_a_nick_are_not_two_users() -> None:
    assert mistakes("script:\n- Bob: hi\n- BOB: hi\n") == ["3:3: BOB and Bob are the same name in a chat"]
    decomposed, composed = "e\u0301va", "\u00e9va"
    (told,) = mistakes(f"script:\n- {decomposed}: hi\n")
    assert "write it so" in told
    assert composed in told


def test_what_is_longer_than_any_word_is_no_slip_of_another() -> None:
    word = "a" * 100
    assert nearest(word, [f"{word}b"]) == f"{word}b"
    assert nearest(f"{word}b", [word]) is None


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("[alice: {leave}, alice: hi]", "alice has left, and must join before this"),
        ("[alice: {drop: reset}, alice: hi]", "alice has lost the connection, and must reconnect before this"),
        ("[alice: {leave}, alice: {reconnect}]", "alice has left, and must join before this"),
        ("[alice: hi, alice: {join}]", "alice is there already, since no earlier line of theirs is a join"),
        ("[together: [alice: {leave}, bob: hi], alice: hi]", "alice has left, and must join before this"),
        (
            "[alice: {leave}, bob: {whisper: psst, to: alice}]",
            "nobody can whisper to alice, who has left, and must join before this",
        ),
    ],
)
def test_nobody_acts_who_is_not_there(script: str, told: str) -> None:
    (one,) = mistakes(f"script: {script}")
    assert one.endswith(told)


@pytest.mark.parametrize(
    "script",
    [
        "[alice: {leave}, alice: {wait: 1s}, alice: {join}, alice: hi]",
        "[alice: {drop: close}, alice: {reconnect}, alice: hi]",
        "[alice: {reconnect}]",
        "[alice: {leave: , room: tea}, alice: hi]",
        "[alice: hi, alice: {join: tea}]",
        "[user1: {leave}, user: hi, user: {join}, user1: hi]",
        "[alice: hi, together: [alice: {leave}, alice: {drop: close}], alice: {join}, alice: hi]",
    ],
)
def test_who_comes_back_acts_again_and_of_a_cast_the_rest_goes_on(script: str) -> None:
    assert scenario(f"cast: {{user: 3, alice: }}\nscript: {script}")


@pytest.mark.parametrize(
    ("script", "earliest"),
    [
        ("[wait: 10s, alice: {say: hi, at: 5s}]", "10s"),
        ("[alice: {say: hi, at: 6s}, alice: {say: hi, at: 5s}]", "6s"),
        ("[user: {say: hi, every: 1s, for: 10s}, alice: {say: hi, at: 5s}]", "9s"),
        ("[together: [wait: 3s, [wait: 3s, wait: 4s]], alice: {say: hi, at: 5s}]", "7s"),
        ("[wait: 4s, together: [[wait: 3s, alice: {say: hi, at: 5s}]]]", "7s"),
    ],
)
def test_no_line_is_due_before_those_before_it_can_have_ended(script: str, earliest: str) -> None:
    (told,) = mistakes(f"cast: {{user: 9}}\nscript: {script}")
    assert told.endswith(f"this cannot be at 5s: what stands before it lasts to {earliest}")


def test_a_line_may_be_due_when_those_before_it_end() -> None:
    assert scenario("script: [wait: 100ms, wait: 100ms, wait: 100ms, alice: {say: hi, at: 300ms}]")


def test_a_sender_may_be_whoever_was_expected_or_is_answered() -> None:
    assert scenario("script: [alice: {expect: /./}, alice: 'Hi {sender}']")
    assert scenario("script: [alice: {reply: 'Hi {sender}', to: /./}]")
    assert scenario("script: [together: [alice: hi, wait: 1s], alice: 'Hi {sender}']")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (b"", "1:1: a data file needs a row of column names, and at least one row of data"),
        (b"town\n", "1:1: a data file needs a row of column names, and at least one row of data"),
        (b"town,country\nRome,Italy\nParis\n", "3:1: 1 cells, but there are 2 columns"),
        (b"town,country\nRome, \n", "2:1: the cell of country is empty, and there would be nothing to say"),
        (b"name\nRome\n", "1:1: a column cannot be called name: {name} has a meaning already"),
        (b"town,town\nRome,Rome\n", "1:1: two columns are called town"),
        (b"town,\nRome,x\n", "1:1: column 2 has no name that could stand in a placeholder"),
        (b'town\n"Ro\nme"\n', "3:1: 'Ro\\nme' is not a single line of text"),
        ("town\nRo\x85me\n".encode(), "2:1: 'Ro\\x85me' is not a single line of text"),
        (b'town\n"Rome\n', "1:1: unexpected end of data"),
        (b"town\nR\xf4me\n", "2:1: this is not UTF-8 text"),
        (b"#" * (9 << 20), "1:1: a data file has 8 MiB at most"),
    ],
)
def test_mistakes_in_a_data_file_have_their_place_in_it(table: bytes, told: str) -> None:
    (one,) = mistakes("data: towns.csv\nscript:\n- alice: 'From {town}'\n", towns=table)
    assert one.startswith(f"towns.csv:{told}")


def test_columns_fill_texts_and_names() -> None:
    loaded = scenario(
        "data: people.csv\ncast: {user: {count: 2, name: '{nick}'}}\nscript: [user: 'From {town}', Éva: hi]",
        people="nick, town\nÉva,Pécs\nBob,Bath\n".encode(),
    )
    assert [actor.name for actor in loaded.casts["user"]] == ["Éva", "Bob"]
    (told,) = mistakes("data: p.csv\nscript: [alice: 'From {twon}']", p=b"town\nBath\n")
    assert told == "2:17: {twon} stands for nothing here, did you mean {town}?"


def test_a_name_that_is_not_in_utf_8_is_told() -> None:
    with pytest.raises(ScenarioMistakes, match=r"caf\\udce9\.yaml:1:1: its name, or .* is not in UTF-8: rename it"):
        load(Path("caf\udce9.yaml"))


def test_a_file_that_cannot_be_read_is_a_mistake_too(tmp_path: Path) -> None:
    with pytest.raises(ScenarioMistakes, match=r"no\.yaml:1:1: cannot be read: No such file or directory"):
        load(tmp_path / "no.yaml")
    with pytest.raises(ScenarioMistakes, match="cannot be read: Is a directory"):
        load(tmp_path)
    assert issubclass(ScenarioMistakes, ChatError)


def test_a_data_file_whose_name_cannot_be_is_a_mistake_too(tmp_path: Path) -> None:
    play = tmp_path / "play.yaml"
    play.write_text('script: [alice: hi]\ndata: "a\\0b"')
    with pytest.raises(ScenarioMistakes, match="2:7: ab cannot be read: embedded null byte"):
        load(play)


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(100 << 30)  # a hole: it takes no room on the disk, but reading it whole would take all memory
    with pytest.raises(ScenarioMistakes, match="8 MiB at most"):
        load(huge)


def test_the_names_of_one_cast_go_on_in_the_data_file_where_those_of_the_one_before_end(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("nick\nAnn\nBen\nCid\n")
    play = tmp_path / "play.yaml"
    play.write_text(
        "data: people.csv\ncast: {user: {count: 2, name: '{nick}'}, host: {name: '{nick}'}}\nscript: [user: hi]"
    )
    assert [actor.name for actor in load(play).actors] == ["Ann", "Ben", "Cid"]


def test_data_stands_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "towns.csv").write_text("town\nRome\n")
    play = tmp_path / "play.yaml"
    play.write_text("data: towns.csv\nscript: [alice: 'From {town}']")
    assert load(play).rows == ({"town": "Rome"},)


def test_a_data_file_may_begin_as_those_of_spreadsheets_do() -> None:
    loaded = scenario("data: towns.csv\nscript: [alice: 'From {town}']", towns="\ufefftown\nRome\n".encode())
    assert loaded.rows == ({"town": "Rome"},)


def test_what_is_told_has_a_bound_too() -> None:
    told = mistakes("script:\n" + "- alice: {sya: hi}\n" * 5_000)
    assert len(told) == 1_001
    assert told[-1].endswith("1,000 mistakes are told; there may be more")
    (one,) = mistakes(f"script: [alice: hi]\nseed: {'x' * 100_000}")
    assert len(one) < 500


@pytest.mark.parametrize("regex", [r"/( \w+)+/", r"/^(\d+\.)+$/", "/(ab)+/", "/hello.*world/i", "/(a|b)*c/"])
def test_an_expression_that_repeats_and_cannot_run_away_is_fine(regex: str) -> None:
    assert scenario(f"script: [alice: {{expect: '{regex}'}}]")


def test_a_pipe_to_which_nobody_writes_is_a_mistake_and_no_wait(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    with pytest.raises(ScenarioMistakes, match=r"pipe.yaml:1:1: cannot be read: It is a pipe"):
        load(pipe)
    play = tmp_path / "play.yaml"
    play.write_text("data: pipe.yaml\nscript: [alice: hi]\n")
    with pytest.raises(ScenarioMistakes, match=r"play.yaml:1:7: pipe.yaml cannot be read: It is a pipe"):
        load(play)


def test_lines_that_end_as_nobody_ends_them_are_no_trouble() -> None:
    for end in ("\r", "\x85", "\u2028"):
        (told,) = mistakes(f"script: [{end}{end}alice: hi{end}")
        assert "this is not valid YAML" in told


def test_as_many_users_as_there_may_be_are_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.scenario.cast.MAX_COUNT", 3)
    assert len(parse(b"script: [a: hi]\ncast: {a: 1, b: 2}", "test.yaml", lambda _: b"").actors) == 3
    with pytest.raises(ScenarioMistakes, match="more than 3 users in all"):
        parse(b"script: [a: hi]\ncast: {a: 1, b: 3}", "test.yaml", lambda _: b"")
