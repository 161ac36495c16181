"""Each action of a scenario does at a real server what it says; somebody else in the room is the witness."""

from functools import partial
from typing import Any

import gevent
import pytest

from bots.engine.runner import Runner
from bots.protocols.described import Described
from bots.protocols.load import parse as parse_protocol
from bots.protocols.registry import DIALECTS
from bots.report.summary import lines
from bots.report.verdict import checks, status_of
from bots.scenario.load import parse
from geventchat import ChatServer, Limits
from tests.faulty_json_server import faulty_json_server
from tests.play import passed, play, watched


def seen(events: list[dict[str, Any]], *fields: str) -> list[tuple[Any, ...]]:
    """Return these fields of the events that have all of them."""
    return [tuple(event[field] for field in fields) for event in events if set(fields) <= event.keys()]


def test_say_and_act_come_to_everyone() -> None:
    outcome, events = watched("script:\n  - ann: hello\n  - ann: {act: waves}\n  - ben: {say: hi, times: 2}\n")
    passed(outcome)
    assert sorted(seen(events, "type", "nick", "text")) == [
        ("acted", "ann", "waves"),
        ("said", "ann", "hello"),
        ("said", "ben", "hi"),
        ("said", "ben", "hi"),
    ]
    assert outcome.timeline.delivered == 8


def test_a_word_that_leaves_the_chat_where_it_is_said_can_be_acted() -> None:
    with ChatServer(limits=Limits(rate=None)) as server:
        assert passed(play("script:\n  - ann: {act: exit}\n  - ben: hi\n", server.address, "plain")).timeline.said == 2


def test_who_is_in_several_rooms_must_say_in_which_it_speaks() -> None:
    outcome, events = watched(
        """
        script:
          - ann: hello
          - ann: {join: den}
          - ann: where am I?
          - ann: {say: here, room: den}
          - ben: hi
        """
    )
    assert outcome.failures == [
        "test.yaml:5: ann is in several rooms: say with room: where 'where am I?' is to be said"
    ]
    assert outcome.anomalies == {}
    assert ("ben", "hi") in seen(events, "nick", "text")


def test_where_one_is_in_one_room_at_a_time_nothing_is_said_to_another_and_nobody_is_accused() -> None:
    script = """
        script:
          - ann: {join: lobby}
          - ann: {join: kitchen}
          - ben: {join: lobby}
          - ben: {join: kitchen}
          - ben: {say: to the lobby, room: lobby}
          - ben: {say: to the kitchen, room: kitchen}
          - eve: {say: hello, room: lobby}
    """
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = play(script, server.address, "plain")
    why = "ben is in kitchen and not in lobby: in this dialect, one is heard only where one is"
    assert (outcome.failures, outcome.anomalies) == ([f"test.yaml:7: {why}"], {})
    assert outcome.timeline.delivered == 2 + 1


def test_a_whisper_is_checked_like_any_message_and_can_be_expected() -> None:
    outcome, events = watched(
        """
        script:
          - ann: {whisper: psst, to: ben, times: 3}
          - ben: {expect: psst, from: ann, times: 3}
          - ben: {whisper: to myself, to: ben}
        """
    )
    passed(outcome)
    assert (outcome.timeline.said, outcome.timeline.delivered) == (4, 4)
    assert seen(events, "text") == []


def test_rename_changes_under_which_name_is_spoken_but_not_who_is_expected() -> None:
    outcome, events = watched(
        """
        script:
          - bob: before
          - bob: {rename: robert}
          - bob: "I am {name}"
          - ann: {expect: I am robert, from: bob}
          - ann: {expect_none: I am, from: ann, within: 10ms}
        """
    )
    passed(outcome)
    assert seen(events, "nick", "new") == [("bob", "robert")]
    assert seen(events, "nick", "text") == [("bob", "before"), ("robert", "I am robert")]


def test_who_has_renamed_and_left_joins_under_the_first_name() -> None:
    outcome, events = watched(
        "script:\n  - bob: {rename: robert}\n  - bob: {leave}\n  - bob: {join}\n  - bob: hi\n  - ann: hi\n"
    )
    passed(outcome)
    assert sorted(seen(events, "nick", "text")) == [("ann", "hi"), ("bob", "hi")]


