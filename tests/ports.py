"""A port for a server that cannot take any free one and say which: it is named first, or has to come back to it."""

import os
import random
import socket
from contextlib import suppress
from itertools import cycle

# Below those that systems give to connections and to who asks for any: nobody is given it until it is used.
_FIRST = 20_000
_FOR_EACH = 1_000
# Tests that run beside these have others: what one of them has not yet taken, another cannot see.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 10
_begin = _FIRST + _worker * _FOR_EACH
_ports = cycle(random.SystemRandom().sample(range(_begin, _begin + _FOR_EACH), _FOR_EACH))  # Hypothesis seeds the other


def free_port() -> int:
    """Return a port of 127.0.0.1 at which nobody listens, and which was given to nobody lately."""
    while True:
        port = next(_ports)
        with suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            return port
