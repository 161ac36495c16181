"""The least of all chats: each line goes to everyone, as it is."""

import socket
import threading

_here: set[socket.socket] = set()
_lock = threading.Lock()


def serve(connection: socket.socket) -> None:
    with connection, connection.makefile("rb") as lines:
        for line in lines:
            with _lock:
                for one in _here:
                    one.sendall(line)
        _here.discard(connection)


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        _here.add(connection)
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
