import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.scenario.actions.speaking import Say
from bots.scenario.model import Line, Scenario
from bots.scenario.render import text_of
from bots.scenario.schedule import PlannedAct, chosen, is_endless, lasts, latecomers, plan, whispered_to
from tests.scenarios import mistakes, scenario

CAST = "cast: {alice: , user: 9}\n"


def play(line: str, seed: int = 7) -> tuple[Scenario, Line, list[PlannedAct]]:
    loaded = scenario(f"seed: {seed}\n{CAST}script:\n  - alice: Hello!\n  - {line}")
    last = list(loaded.lines())[-1]
    return loaded, last, list(plan(loaded, last))


def dues(line: str) -> list[float]:
    return [act.due for act in play(line)[2]]


def who(line: str, seed: int = 7) -> list[str]:
    loaded, last, _ = play(line, seed)
    return [actor.name for actor in chosen(loaded, last)]


def test_a_string_is_said_at_once_and_once() -> None:
    assert dues("alice: hi") == [0]


def test_spread_places_the_actors_evenly() -> None:
    assert dues("user: {say: hi, spread: 9s}") == [0, 1, 2, 3, 4, 5, 6, 7, 8]


def test_every_and_times() -> None:
    assert dues("alice: {say: hi, every: 500ms, times: 4}") == [0, 0.5, 1, 1.5]


def test_every_and_for_end_before_the_time_is_over() -> None:
    assert dues("alice: {say: hi, every: 2s, for: 5s}") == [0, 2, 4]
    assert dues("alice: {say: hi, every: 2s, for: 4s}") == [0, 2]
    assert len(dues("alice: {say: hi, every: 3ms, for: 9ms}")) == 3
    assert dues("alice: {say: hi, every: 2s, for: 1s}") == [0]


def test_every_times_and_for_stop_at_whichever_is_first() -> None:
    assert len(dues("alice: {say: hi, every: 1s, times: 3, for: 10s}")) == 3
    assert len(dues("alice: {say: hi, every: 1s, times: 30, for: 10s}")) == 10


def test_times_without_every_are_spread_over_for() -> None:
    assert dues("alice: {say: hi, times: 4, for: 2s}") == [0, 0.5, 1, 1.5]


def test_times_alone_come_at_once_or_over_the_spread() -> None:
    assert dues("alice: {say: hi, times: 3}") == [0, 0, 0]
    assert dues("alice: {say: hi, times: 4, spread: 2s}") == [0, 0.5, 1, 1.5]


def test_each_actor_repeats_from_its_own_beginning() -> None:
    acts = play("user: {say: hi, every: 1s, times: 2, spread: 900ms}")[2]
    assert [act.actor.n for act in acts] == [*range(1, 10), *range(1, 10)]
    assert acts[9].due == pytest.approx(1.0)
    assert acts[10].due == pytest.approx(1.1)
    assert [act.repetition for act in acts] == [0] * 9 + [1] * 9


def test_jitter_makes_later_by_less_than_its_share_of_every() -> None:
    for repetition, due in enumerate(dues("alice: {say: hi, every: 2s, jitter: 50%, times: 50}")):
        assert 2 * repetition <= due < 2 * repetition + 1
    assert all(0 <= due < 0.2 for due in dues("user: {leave: bye, jitter: 200ms}"))
    assert len(set(dues("user: {leave: bye, jitter: 200ms}"))) == 9


@settings(deadline=None)
@given(
    every=st.integers(1, 3000),
    spread=st.integers(0, 3000),
    jitter=st.integers(0, 100),
    times=st.integers(1, 20),
)
def test_acts_come_in_the_order_in_which_they_are_due(every: int, spread: int, jitter: int, times: int) -> None:
    acts = play(f"user: {{say: hi, every: {every}ms, spread: {spread}ms, jitter: {jitter}%, times: {times}}}")[2]
    assert len(acts) == 9 * times
    assert all(one.due <= two.due for one, two in itertools.pairwise(acts))
    for n in range(1, 10):
        assert [act.repetition for act in acts if act.actor.n == n] == list(range(times))


def test_a_long_plan_is_not_worked_out_in_advance() -> None:
    loaded = scenario(CAST + "script:\n  - user: {say: hi, every: 1ms, for: 10000h}")
    acts = plan(loaded, next(loaded.lines()))
    assert [act.actor.n for act in itertools.islice(acts, 10)] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]


def test_the_same_seed_gives_the_same_words_choices_and_times_whatever_the_order() -> None:
    def outcome(seed: int, backwards: bool) -> list[tuple[str, float, str]]:
        loaded, line, acts = play("3 of user: {say: '{words 3..8}', every: 1s, jitter: 50%, times: 5}", seed)
        assert isinstance(line.action, Say)
        said = [
            (act.actor.name, act.due, text_of(line.action.say, loaded, line, act))
            for act in (reversed(acts) if backwards else acts)
        ]
        return sorted(said)

    assert outcome(7, False) == outcome(7, True)
    assert outcome(7, False) != outcome(8, False)


def test_words_and_times_of_a_seed_stay_the_same_in_later_versions() -> None:
    loaded, line, acts = play("alice: {say: '{words 3..8}', every: 1s, jitter: 50%, times: 2}")
    assert isinstance(line.action, Say)
    assert [text_of(line.action.say, loaded, line, act) for act in acts] == [
        "air ice early hair",
        "music white build easy",
    ]
    assert [round(act.due, 6) for act in acts] == [0.317929, 1.195601]


