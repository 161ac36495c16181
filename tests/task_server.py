"""A server as the classroom task has it: a thread per connection, nothing framed; prints its port."""

import contextlib
import socket
import threading

users: dict[socket.socket, str] = {}
lock = threading.Lock()


def serve(connection: socket.socket) -> None:
    """Ask for a name, greet, and send what is said to all; then close."""
    with contextlib.suppress(OSError):  # who only looked whether somebody answers is gone already
        talk(connection)
    connection.close()


def talk(connection: socket.socket) -> None:
    """Serve one user to the end."""
    connection.send(b"Enter your name: ")
    name = connection.recv(1024).decode().strip()
    connection.send(f"Hi, {name}! To exit the chat enter 'exit'.".encode())
    with lock:
        users[connection] = name
    while (data := connection.recv(1024)) not in (b"", b"exit"):
        with lock:
            for user in users:
                user.send(f"{name}: {data.decode()}".encode())
    with lock:
        del users[connection]
    if data:
        connection.send(b"exit")


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
