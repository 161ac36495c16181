"""What is sent inside TLS arrives whole and in order, however little of a record the kernel takes."""

import ssl
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geventchat.dialects.unframed_outbox import UnframedOutbox
from geventchat.server.tls_transport import TlsWriter
from geventchat.tls.engine import RECORD_BYTES, TlsEngine
from tests.test_outbox import Interleavings, Reader
from tests.tls import keys, trusting

with TemporaryDirectory() as folder:
    _SERVER = keys(Path(folder)).context


class Pipe:
    """Both ends of a connection inside TLS; `room` is how many bytes the kernel takes until it is given more."""

    def __init__(self, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> None:
        self.room = 0
        self.heard = b""
        server = TlsEngine(_SERVER, server_side=True)
        self._client = TlsEngine(trusting(newest=newest), server_side=False)
        done = False
        while not (server.handshake() and done):
            done = self._client.handshake()
            server.receive(self._client.records())
            server.handshake()
            self._client.receive(server.records())
        self._client.receive(server.records())
        self.writer = TlsWriter(server.encrypt, server.records, self._send)

    def _send(self, data: bytes) -> int:
        taken = data[: self.room]
        if not taken:
            raise BlockingIOError
        self.room -= len(taken)
        self._client.receive(taken)
        while text := self._client.decrypt(1 << 16):
            self.heard += text
        return len(taken)

    def write(self, data: bytes, room: int) -> int:
        """Write as the pump does: what is not taken now counts as none."""
        self.room = room
        try:
            return self.writer.write(data)
        except BlockingIOError:
            return 0


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("size", [2, 120, RECORD_BYTES - 1, RECORD_BYTES, RECORD_BYTES + 1, 5 * RECORD_BYTES + 7])
def test_what_fits_is_taken_at_once(size: int, newest: ssl.TLSVersion) -> None:
    pipe, data = Pipe(newest), bytes(range(256)) * (size // 256 + 1)
    assert pipe.write(data[:size], 1 << 20) == size
    assert pipe.heard == data[:size]
    assert not pipe.writer.is_behind


@given(
    st.lists(st.binary(min_size=2, max_size=200) | st.integers(15_000, 70_000).map(bytes), max_size=6),
    st.lists(st.integers(0, 60) | st.integers(0, 40_000), min_size=1),
    st.sampled_from([ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]),
)
@settings(max_examples=60)
def test_what_is_said_arrives_whatever_the_kernel_takes_each_time(
    said: list[bytes], rooms: list[int], newest: ssl.TLSVersion
) -> None:
    pipe, number = Pipe(newest), 0
    for data in said:
        left = data
        while left:
            number += 1
            taken = pipe.write(left, rooms[number % len(rooms)] or number % 50)
            assert 0 <= taken <= len(left)
            assert pipe.writer.is_behind is False or taken < len(left), "nobody would come back for the rest"
            left = left[taken:]
    assert pipe.heard == b"".join(said)


class TlsInterleavings(Interleavings):
    """Any order of everything that can happen to feeds and readers, where each reader is inside TLS."""

    def __init__(self) -> None:
        self.pipes: defaultdict[int, Pipe] = defaultdict(Pipe)
        self.given: defaultdict[int, bytes] = defaultdict(bytes)
        super().__init__()

    def _take(self, reader: Reader, data: bytes, at_once: int) -> int:
        if not data:
            return 0
        pipe = self.pipes[id(reader)]
        taken = pipe.write(data, at_once)
        self.given[id(reader)] += data[:taken]
        given = self.given[id(reader)]
        assert given.startswith(pipe.heard[: len(given)])
        assert len(pipe.heard) <= len(given) + 1
        if not pipe.writer.is_behind:
            assert pipe.heard == given
        return taken


class UnframedTlsInterleavings(TlsInterleavings):
    """The same for the task's client, should it ever speak TLS. It passes over no lines: those are clients of IRC."""

    outbox = UnframedOutbox
    who_may_know = frozenset()


TestEveryReader = TlsInterleavings.TestCase
TestEveryUnframedReader = UnframedTlsInterleavings.TestCase
TestEveryReader.settings = TestEveryUnframedReader.settings = settings(max_examples=30, stateful_step_count=40)
