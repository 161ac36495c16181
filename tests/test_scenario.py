"""The language as it is written down: what stands in a file and what it means."""

import math
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.scenario.actions import ACTIONS
from bots.scenario.actions.speaking import Say
from bots.scenario.actions.waiting import Expect
from bots.scenario.load import load, parse
from bots.scenario.mistakes import ScenarioMistakes, SourcePosition
from bots.scenario.model import Line, Pause, Together
from bots.scenario.schedule import plan
from bots.scenario.selector import Selector
from tests.scale import smaller
from tests.scenarios import one_line, scenario

FOLDER = Path(__file__).parent.parent / "scenarios"

# As the language's description prints it.
PRINTED = dedent(
    """\
    title: Ten users say hello
    seed: 7                                   # same seed, same words and times
    cast:
      alice:                                  # one user
      user: {count: 9, name: "user{n}"}       # nine of them
    script:                                   # each line waits for the one before
      - alice: Hello, everyone!               # a string is said
      - user: {say: "Hi {sender}, I'm {name}", spread: 2s}          # all nine, spread over two seconds
      - user: {say: "{words 3..8}", every: 500ms, jitter: 50%, for: 5s}
      - together:                             # these run at the same time
          - alice: {expect: /bye/, from: user3, within: 5s}
          - user3: Goodbye!
      - user: {leave: see you}
    check:
      delivery: exactly once
      order: same for everyone
      latency: {p99: 250ms}
    """
)


def test_the_printed_scenario_means_what_it_says() -> None:
    loaded = scenario(PRINTED)
    assert (loaded.title, loaded.seed) == ("Ten users say hello", 7)
    assert [actor.name for actor in loaded.actors] == ["alice", *(f"user{n}" for n in range(1, 10))]
    hello, introduction, talk, together, leaving = loaded.script
    assert isinstance(together, Together)
    lines = list(loaded.lines())
    assert lines[:3] == [hello, introduction, talk]
    assert [line.number for line in lines] == list(range(6))
    assert [len(list(plan(loaded, line))) for line in lines] == [1, 9, 90, 1, 1, 9]
    assert together.branches == ((lines[3],), (lines[4],))
    expected = lines[3].action
    assert isinstance(expected, Expect)
    assert (expected.expect.source, expected.from_, expected.within) == ("/bye/", "user3", 5)
    assert leaving == lines[5]
    assert (loaded.check.delivery, loaded.check.order) == ("exactly once", "same for everyone")
    assert loaded.check.latency.limits() == {"p99": 0.25}
    assert lines[0].place == (7, 5)


def test_a_string_is_short_for_say() -> None:
    assert one_line("alice: Hello").action == one_line("alice: {say: Hello}").action


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("user3: hi", Selector("user3")),
        ("everyone: hi", Selector("everyone")),
        ("any user: hi", Selector("user", count=1)),
        ("3 of user: hi", Selector("user", count=3)),
        ("20% of user: hi", Selector("user", share=0.2)),
        ("one of user: hi", Selector("one of user")),
    ],
)
def test_who_can_stand_where_an_actor_stands(text: str, who: Selector) -> None:
    line = next(scenario(f"cast: {{user: 9}}\nscript: [{text}]").lines())
    assert line.who == who