def test_selectors() -> None:
    users = [f"user{n}" for n in range(1, 10)]
    assert who("alice: hi") == ["alice"]
    assert who("user: hi") == users
    assert who("user3: hi") == ["user3"]
    assert who("everyone: hi") == ["alice", *users]
    assert len(who("any user: hi")) == 1
    assert len(who("3 of user: hi")) == 3
    assert len(who("20% of user: hi")) == 2
    assert len(who("1% of user: hi")) == 1
    assert who("100% of user: hi") == users


def test_a_choice_is_of_the_cast_in_its_order_and_falls_on_each_of_it() -> None:
    picked = [who("3 of user: hi", seed) for seed in range(60)]
    assert all(names == sorted(set(names)) for names in picked)
    assert {name for names in picked for name in names} == {f"user{n}" for n in range(1, 10)}


def test_two_lines_choose_anew() -> None:
    loaded = scenario(CAST + "script:\n" + "  - any user: hi\n" * 20)
    assert len({chosen(loaded, line) for line in loaded.lines()}) > 3


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("alice: hi", 0),
        ("alice: {wait: 2s}", 2),
        ("user: {wait: 2s, spread: 9s}", 10),
        ("user: {say: hi, spread: 9s}", 8),
        ("alice: {say: hi, every: 2s, times: 3}", 4),
        ("alice: {say: hi, every: 2s, for: 5s}", 4),
        ("user: {say: hi, every: 1s, for: 3s, spread: 900ms}", 2.8),
        ("alice: {expect_none: hi, within: 3s}", 3),
        ("alice: {expect: hi, within: 3s}", 0),
        ("alice: {reply: hi, to: ho, for: 3s}", 0),
    ],
)
def test_how_long_a_line_lasts_at_least(line: str, seconds: float) -> None:
    loaded, last, _ = play(line)
    assert lasts(loaded, last) == pytest.approx(seconds)


def test_who_joins_by_a_line_is_not_there_before() -> None:
    loaded = scenario(
        """
        cast: {alice: , late: 2, silent: }
        script:
          - everyone: {wait: 1s}
          - alice: hi
          - late: {join}
          - together:
              - bob: hi
              - - carol: {join: tea}
                - carol: hi
        """
    )
    assert {actor.name for actor in latecomers(loaded)} == {"late1", "late2", "carol"}


def test_data_rows_go_round_from_each_actors_own() -> None:
    loaded = scenario(
        """
        data: towns.csv
        cast: {user: 3}
        script:
          - user: {say: "{name} from {town}", every: 1s, times: 2}
        """,
        towns=b"town\nRome\nParis\n",
    )
    (line,) = loaded.lines()
    assert isinstance(line.action, Say)
    said = [text_of(line.action.say, loaded, line, act) for act in plan(loaded, line)]
    assert said == [
        "user1 from Rome",
        "user2 from Paris",
        "user3 from Rome",
        "user1 from Paris",
        "user2 from Rome",
        "user3 from Paris",
    ]


def test_who_has_taken_another_nick_says_so() -> None:
    loaded, line, (act, *_) = play("alice: I am {name}, hello {sender}")
    assert isinstance(line.action, Say)
    assert text_of(line.action.say, loaded, line, act, nick="al", sender="bob") == "I am al, hello bob"


@pytest.mark.parametrize(
    ("last", "endless"),
    [
        ("wait: forever", True),
        ("ann: {wait: forever}", True),
        ("ann: {say: tick, every: 1s, for: forever}", True),
        ("ann: {say: tick, every: 1s, for: forever, times: 3}", False),
        ("together: [wait: 1s, [ann: hi, wait: forever]]", True),
        ("wait: 9h", False),
    ],
)
def test_a_script_is_endless_if_it_waits_or_repeats_forever(last: str, endless: bool) -> None:
    assert is_endless(scenario(f"script:\n  - ann: hi\n  - {last}\n")) is endless


def test_what_is_repeated_forever_is_planned_as_it_comes() -> None:
    (line,) = scenario("script: [ann: {say: tick, every: 2s, for: forever, jitter: 50%}]").lines()
    acts = plan(scenario("script: [ann: hi]"), line)
    assert [int(next(acts).due) // 2 for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ann: {say: hi, times: 3, for: forever}", "forever needs to know how often: give every"),
        ("ann: {say: hi, every: forever, times: 3}", "'forever' is not a time"),
    ],
)
def test_not_everything_can_last_forever(text: str, told: str) -> None:
    (mistake,) = mistakes(f"script:\n  - {text}\n")
    assert told in mistake


def test_nothing_can_be_placed_behind_what_lasts_forever() -> None:
    (mistake,) = mistakes("script:\n  - wait: forever\n  - ann: {say: hi, at: 5s}\n")
    assert mistake.endswith("this cannot be at 5s: what stands before it lasts to forever")


def test_who_whispers_may_be_whispered_to_where_somebody_answers() -> None:
    whispers = "cast: {alice: , bob: , carol: }\nscript: [alice: {whisper: psst, to: bob}, carol: hi"
    assert {actor.name for actor in whispered_to(scenario(f"{whispers}]"))} == {"bob"}
    answered = scenario(f"{whispers}, bob: {{reply: 'yes?', to: /psst/}}]")
    assert whispered_to(answered) == {*answered.actors}
    assert not whispered_to(scenario("script: [alice: hi, bob: {reply: 'yes?', to: /hi/}]"))
