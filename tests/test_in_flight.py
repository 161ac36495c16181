"""What bots have begun to do: what takes a nick comes after what gives it up."""

from gevent.pool import Group

from bots.engine.in_flight import InFlight
from bots.scenario.model import Actor


def test_whoever_renames_itself_again_still_holds_the_names_that_it_is_about_to_give_up() -> None:
    in_flight, ann, dan = InFlight(Group()), Actor("ann", "ann", 1, 0), Actor("dan", "dan", 1, 1)
    assert in_flight.note_names(ann, ["ann", "bea"]) == {"ann", "bea"}
    assert in_flight.note_names(ann, ["ann", "cleo"]) == {"ann", "bea", "cleo"}
    assert in_flight.note_names(dan, ["dora"]) == {"dora"}
