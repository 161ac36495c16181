"""A chat on sockets and threads: LOGIN, then each line goes to everyone, with the time."""

import socket
import threading
import time

_here: dict[socket.socket, str] = {}
_lock = threading.Lock()


def serve(connection: socket.socket) -> None:
    with connection, connection.makefile("rw", newline="\n") as lines:
        lines.write("* this is a chat\n")
        lines.flush()
        nick = lines.readline().split()[1]
        with _lock:
            if nick in _here.values():
                connection.sendall(b"-ERR that name is taken\n")
                return
            _here[connection] = nick
            connection.sendall(b"+OK\n")
        for line in lines:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "QUIT":
                break
            with _lock:
                for one in _here if word == "SAY" else ():
                    one.sendall(f"[{time.strftime('%H:%M')}] <{nick}> {rest}\n".encode())
        with _lock:
            del _here[connection]


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()


if __name__ == "__main__":
    main()
