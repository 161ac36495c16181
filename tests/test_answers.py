"""Actors who answer what they hear."""

from geventchat import ChatServer, Limits
from tests.play import passed, play, watched


def test_a_reply_answers_what_matches_so_many_times_and_each_time_in_other_words() -> None:
    outcome, events = watched(
        """
        script:
          - bot: {reply: "{sender} {words 6}", to: /^ask/, from: ann, times: 3}
          - ben: ask
          - ann: {say: ask, times: 5}
          - ann: {expect: ann, times: 3}
        """
    )
    passed(outcome)
    answers = [event["text"] for event in events if event.get("nick") == "bot" and "text" in event]
    assert [text.split()[0] for text in answers] == ["ann"] * 3
    assert len(set(answers)) == 3


def test_a_reply_goes_to_the_room_where_it_was_asked_for() -> None:
    outcome, _ = watched(
        """
        script:
          - everyone: {ping}
          - bot: {join: den}
          - ann: {join: den}
          - bot: {reply: yes, to: really}
          - ann: {say: really?, room: den}
          - ann: {expect: "yes"}
          - ann: {say: really?, room: lobby}
          - ann: {expect: "yes"}
        """
    )
    passed(outcome)
    assert len(outcome.rooms["den"].messages) == len(outcome.rooms["lobby"].messages) == 2


def test_a_whisper_is_answered_by_a_whisper() -> None:
    outcome, events = watched(
        """
        script:
          - bot: {reply: nothing, to: what}
          - ann: {whisper: what is it, to: bot}
          - ann: {expect: nothing, from: bot}
        """
    )
    assert passed(outcome).timeline.delivered == 2
    assert not any("text" in event for event in events)


def test_who_is_answered_may_have_taken_another_name() -> None:
    outcome, _ = watched(
        """
        script:
          - bot: {reply: "hello {sender}", to: hi, from: bob}
          - bob: {rename: robert}
          - bob: hi
          - ann: hi
          - ann: {expect: hello robert}
          - ann: {expect_none: hello ann, within: 100ms}
        """
    )
    passed(outcome)


def test_two_who_answer_each_other_end_when_the_script_does() -> None:
    outcome, _ = watched(
        """
        script:
          - ann: {reply: pong, to: ping}
          - bob: {reply: ping, to: pong}
          - bob: ping
        """
    )
    passed(outcome)
    assert outcome.timeline.said > 1
    assert outcome.settled


def test_a_reply_ends_sooner_where_the_script_is_played_faster() -> None:
    script = """
    script:
      - ann: {reply: pong, to: ping, for: 60s}
      - wait: 90s
      - bob: ping
    """
    with ChatServer(limits=Limits(rate=None)) as server:
        outcome = passed(play(script, server.address, speed=1_000))
    assert outcome.timeline.said == 1


def test_nobody_answers_itself() -> None:
    outcome, _ = watched(
        """
        script:
          - ann: {reply: more tea, to: tea}
          - bob: tea
          - bob: {expect: more}
          - everyone: {ping}
          - everyone: {ping}
        """
    )
    assert passed(outcome).timeline.said == 2


def test_what_the_script_says_last_is_answered() -> None:
    outcome, _ = watched("script:\n  - ann: {reply: pong, to: ping}\n  - bob: ping\n")
    assert passed(outcome).timeline.said == 2


def test_who_leaves_or_loses_the_connection_answers_no_more() -> None:
    outcome, _ = watched(
        """
        cast: {bot: 10, user: 5}
        script:
          - bot: {reply: pong, to: ping}
          - together:
              - user: {say: ping, every: 10ms, times: 50}
              - 5 of bot: {leave: bye, spread: 400ms}
              - 5 of bot: {drop: reset, spread: 400ms}
        """
    )
    passed(outcome)