def test_who_has_left_the_chat_and_comes_into_another_room_talks_there() -> None:
    outcome, events = watched("script:\n  - bob: {leave}\n  - bob: {join: den}\n  - bob: hi\n  - ann: hello\n")
    passed(outcome)
    assert [message.nick for message in outcome.rooms["den"].messages] == ["bob"]
    assert ("said", "bob") not in seen(events, "type", "nick")  # in the lobby, which is watched


def test_leave_gives_its_reason() -> None:
    outcome, events = watched("script:\n  - ann: {leave: see you}\n  - ben: {leave}\n  - cid: hi\n")
    passed(outcome)
    assert seen(events, "nick", "reason")[:2] == [("ann", "see you"), ("ben", "")]


def test_leaving_a_room_gives_its_reason_and_ends_hearing_there() -> None:
    outcome, events = watched(
        """
        script:
          - everyone: {ping}
          - ann: {join: den}
          - ben: {join: den}
          - ann: {say: in the den, room: den}
          - ann: {leave: enough, room: lobby}
          - ben: {say: not for ann, room: lobby}
          - ann: for both
        """
    )
    assert passed(outcome).timeline.delivered == 2 + 1 + 2
    assert ("ann", "enough") in seen(events, "nick", "reason")


def test_a_room_is_the_same_however_its_name_is_spelled() -> None:
    outcome, _ = watched(
        """
        script:
          - ann: {join: Den}
          - bob: {join: den}
          - ann: {say: hi, room: DEN}
          - bob: {say: ho, room: Den}
          - bob: {expect: hi}
        """
    )
    assert passed(outcome).timeline.delivered == 4


def test_a_line_with_a_time_is_not_said_earlier_and_waiting_takes_its_time() -> None:
    outcome, _ = watched("script:\n  - ann: {say: hi, at: 200ms}\n  - ann: {wait: 200ms}\n  - ann: ho\n")
    hi, ho = passed(outcome).rooms["lobby"].messages
    assert hi.sent - outcome.began >= 0.2
    assert ho.sent - hi.sent >= 0.2


def test_what_does_not_come_fails_an_expectation_and_what_comes_fails_the_contrary() -> None:
    outcome, _ = watched(
        """
        script:
          - ann: hi
          - ben: {expect: ho, within: 500ms}
          - ann: {say: oh no}
          - ben: {expect_none: oh, within: 300ms}
          - ben: {expect_none: hi, within: 10ms}
        """
    )
    assert outcome.failures == [
        "test.yaml:4: ben did not hear ho within 0.5 s",
        "test.yaml:6: ben heard ann say 'oh no', which was not to be heard",
    ]


def test_what_was_passed_over_can_still_be_expected_but_each_message_only_once() -> None:
    outcome, _ = watched(
        """
        script:
          - ann: ho
          - ann: hi
          - ben: {expect: hi}
          - ben: {expect: ho}
          - ben: {expect: hi, within: 10ms}
        """
    )
    assert outcome.failures == ["test.yaml:7: ben did not hear hi within 0.01 s"]


def test_what_another_expectation_was_faster_to_take_is_made_up_by_what_came_with_the_rest() -> None:
    outcome, _ = watched(
        """
        script:
          - together:
              - ben: {expect: hi, times: 2}
              - ben: {expect: hi}
              - - ann: hi
                - everyone: {ping}
                - ann: {say: hi, times: 2}
        """
    )
    passed(outcome)


def test_what_was_expected_beside_it_is_still_not_to_be_heard() -> None:
    outcome, _ = watched(
        """
        script:
          - together:
              - ben: {expect: hi}
              - ben: {expect_none: hi, within: 500ms}
              - ann: {say: hi}
        """
    )
    assert outcome.failures == ["test.yaml:5: ben heard ann say 'hi', which was not to be heard"]


def test_expect_none_beside_other_lines_counts_from_the_line_before_together() -> None:
    outcome, _ = watched(
        """
        script:
          - ann: early
          - ben: {expect: early}
          - ann: {say: late}
          - together:
              - ben: {expect_none: early, within: 200ms}
              - ben: {expect_none: late, within: 200ms}
              - - ann: one
                - ann: two
                - cid: three
        """
    )
    assert outcome.failures == ["test.yaml:8: ben heard ann say 'late', which was not to be heard"]


