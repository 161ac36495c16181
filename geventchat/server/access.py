"""Who may come in, and how."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geventchat.protocol.ip import Network

if TYPE_CHECKING:
    from geventchat.tls.server_keys import ServerKeys  # loads only when there are keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may come in: everybody, or, if `password` is not empty, those who know it.

    With `keys`, TLS is spoken too, and with `tls_only`, nothing else. In `proxies` are the networks of those who are
    believed when they say for whom they have connected.
    """

    password: str = ""
    keys: "ServerKeys | None" = None
    tls_only: bool = False
    proxies: tuple[Network, ...] = ()
