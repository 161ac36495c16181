"""Who may come in, and how."""

from dataclasses import dataclass

from geventchat.tls.server_keys import ServerKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may come in: everybody, or, if it is not empty, who knows the `password`.

    With `keys`, TLS is spoken too, and with `tls_only`, nothing else.
    """

    password: str = ""
    keys: ServerKeys | None = None
    tls_only: bool = False
