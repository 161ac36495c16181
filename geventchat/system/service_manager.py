"""The service manager that runs this process, where it is systemd: it is told when the server is ready, and when not.

It names a socket in the environment, on which it takes lines such as READY=1 (sd_notify(3)); and says there whether it
listens for this process already, on sockets that it hands over (sd_listen_fds(3)).
"""

import os
import socket

# The descriptor of the first socket that is handed over, behind those for input, output and errors.
_FIRST_GIVEN = 3


def tell(state: str) -> None:
    """Tell the service manager a state, if there is one that wants to know."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    family = getattr(socket, "AF_UNIX", None)
    if not path or family is None:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)  # nothing may hold the loop
            sock.sendto(state.encode(), address)
    except OSError:
        return  # then it does not want to know


def listening() -> list[int]:
    """Return the descriptors of the sockets on which it listens for this process; none where it does not."""
    process, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    if process != str(os.getpid()) or not count.isdecimal():
        return []
    return list(range(_FIRST_GIVEN, _FIRST_GIVEN + int(count)))
