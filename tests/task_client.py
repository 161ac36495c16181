"""A client as the classroom task has it: one thread receives and prints, the other sends what is typed."""

import socket
import sys
import threading

connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
connection.connect((sys.argv[1], int(sys.argv[2])))


def receive() -> None:
    """Print what each recv gives until it is exactly exit."""
    while True:
        data = connection.recv(1024).decode()
        if data in ("exit", ""):
            break
        print(data, flush=True)


receiver = threading.Thread(target=receive)
receiver.start()
for line in sys.stdin:
    connection.send(line.rstrip("\n").encode())
    if line == "exit\n":
        break
receiver.join()
connection.close()
