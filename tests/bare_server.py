"""The mark for the benchmark: the least that a Python server can do to deliver what one says to all.

One room, one loop, no names checked, no limits, no rooms, no memory of anything: what it spends is what the kernel and
the interpreter ask for the same deliveries.
"""

import select
import socket
import sys


def serve(port: int) -> None:
    """Serve until killed."""
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    listener.setblocking(False)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    users: dict[int, socket.socket] = {}
    names: dict[int, bytes] = {}
    while True:
        said = []
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                user, _ = listener.accept()
                user.setblocking(False)
                user.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                users[user.fileno()] = user
                poll.register(user, select.EPOLLIN)
                continue
            data = users[fd].recv(65536)
            if not data:
                names.pop(fd, None)
                users.pop(fd).close()
                continue
            for line in data.splitlines(keepends=True):
                if fd in names:
                    said.append(names[fd] + line)
                else:
                    names[fd] = line.rstrip() + b": "
                    users[fd].send(b"Hi, " + line)
        if said:
            chunk = b"".join(said)
            for fd in names:
                users[fd].send(chunk)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
