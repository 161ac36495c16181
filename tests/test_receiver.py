"""What is compared with what others heard is judged as if every line had been read, however the bytes come."""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.ledger.room import Attendance, Message, RoomLedger
from bots.protocols.base import ClientDialect, Heard, Notice
from bots.protocols.described import Described
from bots.protocols.irc import Irc
from bots.protocols.json import Json
from bots.protocols.load import parse
from bots.protocols.plain import Plain
from bots.world.inbox import Inbox
from bots.world.memberships import Membership
from bots.world.receiver import Receiver
from geventchat.dialects import json_client
from geventchat.protocol import events, replies
from tests.speaking import SPEAKING, hub_frame

READERS = ("ann", "bob", "cat")
# What a reader may get besides or instead of what the others get.
_FAULTS = st.sampled_from(["", "", "", "", "", "drop", "double", "swap", "alter", "notice", "pong"])
_LINES = st.lists(st.tuples(st.sampled_from(READERS), st.sampled_from(["x", "y", "z: z"])), max_size=15)


class Listener:
    """One reader, in a ledger of its own or together with others."""

    def __init__(self, room: RoomLedger, name: str, *, together: bool, dialect: ClientDialect | None = None) -> None:
        self.room = room
        self.stay: Attendance = room.enter(name, 0.0)
        self.stay.entered = 0.0
        inbox = Inbox([Membership("lobby", room, self.stay)], keeps=False)
        self.receiver = Receiver(dialect or Plain(), self.hear, inbox)
        self.read = 0
        self.followed: list[str] = []
        self.together = together
        if together:
            self.receiver.be_in(room, self.stay)
            inbox.listen(self.follow)

    def hear(self, heard: Heard, line: bytes, _: float) -> None:
        self.read += 1
        if isinstance(heard, events.Said):
            self.room.hear(self.stay, heard.nick, heard.text, 99.0, heard.id, line if self.together else b"")
        elif isinstance(heard, Notice):
            self.room.notice(self.stay, line)

    def follow(self, messages: Sequence[Message], _: str | None) -> None:
        self.followed += [message.text for message in messages]


@pytest.mark.parametrize("stateless", [True, False])
def test_the_same_bytes_are_read_once_unless_they_may_mean_something_else_to_others(*, stateless: bool) -> None:
    room, read = said_room([("ann", "x"), ("ann", "y")]), []
    for name in READERS:
        dialect = Plain()
        dialect.stateless = stateless
        listener = Listener(room, name, together=True, dialect=dialect)
        for line in (b"ann: x\n", b"ann: y\n"):
            listener.receiver.receive(line, 100.0)
        read.append(listener.read)
    assert (read == [2, 2, 2]) is not stateless
    assert room.findings == []


def said_room(talk: list[tuple[str, str]]) -> RoomLedger:
    room = RoomLedger(per_sender=False)
    for time, (nick, text) in enumerate(talk):
        room.say(nick, text, float(time), float(time))
    return room


def lines_with(faults: list[str], talk: list[tuple[str, str]]) -> list[bytes]:
    lines = [f"{nick}: {text}\n".encode() for nick, text in talk]
    heard: list[bytes] = []
    held: list[bytes] = []
    for line, fault in zip(lines, faults, strict=True):
        match fault:
            case "drop":
                continue
            case "swap":
                held.append(line)
                continue
            case "double":
                heard.append(line)
            case "alter":
                line = line[:-1] + b"#\n"
            case "notice":
                heard.append(b"* somebody joined\n")
            case "pong":
                heard.append(b"* pong 7\n")
        heard += [line, *held]
        held = []
    return heard + held


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:stop] for start, stop in itertools.pairwise(places)]


