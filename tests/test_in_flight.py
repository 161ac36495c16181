"""What bots have begun to do: what takes a nick comes after what gives it up."""

from typing import cast

from gevent.pool import Group

from bots.engine.bot import Bot
from bots.engine.in_flight import InFlight


def test_whoever_renames_itself_again_still_holds_the_names_that_it_is_about_to_give_up() -> None:
    in_flight, bot, other = InFlight(Group()), cast(Bot, object()), cast(Bot, object())
    assert in_flight.note_names(bot, ["ann", "bea"]) == {"ann", "bea"}
    assert in_flight.note_names(bot, ["ann", "cleo"]) == {"ann", "bea", "cleo"}
    assert in_flight.note_names(other, ["dora"]) == {"dora"}