def test_a_ping_that_is_not_answered_fails() -> None:
    with faulty_json_server("no pong", times=1) as (address, _):
        outcome = play("script:\n  - ann: {ping, within: 50ms}\n", address)
    assert outcome.failures == ["test.yaml:2: ann got no pong within 0.05 s"]
    assert passed(watched("script:\n  - ann: {ping, times: 3}\n")[0])


@pytest.mark.parametrize("how", ["reset", "close"])
def test_drop_breaks_the_connection_or_only_ends_it(how: str) -> None:
    with faulty_json_server() as (address, server):
        outcome = play(f"script:\n  - ann: {{drop: {how}}}\n  - ben: {{leave}}\n  - cid: hi\n", address)
    assert outcome.failures == []
    assert server.endings["ann"] == how
    assert server.endings["ben"] == "bye"


@pytest.mark.parametrize("dialect", ["json", "plain"])
def test_who_is_on_its_way_back_listens_all_the_same(dialect: str) -> None:
    script = """
    cast: {ann: {reconnect: true}, ben: }
    script:
      - ann: {drop: reset}
      - ann: {expect: what nobody says, within: 100ms}
      - ann: {drop: close}
      - ann: {ping}
      - ann: {drop: close}
      - together:
          - ann: {expect_none: ho, within: 300ms}
          - ben: {say: ho, every: 20ms, for: 1s}
    """
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = play(script, server.address, dialect)
    assert outcome.failures == [
        "test.yaml:5: ann did not hear what nobody says within 0.1 s",
        "test.yaml:10: ann heard ben say 'ho', which was not to be heard",
    ]
    assert outcome.anomalies == {}


@pytest.mark.parametrize("dialect", ["plain", "irc"])
def test_who_comes_back_before_the_server_has_noticed_the_loss_tries_again(dialect: str) -> None:
    again = "".join(f"  - bob: {{drop: close}}\n  - bob: {{reconnect}}\n  - bob: here {n}\n" for n in range(20))
    with ChatServer(limits=Limits(rate=None)) as server:
        assert passed(play(f"script:\n  - ann: hi\n{again}", server.address, dialect)).timeline.said == 21


def test_reconnect_brings_back_into_all_rooms_and_tells_what_was_missed() -> None:
    outcome, _ = watched(
        """
        script:
          - everyone: {ping}
          - ann: {join: den}
          - bob: {join: den}
          - bob: {say: before, room: den}
          - ann: {expect: before}
          - ann: {drop: reset}
          - bob: {say: missed, room: den}
          - bob: {say: missed too, room: lobby}
          - ann: {reconnect}
          - bob: {say: present, room: den}
          - ann: {expect: missed, times: 2}
          - ann: {say: back, room: den}
          - ann: {expect: present}
        """
    )
    assert passed(outcome).timeline.delivered == 2 * outcome.timeline.said == 10


def test_a_reader_who_stops_hears_everything_once_it_reads_again() -> None:
    outcome, _ = watched(
        """
        script:
          - ann: hello
          - stuck: {expect: hello}
          - stuck: {read: stopped}
          - ann: {say: "{words 20}", times: 200}
          - stuck: {expect_none: /./, within: 100ms}
          - stuck: {read: normal}
          - stuck: {expect: /./, times: 200}
        """
    )
    stuck = next(reader for reader in passed(outcome).rooms["lobby"].readers if reader.name == "stuck")
    assert stuck.progress.heard == 201


@pytest.mark.parametrize("waits", ["rename: stack", "join: den", "whisper: psst, to: ann"])
def test_a_reader_who_has_stopped_is_answered_all_the_same(waits: str) -> None:
    outcome, _ = watched(
        f"""
        script:
          - stuck: {{read: stopped}}
          - ann: hello
          - ann: {{ping}}
          - wait: 100ms
          - stuck: {{{waits}}}
          - ann: {{rename: anna}}
          - ann: {{say: still here}}
        """
    )
    assert passed(outcome).seconds < 9  # an answer that is not read is waited for 10 s