@given(talk=_LINES, data=st.data())
def test_findings_are_those_of_reading_every_line(talk: list[tuple[str, str]], data: st.DataObject) -> None:
    pieces = []
    for reader in READERS:
        faults = data.draw(st.lists(_FAULTS, min_size=len(talk), max_size=len(talk)))
        heard = b"".join(lines_with(faults, talk))
        cuts = data.draw(st.lists(st.integers(0, 10_000), max_size=5))
        pieces.append([(reader, piece) for piece in pieces_of(heard, cuts)])
    order = data.draw(st.permutations([number for number, own in enumerate(pieces) for _ in own]))
    rooms = said_room(talk), said_room(talk)
    together = {name: Listener(rooms[0], name, together=True) for name in READERS}
    alone = {name: Listener(rooms[1], name, together=False) for name in READERS}
    for number in order:
        reader, piece = pieces[number].pop(0)
        together[reader].receiver.receive(piece, 99.0)
        alone[reader].receiver.receive(piece, 99.0)
    for room in rooms:
        room.close()
    found, expected = (Counter((*one[:3], one.reader.name, one.at) for one in room.findings) for room in rooms)
    assert found == expected, (found - expected, expected - found)
    counts = [[reader.progress.heard for reader in room.readers] for room in rooms]
    assert counts[0] == counts[1]
    times = [room.timeline.latency.count for room in rooms]
    assert times[0] == times[1] == sum(counts[0])


def test_who_hears_the_same_is_not_read() -> None:
    talk = [("ann", str(number)) for number in range(100)]
    room = said_room(talk)
    first, second = (Listener(room, name, together=True) for name in ("ann", "bob"))
    stream = b"".join(f"{nick}: {text}\n".encode() for nick, text in talk)
    for piece in pieces_of(stream, list(range(0, 1000, 7))):
        first.receiver.receive(piece, 99.0)
        second.receiver.receive(piece, 99.0)
    assert (first.read, second.read) == (100, 1)  # the first message says where in the room a reader is
    assert second.followed == [text for _, text in talk][1:]
    assert (first.stay.progress.heard, second.stay.progress.heard) == (100, 100)


def without_echo(said: str, *names: str) -> tuple[RoomLedger, Callable[[str, str], None], dict[str, Listener]]:
    """Return a room in which these were said, each by the nick that is its small letter; what has a user hear some of
    them; and the users, who have heard something before.
    """
    room = said_room([("first", "first"), *((text.lower(), text) for text in said)])
    listeners = {name: Listener(room, name, together=True, dialect=Irc()) for name in names}
    for listener in listeners.values():
        listener.stay.hears_itself = False
        listener.receiver.receive(b":first PRIVMSG #lobby :first\r\n", 99.0)

    def hear(name: str, texts: str) -> None:
        lines = "".join(f":{text.lower()} PRIVMSG #lobby :{text}\r\n" for text in texts)
        listeners[name].receiver.receive(lines.encode(), 99.0)

    return room, hear, listeners


@pytest.mark.parametrize("said", ["abcd", "bacd"])
@pytest.mark.parametrize("first", ["ba", "ab", "bac", "abc", "cab"])
def test_who_hears_the_same_is_not_read_where_those_who_hear_first_do_not_hear_themselves(
    said: str, first: str
) -> None:
    room, hear, listeners = without_echo(said, *first, *"efgh")
    for name in listeners:
        hear(name, "cabd".replace(name, ""))
    room.close()
    assert room.findings == []
    assert [listeners[name].read for name in "fgh"] == [1, 1, 1]  # what was said before


def test_who_was_ahead_of_words_whose_place_was_guessed_is_not_accused_when_it_is_known() -> None:
    room, hear, _ = without_echo("abB", *"abxyz")
    hear("x", "b")
    hear("b", "a")  # which may have been said before its own, as it was sent before that
    hear("a", "bB")
    hear("y", "bBa")
    hear("z", "bBa")
    hear("x", "Ba")
    room.close()
    assert room.findings == []


def test_words_stay_where_somebody_has_heard_them_though_their_place_was_guessed() -> None:
    room, hear, _ = without_echo("ba", *"abxyz")
    hear("a", "b")
    hear("b", "a")
    hear("x", "ba")
    hear("y", "ab")
    hear("z", "ba")
    room.close()
    assert [(one.fault, one.reader.name) for one in room.findings] == [("reordered", "y")]


def test_a_pong_between_costs_only_its_own_line() -> None:
    talk = [("ann", str(number)) for number in range(10)]
    room = said_room(talk)
    first, second = (Listener(room, name, together=True) for name in ("ann", "bob"))
    lines = [f"{nick}: {text}\n".encode() for nick, text in talk]
    first.receiver.receive(b"".join(lines), 99.0)
    second.receiver.receive(b"".join([*lines[:5], b"* pong 7\n", *lines[5:]]), 99.0)
    assert second.read == 2
    room.close()
    assert room.findings == []


