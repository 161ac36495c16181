"""From what the parts of a run answer to the ledgers of the whole."""

from collections.abc import Callable, Container, Iterable, Sequence

from bots.ledger.model import Words
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
    is_by_one_clock: Callable[[str], bool] = lambda _: False,
    whole_up_to: int = WHOLE_UP_TO,
) -> dict[str, RoomLedger]:
    """Return the ledger of each room, judged over all parts; `cast` are the actors' names, `until` as in `close`.

    `clock_error_s` is how far times of two parts may be wrong; where users come and go by the clock of those who say
    something there, as `is_by_one_clock` says of a room, that is no matter for whether they were there.
    """
    overviews = [one for one in ask([Overview()] * parts) if isinstance(one, InShort)]
    nicks = frozenset(cast).union(*(one.nicks for one in overviews))
    rooms = list(dict.fromkeys(name for one in overviews for name in one.rooms))
    stay_error_s = {name: 0.0 if is_by_one_clock(name) else clock_error_s for name in rooms}
    agreed = {
        name: agree([one.rooms.get(name, RoomReport()) for one in overviews], stay_error_s[name], whole_up_to)
        for name in rooms
    }
    wanted = [{name: set(agreed[name].in_question[part]) for name in rooms} for part in range(parts)]
    known: set[tuple[str, Words]] = set()
    said: dict[str, set[Words]] = {}
    while True:
        details = ask([Details({name: sorted(places) for name, places in one.items()}) for one in wanted])
        histories = {name: [one.rooms[name] for one in details if isinstance(one, InFull)] for name in rooms}
        strays = {
            name: fresh
            for name in rooms
            if (fresh := [one for one in _strays(histories[name], nicks) if (name, one) not in known])
        }
        if not strays:
            break
        known.update((name, one) for name, words in strays.items() for one in words)
        for part, found in enumerate(ask([Where(strays)] * parts)):
            assert isinstance(found, Found)
            for name, places in found.segments.items():
                wanted[part][name].update(places)
            for name, words in found.said.items():
                said.setdefault(name, set()).update(words)
    ledgers: dict[str, RoomLedger] = {}
    for name in rooms:
        ledgers[name] = RoomLedger(per_sender, Timeline(), nicks, _elsewhere(said, name))
        replay(ledgers[name], histories[name], clock_error_s, stay_error_s[name])
        ledgers[name].from_others += agreed[name].from_others
        ledgers[name].close(until)
    return ledgers


def _elsewhere(said: dict[str, set[Words]], room: str) -> Callable[[Words], bool]:
    """Return what tells whether words were said in another room."""
    others: Container[Words] = {one for name, words in said.items() if name != room for one in words}
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
