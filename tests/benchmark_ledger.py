"""How many deliveries a second the bots' ledger judges: `python -m tests.benchmark_ledger`.

One process, no sockets. Every user gets the same lines, but on IRC its own, in pieces that begin and end anywhere.
"""

import argparse
import re
import time
from functools import partial

from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

from bots.ledger.room import Attendance, RoomLedger
from bots.protocols.base import Heard, Notice
from bots.protocols.registry import DIALECTS
from bots.world.inbox import Inbox
from bots.world.receiver import Receiver
from geventchat.dialects import json_client
from geventchat.protocol import events

_BATCH_S = 0.005  # how often a server sends what has come
_RECV_S = 8e-6  # from one reader's piece to the next one's


def measure(dialect: str, readers: int, rate: int, seconds: float) -> tuple[float, float]:
    """Return how many deliveries a second of CPU were judged, and the p50 of their latency in milliseconds."""
    room = RoomLedger(per_sender=False)
    receivers = []
    echoes = DIALECTS[dialect]("").echoes

    def hear(stay: Attendance, heard: Heard, line: bytes, now: float) -> None:
        if isinstance(heard, events.Said):
            room.hear(stay, heard.nick, heard.text, now, heard.id, line)
        elif isinstance(heard, Notice | events.Event):
            room.notice(stay, line)

    for number in range(readers):
        stay = room.enter(f"user{number}", 0.0)
        stay.entered = 0.0
        stay.hears_itself = echoes
        spoken = DIALECTS[dialect]("")
        receiver = Receiver(spoken, partial(hear, stay), Inbox([], keeps=False))
        receiver.receive(_opening(dialect, spoken.hello(stay.name, "lobby", None, None)), 0.5)
        receiver.be_in(room, stay)
        receivers.append(receiver)
    now, number, rests = 1.0, 0, [b""] * readers
    spent = 0.0
    per_batch = int(rate * _BATCH_S)
    for batch in range(int(seconds / _BATCH_S)):
        lines = []
        for place in range(per_batch):
            nick, text = f"user{number % readers}", f"{number} these are some eight words to be said here"
            due = now - _BATCH_S * (per_batch - place) / per_batch
            room.say(nick, text, due, due)
            lines.append(_line(dialect, number, nick, text))
            number += 1
        data = b"".join(lines)
        own: dict[int, bytes] = {}
        if not echoes:
            first = number - per_batch
            own = {(first + place) % readers: data.replace(line, b"") for place, line in enumerate(lines)}
        began = time.process_time()
        for place, receiver in enumerate(receivers):
            now += _RECV_S
            piece = rests[place] + own.get(place, data)
            cut = len(piece) - (batch * 7 + place) % 60 * (place % 3 == 0)
            rests[place] = piece[cut:]
            receiver.receive(piece[:cut], now)
        spent += time.process_time() - began
        now = max(now, 1.0 + (batch + 1) * _BATCH_S)
    began = time.process_time()
    for place, receiver in enumerate(receivers):
        if rests[place]:
            receiver.receive(rests[place], now)
    room.close()
    room.timeline.close()
    spent += time.process_time() - began
    assert room.timeline.delivered == number * (readers - (not echoes)), room.timeline.delivered
    assert not room.findings
    return room.timeline.delivered / spent, room.timeline.latency.percentile(50) * 1000


def _opening(dialect: str, hello: bytes) -> bytes:
    """Return what a server answers to a user's hello, as far as the user needs it to hear what others say."""
    if dialect != "ws":
        return b""
    (key,) = re.findall(rb"Sec-WebSocket-Key: (\S+)", hello)
    accepted = accept_key(key.decode())
    head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return f"{head}Sec-WebSocket-Accept: {accepted}\r\n\r\n".encode()


def _line(dialect: str, number: int, nick: str, text: str) -> bytes:
    if dialect == "plain":
        return f"{nick}: {text}\n".encode()
    if dialect == "irc":
        return f":{nick}!~{nick}@….geventchat PRIVMSG #lobby :{text}\r\n".encode()
    said = events.Said(id=f"1-{number}", time="2026-01-01T00:00:00.000Z", room="lobby", nick=nick, text=text)
    line: bytes = json_client.encode(said)  # type: ignore[arg-type]
    return line if dialect == "json" else Frame(Opcode.TEXT, line.rstrip(b"\n")).serialize(mask=False)


def main() -> None:
    """Measure dialects at a few rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=350)
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args()
    for dialect in ("json", "ws", "irc", "plain"):
        for rate in (200, 500, 2000):
            a_second, p50_ms = measure(dialect, options.readers, rate, options.seconds)
            print(f"{dialect:6} {rate:5} messages/s  {a_second:12,.0f} deliveries a second  p50 {p50_ms:.2f} ms")


if __name__ == "__main__":
    main()
