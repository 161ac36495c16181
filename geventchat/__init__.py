"""A multi-user chat on gevent greenlets: `ChatServer` serves one, `ChatClient` talks to one."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geventchat.client.client import ChatClient
    from geventchat.protocol.limits import Limits
    from geventchat.server.server import ChatServer

__all__ = ["ChatClient", "ChatServer", "Limits", "__version__"]

__version__ = "0.1.0"

_HOMES = {
    "ChatClient": "geventchat.client.client",
    "ChatServer": "geventchat.server.server",
    "Limits": "geventchat.protocol.limits",
}


def __getattr__(name: str) -> Any:  # imported on first use, so that a client does not load the server
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
