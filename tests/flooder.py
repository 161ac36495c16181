"""A client that sends a line again and again, as fast as it is taken, and reads nothing. Each # in it is a number."""

import contextlib
import itertools
import socket
import sys

_AT_ONCE_BYTES = 64 << 10


def flood(port: int, first: bytes, line: bytes) -> None:
    """Flood until the connection ends."""
    lines = max(1, _AT_ONCE_BYTES // len(line))
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(first)
        for number in itertools.count():
            connection.sendall(line.replace(b"#", b"%d" % number) * (1 if b"#" in line else lines))


if __name__ == "__main__":
    flood(int(sys.argv[1]), bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[3]))
