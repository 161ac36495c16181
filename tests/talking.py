"""Programs that talk with a server, and passwords that cost little."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from geventchat.system import password_hash
from tests.raw import Address, Raw


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let hashes be made with as little work as Argon2 can do."""
    monkeypatch.setattr(password_hash, "_KIB", 8)
    monkeypatch.setattr(password_hash, "_PASSES", 1)
    password_hash._hasher.cache_clear()
    yield
    password_hash._hasher.cache_clear()


_open: list[Raw] = []


def hang_up() -> None:
    """Close all connections; a server that ends would wait for that."""
    while _open:
        _open.pop().close()


@pytest.fixture
def hanging_up() -> Iterator[None]:
    """Close all connections in the end."""
    yield
    hang_up()


class Talker(Raw):
    """A connection that is closed in the end."""

    def __init__(self, address: Address, first: bytes = b"") -> None:
        super().__init__(address, first)
        _open.append(self)


class Program(Talker):
    """A connection in the json dialect that asks, and is answered."""

    def __init__(self, address: Address, nick: str = "", **hello: Any) -> None:
        super().__init__(address)
        self.welcome: dict[str, Any] = {}
        self.answer: dict[str, Any] = {}  # to hello
        if nick:
            self.hello(nick, **hello)

    def hello(self, nick: str, **hello: Any) -> dict[str, Any]:
        """Say hello; return the welcome, or the error."""
        self.say_json("hello", nick=nick, **hello)
        self.answer = self.until_type("welcome", "error")
        if self.answer["type"] == "welcome":
            self.welcome = self.answer
        return self.answer

    def say_json(self, kind: str, **fields: Any) -> None:
        self.send(json.dumps({"type": kind, **fields}).encode() + b"\n")

    def asks(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Ask for something, and return the answer to it."""
        self.say_json(kind, ref="asked", **fields)
        while (message := self.message()).get("ref") != "asked":
            continue
        return message

    def until_type(self, *kinds: str) -> dict[str, Any]:
        """Return the next message of one of these types."""
        while (message := self.message())["type"] not in kinds:
            continue
        return message


def login(account: str, password: str) -> dict[str, str]:
    """Return what stands in a hello to log in."""
    return {"account": account, "password": password}
