"""What a server prints when it is ready: how to join it, and where its page is."""

import io
from collections.abc import Sequence

from geventchat.protocol import address
from geventchat.protocol.ip import is_loopback
from geventchat.server.access import Access
from geventchat.system.sockets import own_addresses


def greeting(
    listening: Sequence[tuple[str, int]], access: Access, *, has_terminal: bool, moderator_link: str = ""
) -> str:
    """Return how to join at each address; on a terminal with a QR code of the page, if others can reach it.

    With the secret of a moderator's link, the link: behind the `#` it is sent to nobody, but to the page itself.
    """
    blocks = [_how_to_join(host, port, access) for host, port in listening]
    scheme = _scheme(access)
    reached = [(one, port) for host, port in listening for one in _reachable(host)]
    shared = [_page(scheme, *at) for at in reached if not is_loopback(at[0])]
    if has_terminal and shared:
        blocks.append(_qr_code(shared[0]))
    if moderator_link:
        page = (shared or [_page(scheme, *reached[0])])[0]
        blocks.append(f"whoever opens this first is a moderator: {page}#moderator={moderator_link}")
    return "\n".join(blocks)


def _how_to_join(host: str, port: int, access: Access) -> str:
    here = _reachable(host)[0]
    at, keys = address.show((here, port)), access.keys
    lines = [f"geventchat serves on {address.show((host, port))}; join with"]
    lines += [f"  a browser: {_page(_scheme(access), one, port)}" for one in _reachable(host)]
    if keys is None:
        lines += [f"  geventchat-client {at}"]
    else:
        lines += [f"  geventchat-client {at} --tls", f"  openssl s_client -quiet -connect {at}"]
    if not access.tls_only:
        lines += [f"  nc {here} {port}", f"  telnet {here} {port}"]
    inside = " inside TLS" if access.tls_only else ""
    lines += [f"  a client of IRC{inside}: server {here}, port {port}, channel #lobby"]
    if keys is not None:
        lines += [
            f"  its key, as geventchat-client shows it: {keys.key_fingerprint}",
            f"  its certificate, as browsers show it: {keys.certificate_fingerprint}",
        ]
    lines += [f'  a program: JSON Lines{inside}, first {{"type":"hello","nick":"alice"}}']
    return "\n".join(lines)


def _scheme(access: Access) -> str:
    return "http" if access.keys is None else "https"


def _page(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://{address.show((host, port))}/"


def _reachable(host: str) -> list[str]:
    """Return the addresses that lead to a server that listens on this one; the machine's own first."""
    if host == "0.0.0.0":  # noqa: S104 - the user asked for every address
        return ["127.0.0.1", *own_addresses(4)]
    return ["::1", *own_addresses(6)] if host == "::" else [host]


def _qr_code(page: str) -> str:
    import segno  # only a terminal needs it

    drawn = io.StringIO()
    segno.make(page, micro=False).terminal(drawn, border=2, compact=True)
    return f"{drawn.getvalue()}{page}"