# One line for each action, and what the runner finds in it.
EXAMPLES: dict[str, tuple[str, dict[str, object]]] = {
    "say": ("{say: hi, every: 1s, times: 3, room: tea}", {"every": 1.0, "times": 3, "room": "tea"}),
    "act": ("{act: waves, for: 1s, times: 3}", {"for_": 1.0}),
    "whisper": ("{whisper: psst, to: bob}", {"to": "bob"}),
    "rename": ("{rename: al}", {}),
    "join": ("{join}", {"join": None}),
    "leave": ("{leave}", {"leave": None, "room": None}),
    "wait": ("{wait: 2s}", {"wait": 2.0}),
    "expect": ("{expect: hi, from: bob, times: 2}", {"from_": "bob", "times": 2, "within": 5.0}),
    "expect_none": ("{expect_none: hi}", {"from_": None, "within": 1.0}),
    "reply": ("{reply: 'Hi {sender}', to: /hello/, from: bob, for: 1m}", {"from_": "bob", "for_": 60.0, "times": None}),
    "greet": ("{greet: 'Hi {sender}', times: 2}", {"times": 2}),
    "ping": ("{ping, within: 1s}", {"ping": None, "within": 1.0}),
    "drop": ("{drop: reset}", {"drop": "reset"}),
    "reconnect": ("{reconnect, spread: 1s}", {"spread": 1.0}),
    "read": ("{read: normal}", {"read": math.inf}),
    "send_bytes": (r'{send_bytes: "\xff\xfb\x01hi\r\n"}', {"send_bytes": b"\xff\xfb\x01hi\r\n"}),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action(name: str) -> None:
    text, found = EXAMPLES[name]
    first = scenario(f"script:\n  - alice: {text}\n  - bob: hi\n" if name != "join" else "script: [alice: {join}]")
    action = next(first.lines()).action
    assert type(action) is ACTIONS[name]
    assert {key: getattr(action, key) for key in found} == found


def test_a_line_can_be_placed_in_time() -> None:
    assert one_line("alice: {say: hi, at: 3m12s}").action.at == 192


def test_what_looks_like_a_number_or_a_truth_value_is_said_as_it_stands() -> None:
    for text in ("007", "1.50", "no", "null", "12:30", "~", "2024-11-23"):
        action = one_line(f"alice: {text}").action
        assert isinstance(action, Say)
        assert action.say.render({}) == text


def test_the_whole_script_can_wait() -> None:
    pause, _ = scenario("script: [wait: 2s, alice: hi]").script
    assert pause == Pause(SourcePosition(1, 10), 2.0)


def test_everyone_is_also_who_turns_up_only_later() -> None:
    loaded = scenario("script: [everyone: {wait: 1s}, alice: hi, bob: hi]")
    assert [len(list(plan(loaded, line))) for line in loaded.lines()] == [2, 1, 1]


def test_a_branch_can_be_several_lines_or_branches_again() -> None:
    (together,) = scenario("script: [together: [[alice: one, alice: two], together: [bob: three]]]").script
    assert isinstance(together, Together)
    assert [len(branch) for branch in together.branches] == [2, 1]
    assert isinstance(together.branches[1][0], Together)


def test_a_cast_can_be_written_short() -> None:
    loaded = scenario("cast: {alice: , user: 3, bot: {count: 2, name: 'Бот {n}'}}\nscript: ['Бот 2': hi]")
    assert {name: [a.name for a in cast] for name, cast in loaded.casts.items()} == {
        "alice": ["alice"],
        "user": ["user1", "user2", "user3"],
        "bot": ["Бот 1", "Бот 2"],
    }
    assert [(a.cast, a.n, a.index) for a in loaded.actors][-1] == ("bot", 2, 5)
    assert [actor.index for actor in loaded.group("everyone")] == list(range(6))
    assert loaded.group("nobody") == ()


def test_what_is_checked_when_nothing_is_said_about_it() -> None:
    check = scenario("script: [alice: hi]").check
    assert (check.delivery, check.order, check.errors) == ("exactly once", "same for everyone", "none")
    assert check.latency.limits() == {}


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_scenario_of_the_project_loads_and_says_what_it_shows(file: Path) -> None:
    loaded = load(file)
    assert file.read_text().startswith("# ")
    assert loaded.title != file.stem
    assert list(loaded.lines())


def test_a_scenario_can_be_played_with_fewer_users() -> None:
    loaded = scenario("cast: {alice: , user: 100}\nscript: [4 of user: hi, user7: hi, user: {leave}]")
    small = smaller(loaded, 0.01)
    assert [len(cast) for cast in small.casts.values()] == [1, 7]
    assert len(smaller(loaded, 0.5).actors) == 51
    assert [len(list(plan(small, line))) for line in small.lines()] == [4, 1, 7]


WORDS = [
    *ACTIONS,
    *("script", "cast", "check", "seed", "title", "data", "together", "everyone", "alice", "user", "user3", "any user"),
    *("every", "times", "for", "spread", "jitter", "at", "within", "from", "to", "room", "count", "name", "latency"),
    *(
        "2s",
        "500ms",
        "3",
        "50%",
        "{name}",
        "{n}",
        "/bye/",
        "/(/",
        "reset",
        "normal",
        "1kB/s",
        "exactly once",
        "p99",
        "",
    ),
]
ANYTHING = st.recursive(
    st.none() | st.sampled_from(WORDS) | st.text(max_size=5) | st.integers(-2, 120),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None)
@given(
    script=st.lists(ANYTHING, max_size=4),
    cast=ANYTHING,
    rest=st.dictionaries(st.sampled_from(WORDS), ANYTHING, max_size=2),
)
def test_whatever_a_file_holds_it_loads_or_its_mistakes_are_told(
    script: object, cast: object, rest: dict[str, object]
) -> None:
    source = yaml.safe_dump({"cast": cast, "script": script, **rest}, allow_unicode=True).encode()
    with suppress(ScenarioMistakes):
        loaded = parse(source, "any.yaml", lambda _: b"town\nRome\n")
        for line in loaded.lines():
            assert isinstance(line, Line)
            next(plan(loaded, line))