def test_newcomers_follow_notices_too() -> None:
    room = RoomLedger(per_sender=False)
    joined = [
        json_client.encode(events.Joined(id=f"1-{number}", time="", room="lobby", nick=f"user{number}"))  # type: ignore[arg-type]
        for number in range(10)
    ]
    read = 0

    def hear(_: Heard, line: bytes, __: float) -> None:
        nonlocal read
        read += 1
        room.notice(stay, line)

    for newcomer in range(10):
        stay = room.enter(f"user{newcomer}", 0.0)
        stay.entered = 0.5
        receiver = Receiver(Json(), hear, Inbox([], keeps=False))
        receiver.be_in(room, stay)
        for line in joined[newcomer + 1 :]:
            receiver.receive(line, 1.0)
    assert read == 9 + 8  # the first reads all, the others only the first that they hear


@given(data=st.data())
def test_readers_who_miss_messages_of_one_order_have_missed_them_and_nothing_else(data: st.DataObject) -> None:
    numbers = list(range(data.draw(st.integers(0, 12))))
    room = RoomLedger(per_sender=False)
    for number in data.draw(st.permutations(numbers)):  # said nearly at once: the server makes the order
        room.say(f"nick{number}", "hi", 1.0, 1.0)
    pieces, missed = [], Counter[tuple[str, str, str]]()
    for reader in READERS:
        dropped = data.draw(st.sets(st.sampled_from(numbers))) if numbers else set()
        missed.update(("missing", f"nick{number}", reader) for number in dropped)
        lines = b"".join(b"nick%d: hi\n" % number for number in numbers if number not in dropped)
        pieces.append([(reader, piece) for piece in pieces_of(lines, data.draw(st.lists(st.integers(0, 500))))])
    listeners = {name: Listener(room, name, together=data.draw(st.booleans())) for name in READERS}
    for number in data.draw(st.permutations([number for number, own in enumerate(pieces) for _ in own])):
        reader, piece = pieces[number].pop(0)
        listeners[reader].receiver.receive(piece, 99.0)
    room.close()
    assert Counter((one.fault, one.nick, one.reader.name) for one in room.findings) == missed


@given(data=st.data())
def test_a_server_that_sends_nobody_its_own_words_is_not_accused_in_whatever_order_users_are_read(
    data: st.DataObject,
) -> None:
    room = RoomLedger(per_sender=False)
    listeners = {name: Listener(room, name, together=True, dialect=Irc()) for name in READERS}
    unread, batches = dict.fromkeys(READERS, b""), []
    for listener in listeners.values():
        listener.stay.hears_itself = False
    for batch in range(data.draw(st.integers(1, 3))):
        said = data.draw(st.lists(st.sampled_from(READERS), max_size=6))
        numbers = {name: [number for number, nick in enumerate(said) if nick == name] for name in READERS}
        for number, nick in enumerate(said):
            room.say(nick, f"{batch}.{number}", 1.0, 1.0)
        batches.append([f"{nick} {batch}.{numbers[nick].pop(0)}" for nick in data.draw(st.permutations(said))])
        for line in batches[-1]:  # in the server's order, which is each sender's
            nick, text = line.split()
            for name in READERS:
                unread[name] += b"" if name == nick else f":{nick} PRIVMSG #lobby :{text}\r\n".encode()
        for name in data.draw(st.lists(st.sampled_from(READERS), max_size=8)):
            piece = unread[name][: data.draw(st.integers(1, 400))]
            unread[name] = unread[name][len(piece) :]
            listeners[name].receiver.receive(piece, 99.0)
    for name, rest in unread.items():
        listeners[name].receiver.receive(rest, 99.0)
    room.close()
    assert room.findings == []
    assert {name: listener.stay.progress.heard for name, listener in listeners.items()} == {
        name: sum(not line.startswith(name) for batch in batches for line in batch) for name in READERS
    }


def test_a_reader_that_is_still_coming_in_is_not_taken_along_by_half_a_line() -> None:
    talk = [*[("ann", "x")] * 6, ("ann", "y")]
    room = said_room(talk)
    ann, bob = (Listener(room, name, together=True) for name in ("ann", "bob"))
    lines = [f"{nick}: {text}\n".encode() for nick, text in talk]
    notice = b"* somebody joined\n"
    bob.receiver.receive(b"".join([*lines[:6], notice, lines[6]]), 99.0)
    for piece in pieces_of(b"".join([notice, *lines]), [1, 25, 26]):
        ann.receiver.receive(piece, 99.0)
    room.close()
    assert room.findings == []
    assert (ann.stay.progress.heard, bob.stay.progress.heard) == (7, 7)


