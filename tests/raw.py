"""A client that plays any dialect byte by byte."""

import json
from typing import Any, Self

from gevent import socket

Address = tuple[str, int]

# How long a server may take to say what is waited for: less than a test may take.
PATIENCE_S = 25


class Raw:
    """A bare connection: what is sent is sent as it stands, what came is compared as it stands."""

    def __init__(self, address: Address, first: bytes = b"") -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE_S)
        self.received = b""
        if first:
            self.send(first)

    @classmethod
    def with_little_room(cls, address: Address) -> Self:
        """Return a connection whose kernel buffers little of what is not read."""
        raw = cls.__new__(cls)
        raw.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        raw.socket.settimeout(PATIENCE_S)
        raw.socket.connect(address)
        raw.received = b""
        return raw

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def until(self, wanted: bytes) -> bytes:
        """Return everything up to and including `wanted`."""
        while wanted not in self.received:
            data = self.socket.recv(65536)
            assert data, f"closed without {wanted!r}; there was {self.received!r}"
            self.received += data
        end = self.received.index(wanted) + len(wanted)
        taken, self.received = self.received[:end], self.received[end:]
        return taken

    def line(self) -> str:
        return self.until(b"\n").decode().rstrip("\n")

    def message(self) -> dict[str, Any]:
        """Return the next line as a JSON object."""
        message = json.loads(self.line())
        assert isinstance(message, dict)
        return message

    def messages_until(self, kind: str) -> list[dict[str, Any]]:
        """Return all messages up to the first of this type."""
        messages = [self.message()]
        while messages[-1]["type"] != kind:
            messages.append(self.message())
        return messages

    def rest(self) -> bytes:
        """Return everything that comes until the connection ends, and close it."""
        try:
            while data := self.socket.recv(65536):
                self.received += data
        except ConnectionResetError:
            pass
        self.close()
        return self.received

    def close(self) -> None:
        self.socket.close()


def plain(address: Address, name: str) -> Raw:
    """Return a connection that has come in as nc would."""
    raw = Raw(address, f"{name}\n".encode())
    raw.until(f"Hi, {name}! To exit the chat enter 'exit'.\n".encode())
    raw.until(b"* /help lists the commands\n")
    return raw


def programmed(address: Address, name: str, **hello: object) -> tuple[Raw, dict[str, Any]]:
    """Return a connection that has come in as a program would, and its welcome."""
    raw = Raw(address, json.dumps({"type": "hello", "nick": name, **hello}).encode() + b"\n")
    return raw, raw.messages_until("welcome")[-1]


def programmed_once_free(address: Address, nick: str, **hello: object) -> tuple[Raw, dict[str, Any]]:
    """Do as `programmed` once the nick is free: where servers share a chat, that may be after others saw it leave."""
    raw = Raw(address)
    while True:
        raw.send(json.dumps({"type": "hello", "nick": nick, **hello}).encode() + b"\n")
        message = raw.message()
        if message.get("code") != "nick-taken":
            return raw, message


def does(raw: Raw, **command: object) -> dict[str, Any]:
    """Send a command, and return how it was answered."""
    raw.send(json.dumps({**command, "ref": "done"}).encode() + b"\n")
    while True:
        answer = raw.message()
        if answer.get("ref") == "done":
            return answer