def test_a_whisper_to_a_reader_who_has_stopped_is_not_late() -> None:
    outcome, _ = watched(
        """
        script:
          - ann: hello
          - stuck: {expect: hello}
          - stuck: {read: stopped}
          - ann: {whisper: psst, to: stuck}
        """
    )
    assert (passed(outcome).timeline.delivered, outcome.timeline.latency.count) == (3, 2)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["json", "ws", "plain", "irc"])
def test_what_a_server_says_that_a_reader_has_missed_is_told_as_a_gap(dialect: str) -> None:
    with ChatServer(limits=Limits(rate=None, feed_window=16 << 10)) as server:
        outcome = play(
            """
            script:
              - stuck: {read: stopped}
              - ann: {say: "{words 60}", times: 8000}
              - ann: {ping}
              - stuck: {read: normal}
              - ann: {ping}
            """,
            server.address,
            dialect,
        )
    assert outcome.anomalies.keys() == {"gap"}
    assert {finding.reader.name for finding in outcome.rooms["lobby"].findings} == {"stuck"}
    (delivery,) = [one for one in checks(outcome) if one.name == "delivery exactly once"]
    assert (delivery.result, delivery.found) == ("not met", f"{outcome.anomalies['gap']:,} told as a gap")
    assert any("TOLD AS A GAP: stuck never heard it" in line for line in lines(outcome))


@pytest.mark.slow
def test_a_slow_reader_reads_at_its_pace() -> None:
    outcome, _ = watched(
        """
        script:
          - slow: {read: 4kB/s}
          - ann: {say: "{words 5}", times: 60}
          - slow: {expect: /./, times: 60, within: 20s}
          - ann: done
        """
    )
    messages = passed(outcome).rooms["lobby"].messages
    assert messages[60].sent - messages[0].sent > 1.0  # 60 lines of more than 100 bytes


def test_send_bytes_sends_just_these() -> None:
    outcome, events = watched(
        r"""
        script:
          - ann: {send_bytes: "{\"type\":\"join\",\"ro"}
          - ann: {send_bytes: "om\":\"den\"}\n"}
          - ann: {send_bytes: "{\"type\":\"leave\",\"room\":\"lobby\",\"reason\":\"raw\"}\n"}
          - ann: {ping}
        """
    )
    assert outcome.failures == []
    assert ("ann", "raw") in seen(events, "nick", "reason")


def test_what_the_server_refuses_fails_the_run_unless_errors_do_not_matter() -> None:
    script = 'script:\n  - ann: {send_bytes: "what\\n"}\n  - ann: hi\n'
    assert "ann was told: " in watched(script)[0].failures[0]
    passed(watched(script + "check: {errors: any}\n")[0])


@pytest.mark.parametrize("of_ann", ["", "ann: {reconnect: true}, "])
def test_what_the_server_refuses_is_not_missing_where_errors_do_not_matter(of_ann: str) -> None:
    script = f"""
        cast: {{{of_ann}ben: , cid: }}
        script:
          - ben: {{join: kitchen}}
          - ann: {{say: let me in, room: kitchen}}
          - ann: {{act: knocks, room: kitchen}}
          - ann: hello
          - ann: {{drop: reset}}
        check: {{errors: any}}
    """
    outcome, _ = watched(script)
    assert (outcome.failures, outcome.anomalies, outcome.timeline.said) == ([], {}, 3)


def test_who_is_not_let_into_a_room_is_not_said_to_miss_anything_there_where_errors_do_not_matter() -> None:
    as_many_rooms_as_may_be = "".join(f"  - bob: {{join: room {number}}}\n" for number in range(64))
    script = f"""\
script:
  - ann: {{join: den}}
{as_many_rooms_as_may_be}
  - bob: {{join: den}}
  - ann: {{say: hello, room: den}}
  - bob: {{leave: , room: room 1}}
  - bob: {{join: den}}
  - ann: {{say: hello again, room: den}}
check: {{errors: any}}
"""
    outcome, _ = watched(script)
    assert (outcome.failures, outcome.anomalies) == ([], {})
    assert outcome.timeline.delivered == 3


