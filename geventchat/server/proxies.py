"""Proxies before the server: those at certain addresses are believed when they say for whom they have connected."""

import time
from collections.abc import Sequence

from geventchat.dialects import proxied
from geventchat.protocol.errors import ProtocolError
from geventchat.protocol.ip import Network, is_in
from geventchat.protocol.limits import HANDSHAKE_S, SNIFF_S
from geventchat.server.transport import Transport


class Proxies:
    """The proxies in some networks."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks

    def read_header(self, transport: Transport) -> None:
        """Give a connection from a proxy the address of the one for whom it was made, if the proxy names it.

        Raises ProtocolError for what begins as a proxy's header and is none, or does not come in time, and OSError.
        """
        if not is_in(transport.address, self._networks) or not (data := transport.receive(SNIFF_S)):
            return
        deadline = time.monotonic() + HANDSHAKE_S
        while (header := proxied.read(data)) is None:
            more = transport.receive(deadline - time.monotonic())
            if not more:
                raise ProtocolError("proxy-header", "half the header of a proxy", fatal=True)
            data += more
        transport.address = header.address or transport.address
        transport.unread(data[header.size :])
