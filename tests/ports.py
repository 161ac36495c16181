"""A port for a server that cannot take any free one and say which: it is named first, or has to come back to it."""

import random
import socket
from contextlib import suppress

# Below those that systems give to connections and to who asks for any: nobody is given it until it is used.
_PORTS = range(20_000, 30_000)
_chance = random.SystemRandom()  # Hypothesis seeds the other


def free_port() -> int:
    """Return a port of 127.0.0.1 at which nobody listens."""
    while True:
        port = _chance.choice(_PORTS)
        with suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            return port
