"""The protocols that there are, by the names that `--dialect` knows."""

from collections.abc import Callable

from bots.protocols.base import ClientDialect
from bots.protocols.json import Json
from bots.protocols.plain import Plain
from bots.protocols.unframed import Unframed

# Makes the client's half of one connection, given the server's HOST:PORT.
MakeDialect = Callable[[str], ClientDialect]


def _websocket(host: str) -> ClientDialect:
    from bots.protocols.json_websocket import JsonWebSocket

    return JsonWebSocket(host)


DIALECTS: dict[str, MakeDialect] = {"json": Json, "plain": Plain, "unframed": Unframed, "ws": _websocket}
