"""Standard error and output that nobody reads hold nobody up."""

import os
import threading
from collections.abc import Iterator

import pytest

from geventchat.system.background_stream import MAX_BYTES, BackgroundStream

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        os.close(end)


def stream_to(writing: int) -> BackgroundStream:
    return BackgroundStream(writing, lambda count: f"{count} dropped\n")


def read_until(reading: int, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        data += os.read(reading, 65536)
    return data


def test_what_is_written_comes_out_in_order(pipe: Pipe) -> None:
    stream = stream_to(pipe[1])
    for number in range(1000):
        print(number, "ж", file=stream)
    stream.finish(10)
    assert read_until(pipe[0], "999 ж\n".encode()).decode() == "".join(f"{number} ж\n" for number in range(1000))


def test_what_nobody_reads_is_kept_up_to_a_limit_and_the_rest_is_counted(pipe: Pipe) -> None:
    stream = stream_to(pipe[1])
    lines = 3 * MAX_BYTES // 100
    for number in range(lines):
        stream.write(f"{number:099}\n")
    data = read_until(pipe[0], b" dropped\n").decode()
    *kept, told = data.splitlines()
    assert len(kept) == MAX_BYTES // 100
    assert kept == [f"{number:099}" for number in range(len(kept))]
    assert told == f"{lines - len(kept)} dropped"
    stream.write("goes on\n")
    assert read_until(pipe[0], b"\n") == b"goes on\n"
    stream.finish(10)


def test_nothing_that_comes_after_what_was_dropped_stands_before_the_word_on_it(pipe: Pipe) -> None:
    stream = stream_to(pipe[1])
    stream.write("x" * (MAX_BYTES - 50) + "\n")
    stream.write("y" * 100 + "\n")  # has no room, though the next one would have
    stream.write("z\n")
    assert read_until(pipe[0], b" dropped\n").endswith(b"x\n2 dropped\n")


def test_a_reader_that_keeps_up_misses_nothing(pipe: Pipe) -> None:
    stream = stream_to(pipe[1])
    for _ in range(8):
        stream.write("x" * (MAX_BYTES // 4) + "\n")
        assert read_until(pipe[0], b"\n") == b"x" * (MAX_BYTES // 4) + b"\n"


def test_the_end_waits_for_a_reader_no_longer_than_it_is_told_to(pipe: Pipe) -> None:
    stream = stream_to(pipe[1])
    stream.write("x" * (256 << 10) + "\n")  # more than a pipe holds
    stream.finish(0.01)
    reader = threading.Thread(target=lambda: read_until(pipe[0], b"\n"))
    reader.start()
    stream.finish(10)
    reader.join()


def test_a_pipe_that_others_have_made_nonblocking_is_waited_for(pipe: Pipe) -> None:
    os.set_blocking(pipe[1], False)
    stream = stream_to(pipe[1])
    stream.write("x" * (256 << 10) + "\n")
    assert len(read_until(pipe[0], b"\n")) == (256 << 10) + 1
    stream.finish(10)


def test_a_reader_that_is_gone_costs_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = stream_to(writing)
    for _ in range(3):
        stream.write("x" * MAX_BYTES)
    stream.finish(10)
    os.close(writing)
