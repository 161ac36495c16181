"""A client that sends the same bytes again and again, as fast as they are taken, and reads nothing."""

import contextlib
import socket
import sys


def flood(port: int, first: bytes, block: bytes) -> None:
    """Flood until the connection ends."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(first)
        while True:
            connection.sendall(block)


if __name__ == "__main__":
    flood(int(sys.argv[1]), bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[3]))
