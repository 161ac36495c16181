"""From what the parts of a run answer to the ledgers of the whole."""

from collections.abc import Callable, Container, Iterable, Sequence

from bots.ledger.model import About, Words
from bots.ledger.room import RoomLedger
from bots.ledger.timeline import Timeline
from bots.parts.agreement import WHOLE_UP_TO, agree
from bots.parts.history import History
from bots.parts.part import Answer, Details, Found, InFull, InShort, Overview, Question, Where
from bots.parts.replay import replay
from bots.parts.segments import RoomReport

# Asks each part its question, and returns the answers, in order.
Ask = Callable[[Sequence[Question]], Sequence[Answer]]


def merge(
    ask: Ask,
    parts: int,
    cast: Iterable[str],
    *,
    per_sender: bool,
    until: float = float("inf"),
    clock_error_s: float = 0.0,
    is_by_one_clock: Callable[[About], bool] = lambda _: False,
    whole_up_to: int = WHOLE_UP_TO,
) -> dict[About, RoomLedger]:
    """Return the ledger of each room, judged over all parts; `cast` are the actors' names, `until` as in `close`.

    `clock_error_s` is how far times of two parts may be wrong; where users come and go by the clock of those who say
    something there, as `is_by_one_clock` says of a room, that is no matter for whether they were there.
    """
    overviews = [one for one in ask([Overview()] * parts) if isinstance(one, InShort)]
    nicks = frozenset(cast).union(*(one.nicks for one in overviews))
    rooms = list(dict.fromkeys(about for one in overviews for about in one.rooms))
    stay_error_s = {about: 0.0 if is_by_one_clock(about) else clock_error_s for about in rooms}
    agreed = {
        about: agree([one.rooms.get(about, RoomReport()) for one in overviews], stay_error_s[about], whole_up_to)
        for about in rooms
    }
    wanted = [{about: set(agreed[about].in_question[part]) for about in rooms} for part in range(parts)]
    known: set[tuple[About, Words]] = set()
    said: dict[About, set[Words]] = {}
    while True:
        details = ask([Details({about: sorted(places) for about, places in one.items()}) for one in wanted])
        histories = {about: [one.rooms[about] for one in details if isinstance(one, InFull)] for about in rooms}
        strays = {
            about: fresh
            for about in rooms
            if (fresh := [one for one in _strays(histories[about], nicks) if (about, one) not in known])
        }
        if not strays:
            break
        known.update((about, one) for about, words in strays.items() for one in words)
        for part, found in enumerate(ask([Where(strays)] * parts)):
            assert isinstance(found, Found)
            for about, places in found.segments.items():
                wanted[part][about].update(places)
            for about, words in found.said.items():
                said.setdefault(about, set()).update(words)
    ledgers: dict[About, RoomLedger] = {}
    for about in rooms:
        ledgers[about] = RoomLedger(per_sender, Timeline(), nicks, _elsewhere(said, about))
        replay(ledgers[about], histories[about], clock_error_s, stay_error_s[about])
        ledgers[about].from_others += agreed[about].from_others
        ledgers[about].close(until)
    return ledgers


def _elsewhere(said: dict[About, set[Words]], room: About) -> Callable[[Words], bool]:
    """Return what tells whether words were said in another room."""
    others: Container[Words] = {one for about, words in said.items() if about != room for one in words}
    return lambda words: words in others


def _strays(histories: Sequence[History], cast: Container[str]) -> list[Words]:
    """Return the words that somebody heard of one of the cast, and that nobody is known to have said there."""
    said = {(one.nick, one.text) for history in histories for one in history.said}
    heard: dict[Words, None] = {}
    for history in histories:
        heard.update(dict.fromkeys((one.nick, one.text) for one in history.order))
        heard.update(dict.fromkeys((one.nick, one.text) for stay in history.stays for one in stay.odd))
        heard.update(dict.fromkeys((one.nick, one.text) for one in history.overheard))
    return [words for words in heard if words not in said and words[0] in cast]