def in_hub(room: RoomLedger, name: str) -> Listener:
    return Listener(room, name, together=True, dialect=SPEAKING["hub"].come_in(name, "lobby"))


@given(talk=_LINES, data=st.data())
def test_several_messages_in_one_frame_are_each_heard_once_by_each_reader(
    talk: list[tuple[str, str]], data: st.DataObject
) -> None:
    room = said_room(talk)
    things: list[dict[str, Any]] = []
    for nick, text in talk:
        things += [{"by": nick, "what": text}, *[{"type": 6}] * data.draw(st.integers(0, 1))]
    frames = [hub_frame(*things[begin:end]) for begin, end in itertools.pairwise(_cuts(len(things), data))]
    pieces = []
    for name in READERS:
        listener, cuts = in_hub(room, name), data.draw(st.lists(st.integers(0, 10_000), max_size=5))
        pieces.append([(listener, piece) for piece in pieces_of(b"".join(frames), cuts)])
    for number in data.draw(st.permutations([number for number, own in enumerate(pieces) for _ in own])):
        listener, piece = pieces[number].pop(0)
        listener.receiver.receive(piece, 99.0)
    room.close()
    assert room.findings == []
    assert {reader.progress.heard for reader in room.readers} == {len(talk)}


def _cuts(size: int, data: st.DataObject) -> list[int]:
    return sorted({0, size, *data.draw(st.lists(st.integers(0, size), max_size=5))})


def test_what_a_server_asks_beside_a_message_is_answered_by_each_user() -> None:
    room = said_room([("ann", "x"), ("ann", "y")])
    listeners = [in_hub(room, name) for name in READERS]
    for listener in listeners:
        listener.receiver.receive(hub_frame({"by": "ann", "what": "x"}), 99.0)
        listener.receiver.receive(hub_frame({"type": "alive?"}, {"by": "ann", "what": "y"}), 99.0)
    assert all(listener.receiver.data_to_send() for listener in listeners)
    room.close()
    assert room.findings == []


def test_who_is_not_yet_in_sees_that_it_is_though_others_were_told_so_before() -> None:
    protocol = parse(
        b"""\
protocol: tcp
joined: "* {nick} joined"
say: "{text}"
heard: "<{nick}> {text}"
ignore: ["* {other} joined"]
""",
        "theirs.yaml",
    )
    room = said_room([("cat", "x")])
    others: list[Heard] = []
    told: list[Heard] = []
    for name, came in (("bob", others), ("ann", told)):
        dialect = Described(protocol)
        dialect.hello(name, "lobby", None, None)
        listener = Listener(room, name, together=True, dialect=dialect)
        listener.stay.entered = float("inf")
        hear = listener.hear

        def note(heard: Heard, line: bytes, now: float, hear: Any = hear, came: list[Heard] = came) -> None:
            came.append(heard)
            hear(heard, line, now)

        listener.receiver = Receiver(dialect, note, Inbox([Membership("lobby", room, listener.stay)], keeps=False))
        listener.receiver.begin(dialect)
        listener.receiver.be_in(room, listener.stay)
        if name == "bob":
            listener.receiver.receive(b"* bob joined\n", 1.0)
            listener.stay.entered = 1.0
        listener.receiver.receive(b"<cat> x\n* ann joined\n", 2.0)
    assert [type(one) for one in others] == [replies.Welcome, events.Said, Notice]
    assert [type(one) for one in told] == [events.Said, replies.Welcome]


def test_what_was_to_be_answered_on_a_connection_that_is_lost_is_not_said_on_the_next() -> None:
    receiver = Listener(RoomLedger(per_sender=False), "ann", together=False, dialect=Irc()).receiver
    receiver.receive(b"PING :12 34\r\n", 1.0)
    receiver.begin(Irc())
    assert receiver.data_to_send() == b""
    receiver.receive(b"PING :56\r\n", 2.0)
    assert receiver.data_to_send() == b"PONG :56\r\n"