def test_lateness_counts_from_when_a_line_was_due_and_a_run_of_late_bots_is_invalid() -> None:
    outcome, _ = watched(
        """
        script:
          - ben: {expect: nothing, within: 600ms}
          - ann: {say: late, at: 100ms}
        """
    )
    assert outcome.timeline.latency.largest_s >= 0.5
    assert outcome.lag.largest_s >= 0.5
    assert status_of(outcome) == 5


def test_a_script_that_is_far_too_fast_is_invalid() -> None:
    lines = "".join(f"  - ann: {{say: hi, at: {number * 10}ms}}\n" for number in range(2_000))
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = play("script:\n" + lines, server.address, speed=1e6)
    assert outcome.lag.largest_s > 0.01  # all 2,000 within 20 us: no machine can do that
    assert outcome.timeline.latency.largest_s > 0.01


def test_nobody_comes_in_after_a_run_that_was_broken_off() -> None:
    scenario = parse(b"script:\n  - ann: hello\n", "test.yaml", lambda _: b"")
    with faulty_json_server("slow welcome", times=1) as (address, server):
        run = gevent.spawn(Runner(scenario, address, DIALECTS["json"]).run)
        server.committed.wait()  # she waits to be let in
        run.kill(KeyboardInterrupt)
        assert run.get().interrupted
        while "ann" not in server.endings:
            gevent.sleep(0.01)


def test_a_server_that_lets_somebody_in_late_makes_messages_late_but_not_the_run_invalid() -> None:
    with faulty_json_server("slow welcome", times=3) as (address, _):
        outcome = play("script:\n  - ann: {join, at: 0s}\n  - ann: {say: hi, at: 10ms}\n  - ben: ho\n", address)
    assert outcome.timeline.latency.largest_s >= 0.4
    assert outcome.lag.largest_s < 0.4


def test_nobody_is_waited_for_in_a_room_that_refuses_it() -> None:
    scenario = """\
        script:
          - ann: {send_bytes: "{\\"type\\":\\"register\\",\\"password\\":\\"correct horse\\"}\\n"}
          - ann: {ping}
          - ann: {join: tea}
          - ann: {send_bytes: "{\\"type\\":\\"lock\\",\\"room\\":\\"tea\\"}\\n"}
          - ann: {ping}
          - ben: hello
          - ben: {join: tea}
          - ann: {say: hi, room: tea}
    """
    with ChatServer() as server:
        outcome = play(scenario, server.address)
    assert outcome.failures == ["ben was told: that room is locked: it takes to be invited (locked)"]
    assert outcome.anomalies == {}


def test_who_is_refused_a_word_in_a_room_is_still_there() -> None:
    protocol = b"""
protocol: tcp
frame: json-line
join: [{send: {type: hello, nick: "{nick}"}}, {answer: {type: welcome}}, {send: {type: join, room: "{room}"}}]
say: {type: say, room: "{room}", text: "{text}"}
heard: {type: said, room: "{room}", nick: "{nick}", text: "{text}", id: "{id}"}
refused: {type: error, about: "{room}", message: "{why}"}
ping: {type: ping, token: "{token}"}
pong: {type: pong, token: "{token}"}
leave: {type: leave, room: "{room}"}
rooms: true
ignore: [{}]
"""
    scenario = """
        script:
          - ann: {join: tea}
          - ann: {send_bytes: "{\\"type\\":\\"register\\",\\"password\\":\\"correct horse\\"}\\n"}
          - ann: {ping}
          - ann: {join: den}
          - ben: {join: tea}
          - ben: {join: den}
          - ann: {send_bytes: "{\\"type\\":\\"mute\\",\\"room\\":\\"den\\",\\"nick\\":\\"ben\\"}\\n"}
          - ann: {ping}
          - ben: {send_bytes: "{\\"type\\":\\"say\\",\\"room\\":\\"den\\",\\"text\\":\\"no\\"}\\n"}
          - ben: {ping}
          - ann: {say: hi, room: den}
    """
    speak = partial(Described, parse_protocol(protocol, "theirs.yaml"))
    with ChatServer() as server:
        outcome = play(scenario, server.address, speak)
    assert outcome.failures == ["ben was told: you are muted in den (refused)"]
    assert outcome.anomalies == {}
    assert outcome.timeline.delivered == 2
