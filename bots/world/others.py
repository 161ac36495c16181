"""People beside the bots: who of them has come into which room. No I/O."""

from collections.abc import Callable

# Is told of who came into which room. It must not wait.
Welcoming = Callable[[str, str], None]


class Others:
    """Those users who take no part in the scenario, as far as the bots have heard of their coming."""

    def __init__(self) -> None:
        self._here: set[tuple[str, str]] = set()  # nicks with rooms
        self._welcoming: list[Welcoming] = []

    def welcome(self, welcoming: Welcoming) -> None:
        """Tell of each who comes in from now on."""
        self._welcoming.append(welcoming)

    def stop_welcoming(self, welcoming: Welcoming) -> None:
        """Tell no more."""
        self._welcoming.remove(welcoming)

    def join(self, nick: str, room: str) -> None:
        """Note that somebody came into a room; several bots may hear of it, and the first one counts."""
        if (nick, room) not in self._here:
            self._here.add((nick, room))
            for welcoming in tuple(self._welcoming):
                welcoming(nick, room)

    def rename(self, nick: str, new: str, room: str) -> None:
        """Note that somebody in a room has another nick."""
        if (nick, room) in self._here:
            self._here.discard((nick, room))
            self._here.add((new, room))

    def leave(self, nick: str, room: str) -> None:
        """Note that somebody left a room."""
        self._here.discard((nick, room))
