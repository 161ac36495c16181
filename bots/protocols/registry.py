"""The protocols that there are, by the names that `--dialect` knows."""

from collections.abc import Callable

from bots.protocols.base import ClientDialect
from bots.protocols.json import Json
from bots.protocols.plain import Plain
from bots.protocols.unframed import Unframed

# What makes the client's half of one connection.
MakeDialect = Callable[[], ClientDialect]

DIALECTS: dict[str, MakeDialect] = {"json": Json, "plain": Plain, "unframed": Unframed}
